//! A framed grid of cells with a title, and blocks side by side.
//!
//! ```text
//! ┌ input x, 2x2 ┐
//! │  1  2        │
//! │  3  4        │
//! └──────────────┘
//! ```

use super::number::{number, size};
use super::style::Paint;
use crate::{Cell, CellKind, Grid, Sheet};

/// A piece of a line.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) text: String,
    pub(crate) paint: Paint,
}

impl Span {
    pub(crate) fn new(text: impl Into<String>, paint: Paint) -> Self {
        Self {
            text: text.into(),
            paint,
        }
    }
}

/// Pieces in a row.
pub(crate) type Line = Vec<Span>;

/// Columns that a line takes; every character drawn here is one wide.
fn width(line: &Line) -> usize {
    line.iter().map(|span| span.text.chars().count()).sum()
}

/// What stands around a cell's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    None,
    /// `[5]`: the step is about this cell.
    Focus,
    /// `(5)`: this cell is cropped away.
    Ghost,
}

/// One cell, ready to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct Drawn {
    pub(crate) text: String,
    pub(crate) paint: Paint,
    pub(crate) mark: Mark,
}

impl Drawn {
    pub(crate) fn new(text: impl Into<String>, paint: Paint) -> Self {
        Self {
            text: text.into(),
            paint,
            mark: Mark::None,
        }
    }

    /// A cell of a stretched or padded input. The three zeros look different, and unlike the number 0.
    pub(crate) fn cell(cell: &Cell) -> Self {
        match cell.kind {
            CellKind::Value => Self::new(number(cell.value), Paint::Input),
            CellKind::InsertedZero => Self::new("·", Paint::Faint),
            CellKind::PaddingZero => Self::new("░", Paint::Faint),
            CellKind::OutputPaddingZero => Self::new("▒", Paint::Faint),
            CellKind::Cropped => Self {
                text: match cell.source {
                    Some(_) => number(cell.value),
                    None => "·".into(),
                },
                paint: Paint::Faint,
                mark: Mark::Ghost,
            },
        }
    }
}

/// Text with a frame, all lines equally wide.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    lines: Vec<Line>,
    width: usize,
}

impl Block {
    /// Row-major cells in frames: one frame for one or two axes, one per slice for three. The title is followed by the
    /// size.
    pub(crate) fn grid(title: &str, shape: &[usize], cells: &[Drawn], paint: Paint) -> Vec<Self> {
        let columns = shape.last().copied().unwrap_or(1).max(1);
        let rows = if shape.len() > 1 {
            shape[shape.len() - 2]
        } else {
            1
        };
        let widest = cells.iter().map(|cell| cell.text.chars().count()).max();
        let slices = cells.chunks((rows * columns).max(1)).enumerate();
        slices
            .map(|(slice, cells)| {
                let mut title = format!("{title} {}", size(shape));
                if shape.len() == 3 {
                    title = format!("{title}, depth {slice}");
                }
                let body = cells.chunks(columns).map(|row| {
                    row.iter()
                        .flat_map(|cell| spans(cell, widest.unwrap_or(0)))
                        .collect()
                });
                Self::framed(&title, body.collect(), paint)
            })
            .collect()
    }

    /// A grid of numbers.
    pub(crate) fn numbers(title: &str, grid: &Grid, paint: Paint) -> Vec<Self> {
        let cells = grid.values.iter().map(|&v| Drawn::new(number(v), paint));
        Self::grid(title, &grid.shape, &cells.collect::<Vec<_>>(), paint)
    }

    /// A stretched or padded input.
    pub(crate) fn sheet(title: &str, sheet: &Sheet) -> Vec<Self> {
        let cells: Vec<Drawn> = sheet.cells.iter().map(Drawn::cell).collect();
        Self::grid(title, &sheet.shape, &cells, Paint::Input)
    }

    fn framed(title: &str, body: Vec<Line>, paint: Paint) -> Self {
        let title = format!(" {title} ");
        let inner = body
            .iter()
            .map(width)
            .chain([title.chars().count()])
            .max()
            .unwrap_or(0)
            .max(1);
        let edge = |text: String| Span::new(text, Paint::Faint);
        let rest = inner - title.chars().count();
        let mut lines = vec![vec![
            edge("┌".into()),
            Span::new(title, paint),
            edge(format!("{}┐", "─".repeat(rest))),
        ]];
        for row in body {
            let space = inner - width(&row);
            let mut line = vec![edge("│".into())];
            line.extend(row);
            line.push(edge(format!("{}│", " ".repeat(space))));
            lines.push(line);
        }
        lines.push(vec![edge(format!("└{}┘", "─".repeat(inner)))]);
        Self {
            lines,
            width: inner + 2,
        }
    }
}

/// A cell right-aligned in `widest` columns between two for its mark.
fn spans(cell: &Drawn, widest: usize) -> Vec<Span> {
    let (open, close) = match cell.mark {
        Mark::None => (" ", " "),
        Mark::Focus => ("[", "]"),
        Mark::Ghost => ("(", ")"),
    };
    let paint = if cell.mark == Mark::Focus {
        Paint::Focus
    } else {
        cell.paint
    };
    let space = widest - cell.text.chars().count();
    vec![Span::new(
        format!("{open}{}{}{close}", " ".repeat(space), cell.text),
        paint,
    )]
}

/// Blocks beside each other, in as many rows as a width of `most` columns needs.
pub(crate) fn beside(blocks: &[Block], most: usize) -> Vec<Line> {
    const GAP: &str = "  ";
    let mut lines = Vec::new();
    let mut rest = blocks;
    while !rest.is_empty() {
        let mut used = 0;
        let fitting = rest.iter().take_while(|block| {
            used += block.width + GAP.len();
            used <= most
        });
        let (row, later) = rest.split_at(fitting.count().max(1));
        let height = row.iter().map(|block| block.lines.len()).max().unwrap_or(0);
        for i in 0..height {
            let mut line = Line::new();
            for (n, block) in row.iter().enumerate() {
                if n > 0 {
                    line.push(Span::new(GAP, Paint::Plain));
                }
                match block.lines.get(i) {
                    Some(of_block) => line.extend(of_block.iter().cloned()),
                    None => line.push(Span::new(" ".repeat(block.width), Paint::Plain)),
                }
            }
            lines.push(line);
        }
        rest = later;
    }
    lines
}
