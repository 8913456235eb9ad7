//! Gradients: of the input (the other operation, applied to the arriving gradient), of the kernel, of the bias.

use convt_draw::{Frame, Map, Paint, Stroke};
use convt_geometry::Op;
use convt_reference::{Array, Gradients};

use super::canvas::{Canvas, FORMULA, FORMULA_LINE, Look};
use super::four_steps::channel_of;
use super::layout::{Block, MARGIN, Spot, flow};
use super::number::{by, list, number, product, sum_lines};
use super::{Stage, Table};
use crate::model::{Link, Model, Three, flat, positions, unflat, volume};
use crate::words::Words;
use crate::{ExplainError, State, letter};

/// The most lines of a formula.
const LINES: usize = 3;
/// So many frames are measured for the room that their formulas take.
const MOST_MEASURED: usize = 200;

pub(super) struct GradientView {
    model: Model,
    words: &'static dyn Words,
    gy: Array,
    answer: Gradients,
    /// Per output channel of a group: arriving gradient, kernel; in the first row the gradient of the input.
    rows: Vec<Vec<Spot>>,
    /// The input and the gradient of the kernel.
    below: Vec<Spot>,
    formula_top: f64,
    /// Lines that there is room for.
    formula_lines: usize,
    size: (f64, f64),
}

/// What a frame is about.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    /// Input channel and position.
    Input(usize, Three),
    /// Input channel, output channel and tap.
    Tap(usize, usize, Three),
    /// The bias of this output channel.
    Bias(usize),
}

impl GradientView {
    pub(super) fn new(state: &State) -> Result<Self, ExplainError> {
        let model = Model::new(state)?;
        let words = state.lang.words();
        let (gy, answer) = crate::gradient::of(state, &model)?;
        let targets = model.targets(0).len();
        let notes = model.notes(words);
        let blocks = |row: usize| {
            let mut blocks = vec![
                Block::new(model.output()).titled(words.gradient_of_output(), &notes.output),
                Block::new(model.kernel())
                    .titled(words.kernel(), &notes.kernel)
                    .sign("∗"),
            ];
            if row == 0 {
                let block = Block::new(model.input());
                blocks.push(
                    block
                        .titled(words.gradient_of_input(), &notes.input)
                        .sign("="),
                );
            }
            blocks
        };
        let last = vec![
            Block::new(model.input()).titled(words.input(), &notes.input),
            Block::new(model.kernel())
                .titled(words.gradient_of_kernel(), &notes.kernel)
                .sign("→"),
        ];
        let mut lines: Vec<Vec<Block>> = (0..targets).map(blocks).collect();
        lines.push(last);
        let counts: Vec<usize> = lines.iter().map(Vec::len).collect();
        if model.dims == 1 {
            lines = lines
                .into_iter()
                .flatten()
                .map(|block| vec![block])
                .collect();
        }
        let (spots, right, bottom) = flow(&lines, MARGIN);
        let mut spots = spots.into_iter().flatten();
        let mut rows: Vec<Vec<Spot>> = counts
            .iter()
            .map(|&count| spots.by_ref().take(count).collect())
            .collect();
        let below = rows.pop().unwrap_or_default();
        let formula_top = bottom + 44.0;
        let mut view = Self {
            size: (right.max(640.0), 0.0),
            model,
            words,
            gy,
            answer,
            rows,
            below,
            formula_top,
            formula_lines: LINES,
        };
        let looked_at = view.frames().min(MOST_MEASURED);
        view.formula_lines = (view.frames() - looked_at..view.frames())
            .map(|index| view.formula(view.phase(index)).len())
            .max()
            .unwrap_or(1);
        view.size.1 = formula_top + (view.formula_lines as f64 - 0.5) * FORMULA_LINE + MARGIN / 2.0;
        Ok(view)
    }

    fn phase(&self, mut index: usize) -> Phase {
        let model = &self.model;
        let cells = volume(model.input());
        if index < model.in_channels * cells {
            return Phase::Input(index / cells, unflat(model.input(), index % cells));
        }
        index -= model.in_channels * cells;
        let kernels = model.w.shape[0] * model.w.shape[1];
        if index < kernels * model.taps() {
            let (kernel, tap) = (index / model.taps(), index % model.taps());
            let leading = [kernel / model.w.shape[1], kernel % model.w.shape[1]];
            let (ci, co) = model.channels_of(leading);
            return Phase::Tap(ci, co, unflat(model.kernel(), tap));
        }
        Phase::Bias(index - kernels * model.taps())
    }

    fn gy_at(&self, co: usize, o: Three) -> f64 {
        let output = self.model.output();
        self.gy.data[co * volume(output) + flat(output, o)]
    }

