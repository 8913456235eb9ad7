//! Insert, pad, flip, slide: one frame per step, then one per output. A convolution pads and slides.

mod formula;
mod sheet;

use convt_draw::{Frame, Ink, Map, Paint, Stroke};
use convt_geometry::Op;

use crate::model::{Model, Three, flat, unflat, volume};
use crate::views::canvas::{Canvas, FORMULA_LINE, Look, NAME, SMALL};
use crate::views::layout::{Block, MARGIN, Spot, flow};
use crate::views::number::{by, list, number, width};
use crate::views::{Stage, Table};
use crate::words::{Pads, Words};
use crate::{CellKind, ExplainError, State, Trace, letter};

/// The most lines of a formula.
const LINES: usize = 4;

pub(in crate::views) struct FourSteps {
    model: Model,
    words: &'static dyn Words,
    /// One per output channel.
    traces: Vec<Trace>,
    /// Per input channel of a group: input, sheet, kernel, and in the first row the output.
    rows: Vec<Vec<Spot>>,
    sheet: Three,
    formula_top: f64,
    /// Lines that there is room for.
    formula_lines: usize,
    legend_top: f64,
    size: (f64, f64),
}

/// What a frame is about.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Start,
    Insert,
    Pad,
    Flip,
    /// Output channel and output position.
    Slide(usize, Three),
}

impl FourSteps {
    pub(in crate::views) fn new(state: &State) -> Result<Self, ExplainError> {
        let model = Model::new(state)?;
        let words = state.lang.words();
        let traces: Vec<Trace> = (0..model.out_channels)
            .map(|co| model.trace(co))
            .collect::<Result<_, _>>()?;
        let mut sheet = [1; 3];
        sheet[3 - model.dims..].copy_from_slice(&traces[0].steps.padded[0].shape);
        let sources = model.sources(0).len();
        let top = MARGIN + 44.0;
        let notes = model.notes(words);
        let blocks = |row: usize| {
            let mut blocks = vec![
                Block::new(model.input()).titled(words.input(), &notes.input),
                Block::new(sheet)
                    .titled(words.padded(model.op), "")
                    .sign("→"),
                Block::new(model.kernel())
                    .titled(words.kernel_flipped(), &notes.kernel)
                    .sign("∗"),
            ];
            if row == 0 {
                let block = Block::new(model.output()).titled(words.output(), &notes.output);
                blocks.push(block.sign("="));
            }
            blocks
        };
        // One axis: every map has a line of its own.
        let (rows, right, bottom) = if model.dims == 1 {
            let lines: Vec<Vec<Block>> = (0..sources)
                .flat_map(|row| blocks(row).into_iter().map(|block| vec![block]))
                .collect();
            let (spots, right, bottom) = flow(&lines, top);
            let mut spots = spots.into_iter().flatten();
            let rows = (0..sources)
                .map(|row| spots.by_ref().take(if row == 0 { 4 } else { 3 }).collect())
                .collect();
            (rows, right, bottom)
        } else {
            flow(&(0..sources).map(blocks).collect::<Vec<_>>(), top)
        };
        let size = right.max(640.0);
        let mut view = Self {
            model,
            words,
            traces,
            rows,
            sheet,
            formula_top: bottom + 44.0,
            formula_lines: LINES,
            legend_top: 0.0,
            size: (size, 0.0),
        };
        view.formula_lines = view.longest_formula();
        view.legend_top = view.formula_top + view.formula_lines as f64 * FORMULA_LINE - 6.0;
        let legend = if view.legend().is_empty() { 0.0 } else { 18.0 };
        view.size.1 = view.legend_top + legend + MARGIN / 2.0;
        Ok(view)
    }

    /// Lines of the formula of the output with the most products.
    fn longest_formula(&self) -> usize {
        let slides = &self.traces[0].steps.slides;
        let longest = slides.iter().max_by_key(|slide| slide.products.len());
        longest.map_or(1, |slide| self.formula(0, slide).len())
    }

