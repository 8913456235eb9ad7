//! Where a number comes from, all numbers of a layer, and the layer in other words.

use convt_draw::Map;
use convt_explain::{
    Framework, Inspection, State, Values, balance as balance_of, code as code_of,
    inspect as inspect_cell, port as port_of,
};
use serde_json::{Value, json};

use crate::error::Error;
use crate::picture::{map_name, map_of, state_of};
use crate::request::Request;

/// The most numbers of an array that are edited by hand.
const MOST_NUMBERS: usize = 4096;

/// `{value, bias, text, terms, linked}` of one cell; `linked` are the cells of all maps that have to do with it.
pub(crate) fn inspect(request: &Request) -> Result<Value, Error> {
    let state = state_of(&request.state())?;
    let map = map_of(request.text("map"))?;
    let index = request.numbers("index");
    let found = inspect_cell(&state, map, &index).map_err(Error::Explain)?;
    let terms: Vec<Value> = found
        .terms
        .iter()
        .map(|term| {
            json!({
                "input": term.input,
                "tap": term.tap,
                "output": term.output,
                "letter": term.letter,
                "factors": term.factors,
                "product": term.product,
            })
        })
        .collect();
    Ok(json!({
        "value": found.value,
        "bias": found.bias,
        "text": found.sentence,
        "terms": terms,
        "linked": linked(&found, map, &index),
    }))
}

/// The cells that take part in the same products, `[map, index]`, each once.
fn linked(found: &Inspection, map: Map, index: &[usize]) -> Vec<Value> {
    let mut cells: Vec<(Map, &[usize])> = Vec::new();
    for term in &found.terms {
        for (map, index) in [
            (Map::Input, &term.input),
            (Map::GradientOfInput, &term.input),
            (Map::Kernel, &term.tap),
            (Map::Flipped, &term.tap),
            (Map::GradientOfKernel, &term.tap),
            (Map::Output, &term.output),
            (Map::GradientOfOutput, &term.output),
        ] {
            cells.push((map, index));
        }
    }
    cells.sort_by_key(|(map, index)| (map_name(*map), *index));
    cells.dedup();
    cells.retain(|cell| *cell != (map, index));
    let named = cells
        .iter()
        .map(|(map, index)| json!([map_name(*map), index]));
    named.collect()
}

/// `{numbers}`: all numbers of `array`, which is `x`, `w` or `gy`, in row-major order.
pub(crate) fn numbers(request: &Request) -> Result<Value, Error> {
    let query = request.state();
    let (state, problem) = (state_of(&query)?, query.problem()?);
    let output = || problem.output_shape().map_err(Error::Geometry);
    let (values, map, shape) = match request.text("array") {
        "x" => (&state.x, Map::Input, problem.input_shape()[1..].to_vec()),
        "w" => (&state.w, Map::Kernel, problem.weight_shape()),
        "gy" => (&state.gy, Map::GradientOfOutput, output()?[1..].to_vec()),
        other => return Err(Error::request(format!("`{other}` is no array: x, w or gy"))),
    };
    let numbers = match values {
        Values::List(list) => list.clone(),
        _ => values_of(&state, map, &shape)?,
    };
    Ok(json!({ "numbers": numbers }))
}

/// More numbers than a link may hold.
fn too_many(shape: &[usize]) -> Error {
    Error::request(format!(
        "{shape:?} has too many numbers to be edited one by one (at most {MOST_NUMBERS}): use a smaller size"
    ))
}

/// The number in every cell of a map, asked one by one.
fn values_of(state: &State, map: Map, shape: &[usize]) -> Result<Vec<f64>, Error> {
    let volume = shape
        .iter()
        .try_fold(1usize, |n, &size| n.checked_mul(size));
    let volume = volume
        .filter(|&n| n <= MOST_NUMBERS)
        .ok_or_else(|| too_many(shape))?;
    (0..volume)
        .map(|mut at| {
            let mut index = vec![0; shape.len()];
            for (place, &size) in index.iter_mut().zip(shape).rev() {
                *place = at % size;
                at /= size;
            }
            let found = inspect_cell(state, map, &index).map_err(Error::Explain)?;
            Ok(found.value.unwrap_or(0.0))
        })
        .collect()
}

/// `{weights, left}`: the weights with equal phase sums, and how many phases no factor makes equal.
pub(crate) fn balance(request: &Request) -> Result<Value, Error> {
    let found = balance_of(&state_of(&request.state())?).map_err(Error::Explain)?;
    if found.weights.len() > MOST_NUMBERS {
        return Err(too_many(&[found.weights.len()]));
    }
    Ok(json!({ "weights": found.weights, "left": found.left }))
}

/// `{snippets: [{name, text}]}`: the layer and its numbers as code that runs.
pub(crate) fn code(request: &Request) -> Result<Value, Error> {
    let all = code_of(&state_of(&request.state())?).map_err(Error::Explain)?;
    let snippets: Vec<Value> = all
        .iter()
        .map(
            |snippet| json!({ "name": snippet.name, "text": snippet.text, "notes": snippet.notes }),
        )
        .collect();
    Ok(json!({ "snippets": snippets }))
}

/// `{weight, call, warnings, permutation, flip, crops}`: how another framework says the layer.
pub(crate) fn port(request: &Request) -> Result<Value, Error> {
    let framework = |key: &str| Framework::parse(request.text(key)).map_err(Error::Explain);
    let (from, to) = (framework("from")?, framework("to")?);
    let port = port_of(&state_of(&request.state())?, from, to).map_err(Error::Explain)?;
    Ok(json!({
        "weight": port.weight,
        "call": port.call,
        "warnings": port.warnings,
        "permutation": port.permutation,
        "flip": port.flip,
        "crops": port.crops,
    }))
}
