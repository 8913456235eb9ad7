//! Every input element stamps the kernel, multiplied by itself; stamps add up; the crop leaves the output.

use convt_draw::{Frame, Ink, Map, Paint, Stroke};
use convt_geometry::Op;

use super::canvas::{Canvas, FORMULA_LINE, Look};
use super::four_steps::channel_of;
use super::layout::{Block, MARGIN, Spot, flow};
use super::number::{by, factor, list, number};
use super::{Stage, Table};
use crate::model::{Model, Three, flat, unflat, volume};
use crate::words::Words;
use crate::{ExplainError, Scatter, Stamp, State, Trace, letter};

pub(super) struct ScatterView {
    model: Model,
    words: &'static dyn Words,
    /// One per output channel.
    traces: Vec<Trace>,
    canvas: Three,
    /// Per output channel of a group: input, kernel, stamp, canvas.
    rows: Vec<Vec<Spot>>,
    formula_top: f64,
    size: (f64, f64),
}

/// What a frame is about.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Start,
    /// Input channel and position.
    Stamp(usize, Three),
    /// The output channels of a group are finished.
    Crop(usize),
}

impl ScatterView {
    pub(super) fn new(state: &State) -> Result<Self, ExplainError> {
        let model = Model::new(state)?;
        let words = state.lang.words();
        let traces: Vec<Trace> = (0..model.out_channels)
            .map(|co| model.trace(co))
            .collect::<Result<_, _>>()?;
        let mut canvas = [1; 3];
        canvas[3 - model.dims..].copy_from_slice(&traces[0].scatter.canvas);
        let targets = model.targets(0).len();
        let notes = model.notes(words);
        let blocks = |_| {
            vec![
                Block::new(model.input()).titled(words.input(), &notes.input),
                Block::new(model.kernel())
                    .titled(words.kernel(), &notes.kernel)
                    .sign("·"),
                Block::new(model.kernel())
                    .titled(words.stamp(), "")
                    .sign("="),
                Block::new(canvas)
                    .titled(words.all_stamps(model.op), &notes.output)
                    .sign("→"),
            ]
        };
        let (rows, right, bottom) = if model.dims == 1 {
            let lines: Vec<Vec<Block>> = (0..targets)
                .flat_map(|row| blocks(row).into_iter().map(|block| vec![block]))
                .collect();
            let (spots, right, bottom) = flow(&lines, MARGIN);
            let mut spots = spots.into_iter().flatten();
            let rows = (0..targets)
                .map(|_| spots.by_ref().take(4).collect())
                .collect();
            (rows, right, bottom)
        } else {
            flow(&(0..targets).map(blocks).collect::<Vec<_>>(), MARGIN)
        };
        let formula_top = bottom + 40.0;
        Ok(Self {
            size: (
                right.max(560.0),
                formula_top + FORMULA_LINE / 2.0 + MARGIN / 2.0,
            ),
            model,
            words,
            traces,
            canvas,
            rows,
            formula_top,
        })
    }

    fn phase(&self, index: usize) -> Phase {
        let Some(mut rest) = index.checked_sub(1) else {
            return Phase::Start;
        };
        let cells = volume(self.model.input());
        let per_group = self.model.sources(0).len();
        let frames = per_group * cells + 1;
        let group = rest / frames;
        rest %= frames;
        if rest == frames - 1 {
            return Phase::Crop(group);
        }
        let ci = group * per_group + rest / cells;
        Phase::Stamp(ci, unflat(self.model.input(), rest % cells))
    }

    /// The stamp of a phase and how many have landed, for output channel `co`.
    fn stamps(&self, co: usize, phase: Phase) -> (Option<&Stamp>, usize) {
        let scatter: &Scatter = &self.traces[co].scatter;
        match phase {
            Phase::Start => (None, 0),
            Phase::Crop(_) => (None, scatter.stamps.len()),
            Phase::Stamp(ci, q) => {
                let first = self.model.sources(co).start;
                let input = self.model.input();
                let index = (ci - first) * volume(input) + flat(input, q);
                (scatter.stamps.get(index), index + 1)
            }
        }
    }

