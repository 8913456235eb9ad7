//! What is refused, how it is said, and that nothing panics whatever is asked.

use convt::{
    AutoPad, Conv1d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d, Crop, Element, Error,
    GeometryError, Layer, Plan, Run, Scratch,
};
use convt::{Dtype, Explanation};
use convt_testkit::{any_problem, hostile_problem};
use proptest::prelude::*;

fn message<T>(result: Result<T, Error>) -> String {
    match result {
        Ok(_) => panic!("this should have been refused"),
        Err(error) => error.to_string(),
    }
}

fn plan(layer: &Layer) -> Result<Plan<f32>, Error> {
    let shape = layer.weight_shape();
    let weight = vec![1.0; shape.iter().product()];
    let bias = vec![0.0; layer.out_channels()];
    layer.plan(
        (&weight[..], &shape[..]),
        layer.has_bias().then_some(&bias[..]),
    )
}

#[test]
fn bad_parameters_and_shapes_are_refused_in_a_sentence_with_their_numbers() {
    let two = || ConvTranspose2d::new(2, 2, 3);
    let cases: Vec<(String, &[&str])> = vec![
        (
            message(plan(&two().stride([2, 0]))),
            &["stride[1]", "0", "at least 1"],
        ),
        (
            message(plan(&two().dilation(0))),
            &["dilation[0]", "at least 1"],
        ),
        (message(plan(&two().groups(0))), &["groups", "at least 1"]),
        (
            message(plan(&ConvTranspose2d::new(2, 2, [0, 3]))),
            &["kernel_size[0]", "at least 1"],
        ),
        (
            message(plan(&two().stride(2).output_padding([0, 2]))),
            &[
                "output_padding[1] = 2",
                "stride (2)",
                "dilation (1)",
                "nearest is 1",
            ],
        ),
        (
            message(plan(&ConvTranspose2d::new(3, 2, 3).groups(2))),
            &["in_channels = 3", "groups = 2"],
        ),
        (
            message(plan(&ConvTranspose2d::new(2, 3, 3).groups(2))),
            &["out_channels = 3", "groups = 2"],
        ),
        (
            message(two().output_shape(&[1, 5, 4, 4])),
            &["[1, 5, 4, 4]", "2 channels", "[2, 2, 3, 3]"],
        ),
        (
            message(two().output_shape(&[4, 4])),
            &["[4, 4]", "4 axes", "3"],
        ),
        (
            message(two().plan((&[1.0_f32; 36][..], [2, 2, 9]), Some(&[0.0; 2]))),
            &["weight", "[2, 2, 9]", "[2, 2, 3, 3]"],
        ),
        (
            message(two().plan((&[1.0_f32; 36][..], [2, 2, 1, 9]), Some(&[0.0; 2]))),
            &["weight", "[2, 2, 1, 9]", "[2, 2, 3, 3]"],
        ),
        (
            message(two().plan((&[1.0_f32; 36][..], [2, 2, 3, 3]), Some(&[0.0; 3]))),
            &["bias", "3", "out_channels = 2"],
        ),
        (
            message(two().plan((&[1.0_f32; 36][..], [2, 2, 3, 3]), None)),
            &["bias", "bias(false)"],
        ),
    ];
    check_sentences(&cases);
}

#[test]
fn bad_sizes_are_refused_in_a_sentence_with_their_numbers() {
    let two = || ConvTranspose2d::new(2, 2, 3);
    let cases: Vec<(String, &[&str])> = vec![
        (
            message(two().padding(4).output_shape(&[1, 2, 3, 3])),
            &["(3-1)*1 - 2*4 + 1*(3-1) + 0 + 1 = -3", "at least 1"],
        ),
        (
            message(plan(&two().stride(2)).and_then(|plan| {
                plan.run_slice_with(&[1.0; 18], &[1, 2, 3, 3], &Run::new().output_size([9, 7]))
            })),
            &["output_size[0] = 9", "7 to 8"],
        ),
        (
            message(two().output_shape(&[1, 2, 0, 3])),
            &["input size[0]", "at least 1"],
        ),
        (
            message(plan(&two()).and_then(|plan| plan.run_slice(&[1.0; 17], &[1, 2, 3, 3]))),
            &["17 elements", "[1, 2, 3, 3]"],
        ),
        (
            message(plan(&two()).and_then(|plan| {
                let run = Run::new().memory_limit(100);
                plan.run_slice_with(&[1.0; 18], &[1, 2, 3, 3], &run)
            })),
            &["memory limit is 100 bytes"],
        ),
        (
            message(
                ConvTranspose1d::new(1, 1, 3)
                    .stride(usize::MAX / 4)
                    .output_shape(&[1, 1, 9]),
            ),
            &["does not fit"],
        ),
        (
            message(
                plan(&Conv1d::new(1, 1, 5)).and_then(|plan| plan.run_slice(&[1.0; 3], &[1, 1, 3])),
            ),
            &["floor((3 + 2*0 - 1*(5-1) - 1) / 1) + 1 = -1"],
        ),
    ];
    check_sentences(&cases);
}

