//! Which inputs reach an output, which outputs an input reaches, and the cone below an element of stacked layers.

use convt_draw::{Anchor, Frame, Ink, Map, Paint, Stroke};

use super::canvas::{Canvas, Look, SMALL};
use super::layout::{Block, MARGIN, Spot, flow};
use super::number::{by, list, number};
use super::{Stage, Table};
use crate::model::{Model, Three, unflat, volume};
use crate::reach::Stack;
use crate::words::Words;
use crate::{ExplainError, State};

/// Height of the room between two levels of the stack, for the threads.
const LEVEL: f64 = 46.0;
/// Side of the stack's cells.
const SIDE: f64 = 24.0;

pub(super) struct ReachView {
    model: Model,
    words: &'static dyn Words,
    stack: Stack,
    input: Spot,
    output: Spot,
    /// From the top of the stack down.
    levels: Vec<Spot>,
    stack_title: f64,
    size: (f64, f64),
}

/// What a frame is about.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Output(Three),
    Input(Three),
    Stack(usize),
}

impl ReachView {
    pub(super) fn new(state: &State) -> Result<Self, ExplainError> {
        let model = Model::new(state)?;
        let words = state.lang.words();
        let stack = Stack::new(state, &model);
        let line = vec![
            Block::new(model.input()).titled(words.input(), ""),
            Block::new(model.output())
                .titled(words.output(), "")
                .sign("→"),
        ];
        let lines = if model.dims == 1 {
            line.into_iter().map(|block| vec![block]).collect()
        } else {
            vec![line]
        };
        let (spots, right, bottom) = flow(&lines, MARGIN);
        let spots: Vec<Spot> = spots.into_iter().flatten().collect();
        let stack_title = bottom + 40.0;
        let longest = stack.lengths.iter().max().copied().unwrap_or(1);
        let width = longest as f64 * SIDE;
        let label_room = 96.0;
        let mut levels = Vec::new();
        for (i, &length) in stack.lengths.iter().rev().enumerate() {
            let block = Block::new([1, 1, length]).cells_of(SIDE);
            let (placed, ..) = flow(&[vec![block]], 0.0);
            let spot = placed[0][0];
            let origin = spot.area([0; 3]);
            // Levels are centred over each other.
            let x = MARGIN + label_room + (width - length as f64 * SIDE) / 2.0;
            let y = stack_title + 18.0 + i as f64 * (SIDE + LEVEL);
            levels.push(spot.beside([1, 1, length], x - origin.x, y - origin.y));
        }
        let bottom = stack_title + 18.0 + levels.len() as f64 * (SIDE + LEVEL) - LEVEL;
        Ok(Self {
            size: (
                right.max(2.0 * MARGIN + label_room + width).max(560.0),
                bottom + MARGIN / 2.0,
            ),
            input: spots[0],
            output: spots[1],
            levels,
            stack_title,
            stack,
            words,
            model,
        })
    }

    fn phase(&self, index: usize) -> Phase {
        let (inputs, outputs) = (volume(self.model.input()), volume(self.model.output()));
        if index < outputs {
            Phase::Output(unflat(self.model.output(), index))
        } else if index < outputs + inputs {
            Phase::Input(unflat(self.model.input(), index - outputs))
        } else {
            Phase::Stack(index - outputs - inputs)
        }
    }

