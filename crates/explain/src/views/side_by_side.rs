//! The layer and its transpose with the same parameters, over the same maps: what one gathers, the other scatters.
//!
//! The second line applies the transpose to the first line's result: the size comes back, the values do not.

use convt_draw::{Frame, Ink, Map, Paint, Stroke};
use convt_geometry::Op;
use convt_reference::{Array, Definition};

use super::canvas::{Canvas, FORMULA, FORMULA_LINE, Look};
use super::layout::{Block, MARGIN, Spot, flow};
use super::number::{by, factor, list, number, product, sum_lines};
use super::{Stage, Table};
use crate::model::{Link, Model, Three, flat, unflat, volume};
use crate::words::Words;
use crate::{ExplainError, State, letter};

pub(super) struct SideBySide {
    model: Model,
    words: &'static dyn Words,
    /// The transpose of the layer applied to the layer's output: the input's shape again.
    back: Array,
    /// input, kernel, output; then output, kernel, input.
    rows: Vec<Vec<Spot>>,
    formula_top: f64,
    size: (f64, f64),
}

impl SideBySide {
    pub(super) fn new(state: &State) -> Result<Self, ExplainError> {
        let model = Model::new(state)?;
        let words = state.lang.words();
        let mut layer = model.layer.clone();
        layer.op = other(model.op);
        if model.op == Op::Conv {
            // The transpose gives back at its far end what no window reached: i = (o-1)s + K - begin - end.
            for (i, axis) in model.real_axes().iter().enumerate() {
                let full = (axis.output - 1) * axis.stride + axis.span;
                layer.crops[i][1] = full as isize - axis.begin - axis.input as isize;
            }
        }
        // The weight serves both operations as it is: (C_in, C_out/g) of the one are (C_out, C_in/g) of the other.
        let y = Definition::Gather.run(&model.layer, &model.x, &model.w, None)?;
        let back = Definition::Gather.run(&layer, &y, &model.w, None)?;
        let blocks = |from: Three, to: Three| {
            vec![
                Block::new(from).titled(words.conv_input(), ""),
                Block::new(model.kernel())
                    .titled(words.kernel(), "")
                    .sign("∗"),
                Block::new(to)
                    .titled(words.transposed_output(), "")
                    .sign("="),
            ]
        };
        let (first, second) = (
            blocks(model.input(), model.output()),
            blocks(model.output(), model.input()),
        );
        let lines: Vec<Vec<Block>> = if model.dims == 1 {
            first
                .into_iter()
                .chain(second)
                .map(|block| vec![block])
                .collect()
        } else {
            vec![first, second]
        };
        let (spots, right, bottom) = flow(&lines, MARGIN);
        let spots: Vec<Spot> = spots.into_iter().flatten().collect();
        let formula_top = bottom + 44.0;
        Ok(Self {
            size: (
                right.max(640.0),
                formula_top + 2.5 * FORMULA_LINE + MARGIN / 2.0,
            ),
            rows: vec![spots[..3].to_vec(), spots[3..].to_vec()],
            formula_top,
            model,
            words,
            back,
        })
    }

    /// The smaller side: every window, or stamp, has one cell of it.
    fn windows(&self) -> Three {
        match self.model.op {
            Op::Conv => self.model.output(),
            Op::ConvTranspose => self.model.input(),
        }
    }

    /// The products of one window.
    fn links(&self, at: Three) -> Vec<Link> {
        match self.model.op {
            Op::Conv => self.model.gather(at),
            Op::ConvTranspose => self.model.scatter(at),
        }
    }

    fn line(&self, canvas: &mut Canvas, row: usize, now: Option<Three>) {
        let (model, words) = (&self.model, self.words);
        let op = if row == 0 { model.op } else { other(model.op) };
        let spots = &self.rows[row];
        let links = now.map_or(Vec::new(), |at| self.links(at));
        // Which cell of the larger map wears which letter in this frame.
        let large = |link: &Link| match model.op {
            Op::Conv => link.q,
            Op::ConvTranspose => link.o,
        };
        // A dense window is a box, which is drawn around it.
        let boxed = model.axes.iter().all(|axis| axis.dilation == 1);
        let cell = |at: Three, is_large: bool| {
            let link = links.iter().find(|link| is_large && large(link) == at);
            let letter_here =
                link.map_or_else(String::new, |link| letter(flat(model.kernel(), link.t)));
            (
                letter_here,
                (link.is_some() && !boxed) || (!is_large && now == Some(at)),
            )
        };
        let input_is_large = model.op == Op::Conv;
        let input_look = |q: Three, value: f64, paint: Paint| {
            let (corner, focus) = cell(q, input_is_large);
            Look::new(paint, number(value))
                .corner(corner)
                .focus(focus)
                .at(model.input_index(0, q))
        };
        let output_look = |o: Three, value: f64| {
            let (corner, focus) = cell(o, !input_is_large);
            Look::new(Paint::Output, number(value))
                .corner(corner)
                .focus(focus)
                .at(model.output_index(0, o))
        };
        let cells = volume(model.input());
        let sizes = (
            by(&model.own(model.input())),
            by(&model.own(model.output())),
        );
        let name = words.op_name(op);
        if row == 0 {
            canvas.map(&spots[0], Map::Input, words.conv_input(), &sizes.0, |q| {
                Some(input_look(q, model.x_at(0, q), Paint::Input))
            });
            canvas.map(&spots[2], Map::Output, name, &sizes.1, |o| {
                Some(output_look(o, self.plain(o)))
            });
        } else {
            canvas.map(&spots[0], Map::Output, words.its_output(), &sizes.1, |o| {
                Some(output_look(o, self.plain(o)))
            });
            canvas.map(&spots[2], Map::Input, name, &sizes.0, |q| {
                let value = self.back.data[..cells][flat(model.input(), q)];
                Some(input_look(q, value, Paint::Input))
            });
        }
        let note = by(&model.own(model.kernel()));
        canvas.map(&spots[1], Map::Kernel, words.kernel(), &note, |t| {
            let at = flat(model.kernel(), t);
            Some(
                Look::new(Paint::Kernel(at, model.taps()), number(model.w_at(0, 0, t)))
                    .corner(letter(at))
                    .at(model.tap_index([0, 0], t)),
            )
        });
        if let Some(at) = now {
            // The window's first cell lies at at*s - begin of the larger map, in both directions.
            let corner = [0, 1, 2].map(|a| {
                let axis = &model.axes[a];
                (at[a] * axis.stride) as isize - axis.begin
            });
            let from_is_large = input_is_large == (row == 0);
            let (big, small) = if from_is_large { (0, 2) } else { (2, 0) };
            canvas.around(
                &spots[big],
                corner,
                model.each(|axis| axis.span),
                Stroke::Focus,
            );
            canvas.around(&spots[small], at.map(|n| n as isize), [1; 3], Stroke::Focus);
        }
    }

