//! The equivalent matrix: `O = I C` for a convolution, `P = O C^T` for a transposed one, each entry with its tap's letter.
//!
//! The row of numbers that multiplies the matrix is drawn as a column at its left, each number beside its row, and the
//! products of a column drop into the result below it.

use convt_draw::{Frame, Ink, Map, Paint, Stroke};
use convt_geometry::Op;
use convt_reference::Array;

use super::canvas::{Canvas, FORMULA, FORMULA_LINE, Look, SMALL};
use super::layout::{Block, MARGIN, Spot, flow};
use super::number::{by, list, number, product, sum_lines, width};
use super::{Stage, Table};
use crate::model::{Model, Three, flat, unflat, volume};
use crate::words::Words;
use crate::{ExplainError, MatrixTrace, State, letter};

/// Side of the matrix's cells.
const ENTRY: f64 = 26.0;

pub(super) struct MatrixView {
    model: Model,
    words: &'static dyn Words,
    trace: MatrixTrace,
    input: Spot,
    kernel: Spot,
    output: Spot,
    back: Option<Spot>,
    factor: Spot,
    matrix: Spot,
    result: Spot,
    formula_top: f64,
    size: (f64, f64),
}

/// What a frame is about.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    /// Where the row of C^T of this input element comes from (transposed convolution).
    Row(usize),
    /// One output.
    Column(usize),
    /// What C^T makes of the result of a convolution.
    Back,
}

impl MatrixView {
    pub(super) fn new(state: &State) -> Result<Self, ExplainError> {
        let model = Model::new(state)?;
        let words = state.lang.words();
        let spatial = |of: Three| of[3 - model.dims..].to_vec();
        let (inputs, taps) = (volume(model.input()), model.taps());
        let x = Array::new(&spatial(model.input()), model.x.data[..inputs].to_vec())?;
        let w = Array::new(&spatial(model.kernel()), model.w.data[..taps].to_vec())?;
        let trace = MatrixTrace::new(&model.layer, &x, &w)?;
        let outputs = volume(model.output());
        let mut line = vec![
            Block::new(model.input()).titled(words.input(), ""),
            Block::new(model.kernel())
                .titled(words.kernel(), "")
                .sign("∗"),
            Block::new(model.output())
                .titled(words.output(), "")
                .sign("="),
        ];
        if model.op == Op::Conv {
            // P, which comes last, has the input's shape.
            line.push(Block::new(model.input()).titled("P = O Cᵀ", "").sign("→"));
        }
        let grids = if model.dims == 1 {
            line.into_iter().map(|block| vec![block]).collect()
        } else {
            vec![line]
        };
        let (spots, right, bottom) = flow(&grids, MARGIN);
        let spots: Vec<Spot> = spots.into_iter().flatten().collect();
        let strip = vec![
            Block::new([1, inputs, 1]).cells_of(ENTRY).titled("I", ""),
            Block::new([1, inputs, outputs]).cells_of(ENTRY).whole(),
        ];
        let (mut lower, lower_right, lower_bottom) = flow(&[strip], bottom + 34.0);
        let (factor, matrix) = (lower[0][0], lower[0].remove(1));
        let result = matrix.beside([1, 1, outputs], 0.0, matrix.height() + 14.0);
        let formula_top = lower_bottom + 14.0 + ENTRY + 46.0;
        Ok(Self {
            size: (
                right.max(lower_right).max(560.0),
                formula_top + 1.5 * FORMULA_LINE + MARGIN / 2.0,
            ),
            input: spots[0],
            kernel: spots[1],
            output: spots[2],
            back: spots.get(3).copied(),
            factor,
            matrix,
            result,
            formula_top,
            model,
            words,
            trace,
        })
    }

    fn phase(&self, index: usize) -> Phase {
        let rows = match self.model.op {
            Op::ConvTranspose => volume(self.model.input()),
            Op::Conv => 0,
        };
        match index.checked_sub(rows) {
            None => Phase::Row(index),
            Some(column) if column < volume(self.model.output()) => Phase::Column(column),
            Some(_) => Phase::Back,
        }
    }

    /// The tap at a row and column of the matrix that is drawn: C, or C^T.
    fn tap(&self, row: usize, column: usize) -> Option<usize> {
        match self.model.op {
            Op::Conv => self.trace.tap(row, column),
            Op::ConvTranspose => self.trace.tap(column, row),
        }
    }

