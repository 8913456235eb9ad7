//! A trace's numbers are the reference's, and its cells are what they say, for any problem small enough.

use convt_explain::CellKind::{Cropped, InsertedZero, OutputPaddingZero, PaddingZero, Value};
use convt_explain::{CellKind, ExplainError, Facts, MatrixTrace, Trace, letter};
use convt_reference::{Array, Definition, Layer, Op};
use convt_testkit::{Rng, any_problem};
use proptest::prelude::*;

fn counted(shape: &[usize]) -> Array {
    let n: usize = shape.iter().product();
    Array::new(shape, (1..=n).map(|v| v as f64).collect()).unwrap()
}

/// Of the reference's output: the first batch element's first channel.
fn first_plane(y: &Array, facts: &Facts) -> Vec<f64> {
    let volume: usize = facts.output.iter().product();
    y.data[..volume].to_vec()
}

fn check_steps(trace: &Trace, expected: &[f64]) {
    let facts = &trace.facts;
    let sums: Vec<f64> = trace.steps.slides.iter().map(|slide| slide.sum).collect();
    assert_eq!(sums, expected);
    for sheet in &trace.steps.padded {
        for axis in 0..facts.input.len() {
            // Without the cells that are cut, o + K-1 cells (transposed) or i + begin + end (convolution).
            let pads = facts.pads(axis);
            let cut: isize = pads.iter().map(|pad| pad.min(&0).abs()).sum();
            let active = sheet.shape[axis] as isize - cut;
            let needed = match facts.op {
                Op::ConvTranspose => (facts.output[axis] + facts.span(axis) - 1) as isize,
                Op::Conv => facts.input[axis] as isize + pads[0] + pads[1],
            };
            assert_eq!(active, needed);
        }
        for cell in &sheet.cells {
            match cell.kind {
                CellKind::Value => assert!(cell.source.is_some()),
                CellKind::Cropped => {}
                _ => assert!(cell.source.is_none() && cell.value == 0.0),
            }
        }
    }
    for slide in &trace.steps.slides {
        let covered = trace.steps.covered(facts, slide);
        for (at, sheet) in trace.steps.padded.iter().enumerate() {
            let cells = || covered.iter().map(|&cell| sheet.cells[cell]);
            assert!(cells().all(|cell| cell.kind != CellKind::Cropped));
            let of_channel = slide
                .products
                .iter()
                .filter(|product| product.channel == at);
            let values = cells().filter(|cell| cell.kind == CellKind::Value);
            assert_eq!(of_channel.count(), values.count());
        }
    }
}

fn check_scatter(trace: &Trace, expected: &[f64]) {
    let scatter = &trace.scatter;
    let cells = scatter.after(scatter.stamps.len()).into_iter().enumerate();
    let cropped: Vec<f64> = cells
        .filter(|&(at, _)| scatter.is_output(at))
        .map(|(_, value)| value.unwrap_or(0.0) + trace.bias.unwrap_or(0.0))
        .collect();
    assert_eq!(cropped, expected);
    assert!(scatter.after(0).iter().all(Option::is_none));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn both_views_give_the_reference_s_numbers(problem in any_problem(), seed: u64) {
        let mut rng = Rng::new(seed);
        let mut array = |shape: Vec<usize>| {
            let data = rng.integers(shape.iter().product());
            Array { shape, data }
        };
        let (x, w) = (array(problem.input_shape()), array(problem.weight_shape()));
        let b = problem.bias.then(|| array(vec![problem.out_channels]).data);
        let layer = Layer::try_from(&problem).unwrap();
        match Trace::new(&layer, &x, &w, b.as_deref()) {
            Err(ExplainError::TooLarge { count, limit, .. }) => prop_assert!(count > limit as u128),
            Err(error) => prop_assert!(false, "{error}"),
            Ok(trace) => {
                let y = Definition::Scatter.run(&layer, &x, &w, b.as_deref()).unwrap();
                let expected = first_plane(&y, &trace.facts);
                prop_assert_eq!(&trace.output.values, &expected);
                check_steps(&trace, &expected);
                check_scatter(&trace, &expected);
                prop_assert!(serde_json::to_string(&trace).is_ok());
            }
        }
    }
}

#[test]
fn the_three_zeros_stand_where_they_belong() {
    // 2 elements, kernel 3, stride 2, padding 1, output_padding 1: one zero between, 1 before, 1 + 1 after.
    let layer = Layer::new(Op::ConvTranspose, 1)
        .stride(&[2])
        .crops(&[[1, 0]]);
    let trace = Trace::new(&layer, &counted(&[1, 2]), &counted(&[1, 1, 3]), None).unwrap();
    let kinds = |sheet: &convt_explain::Sheet| -> Vec<CellKind> {
        sheet.cells.iter().map(|cell| cell.kind).collect()
    };
    assert_eq!(
        kinds(&trace.steps.stretched[0]),
        [Value, InsertedZero, Value]
    );
    assert_eq!(
        kinds(&trace.steps.padded[0]),
        [
            PaddingZero,
            Value,
            InsertedZero,
            Value,
            PaddingZero,
            OutputPaddingZero
        ]
    );
    // The cell that output_padding adds to the output is no zero: it holds 2 * w[2].
    assert_eq!(trace.output.values, [2.0, 5.0, 4.0, 6.0]);
    // Padding 3 is more than the kernel reaches: one cell of the input is cut at each end.
    let layer = Layer::new(Op::ConvTranspose, 1).stride(&[2]).padding(&[3]);
    let trace = Trace::new(&layer, &counted(&[1, 4]), &counted(&[1, 1, 3]), None).unwrap();
    let expected = [
        Cropped,
        InsertedZero,
        Value,
        InsertedZero,
        Value,
        InsertedZero,
        Cropped,
    ];
    assert_eq!(kinds(&trace.steps.padded[0]), expected);
}