    /// An output without the bias, which the transpose does not see.
    fn plain(&self, o: Three) -> f64 {
        let bias = self.model.b.as_ref().map_or(0.0, |b| b[0]);
        self.model.y_at(0, o) - bias
    }

    fn formula(&self, at: Three) -> Vec<String> {
        let model = &self.model;
        let room = self.size.0 - 2.0 * MARGIN;
        let links = self.links(at);
        let gathered = |value: &dyn Fn(&Link) -> f64| -> Vec<String> {
            let one = |link: &Link| product(value(link), model.w_at(0, 0, link.t));
            links.iter().map(one).collect()
        };
        let here = list(&model.own(at));
        // One direction collects the window into one cell, the other spreads that cell over the window.
        let (terms, total, name) = match model.op {
            Op::Conv => (gathered(&|link| model.x_at(0, link.q)), self.plain(at), "y"),
            Op::ConvTranspose => (
                gathered(&|link| self.plain(link.o)),
                self.back.data[flat(model.input(), at)],
                "z",
            ),
        };
        if terms.is_empty() {
            return vec![format!("{name}[{here}] = 0")];
        }
        let several = model.in_channels * model.out_channels > 1;
        let tail = if several {
            " + …".to_string()
        } else {
            format!(" = {}", number(total))
        };
        let mut lines = sum_lines(
            &format!("{name}[{here}] = "),
            &terms,
            &tail,
            room,
            FORMULA,
            2,
        );
        let spread = match model.op {
            Op::Conv => format!("z[{here} + t] += {}·w[t]", factor(self.plain(at))),
            Op::ConvTranspose => format!("y[{here} + t] += {}·w[t]", factor(model.x_at(0, at))),
        };
        let scaled = model
            .real_axes()
            .iter()
            .any(|axis| axis.stride > 1 || axis.begin != 0 || axis.dilation > 1);
        lines.push(if scaled {
            spread.replace(&format!("[{here} + t]"), "[q·s + t·d − p]")
        } else {
            spread
        });
        lines
    }
}

fn other(op: Op) -> Op {
    match op {
        Op::Conv => Op::ConvTranspose,
        Op::ConvTranspose => Op::Conv,
    }
}

impl Stage for SideBySide {
    fn size(&self) -> (f64, f64) {
        self.size
    }

    fn frames(&self) -> usize {
        volume(self.windows()) + 1
    }

    fn cells(&self) -> usize {
        2 * (volume(self.model.input()) + volume(self.model.output()) + self.model.taps())
    }

    fn title(&self) -> String {
        self.words.title_side_by_side()
    }

    fn draw(&self, index: usize) -> (Frame, Vec<Table>) {
        let (model, words) = (&self.model, self.words);
        let windows = self.windows();
        let now = (index < volume(windows)).then(|| unflat(windows, index));
        let mut canvas = Canvas::default();
        self.line(&mut canvas, 0, now);
        self.line(&mut canvas, 1, now);
        let caption = if let Some(at) = now {
            canvas.formula(self.formula_top, &self.formula(at));
            words.side_by_side(model.op, &list(&model.own(at)))
        } else {
            let same = self.back.data == model.x.data;
            let line = format!(
                "{} → {} → {}",
                by(&model.own(model.input())),
                by(&model.own(model.output())),
                by(&model.own(model.input()))
            );
            canvas.words(
                MARGIN,
                self.formula_top,
                convt_draw::Anchor::Start,
                FORMULA,
                Ink::Number,
                &line,
            );
            words.not_an_inverse(same)
        };
        let seconds = if now.is_none() { 4.0 } else { 1.2 };
        canvas.finish(caption, seconds)
    }
}
