//! Patches against phases, bit for bit.

use convt_geometry::Problem;
use convt_testkit::{Float, Guarded, Rng};

use super::{LINES, PatchWeights, Patches, fits, suits};
use crate::algorithm::phases::Phases;
use crate::algorithm::{Call, Packed};
use crate::layer::OutputChoice;
use crate::{Activation, Element, Isa, Layer, Run, Scratch};

/// Compares both algorithms on every set, with one thread and several, in scratch of exactly as many elements as asked for.
fn check<T: Element + Float>(line: &str) {
    let problem: Problem = line.parse().expect(line);
    let layer = Layer::from_problem(&problem);
    assert!(fits(&layer), "{line}");
    let sizes = layer
        .resolve(&problem.input_shape(), &OutputChoice::Layer)
        .expect(line);
    assert!(suits(&sizes), "{line}");
    let mut rng = Rng::new(5);
    let x: Vec<T> = rng.normal(problem.input_shape().iter().product());
    let w: Vec<T> = rng.normal(layer.weight_shape().iter().product());
    let b: Vec<T> = rng.normal(problem.out_channels);
    let count = sizes.output_shape().iter().product();
    let bits = |options: &Run, scratch: usize, run: &dyn Fn(Call<'_, T>)| -> Vec<u64> {
        let mut y = Guarded::<T>::shifted(count, 4 * options.threads - 2);
        let mut scratch = Scratch::from_vec(vec![T::SENTINEL; Scratch::<T>::with_slack(scratch)]);
        run(Call {
            isa: options.isa.unwrap_or_else(Isa::best),
            sizes: &sizes,
            x: &x,
            y: y.as_mut_slice(),
            scratch: &mut scratch,
            options,
            activation: &Activation::LeakyRelu(T::from_f64(0.125)),
        });
        y.assert_intact();
        y.assert_filled();
        y.as_slice().iter().map(|v| Float::to_bits(*v)).collect()
    };
    let packed = Packed::new(&layer, &w, &b).unwrap();
    let expected = bits(&Run::new().threads(1), 0, &|call| {
        Phases::new(&packed, &sizes).unwrap().run(call).unwrap();
    });
    let packed = PatchWeights::new(&layer, &w, &b).unwrap();
    assert!(packed.blocks.iter().all(|block| block.lines <= LINES));
    assert!(
        packed.unpacked().unwrap() == w,
        "{line}: weights there and back"
    );
    for isa in Isa::available() {
        for threads in [1, 2, 3] {
            let options = Run::new().threads(threads).isa(isa);
            let patches = Patches::new(&packed, &sizes, threads);
            let each = patches.scratch() / patches.workers * size_of::<T>();
            assert!(each <= 1 << 20, "{line}: {each} bytes of scratch");
            let found = bits(&options, patches.scratch(), &|call| {
                patches.run(call).unwrap();
            });
            assert!(found == expected, "{line}: {isa}, {threads} threads");
        }
    }
}

#[test]
fn strips_rows_blocks_groups_and_images_with_tails() {
    for line in [
        // Every step that there are blocks for, with lines left over.
        "conv_transpose2d c3-13 i5x37 k2 s2",
        "conv_transpose2d c3-11 i4x33 k3 s3",
        "conv_transpose2d c3-7 i3x31 k4 s4",
        "conv_transpose2d c3-3 i3x9 k8 s8",
        "conv2d c7-27 i9x11 k1",
        "conv_transpose2d c7-15 i9x11 k1",
        // Rows of a strip's own length, just below it, and much shorter.
        "conv_transpose2d c5-8 i4x64 k2 s2",
        "conv_transpose2d c5-8 i2x63 k2 s2",
        "conv_transpose2d n7 c5-8 i3x3 k2 s2",
        "conv_transpose2d n3 c40-8 i14x14 k2 s2",
        "conv_transpose2d n5 c3-8 i1x1 k2 s2",
        // Axes that are one: no stride along height, along depth, along both.
        "conv_transpose1d n2 c4-9 i70 k2 s2",
        "conv_transpose3d c4-6 i2x3x5 k2x1x2 s2x1x2",
        "conv_transpose3d c4-6 i2x3x5 k1x2x2 s1x2x2",
        "conv_transpose3d c4-9 i2x3x35 k1x1x2 s1x1x2",
        // A line of three blocks in two channels; groups.
        "conv_transpose3d c4-7 i2x3x17 k2 s2",
        "conv_transpose3d n2 c4-3 i2x2x3 k2x3x4 s2x3x4",
        "conv_transpose2d n2 c6-30 i5x7 k2 s2 g3",
        "conv2d n2 c6-30 i5x7 k1 g2",
        // More than one box, and a strip that takes most of the panel.
        "conv_transpose2d c130-8 i30x50 k2 s2",
        "conv_transpose2d c4096-8 i2x20 k2 s2",
        "conv_transpose2d c600-150 i6x20 k2 s2",
    ] {
        check::<f32>(line);
        check::<f64>(line);
    }
}

#[test]
fn what_is_cropped_overlaps_or_has_holes_does_not_fit() {
    for line in [
        "conv_transpose2d c3-13 i5x37 k2 s2 p1",
        "conv_transpose2d c3-13 i5x37 k2 s2 op1",
        "conv_transpose2d c3-13 i5x37 k3 s2",
        "conv_transpose2d c3-13 i5x37 k2 s3",
        "conv2d c3-13 i5x37 k2 s2",
        "conv_transpose2d c3-13 i5x37 k5 s5",
        "conv_transpose2d c3-1 i5x37 k2 s2",
    ] {
        let problem: Problem = line.parse().expect(line);
        assert!(!fits(&Layer::from_problem(&problem)), "{line}");
    }
}
