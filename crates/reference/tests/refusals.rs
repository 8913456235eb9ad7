//! What is refused, with which sentence; and nothing panics.

use convt_reference::{
    Array, Definition, ELEMENT_LIMIT, Layer, Op, ReferenceError, equivalent_matrix, gradients,
};
use convt_testkit::hostile_problem;
use proptest::prelude::*;

fn array(shape: &[usize]) -> Array {
    Array::zeros(shape).unwrap()
}

/// The sentence with which every definition refuses.
fn refusal(layer: &Layer, x: &Array, w: &Array, b: Option<&[f64]>) -> String {
    let errors: Vec<ReferenceError> = Definition::ALL
        .iter()
        .map(|definition| definition.run(layer, x, w, b).unwrap_err())
        .collect();
    assert!(errors.iter().all(|error| error == &errors[0]));
    errors[0].to_string()
}

/// Asserts that every definition refuses, with a sentence that contains `parts`.
fn said(layer: &Layer, x: &Array, w: &Array, b: Option<&[f64]>, parts: &[&str]) {
    let sentence = refusal(layer, x, w, b);
    for part in parts {
        assert!(sentence.contains(part), "{sentence:?} lacks {part:?}");
    }
}

#[test]
fn parameters_are_refused_by_name_and_number() {
    let t = Layer::new(Op::ConvTranspose, 2);
    let (x, w) = (array(&[1, 2, 3, 3]), array(&[2, 4, 3, 3]));
    said(
        &t.clone().stride(&[1, 0]),
        &x,
        &w,
        None,
        &["stride[1] is 0"],
    );
    said(
        &t.clone().dilation(&[0, 1]),
        &x,
        &w,
        None,
        &["dilation[0] is 0"],
    );
    said(&t.clone().groups(0), &x, &w, None, &["groups is 0"]);
    said(
        &t.clone().groups(3),
        &x,
        &w,
        None,
        &["in_channels = 2", "groups = 3"],
    );
    said(
        &t.clone().stride(&[1]),
        &x,
        &w,
        None,
        &["dilation has 2", "1 spatial"],
    );
    said(&t.clone().stride(&[]), &x, &w, None, &["0 spatial axes"]);
    said(
        &t.clone().padding(&[9, 0]),
        &x,
        &w,
        None,
        &["(3-1)*1 + 3 - (9) - (9) = -13"],
    );
    let vast = t.clone().crops(&[[-(1 << 40), 0], [0, 0]]);
    said(&vast, &x, &w, None, &["the output", "67108864"]);
    let endless = t.clone().stride(&[usize::MAX, 1]);
    said(&endless, &x, &w, None, &["do not fit"]);
    let small = Layer::new(Op::Conv, 2)
        .output(&[2, 2], &[3, 3])
        .unwrap_err();
    assert!(small.to_string().contains("pad more"));
}

#[test]
fn arrays_are_refused_by_shape() {
    let t = Layer::new(Op::ConvTranspose, 2);
    let (x, w) = (array(&[1, 2, 3, 3]), array(&[2, 4, 3, 3]));
    said(
        &t,
        &array(&[1, 3, 3, 3]),
        &w,
        None,
        &["3 channels", "for 2"],
    );
    said(
        &t,
        &array(&[3, 3]),
        &w,
        None,
        &["[3, 3]", "(C_in, spatial...)"],
    );
    said(
        &t,
        &x,
        &array(&[2, 4, 3]),
        None,
        &["[2, 4, 3]", "kernel..."],
    );
    said(&t, &array(&[1, 2, 0, 3]), &w, None, &["input size[0] is 0"]);
    said(
        &t,
        &x,
        &array(&[2, 4, 3, 0]),
        None,
        &["kernel_size[1] is 0"],
    );
    said(
        &t,
        &x,
        &w,
        Some(&[0.0; 3]),
        &["3 elements", "4 output channels"],
    );
    let torn = Array {
        shape: vec![1, 2, 3, 3],
        data: vec![0.0; 5],
    };
    said(&t, &torn, &w, None, &["5 elements", "[1, 2, 3, 3]"]);
    assert!(
        gradients(&t, &x, &w, &x)
            .unwrap_err()
            .to_string()
            .contains("[1, 4, 5, 5]")
    );
    assert!(Array::new(&[2], vec![]).is_err());
    assert!(Array::zeros(&[usize::MAX, 2]).is_err());
    assert!(Array::zeros(&[usize::MAX, 0]).unwrap().data.is_empty());
}

#[test]
fn workspaces_beyond_the_limit_are_refused_before_they_are_made() {
    // 9000 * 9000 entries pass the limit of the matrix, and no other definition minds.
    let layer = Layer::new(Op::Conv, 1);
    let (x, w) = (array(&[1, 9000]), array(&[1, 1, 1]));
    for definition in Definition::ALL {
        let result = definition.run(&layer, &x, &w, None);
        let refused = matches!(
            result,
            Err(ReferenceError::TooLarge {
                limit: ELEMENT_LIMIT,
                ..
            })
        );
        assert_eq!(
            refused,
            definition == Definition::Matrix,
            "{}",
            definition.name()
        );
    }
    // One output whose four steps would stretch the input over a billion cells.
    let layer = Layer::new(Op::ConvTranspose, 1)
        .stride(&[1 << 30])
        .crops(&[[0, 1 << 30]]);
    let (x, w) = (array(&[1, 2]), array(&[1, 1, 1]));
    for definition in Definition::ALL {
        let refused = definition.run(&layer, &x, &w, None).is_err();
        assert_eq!(
            refused,
            definition == Definition::ZeroInsert,
            "{}",
            definition.name()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn hostile_parameters_never_panic(problem in hostile_problem(), batched: bool, crops: [[isize; 2]; 3]) {
        let axes = problem.axes.len();
        let list = |f: fn(&convt_geometry::ProblemAxis) -> usize| problem.axes.iter().map(f).collect::<Vec<_>>();
        let layer = Layer::new(problem.op, axes)
            .stride(&list(|a| a.stride))
            .dilation(&list(|a| a.dilation))
            .crops(&crops[..axes.min(3)])
            .groups(problem.groups);
        let read = Layer::try_from(&problem);
        let mut x = Array { shape: problem.input_shape(), data: vec![] };
        let mut w = Array { shape: problem.weight_shape(), data: vec![] };
        if !batched {
            x.shape.remove(0);
        }
        // Arrays as large as they say where that is possible, torn ones otherwise.
        for array in [&mut x, &mut w] {
            let all: u128 = array.shape.iter().map(|&n| n as u128).fold(1, u128::saturating_mul);
            if all < 1000 {
                array.data = vec![1.0; all as usize];
            }
        }
        for layer in [Some(layer), read.ok()].into_iter().flatten() {
            for definition in Definition::ALL {
                if let Err(error) = definition.run(&layer, &x, &w, None) {
                    prop_assert!(!error.to_string().is_empty());
                }
            }
            let _ = gradients(&layer, &x, &w, &x);
            let _ = layer.output(&list(|a| a.input), &list(|a| a.kernel));
            if problem.axes.iter().all(|a| a.input < 100 && a.kernel < 100) {
                let _ = equivalent_matrix(&layer, &list(|a| a.input), &list(|a| a.kernel));
            }
        }
    }
}
