//! One problem is one line: it is read back as it was written, and a bad line is refused with a sentence.

use convt_geometry::{Crop, Dtype, GeometryError, Op, Padding, Problem, ProblemAxis};
use convt_testkit::any_problem;
use proptest::prelude::*;

fn any_padding() -> impl Strategy<Value = Padding> {
    prop_oneof![
        any::<usize>().prop_map(Padding::Both),
        any::<(usize, usize)>().prop_map(|(begin, end)| Padding::Sides { begin, end }),
        any::<(isize, isize)>().prop_map(|(begin, end)| Padding::Signed(Crop { begin, end })),
        any::<(isize, isize)>().prop_map(|(lo, hi)| Padding::Jax { lo, hi }),
        Just(Padding::Same),
        Just(Padding::Valid),
        Just(Padding::SameUpper),
        Just(Padding::SameLower),
    ]
}

/// Whatever the fields can hold, legal or not.
fn any_axis() -> impl Strategy<Value = ProblemAxis> {
    (any::<[usize; 5]>(), any_padding(), any::<Option<usize>>()).prop_map(
        |([input, kernel, stride, dilation, output_padding], padding, output_size)| ProblemAxis {
            input,
            kernel,
            stride,
            padding,
            output_padding,
            output_size,
            dilation,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn lines_are_read_back(
        axes in prop::collection::vec(any_axis(), 1..=3),
        transposed: bool, counts: [usize; 4], bias: bool, wide: bool, name in prop::option::of("[^\"]*"),
    ) {
        let op = if transposed { Op::ConvTranspose } else { Op::Conv };
        let [batch, in_channels, out_channels, groups] = counts;
        let dtype = if wide { Dtype::F64 } else { Dtype::F32 };
        let problem = Problem { batch, in_channels, out_channels, groups, bias, dtype, name, ..Problem::new(op, axes) };
        let line = problem.to_string();
        prop_assert_eq!(line.parse::<Problem>(), Ok(problem), "{}", line);
    }

    #[test]
    fn legal_problems_are_read_back(problem in any_problem()) {
        let again: Problem = problem.to_string().parse().unwrap();
        prop_assert_eq!(again.output_shape(), problem.output_shape());
        prop_assert_eq!(again, problem);
    }

    #[test]
    fn a_shape_s_products_are_those_of_its_axes(problem in any_problem()) {
        let axes: u128 = problem.walks().unwrap().iter().map(convt_geometry::Walk::products).product();
        let pairs = problem.batch * problem.in_channels * problem.out_channels / problem.groups;
        prop_assert_eq!(problem.products().unwrap(), axes * pairs as u128);
    }

    #[test]
    fn no_line_panics(line in "\\PC*") {
        let _ = line.parse::<Problem>();
    }

    #[test]
    fn no_line_of_known_words_panics(words in prop::collection::vec("(n|c|i|k|s|p|crop|jax|op|os|d|g|psame)[-:x0-9cj]{0,6}", 0..6)) {
        if let Ok(problem) = format!("conv_transpose2d {}", words.join(" ")).parse::<Problem>() {
            let _ = problem.output_shape();
            let _ = problem.products();
        }
    }
}

#[test]
fn the_line_of_the_documentation() {
    let line = "conv_transpose2d n1 c256-128 i32x24 k4 s2 p1 op0 d1 g1 f32 \"pose_up3\"";
    let problem: Problem = line.parse().unwrap();
    assert_eq!(problem.to_string(), line);
    assert_eq!(problem.input_shape(), [1, 256, 32, 24]);
    assert_eq!(problem.weight_shape(), [256, 128, 4, 4]);
    assert_eq!(problem.output_shape().unwrap(), [1, 128, 64, 48]);
    let short: Problem = "conv_transpose2d i32x24 k4 c256-128 s2 p1".parse().unwrap();
    assert_eq!(
        Problem {
            name: problem.name.clone(),
            ..short
        },
        problem
    );
}

#[test]
fn a_name_never_breaks_its_line() {
    let axes = vec![ProblemAxis::new(3, 3)];
    let problem = Problem {
        name: Some("the \"best\" one".into()),
        ..Problem::new(Op::Conv, axes)
    };
    let again: Problem = problem.to_string().parse().unwrap();
    assert_eq!(again.name.as_deref(), Some("the 'best' one"));
    assert!(!Problem::new(Op::Conv, vec![]).to_string().is_empty());
}

#[test]
fn bad_lines_are_refused_with_a_sentence() {
    for (line, part) in [
        ("", "conv_transpose2d"),
        ("conv4d i3 k3", "`conv4d`"),
        ("conv2d k3", "input size"),
        ("conv2d i3", "kernel size"),
        ("conv2d i3 k", "`k`"),
        ("conv2d i3 k3 z9", "`z9`"),
        ("conv2d i3 k3 s-1", "`s-1`"),
        ("conv2d i3 k3 p1:", "`p1:`"),
        ("conv2d i3 k3 crop1", "`crop1`"),
        ("conv2d i3 k3 psomething", "`psomething`"),
        ("conv2d i3x3x3 k3", "3 values, but there are 2"),
        ("conv2d i3 k3 c4", "`c4`"),
        ("conv2d i3 k3 \"open", "`open`"),
        ("conv2d i3 k3 \"a\" b\"", "`a\" b\"`"),
        ("conv2d i99999999999999999999999 k3", "whole number"),
    ] {
        let sentence = line.parse::<Problem>().unwrap_err().to_string();
        assert!(sentence.contains(part), "{line:?}: {sentence}");
    }
    for (line, part) in [
        ("conv2d i3 k5", "output size[0] would be"),
        ("conv_transpose2d i3 k3 s2x1 op1", "output_padding[1] = 1"),
        ("conv_transpose2d i3 k3 s1x0", "stride[1] is 0"),
        ("conv_transpose1d i3 k3 g2 c3-4", "in_channels = 3"),
        ("conv_transpose1d i3 k3 g2 c4-3", "out_channels = 3"),
        ("conv_transpose1d i3 k3 g0", "groups is 0"),
        ("conv_transpose1d i0 k3", "input size[0] is 0"),
        ("conv_transpose1d i3 k3 s2 os99", "7 to 8"),
        ("conv1d i3 k3 op1", "no meaning"),
    ] {
        let problem: Problem = line.parse().unwrap();
        let sentence = problem.walks().unwrap_err().to_string();
        assert!(sentence.contains(part), "{line:?}: {sentence}");
    }
    let none = Problem::new(Op::Conv, vec![]);
    assert!(matches!(none.walks(), Err(GeometryError::Axes { .. })));
}
