//! Winograd: short convolutions by fewer products than taps, over the phases of a transposed convolution.
//!
//! **Idea.** A phase of a transposed convolution with `k = 2s` has two taps along each axis, a 3x3 convolution three. `m`
//! neighbouring outputs of `r` taps can be had from `m + r - 1` products of sums of inputs with sums of weights, instead of
//! `m*r`. The sums of weights are formed once; those of inputs serve every output channel and every phase, because all
//! phases of a tile of positions read the same inputs (`axis`). What remains is one matrix product per point.
//!
//! **Equation.** With the matrices `A`, `B`, `G` of each axis's [`Scheme`], `d` the inputs and `g` the taps of a tile,
//!
//! ```text
//! V[p, i, t]  = (B d)[p]         U[p, i, c] = (G g)[p]
//! M[p, c, t]  = sum over i of U[p, i, c] * V[p, i, t]          i in pieces of at most PIECE, each ascending by fused
//!                                                              multiply-adds from 0; their sums added in ascending order
//! y           = A M + bias
//! ```
//!
//! `U` is transformed along width, height, depth in this order, `V` along depth, height, width, `M` along height, width,
//! depth. No bit depends on threads, blocks, the batch or the instruction set.
//!
//! **Error.** Pieces keep partial sums small. Every value on the way is a sum with at most `n = P + Q + t` roundings on any
//! path, `P` the input channels of a piece, `Q` the pieces, `t` at most 5 for each axis and 2 more, so
//!
//! ```text
//! |y - exact| <= gamma(n) * (|bias| + sum over i of |A| ((|G| |g|) .* (|B| |d|)))
//!             <= gamma(n) * (|bias| + K * max |d| * sum of |g|)         gamma(n) = n*eps / (1 - n*eps)
//! ```
//!
//! with `K` the product over the axes of 1 for F(1,1), 3 for F(2,2), 4 for F(3,2) and F(2,3), and `max |d|` over the tile's
//! inputs: `K` is the largest row sum of `|A| diag(max |G|) |B|`. A direct sum has `K = 1`. (Results that underflow lose up
//! to a smallest subnormal each besides, as everywhere.)
//!
//! **Cost.** `(m+r-1)/m` products per output and axis instead of `r`, and a few additions per input and output; positions
//! of whole tiles beyond the picture are wasted. **Scratch:** [`BYTES`] at most. **Chosen** by [`Shape::choose`], never in
//! exact mode.
//!
//! **Values that are not finite** would spread within a tile. An output is finite only if everything it was formed from
//! was, so an image with an output that is not, shown or cropped, is computed again by the direct algorithm: its results
//! are that algorithm's own, NaN and infinities in the same places, whatever the batch's other images hold.

mod axis;
mod choose;
mod cut;
mod input;
mod lanes;
mod output;
mod pass;
mod scheme;
#[cfg(test)]
mod tests;
mod weights;

use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock, PoisonError};

use convt_geometry::Op;

use super::blocked::Blocked;
use super::tiles::{Packing, Tiles};
use super::{Call, threads};
use crate::layer::Resolved;
use crate::{Element, Error, Layer};

use axis::Axis;
use cut::Cut;
use pass::Pass;
use scheme::Scheme;
use weights::Transformed;

/// Bytes of scratch that a thread's blocks are cut to.
const BYTES: usize = 1 << 20;

/// Input channels that are summed before their sum is added to those of others, at most.
const PIECE: usize = 40;

/// Input channels of a piece: pieces of one length, but for the last. Depends on the layer alone.
fn piece(in_per_group: usize) -> usize {
    in_per_group
        .div_ceil(in_per_group.div_ceil(PIECE).max(1))
        .max(1)
}

/// Which of the schemes for two taps a layer's axes use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// F(2,2).
    Small,
    /// F(3,2).
    Large,
}

/// What a layer's parameters say, before any size is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Taps of the class that has the most, along each axis.
    taps: [usize; 3],
    strides: [usize; 3],
    /// Classes that have a tap less.
    short: [usize; 3],
}

impl Shape {
    /// The shape of a layer that the algorithm can compute: each axis has stride 1 and up to three taps, or is one of a
    /// transposed convolution of dilation 1 with up to three taps in each class and one in every class at least.
    pub(crate) fn of(layer: &Layer) -> Option<Self> {
        let mut taps = [1; 3];
        let mut strides = [1; 3];
        let mut short = [0; 3];
        for (a, axis) in layer.axis_taps().iter().enumerate() {
            let phases = axis.stride > 1;
            let allowed = match layer.op() {
                Op::Conv => !phases,
                Op::ConvTranspose => !phases || (axis.dilation == 1 && axis.kernel >= axis.stride),
            };
            taps[a] = axis.kernel.div_ceil(axis.stride.max(1));
            strides[a] = axis.stride;
            if !allowed || taps[a] > 3 {
                return None;
            }
            if phases {
                // No more than two strides beyond the kernel's length, which fits.
                short[a] = (axis.stride - axis.kernel % axis.stride) % axis.stride;
            }
        }
        let few = strides[2] <= 16 && strides.iter().all(|&stride| stride <= 16);
        let any = layer.in_channels() > 0 && layer.out_channels() > 0;
        (few && any && taps.iter().any(|&taps| taps > 1)).then_some(Self {
            taps,
            strides,
            short,
        })
    }

    fn schemes(&self, size: Size) -> [Scheme; 3] {
        self.taps.map(|taps| match (taps, size) {
            (1, _) => Scheme::F11,
            (2, Size::Small) => Scheme::F22,
            (2, Size::Large) => Scheme::F32,
            _ => Scheme::F23,
        })
    }
}