    fn stacked(&self, canvas: &mut Canvas, phase: Phase) {
        let words = self.words;
        canvas.words(
            MARGIN,
            self.stack_title,
            Anchor::Start,
            SMALL,
            Ink::Quiet,
            words.stack_title(self.model.dims),
        );
        let top = self.levels.len() - 1;
        let below = match phase {
            Phase::Stack(cell) => self.stack.below(cell),
            _ => vec![Vec::new(); self.levels.len()],
        };
        // The threads first, so that cells lie over their ends.
        for level in 0..top {
            let (lower, upper) = (&self.levels[top - level], &self.levels[top - level - 1]);
            for (q, o) in self.stack.threads(level, &below[level + 1]) {
                let (from, to) = (lower.area([0, 0, q]), upper.area([0, 0, o]));
                canvas.thread(
                    (from.x + SIDE / 2.0, from.y),
                    (to.x + SIDE / 2.0, to.y + SIDE),
                );
            }
        }
        for (i, spot) in self.levels.iter().enumerate() {
            let level = top - i;
            let map = if level == 0 { Map::Input } else { Map::Output };
            let name = words.level(level);
            let first = spot.area([0; 3]);
            canvas.words(
                MARGIN,
                first.y + 17.0,
                Anchor::Start,
                SMALL,
                Ink::Title(map),
                &name,
            );
            canvas.cells(spot, map, &name, |[_, _, cell]| {
                let reached = below[level].contains(&cell);
                let paint = match (reached, level) {
                    (true, 0) => Paint::Input,
                    (true, _) => Paint::Output,
                    (false, _) => Paint::Pending,
                };
                Some(Look::new(paint, "").focus(reached && level == top))
            });
        }
    }
}

impl Stage for ReachView {
    fn size(&self) -> (f64, f64) {
        self.size
    }

    fn frames(&self) -> usize {
        let stack = if self.stack.lengths.len() > 1 {
            self.stack.top()
        } else {
            0
        };
        volume(self.model.output()) + volume(self.model.input()) + stack
    }

    fn cells(&self) -> usize {
        volume(self.model.output())
            + volume(self.model.input())
            + self.stack.lengths.iter().sum::<usize>()
    }

    fn title(&self) -> String {
        self.words.title_reach()
    }

    fn draw(&self, index: usize) -> (Frame, Vec<Table>) {
        let (model, words) = (&self.model, self.words);
        let phase = self.phase(index);
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        match phase {
            Phase::Output(o) => {
                inputs = model.gather(o).iter().map(|link| link.q).collect();
                outputs.push(o);
            }
            Phase::Input(q) => {
                outputs = model.scatter(q).iter().map(|link| link.o).collect();
                inputs.push(q);
            }
            Phase::Stack(_) => {}
        }
        let mut canvas = Canvas::default();
        let still = matches!(phase, Phase::Stack(_));
        let size = by(&model.own(model.input()));
        canvas.map(&self.input, Map::Input, words.input(), &size, |q| {
            let here = inputs.contains(&q);
            let paint = if here || still {
                Paint::Input
            } else {
                Paint::Pending
            };
            let look = Look::new(paint, number(model.x_at(0, q)));
            Some(look.focus(here).at(model.input_index(0, q)))
        });
        let size = by(&model.own(model.output()));
        canvas.map(&self.output, Map::Output, words.output(), &size, |o| {
            let here = outputs.contains(&o);
            let paint = if here || still {
                Paint::Output
            } else {
                Paint::Pending
            };
            let look = Look::new(paint, number(model.y_at(0, o)));
            Some(look.focus(here).at(model.output_index(0, o)))
        });
        let one = match phase {
            Phase::Output(o) => Some((&self.output, o)),
            Phase::Input(q) => Some((&self.input, q)),
            Phase::Stack(_) => None,
        };
        if let Some((spot, at)) = one {
            canvas.around(spot, at.map(|n| n as isize), [1; 3], Stroke::Focus);
        }
        self.stacked(&mut canvas, phase);
        let caption = match phase {
            Phase::Output(o) => words.reach_output(&list(&model.own(o)), inputs.len()),
            Phase::Input(q) => words.reach_input(&list(&model.own(q)), outputs.len()),
            Phase::Stack(cell) => {
                let bottom = self.stack.below(cell)[0].len();
                words.reach_stack(cell, self.stack.lengths.len() - 1, bottom)
            }
        };
        let seconds = if index + 1 == self.frames() { 3.0 } else { 0.9 };
        canvas.finish(caption, seconds)
    }
}
