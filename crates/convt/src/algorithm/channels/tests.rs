//! Channels against phases, bit for bit.

use convt_geometry::Problem;
use convt_testkit::{Float, Guarded, Rng, problems};

use super::{ChannelWeights, Channels};
use crate::algorithm::phases::Phases;
use crate::algorithm::{Call, Packed};
use crate::layer::{OutputChoice, Resolved};
use crate::{Activation, Element, Isa, Layer, Layout, Run, Scratch};

/// A problem with data.
struct Sample<T> {
    layer: Layer,
    sizes: Resolved,
    x: Vec<T>,
    w: Vec<T>,
    b: Vec<T>,
}

impl<T: Element + Float> Sample<T> {
    /// With NaN and infinities where `wild`; `None` where the layer's own output size is illegal.
    fn new(problem: &Problem, seed: u64, wild: bool) -> Option<Self> {
        let layer = Layer::from_problem(problem);
        let sizes = layer
            .resolve(&problem.input_shape(), &OutputChoice::Layer)
            .ok()?;
        let mut rng = Rng::new(seed);
        let mut draw = |count: usize| {
            if wild {
                rng.wild(count)
            } else {
                rng.normal(count)
            }
        };
        Some(Self {
            x: draw(problem.input_shape().iter().product()),
            w: draw(layer.weight_shape().iter().product()),
            b: draw(problem.out_channels),
            layer,
            sizes,
        })
    }

    /// The bits of `run`'s output between guard cells, with dirty scratch of exactly `scratch` elements.
    fn bits(&self, options: &Run, scratch: usize, run: impl FnOnce(Call<'_, T>)) -> Vec<u64> {
        let count = self.sizes.output_shape().iter().product();
        let mut y = Guarded::<T>::shifted(count, 1);
        let mut scratch = Scratch::from_vec(vec![T::SENTINEL; scratch]);
        run(Call {
            isa: options.isa.unwrap_or_else(convt_simd::Isa::best),
            sizes: &self.sizes,
            x: &self.x,
            y: y.as_mut_slice(),
            scratch: &mut scratch,
            options,
            activation: &Activation::LeakyRelu(T::from_f64(0.125)),
        });
        y.assert_intact();
        y.assert_filled();
        let bits = |v: &T| {
            if v.to_f64().is_nan() {
                u64::MAX
            } else {
                Float::to_bits(*v)
            }
        };
        y.as_slice().iter().map(bits).collect()
    }

    fn check(&self, what: &str) {
        let packed = Packed::new(&self.layer, &self.w, &self.b).unwrap();
        let expected = self.bits(&Run::new().threads(1), 0, |call| {
            Phases::new(&packed, &self.sizes)
                .unwrap()
                .run(call)
                .unwrap();
        });
        let packed = ChannelWeights::new(&self.layer, &self.w, &self.b).unwrap();
        let last = Self {
            layer: self.layer.clone(),
            sizes: self.sizes,
            x: pixels(&self.x, self.sizes.batch, self.sizes.in_channels),
            w: Vec::new(),
            b: Vec::new(),
        };
        let expected_last = pixels(&expected, self.sizes.batch, self.sizes.out_channels);
        for isa in Isa::available() {
            for threads in [1, 2, 3] {
                for layout in [Layout::ChannelsFirst, Layout::ChannelsLast] {
                    let (sample, expected) = match layout {
                        Layout::ChannelsFirst => (self, &expected),
                        Layout::ChannelsLast => (&last, &expected_last),
                    };
                    let channels = Channels::new(&packed, &self.sizes, threads, layout).unwrap();
                    let each = channels.scratch() / channels.workers * size_of::<T>();
                    assert!(each <= 1 << 20, "{what}: {each} bytes of scratch");
                    let options = Run::new().threads(threads).isa(isa);
                    let bits = sample.bits(&options, channels.scratch(), |call| {
                        channels.run(call).unwrap();
                    });
                    assert!(
                        bits == *expected,
                        "{what}: {isa}, {threads} threads, {layout:?}"
                    );
                }
            }
        }
    }
}

/// `(N, C, pixels)` as `(N, pixels, C)`.
fn pixels<V: Copy>(x: &[V], batch: usize, channels: usize) -> Vec<V> {
    let image = x.len() / batch;
    let at = |i: usize| {
        let (n, rest) = (i / image, i % image);
        x[n * image + rest % channels * (image / channels) + rest / channels]
    };
    (0..x.len()).map(at).collect()
}

#[test]
fn random_problems_give_the_bits_of_phases() {
    for (seed, problem) in problems(4, 300).iter().enumerate() {
        let (seed, what) = (seed as u64, problem.to_string());
        for wild in [false, true] {
            if let Some(sample) = Sample::<f32>::new(problem, seed, wild) {
                sample.check(&what);
            }
            if let Some(sample) = Sample::<f64>::new(problem, seed, wild) {
                sample.check(&what);
            }
        }
    }
}

#[test]
fn channels_around_units_and_blocks_batches_boxes_and_long_kernels() {
    for line in [
        // Tails of a unit and of a block, several blocks, groups with tails of their own.
        "conv_transpose2d c3-15 i4x4 k4 s2 p1",
        "conv_transpose2d c3-17 i4x4 k4 s2 p1",
        "conv_transpose2d c2-33 i3x5 k4 s2 p1",
        "conv_transpose2d c2-65 i4x3 k3 s2 p1 op1",
        "conv_transpose2d c2-129 i4x4 k4 s2 p1",
        "conv_transpose2d c6-147 i3x3 k4 s2 p1 g3",
        "conv2d c4-130 i9x7 k3 s2 p1 g2",
        // One input element; many channels, cut into chunks.
        "conv_transpose2d c5-70 i1x1 k4 s1",
        "conv_transpose2d n3 c100-128 i1x1 k4 s1",
        "conv_transpose2d n8 c40-64 i1x1 k3 s1 d2",
        "conv_transpose2d c40-64 i1x1 k4 s1 p1",
        "conv_transpose3d c4-128 i1x1x1 k3 g2",
        "conv_transpose2d c300-66 i2x3 k4 s2 p1",
        "conv_transpose3d c40-20 i2x3x2 k4 s2 p1",
        // Groups of images, whole and with one left over.
        "conv_transpose2d n21 c3-18 i4x4 k4 s2 p1",
        "conv_transpose1d n5 c3-18 i75 k16 s8",
        // More outputs than one box holds: cut along one axis, two, and within a stride.
        "conv_transpose2d c2-20 i40x40 k4 s2 p1",
        "conv_transpose2d c2-5 i2x1500 k3 s2 p1 op1",
        "conv_transpose1d c2-20 i3 k3000 s2500",
        "conv_transpose3d c2-3 i3x20x30 k3 s2 p1 op1",
        "conv1d c2-20 i5000 k7 s2 p3 d3",
        // More taps than are summed at a time.
        "conv1d c3-5 i400 k300 p20",
        "conv2d c3-17 i20x21 k15 p7",
        "conv_transpose2d c3-17 i6x5 k27 s2 p3",
    ] {
        let problem: Problem = line.parse().expect(line);
        Sample::<f32>::new(&problem, 9, false)
            .expect(line)
            .check(line);
        Sample::<f64>::new(&problem, 9, true)
            .expect(line)
            .check(line);
    }
}
