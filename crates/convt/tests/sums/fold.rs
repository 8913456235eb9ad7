//! Batch norm and weight norm.

use std::collections::BTreeSet;

use convt::fold::{BatchNorm, batch_norm, weight_norm};
use convt::{Conv2d, ConvTranspose2d, Element, Op, Problem, Run, Tensor};
use convt_reference::Definition;
use convt_testkit::{Bound, Float, Rng, problems};

use crate::common::{Sample, Values};
use crate::{coordinates, run, whole};

/// A batch norm whose lists are its own.
struct Norm<T> {
    gamma: Option<Vec<T>>,
    beta: Option<Vec<T>>,
    mean: Vec<T>,
    variance: Vec<T>,
    epsilon: f64,
}

impl<T: Element + Float> Norm<T> {
    fn view(&self) -> BatchNorm<'_, T> {
        BatchNorm {
            gamma: self.gamma.as_deref(),
            beta: self.beta.as_deref(),
            mean: &self.mean,
            variance: &self.variance,
            epsilon: self.epsilon,
        }
    }

    /// One whose factors are whole: variance + epsilon is 1, 4 or 16, and gamma a multiple of 4.
    fn whole(channels: usize, rng: &mut Rng) -> Self {
        let gamma: Vec<T> = rng.integers(channels);
        Self {
            gamma: Some(
                gamma
                    .iter()
                    .map(|g| T::from_f64(4.0 * g.to_f64()))
                    .collect(),
            ),
            beta: (rng.below(2) == 0).then(|| rng.integers(channels)),
            mean: rng.integers(channels),
            variance: (0..channels)
                .map(|_| T::from_f64([0.0, 3.0, 15.0][rng.below(3)]))
                .collect(),
            epsilon: 1.0,
        }
    }

    fn normal(channels: usize, rng: &mut Rng) -> Self {
        let spread: Vec<T> = rng.normal(channels);
        Self {
            gamma: (rng.below(4) > 0).then(|| rng.normal(channels)),
            beta: (rng.below(4) > 0).then(|| rng.normal(channels)),
            mean: rng.normal(channels),
            variance: spread
                .iter()
                .map(|v| T::from_f64(v.to_f64().abs()))
                .collect(),
            epsilon: 1e-5,
        }
    }

    fn factor(&self, c: usize) -> f64 {
        let gamma = self.gamma.as_ref().map_or(1.0, |gamma| gamma[c].to_f64());
        gamma / (self.variance[c].to_f64() + self.epsilon).sqrt()
    }

    fn beta(&self, c: usize) -> f64 {
        self.beta.as_ref().map_or(0.0, |beta| beta[c].to_f64())
    }

    /// What the norm makes of an output value of channel `c`.
    fn apply(&self, y: f64, c: usize) -> f64 {
        (y - self.mean[c].to_f64()) * self.factor(c) + self.beta(c)
    }
}

/// The channel of each output element, in order.
fn channels_of(problem: &Problem, elements: usize) -> impl Iterator<Item = usize> {
    let plane = elements / problem.batch / problem.out_channels;
    let channels = problem.out_channels;
    (0..elements).map(move |index| index / plane % channels)
}

/// The sample's layer with the norm folded into it.
fn folded<T: Element + Float + convt::init::Real>(sample: &Sample<T>, norm: &Norm<T>) -> Sample<T> {
    let problem = &sample.problem;
    let shape = problem.weight_shape();
    let weight = (&sample.w[..], &shape[..]);
    let bias = sample.b.as_deref();
    let folded = batch_norm(problem.op, problem.groups, weight, bias, &norm.view()).unwrap();
    assert_eq!(folded.weight.shape, shape);
    Sample {
        problem: Problem {
            bias: true,
            ..problem.clone()
        },
        x: sample.x.clone(),
        w: folded.weight.data,
        b: Some(folded.bias),
    }
}

#[test]
fn a_folded_layer_is_the_layer_and_then_the_norm() {
    let mut seen = BTreeSet::new();
    for (seed, problem) in (0..).zip(problems(11, 300)) {
        let mut rng = Rng::new(seed);
        let sample = Sample::<f32>::new(&problem, Values::Whole, seed);
        let norm = Norm::whole(problem.out_channels, &mut rng);
        let y = sample.run(&sample.options());
        let expected: Vec<f64> = channels_of(&problem, y.len())
            .zip(&y)
            .map(|(c, &y)| norm.apply(f64::from(y), c))
            .collect();
        let y = folded(&sample, &norm).run(&sample.options());
        Bound::check_exact(&problem.to_string(), &y, &expected);

        let depthwise = problem.groups > 1 && problem.groups == problem.in_channels;
        let kind = if depthwise { 0 } else { problem.groups };
        seen.insert((problem.op == Op::Conv, kind, problem.bias));
    }
    for conv in [false, true] {
        for kind in 0..=3 {
            for bias in [false, true] {
                let what = (conv, kind, bias);
                assert!(seen.contains(&what), "no such problem was drawn: {what:?}");
            }
        }
    }
}

