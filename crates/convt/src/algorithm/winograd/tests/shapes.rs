//! Which layers are taken, how they are cut, and the schemes by themselves.

use convt_geometry::Problem;

use super::super::axis::Axis;
use super::super::lanes::{LANES, Lanes};
use super::super::scheme::{ANY, MOST, Scheme};
use super::super::{BYTES, Shape, Size, Winograd};
use super::{PROBLEMS, SIZES};
use crate::Layer;
use crate::layer::Resolved;

#[test]
fn scratch_is_what_was_said_and_at_most_a_mebibyte() {
    for line in PROBLEMS.iter().chain(&[
        "conv_transpose2d n64 c512-256 i4x4 k4 s2 p1",
        "conv_transpose2d c1024-256 i32x32 k4 s2 p1",
        "conv_transpose2d c90-24 i135x240 k4 s2 p1",
        "conv_transpose1d c2048-1024 i430 k8 s4",
        "conv_transpose1d c512-256 i100 k16 s8 p4",
        "conv_transpose3d c512-256 i4x4x4 k4 s2 p1",
        "conv2d c2000-2000 i2000x2000 k3 p1",
    ]) {
        let problem: Problem = line.parse().unwrap();
        let sizes = Resolved::of(&problem).unwrap();
        let shape = Shape::of(&Layer::from_problem(&problem)).unwrap();
        let winograd = Winograd::<f32>::new(shape);
        for size in SIZES {
            let bytes = 4 * winograd.scratch_elements(&sizes, size, 1);
            assert!(bytes <= BYTES, "{line} {size:?}: {bytes}");
        }
    }
}

#[test]
fn shapes_that_have_no_scheme_are_left_to_others() {
    for line in [
        "conv2d c2-2 i9x9 k3 s2 p1",
        "conv2d c2-2 i9x9 k5 s1",
        "conv_transpose2d c2-2 i9x9 k2 s2",
        "conv_transpose2d c2-2 i9x9 k4 s2 d2",
        "conv_transpose2d c2-2 i9x9 k9 s2",
        "conv_transpose2d c2-2 i9x9 k2x4 s3x2",
        "conv_transpose2d c2-2 i9x9 k1 s1",
        "conv_transpose1d c2-2 i9 k64 s32",
    ] {
        let problem: Problem = line.parse().unwrap();
        assert_eq!(Shape::of(&Layer::from_problem(&problem)), None, "{line}");
    }
}

#[test]
fn transforms_multiply_out_to_the_sum() {
    // Unit inputs and taps: y[j] = d[j + u] g[u] wherever they meet.
    let schemes = [Scheme::F11, Scheme::F22, Scheme::F32, Scheme::F23];
    for (code, scheme) in schemes.into_iter().enumerate() {
        assert_eq!(Scheme::F11.or_of(code), scheme);
        assert_eq!(scheme.or_of(ANY), scheme);
        for e in 0..scheme.points() {
            for u in 0..scheme.taps() {
                let mut d = [Lanes::splat(0.0_f64); MOST];
                d[e] = Lanes::splat(1.0);
                let mut g = vec![0.0; scheme.points()];
                g[u] = 1.0;
                scheme.weights(&mut g, 1);
                let value = |lanes: Lanes<f64>| {
                    let mut all = [0.0; LANES];
                    lanes.store(&mut all);
                    all[0]
                };
                let mut products = scheme.input(d);
                for (product, g) in products.iter_mut().zip(&g) {
                    *product = Lanes::splat(value(*product) * g);
                }
                let y = scheme.output(products);
                for (j, &y) in y.iter().enumerate().take(scheme.outputs()) {
                    assert_eq!(value(y), f64::from(j + u == e), "{scheme:?} {e} {u} {j}");
                }
            }
        }
    }
}

#[test]
fn an_axis_without_a_walk_is_one_tile() {
    let axis = Axis::unit();
    assert_eq!(
        (axis.tiles(), axis.input_at(0, 0), axis.output_at(0, 0, 0)),
        (1, 0, 0)
    );
}

#[test]
fn the_choice_follows_the_layer_and_not_the_batch() {
    let choice = |line: &str| {
        let problem: Problem = line.parse().unwrap();
        let shape = Shape::of(&Layer::from_problem(&problem))?;
        shape.choose(&Resolved::of(&problem).unwrap(), 4)
    };
    for (line, expected) in [
        (
            "conv_transpose2d c256-256 i32x24 k4 s2 p1",
            Some(Size::Small),
        ),
        (
            "conv_transpose2d c90-24 i135x240 k4 s2 p1",
            Some(Size::Large),
        ),
        (
            "conv_transpose2d c128-128 i64x64 k3 s1 p1",
            Some(Size::Small),
        ),
        (
            "conv_transpose2d c128-128 i64x64 k3 s1 p2 d2",
            Some(Size::Small),
        ),
        ("conv2d c128-128 i64x64 k3 s1 p1", Some(Size::Small)),
        (
            "conv_transpose1d c256-128 i800 k16 s8 p4",
            Some(Size::Large),
        ),
        // Too few tiles for their weights.
        ("conv_transpose2d c1024-256 i32x32 k4 s2 p1", None),
        ("conv_transpose2d c512-256 i4x4 k4 s2 p1", None),
        ("conv_transpose2d n64 c512-256 i4x4 k4 s2 p1", None),
        ("conv_transpose2d c2048-256 i8x6 k4 s2 p1", None),
        ("conv_transpose2d c128-64 i16x16 k4 s2 p1", None),
        ("conv_transpose3d c512-256 i4x4x4 k4 s2 p1", None),
        ("conv_transpose1d c512-256 i100 k16 s8 p4", None),
        // Too few channels for their transforms.
        ("conv_transpose2d c64-3 i128x128 k4 s2 p1", None),
        ("conv_transpose2d c128-128 i64x64 k4 s2 p1 g64", None),
    ] {
        assert_eq!(choice(line), expected, "{line}");
    }
}
