//! Whether a figure can be drawn at all: after this check no format meets a number or a character that it cannot write.

use crate::error::DrawError;
use crate::scene::{Area, Figure, Frame, Item, Paint};

/// Largest side of a figure and largest coordinate in it, in units.
const FAR: f64 = 1e5;
/// Longest time of a frame in seconds.
const LONG: f64 = 600.0;
const FRAMES: usize = 10_000;
/// Over all frames.
const ITEMS: usize = 2_000_000;
/// Bytes of one text.
const TEXT: usize = 100_000;

/// Checks every number and every character.
pub(crate) fn figure(figure: &Figure) -> Result<(), DrawError> {
    number("the width of the figure", figure.width, 1.0, FAR)?;
    number("the height of the figure", figure.height, 1.0, FAR)?;
    text("the title", &figure.title)?;
    text("the description", &figure.description)?;
    if figure.frames.is_empty() {
        return Err(DrawError::NoFrames);
    }
    at_most("frames", figure.frames.len(), FRAMES)?;
    at_most(
        "items",
        figure.frames.iter().map(|frame| frame.items.len()).sum(),
        ITEMS,
    )?;
    figure.frames.iter().try_for_each(frame)
}

fn frame(frame: &Frame) -> Result<(), DrawError> {
    number("the time of a frame", frame.seconds, 0.0, LONG)?;
    text("a caption", &frame.caption)?;
    frame.items.iter().try_for_each(item)
}

fn item(item: &Item) -> Result<(), DrawError> {
    match item {
        Item::Cell(cell) => {
            area(cell.area)?;
            text("a label", &cell.label)?;
            text("a corner", &cell.corner)?;
            paint(cell.paint)
        }
        Item::Outline { area: outline, .. } => area(*outline),
        Item::Text {
            x,
            y,
            size,
            text: words,
            ..
        } => {
            point((*x, *y))?;
            number("the size of a text", *size, 0.1, 1000.0)?;
            text("a text", words)
        }
        Item::Arrow { from, to, .. } => {
            point(*from)?;
            point(*to)
        }
    }
}

fn paint(paint: Paint) -> Result<(), DrawError> {
    match paint {
        Paint::Kernel(tap, of) if tap >= of => Err(DrawError::Tap { tap, of }),
        // Beyond the scale's end a cell has the end's colour, so only what is no number is refused.
        Paint::Diverging(value) => number("the value of a cell", value, f64::MIN, f64::MAX),
        Paint::Count(share) => number("the count of a cell", share, f64::MIN, f64::MAX),
        _ => Ok(()),
    }
}

fn area(area: Area) -> Result<(), DrawError> {
    point((area.x, area.y))?;
    number("the width of an area", area.width, 0.0, FAR)?;
    number("the height of an area", area.height, 0.0, FAR)
}

fn point((x, y): (f64, f64)) -> Result<(), DrawError> {
    number("an x", x, -FAR, FAR)?;
    number("a y", y, -FAR, FAR)
}

/// NaN lies in no range.
pub(crate) fn number(
    what: &'static str,
    value: f64,
    least: f64,
    most: f64,
) -> Result<(), DrawError> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(DrawError::Number {
            what,
            value,
            least,
            most,
        })
    }
}

fn at_most(what: &'static str, count: usize, limit: usize) -> Result<(), DrawError> {
    if count <= limit {
        Ok(())
    } else {
        Err(DrawError::TooMany { what, count, limit })
    }
}

/// No control characters, which are no words, and none that XML cannot hold.
fn text(what: &'static str, text: &str) -> Result<(), DrawError> {
    at_most("bytes in one text", text.len(), TEXT)?;
    let bad =
        |c: &char| c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}' | '\u{2028}' | '\u{2029}');
    match text.chars().find(bad) {
        None => Ok(()),
        Some(c) => Err(DrawError::Character {
            what,
            code: u32::from(c),
        }),
    }
}
