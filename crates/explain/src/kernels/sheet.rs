//! Kernels as a sheet of heat maps, each with its phases beside it.

use convt_draw::{Anchor, Figure, Ink, Map, Paint};

use super::{KernelMap, Kernels};
use crate::views::number::{fine, width};
use crate::views::{Canvas, Look, MARGIN, SMALL, Spot, Table};
use crate::words::Words;
use crate::{ExplainError, Lang};

/// The most cells of a sheet.
const MOST_CELLS: usize = 12_000;
/// With so many cells in all kernels, each cell has room for its number.
const NUMBERED: usize = 128;
/// Panels beyond this go to the next line.
const WIDEST: f64 = 1100.0;
/// Room above a map for its name and a note.
const HEAD: f64 = 46.0;
/// Between two panels, and between two phases.
const GAP: f64 = 36.0;
const PHASE_GAP: f64 = 20.0;
/// Below a phase, for its sum.
const SUM: f64 = 24.0;
/// Cells of the legend's scale, and the side of each.
const SCALE: usize = 9;
const SCALE_CELL: f64 = 22.0;

/// The sheet's figure of one frame, and its maps as text.
pub fn kernel_sheet(kernels: &Kernels, lang: Lang) -> Result<(Figure, Vec<Table>), ExplainError> {
    let cells = kernels.size[0] * kernels.size[1];
    let parts = kernels.split.map_or(0, |split| cells + split.phases());
    let count = (cells + parts) as u128 * kernels.shown.len() as u128;
    if count > MOST_CELLS as u128 {
        return Err(ExplainError::TooLarge {
            what: "cells of kernels",
            count,
            limit: MOST_CELLS,
            smaller: "fewer channels, with --strongest 1".to_string(),
        });
    }
    let sheet = Sheet::new(kernels, lang.words());
    Ok(sheet.draw())
}

struct Sheet<'a> {
    kernels: &'a Kernels,
    words: &'static dyn Words,
    cell: f64,
    numbered: bool,
    /// The largest magnitude of a finite weight: the end of the scale.
    largest: f64,
    canvas: Canvas,
}

impl<'a> Sheet<'a> {
    fn new(kernels: &'a Kernels, words: &'static dyn Words) -> Self {
        let weights = || kernels.shown.iter().flat_map(|one| &one.weights);
        let numbered = weights().count() <= NUMBERED;
        Self {
            cell: if numbered { 40.0 } else { 16.0 },
            largest: weights()
                .filter(|w| w.is_finite())
                .fold(0.0, |most: f64, w| most.max(w.abs())),
            canvas: Canvas::default(),
            kernels,
            words,
            numbered,
        }
    }

    fn draw(mut self) -> (Figure, Vec<Table>) {
        let (mut x, mut y, mut right, mut low) = (MARGIN, MARGIN, 0.0f64, 0.0f64);
        let kernels = self.kernels;
        for kernel in &kernels.shown {
            let (wide, high) = self.panel_size();
            if x > MARGIN && x + wide > WIDEST {
                (x, y) = (MARGIN, y + low + GAP);
                low = 0.0;
            }
            self.panel(kernel, x, y);
            right = right.max(x + wide);
            x += wide + GAP;
            low = low.max(high);
        }
        let mut bottom = y + low + GAP;
        if kernels.flat.is_some() {
            let (wide, high) = self.flat(bottom);
            right = right.max(MARGIN + wide);
            bottom += high + GAP;
        }
        right = right.max(self.legend(bottom));
        let caption = self.words.kernels_caption(kernels);
        let title = self.words.kernels_title(kernels);
        let (frame, tables) = self.canvas.finish(caption.clone(), 4.0);
        let figure = Figure {
            width: (right + MARGIN).max(560.0),
            height: bottom + SCALE_CELL + MARGIN / 2.0,
            description: format!("{title}. {caption}"),
            title,
            frames: vec![frame],
        };
        (figure, tables)
    }

    /// Width and height of one phase's place.
    fn phase_size(&self) -> [f64; 2] {
        let split = self.kernels.split.map_or([1, 1], |split| split.stride);
        let most = |a: usize| self.kernels.size[a].div_ceil(split[a]) as f64 * self.cell;
        let least = if self.numbered { 64.0 } else { 48.0 };
        [most(1).max(least) + PHASE_GAP, most(0) + SUM + 10.0]
    }

    fn map_width(&self) -> f64 {
        let least = width(self.words.kernels_phases(), 17.0);
        (self.kernels.size[1] as f64 * self.cell).max(least)
    }

    fn panel_size(&self) -> (f64, f64) {
        let kernel = (
            self.map_width(),
            HEAD + self.kernels.size[0] as f64 * self.cell,
        );
        let Some(split) = self.kernels.split else {
            return kernel;
        };
        let [wide, high] = self.phase_size();
        let phases = (
            wide * split.stride[1] as f64,
            HEAD + high * split.stride[0] as f64,
        );
        (kernel.0 + GAP + phases.0, kernel.1.max(phases.1))
    }

