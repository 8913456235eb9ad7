//! Tiny: problems of so few products that any table would cost more than the sums.
//!
//! **Idea.** The scatter definition, an output plane at a time: the plane is filled with the bias and receives each tap's
//! products where they land. The pairs of a tap are a range that a few integers give ([`convt_geometry::Reach`]), so
//! nothing is prepared, copied or allocated.
//!
//! **Equation.** With `(q, o)` the pairs of a tap along each axis,
//!
//! ```text
//! y[c, od, oh, ow] = bias[c];   y[c, od, oh, ow] += x[i, qd, qh, qw] * w[c, i, td, th, tw]
//! ```
//!
//! for `i` ascending, then `(td, pairs of td)`, `(th, pairs of th)`, `(tw, pairs of tw)`. An output meets a tap in one pair
//! at most, so its own sum runs over `i`, `td`, `th`, `tw` in this order, whatever the pairs between: the documented order.
//!
//! **Cost.** One multiply-add per product that exists, in short loops that use few lanes. **Scratch:** none; the plan keeps a
//! second copy of its weights, of at most [`MOST`] elements. **Chosen** where [`cost`] is at most [`MOST`], whatever the
//! weights' values: no product is formed that does not exist.

use convt_geometry::{Op, Reach, Walk};
use convt_simd::Routine;

use super::Call;
use crate::layer::Resolved;
use crate::tensor::reserve;
use crate::{Element, Layer};

/// The most [`cost`] of a run, and the most weights that a plan keeps for it: beyond, preparing tables has paid.
const MOST: usize = 1400;

/// The longest kernel along an axis: its reaches lie on the stack.
const KERNEL: usize = 16;

/// A small layer's weights as the layer has them, and its bias.
#[derive(Clone, Debug)]
pub(crate) struct Tiny<T> {
    weights: Vec<T>,
    /// One per output channel, or empty.
    bias: Vec<T>,
    in_per_group: usize,
    out_per_group: usize,
    /// Distance between the kernels of neighbouring input channels, and of neighbouring output channels, of a group.
    per_input: usize,
    per_output: usize,
    kernel: [usize; 3],
    /// Elements of the kernel.
    taps: usize,
}

/// What a run costs, in units of about a nanosecond: something for each pair of planes, pair of rows, tap of a pair of
/// rows, product (before cropping) and output. The weights are those of measured times.
fn cost(sizes: &Resolved) -> usize {
    let stamps = sizes.walks.all().map(|walk| match walk.op() {
        Op::ConvTranspose => walk.input(),
        Op::Conv => walk.output(),
    });
    let taps = sizes.walks.all().map(|walk| walk.axis().kernel);
    let product = |factors: &[usize]| factors.iter().copied().fold(1, usize::saturating_mul);
    let rows = product(&[stamps[0], taps[0], stamps[1], taps[1]]);
    let products = product(&[rows, stamps[2], taps[2]]);
    let plane_pair = rows
        .saturating_mul(1 + taps[2])
        .saturating_add(products / 8 * 5)
        .saturating_add(8);
    let pairs = product(&[sizes.batch, sizes.out_channels, sizes.in_per_group]);
    // A stride beyond the kernel, or an extending crop, makes more outputs than products.
    let outputs = product(&sizes.output_shape());
    pairs.saturating_mul(plane_pair).saturating_add(outputs / 8)
}

/// Whether a run of these sizes has so little to do that this is the fastest way.
pub(crate) fn suits(sizes: &Resolved) -> bool {
    cost(sizes) <= MOST
}

/// Whether a layer of so many weights may have tiny runs at all.
pub(crate) fn takes(layer: &Layer, weights: usize) -> bool {
    let short = |axis: &crate::layer::AxisTaps| axis.kernel <= KERNEL;
    (1..=MOST).contains(&weights) && layer.axis_taps().iter().all(short)
}