    fn symbols(&self) -> (&'static str, &'static str, &'static str) {
        match self.model.op {
            Op::Conv => ("I", "C", "O"),
            Op::ConvTranspose => ("O", "Cᵀ", "P"),
        }
    }

    fn grids(&self, canvas: &mut Canvas, phase: Phase) {
        let (model, words) = (&self.model, self.words);
        let (factor, _, result) = self.symbols();
        let (input, output) = (model.input(), model.output());
        let taps_of_column = |row: usize| match phase {
            Phase::Column(column) => self.tap(row, column),
            _ => None,
        };
        let note = format!("{factor} = {}", by(&model.own(input)));
        canvas.map(&self.input, Map::Input, words.input(), &note, |q| {
            let row = flat(input, q);
            let tap = taps_of_column(row);
            Some(
                Look::new(Paint::Input, number(model.x_at(0, q)))
                    .corner(tap.map_or_else(String::new, letter))
                    .focus(tap.is_some() || phase == Phase::Row(row))
                    .at(model.input_index(0, q)),
            )
        });
        let note = by(&model.own(model.kernel()));
        canvas.map(&self.kernel, Map::Kernel, words.kernel(), &note, |t| {
            let at = flat(model.kernel(), t);
            Some(
                Look::new(Paint::Kernel(at, model.taps()), number(model.w_at(0, 0, t)))
                    .corner(letter(at))
                    .at(model.tap_index([0, 0], t)),
            )
        });
        let note = format!("{result} = {}", by(&model.own(output)));
        canvas.map(&self.output, Map::Output, words.output(), &note, |o| {
            let column = flat(output, o);
            let look = match phase {
                Phase::Row(row) => match self.tap(row, column) {
                    Some(tap) => {
                        let value = model.w_at(0, 0, unflat(model.kernel(), tap));
                        Look::new(Paint::Kernel(tap, model.taps()), number(value))
                            .corner(letter(tap))
                    }
                    None => Look::new(Paint::Hole, ""),
                },
                Phase::Column(now) if column > now => Look::new(Paint::Pending, ""),
                _ => Look::new(Paint::Output, self.entry(column)),
            };
            let focus = phase == Phase::Column(column);
            Some(look.focus(focus).at(model.output_index(0, o)))
        });
    }

    /// The result's entry.
    fn entry(&self, column: usize) -> String {
        number(match self.model.op {
            Op::Conv => self.trace.windows.values[column],
            Op::ConvTranspose => self.trace.back.values[column],
        })
    }

    fn products(&self, canvas: &mut Canvas, phase: Phase) {
        let model = &self.model;
        let (factor, name, result) = self.symbols();
        let (rows, columns) = (volume(model.input()), volume(model.output()));
        let (focus_row, focus_column) = match phase {
            Phase::Row(row) => (Some(row), None),
            Phase::Column(column) => (None, Some(column)),
            Phase::Back => (None, None),
        };
        let used = |row: usize| focus_column.is_some_and(|column| self.tap(row, column).is_some());
        canvas.map(&self.factor, Map::Input, factor, "", |[_, row, _]| {
            Some(
                Look::new(
                    Paint::Input,
                    number(model.x_at(0, unflat(model.input(), row))),
                )
                .focus(used(row) || focus_row == Some(row))
                .at(model.input_index(0, unflat(model.input(), row))),
            )
        });
        let size = format!("{rows}×{columns}");
        canvas.map(
            &self.matrix,
            Map::Matrix,
            name,
            &size,
            |[_, row, column]| {
                let look = match self.tap(row, column) {
                    Some(tap) => Look::new(Paint::Kernel(tap, model.taps()), letter(tap)),
                    None => Look::new(Paint::Hole, ""),
                };
                Some(look.at(vec![row, column]))
            },
        );
        canvas.cells(&self.result, Map::Output, result, |[_, _, column]| {
            let open = match phase {
                Phase::Row(_) => true,
                Phase::Column(now) => column > now,
                Phase::Back => false,
            };
            let look = if open {
                Look::new(Paint::Pending, "")
            } else {
                Look::new(Paint::Output, self.entry(column))
            };
            let at = unflat(model.output(), column);
            Some(
                look.focus(focus_column == Some(column))
                    .at(model.output_index(0, at)),
            )
        });
        let first = self.result.area([0; 3]);
        canvas.words(
            first.x - 10.0,
            first.y + 18.0,
            convt_draw::Anchor::End,
            super::canvas::NAME,
            Ink::Title(Map::Output),
            result,
        );
        if let Some(row) = focus_row {
            canvas.around(
                &self.matrix,
                [0, row as isize, 0],
                [1, 1, columns],
                Stroke::Focus,
            );
            canvas.around(&self.factor, [0, row as isize, 0], [1; 3], Stroke::Focus);
        }
        if let Some(column) = focus_column {
            canvas.around(
                &self.matrix,
                [0, 0, column as isize],
                [1, rows, 1],
                Stroke::Focus,
            );
            canvas.around(&self.result, [0, 0, column as isize], [1; 3], Stroke::Focus);
        }
    }

