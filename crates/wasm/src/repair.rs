//! One-click repairs: changes of a state after which it is legal.

use std::fmt;

use convt_geometry::{GeometryError, Padding, Parameter};
use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::query::{
    CHANNELS, GROUPS, INPUT, KEYS, Key, OUTPUT_PADDING, PADDING, Query, STRIDE, key_of,
};
use crate::sentence::Lang;

/// After so many changes one after the other the state is reset instead.
const MOST_CHANGES: usize = 12;

/// The largest size offered in place of one that does not fit.
const MODEST: i64 = 8;

/// The repairs of a state that has this error, each `{label, patch}`: at least one, and every one leads to a legal state.
pub(crate) fn repairs(query: &Query, error: &Error, lang: Lang) -> Vec<Value> {
    let mut legal: Vec<Query> = Vec::new();
    for candidate in candidates(query, error) {
        if let Some(found) = complete(candidate)
            && !legal.contains(&found)
        {
            legal.push(found);
        }
    }
    if legal.is_empty() {
        let mut reset = query.clone();
        for key in KEYS {
            reset.set(key.name, key.default);
        }
        legal.push(reset);
    }
    legal.truncate(3);
    legal.iter().map(|to| repair(query, to, lang)).collect()
}

/// The repairs of a state whose sizes are legal but that cannot be shown: each of them `fits`.
pub(crate) fn repairs_of_picture(
    query: &Query,
    lang: Lang,
    fits: impl Fn(&Query) -> bool,
) -> Vec<Value> {
    let smaller = [16, 8, 4].map(|most| complete(at_most(query, most)));
    let values = reset(query, &VALUES);
    let view = reset(query, &[("view", "four-steps")]);
    let both = reset(&values, &[("view", "four-steps")]);
    let sizes: Vec<(&str, &str)> = KEYS.iter().map(|key| (key.name, key.default)).collect();
    let all = reset(&both, &sizes);
    let candidates = [values, view, both].map(Some);
    let mut found: Vec<Query> = Vec::new();
    for candidate in candidates.into_iter().chain(smaller).flatten() {
        if found.len() < 2 && candidate != *query && !found.contains(&candidate) && fits(&candidate)
        {
            found.push(candidate);
        }
    }
    if found.is_empty() {
        found.push(all);
    }
    found.iter().map(|to| repair(query, to, lang)).collect()
}

/// Further keys of a patch, and what they are called.
const NAMES: [(&str, &str); 6] = [
    ("os", "output_size"),
    ("x", "input"),
    ("w", "kernel"),
    ("gy", "gradient"),
    ("b", "bias"),
    ("view", "view"),
];

/// What the numbers are without a wish.
const VALUES: [(&str, &str); 4] = [("x", "count"), ("w", "count"), ("b", ""), ("gy", "count")];

/// The same state with these values, where it has others.
fn reset(query: &Query, values: &[(&str, &str)]) -> Query {
    let mut changed = query.clone();
    for (key, value) in values {
        if query.get(key).is_some() {
            changed.set(key, value);
        }
    }
    changed
}

/// Applies the first candidate again and again until the state is legal.
fn complete(mut query: Query) -> Option<Query> {
    for _ in 0..MOST_CHANGES {
        let Err(error) = query.problem() else {
            return Some(query);
        };
        query = candidates(&query, &error).into_iter().next()?;
    }
    None
}

/// What changed between two states, as a patch and in words.
fn repair(from: &Query, to: &Query, lang: Lang) -> Value {
    let mut patch = Map::new();
    let mut words = Vec::new();
    for key in KEYS {
        if from.value(key) != to.value(key) {
            let value = to.value(key);
            patch.insert(key.name.into(), json!(value));
            let name = if key == CHANNELS {
                "channels"
            } else {
                key.parameter.name()
            };
            words.push(format!("{name} = {value}"));
        }
    }
    for (key, value) in NAMES {
        let (before, after) = (
            from.get(key).unwrap_or_default(),
            to.get(key).unwrap_or_default(),
        );
        if before != after {
            patch.insert(key.into(), json!(after));
            words.push(format!(
                "{value} = {}",
                if after.is_empty() { "-" } else { after }
            ));
        }
    }
    let set = lang.pick("set ", "改为 ");
    json!({ "label": format!("{set}{}", words.join(", ")), "patch": patch })
}

/// The same state with one value of one axis changed.
fn with(query: &Query, key: Key, axis: Option<usize>, value: &dyn fmt::Display) -> Query {
    let mut changed = query.clone();
    let mut values = query.per_axis(key);
    match axis {
        Some(axis) if axis < values.len() && key != GROUPS && key != CHANNELS => {
            // Axes that are alike stay alike.
            if values.iter().all(|one| *one == values[0]) {
                values.fill(value.to_string());
            } else {
                values[axis] = value.to_string();
            }
            if values.iter().all(|one| *one == values[0]) && key != INPUT {
                values.truncate(1);
            }
            changed.set(key.name, &values.join("x"));
        }
        _ => changed.set(key.name, &value.to_string()),
    }
    changed
}

/// Changes that remove this error, the mildest first; others may appear.
fn candidates(query: &Query, error: &Error) -> Vec<Query> {
    match error {
        Error::Negative { key, axis, value } => vec![
            with(query, *key, *axis, &key.least),
            with(query, *key, *axis, &value.saturating_neg().min(MODEST)),
        ],
        Error::Geometry(error) => of_geometry(query, error),
        Error::Request { .. } | Error::File { .. } | Error::Explain(_) | Error::Draw(_) => {
            vec![modest(query)]
        }
    }
}

