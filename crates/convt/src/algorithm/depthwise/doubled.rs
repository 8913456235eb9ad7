//! Stride 2 along the width: the planes that [`convt_simd::Isa::doubled_planes`] makes without spreading their inputs.
//!
//! Along the height the rows of outputs fall into *bands*: a stride apart, with the same taps, each one's inputs a row below
//! those of the one before. Bands are the same for all planes, and at the borders there are only a few more of them than
//! phases, so they are found once per run and cut to the rows of each piece.

use std::ops::Range;

use convt_geometry::{Op, Walk};
use convt_simd::{Band, DOUBLED_TAPS, DoubledPlanes, Isa, PanelRows, doubled_row_reads};

use super::Depthwise;
use super::axis::{Axis, Pairs};
use super::cut::{NEAR, PIECE};
use crate::algorithm::search::last_where;
use crate::algorithm::{Call, Packed, threads};
use crate::layer::Resolved;
use crate::tensor::reserve;
use crate::{Element, Error};

/// Elements that rows of a panel are apart by a multiple of.
const ALIGNED: usize = 16;

/// Bands that are given to one call.
const BANDS: usize = 16;

/// Phases along the height at most, so that there are few bands.
const MOST_PHASES: usize = 16;

/// Rows of outputs a stride apart that sum over the same taps.
#[derive(Clone, Copy, Debug)]
struct Rows {
    first: usize,
    count: usize,
    pairs: Pairs,
}

/// What a run sums.
pub(super) struct Planes<'a, T> {
    pub(super) packed: &'a Packed<T>,
    pub(super) x: &'a [T],
    pub(super) in_channels: usize,
    pub(super) out_channels: usize,
}

/// Sizes of one run, and how it is cut: into whole planes, several where they are small, or some rows of one plane.
pub(super) struct Doubled {
    height: Axis,
    rows: Vec<Rows>,
    columns: usize,
    is_odd: bool,
    per_phase: usize,
    /// Each row of inputs: how many elements, from which one on, and where that lies in a row of the panel, of so many.
    count: usize,
    from: usize,
    lead: usize,
    pitch: usize,
    /// Elements of a row of the input.
    input: usize,
    pub(super) parent: usize,
    pub(super) unit: usize,
    panel: usize,
    /// Planes of one call at most.
    pub(super) planes_together: usize,
    pub(super) pieces: usize,
}

