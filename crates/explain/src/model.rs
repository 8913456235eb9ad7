//! A small problem computed by the oracle, with every product that occurs in it.
//!
//! Views ask this model for numbers and never compute any. Maps have three axes here; a problem of fewer axes has leading
//! ones of length 1.

use convt_geometry::{Op, Problem, Walk};
use convt_reference::{Array, Definition, Layer};

use crate::axis::{AxisModel, axis_model, point};
use crate::views::number::by;
use crate::words::Words;
use crate::{ExplainError, State, Trace};

/// A position, or a size, on three axes.
pub(crate) type Three = [usize; 3];

/// The most elements that any map of a picture may have, and the most products.
const MOST_ELEMENTS: usize = 1 << 16;
const MOST_PRODUCTS: usize = 1 << 21;

/// One product: input, tap and output of one pair of channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) q: Three,
    pub(crate) t: Three,
    pub(crate) o: Three,
}

/// A problem and its numbers.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) op: Op,
    /// Spatial axes of the problem, 1 to 3.
    pub(crate) dims: usize,
    pub(crate) axes: [AxisModel; 3],
    pub(crate) in_channels: usize,
    pub(crate) out_channels: usize,
    pub(crate) groups: usize,
    pub(crate) layer: Layer,
    pub(crate) x: Array,
    pub(crate) w: Array,
    pub(crate) b: Option<Vec<f64>>,
    pub(crate) y: Array,
}

/// Sizes and channels as they stand above maps.
pub(crate) struct Notes {
    pub(crate) input: String,
    pub(crate) kernel: String,
    pub(crate) output: String,
}

impl Model {
    pub(crate) fn new(state: &State) -> Result<Self, ExplainError> {
        let problem = state.problem()?;
        let walks = problem.walks()?;
        check_size(&problem, &walks)?;
        let mut axes = [point(), point(), point()];
        let dims = walks.len();
        for (i, walk) in walks.iter().enumerate() {
            axes[3 - dims + i] = axis_model(&problem, i, walk)?;
        }
        let mut x_shape = problem.input_shape();
        x_shape.remove(0);
        let w_shape = problem.weight_shape();
        let x = Array::new(&x_shape, state.x.numbers("x", &x_shape, dims)?)?;
        let w = Array::new(&w_shape, state.w.numbers("w", &w_shape, dims)?)?;
        let b = match &state.b {
            Some(values) => Some(values.numbers("b", &[problem.out_channels, 1], 1)?),
            None => None,
        };
        let layer = Layer::try_from(&problem)?;
        let y = Definition::Gather.run(&layer, &x, &w, b.as_deref())?;
        Ok(Self {
            op: problem.op,
            dims,
            axes,
            in_channels: problem.in_channels,
            out_channels: problem.out_channels,
            groups: problem.groups,
            layer,
            x,
            w,
            b,
            y,
        })
    }

    pub(crate) fn input(&self) -> Three {
        self.each(|axis| axis.input)
    }

    pub(crate) fn kernel(&self) -> Three {
        self.each(|axis| axis.kernel)
    }

    pub(crate) fn output(&self) -> Three {
        self.each(|axis| axis.output)
    }

    /// Something per axis.
    pub(crate) fn each<T>(&self, of: impl Fn(&AxisModel) -> T) -> [T; 3] {
        [of(&self.axes[0]), of(&self.axes[1]), of(&self.axes[2])]
    }

    /// The axes that the problem has.
    pub(crate) fn real_axes(&self) -> &[AxisModel] {
        &self.axes[3 - self.dims..]
    }

    pub(crate) fn taps(&self) -> usize {
        volume(self.kernel())
    }

    /// Input channels that add to output channel `co`.
    pub(crate) fn sources(&self, co: usize) -> std::ops::Range<usize> {
        let (per_in, per_out) = self.per_group();
        let group = co / per_out.max(1);
        group * per_in..(group + 1) * per_in
    }

    /// Output channels that input channel `ci` adds to.
    pub(crate) fn targets(&self, ci: usize) -> std::ops::Range<usize> {
        let (per_in, per_out) = self.per_group();
        let group = ci / per_in.max(1);
        group * per_out..(group + 1) * per_out
    }

    fn per_group(&self) -> (usize, usize) {
        let groups = self.groups.max(1);
        (self.in_channels / groups, self.out_channels / groups)
    }