impl<T: Element> Tiny<T> {
    /// `weight` has the layer's checked shape, `bias` may be empty; `None` where no run of the layer is tiny or memory lacks.
    pub(crate) fn new(layer: &Layer, weight: &[T], bias: &[T]) -> Option<Self> {
        let kernel = layer.axis_taps().map(|axis| axis.kernel);
        if !takes(layer, weight.len()) {
            return None;
        }
        let in_per_group = layer.in_channels() / layer.groups();
        let out_per_group = layer.out_channels() / layer.groups();
        let taps = kernel.iter().product::<usize>();
        let (per_input, per_output) = match layer.op() {
            Op::ConvTranspose => (out_per_group * taps, taps),
            Op::Conv => (taps, in_per_group * taps),
        };
        let copy = |values: &[T]| {
            let mut own = reserve("packed weights", values.len()).ok()?;
            own.extend_from_slice(values);
            Some(own)
        };
        Some(Self {
            weights: copy(weight)?,
            bias: copy(bias)?,
            in_per_group,
            out_per_group,
            per_input,
            per_output,
            kernel,
            taps,
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.weights[..]) + size_of_val(&self.bias[..])
    }

    /// Computes the call's output, which is not empty; its sizes [suit](suits).
    pub(crate) fn run(&self, call: Call<'_, T>) {
        let isa = call.isa();
        let Call {
            sizes,
            x,
            y,
            options,
            activation,
            ..
        } = call;
        let progress = options.progress.as_deref();
        if let Some(progress) = progress {
            progress.begin(1);
        }
        let walks = sizes.walks.all();
        let mut reaches = [[Reach::default(); KERNEL]; 3];
        for (axis, (walk, reaches)) in walks.iter().zip(&mut reaches).enumerate() {
            for (tap, reach) in reaches[..self.kernel[axis]].iter_mut().enumerate() {
                *reach = walk.reach(tap);
            }
        }
        let work = Work {
            tiny: self,
            lines: std::array::from_fn(|a| Line {
                reaches: &reaches[a][..self.kernel[a]],
                steps: walks[a].steps(),
                walk: &walks[a],
            }),
            in_channels: sizes.in_channels,
        };
        let plane: usize = walks.iter().map(Walk::output).product();
        let channels = sizes.out_channels;
        for (image, y) in y.chunks_exact_mut(plane * channels).enumerate() {
            isa.run(Image {
                work: &work,
                x,
                index: image,
                y,
                plane,
            });
            for (channel, y) in y.chunks_exact_mut(plane).enumerate() {
                activation.apply(isa, channel, y);
            }
        }
        if let Some(progress) = progress {
            progress.step();
        }
    }
}

/// One axis: where each tap lands.
struct Line<'r> {
    reaches: &'r [Reach],
    /// Distance between neighbouring pairs' inputs, and their outputs.
    steps: (usize, usize),
    walk: &'r Walk,
}

impl Line<'_> {
    /// The input and output of the `m`-th pair of a tap.
    #[inline(always)]
    fn pair(&self, reach: &Reach, m: usize) -> (usize, usize) {
        let (input, output) = self.steps;
        (reach.input + m * input, reach.output + m * output)
    }
}

/// What is the same for all planes of a run.
struct Work<'a, T> {
    tiny: &'a Tiny<T>,
    lines: [Line<'a>; 3],
    in_channels: usize,
}

/// All output channels of one image, compiled for each instruction set.
struct Image<'a, 'y, T> {
    work: &'a Work<'a, T>,
    x: &'a [T],
    index: usize,
    y: &'y mut [T],
    plane: usize,
}

impl<T: Element> Routine for Image<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Work {
            tiny,
            lines,
            in_channels,
        } = self.work;
        let inputs = lines.each_ref().map(|line| line.walk.input());
        let x_plane = inputs.iter().product::<usize>();
        let x = &self.x[self.index * in_channels * x_plane..][..in_channels * x_plane];
        let of_group = (tiny.in_per_group * x_plane, tiny.out_per_group * self.plane);
        let groups = self.y.chunks_exact_mut(of_group.1).enumerate();
        for (group, y) in groups {
            let x = &x[group * of_group.0..][..of_group.0];
            let weights = tiny.in_per_group * tiny.out_per_group * tiny.taps;
            let weights = &tiny.weights[group * weights..][..weights];
            for (o, y) in y.chunks_exact_mut(self.plane).enumerate() {
                let bias = tiny.bias.get(group * tiny.out_per_group + o);
                y.fill(bias.copied().unwrap_or(T::ZERO));
                for (i, x) in x.chunks_exact(x_plane).enumerate() {
                    let kernel = i * tiny.per_input + o * tiny.per_output;
                    add_plane(lines, y, x, &weights[kernel..][..tiny.taps]);
                }
                for y in y.iter_mut() {
                    *y = *y + T::ZERO; // -0 becomes +0
                }
            }
        }
    }
}