    fn gw_at(&self, ci: usize, co: usize, t: Three) -> f64 {
        let [a, b] = self.model.kernel_index(ci, co);
        let kernel = a * self.model.w.shape[1] + b;
        self.answer.w.data[kernel * self.model.taps() + flat(self.model.kernel(), t)]
    }

    fn gx_at(&self, ci: usize, q: Three) -> f64 {
        let input = self.model.input();
        self.answer.x.data[ci * volume(input) + flat(input, q)]
    }

    /// The products of one pair of channels that use a tap.
    fn uses(&self, t: Three) -> Vec<Link> {
        positions(self.model.input())
            .flat_map(|q| self.model.scatter(q))
            .filter(|link| link.t == t)
            .collect()
    }

    fn formula(&self, phase: Phase) -> Vec<String> {
        let model = &self.model;
        let room = self.size.0 - 2.0 * MARGIN;
        let (head, terms, total) = match phase {
            Phase::Input(ci, q) => {
                let links = model.scatter(q);
                let terms: Vec<String> = model
                    .targets(ci)
                    .flat_map(|co| links.iter().map(move |link| (co, link)))
                    .map(|(co, link)| product(self.gy_at(co, link.o), model.w_at(ci, co, link.t)))
                    .collect();
                let head = format!("dL/dx[{}]", list(&model.input_index(ci, q)));
                (head, terms, self.gx_at(ci, q))
            }
            Phase::Tap(ci, co, t) => {
                let terms: Vec<String> = self
                    .uses(t)
                    .iter()
                    .map(|link| product(self.gy_at(co, link.o), model.x_at(ci, link.q)))
                    .collect();
                let index = list(&model.tap_index(model.kernel_index(ci, co), t));
                let head = format!("dL/dw[{index}] = dL/d{}", letter(flat(model.kernel(), t)));
                (head, terms, self.gw_at(ci, co, t))
            }
            Phase::Bias(co) => {
                let terms: Vec<String> = positions(model.output())
                    .map(|o| super::number::factor(self.gy_at(co, o)))
                    .collect();
                (format!("dL/db[{co}]"), terms, self.answer.b[co])
            }
        };
        if terms.is_empty() {
            return vec![format!("{head} = 0")];
        }
        let tail = format!(" = {}", number(total));
        sum_lines(
            &format!("{head} = "),
            &terms,
            &tail,
            room,
            FORMULA,
            self.formula_lines,
        )
    }

    fn upper(&self, canvas: &mut Canvas, row: usize, phase: Phase) {
        let (model, words) = (&self.model, self.words);
        let ci = match phase {
            Phase::Input(ci, _) | Phase::Tap(ci, ..) => ci,
            Phase::Bias(co) => model.sources(co).start,
        };
        let co = model.targets(ci).start + row;
        let spots = &self.rows[row];
        // A dense window is a box, which is drawn around it.
        let boxed = matches!(phase, Phase::Input(..))
            && model.op == Op::ConvTranspose
            && model.axes.iter().all(|axis| axis.dilation == 1);
        // The outputs in use, each with the tap that it meets.
        let links: Vec<Link> = match phase {
            Phase::Input(_, q) => model.scatter(q),
            Phase::Tap(_, now, t) if now == co => self.uses(t),
            _ => Vec::new(),
        };
        let note = words.size_note(
            &by(&model.own(model.output())),
            channel_of(co, model.out_channels),
        );
        canvas.map(
            &spots[0],
            Map::GradientOfOutput,
            words.gradient_of_output(),
            &note,
            |o| {
                let link = links.iter().find(|link| link.o == o);
                let all = matches!(phase, Phase::Bias(now) if now == co);
                let corner =
                    link.map_or_else(String::new, |link| letter(flat(model.kernel(), link.t)));
                Some(
                    Look::new(Paint::Gradient, number(self.gy_at(co, o)))
                        .corner(corner)
                        .focus(all || (link.is_some() && !boxed))
                        .at(model.output_index(co, o)),
                )
            },
        );
        let leading = model.kernel_index(ci, co);
        let pair = (model.in_channels * model.out_channels > 1).then_some((ci, co));
        let note = words.kernel_note(&by(&model.own(model.kernel())), pair);
        canvas.map(&spots[1], Map::Kernel, words.kernel(), &note, |t| {
            let at = flat(model.kernel(), t);
            Some(
                Look::new(
                    Paint::Kernel(at, model.taps()),
                    number(model.w_at(ci, co, t)),
                )
                .corner(letter(at))
                .focus(matches!(phase, Phase::Tap(_, now, tap) if now == co && tap == t))
                .at(model.tap_index(leading, t)),
            )
        });
        if let Some(spot) = spots.get(2) {
            self.gradient_of_input(canvas, spot, ci, phase);
        }
    }

