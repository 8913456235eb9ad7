//! How a cell looks: a tile with a border, a mark that tells its kind without colour, and its words.
//!
//! | paint | mark beside its colour |
//! |---|---|
//! | input, kernel, output | solid border; the tap's letter in its corner |
//! | pending | short dashes |
//! | inserted zero | a dot |
//! | padding zero | wide hatch |
//! | output_padding zero | dense hatch and a dashed border |
//! | cropped | a long-dashed border and a stroke through the cell |
//! | hole | a ring |
//! | negative on a scale | a hatch, where there is no number |
//! | gradient | a notch in the lower right corner |

use crate::glyphs::{CAP_HEIGHT, text_width};
use crate::scene::{Anchor, Area, CELL, Cell, Paint};
use crate::shape::{Element, Kind, Pen, Run, Shape};
use crate::theme::Tone;

/// Em of a label in a cell of side [`CELL`], and of the letter in its corner.
const LABEL: f64 = 17.0;
const CORNER: f64 = 10.5;

/// The cell as shapes, the ground first.
pub(crate) fn cell(cell: &Cell) -> Element {
    let mut shapes = Vec::new();
    // Everything inside a cell scales with its smaller side.
    let unit = cell.area.width.min(cell.area.height) / CELL;
    if unit > 0.0 {
        ground(&mut shapes, cell, unit);
        words(&mut shapes, cell, unit);
        if cell.focus {
            focus(&mut shapes, cell.area, unit);
        }
    }
    Element {
        kind: Kind::Cell {
            place: cell.place.clone(),
            label: cell.label.clone(),
            focus: cell.focus,
        },
        shapes,
    }
}

/// The area less a rim on every side.
fn inset(area: Area, by: f64) -> Area {
    Area {
        x: area.x + by,
        y: area.y + by,
        width: (area.width - 2.0 * by).max(0.0),
        height: (area.height - 2.0 * by).max(0.0),
    }
}

/// Tile, mark and border. Tiles keep a gap, so that a dashed border never lies on its neighbour's solid one.
fn ground(shapes: &mut Vec<Shape>, cell: &Cell, unit: f64) {
    let paint = cell.paint;
    if paint == Paint::Plain {
        return;
    }
    let gap = unit.min(1.0);
    let tile = inset(cell.area, gap);
    shapes.push(Shape::Rect {
        area: tile,
        fill: Some(Tone::Fill(paint)),
        pen: None,
    });
    mark(shapes, cell, tile, unit);
    let line = (1.25 * unit).clamp(0.25, 2.5);
    let edge = Tone::Edge(paint);
    let pen = match paint {
        Paint::Pending => Pen::dashed(edge, line, 2.0 * unit, 2.0 * unit),
        Paint::OutputPaddingZero => Pen::dashed(edge, line, 4.0 * unit, 2.5 * unit),
        Paint::Cropped => Pen::dashed(edge, line, 6.0 * unit, 3.0 * unit),
        _ => Pen::solid(edge, line),
    };
    shapes.push(Shape::Rect {
        area: inset(tile, line / 2.0),
        fill: None,
        pen: Some(pen),
    });
}

fn mark(shapes: &mut Vec<Shape>, cell: &Cell, tile: Area, unit: f64) {
    let paint = cell.paint;
    let tone = Tone::Mark(paint);
    let (x, y) = (tile.x + tile.width / 2.0, tile.y + tile.height / 2.0);
    // A mark in the middle gives way to a label.
    let below = if cell.label.is_empty() {
        y
    } else {
        tile.y + tile.height - 4.5 * unit
    };
    let hatch = |step: f64, width: f64| Shape::Lines {
        lines: diagonals(tile, step),
        closed: false,
        fill: None,
        pen: Some(Pen::solid(tone, width * unit)),
    };
    match paint {
        Paint::InsertedZero => shapes.push(Shape::Dot {
            x,
            y: below,
            radius: 1.9 * unit,
            fill: Some(tone),
            pen: None,
        }),
        Paint::Hole if cell.label.is_empty() => shapes.push(Shape::Dot {
            x,
            y,
            radius: 2.4 * unit,
            fill: None,
            pen: Some(Pen::solid(tone, unit)),
        }),
        Paint::PaddingZero => shapes.push(hatch(tile.width.min(tile.height) / 2.5, 1.0)),
        // A scale's sign is in its numbers; without them it must be seen without colour too.
        Paint::Diverging(value) if value < 0.0 && cell.label.is_empty() => {
            shapes.push(hatch(tile.width.min(tile.height) / 2.5, 1.0));
        }
        Paint::OutputPaddingZero => shapes.push(hatch(tile.width.min(tile.height) / 6.0, 1.25)),
        Paint::Cropped => shapes.push(Shape::Lines {
            lines: vec![vec![
                (tile.x, tile.y + tile.height),
                (tile.x + tile.width, tile.y),
            ]],
            closed: false,
            fill: None,
            pen: Some(Pen::solid(tone, 1.25 * unit)),
        }),
        Paint::Gradient => {
            let (right, bottom, side) = (tile.x + tile.width, tile.y + tile.height, 7.0 * unit);
            shapes.push(Shape::Lines {
                lines: vec![vec![
                    (right, bottom - side),
                    (right, bottom),
                    (right - side, bottom),
                ]],
                closed: true,
                fill: Some(tone),
                pen: None,
            });
        }
        _ => {}
    }
}

