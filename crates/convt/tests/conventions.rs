//! TensorFlow, JAX, Flax and Keras: what they computed is committed in `tests/peers/tables.*`, so that no test needs them.

mod common;

#[path = "conventions/agree.rs"]
mod agree;
#[path = "conventions/words.rs"]
mod words;

use std::collections::BTreeMap;
use std::path::Path;

use convt::{AutoPad, ConvTranspose1d, Crop, Dtype, Layer, Op};
use convt_testkit::{Case, load_cases, vectors};

fn tables() -> Vec<Case> {
    let prefix = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/peers/tables");
    load_cases(Path::new(prefix)).unwrap_or_else(|error| panic!("the peers' tables: {error}"))
}

#[test]
fn the_tables_cover_every_framework_and_operation() {
    let mut counts = BTreeMap::new();
    for case in tables() {
        let words = case.convention.expect("a peer's case has its words");
        let framework = words["framework"].as_str().unwrap().to_string();
        *counts
            .entry((framework, case.problem.op.name()))
            .or_insert(0) += 1;
        assert!(case.integer, "{}: the tables are exact", case.name);
    }
    let covered: Vec<(&str, &str)> = counts.keys().map(|(f, op)| (f.as_str(), *op)).collect();
    let transposed = ["flax", "jax", "keras", "tensorflow"].map(|name| (name, "conv_transpose"));
    for pair in transposed.into_iter().chain([("tensorflow", "conv")]) {
        assert!(covered.contains(&pair), "no case of {pair:?} in {counts:?}");
        println!("{pair:?}: {} cases", counts[&(pair.0.to_string(), pair.1)]);
    }
}

#[test]
fn the_stored_crops_give_the_frameworks_results() {
    for case in &tables() {
        agree::assert_output::<f32>(case);
        agree::assert_output::<f64>(case);
    }
}

#[test]
fn the_frameworks_words_give_the_stored_crops() {
    for case in &tables() {
        agree::assert_words(case);
    }
}

#[test]
fn pytorchs_words_give_pytorchs_results() {
    for case in &vectors() {
        agree::assert_output::<f32>(case);
        agree::assert_words(case);
    }
}

/// The crops of a one-dimensional layer on 5 elements.
fn crops(layer: &Layer) -> (isize, isize) {
    let problem = layer.problem(1, &[5], Dtype::F32).unwrap();
    let Crop { begin, end } = problem.axes[0].axis(Op::ConvTranspose).unwrap().crop;
    (begin, end)
}

#[test]
fn words_that_look_alike_and_are_not() {
    let layer = |k, s| ConvTranspose1d::new(1, 1, k).stride(s);
    // VALID fills a stride beyond the kernel in TensorFlow, JAX and Keras, and does not in ONNX.
    assert_eq!(crops(&layer(1, 3).valid()), (0, -2));
    assert_eq!(crops(&layer(1, 3).auto_pad(AutoPad::Valid)), (0, 0));
    assert_eq!(crops(&layer(3, 2).valid()), (0, 0));
    // The usual doubling layer of PyTorch is SAME_LOWER, one element away from TensorFlow's SAME.
    assert_eq!(crops(&layer(3, 2).padding(1).output_padding(1)), (1, 0));
    assert_eq!(crops(&layer(3, 2).auto_pad(AutoPad::SameLower)), (1, 0));
    assert_eq!(crops(&layer(3, 2).auto_pad(AutoPad::SameUpper)), (0, 1));
    assert_eq!(crops(&layer(3, 2).same()), (0, 1));
    // The same number as PyTorch's padding, as ONNX's pads, and as JAX's: a crop, a crop, and the opposite of one.
    assert_eq!(crops(&layer(4, 2).padding(1)), (1, 1));
    assert_eq!(crops(&layer(4, 2).pads([(1, 1)])), (1, 1));
    assert_eq!(crops(&layer(4, 2).jax_padding([(1, 1)])), (2, 2));
    // output_padding grows the end in PyTorch, the beginning in Keras' "same".
    let axis = convt_geometry::Axis::new(3, 2, 1).unwrap();
    assert_eq!(crops(&layer(3, 2).padding(1)), (1, 1));
    assert_eq!(Crop::keras_same(&axis, Some(0)), Ok(Crop::new(1, 1)));
    assert_eq!(Crop::keras_same(&axis, Some(1)), Ok(Crop::new(0, 1)));
}

/// PyTorch crops at least as much at the beginning as at the end, SAME never more: they meet where K - s is even.
#[test]
fn ten_of_28_same_layers_cannot_be_said_in_pytorchs_words() {
    let mut lost = Vec::new();
    for (k, s) in (1..=7).flat_map(|k| (1..=4).map(move |s| (k, s))) {
        let (begin, end) = crops(&ConvTranspose1d::new(1, 1, k).stride(s).same());
        assert_eq!(begin + end, k as isize - s as isize);
        if begin < end {
            lost.push((k, s));
        }
    }
    let odd = [
        (2, 1),
        (3, 2),
        (4, 1),
        (4, 3),
        (5, 2),
        (5, 4),
        (6, 1),
        (6, 3),
        (7, 2),
        (7, 4),
    ];
    assert_eq!(lost, odd);
}