    /// The first two indices of the kernel that leads from `ci` to `co`.
    pub(crate) fn kernel_index(&self, ci: usize, co: usize) -> [usize; 2] {
        let (per_in, per_out) = self.per_group();
        match self.op {
            Op::ConvTranspose => [ci, co % per_out.max(1)],
            Op::Conv => [co, ci % per_in.max(1)],
        }
    }

    /// The pair of channels whose kernel has these first two indices.
    pub(crate) fn channels_of(&self, [a, b]: [usize; 2]) -> (usize, usize) {
        match self.op {
            Op::ConvTranspose => (a, self.targets(a).start + b),
            Op::Conv => (self.sources(a).start + b, a),
        }
    }

    pub(crate) fn x_at(&self, ci: usize, q: Three) -> f64 {
        self.x.data[ci * volume(self.input()) + flat(self.input(), q)]
    }

    pub(crate) fn w_at(&self, ci: usize, co: usize, t: Three) -> f64 {
        let [a, b] = self.kernel_index(ci, co);
        let kernel = a * self.w.shape[1] + b;
        self.w.data[kernel * self.taps() + flat(self.kernel(), t)]
    }

    pub(crate) fn y_at(&self, co: usize, o: Three) -> f64 {
        self.y.data[co * volume(self.output()) + flat(self.output(), o)]
    }

    /// The trace of one output channel: the layer of the channels that add to it alone.
    pub(crate) fn trace(&self, co: usize) -> Result<Trace, ExplainError> {
        let (sources, cells) = (self.sources(co), volume(self.input()));
        let count = sources.len();
        let x = self.x.data[sources.start * cells..sources.end * cells].to_vec();
        let w = sources
            .flat_map(|ci| positions(self.kernel()).map(move |t| (ci, t)))
            .map(|(ci, t)| self.w_at(ci, co, t))
            .collect();
        let leading = match self.op {
            Op::ConvTranspose => [count, 1],
            Op::Conv => [1, count],
        };
        let shape =
            |leading: &[usize], spatial: [usize; 3]| [leading, &spatial[3 - self.dims..]].concat();
        let x = Array::new(&shape(&[count], self.input()), x)?;
        let w = Array::new(&shape(&leading, self.kernel()), w)?;
        let bias = self.b.as_ref().map(|b| vec![b[co]]);
        Trace::new(&self.layer.clone().groups(1), &x, &w, bias.as_deref())
    }

    /// The products of one pair of channels that add to output `o`, in ascending input.
    pub(crate) fn gather(&self, o: Three) -> Vec<Link> {
        let per_axis: [Vec<(usize, usize)>; 3] = [0, 1, 2].map(|a| {
            let mut pairs = self.axes[a].gather[o[a]].clone();
            pairs.sort_by_key(|&(_, q)| q);
            pairs
        });
        combine(&per_axis, |t, q| Link { q, t, o })
    }

    /// The products of one pair of channels that input `q` takes part in, in ascending tap.
    pub(crate) fn scatter(&self, q: Three) -> Vec<Link> {
        let per_axis = [0, 1, 2].map(|a| self.axes[a].scatter[q[a]].clone());
        combine(&per_axis, |t, o| Link { q, t, o })
    }

    /// How many products of one pair of channels add to output `o`.
    pub(crate) fn count(&self, o: Three) -> usize {
        (0..3).map(|a| self.axes[a].gather[o[a]].len()).product()
    }

    /// The problem's own indices of a position: without the leading axes that it does not have.
    pub(crate) fn own(&self, at: Three) -> Vec<usize> {
        at[3 - self.dims..].to_vec()
    }

    /// The widest notes that stand above the model's maps.
    pub(crate) fn notes(&self, words: &dyn Words) -> Notes {
        let of = |size: Three, channels: usize| {
            let last = (channels > 1).then(|| channels - 1);
            words.size_note(&by(&self.own(size)), last)
        };
        let several = self.in_channels * self.out_channels > 1;
        let pair = several.then(|| (self.in_channels - 1, self.out_channels - 1));
        Notes {
            input: of(self.input(), self.in_channels),
            kernel: words.kernel_note(&by(&self.own(self.kernel())), pair),
            output: of(self.output(), self.out_channels),
        }
    }

    /// The position of a tap in the flipped kernel, and back.
    pub(crate) fn turned(&self, t: Three) -> Three {
        let kernel = self.kernel();
        [0, 1, 2].map(|a| kernel[a] - 1 - t[a])
    }

