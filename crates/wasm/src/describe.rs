//! What a state is: its sizes, or why it has none and what would help.

use convt_geometry::{Formula, Op, Problem, Solution};
use serde_json::{Value, json};

use crate::error::Error;
use crate::query::Query;
use crate::repair::{repairs, torch_padding};
use crate::request::Request;
use crate::sentence::{Lang, sentence};

/// The sizes, formulas and hints of a state; or `refused: {text, repairs}`.
pub(crate) fn describe(request: &Request) -> Value {
    let (query, lang) = (request.state(), request.lang());
    match sizes(&query, lang) {
        Ok(answer) => answer,
        Err(error) => json!({
            "refused": { "text": sentence(&error, lang), "repairs": repairs(&query, &error, lang) },
        }),
    }
}

fn sizes(query: &Query, lang: Lang) -> Result<Value, Error> {
    let problem = &query.problem()?;
    let mut axes = Vec::new();
    for words in &problem.axes {
        let axis = words.axis(problem.op).map_err(Error::Geometry)?;
        let formula = Formula::new(problem.op, &axis, words.input).map_err(Error::Geometry)?;
        axes.push(json!({
            "letters": formula.letters(),
            "numbers": formula.numbers(),
            "value": formula.value(),
            "crop": [axis.crop.begin, axis.crop.end],
        }));
    }
    Ok(json!({
        "problem": problem.to_string(),
        "axes": axes,
        "input": problem.input_shape(),
        "weight": problem.weight_shape(),
        "output": problem.output_shape().map_err(Error::Geometry)?,
        "products": problem.products().map_err(Error::Geometry)?.to_string(),
        "hints": hints(problem, lang),
    }))
}

/// Short remarks `{kind, text, patch?}`: scaling and overlap, of the axis where they are worst.
fn hints(problem: &Problem, lang: Lang) -> Vec<Value> {
    if problem.op == Op::Conv {
        return Vec::new();
    }
    let solutions: Vec<Option<Solution>> = problem
        .axes
        .iter()
        .map(|axis| {
            torch_padding(axis.padding).map(|padding| Solution {
                kernel: axis.kernel,
                stride: axis.stride,
                padding,
                output_padding: axis.output_padding,
                dilation: axis.dilation,
            })
        })
        .collect();
    let mut hints = Vec::new();
    if let [Some(first), rest @ ..] = &solutions[..]
        && rest.iter().all(|one| one.as_ref() == Some(first))
    {
        hints.push(scale_hint(first, lang));
    }
    hints.push(overlap_hint(problem, lang));
    hints
}

fn scale_hint(one: &Solution, lang: Lang) -> Value {
    let s = one.stride;
    if one.scales_exactly() {
        let text = match lang {
            Lang::En => {
                format!("Every input becomes exactly {s} times as long: d(k-1)+1 + op = 2p + s.")
            }
            Lang::Zh => format!("任何输入都恰好变为 {s} 倍：d(k-1)+1 + op = 2p + s。"),
        };
        return json!({ "kind": "exact", "text": text });
    }
    let kernel = one.padding.saturating_mul(2).saturating_add(s);
    let text = match lang {
        Lang::En => format!("Exactly ×{s}? Choose k = 2p + s = {kernel}"),
        Lang::Zh => format!("要恰好 {s} 倍？取 k = 2p + s = {kernel}"),
    };
    let patch = json!({ "k": kernel.to_string(), "op": "0", "d": "1" });
    json!({ "kind": "scale", "text": text, "patch": patch })
}

/// Holes, uneven overlap or even overlap: what a flat input of ones would show.
fn overlap_hint(problem: &Problem, lang: Lang) -> Value {
    let holes = problem
        .axes
        .iter()
        .any(|axis| axis.kernel < axis.stride || gcd(axis.stride, axis.dilation) > 1);
    let even = problem
        .axes
        .iter()
        .all(|axis| axis.stride > 0 && axis.kernel.is_multiple_of(axis.stride));
    let (kind, text) = if holes {
        let en = "Holes: some outputs are reached by no tap and hold only the bias.";
        (
            "holes",
            lang.pick(en, "有空洞：有些输出没有任何权重到达，只有偏置。"),
        )
    } else if even {
        let en = "Even overlap: every output away from the border gets equally many products.";
        (
            "even",
            lang.pick(en, "重叠均匀：远离边界的每个输出得到同样多的乘积。"),
        )
    } else {
        let en =
            "Uneven overlap: the kernel is no multiple of the stride, a checkerboard is likely.";
        (
            "uneven",
            lang.pick(en, "重叠不均：卷积核不是步幅的整数倍，容易出现棋盘效应。"),
        )
    };
    json!({ "kind": kind, "text": text })
}

fn gcd(mut a: usize, mut b: usize) -> usize {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
