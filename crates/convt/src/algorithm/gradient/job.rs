//! One job: the sums of some channels over all blocks, and their way into the gradient.

use std::ops::Range;

use convt_simd::{Factors, Isa, Runs, Turn};

use super::Pair;
use super::cut::Cut;
use super::form::Form;
use super::panels::{Channels, Map, Panels, Pass};
use crate::Element;
use crate::tensor::all_finite;

/// The part of the gradient that a job writes.
pub(super) struct Job<'w, T> {
    pub(super) channels: Channels,
    /// For each coarse channel the gradient of its weights with the job's fine channels.
    pub(super) weights: Vec<&'w mut [T]>,
}

/// The jobs of a gradient.
pub(super) fn jobs<'w, T>(cut: &Cut, weight: &'w mut [T]) -> Vec<Job<'w, T>> {
    let (shape, taps) = (&cut.shape, cut.shape.taps());
    let mut jobs = Vec::with_capacity(cut.jobs());
    let each = cut.coarse.channels * cut.fine.channels * taps;
    let groups = weight.chunks_mut(each * cut.groups).enumerate();
    for (part, weight) in groups {
        let first = part * cut.groups;
        let groups = first..(first + cut.groups).min(shape.groups);
        let mut rows = weight.chunks_mut(cut.fine.channels * taps);
        for coarse in (0..cut.coarse.jobs()).map(|job| cut.coarse.of_job(job)) {
            let begin = jobs.len();
            for fine in (0..cut.fine.jobs()).map(|job| cut.fine.of_job(job)) {
                jobs.push(Job {
                    channels: Channels {
                        groups: groups.clone(),
                        coarse: coarse.clone(),
                        fine,
                    },
                    weights: Vec::new(),
                });
            }
            let count = cut.coarse.channels_of(&coarse).len() * groups.len();
            for mut row in rows.by_ref().take(count) {
                for job in &mut jobs[begin..] {
                    let channels = cut.fine.channels_of(&job.channels.fine).len();
                    let (part, rest) = row.split_at_mut(channels * taps);
                    job.weights.push(part);
                    row = rest;
                }
            }
        }
    }
    jobs
}

/// What a thread keeps from job to job.
pub(super) struct State<'m, T> {
    pub(super) memory: &'m mut [T],
    pub(super) map: Map,
    pub(super) runs: Runs,
}

/// Ranges of at most `each` of `0..all`.
fn parts(all: usize, each: usize) -> impl Iterator<Item = Range<usize>> {
    (0..all)
        .step_by(each)
        .map(move |from| from..(from + each).min(all))
}