impl Doubled {
    /// The run's sizes, if it is one of undilated stride 2 along the width, of one or two axes, whose rows are short enough.
    ///
    /// Output `2*m + r` stands at `f = 2*m + r + begin`. With `begin = 2*b + D` its `j`-th tap is `(D + r) mod 2 + 2*j` and
    /// meets input `m + b + (D + r div 2) - j`: element `m + D*r + J-1-j` of a row that begins with input `b - (J-1)`.
    pub(super) fn new(sizes: &Resolved, workers: usize) -> Result<Option<Self>, Error> {
        let axis = |from_innermost: usize| {
            let walk = sizes.walks.iter().rev().nth(from_innermost);
            walk.map_or_else(|| Axis::unit(Op::ConvTranspose), Axis::new)
        };
        let is_transposed = sizes.walks.first().map(Walk::op) == Some(Op::ConvTranspose);
        let (depth, height, width) = (axis(2), axis(1), axis(0));
        let per_phase = width.kernel / 2;
        let is_flat = (depth.input, depth.output, depth.kernel) == (1, 1, 1) && depth.begin == 0;
        let is_doubled = width.stride == 2 && width.dilation == 1 && width.kernel % 2 == 0;
        if !(is_transposed && is_flat && is_doubled)
            || height.stride > MOST_PHASES
            || !(1..=DOUBLED_TAPS).contains(&per_phase)
        {
            return Ok(None);
        }
        let (rows, columns) = (height.output, width.output);
        let pitch = doubled_row_reads(columns, per_phase);
        let Some(pitch) = pitch.checked_next_multiple_of(ALIGNED) else {
            return Ok(None);
        };
        let panel = |rows: usize| height.most_inputs(rows).saturating_mul(pitch);
        if panel(1) > NEAR {
            return Ok(None);
        }
        let plane = rows.saturating_mul(columns);
        // An empty batch is cut like one image: nothing of it is run.
        let planes = sizes.batch.max(1).saturating_mul(sizes.out_channels).max(1);
        let all = plane.saturating_mul(planes);
        // With several threads every one should find a few pieces.
        let most = if workers == 1 {
            all
        } else {
            all.div_ceil(4 * workers)
        };
        let together = last_where(rows, |rows| panel(rows) <= NEAR);
        let together = together.min(most.div_ceil(columns)).max(1);
        // Planes are copied together if they are whole, of one image, and have inputs of their own.
        let (parent, unit, planes_together) = if together == rows {
            let piece = (PIECE / plane).min(most / plane).clamp(1, planes);
            let own = if sizes.in_channels == sizes.out_channels {
                sizes.out_channels.min(NEAR / panel(rows))
            } else {
                1
            };
            (all, plane * piece, own.min(piece))
        } else {
            (plane, together * columns, 1)
        };
        let origin = width.begin.div_euclid(2) - (per_phase as isize - 1);
        let lead = (origin.saturating_neg().max(0) as usize).min(pitch);
        let from = (origin.max(0) as usize).min(width.input);
        Ok(Some(Self {
            rows: bands(&height)?,
            columns,
            is_odd: width.begin.rem_euclid(2) == 1,
            per_phase,
            count: (width.input - from).min(pitch - lead),
            from,
            lead,
            pitch,
            input: width.input,
            pieces: (all / parent) * parent.div_ceil(unit),
            parent,
            unit,
            panel: panel(together) * planes_together,
            planes_together,
            height,
        }))
    }

    /// Elements of scratch that one thread needs.
    pub(super) fn scratch(&self) -> usize {
        self.panel
    }

    /// Elements of an output plane.
    pub(super) fn plane(&self) -> usize {
        self.height.output * self.columns
    }

    /// The bands of some rows: their outputs counted from the first of these, their inputs from row `input` on.
    fn bands(&self, rows: &Range<usize>, input: usize) -> impl Iterator<Item = Band> {
        let stride = self.height.stride;
        let kernel_row = 2 * self.per_phase;
        // How many rows of a band come before one.
        let before = move |band: &Rows, row: usize| match row.checked_sub(band.first) {
            None => 0,
            Some(_) if row == self.height.output => band.count,
            Some(far) => far.div_ceil(stride).min(band.count),
        };
        self.rows.iter().filter_map(move |band| {
            let (from, to) = (before(band, rows.start), before(band, rows.end));
            let pairs = band.pairs.shifted(from);
            (from < to).then(|| Band {
                rows: to - from,
                y: (band.first + from * stride - rows.start) * self.columns,
                y_step: stride * self.columns,
                pairs: pairs.count,
                x: pairs.input.saturating_sub(input) * self.pitch,
                x_pair: pairs.input_step * self.pitch as isize,
                x_step: self.pitch,
                weights: pairs.tap * kernel_row,
                weights_pair: pairs.tap_step * kernel_row,
            })
        })
    }

