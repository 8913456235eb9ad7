//! PyTorch's numbers: all conformance vectors, every definition, and the gradients.

use convt_reference::{Array, Definition, Layer, gradients};
use convt_testkit::{Case, Tensor, vectors};

fn wide(tensor: &Tensor<f32>) -> Array {
    Array {
        shape: tensor.shape.clone(),
        data: tensor.data.iter().map(|&v| f64::from(v)).collect(),
    }
}

fn sized(array: &Array) -> Array {
    Array {
        shape: array.shape.clone(),
        data: array.data.iter().map(|v| v.abs()).collect(),
    }
}

/// Equal where the data is integer, otherwise within 1e-12 of the sum of |products|, element by element.
fn compare(case: &Case, what: &str, got: &Array, magnitude: &[f64], expected: &Tensor<f64>) {
    assert_eq!(got.shape, expected.shape, "{} {what}", case.key);
    for (i, (&got, &expected)) in got.data.iter().zip(&expected.data).enumerate() {
        let allowed = if case.integer {
            0.0
        } else {
            1e-12 * magnitude[i]
        };
        let difference = (got - expected).abs();
        assert!(
            difference <= allowed,
            "{} ({}) {what}[{i}]: {got}, expected {expected}, difference {difference:e} > {allowed:e}",
            case.key,
            case.problem
        );
    }
}

#[test]
fn every_definition_gives_pytorch_s_outputs() {
    let cases = vectors();
    assert_eq!(cases.len(), 320);
    for case in &cases {
        let layer = Layer::try_from(&case.problem).unwrap();
        let (x, w) = (wide(&case.x), wide(&case.w));
        let b = case.b.as_ref().map(|b| wide(b).data);
        let size = Definition::Scatter
            .run(
                &layer,
                &sized(&x),
                &sized(&w),
                b.as_ref()
                    .map(|b| b.iter().map(|v| v.abs()).collect::<Vec<_>>())
                    .as_deref(),
            )
            .unwrap();
        for definition in Definition::ALL {
            let y = definition.run(&layer, &x, &w, b.as_deref()).unwrap();
            compare(case, definition.name(), &y, &size.data, &case.y);
        }
    }
}

#[test]
fn gradients_are_pytorch_s() {
    let mut compared = 0;
    for case in &vectors() {
        let Some(expected) = &case.gradients else {
            assert_eq!(case.problem.batch, 0, "{} has no gradients", case.key);
            continue;
        };
        let layer = Layer::try_from(&case.problem).unwrap();
        let (x, w) = (wide(&case.x), wide(&case.w));
        let gy = Array {
            shape: expected.gy.shape.clone(),
            data: expected.gy.data.clone(),
        };
        let got = gradients(&layer, &x, &w, &gy).unwrap();
        let size = gradients(&layer, &sized(&x), &sized(&w), &sized(&gy)).unwrap();
        compare(case, "gx", &got.x, &size.x.data, &expected.gx);
        compare(case, "gw", &got.w, &size.w.data, &expected.gw);
        if let Some(gb) = &expected.gb {
            let b = Array {
                shape: vec![got.b.len()],
                data: got.b,
            };
            compare(case, "gb", &b, &size.b, gb);
        }
        compared += 1;
    }
    assert_eq!(compared, 319);
}