/// Each message is one line that says all its words.
fn check_sentences(cases: &[(String, &[&str])]) {
    for (message, words) in cases {
        for word in *words {
            assert!(message.contains(word), "`{message}` does not say `{word}`");
        }
        assert!(!message.contains('\n'), "{message}");
    }
}

#[test]
fn zero_sizes() {
    let run = |layer: &Layer, shape: &[usize]| {
        let count = shape.iter().product();
        plan(layer)
            .unwrap()
            .run_slice(&vec![1.0; count], shape)
            .unwrap()
    };
    let empty = run(&ConvTranspose2d::new(2, 3, 3), &[0, 2, 4, 4]);
    assert_eq!((empty.shape, empty.data.len()), (vec![0, 3, 6, 6], 0));
    let no_output = run(&ConvTranspose2d::new(2, 0, 3), &[1, 2, 4, 4]);
    assert_eq!(
        (no_output.shape, no_output.data.len()),
        (vec![1, 0, 6, 6], 0)
    );
    let layer = ConvTranspose2d::new(0, 2, 3);
    let plan = layer
        .plan((&[] as &[f32], [0, 2, 3, 3]), Some(&[1.5, -2.0]))
        .unwrap();
    let bias_only = plan.run_slice(&[], &[1, 0, 4, 4]).unwrap();
    assert_eq!(bias_only.shape, [1, 2, 6, 6]);
    assert!(bias_only.data[..36].iter().all(|&v| v == 1.5));
    assert!(bias_only.data[36..].iter().all(|&v| v == -2.0));
}

#[test]
fn scratch_is_that_of_the_algorithm_that_the_weights_allow() {
    // Few positions, a long row: here the algorithm for infinite weights needs more scratch than the other.
    let layer = ConvTranspose1d::new(1, 1, 2).stride(8192).bias(false);
    for (weight, algorithm, bytes) in [
        (1.0, "tiles", None),
        (f32::INFINITY, "phases", Some(4 * 2048 + 64)),
    ] {
        let plan = layer.plan((&[weight, 1.0][..], [1, 1, 2]), None).unwrap();
        let shape = [1, 1, 4];
        let scratch = plan.scratch_bytes(&shape, 1).unwrap();
        let explanation = plan.explain(&shape).unwrap();
        assert_eq!(
            (explanation.algorithm, explanation.scratch_bytes),
            (algorithm, scratch)
        );
        assert!(bytes.is_none_or(|bytes| bytes == scratch), "{scratch}");
        // What the run took is what was announced.
        let (mut y, mut memory) = (vec![0.0; 24_578], Scratch::new());
        plan.run_slice_into(&[1.0; 4], &shape, &mut y, &mut memory, 1)
            .unwrap();
        assert_eq!(memory.bytes(), scratch);
    }
}

#[test]
fn a_memory_limit_is_exact() {
    let layer = ConvTranspose2d::new(1, 1, 3).bias(false);
    let plan = plan(&layer).unwrap();
    let shape = [1, 1, 4, 4];
    let run = |limit| {
        plan.run_slice_with(
            &[1.0; 16],
            &shape,
            &Run::new().threads(1).memory_limit(limit),
        )
    };
    let Err(Error::MemoryLimit { bytes, .. }) = run(0) else {
        panic!("no run takes no memory");
    };
    assert!(run(bytes).is_ok());
    assert!(run(bytes - 1).is_err());
    // Into the caller's memory, only scratch and tables count.
    let (mut y, mut scratch) = ([0.0; 36], Scratch::new());
    let run = Run::new().threads(1).memory_limit(bytes - size_of_val(&y));
    assert!(
        plan.run_slice_into_with(&[1.0; 16], &shape, &mut y, &mut scratch, &run)
            .is_ok()
    );
    assert!(
        layer
            .plan_within((&[1.0_f32; 9][..], [1, 1, 3, 3]), None, 35)
            .is_err()
    );
    assert!(
        layer
            .plan_within((&[1.0_f32; 9][..], [1, 1, 3, 3]), None, 36)
            .is_ok()
    );
}