    /// One kernel, and its phases on its right.
    fn panel(&mut self, kernel: &KernelMap, x: f64, y: f64) {
        let title = self.words.kernels_channel(self.kernels, kernel);
        let note = self.words.kernels_norm(&fine(kernel.norm()));
        self.head(x, y, Map::Kernel, &title, &note);
        let [rows, columns] = self.kernels.size;
        self.heat(&title, &kernel.weights, [rows, columns], [x, y + HEAD]);
        let Some(split) = self.kernels.split else {
            return;
        };
        let x = x + self.map_width() + GAP;
        self.head(
            x,
            y,
            Map::Output,
            self.words.kernels_phases(),
            self.words.kernels_sums(),
        );
        let [wide, high] = self.phase_size();
        let phases = self.kernels.phases(kernel);
        for one in &phases {
            let at = [
                x + one.phase[1] as f64 * wide,
                y + HEAD + one.phase[0] as f64 * high,
            ];
            let name = self.words.kernels_phase(one.phase);
            self.heat(&name, &one.weights, one.size, at);
            let middle = at[0] + (one.size[1] as f64 * self.cell).max(48.0) / 2.0;
            let below = at[1] + one.size[0] as f64 * self.cell + SMALL + 2.0;
            self.canvas.words(
                middle,
                below,
                Anchor::Middle,
                SMALL,
                Ink::Number,
                &fine(one.sum),
            );
        }
        let sums = phases
            .chunks(split.stride[1])
            .map(|row| row.iter().map(|one| fine(one.sum)).collect());
        self.canvas.table(self.words.kernels_sums(), sums.collect());
    }

    fn head(&mut self, x: f64, y: f64, map: Map, title: &str, note: &str) {
        self.canvas
            .words(x, y + 17.0, Anchor::Start, 17.0, Ink::Title(map), title);
        self.canvas
            .words(x, y + 35.0, Anchor::Start, SMALL, Ink::Quiet, note);
    }

    /// Weights as cells, and as a table.
    fn heat(
        &mut self,
        title: &str,
        weights: &[f64],
        [rows, columns]: [usize; 2],
        [x, y]: [f64; 2],
    ) {
        let spot = Spot::placed([1, rows, columns], self.cell, x, y);
        let look = |value: f64| {
            let label = if self.numbered {
                fine(value)
            } else {
                String::new()
            };
            Look::new(self.paint(value), label)
        };
        let looks: Vec<Look> = weights.iter().map(|&value| look(value)).collect();
        self.canvas
            .untold(&spot, |[_, r, c]| looks[r * columns + c].clone());
        let rows = weights
            .chunks(columns.max(1))
            .map(|row| row.iter().map(|&w| fine(w)).collect());
        self.canvas.table(title, rows.collect());
    }

    fn paint(&self, value: f64) -> Paint {
        if !value.is_finite() {
            Paint::Plain
        } else if self.largest > 0.0 {
            Paint::Diverging(value / self.largest)
        } else {
            Paint::Diverging(0.0)
        }
    }

    /// What the network gives a flat picture, one cell per phase; gives its width and height.
    fn flat(&mut self, y: f64) -> (f64, f64) {
        let (Some(flat), Some(split)) = (&self.kernels.flat, self.kernels.split) else {
            return (0.0, 0.0);
        };
        let (title, note) = (
            self.words.kernels_flat(),
            self.words.kernels_flat_note(flat.level),
        );
        let [rows, columns] = split.stride;
        let cell = 64.0;
        let spot = Spot::placed([1, rows, columns], cell, MARGIN, y + HEAD);
        let told: Vec<String> = flat.values.iter().map(|v| format!("{v:.4}")).collect();
        self.canvas.untold(&spot, |[_, r, c]| {
            Look::new(Paint::Output, told[r * columns + c].clone())
        });
        self.canvas.table(
            title,
            told.chunks(columns).map(<[String]>::to_vec).collect(),
        );
        self.head(MARGIN, y, Map::Output, title, &note);
        let wide = (columns as f64 * cell)
            .max(width(&note, SMALL))
            .max(width(title, 17.0));
        (wide, HEAD + rows as f64 * cell)
    }

    /// The scale from the largest negative to the largest positive weight; gives its right end.
    fn legend(&mut self, y: f64) -> f64 {
        let ends = fine(self.largest);
        let low = if self.largest > 0.0 {
            format!("−{ends}")
        } else {
            ends.clone()
        };
        let base = y + 16.0;
        let mut x = MARGIN + width(&low, SMALL);
        self.canvas
            .words(x, base, Anchor::End, SMALL, Ink::Number, &low);
        x += 8.0;
        let spot = Spot::placed([1, 1, SCALE], SCALE_CELL, x, y);
        let half = (SCALE / 2) as f64;
        self.canvas.untold(&spot, |[_, _, c]| {
            Look::new(Paint::Diverging((c as f64 - half) / half), "")
        });
        x += SCALE as f64 * SCALE_CELL + 8.0;
        self.canvas
            .words(x, base, Anchor::Start, SMALL, Ink::Number, &ends);
        x += width(&ends, SMALL) + 24.0;
        let note = self.words.kernels_scale();
        self.canvas
            .words(x, base, Anchor::Start, SMALL, Ink::Quiet, note);
        x + width(note, SMALL)
    }
}