/// Lines that rise to the right, clipped to the area, `step` apart along its lower edge.
///
/// With u and v counted from the lower left corner, right and up, a line is v = u - c. It enters the area at u = max(c, 0)
/// and leaves it where v reaches the height or u the width: u = min(width, height + c). So c runs from -height to width.
fn diagonals(area: Area, step: f64) -> Vec<Vec<(f64, f64)>> {
    let mut lines = Vec::new();
    if step <= 0.0 {
        return lines;
    }
    let bottom = area.y + area.height;
    // At most a hundred lines, whatever the shape of the cell.
    let step = step.max((area.width + area.height) / 100.0);
    let mut c = step / 2.0 - (area.height / step).floor() * step;
    while c < area.width {
        let (enter, leave) = (c.max(0.0), area.width.min(area.height + c));
        if leave > enter {
            let point = |u: f64| (area.x + u, bottom - (u - c));
            lines.push(vec![point(enter), point(leave)]);
        }
        c += step;
    }
    lines
}

fn words(shapes: &mut Vec<Shape>, cell: &Cell, unit: f64) {
    let tone = Tone::Label(cell.paint);
    let area = cell.area;
    let halo = |size: f64| {
        let marked = matches!(
            cell.paint,
            Paint::PaddingZero | Paint::OutputPaddingZero | Paint::Cropped
        );
        marked.then(|| Pen::solid(Tone::Fill(cell.paint), 0.24 * size))
    };
    if !cell.label.is_empty() {
        let text = with_minus(&cell.label);
        let rim = if cell.focus { 12.0 } else { 7.0 };
        let room = (area.width - rim * unit).max(0.0);
        // A letter in the upper corner pushes the label a little down.
        let lower = if cell.corner.is_empty() {
            0.0
        } else {
            2.5 * unit
        };
        let bold = cell.focus;
        let size = fitted(&text, LABEL * unit, bold, room);
        let run = Run {
            x: area.x + area.width / 2.0,
            // The middle of the figures, not of the em, lies in the middle of the cell.
            y: area.y + f64::midpoint(area.height, CAP_HEIGHT * size) + lower,
            size,
            bold,
            tone,
            anchor: Anchor::Start,
            halo: halo(size),
            text,
        };
        shapes.push(Shape::Text(run.anchored(Anchor::Middle)));
    }
    if !cell.corner.is_empty() {
        let size = fitted(&cell.corner, CORNER * unit, false, area.width / 2.0);
        shapes.push(Shape::Text(Run {
            // Clear of the rim that a cell in focus has.
            x: area.x + 5.5 * unit,
            y: area.y + 4.5 * unit + CAP_HEIGHT * size,
            size,
            bold: false,
            tone,
            anchor: Anchor::Start,
            halo: halo(size),
            text: cell.corner.clone(),
        }));
    }
}

/// The em at which a text is no wider than `room`, at most `size`.
fn fitted(text: &str, size: f64, bold: bool, room: f64) -> f64 {
    let width = text_width(text, size, bold);
    if width > room {
        size * room / width
    } else {
        size
    }
}

/// A hyphen before a figure is a minus sign, as wide as a figure.
fn with_minus(label: &str) -> String {
    let next = |c: char| c.is_ascii_digit() || c == '.';
    let mut characters = label.chars().peekable();
    let mut text = String::with_capacity(label.len() + 2);
    while let Some(c) = characters.next() {
        let minus = c == '-' && characters.peek().copied().is_some_and(next);
        text.push(if minus { '−' } else { c });
    }
    text
}

/// A dark rim with a light one inside it, seen on any ground and inside the cell's own area.
fn focus(shapes: &mut Vec<Shape>, area: Area, unit: f64) {
    for (tone, from, width) in [(Tone::Paper, 2.5, 1.5), (Tone::Focus, 0.0, 2.75)] {
        shapes.push(Shape::Rect {
            area: inset(area, (from + width / 2.0) * unit),
            fill: None,
            pen: Some(Pen::solid(tone, width * unit)),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hatches_stay_in_their_cell() {
        for (width, height, step) in [(38.0, 38.0, 9.5), (10.0, 40.0, 3.0), (40.0, 10.0, 3.0)] {
            let area = Area {
                x: 5.0,
                y: 7.0,
                width,
                height,
            };
            let lines = diagonals(area, step);
            assert!(lines.len() >= 4);
            for (x, y) in lines.concat() {
                assert!((5.0..=5.0 + width).contains(&x), "{x}");
                assert!((7.0 - 1e-9..=7.0 + height + 1e-9).contains(&y), "{y}");
            }
        }
    }

    #[test]
    fn a_hyphen_before_a_figure_is_a_minus() {
        assert_eq!(with_minus("-3"), "−3");
        assert_eq!(with_minus("a-b"), "a-b");
        assert_eq!(with_minus("1e-5-.5"), "1e−5−.5");
        assert_eq!(with_minus("-"), "-");
    }

    #[test]
    fn long_labels_shrink_to_their_cell() {
        let text = "123456789.25";
        let size = fitted(text, LABEL, false, 33.0);
        assert!(size < LABEL && text_width(text, size, false) <= 33.0 + 1e-9);
        assert_eq!(fitted("7", LABEL, false, 33.0), LABEL);
    }
}