    fn row(&self, canvas: &mut Canvas, row: usize, phase: Phase) {
        let (model, words) = (&self.model, self.words);
        let (ci, now) = match phase {
            Phase::Start => (0, None),
            Phase::Stamp(ci, q) => (ci, Some(q)),
            Phase::Crop(group) => (group * model.sources(0).len(), None),
        };
        let co = model.targets(ci).start + row;
        let trace = &self.traces[co];
        let facts = &trace.facts;
        let spots = &self.rows[row];
        let note = words.size_note(&by(&facts.input), channel_of(ci, model.in_channels));
        canvas.map(&spots[0], Map::Input, words.input(), &note, |q| {
            Some(
                Look::new(Paint::Input, number(model.x_at(ci, q)))
                    .focus(now == Some(q))
                    .at(model.input_index(ci, q)),
            )
        });
        if let Some(q) = now {
            canvas.around(&spots[0], q.map(|n| n as isize), [1; 3], Stroke::Focus);
        }
        let leading = model.kernel_index(ci, co);
        let pair = (model.in_channels * model.out_channels > 1).then_some((ci, co));
        let note = words.kernel_note(&by(&facts.kernel), pair);
        canvas.map(&spots[1], Map::Kernel, words.kernel(), &note, |t| {
            let at = flat(model.kernel(), t);
            Some(
                Look::new(
                    Paint::Kernel(at, model.taps()),
                    number(model.w_at(ci, co, t)),
                )
                .corner(letter(at))
                .at(model.tap_index(leading, t)),
            )
        });
        let (stamp, landed) = self.stamps(co, phase);
        let note = stamp.map_or_else(
            || "x · w".to_string(),
            |stamp| format!("{} · w", number(stamp.x)),
        );
        canvas.map(&spots[2], Map::Kernel, words.stamp(), &note, |t| {
            let at = flat(model.kernel(), t);
            // A tap whose product lands nowhere is not there (convolution).
            let add = stamp.and_then(|stamp| stamp.adds.iter().find(|add| add.tap == at));
            let Some(add) = add else {
                return Some(Look::new(Paint::Pending, ""));
            };
            let look = Look::new(Paint::Kernel(at, model.taps()), number(add.product));
            Some(look.corner(letter(at)))
        });
        self.target(canvas, co, &spots[3], phase, stamp, landed);
    }

    fn target(
        &self,
        canvas: &mut Canvas,
        co: usize,
        spot: &Spot,
        phase: Phase,
        stamp: Option<&Stamp>,
        landed: usize,
    ) {
        let (model, words) = (&self.model, self.words);
        let trace = &self.traces[co];
        let (scatter, facts) = (&trace.scatter, &trace.facts);
        let sums = scatter.after(landed);
        let first: Vec<usize> = scatter.frame.iter().map(|[begin, _]| *begin).collect();
        let first = model.three(&first).unwrap_or_default();
        let finished = matches!(phase, Phase::Crop(_));
        let (title, size) = if finished {
            (words.output(), by(&facts.output))
        } else {
            (words.all_stamps(model.op), by(&scatter.canvas))
        };
        let note = words.size_note(&size, channel_of(co, model.out_channels));
        // A dense stamp is a box, which is drawn around it.
        let boxed =
            model.op == Op::ConvTranspose && model.axes.iter().all(|axis| axis.dilation == 1);
        canvas.map(spot, Map::Output, title, &note, |at| {
            let cell = flat(self.canvas, at);
            let inside = scatter.is_output(cell);
            let output = [0, 1, 2].map(|a| at[a].wrapping_sub(first[a]));
            let tap = stamp.and_then(|stamp| stamp.adds.iter().find(|add| add.cell == cell));
            let look = match (finished, inside, sums[cell]) {
                (true, true, _) => Look::new(Paint::Output, number(model.y_at(co, output))),
                (true, false, sum) => Look::new(Paint::Cropped, number(sum.unwrap_or(0.0))),
                (false, _, Some(sum)) => Look::new(Paint::Output, number(sum)),
                (false, _, None) => Look::new(Paint::Pending, ""),
            };
            let more = finished && inside && self.is_extra(output);
            let look = look.focus(tap.is_some() && !boxed).corner(tap.map_or_else(
                || if more { "+" } else { "" }.to_string(),
                |add| letter(add.tap),
            ));
            Some(if inside {
                look.at(model.output_index(co, output))
            } else {
                look
            })
        });
        if let (Phase::Stamp(_, q), Op::ConvTranspose) = (phase, model.op) {
            // Before the full output lie the cells that a negative crop adds.
            let corner = [0, 1, 2].map(|a| {
                let axis = &model.axes[a];
                (q[a] * axis.stride) as isize + axis.begin.min(0).abs()
            });
            canvas.around(spot, corner, model.each(|axis| axis.span), Stroke::Focus);
        }
        if self.canvas != model.output() {
            canvas.around(
                spot,
                first.map(|n| n as isize),
                model.output(),
                Stroke::Crop,
            );
        }
    }