    fn recipe(&self) -> &'static [Phase] {
        match self.model.op {
            Op::ConvTranspose => &[Phase::Start, Phase::Insert, Phase::Pad, Phase::Flip],
            Op::Conv => &[Phase::Start, Phase::Pad],
        }
    }

    fn phase(&self, index: usize) -> Phase {
        let recipe = self.recipe();
        if let Some(&phase) = recipe.get(index) {
            phase
        } else {
            let output = self.model.output();
            let slide = index - recipe.len();
            let (co, o) = (slide / volume(output), slide % volume(output));
            Phase::Slide(co, unflat(output, o))
        }
    }

    /// The kinds of cells that occur in the padded input, with their names.
    fn legend(&self) -> Vec<(Paint, &'static str)> {
        let cells = &self.traces[0].steps.padded[0].cells;
        [
            (
                CellKind::InsertedZero,
                Paint::InsertedZero,
                self.words.inserted_zero(),
            ),
            (
                CellKind::PaddingZero,
                Paint::PaddingZero,
                self.words.padding_zero(),
            ),
            (
                CellKind::OutputPaddingZero,
                Paint::OutputPaddingZero,
                self.words.output_padding_zero(),
            ),
            (CellKind::Cropped, Paint::Cropped, self.words.cut_cell()),
        ]
        .into_iter()
        .filter(|(kind, ..)| cells.iter().any(|cell| cell.kind == *kind))
        .map(|(_, paint, name)| (paint, name))
        .collect()
    }

    /// The names of the steps, the current one in full ink.
    fn strip(&self, canvas: &mut Canvas, phase: Phase) {
        let names = self.words.step_names(self.model.op);
        let current = match (self.model.op, phase) {
            (_, Phase::Start) => usize::MAX,
            (_, Phase::Insert) | (Op::Conv, Phase::Pad) => 0,
            (Op::ConvTranspose, Phase::Pad) | (Op::Conv, _) => 1,
            (Op::ConvTranspose, Phase::Flip) => 2,
            (Op::ConvTranspose, Phase::Slide(..)) => 3,
        };
        let mut x = MARGIN;
        for (i, name) in names.iter().enumerate() {
            let text = format!("{} {name}", i + 1);
            let ink = if i == current {
                Ink::Normal
            } else {
                Ink::Quiet
            };
            canvas.words(
                x,
                MARGIN + 10.0,
                convt_draw::Anchor::Start,
                NAME,
                ink,
                &text,
            );
            let end = x + width(&text, NAME);
            if i == current {
                canvas.rule(x, end, MARGIN + 18.0);
            }
            x = end + 34.0;
            if i + 1 < names.len() {
                canvas.words(
                    x - 17.0,
                    MARGIN + 10.0,
                    convt_draw::Anchor::Middle,
                    SMALL,
                    Ink::Quiet,
                    "→",
                );
            }
        }
    }

    fn caption(&self, phase: Phase) -> String {
        let model = &self.model;
        let facts = &self.traces[0].facts;
        match phase {
            Phase::Start => self.words.steps_start(
                model.op,
                &by(&facts.input),
                &by(&facts.kernel),
                &by(&facts.output),
            ),
            Phase::Insert => {
                let stretched: Vec<usize> =
                    (0..model.dims).map(|axis| facts.stretched(axis)).collect();
                self.words
                    .insert(&facts.stride, &by(&facts.input), &by(&stretched))
            }
            Phase::Pad => {
                let pads: Vec<[isize; 2]> = (0..model.dims).map(|axis| facts.pads(axis)).collect();
                let extra: Vec<usize> = model.real_axes().iter().map(|axis| axis.extra).collect();
                self.words.pad(&Pads {
                    op: model.op,
                    zeros: &pads,
                    crops: &facts.crops,
                    reach: &(0..model.dims)
                        .map(|axis| facts.span(axis) - 1)
                        .collect::<Vec<_>>(),
                    extra: &extra,
                })
            }
            Phase::Flip => self
                .words
                .flip(model.dims, &letter(0), &letter(model.taps() - 1)),
            Phase::Slide(co, o) => {
                let slide = &self.traces[co].steps.slides[flat(model.output(), o)];
                let at = list(&model.output_index(co, o));
                self.words.slide(
                    model.op,
                    &at,
                    slide.products.len(),
                    &number(slide.sum),
                    model.b.is_some(),
                )
            }
        }
    }

    fn channel_row(&self, canvas: &mut Canvas, row: usize, phase: Phase) {
        let (model, words) = (&self.model, self.words);
        let (co, slide) = match phase {
            Phase::Slide(co, o) => (
                co,
                Some(&self.traces[co].steps.slides[flat(model.output(), o)]),
            ),
            _ => (0, None),
        };
        let trace = &self.traces[co];
        let ci = model.sources(co).start + row;
        let used: Vec<usize> = slide.map_or(Vec::new(), |slide| {
            let here = slide.products.iter().filter(|one| one.channel == row);
            here.map(|one| one.input).collect()
        });
        let spots = &self.rows[row];
        let note = words.size_note(&by(&trace.facts.input), channel_of(ci, model.in_channels));
        canvas.map(&spots[0], Map::Input, words.input(), &note, |q| {
            let index = flat(model.input(), q);
            Some(
                Look::new(Paint::Input, number(model.x_at(ci, q)))
                    .focus(used.contains(&index))
                    .at(model.input_index(ci, q)),
            )
        });
        if phase != Phase::Start {
            self.sheet(canvas, &spots[1], row, phase, slide);
        }
        let flipped =
            model.op == Op::ConvTranspose && matches!(phase, Phase::Flip | Phase::Slide(..));
        let (map, title) = if flipped {
            (Map::Flipped, words.kernel_flipped())
        } else {
            (Map::Kernel, words.kernel())
        };
        let [a, b] = model.kernel_index(ci, co);
        let note = words.kernel_note(
            &by(&trace.facts.kernel),
            (model.in_channels * model.out_channels > 1).then_some((ci, co)),
        );
        canvas.map(&spots[2], map, title, &note, |u| {
            let tap = if flipped { model.turned(u) } else { u };
            let at = flat(model.kernel(), tap);
            Some(
                Look::new(
                    Paint::Kernel(at, model.taps()),
                    number(model.w_at(ci, co, tap)),
                )
                .corner(letter(at))
                .at(model.tap_index([a, b], tap)),
            )
        });
    }
}