    /// Fills `y`, at most `planes_together` planes of one image or rows of one plane, from element `first` of the whole output on.
    ///
    /// `panel` holds zeros where no call has copied inputs to.
    pub(super) fn fill<T: Element>(
        &self,
        isa: Isa,
        planes: &Planes<'_, T>,
        first: usize,
        panel: &mut [T],
        y: &mut [T],
    ) {
        let (plane, at) = (first / self.plane(), first % self.plane());
        let (image, channel) = (plane / planes.out_channels, plane % planes.out_channels);
        let packed = planes.packed;
        let count = (y.len() / self.plane()).max(1);
        let row = at / self.columns;
        let rows = row..row + (y.len() / self.columns).min(self.height.output);
        let inputs = self.height.inputs(&rows);
        let plane_of_x = self.height.input * self.input;
        let group = image * planes.in_channels + channel / packed.out_per_group;
        let panel_plane = inputs.len() * self.pitch;
        isa.panel_rows(
            PanelRows {
                planes: count,
                x_plane: plane_of_x,
                panel_plane,
                rows: inputs.len(),
                x_row: self.input,
                panel_row: self.pitch,
                count: self.count,
            },
            &planes.x[group * plane_of_x + inputs.start * self.input + self.from..],
            &mut panel[self.lead..],
        );
        let mut bands = self.bands(&rows, inputs.start);
        loop {
            let mut some = [Band::default(); BANDS];
            let mut taken = 0;
            for (to, band) in some.iter_mut().zip(&mut bands) {
                *to = band;
                taken += 1;
            }
            if taken == 0 {
                return;
            }
            isa.doubled_planes(
                &DoubledPlanes {
                    planes: count,
                    panel,
                    panel_plane,
                    weights: &packed.weights[channel * packed.taps..],
                    taps: packed.taps,
                    bias: packed.bias.get(channel..).unwrap_or(&[]),
                    bands: &some[..taken],
                    columns: self.columns,
                    y_plane: self.plane(),
                    is_odd: self.is_odd,
                    per_phase: self.per_phase,
                },
                y,
            );
        }
    }
}

impl<T: Element> Depthwise<T> {
    /// Runs the call, whose sizes are `doubled`; its output is not empty.
    pub(super) fn run_doubled(
        &self,
        call: Call<'_, T>,
        workers: usize,
        doubled: &Doubled,
    ) -> Result<(), Error> {
        let isa = call.isa();
        let Call {
            sizes,
            x,
            y,
            scratch,
            options,
            activation,
            ..
        } = call;
        let memory = scratch.take(doubled.scratch() * workers)?;
        let progress = options.progress.as_deref();
        if let Some(progress) = progress {
            progress.begin(doubled.pieces);
        }
        let planes = Planes {
            packed: &self.packed,
            x,
            in_channels: sizes.in_channels,
            out_channels: sizes.out_channels,
        };
        // Whether the panel has been cleared.
        let states = memory
            .chunks_exact_mut(doubled.scratch())
            .map(|panel| (panel, false));
        let pieces = super::pieces(y, doubled.parent, doubled.unit);
        threads::share(states, pieces, |(panel, is_clear), (mut first, mut y)| {
            if !std::mem::replace(is_clear, true) {
                panel.fill(T::ZERO);
            }
            let plane = doubled.plane();
            while !y.is_empty() {
                let (at, channel) = (first % plane, first / plane % sizes.out_channels);
                let together = doubled.planes_together.min(sizes.out_channels - channel);
                let length = (plane * together - at).min(y.len());
                let (here, rest) = y.split_at_mut(length);
                doubled.fill(isa, &planes, first, panel, here);
                for (n, here) in here.chunks_mut(plane).enumerate() {
                    activation.apply(isa, channel + n, here);
                }
                first += length;
                y = rest;
            }
            if let Some(progress) = progress {
                progress.step();
            }
        });
        Ok(())
    }
}

/// All rows of outputs, in bands: of each phase the rows without a border, and on either side of these as many at most as
/// there are taps, and some without any.
fn bands(height: &Axis) -> Result<Vec<Rows>, Error> {
    let most = height.stride.saturating_mul(2 * height.kernel + 3);
    let mut bands = reserve("the list of rows", most.min(height.output))?;
    for phase in 0..height.stride.min(height.output) {
        let rows = (phase..height.output).step_by(height.stride);
        let mut band: Option<Rows> = None;
        for row in rows {
            let pairs = height.pairs(row);
            match &mut band {
                Some(band) if pairs == band.pairs.shifted(band.count) => band.count += 1,
                _ => bands.extend(band.replace(Rows {
                    first: row,
                    count: 1,
                    pairs,
                })),
            }
        }
        bands.extend(band);
    }
    Ok(bands)
}