#[test]
fn the_flipped_kernel_reads_backwards() {
    let layer = Layer::new(Op::ConvTranspose, 2);
    let trace = Trace::new(&layer, &counted(&[1, 2, 2]), &counted(&[1, 1, 3, 3]), None).unwrap();
    let flipped = &trace.steps.flipped.as_ref().unwrap()[0];
    assert_eq!(
        flipped.values,
        [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]
    );
    assert_eq!(
        (letter(0), letter(25), letter(26)),
        ("a".into(), "z".into(), "A".into())
    );
    assert_eq!((letter(51), letter(52)), ("Z".into(), "t52".into()));
    let conv = Trace::new(
        &Layer::new(Op::Conv, 2),
        &counted(&[1, 4, 4]),
        &counted(&[1, 1, 3, 3]),
        None,
    );
    assert_eq!(conv.unwrap().steps.flipped, None);
}

#[test]
fn a_matrix_trace_restores_the_image_s_size_and_not_its_values() {
    let layer = Layer::new(Op::Conv, 2);
    let trace = MatrixTrace::new(&layer, &counted(&[4, 4]), &counted(&[3, 3])).unwrap();
    assert_eq!((trace.rows, trace.columns, trace.rank), (16, 4, Some(4)));
    assert_eq!(trace.windows.values, [348.0, 393.0, 528.0, 573.0]);
    assert_eq!(trace.back.shape, [4, 4]);
    assert_eq!(trace.back.values[15], 573.0 * 9.0);
    assert_ne!(trace.back.values, trace.image.unwrap().values);
    // A stride that leaves a remainder: the last row is reached by no window, and still comes back.
    let layer = Layer::new(Op::Conv, 1).stride(&[2]);
    let trace = MatrixTrace::new(&layer, &counted(&[6]), &counted(&[3])).unwrap();
    assert_eq!(
        (&trace.back.shape[..], trace.back.values[5]),
        (&[6][..], 0.0)
    );
    // Rank below the number of columns: a kernel of zeros.
    let zero = Array::zeros(&[3]).unwrap();
    assert_eq!(
        MatrixTrace::new(&layer, &counted(&[6]), &zero)
            .unwrap()
            .rank,
        Some(0)
    );
    // The transposed layer has the same C, and is given O.
    let layer = Layer::new(Op::ConvTranspose, 2);
    let trace = MatrixTrace::new(&layer, &counted(&[2, 2]), &counted(&[3, 3])).unwrap();
    assert_eq!((trace.rows, trace.columns), (16, 4));
    assert_eq!(trace.image, None);
    assert_eq!(trace.back.values[5], 23.0);
}

#[test]
fn what_is_not_shown_says_why() {
    let layer = Layer::new(Op::ConvTranspose, 2);
    let said = |x: &[usize], w: &[usize]| {
        let array = |shape: &[usize]| Array::zeros(shape).unwrap();
        Trace::new(&layer, &array(x), &array(w), None)
            .unwrap_err()
            .to_string()
    };
    assert!(said(&[1, 200, 200], &[1, 1, 3, 3]).contains("input 3x3, kernel 3x3"));
    assert!(said(&[0, 1, 2, 2], &[1, 1, 3, 3]).contains("batch is 0"));
    assert!(said(&[0, 2, 2], &[0, 1, 3, 3]).contains("in_channels is 0"));
    assert!(said(&[1, 2, 2], &[1, 0, 3, 3]).contains("out_channels is 0"));
    assert!(said(&[2, 2], &[1, 1, 3, 3]).contains("[2, 2]"));
    assert!(said(&[3, 2, 2], &[1, 1, 3, 3]).contains("3 channels"));
    let vast = Layer::new(Op::ConvTranspose, 2).crops(&[[-(1 << 40), 0], [0, 0]]);
    let error = Trace::new(&vast, &counted(&[1, 2, 2]), &counted(&[1, 1, 3, 3]), None).unwrap_err();
    assert!(matches!(error, ExplainError::TooLarge { .. }), "{error}");
    let error = MatrixTrace::new(
        &Layer::new(Op::Conv, 2),
        &counted(&[20, 20]),
        &counted(&[3, 3]),
    );
    assert!(error.unwrap_err().to_string().contains("entries of C"));
}