    /// Whether an output is there because of `output_padding`.
    fn is_extra(&self, o: Three) -> bool {
        let is = |a: usize| o[a] + self.model.axes[a].extra >= self.model.axes[a].output;
        (0..3).any(|a| self.model.axes[a].extra > 0 && is(a))
    }

    /// The rule of the frame.
    fn rule(&self, phase: Phase) -> String {
        let rule = match self.model.op {
            Op::ConvTranspose => "sum[q·s + t·d] += x[q]·w[t]",
            Op::Conv => "y[o] += x[q]·w[t],   q = o·s + t·d − p",
        };
        let Phase::Crop(group) = phase else {
            return rule.to_string();
        };
        let begins: Vec<isize> = self
            .model
            .real_axes()
            .iter()
            .map(|axis| axis.begin)
            .collect();
        let mut text = match (self.model.op, begins[0]) {
            (Op::ConvTranspose, 0) => "y[o] = sum[o]".to_string(),
            (Op::ConvTranspose, begin) if begins.iter().all(|b| *b == begin) => {
                format!(
                    "y[o] = sum[o {} {}]",
                    if begin < 0 { '−' } else { '+' },
                    begin.abs()
                )
            }
            (Op::ConvTranspose, _) => "y[o] = sum[o + p]".to_string(),
            (Op::Conv, _) => rule.to_string(),
        };
        if let Some(b) = &self.model.b {
            let first = group * self.model.targets(0).len();
            let name = self.words.bias();
            text = format!("{text} + {name},   {name} = {}", factor(b[first]));
        }
        text
    }

    fn caption(&self, phase: Phase) -> String {
        let (model, words) = (&self.model, self.words);
        let facts = &self.traces[0].facts;
        match phase {
            Phase::Start => words.scatter_start(model.op),
            Phase::Stamp(ci, q) => {
                let at = list(&model.input_index(ci, q));
                let x = number(model.x_at(ci, q));
                match model.op {
                    Op::Conv => words.scatter_conv(&at, &x),
                    Op::ConvTranspose => {
                        let from: Vec<usize> = model
                            .real_axes()
                            .iter()
                            .zip(model.own(q))
                            .map(|(axis, q)| q * axis.stride)
                            .collect();
                        words.scatter_stamp(&at, &x, &list(&from), &facts.stride)
                    }
                }
            }
            Phase::Crop(_) => {
                let extra: Vec<usize> = model.real_axes().iter().map(|axis| axis.extra).collect();
                words.scatter_crop(
                    model.op,
                    &facts.crops,
                    &extra,
                    &by(&facts.output),
                    model.b.is_some(),
                )
            }
        }
    }
}

impl Stage for ScatterView {
    fn size(&self) -> (f64, f64) {
        self.size
    }

    fn frames(&self) -> usize {
        let model = &self.model;
        1 + model.groups * (model.sources(0).len() * volume(model.input()) + 1)
    }

    fn cells(&self) -> usize {
        let model = &self.model;
        let row = volume(model.input()) + 2 * model.taps() + volume(self.canvas);
        self.rows.len() * row
    }

    fn title(&self) -> String {
        let facts = &self.traces[0].facts;
        self.words
            .title_scatter(self.model.op, &by(&facts.input), &by(&facts.output))
    }

    fn draw(&self, index: usize) -> (Frame, Vec<Table>) {
        let phase = self.phase(index);
        let mut canvas = Canvas::default();
        for row in 0..self.rows.len() {
            self.row(&mut canvas, row, phase);
        }
        canvas.words(
            MARGIN,
            self.formula_top,
            convt_draw::Anchor::Start,
            super::canvas::FORMULA,
            Ink::Number,
            &self.rule(phase),
        );
        let seconds = match phase {
            _ if index + 1 == self.frames() => 3.0,
            Phase::Stamp(..) => 1.2,
            _ => 2.5,
        };
        canvas.finish(self.caption(phase), seconds)
    }
}
