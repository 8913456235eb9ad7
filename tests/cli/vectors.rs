//! The conformance vectors through the program.

use convt_reference::{Array, Definition, Layer};
use convt_testkit::{Bound, Case, vectors};

use super::desk::Desk;

/// The options that say a case's problem.
fn options_of(case: &Case) -> Vec<String> {
    let list = |value: &dyn Fn(usize) -> String| {
        (0..case.problem.axes.len())
            .map(value)
            .collect::<Vec<_>>()
            .join(",")
    };
    let axes = &case.problem.axes;
    let padding = |i: usize| match axes[i].padding {
        convt_geometry::Padding::Both(p) => p.to_string(),
        other => panic!("the vectors say padding as numbers, not {other:?}"),
    };
    let mut words = vec![
        "--op".to_string(),
        case.problem.op.name().replace('_', "-"),
        "--stride".to_string(),
        list(&|i| axes[i].stride.to_string()),
        "--padding".to_string(),
        list(&padding),
        "--dilation".to_string(),
        list(&|i| axes[i].dilation.to_string()),
        "--groups".to_string(),
        case.problem.groups.to_string(),
    ];
    if axes.iter().any(|axis| axis.output_padding > 0) {
        words.extend([
            "--output-padding".to_string(),
            list(&|i| axes[i].output_padding.to_string()),
        ]);
    }
    words
}

/// What the products' absolute values sum to, for the error bound.
fn magnitudes(case: &Case) -> Vec<f64> {
    let positive = |tensor: &convt_testkit::Tensor<f32>| Array {
        shape: tensor.shape.clone(),
        data: tensor
            .data
            .iter()
            .map(|&value| f64::from(value).abs())
            .collect(),
    };
    let layer = Layer::try_from(&case.problem).unwrap();
    let b = case.b.as_ref().map(|b| positive(b).data);
    let y = Definition::Scatter.run(&layer, &positive(&case.x), &positive(&case.w), b.as_deref());
    y.unwrap().data
}

#[test]
fn all_conformance_vectors() {
    let desk = Desk::new();
    for case in vectors() {
        desk.save("x.npy", &case.x.shape, &case.x.data);
        desk.save("w.safetensors:weight", &case.w.shape, &case.w.data);
        let options = options_of(&case);
        let mut words = vec![
            "run",
            "--overwrite",
            "-q",
            "-i",
            "x.npy",
            "-w",
            "w.safetensors:weight",
            "-o",
            "y.npy",
        ];
        if let Some(b) = &case.b {
            desk.save("b.npy", &b.shape, &b.data);
            words.extend(["-b", "b.npy"]);
        }
        words.extend(options.iter().map(String::as_str));
        let done = desk.convt(&words);
        assert_eq!(
            (done.code, done.stderr.as_str()),
            (Some(0), ""),
            "{}",
            case.name
        );
        let y = desk.load("y.npy");
        assert_eq!(y.shape, case.y.shape, "{}", case.name);
        let values = y.elements.into_f32();
        if case.integer {
            Bound::check_exact(&case.name, &values, &case.y.data);
        } else {
            let bound = Bound::new(case.terms());
            bound.check(&case.name, &values, &case.y.data, &magnitudes(&case));
        }
    }
}