/// Adds every product of one pair of planes.
#[inline(always)]
fn add_plane<T: Element>(lines: &[Line<'_>; 3], y: &mut [T], x: &[T], kernel: &[T]) {
    let [depth, height, width] = lines;
    let (x_width, y_width) = (width.walk.input(), width.walk.output());
    let (taps_h, taps_w) = (height.reaches.len(), width.reaches.len());
    for (td, d) in depth.reaches.iter().enumerate() {
        for md in 0..d.count {
            let (qd, od) = depth.pair(d, md);
            for (th, h) in height.reaches.iter().enumerate() {
                let kernel = &kernel[(td * taps_h + th) * taps_w..][..taps_w];
                for mh in 0..h.count {
                    let (qh, oh) = height.pair(h, mh);
                    let x = &x[(qd * height.walk.input() + qh) * x_width..][..x_width];
                    let y = &mut y[(od * height.walk.output() + oh) * y_width..][..y_width];
                    add_row(width, y, x, kernel);
                }
            }
        }
    }
}

/// Adds every product of one pair of rows.
#[inline(always)]
fn add_row<T: Element>(width: &Line<'_>, y: &mut [T], x: &[T], kernel: &[T]) {
    let (input_step, output_step) = width.steps;
    for (reach, &weight) in width.reaches.iter().zip(kernel) {
        let (mut q, mut o) = (reach.input, reach.output);
        for _ in 0..reach.count {
            y[o] = x[q].fused(weight, y[o]);
            q += input_step;
            o += output_step;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use convt_simd::Isa;
    use convt_testkit::{Float, Guarded, Rng, problems};

    use super::*;
    use crate::algorithm::{Packed, Phases};
    use crate::layer::OutputChoice;
    use crate::{Activation, Problem, Run, Scratch};

    /// NaNs are equal: no standard fixes their payload.
    fn bits<T: Float>(values: &[T]) -> Vec<Option<u64>> {
        let bits = |value: &T| (!value.to_f64().is_nan()).then_some(value.to_bits());
        values.iter().map(bits).collect()
    }

    fn agrees_with_phases<T: Element + Float + Debug>(problem: &Problem, seed: u64) -> bool {
        let layer = Layer::from_problem(problem);
        let shape = problem.input_shape();
        let Ok(sizes) = layer.resolve(&shape, &OutputChoice::Layer) else {
            return false;
        };
        let mut rng = Rng::new(seed);
        let wild = seed.is_multiple_of(2);
        let mut draw = |n| {
            if wild {
                rng.wild::<T>(n)
            } else {
                rng.normal(n)
            }
        };
        let x = draw(shape.iter().product());
        let weight = draw(layer.weight_shape().iter().product());
        let bias = draw(if problem.bias {
            problem.out_channels
        } else {
            0
        });
        let Some(tiny) = Tiny::new(&layer, &weight, &bias) else {
            return false;
        };
        let packed = Packed::new(&layer, &weight, &bias).unwrap();
        let count = sizes.output_shape().iter().product();
        for isa in Isa::available() {
            let run = |direct: bool| {
                let mut y = Guarded::<T>::shifted(count, 1);
                let call = Call {
                    isa,
                    sizes: &sizes,
                    x: &x,
                    y: y.as_mut_slice(),
                    scratch: &mut Scratch::from_vec(vec![T::SENTINEL; 5000]),
                    options: &Run::new().threads(1).isa(isa),
                    activation: &Activation::Relu,
                };
                if direct {
                    tiny.run(call);
                } else {
                    Phases::new(&packed, &sizes).unwrap().run(call).unwrap();
                }
                y.assert_intact();
                y.assert_filled();
                bits(y.as_slice())
            };
            assert_eq!(run(true), run(false), "{problem} on {isa}, seed {seed}");
        }
        true
    }

    #[test]
    fn the_same_bits_as_phases() {
        let compared = problems(7, 600)
            .iter()
            .zip(0..)
            .filter(|&(problem, seed)| {
                agrees_with_phases::<f32>(problem, seed) && agrees_with_phases::<f64>(problem, seed)
            })
            .count();
        assert!(compared > 300, "{compared}");
    }

    #[test]
    fn is_for_small_work_alone() {
        let suits = |line: &str| {
            let problem: Problem = line.parse().unwrap();
            let layer = Layer::from_problem(&problem);
            let weight = vec![1.0_f32; layer.weight_shape().iter().product()];
            let sizes = layer.resolve(&problem.input_shape(), &OutputChoice::Layer);
            Tiny::new(&layer, &weight, &[]).is_some() && suits(&sizes.unwrap())
        };
        for (line, tiny) in [
            ("conv_transpose2d c1-1 i3x3 k3 s2 p1", true),
            ("conv_transpose3d c1-1 i2 k2 s2", true),
            ("conv1d c2-2 i20 k3", true),
            ("conv_transpose2d c8-8 i16x16 k4 s2 p1", false),
            // few products: long kernels, many pairs of planes, many outputs
            ("conv_transpose1d c1-1 i1 k17", false),
            ("conv_transpose2d c32-32 i1x1 k1", false),
            ("conv_transpose1d c1-1 i4 k2 s100000", false),
            ("conv_transpose2d n1000 c1-1 i3x3 k3 s2 p1", false),
        ] {
            assert_eq!(suits(line), tiny, "{line}");
        }
    }
}