    /// The index of an input element as pages name it: the channel first, where there are several.
    pub(crate) fn input_index(&self, ci: usize, q: Three) -> Vec<usize> {
        self.channel_index(ci, self.in_channels, q)
    }

    /// The index of an output, likewise.
    pub(crate) fn output_index(&self, co: usize, o: Three) -> Vec<usize> {
        self.channel_index(co, self.out_channels, o)
    }

    /// The index of a cell of a map of `channels` channels, likewise.
    pub(crate) fn channel_index(&self, channel: usize, channels: usize, at: Three) -> Vec<usize> {
        let mut index = self.own(at);
        if channels > 1 {
            index.insert(0, channel);
        }
        index
    }

    /// The index of a tap as pages name it: both channel indices of the weight first, where the layer has several.
    pub(crate) fn tap_index(&self, leading: [usize; 2], t: Three) -> Vec<usize> {
        let mut index = self.own(t);
        if self.in_channels * self.out_channels > 1 {
            index.splice(0..0, leading);
        }
        index
    }

    /// The position of the problem's own indices, or nothing where there are not as many as axes.
    pub(crate) fn three(&self, own: &[usize]) -> Option<Three> {
        let mut at = [0; 3];
        (own.len() == self.dims).then(|| at[3 - self.dims..].copy_from_slice(own))?;
        Some(at)
    }
}

fn combine(per_axis: &[Vec<(usize, usize)>; 3], link: impl Fn(Three, Three) -> Link) -> Vec<Link> {
    let [a, b, c] = per_axis;
    let mut all = Vec::with_capacity(a.len() * b.len() * c.len());
    for &(t0, n0) in a {
        for &(t1, n1) in b {
            for &(t2, n2) in c {
                all.push(link([t0, t1, t2], [n0, n1, n2]));
            }
        }
    }
    all
}

/// Refuses what no picture can show, before any memory is asked for.
fn check_size(problem: &Problem, walks: &[Walk]) -> Result<(), ExplainError> {
    let spatial = |size: &dyn Fn(&Walk) -> u128| -> u128 {
        walks.iter().fold(1, |n, walk| size(walk).saturating_mul(n))
    };
    let wide = |n: usize| n as u128;
    let pairs = wide(problem.in_channels).saturating_mul(wide(problem.out_channels))
        / wide(problem.groups.max(1));
    let in_channels = wide(problem.in_channels);
    let input = spatial(&|walk| wide(walk.input())).saturating_mul(in_channels);
    let output = spatial(&|walk| wide(walk.output())).saturating_mul(wide(problem.out_channels));
    let kernel = spatial(&|walk| wide(walk.axis().kernel)).saturating_mul(pairs);
    for (what, size, most) in [
        ("elements of the input", input, MOST_ELEMENTS),
        ("elements of the output", output, MOST_ELEMENTS),
        ("elements of the kernel", kernel, MOST_ELEMENTS),
        ("products", problem.products()?, MOST_PRODUCTS),
    ] {
        if size > most as u128 {
            return Err(too_large(what, size, most));
        }
    }
    for (what, channels) in [
        ("in_channels", problem.in_channels),
        ("out_channels", problem.out_channels),
    ] {
        if channels == 0 {
            return Err(ExplainError::Nothing { what });
        }
    }
    Ok(())
}

pub(crate) fn too_large(what: &'static str, count: u128, limit: usize) -> ExplainError {
    ExplainError::TooLarge {
        what,
        count,
        limit,
        smaller: "i4 k3 s2, with one channel".to_string(),
    }
}

/// Every position of a shape in row-major order.
pub(crate) fn positions([a, b, c]: Three) -> impl Iterator<Item = Three> {
    (0..a).flat_map(move |i| (0..b).flat_map(move |j| (0..c).map(move |k| [i, j, k])))
}

/// Elements of a shape that [`check_size`] has let pass.
pub(crate) fn volume([a, b, c]: Three) -> usize {
    a * b * c
}

/// The row-major index of a position.
pub(crate) fn flat([_, rows, columns]: Three, [i, j, k]: Three) -> usize {
    (i * rows + j) * columns + k
}

/// The position of a row-major index.
pub(crate) fn unflat([_, rows, columns]: Three, index: usize) -> Three {
    [
        index / columns / rows,
        index / columns % rows,
        index % columns,
    ]
}
