//! Whether the engine agrees with a peer, case by case.

use convt::{Dtype, Element, Layer, Padding, Run};
use convt_testkit::{Bound, Case, Float};

use crate::common::{Sample, bits};
use crate::words::{expected_crops, said};

fn sample<T: Element + Float>(case: &Case) -> Sample<T> {
    let convert = |data: &[f32]| data.iter().map(|&v| T::from_f64(f64::from(v))).collect();
    Sample {
        problem: case.problem.clone(),
        x: convert(&case.x.data),
        w: convert(&case.w.data),
        b: case.b.as_ref().map(|b| convert(&b.data)),
    }
}

/// Asserts that the engine, given the case's crops, gives the peer's output: exactly on whole numbers, else within the
/// rounding of both sides.
pub(crate) fn assert_output<T: Element + Float>(case: &Case) {
    let sample = sample::<T>(case);
    let y = sample.run(&Run::new());
    let what = format!("{} {} ({:?})", case.key, case.name, case.source);
    if case.integer {
        Bound::check_exact(&what, &y, &case.y.data);
        return;
    }
    let bound = Bound::new(sample.terms());
    let magnitude = sample.magnitude();
    if case.y_dtype == Dtype::F64 {
        bound.check(&what, &y, &case.y.data, &magnitude);
        return;
    }
    // The peer summed in f32 as well: both lie within the bound of the exact sum.
    assert_eq!(y.len(), case.y.data.len(), "{what}: number of values");
    for (i, (y, &peer)) in y.iter().zip(&case.y.data).enumerate() {
        let (y, allowed) = (y.to_f64(), 2.0 * bound.of::<f32>(magnitude[i]));
        assert!(
            (y - peer).abs() <= allowed,
            "{what}: value {i} is {y:?}, the peer's {peer:?}, allowed {allowed:e}"
        );
    }
}

/// Asserts that the peer's words, read by their own constructor, lead to the crops that the case stores (or, where it
/// stores none, to its output).
pub(crate) fn assert_words(case: &Case) {
    let what = format!("{} {} {:?}", case.key, case.name, case.convention);
    let mut problem = case.problem.clone();
    if let Some(crops) = expected_crops(case) {
        for (axis, crop) in problem.axes.iter_mut().zip(crops) {
            axis.padding = Padding::Signed(crop);
        }
    }
    let said = said(case);
    let spatial = &case.x.shape[2..];
    if !said.by_call {
        let read = said.layer.problem(problem.batch, spatial, problem.dtype);
        for (axis, (read, stored)) in read
            .expect(&what)
            .axes
            .iter()
            .zip(&problem.axes)
            .enumerate()
        {
            let crop =
                |axis: &convt_geometry::ProblemAxis| axis.axis(problem.op).expect(&what).crop;
            assert_eq!(crop(read), crop(stored), "{what}: axis {axis}");
        }
    }
    let weight = || (&case.w.data[..], &case.w.shape[..]);
    let bias = case.b.as_ref().map(|b| &b.data[..]);
    let output = |layer: &Layer, run: &Run| {
        let plan = layer.plan(weight(), bias).expect(&what);
        plan.run_slice_with(&case.x.data, &case.x.shape, run)
            .expect(&what)
    };
    let read = output(&said.layer, &said.run);
    let stored = output(&Layer::from_problem(&problem), &Run::new());
    assert_eq!(read.shape, stored.shape, "{what}");
    assert_eq!(bits(&read.data), bits(&stored.data), "{what}");
}