/// The folded weight and bias are rounded once more than the layer's sum is, and in f64 their own four operations count.
fn rounding<T: Element + Float + convt::init::Real>(more_terms: usize) {
    for (seed, problem) in (0..).zip(problems(12, 150)) {
        let mut rng = Rng::new(seed);
        let sample = Sample::<T>::new(&problem, Values::Normal, seed);
        let norm = Norm::<T>::normal(problem.out_channels, &mut rng);
        let y = sample.oracle(Definition::Gather);
        let sums = sample.magnitude();
        let (mut expected, mut magnitude) = (Vec::new(), Vec::new());
        for (index, c) in channels_of(&problem, y.len()).enumerate() {
            let mean = norm.mean[c].to_f64().abs();
            expected.push(norm.apply(y[index], c));
            magnitude.push((sums[index] + mean) * norm.factor(c).abs() + norm.beta(c).abs());
        }
        let bound = Bound::new(sample.terms() + more_terms);
        let y = folded(&sample, &norm).run(&sample.options());
        bound.check(&problem.to_string(), &y, &expected, &magnitude);
    }
}

#[test]
fn folding_rounds_once() {
    rounding::<f32>(2);
    rounding::<f64>(6);
}

/// The mistakes that shapes do not show: `(C, C/groups, k, k)` scaled along dim 0, or along dim 1 alike in every group.
#[test]
fn the_classic_mistakes_differ() {
    let channels = 4;
    let factors = [1.0, 2.0, -1.0, 4.0];
    for groups in [1, 2, 4] {
        let layer = ConvTranspose2d::new(channels, channels, 3)
            .stride(2)
            .groups(groups)
            .bias(false);
        let weight = whole(&layer.weight_shape(), 1);
        let x = whole(&[1, channels, 3, 4], 2);
        let y = run(&layer, &weight, None, &x);
        let plane = y.data.len() / channels;
        let expected: Vec<f32> = (y.data.iter().enumerate())
            .map(|(index, y)| y * factors[index / plane])
            .collect();

        let per_group = channels / groups;
        let scaled = |factor: &dyn Fn(&[usize]) -> f32| {
            let data = coordinates(&weight.shape)
                .zip(&weight.data)
                .map(|(at, w)| w * factor(&at))
                .collect();
            let scaled = Tensor {
                shape: weight.shape.clone(),
                data,
            };
            run(&layer, &scaled, None, &x).data
        };
        let norm = BatchNorm {
            gamma: Some(&factors),
            beta: None,
            mean: &[0.0; 4],
            variance: &[1.0; 4],
            epsilon: 0.0,
        };
        let right = batch_norm(Op::ConvTranspose, groups, &weight, None, &norm).unwrap();
        assert_eq!(right.bias, [0.0; 4]);
        assert_eq!(run(&layer, &right.weight, None, &x).data, expected);

        let along_dim_0 = scaled(&|at| factors[at[0]]);
        let alike_in_every_group = scaled(&|at| factors[at[1]]);
        // Each mistake is right in the one case where channel and index agree, which is how it survives.
        assert_eq!(along_dim_0 == expected, per_group == 1, "{groups} groups");
        assert_eq!(
            alike_in_every_group == expected,
            groups == 1,
            "{groups} groups"
        );
    }
}

#[test]
fn weight_norm_by_hand() {
    let v = (&[3.0_f32, 4.0, 5.0, 12.0][..], [2, 1, 2]);
    let rows = weight_norm(&[10.0, -13.0], v, Some(0)).unwrap();
    assert_eq!(rows.data, [6.0, 8.0, -5.0, -12.0]);
    assert_eq!(rows.shape, [2, 1, 2]);
    let v = (&[3.0_f32, 5.0, 4.0, 12.0][..], [2, 1, 2]);
    let columns = weight_norm(&[10.0, 26.0], v, Some(2)).unwrap();
    assert_eq!(columns.data, [6.0, 10.0, 8.0, 24.0]);
    let all = weight_norm(&[6.0], (&[1.0_f32, 1.0, 3.0, 5.0][..], [4, 1, 1]), None).unwrap();
    assert_eq!(all.data, [1.0, 1.0, 3.0, 5.0]); // the norm is sqrt(36)
    // Squares that neither vanish nor overflow.
    let tiny = weight_norm(&[5.0], (&[3e-200_f64, 4e-200][..], [1, 1, 2]), Some(0)).unwrap();
    let huge = weight_norm(&[5.0], (&[3e200_f64, 4e200][..], [1, 1, 2]), Some(0)).unwrap();
    for w in [tiny, huge] {
        assert!((w.data[0] - 3.0).abs() < 1e-14 && (w.data[1] - 4.0).abs() < 1e-14);
    }
}

