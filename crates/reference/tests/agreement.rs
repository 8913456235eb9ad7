//! Random problems: the five definitions agree, the two operations are adjoint, values spread exactly, gradients are
//! those of the sum.

use convt_geometry::{Op, Problem};
use convt_reference::{Array, Definition, Layer, gradients};
use convt_testkit::{Rng, any_problem};
use proptest::prelude::*;

/// A problem's layer and arrays, filled by `fill`.
struct Set {
    layer: Layer,
    x: Array,
    w: Array,
    b: Option<Vec<f64>>,
}

impl Set {
    fn new(problem: &Problem, mut fill: impl FnMut(usize) -> Vec<f64>) -> Self {
        let mut array = |shape: Vec<usize>| {
            let data = fill(shape.iter().product());
            Array { shape, data }
        };
        let x = array(problem.input_shape());
        let w = array(problem.weight_shape());
        let b = array(vec![problem.out_channels]).data;
        Self {
            layer: Layer::try_from(problem).unwrap(),
            x,
            w,
            b: problem.bias.then_some(b),
        }
    }

    fn run(&self, definition: Definition) -> Array {
        definition
            .run(&self.layer, &self.x, &self.w, self.b.as_deref())
            .unwrap()
    }
}

fn dot(a: &Array, b: &Array) -> f64 {
    assert_eq!(a.shape, b.shape);
    a.data.iter().zip(&b.data).map(|(a, b)| a * b).sum()
}

/// NaN like NaN, everything else equal.
fn same_values(a: &Array, b: &Array) -> bool {
    a.shape == b.shape
        && a.data
            .iter()
            .zip(&b.data)
            .all(|(a, b)| a == b || a.is_nan() && b.is_nan())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn five_definitions_agree_exactly_on_integers(problem in any_problem(), seed: u64) {
        let mut rng = Rng::new(seed);
        let set = Set::new(&problem, |n| rng.integers(n));
        let first = set.run(Definition::Scatter);
        prop_assert_eq!(&first.shape, &problem.output_shape().unwrap());
        for definition in Definition::ALL {
            prop_assert_eq!(&set.run(definition), &first, "{}", definition.name());
        }
    }

    #[test]
    fn nan_and_infinity_reach_the_same_outputs_in_every_definition(problem in any_problem(), seed: u64) {
        let mut rng = Rng::new(seed);
        // Whole numbers beside them, and one sign of infinity: the order of summation then changes nothing.
        let set = Set::new(&problem, |n| {
            let mut values: Vec<f64> = rng.integers(n);
            for value in &mut values {
                match rng.below(16) {
                    0 => *value = f64::NAN,
                    1 => *value = f64::INFINITY,
                    _ => {}
                }
            }
            values
        });
        let first = set.run(Definition::Scatter);
        for definition in Definition::ALL {
            let other = set.run(definition);
            prop_assert!(same_values(&other, &first), "{}: {other:?} and {first:?}", definition.name());
        }
    }

    #[test]
    fn the_operations_are_adjoint(problem in any_problem(), seed: u64) {
        // <op(x), y> = <x, adjoint(y)> for the same weight; for a convolution's adjoint the size is asked for by crops.
        let mut rng = Rng::new(seed);
        let set = Set::new(&problem, |n| rng.integers(n));
        let y = Definition::Gather.run(&set.layer, &set.x, &set.w, None).unwrap();
        let other = Array { shape: y.shape.clone(), data: rng.integers(y.data.len()) };
        let mut adjoint = set.layer.clone();
        adjoint.op = match problem.op { Op::Conv => Op::ConvTranspose, Op::ConvTranspose => Op::Conv };
        let axes = problem.axes.len();
        for axis in 0..axes {
            if problem.op == Op::Conv {
                // Inputs that no window reaches: the adjoint ends `missing` cells early, so its end crop gives them back.
                let full = (y.shape[2 + axis] - 1) * problem.axes[axis].stride
                    + problem.axes[axis].dilation * (problem.axes[axis].kernel - 1) + 1;
                let [begin, _] = adjoint.crops[axis];
                adjoint.crops[axis][1] = full as isize - begin - set.x.shape[2 + axis] as isize;
            }
        }
        let back = Definition::Gather.run(&adjoint, &other, &set.w, None).unwrap();
        prop_assert_eq!(&back.shape, &set.x.shape);
        prop_assert_eq!(dot(&y, &other), dot(&set.x, &back));
    }

    #[test]
    fn gradients_are_the_derivatives(problem in any_problem(), seed: u64) {
        // L = <gy, y> is linear in x, in w and in b apart, so L(x + h) - L(x) = <gx, h> exactly, and so on.
        let mut rng = Rng::new(seed);
        let mut set = Set::new(&problem, |n| rng.integers(n));
        set.b = Some(rng.integers(problem.out_channels));
        let y = set.run(Definition::Scatter);
        let gy = Array { shape: y.shape.clone(), data: rng.integers(y.data.len()) };
        let g = gradients(&set.layer, &set.x, &set.w, &gy).unwrap();
        let loss = dot(&gy, &y);
        let step = |array: &Array, rng: &mut Rng| Array { shape: array.shape.clone(), data: rng.integers(array.data.len()) };
        let plus = |a: &Array, h: &Array| Array {
            shape: a.shape.clone(),
            data: a.data.iter().zip(&h.data).map(|(a, h)| a + h).collect(),
        };

        let h = step(&set.x, &mut rng);
        let moved = Definition::Gather.run(&set.layer, &plus(&set.x, &h), &set.w, set.b.as_deref()).unwrap();
        prop_assert_eq!(dot(&gy, &moved) - loss, dot(&g.x, &h));

        let h = step(&set.w, &mut rng);
        let moved = Definition::Gather.run(&set.layer, &set.x, &plus(&set.w, &h), set.b.as_deref()).unwrap();
        prop_assert_eq!(dot(&gy, &moved) - loss, dot(&g.w, &h));

        let h: Vec<f64> = rng.integers(problem.out_channels);
        let b: Vec<f64> = set.b.iter().flatten().zip(&h).map(|(b, h)| b + h).collect();
        let moved = Definition::Gather.run(&set.layer, &set.x, &set.w, Some(&b)).unwrap();
        let gb: f64 = g.b.iter().zip(&h).map(|(g, h)| g * h).sum();
        prop_assert_eq!(dot(&gy, &moved) - loss, gb);
    }
}

