//! The stretched and padded input, and the window on it.

use convt_draw::{Map, Paint, Stroke};
use convt_geometry::Op;

use super::{FourSteps, Phase};
use crate::model::{Three, flat};
use crate::views::canvas::{Canvas, Look};
use crate::views::layout::Spot;
use crate::views::number::{by, number};
use crate::{CellKind, Slide, Trace, letter};

impl FourSteps {
    /// Draws the sheet of input channel `row` of a group.
    pub(super) fn sheet(
        &self,
        canvas: &mut Canvas,
        spot: &Spot,
        row: usize,
        phase: Phase,
        slide: Option<&Slide>,
    ) {
        let (model, words) = (&self.model, self.words);
        let trace = &self.traces[if let Phase::Slide(co, _) = phase {
            co
        } else {
            0
        }];
        let sheet = &trace.steps.padded[row];
        let stretched_only = phase == Phase::Insert;
        let shape = self.sheet;
        // Which tap lies on which cell in this frame.
        let mut over = vec![None; sheet.cells.len()];
        if let Some(slide) = slide {
            let covered = trace.steps.covered(&trace.facts, slide);
            let taps = model.taps();
            for (u, cell) in covered.into_iter().enumerate() {
                let tap = match model.op {
                    Op::ConvTranspose => taps - 1 - u, // the kernel that slides is flipped
                    Op::Conv => u,
                };
                over[cell] = Some(tap);
            }
        }
        let size: Vec<usize> = if stretched_only {
            (0..model.dims)
                .map(|axis| trace.facts.stretched(axis))
                .collect()
        } else {
            (0..model.dims)
                .map(|axis| {
                    let [before, after] = trace.facts.pads(axis);
                    (trace.facts.stretched(axis) as isize + before + after) as usize
                })
                .collect()
        };
        let title = if stretched_only {
            words.stretched()
        } else {
            words.padded(model.op)
        };
        let ci = model.sources(0).start + row;
        canvas.map(spot, Map::Stretched, title, &by(&size), |at| {
            let cell = &sheet.cells[flat(shape, at)];
            let mut kind = cell.kind;
            if stretched_only {
                if !self.is_content(trace, at) {
                    return None;
                }
                kind = if cell.source.is_some() {
                    CellKind::Value
                } else {
                    CellKind::InsertedZero
                };
            }
            let paint = match kind {
                CellKind::Value => Paint::Input,
                CellKind::InsertedZero => Paint::InsertedZero,
                CellKind::PaddingZero => Paint::PaddingZero,
                CellKind::OutputPaddingZero => Paint::OutputPaddingZero,
                CellKind::Cropped => Paint::Cropped,
            };
            let label = if kind == CellKind::Value
                || (kind == CellKind::Cropped && cell.source.is_some())
            {
                number(cell.value)
            } else {
                "0".into()
            };
            let tap = over[flat(shape, at)];
            let mut look = Look::new(paint, label)
                .corner(tap.map_or_else(String::new, letter))
                .focus(tap.is_some() && kind == CellKind::Value);
            look.index = Some(model.channel_index(ci, model.in_channels, at));
            Some(look)
        });
        if let Some(slide) = slide {
            let corner = model.three(&slide.corner).unwrap_or_default();
            canvas.around(
                spot,
                corner.map(|n| n as isize),
                model.each(|axis| axis.span),
                Stroke::Focus,
            );
        }
    }

    /// Whether a cell of the padded sheet belongs to the stretched input.
    fn is_content(&self, trace: &Trace, at: Three) -> bool {
        self.model.own(at).iter().enumerate().all(|(axis, &n)| {
            let before = trace.facts.pads(axis)[0].max(0) as usize;
            (before..before + trace.facts.stretched(axis)).contains(&n)
        })
    }
}