impl<T: Element> Job<'_, T> {
    /// Sums and stores.
    pub(super) fn run(mut self, isa: Isa, cut: &Cut, pair: &Pair<'_, T>, state: &mut State<'_, T>) {
        let [coarse, fine, _] = cut.memory::<T>();
        let (coarse, rest) = state.memory.split_at_mut(coarse);
        let (fine, sums) = rest.split_at_mut(fine);
        sums.fill(T::ZERO);
        let [depth, height, _] = &cut.shape.axes;
        for of_depth in parts(depth.kernel(), cut.pass[0]) {
            for of_height in parts(height.kernel(), cut.pass[1]) {
                let pass = Pass {
                    depth: of_depth.clone(),
                    height: of_height,
                };
                for block in cut.blocks.iter() {
                    state.map.set(cut, &block, &pass);
                    let panels = Panels {
                        isa,
                        cut,
                        pair,
                        map: &state.map,
                        block: &block,
                        pass: &pass,
                        channels: &self.channels,
                    };
                    panels.gather_coarse(coarse);
                    panels.gather_fine(fine);
                    panels.sum((coarse, fine), &mut state.runs, sums);
                }
            }
        }
        self.store(isa, cut, sums);
    }

    /// Turns sums, whose lanes are channels, into weights, whose last axes are taps.
    fn store(&mut self, isa: Isa, cut: &Cut, sums: &[T]) {
        let tile = &cut.tile;
        let taps = cut.shape.taps();
        let fine = cut.fine.channels_of(&self.channels.fine).len();
        let lanes = tile.lanes.next_multiple_of(T::LINE);
        let turn = |rows: &[usize], planes: &mut [&mut [T]], at| {
            isa.turn(Turn {
                sums,
                rows,
                lanes,
                planes,
                at,
            });
        };
        let places = Places {
            cut,
            channels: &self.channels,
        };
        let mut rows = Vec::new();
        if tile.form == Form::FineLanes {
            for (ca, weights) in self.weights.iter_mut().enumerate() {
                let mut kernels: Vec<_> = weights.chunks_exact_mut(taps).collect();
                for (panel, kernels) in kernels.chunks_mut(tile.lanes).enumerate() {
                    rows.clear();
                    rows.extend((0..taps).map(|tap| places.of(tap, panel, ca)));
                    turn(&rows, kernels, 0);
                }
            }
            return;
        }
        if tile.form == Form::Matched {
            for ca in 0..cut.coarse.channels {
                let of_groups = self.weights.iter_mut().skip(ca);
                let of_groups = of_groups.step_by(cut.coarse.channels);
                let mut planes: Vec<_> = of_groups.map(|row| &mut **row).collect();
                for cb in 0..fine {
                    rows.clear();
                    rows.extend((0..taps).map(|tap| places.of(tap, ca, cb)));
                    turn(&rows, &mut planes, cb * taps);
                }
            }
            return;
        }
        for (panel, planes) in self.weights.chunks_mut(tile.lanes).enumerate() {
            for cb in 0..fine {
                rows.clear();
                rows.extend((0..taps).map(|tap| places.of(tap, panel, cb)));
                turn(&rows, planes, cb * taps);
            }
        }
    }
}

/// Where sums lie.
struct Places<'p> {
    cut: &'p Cut,
    channels: &'p Channels,
}

impl Places<'_> {
    /// The tile of a tap (in a window of a line of taps), a panel of lanes and one of rows (in a window a piece).
    fn tile(&self, tap: usize, lanes: usize, rows: usize) -> usize {
        let (lane_panels, row_panels) = match self.cut.tile.form {
            Form::FineLanes => (self.channels.fine.len(), self.channels.coarse.len()),
            Form::Window => (self.channels.coarse.len(), self.cut.pieces()),
            _ => (self.channels.coarse.len(), self.channels.fine.len()),
        };
        ((tap * lane_panels + lanes) * row_panels + rows) * self.cut.sums()
    }

    /// The sums of a tap, a panel of lanes and a channel of the rows' side.
    fn of(&self, tap: usize, panel: usize, row: usize) -> usize {
        let tile = &self.cut.tile;
        let (tap, row) = match tile.form {
            Form::Window => {
                let kernel = self.cut.shape.axes[2].kernel();
                let row = tap % kernel * self.cut.fine.channels + row;
                (tap / kernel, row)
            }
            _ => (tap, row),
        };
        self.tile(tap, panel, row / tile.rows) + row % tile.rows * tile.lanes
    }
}

impl<T: Element> Panels<'_, '_, T> {
    /// Adds the block's sums of the pass.
    fn sum(&self, (coarse, fine): (&[T], &[T]), runs: &mut Runs, sums: &mut [T]) {
        let [_, height, width] = &self.cut.shape.axes;
        let coarse_end = self.channels.coarse.len() * self.coarse_panel();
        let finite = self.cut.tile.form != Form::Window || all_finite(&coarse[..coarse_end]);
        for z in self.pass.depth.clone() {
            for y in self.pass.height.clone() {
                let line = z * height.kernel() + y;
                match self.cut.tile.form {
                    Form::Window if finite => {
                        self.runs([z, y], None, runs);
                        self.windows(coarse, fine, runs, line, sums);
                    }
                    Form::Window => {
                        for tap in 0..width.kernel() {
                            self.runs([z, y], Some(tap), runs);
                            self.window_tap(coarse, fine, runs, (line, tap), sums);
                        }
                    }
                    _ => {
                        for tap in 0..width.kernel() {
                            self.runs([z, y], Some(tap), runs);
                            self.tiles(coarse, fine, runs, line * width.kernel() + tap, sums);
                        }
                    }
                }
            }
        }
    }