    fn gradient_of_input(&self, canvas: &mut Canvas, spot: &Spot, ci: usize, phase: Phase) {
        let (model, words) = (&self.model, self.words);
        let note = words.size_note(
            &by(&model.own(model.input())),
            channel_of(ci, model.in_channels),
        );
        let done = match phase {
            Phase::Input(_, q) => flat(model.input(), q) + 1,
            _ => usize::MAX,
        };
        canvas.map(
            spot,
            Map::GradientOfInput,
            words.gradient_of_input(),
            &note,
            |q| {
                let look = if flat(model.input(), q) < done {
                    Look::new(Paint::Gradient, number(self.gx_at(ci, q)))
                } else {
                    Look::new(Paint::Pending, "")
                };
                let focus = matches!(phase, Phase::Input(_, now) if now == q);
                Some(look.focus(focus).at(model.input_index(ci, q)))
            },
        );
    }

    fn lower(&self, canvas: &mut Canvas, phase: Phase) {
        let (model, words) = (&self.model, self.words);
        let (ci, co, now) = match phase {
            Phase::Input(ci, _) => (ci, model.targets(ci).start, None),
            Phase::Tap(ci, co, t) => (ci, co, Some(t)),
            Phase::Bias(co) => (model.sources(co).start, co, None),
        };
        let links = now.map_or(Vec::new(), |t| self.uses(t));
        let note = words.size_note(
            &by(&model.own(model.input())),
            channel_of(ci, model.in_channels),
        );
        canvas.map(&self.below[0], Map::Input, words.input(), &note, |q| {
            let focus = links.iter().any(|link| link.q == q);
            let look = Look::new(Paint::Input, number(model.x_at(ci, q))).focus(focus);
            Some(look.at(model.input_index(ci, q)))
        });
        let leading = model.kernel_index(ci, co);
        let pair = (model.in_channels * model.out_channels > 1).then_some((ci, co));
        let note = words.kernel_note(&by(&model.own(model.kernel())), pair);
        let done = match phase {
            Phase::Input(..) => 0,
            Phase::Tap(_, _, t) => flat(model.kernel(), t) + 1,
            Phase::Bias(_) => usize::MAX,
        };
        canvas.map(
            &self.below[1],
            Map::GradientOfKernel,
            words.gradient_of_kernel(),
            &note,
            |t| {
                let at = flat(model.kernel(), t);
                let look = if at < done {
                    Look::new(Paint::Gradient, number(self.gw_at(ci, co, t)))
                } else {
                    Look::new(Paint::Pending, "")
                };
                let look = look.corner(letter(at)).focus(now == Some(t));
                Some(look.at(model.tap_index(leading, t)))
            },
        );
    }
}

impl Stage for GradientView {
    fn size(&self) -> (f64, f64) {
        self.size
    }

    fn frames(&self) -> usize {
        let model = &self.model;
        let bias = if model.b.is_some() {
            model.out_channels
        } else {
            0
        };
        model.in_channels * volume(model.input())
            + model.w.shape[0] * model.w.shape[1] * model.taps()
            + bias
    }

    fn cells(&self) -> usize {
        let model = &self.model;
        self.rows.len() * (volume(model.output()) + model.taps())
            + 2 * volume(model.input())
            + model.taps()
    }

    fn title(&self) -> String {
        self.words.title_gradient(self.model.op)
    }

    fn draw(&self, index: usize) -> (Frame, Vec<Table>) {
        let (model, words) = (&self.model, self.words);
        let phase = self.phase(index);
        let mut canvas = Canvas::default();
        for row in 0..self.rows.len() {
            self.upper(&mut canvas, row, phase);
        }
        self.lower(&mut canvas, phase);
        // The window over the arriving gradient, as the other operation sees it.
        if let (Phase::Input(_, q), Op::ConvTranspose) = (phase, model.op) {
            let corner = [0, 1, 2].map(|a| {
                let axis = &model.axes[a];
                (q[a] * axis.stride) as isize - axis.begin
            });
            for row in &self.rows {
                canvas.around(&row[0], corner, model.each(|axis| axis.span), Stroke::Focus);
            }
        }
        canvas.formula(self.formula_top, &self.formula(phase));
        let caption = match phase {
            Phase::Input(ci, q) => words.gradient_input(model.op, &list(&model.input_index(ci, q))),
            Phase::Tap(_, _, t) => words.gradient_tap(&letter(flat(model.kernel(), t))),
            Phase::Bias(co) => words.gradient_bias(co),
        };
        let seconds = if index + 1 == self.frames() { 3.0 } else { 1.2 };
        canvas.finish(caption, seconds)
    }
}