    fn formula(&self, phase: Phase) -> Vec<String> {
        let room = self.size.0 - 2.0 * MARGIN;
        let (factor, name, result) = self.symbols();
        match phase {
            Phase::Row(_) => vec![format!("{result} = {factor} {name}")],
            Phase::Column(column) => {
                let products: Vec<String> = (0..volume(self.model.input()))
                    .filter_map(|row| Some((row, self.tap(row, column)?)))
                    .map(|(row, tap)| {
                        let x = self.model.x_at(0, unflat(self.model.input(), row));
                        let w = self.model.w_at(0, 0, unflat(self.model.kernel(), tap));
                        product(x, w)
                    })
                    .collect();
                if products.is_empty() {
                    return vec![format!("{result}[{column}] = 0")];
                }
                let head = format!("{result}[{column}] = ");
                let tail = format!(" = {}", self.entry(column));
                sum_lines(&head, &products, &tail, room, FORMULA, 2)
            }
            Phase::Back => vec!["P = O Cᵀ".to_string()],
        }
    }
}

impl Stage for MatrixView {
    fn size(&self) -> (f64, f64) {
        self.size
    }

    fn frames(&self) -> usize {
        let outputs = volume(self.model.output());
        match self.model.op {
            Op::ConvTranspose => volume(self.model.input()) + outputs,
            Op::Conv => outputs + 1,
        }
    }

    fn cells(&self) -> usize {
        let (rows, columns) = (volume(self.model.input()), volume(self.model.output()));
        rows.saturating_mul(columns) + 2 * (rows + columns) + self.model.taps()
    }

    fn title(&self) -> String {
        self.words
            .title_matrix(self.model.op, self.trace.rows, self.trace.columns)
    }

    fn draw(&self, index: usize) -> (Frame, Vec<Table>) {
        let (model, words) = (&self.model, self.words);
        let phase = self.phase(index);
        let mut canvas = Canvas::default();
        self.grids(&mut canvas, phase);
        if let (Phase::Back, Some(spot)) = (phase, &self.back) {
            let note = by(&model.own(model.input()));
            canvas.map(spot, Map::Output, "P = O Cᵀ", &note, |q| {
                let index = flat(model.input(), q);
                Some(Look::new(
                    Paint::Output,
                    number(self.trace.back.values[index]),
                ))
            });
        }
        self.products(&mut canvas, phase);
        canvas.formula(self.formula_top, &self.formula(phase));
        let several = model.in_channels * model.out_channels > 1;
        if several {
            let text = words.first_pair();
            let x = self.size.0 - MARGIN - width(text, SMALL);
            canvas.words(
                x,
                self.formula_top,
                convt_draw::Anchor::Start,
                SMALL,
                Ink::Quiet,
                text,
            );
        }
        let caption = match phase {
            Phase::Row(row) => {
                let at = model.own(unflat(model.input(), row));
                words.matrix_row(row, &list(&at))
            }
            Phase::Column(column) => {
                let at = model.own(unflat(model.output(), column));
                words.matrix_column(model.op, column, &list(&at))
            }
            Phase::Back => {
                let (o, i) = (
                    by(&model.own(model.output())),
                    by(&model.own(model.input())),
                );
                words.matrix_back(&o, &i)
            }
        };
        let seconds = if index + 1 == self.frames() { 3.0 } else { 1.2 };
        canvas.finish(caption, seconds)
    }
}