/// The channel to name, where there are several.
pub(in crate::views) fn channel_of(index: usize, count: usize) -> Option<usize> {
    (count > 1).then_some(index)
}

impl Stage for FourSteps {
    fn size(&self) -> (f64, f64) {
        self.size
    }

    fn frames(&self) -> usize {
        self.recipe().len() + self.model.out_channels * volume(self.model.output())
    }

    fn cells(&self) -> usize {
        let model = &self.model;
        let row = volume(model.input()) + volume(self.sheet) + model.taps();
        self.rows.len() * row + volume(model.output())
    }

    fn title(&self) -> String {
        let facts = &self.traces[0].facts;
        self.words.title_steps(
            self.model.op,
            &by(&facts.input),
            &by(&facts.kernel),
            &by(&facts.output),
        )
    }

    fn draw(&self, index: usize) -> (Frame, Vec<Table>) {
        let model = &self.model;
        let phase = self.phase(index);
        let mut canvas = Canvas::default();
        self.strip(&mut canvas, phase);
        for row in 0..self.rows.len() {
            self.channel_row(&mut canvas, row, phase);
        }
        let (co, now) = match phase {
            Phase::Slide(co, o) => (co, Some(o)),
            _ => (0, None),
        };
        let done = now.map_or(0, |o| flat(model.output(), o) + 1);
        let facts = &self.traces[co].facts;
        let note = self
            .words
            .size_note(&by(&facts.output), channel_of(co, model.out_channels));
        let out = &self.rows[0][3];
        canvas.map(out, Map::Output, self.words.output(), &note, |o| {
            let index = flat(model.output(), o);
            let look = if index < done {
                Look::new(Paint::Output, number(model.y_at(co, o))).focus(now == Some(o))
            } else {
                Look::new(Paint::Pending, "")
            };
            Some(look.at(model.output_index(co, o)))
        });
        if let Some(o) = now {
            canvas.around(out, o.map(|n| n as isize), [1; 3], Stroke::Focus);
            let slide = &self.traces[co].steps.slides[flat(model.output(), o)];
            canvas.formula(self.formula_top, &self.formula(co, slide));
        }
        if phase != Phase::Start {
            canvas.legend(self.legend_top, &self.legend());
        }
        let last = index + 1 == self.frames();
        let seconds = match phase {
            _ if last => 3.0,
            Phase::Slide(..) => 0.9,
            _ => 2.5,
        };
        canvas.finish(self.caption(phase), seconds)
    }
}