#[test]
fn weight_norm_has_the_length_and_the_direction_along_any_dim() {
    for (seed, shape) in (0..).zip([&[3, 2, 5][..], &[2, 4, 3, 1], &[4, 1, 2, 3, 2], &[1, 1, 1]]) {
        let mut rng = Rng::new(seed);
        let v: Vec<f64> = rng.normal(shape.iter().product());
        let places: Vec<Vec<usize>> = coordinates(shape).collect();
        for dim in (0..shape.len()).map(Some).chain([None]) {
            let slice = |index: usize| dim.map_or(0, |dim| places[index][dim]);
            let g: Vec<f64> = rng.normal(dim.map_or(1, |dim| shape[dim]));
            let w = weight_norm(&g, (&v[..], shape), dim).unwrap();
            for index in 0..v.len() {
                let square: f64 = (0..v.len())
                    .filter(|&other| slice(other) == slice(index))
                    .map(|other| v[other] * v[other])
                    .sum();
                let expected = g[slice(index)] * v[index] / square.sqrt();
                let terms = v.len() as f64 + 8.0;
                let error = (w.data[index] - expected).abs();
                assert!(
                    error <= terms * f64::EPSILON * expected.abs(),
                    "{shape:?} {dim:?}"
                );
            }
        }
    }
}

/// With directions of +-1 and 16 elements per slice all norms are 4, so that everything stays whole.
#[test]
fn weight_norm_scales_outputs_of_one_operation_and_inputs_of_the_other() {
    let signs = |seed| {
        let mut v = whole(&[4, 4, 2, 2], seed);
        for value in &mut v.data {
            *value = value.signum();
        }
        v
    };
    let g = [4.0, -8.0, 12.0, 16.0];
    let scale = |t: &Tensor<f32>| {
        let plane = t.shape[2] * t.shape[3];
        let scaled = (t.data.iter().enumerate()).map(|(i, v)| v * g[i / plane % 4] / 4.0);
        Tensor {
            shape: t.shape.clone(),
            data: scaled.collect(),
        }
    };
    let x = whole(&[1, 4, 3, 3], 5);
    let v = signs(6);
    let conv = Conv2d::new(4, 4, 2).bias(false);
    let transposed = ConvTranspose2d::new(4, 4, 2).stride(2).bias(false);
    let by_dim = |dim| weight_norm(&g, &v, Some(dim)).unwrap();

    assert_eq!(
        run(&conv, &by_dim(0), None, &x),
        scale(&run(&conv, &v, None, &x))
    );
    assert_eq!(
        run(&conv, &by_dim(1), None, &x),
        run(&conv, &v, None, &scale(&x))
    );
    assert_eq!(
        run(&transposed, &by_dim(0), None, &x),
        run(&transposed, &v, None, &scale(&x))
    );
    assert_eq!(
        run(&transposed, &by_dim(1), None, &x),
        scale(&run(&transposed, &v, None, &x))
    );
    assert_ne!(
        run(&transposed, &by_dim(0), None, &x),
        scale(&run(&transposed, &v, None, &x))
    );
}

#[test]
fn a_folded_layer_with_output_size_keeps_it() {
    let layer = ConvTranspose2d::new(2, 2, 3).stride(2).padding(1);
    let norm = BatchNorm {
        gamma: None,
        beta: Some(&[1.0, 2.0]),
        mean: &[0.0; 2],
        variance: &[0.0; 2],
        epsilon: 1.0,
    };
    let weight = whole(&layer.weight_shape(), 8);
    let folded = batch_norm(Op::ConvTranspose, 1, &weight, None, &norm).unwrap();
    let plan = layer.plan(&folded.weight, Some(&folded.bias)).unwrap();
    let options = Run::new().output_size([6, 5]);
    let y = plan
        .run_slice_with(&[0.0; 18], &[2, 3, 3], &options)
        .unwrap();
    assert_eq!(y.shape, [2, 6, 5]);
    assert!(y.data[..30].iter().all(|&v| v == 1.0) && y.data[30..].iter().all(|&v| v == 2.0));
}