#[test]
fn an_infinite_weight_does_not_turn_a_border_into_nan() {
    // y[o] = x[0] * w[o]: the inserted and padded zeros of the four steps never meet the infinite tap.
    let layer = Layer::new(Op::ConvTranspose, 1).stride(&[2]);
    let x = Array::new(&[1, 2], vec![1.0, 2.0]).unwrap();
    let w = Array::new(&[1, 1, 3], vec![1.0, f64::INFINITY, 3.0]).unwrap();
    for definition in Definition::ALL {
        let y = definition.run(&layer, &x, &w, None).unwrap();
        let inf = f64::INFINITY;
        assert_eq!(y.data, [1.0, inf, 5.0, inf, 6.0], "{}", definition.name());
    }
    // A convolution's padding likewise.
    let layer = Layer::new(Op::Conv, 1).padding(&[1]);
    let w = Array::new(&[1, 1, 3], vec![f64::INFINITY, 1.0, 1.0]).unwrap();
    for definition in Definition::ALL {
        let y = definition.run(&layer, &x, &w, None).unwrap();
        assert_eq!(y.data, [3.0, f64::INFINITY], "{}", definition.name());
    }
}

#[test]
fn empty_sizes_mean_what_the_semantics_say() {
    let layer = Layer::new(Op::ConvTranspose, 1).stride(&[2]);
    for definition in Definition::ALL {
        let run = |x: &[usize], w: &[usize], b: Option<&[f64]>| {
            let array = |shape: &[usize]| Array::zeros(shape).unwrap();
            definition.run(&layer, &array(x), &array(w), b).unwrap()
        };
        assert_eq!(run(&[0, 2, 3], &[2, 4, 3], None).shape, [0, 4, 7]);
        let bias_only = run(&[1, 0, 3], &[0, 2, 3], Some(&[5.0, 6.0]));
        assert_eq!(bias_only.shape, [1, 2, 7]);
        assert_eq!(bias_only.data, [[5.0; 7], [6.0; 7]].concat());
        assert_eq!(run(&[1, 2, 3], &[2, 0, 3], None).shape, [1, 0, 7]);
        assert_eq!(run(&[2, 3], &[2, 4, 3], None).shape, [4, 7], "unbatched");
    }
}
