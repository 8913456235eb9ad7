//! Weights between frameworks.

use std::path::Path;

use convt::port::{WeightLayout, from_torch, to_torch};
use convt::{Conv, ConvTranspose, Op, Tensor};
use convt_testkit::load_cases;
use proptest::prelude::*;

use crate::{coordinates, offset, run, whole};

const OPS: [Op; 2] = [Op::ConvTranspose, Op::Conv];

/// The layouts that the frameworks themselves were run with when the tables were made.
#[test]
fn the_tables_weights_arrive_as_pytorchs() {
    let prefix = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/peers/tables");
    let mut seen = std::collections::BTreeMap::new();
    for case in load_cases(Path::new(prefix)).unwrap() {
        let Some(native) = &case.w_native else {
            continue;
        };
        let words = case
            .convention
            .as_ref()
            .expect("a peer's case has its words");
        let (framework, layout) = (&words["framework"], &words["weight"]);
        let layout = match (framework.as_str().unwrap(), layout.as_str().unwrap()) {
            ("tensorflow" | "keras", "hwoi" | "hwio") => WeightLayout::TensorFlow,
            ("jax", "hwoi") => WeightLayout::JaxTransposeKernel,
            ("jax", "hwio_flipped") => WeightLayout::Jax,
            ("flax", "hwoi") => WeightLayout::FlaxTransposeKernel,
            ("flax", "hwio_flipped") => WeightLayout::Flax,
            other => panic!("{}: unknown layout {other:?}", case.name),
        };
        let op = case.problem.op;
        let torch = to_torch(layout, op, 1, (&native.data[..], &native.shape[..])).unwrap();
        assert_eq!(
            (&torch.shape, &torch.data),
            (&case.w.shape, &case.w.data),
            "{}",
            case.name
        );
        let back = from_torch(layout, op, 1, &torch).unwrap();
        assert_eq!(
            (&back.shape, &back.data),
            (&native.shape, &native.data),
            "{}",
            case.name
        );
        *seen.entry((layout.to_string(), op.name())).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), 6, "{seen:?}");
}

/// Sizes of a weight, and one of its elements.
struct Place {
    groups: usize,
    inputs: usize,
    outputs: usize,
    g: usize,
    i: usize,
    o: usize,
}

impl Place {
    fn all_in(&self) -> (usize, usize) {
        (self.g * self.inputs + self.i, self.groups * self.inputs)
    }
    fn all_out(&self) -> (usize, usize) {
        (self.g * self.outputs + self.o, self.groups * self.outputs)
    }
    fn input(&self) -> (usize, usize) {
        (self.i, self.inputs)
    }
    fn output(&self) -> (usize, usize) {
        (self.o, self.outputs)
    }
}

/// The coordinate and the size of each axis as the frameworks' manuals write them, `kernel` being the spatial ones.
fn manual(
    layout: WeightLayout,
    op: Op,
    p: &Place,
    kernel: &[(usize, usize)],
) -> Vec<(usize, usize)> {
    use WeightLayout as W;
    let turned: Vec<(usize, usize)> = kernel.iter().map(|&(t, k)| (k - 1 - t, k)).collect();
    match (op, layout) {
        (Op::ConvTranspose, W::Torch | W::WebNnIohw) => {
            [&[p.all_in(), p.output()], kernel].concat()
        }
        (
            Op::ConvTranspose,
            W::TensorFlow | W::JaxTransposeKernel | W::FlaxTransposeKernel | W::WebNnHwoi,
        ) => [kernel, &[p.output(), p.all_in()]].concat(),
        (Op::ConvTranspose, W::Jax | W::Flax) => [&turned[..], &[p.all_in(), p.output()]].concat(),
        (Op::ConvTranspose, W::TfLite | W::WebNnOhwi) => {
            [&[p.output()], kernel, &[p.all_in()]].concat()
        }
        (Op::ConvTranspose, W::Equinox) => [&[p.all_out(), p.input()], &turned[..]].concat(),
        (Op::ConvTranspose, W::Ncnn) => [&[p.all_out(), p.input()], kernel].concat(),
        (Op::ConvTranspose, W::Mlx) | (Op::Conv, W::TfLite | W::Mlx | W::WebNnOhwi) => {
            [&[p.all_out()], kernel, &[p.input()]].concat()
        }
        (Op::Conv, W::Torch | W::Equinox | W::Ncnn | W::WebNnOihw) => {
            [&[p.all_out(), p.input()], kernel].concat()
        }
        (Op::Conv, W::TensorFlow | W::Flax | W::WebNnHwio) => {
            [kernel, &[p.input(), p.all_out()]].concat()
        }
        (Op::Conv, W::WebNnIhwo) => [&[p.input()], kernel, &[p.all_out()]].concat(),
        other => panic!("no such layout: {other:?}"),
    }
}