const EDGES: [usize; 8] = [
    0,
    1,
    2,
    7,
    1 << 31,
    isize::MAX as usize,
    usize::MAX - 1,
    usize::MAX,
];

fn edge() -> impl Strategy<Value = usize> {
    proptest::sample::select(&EDGES[..])
}

fn signed_edge() -> impl Strategy<Value = isize> {
    proptest::sample::select(&[0, 1, -1, 5, isize::MAX, isize::MIN, isize::MIN + 1][..])
}

/// Everything that can be done with a layer, on arrays that are small whatever the layer says.
fn exercise<T: Element + From<f32>>(layer: &Layer, input: &[usize], sizes: &[usize]) {
    let _ = layer.check();
    let _ = layer.output_shape(input);
    let _ = layer.explain(input, Dtype::F64);
    let _ = layer.problem(1, input, Dtype::F32);
    let small: Vec<T> = vec![T::from(1.0); 64];
    let shape = layer.weight_shape();
    let fits = shape
        .iter()
        .try_fold(1_usize, |n, &axis| n.checked_mul(axis));
    let weight = &small[..fits.map_or(64, |n| n.min(64))];
    let bias = vec![T::ZERO; layer.out_channels().min(64)];
    let bias = layer.has_bias().then_some(&bias[..]);
    let _ = layer.plan_within((weight, &shape[..]), bias, 1 << 20);
    let Ok(plan) = layer.plan((weight, &shape[..]), bias) else {
        return;
    };
    let elements = input
        .iter()
        .try_fold(1_usize, |n, &axis| n.checked_mul(axis));
    let x = &small[..elements.map_or(64, |n| n.min(64))];
    for run in [
        Run::new(),
        Run::new().output_size(sizes),
        Run::new().output_shape(sizes),
        Run::new().threads(usize::MAX),
    ] {
        let _ = plan.output_shape_with(input, &run);
        let _ = plan.run_slice_with(x, input, &run.clone().memory_limit(1 << 20));
        let mut y = [T::ZERO; 64];
        let _ = plan.run_slice_into_with(x, input, &mut y, &mut Scratch::new(), &run);
    }
    let _ = plan.scratch_bytes(input, usize::MAX);
    let _ = plan
        .explain(input)
        .map(|explanation| explanation.to_string());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn hostile_problems_never_panic(problem in hostile_problem(), sizes in proptest::collection::vec(edge(), 0..4)) {
        let _ = Explanation::of(&problem).map(|explanation| explanation.to_string());
        let _ = convt::cost::products(&problem);
        let layer = Layer::from_problem(&problem);
        exercise::<f32>(&layer, &problem.input_shape(), &sizes);
    }

    #[test]
    fn hostile_layers_never_panic(
        numbers in proptest::collection::vec(edge(), 10),
        signed in proptest::collection::vec(signed_edge(), 4),
        input in proptest::collection::vec(edge(), 0..6),
        way in 0..8,
    ) {
        let n = |i: usize| numbers[i];
        let layer = ConvTranspose2d::new(n(0), n(1), [n(2), n(3)])
            .stride([n(4), n(5)])
            .dilation([n(6), 1])
            .groups(n(7))
            .output_padding([n(8), 0]);
        let layer = match way {
            0 => layer,
            1 => layer.padding([n(9), n(2)]),
            2 => layer.pads([(n(9), n(2)), (n(3), n(4))]),
            3 => layer.crops([Crop::new(signed[0], signed[1]), Crop::new(signed[2], signed[3])]),
            4 => layer.same(),
            5 => layer.valid(),
            6 => layer.auto_pad(AutoPad::SameLower),
            _ => layer.jax_padding([(signed[0], signed[1]), (signed[2], signed[3])]),
        };
        exercise::<f64>(&layer, &input, &numbers[..2]);
        exercise::<f32>(&ConvTranspose3d::new(n(0), n(1), n(2)).padding(n(3)), &input, &numbers[..3]);
    }

    #[test]
    fn a_legal_problem_is_never_refused(problem in any_problem()) {
        prop_assert!(Explanation::of(&problem).is_ok());
        prop_assert!(Layer::from_problem(&problem).check().is_ok());
    }
}

#[test]
fn errors_carry_their_cause() {
    let error = ConvTranspose2d::new(1, 1, 3).stride(0).check().unwrap_err();
    assert!(matches!(
        error,
        Error::Geometry(GeometryError::Zero { axis: Some(0), .. })
    ));
    assert!(std::error::Error::source(&error).is_some());
}