fn of_geometry(query: &Query, error: &GeometryError) -> Vec<Query> {
    match error {
        GeometryError::Zero { parameter, axis } => of_zero(query, *parameter, *axis),
        GeometryError::OutputPadding {
            value,
            stride,
            dilation,
            axis,
        } => vec![
            with(
                query,
                OUTPUT_PADDING,
                *axis,
                &stride.max(dilation).saturating_sub(1),
            ),
            with(query, STRIDE, *axis, &value.saturating_add(1)),
        ],
        GeometryError::NoOutput { formula, axis } => of_no_output(query, formula.value(), *axis),
        GeometryError::Groups { .. } => of_groups(query),
        GeometryError::Axes { parameter, .. } => {
            let Some(key) = key_of(*parameter) else {
                return vec![reset(query, &[("os", "")])];
            };
            let first = query.value(key).split('x').next().unwrap_or(key.default);
            if key == INPUT {
                vec![with(query, key, None, &format!("{first}x{first}"))]
            } else {
                vec![with(query, key, None, &first)]
            }
        }
        GeometryError::Syntax { word, .. } => {
            let mut found = KEYS.into_iter().filter(|key| {
                let value = query.value(*key);
                *word == format!("{}{value}", key.name)
            });
            match found.next() {
                Some(key) => vec![with(query, key, None, &key.default)],
                None => vec![reset(query, &[("os", "")])],
            }
        }
        GeometryError::Meaningless {
            parameter: Parameter::OutputPadding,
            ..
        } => vec![with(query, OUTPUT_PADDING, None, &0)],
        GeometryError::OutputSize { .. } => vec![reset(query, &[("os", "")])],
        GeometryError::Overflow { .. }
        | GeometryError::Meaningless { .. }
        | GeometryError::Search { .. } => vec![modest(query)],
    }
}

fn of_zero(query: &Query, parameter: Parameter, axis: Option<usize>) -> Vec<Query> {
    let Some(key) = key_of(parameter) else {
        return Vec::new();
    };
    if key == CHANNELS {
        return vec![
            with(query, key, None, &"1-1"),
            with(query, key, None, &"2-2"),
        ];
    }
    let usual = match parameter {
        Parameter::KernelSize | Parameter::Input => 3,
        _ => 2,
    };
    [1, usual]
        .into_iter()
        .map(|value| with(query, key, axis, &value))
        .collect()
}

/// `value` is the size that came out, below 1. Each unit of padding takes two cells, each input element adds a stride.
///
/// A convolution is the other way round: it needs more padding or input, and counts in strides.
fn of_no_output(query: &Query, value: isize, axis: Option<usize>) -> Vec<Query> {
    let Some(a) = axis else {
        return vec![modest(query)];
    };
    let missing = 1 - value as i128;
    let number = |key: Key| -> i128 {
        let values = query.per_axis(key);
        values.get(a).and_then(|v| v.parse().ok()).unwrap_or(1)
    };
    if query.get("kind") == Some("conv") {
        let (input, stride, padding) = (number(INPUT), number(STRIDE).max(1), number(PADDING));
        let missing = missing.saturating_mul(stride);
        return vec![
            with(query, INPUT, axis, &input.saturating_add(missing)),
            with(
                query,
                PADDING,
                axis,
                &padding.saturating_add((missing + 1) / 2),
            ),
        ];
    }
    let mut all = Vec::new();
    let padding: Result<i128, _> = query.per_axis(PADDING)[a].parse();
    match padding {
        Ok(p) => all.push(with(
            query,
            PADDING,
            axis,
            &((p - (missing + 1) / 2).max(0)),
        )),
        Err(_) => all.push(with(query, PADDING, axis, &0)),
    }
    let (input, stride) = (number(INPUT), number(STRIDE).max(1));
    all.push(with(
        query,
        INPUT,
        axis,
        &(input + (missing + stride - 1) / stride),
    ));
    all
}

fn of_groups(query: &Query) -> Vec<Query> {
    let channels: Vec<u64> = query
        .value(CHANNELS)
        .split('-')
        .filter_map(|n| n.parse().ok())
        .collect();
    let groups: u64 = query.value(GROUPS).parse().unwrap_or(1);
    let ([inputs, outputs], true) = (
        [0, 1].map(|at| channels.get(at).copied().unwrap_or(1)),
        groups >= 1,
    ) else {
        return vec![with(query, GROUPS, None, &1)];
    };
    let common = (1..=groups.min(64))
        .rev()
        .find(|g| inputs % g == 0 && outputs % g == 0)
        .unwrap_or(1);
    let up = |n: u64| n.max(1).checked_next_multiple_of(groups).unwrap_or(groups);
    vec![
        with(query, GROUPS, None, &common),
        with(
            query,
            CHANNELS,
            None,
            &format!("{}-{}", up(inputs), up(outputs)),
        ),
    ]
}

/// Every number at most [`MODEST`].
fn modest(query: &Query) -> Query {
    let mut changed = at_most(query, MODEST);
    if &changed == query {
        changed.set("p", "0");
    }
    changed
}

fn at_most(query: &Query, most: i64) -> Query {
    let mut changed = query.clone();
    for key in KEYS {
        let separator = if key == CHANNELS { '-' } else { 'x' };
        let values: Vec<String> = query
            .value(key)
            .split(separator)
            .map(|value| match value.parse::<i128>() {
                Ok(number) => number.min(most.into()).to_string(),
                Err(_) => value.to_string(),
            })
            .collect();
        changed.set(key.name, &values.join(&separator.to_string()));
    }
    changed
}

/// What a padding says in numbers, if it is PyTorch's kind.
pub(crate) fn torch_padding(padding: Padding) -> Option<usize> {
    match padding {
        Padding::Both(p) => Some(p),
        _ => None,
    }
}