    fn places(&self) -> Places<'_> {
        Places {
            cut: self.cut,
            channels: self.channels,
        }
    }

    /// All tiles of one tap.
    fn tiles(&self, coarse: &[T], fine: &[T], runs: &Runs, tap: usize, sums: &mut [T]) {
        if runs.is_empty() {
            return;
        }
        let (cut, channels) = (self.cut, self.channels);
        let coarse = (coarse, self.coarse_panel(), &channels.coarse, &cut.coarse);
        let fine = (fine, self.fine_panel(), &channels.fine, &cut.fine);
        let (lanes, rows) = match cut.tile.form {
            Form::FineLanes => (fine, coarse),
            _ => (coarse, fine),
        };
        let places = self.places();
        for (l, lane_panel) in lanes.2.clone().enumerate() {
            for (r, row_panel) in rows.2.clone().enumerate() {
                let factors = Factors {
                    lanes: &lanes.0[l * lanes.1..][..lanes.1],
                    rows: &rows.0[r * rows.1..][..rows.1],
                    runs,
                };
                let sums = &mut sums[places.tile(tap, l, r)..][..cut.sums()];
                if cut.tile.form == Form::Matched {
                    self.isa.matched_sums(&factors, sums);
                    continue;
                }
                let count = rows.3.each.min(rows.3.channels - row_panel * rows.3.each);
                let vectors = cut.vectors(lane_panel, lanes.3);
                self.isa
                    .outer_sums((count, vectors), &factors, sums, cut.tile.lanes);
            }
        }
    }

    /// All tiles of a line of taps, zeros of the border included: the coarse tensor is finite here.
    fn windows(&self, coarse: &[T], fine: &[T], runs: &Runs, line: usize, sums: &mut [T]) {
        if runs.is_empty() {
            return;
        }
        let (cut, each) = (self.cut, self.coarse_panel());
        let all = cut.shape.axes[2].kernel() * cut.fine.channels;
        for (l, panel) in self.channels.coarse.clone().enumerate() {
            for (piece, rows) in parts(all, cut.tile.rows).enumerate() {
                let factors = Factors {
                    lanes: &coarse[l * each..][..each],
                    rows: &fine[rows.start..],
                    runs,
                };
                let sums = &mut sums[self.places().tile(line, l, piece)..][..cut.sums()];
                let shape = (rows.len(), cut.vectors(panel, &cut.coarse));
                self.isa.outer_sums(shape, &factors, sums, cut.tile.lanes);
            }
        }
    }

    /// The rows of one tap of a line: only products that exist.
    fn window_tap(
        &self,
        coarse: &[T],
        fine: &[T],
        runs: &Runs,
        (line, tap): (usize, usize),
        sums: &mut [T],
    ) {
        if runs.is_empty() {
            return;
        }
        let (cut, each) = (self.cut, self.coarse_panel());
        let channels = cut.fine.channels;
        for (l, panel) in self.channels.coarse.clone().enumerate() {
            for row in tap * channels..(tap + 1) * channels {
                let factors = Factors {
                    lanes: &coarse[l * each..][..each],
                    rows: &fine[row..],
                    runs,
                };
                let (piece, row) = (row / cut.tile.rows, row % cut.tile.rows);
                let at = self.places().tile(line, l, piece) + row * cut.tile.lanes;
                let sums = &mut sums[at..][..cut.tile.lanes];
                let vectors = cut.vectors(panel, &cut.coarse);
                self.isa
                    .outer_sums((1, vectors), &factors, sums, cut.tile.lanes);
            }
        }
    }
}
