//! Every preset in every view is a picture with numbers that are right.

use serde_json::{Value, json};

const VIEWS: [&str; 7] = [
    "four-steps",
    "scatter",
    "matrix",
    "side-by-side",
    "gradient",
    "overlap",
    "reach",
];

fn ask(request: &Value) -> Value {
    serde_json::from_str(&convt_wasm::call(&request.to_string())).unwrap()
}

fn frame(state: &str, step: usize) -> Value {
    ask(&json!({ "do": "frame", "state": state, "step": step, "theme": "light", "cells": true }))
}

#[test]
fn every_preset_has_every_view_in_both_languages() {
    let presets = ask(&json!({ "do": "presets" }));
    for preset in presets["presets"].as_array().unwrap() {
        let query = preset["query"].as_str().unwrap();
        for view in VIEWS {
            for lang in ["en", "zh"] {
                let state = format!("{query}&view={view}&lang={lang}");
                let first = frame(&state, 0);
                let frames = first["frames"]
                    .as_u64()
                    .unwrap_or_else(|| panic!("{state}: {first}"));
                for step in [0, frames as usize / 2, frames as usize - 1, 99_999] {
                    let answer = frame(&state, step);
                    let svg = answer["svg"].as_str().unwrap();
                    roxmltree::Document::parse(svg).unwrap();
                    assert!(
                        !answer["caption"].as_str().unwrap().is_empty(),
                        "{state} {step}"
                    );
                    assert!(
                        answer["cells"]
                            .as_array()
                            .is_some_and(|cells| !cells.is_empty())
                    );
                    assert!(
                        answer["tables"]
                            .as_array()
                            .is_some_and(|tables| !tables.is_empty())
                    );
                }
            }
        }
    }
}

#[test]
fn files_are_what_they_are_called() {
    let state = "i=2x2&k=3&s=2&p=1";
    for (format, begins) in [
        ("svg", "PD94bWw"),
        ("png", "iVBORw0KGgo"),
        ("gif", "R0lGODlh"),
        ("html", "PCFkb2N0"),
        ("json", "ey"),
    ] {
        let answer = ask(&json!({ "do": "export", "state": state, "format": format }));
        let base64 = answer["base64"]
            .as_str()
            .unwrap_or_else(|| panic!("{format}: {answer}"));
        let svg = format == "svg" && base64.starts_with("PHN2Zy");
        assert!(
            svg || base64.starts_with(begins),
            "{format}: {}",
            &base64[..20]
        );
    }
}

#[test]
fn what_is_too_large_is_refused_with_a_smaller_one() {
    for view in VIEWS {
        let state = format!("i=400x400&k=3&s=2&p=1&view={view}");
        let answer = frame(&state, 0);
        let repairs = answer["refused"]["repairs"].as_array();
        assert!(
            repairs.is_some_and(|list| !list.is_empty()),
            "{view}: {answer}"
        );
    }
}

#[test]
fn all_numbers_of_an_array_come_in_order() {
    let state = "i=2x3&k=2&s=2&c=2-1&x=count&w=1,-2,3,4,5,6,7,8.5&gy=ones";
    let numbers = |array: &str| {
        let answer = ask(&json!({ "do": "numbers", "state": state, "array": array }));
        answer["numbers"]
            .as_array()
            .unwrap_or_else(|| panic!("{answer}"))
            .clone()
    };
    let count: Vec<Value> = (1..=12).map(|n| json!(f64::from(n))).collect();
    assert_eq!(numbers("x"), count);
    assert_eq!(numbers("w")[7], 8.5);
    assert_eq!(numbers("gy").len(), 4 * 6);
}

#[test]
fn an_output_knows_its_products() {
    let state = "i=2x2&k=3&s=1&x=1,2,3,4&w=1,2,3,4,5,6,7,8,9";
    let answer = ask(&json!({ "do": "inspect", "state": state, "map": "output", "index": [1, 1] }));
    assert_eq!(answer["value"], 23.0);
    let products: f64 = answer["terms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|term| term["product"].as_f64().unwrap())
        .sum();
    assert_eq!(products, 23.0);
    let linked = answer["linked"].as_array().unwrap();
    assert!(
        linked.contains(&json!(["input", [1, 0]])) && linked.contains(&json!(["kernel", [1, 1]]))
    );
}

#[test]
fn a_step_is_drawn_by_what_has_changed() {
    let ask_for = |step: usize, shown: Option<u64>| {
        let state = "i=3x3&k=3&s=2&p=1&view=four-steps&lang=en";
        ask(
            &json!({ "do": "frame", "state": state, "step": step, "theme": "light", "shown": shown }),
        )
    };
    let elements = |answer: &Value, count: usize| -> Vec<String> {
        let svg = answer["svg"].as_str().unwrap();
        let lines: Vec<&str> = svg.trim_end().lines().collect();
        let body = &lines[lines.len() - 1 - count..lines.len() - 1];
        body.iter().map(|line| (*line).to_string()).collect()
    };
    let first = ask_for(8, None);
    assert!(first.get("changed").is_none());
    let count = first["items"].as_u64().unwrap() as usize;
    let mut page = elements(&first, count);
    let second = ask_for(9, first["serial"].as_u64());
    let changed = second["changed"].as_array().unwrap();
    assert!(
        !changed.is_empty() && changed.len() < count / 2,
        "{} of {count}",
        changed.len()
    );
    for (index, line) in changed.iter().zip(elements(&second, changed.len())) {
        page[index.as_u64().unwrap() as usize] = line;
    }
    // The whole second frame is the first one with these changes.
    let whole = ask_for(9, None);
    assert_eq!(page, elements(&whole, count));
    // Who shows something else is sent everything.
    assert!(ask_for(10, Some(1_000_000)).get("changed").is_none());
}