#[test]
fn every_element_lies_where_the_manual_says() {
    let mut layouts = 0;
    for (op, layout) in OPS
        .iter()
        .flat_map(|&op| WeightLayout::ALL.map(|layout| (op, layout)))
    {
        if !layout.stores(op) {
            continue;
        }
        layouts += 1;
        for kernel in [&[4][..], &[3, 2], &[2, 3, 2]] {
            for (groups, inputs, outputs) in [(1, 2, 3), (2, 3, 2), (3, 2, 2), (4, 1, 1)] {
                if groups > 1 && !layout.has_groups(op) {
                    continue;
                }
                let channels = match op {
                    Op::ConvTranspose => [groups * inputs, outputs],
                    Op::Conv => [groups * outputs, inputs],
                };
                let torch = whole(&[&channels, kernel].concat(), 3);
                let native = from_torch(layout, op, groups, &torch).unwrap();
                for at in coordinates(&[&[groups, inputs, outputs], kernel].concat()) {
                    let (g, i, o) = (at[0], at[1], at[2]);
                    let place = Place {
                        groups,
                        inputs,
                        outputs,
                        g,
                        i,
                        o,
                    };
                    let taps: Vec<_> = at[3..]
                        .iter()
                        .copied()
                        .zip(kernel.iter().copied())
                        .collect();
                    let look = |t: &Tensor<f32>, layout| {
                        let (at, shape): (Vec<_>, Vec<_>) =
                            manual(layout, op, &place, &taps).into_iter().unzip();
                        assert_eq!(t.shape, shape, "{layout}, {op:?}, {groups} groups");
                        t.data[offset(&shape, &at)]
                    };
                    assert_eq!(
                        look(&native, layout),
                        look(&torch, WeightLayout::Torch),
                        "{layout}, {op:?}, {at:?}"
                    );
                }
            }
        }
    }
    assert_eq!(layouts, 13 + 11);
}

proptest! {
    #[test]
    fn there_and_back_is_the_same(
        layout in proptest::sample::select(&WeightLayout::ALL[..]),
        op in proptest::sample::select(&OPS[..]),
        groups in 1..4_usize,
        inputs in 0..4_usize,
        outputs in 0..4_usize,
        kernel in proptest::collection::vec(0..4_usize, 1..=3),
        seed: u64,
    ) {
        let groups = if layout.has_groups(op) { groups } else { 1 };
        let channels = match op {
            Op::ConvTranspose => [groups * inputs, outputs],
            Op::Conv => [groups * outputs, inputs],
        };
        let torch = whole(&[&channels[..], &kernel].concat(), seed);
        match from_torch(layout, op, groups, &torch) {
            Ok(native) => {
                prop_assert_eq!(native.data.len(), torch.data.len());
                prop_assert_eq!(to_torch(layout, op, groups, &native).unwrap(), torch);
            }
            Err(error) => prop_assert!(!layout.stores(op), "{error}"),
        }
    }
}

/// What Equinox does: an ordinary grouped convolution, stride 1, of the stretched input, with its own weight.
#[test]
fn equinox_weight_gives_the_same_numbers_in_its_own_computation() {
    for (groups, inputs, outputs) in [(1, 2, 3), (2, 3, 2), (2, 2, 2), (3, 2, 1)] {
        let (channels, kernel, stride) = ([groups * inputs, groups * outputs], [3, 2], [2, 3]);
        let layer = ConvTranspose::<2>::new(channels[0], channels[1], kernel)
            .stride(stride)
            .groups(groups)
            .bias(false);
        let weight = whole(&layer.weight_shape(), 7);
        let x = whole(&[1, channels[0], 3, 4], 8);
        let expected = run(&layer, &weight, None, &x);

        let mut stretched = Tensor {
            shape: vec![1, channels[0], 2 * stride[0] + 1, 3 * stride[1] + 1],
            data: Vec::new(),
        };
        stretched.data = vec![0.0; stretched.shape.iter().product()];
        for (at, &value) in coordinates(&x.shape).zip(&x.data) {
            let place = [0, at[1], at[2] * stride[0], at[3] * stride[1]];
            let index = offset(&stretched.shape, &place);
            stretched.data[index] = value;
        }
        let conv = Conv::<2>::new(channels[0], channels[1], kernel)
            .padding([2, 1])
            .groups(groups)
            .bias(false);
        let native = from_torch(WeightLayout::Equinox, Op::ConvTranspose, groups, &weight).unwrap();
        assert_eq!(
            run(&conv, &native, None, &stretched),
            expected,
            "{groups} groups"
        );

        // The classic mistake: exchange the two channel axes of the whole array, groups or not.
        let (first, second) = (weight.shape[0], weight.shape[1]);
        let plane = kernel[0] * kernel[1];
        let exchanged: Vec<f32> = (0..first * second * plane)
            .map(|index| {
                let (o, i, tap) = (
                    index / plane / first,
                    index / plane % first,
                    plane - 1 - index % plane,
                );
                weight.data[(i * second + o) * plane + tap]
            })
            .collect();
        let mistaken = Tensor {
            shape: native.shape,
            data: exchanged,
        };
        let same = run(&conv, &mistaken, None, &stretched) == expected;
        // Right without groups, and with one output channel each: which is how it survives.
        assert_eq!(same, groups == 1 || outputs == 1, "{groups} groups");
    }
}