/// Sizes and tiles of one run.
#[derive(Clone, Copy, Debug)]
struct Geometry {
    axes: [Axis; 3],
    batch: usize,
    in_channels: usize,
    out_channels: usize,
}

/// Neighbouring tiles of a row.
#[derive(Clone, Copy, Debug)]
struct Run {
    image: usize,
    /// The first tile along each axis.
    tiles: [usize; 3],
    len: usize,
    /// Where it begins among the tiles of the block.
    at: usize,
}

impl Geometry {
    fn new(sizes: &Resolved, schemes: [Scheme; 3]) -> Self {
        let axis = |a: usize| {
            let walk = sizes.walks.iter().rev().nth(2 - a);
            walk.map_or_else(Axis::unit, |walk| Axis::new(walk, schemes[a]))
        };
        Self {
            axes: std::array::from_fn(axis),
            batch: sizes.batch,
            in_channels: sizes.in_channels,
            out_channels: sizes.out_channels,
        }
    }

    fn points(&self) -> usize {
        self.axes.iter().map(|axis| axis.scheme.points()).product()
    }

    /// Positions of a tile.
    fn positions(&self) -> usize {
        self.axes.iter().map(|axis| axis.scheme.outputs()).product()
    }

    fn input_plane(&self) -> usize {
        self.axes.iter().map(|axis| axis.input).product()
    }
}

/// A layer's transformed weights, each made when first used.
#[derive(Clone, Debug)]
pub(crate) struct Winograd<T> {
    shape: Shape,
    small: OnceLock<Transformed<T>>,
    large: OnceLock<Transformed<T>>,
}

impl<T: Element> Winograd<T> {
    pub(crate) fn new(shape: Shape) -> Self {
        Self {
            shape,
            small: OnceLock::new(),
            large: OnceLock::new(),
        }
    }

    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    /// Bytes of the transformed weights made so far.
    pub(crate) fn bytes(&self) -> usize {
        let bytes = |cell: &OnceLock<Transformed<T>>| cell.get().map_or(0, Transformed::bytes);
        bytes(&self.small) + bytes(&self.large)
    }

    /// The transformed weights; of two threads that make them at once, one's are kept.
    fn weights(&self, packed: &Blocked<T>, size: Size) -> Result<&Transformed<T>, Error> {
        // Where the sizes do not differ, one set serves both.
        let same = self.shape.schemes(Size::Small) == self.shape.schemes(Size::Large);
        let cell = match size {
            Size::Large if !same => &self.large,
            _ => &self.small,
        };
        if let Some(made) = cell.get() {
            return Ok(made);
        }
        let made = Transformed::new(packed, self.shape.schemes(size))?;
        Ok(cell.get_or_init(|| made))
    }

    /// Elements of scratch that a run needs.
    pub(crate) fn scratch_elements(&self, sizes: &Resolved, size: Size, threads: usize) -> usize {
        let geometry = Geometry::new(sizes, self.shape.schemes(size));
        let workers = threads::workers(threads, sizes.products());
        let each = Cut::new(&geometry, sizes.in_per_group, size_of::<T>()).scratch(&geometry);
        each.saturating_mul(workers)
    }

    /// Runs the call with the direct algorithm's weights at hand; its output is not empty.
    pub(crate) fn run(
        &self,
        packed: &Blocked<T>,
        size: Size,
        mut call: Call<'_, T>,
    ) -> Result<(), Error> {
        let geometry = Geometry::new(call.sizes, self.shape.schemes(size));
        let workers = threads::workers(call.options.threads, call.sizes.products());
        let cut = Cut::new(&geometry, packed.in_per_group, size_of::<T>());
        let spoilt = Mutex::new(BTreeSet::new());
        let pass = Pass {
            geometry,
            packed,
            weights: self.weights(packed, size)?,
            cut,
            isa: call.isa(),
            x: call.x,
            activation: call.activation,
            spoilt: &spoilt,
        };
        let each = cut.scratch(&geometry);
        let memory = call.scratch.take(each.saturating_mul(workers))?;
        let jobs = cut::Jobs::new(&geometry, &cut, &packed.blocks, workers);
        let progress = call.options.progress.as_deref();
        if let Some(progress) = progress {
            progress.begin(jobs.count());
        }
        let states = memory.chunks_exact_mut(each);
        threads::share(states, jobs.of(&mut *call.y), |memory, mut job| {
            pass.job(&mut job, memory);
            if let Some(progress) = progress {
                progress.step();
            }
        });
        let spoilt: BTreeSet<usize> = spoilt.into_inner().unwrap_or_else(PoisonError::into_inner);
        again(packed, &spoilt, &mut call)
    }
}

/// Computes images again by the direct algorithm.
fn again<T: Element>(
    packed: &Blocked<T>,
    images: &BTreeSet<usize>,
    call: &mut Call<'_, T>,
) -> Result<(), Error> {
    if images.is_empty() {
        return Ok(());
    }
    let mut sizes = *call.sizes;
    let (input, output) = (call.x.len() / sizes.batch, call.y.len() / sizes.batch);
    sizes.batch = 1;
    let mut options = call.options.clone();
    options.progress = None;
    for &image in images {
        Tiles::new(Packing::Channels(packed), &sizes, options.threads)?.run(Call {
            isa: call.isa,
            sizes: &sizes,
            x: &call.x[image * input..][..input],
            y: &mut call.y[image * output..][..output],
            scratch: &mut *call.scratch,
            options: &options,
            activation: call.activation,
        })?;
    }
    Ok(())
}
