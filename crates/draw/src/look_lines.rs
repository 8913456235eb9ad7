//! How outlines, words and arrows look.

use crate::glyphs::{CAP_HEIGHT, text_width};
use crate::look;
use crate::scene::{Anchor, Area, Item, Stroke};
use crate::shape::{Element, Kind, Pen, Run, Shape};
use crate::theme::Tone;

/// Em of the scissors on a crop edge.
const SCISSORS: f64 = 17.0;
/// Length and half width of an arrow's head.
const HEAD: (f64, f64) = (9.0, 4.0);

/// An item as shapes.
pub(crate) fn element(item: &Item) -> Element {
    let (kind, shapes) = match item {
        Item::Cell(cell) => return look::cell(cell),
        Item::Outline { area, stroke } => (Kind::Outline, outline(*area, *stroke)),
        Item::Text {
            x,
            y,
            anchor,
            size,
            ink,
            text,
        } => {
            let run = Run {
                x: *x,
                y: *y,
                size: *size,
                bold: ink.bold(),
                tone: Tone::Words(*ink),
                anchor: Anchor::Start,
                halo: None,
                text: text.clone(),
            };
            (
                Kind::Text(text.clone()),
                vec![Shape::Text(run.anchored(*anchor))],
            )
        }
        Item::Arrow { from, to, stroke } => (Kind::Arrow, arrow(*from, *to, *stroke)),
    };
    Element { kind, shapes }
}

fn pen(stroke: Stroke) -> Pen {
    match stroke {
        Stroke::Map(map) => Pen::solid(Tone::Frame(map), 2.0),
        Stroke::Focus => Pen::solid(Tone::Focus, 3.0),
        Stroke::Crop => Pen::dashed(Tone::Crop, 2.0, 7.0, 4.0),
        Stroke::Quiet => Pen::solid(Tone::QuietLine, 1.0),
    }
}

fn outline(area: Area, stroke: Stroke) -> Vec<Shape> {
    let rect = |pen| Shape::Rect {
        area,
        fill: None,
        pen: Some(pen),
    };
    let mut shapes = Vec::new();
    if stroke == Stroke::Focus {
        // A light rim keeps the dark one apart from dark cells.
        shapes.push(rect(Pen::solid(Tone::Paper, 6.0)));
    }
    shapes.push(rect(pen(stroke)));
    if stroke == Stroke::Crop {
        let text = "✂";
        let width = text_width(text, SCISSORS, false);
        // On the upper edge, as far from its left end as the edge has room for, its middle on the line.
        let left = area.x + (10.0_f64).min((area.width - width).max(0.0) / 2.0);
        shapes.push(Shape::Text(Run {
            x: left,
            y: area.y + CAP_HEIGHT * SCISSORS / 2.0,
            size: SCISSORS,
            bold: false,
            tone: Tone::Crop,
            anchor: Anchor::Start,
            halo: Some(Pen::solid(Tone::Paper, 5.0)),
            text: text.to_owned(),
        }));
    }
    shapes
}

/// A line with a filled head; shorter than a head, only the head, shrunk; of no length, nothing.
fn arrow(from: (f64, f64), to: (f64, f64), stroke: Stroke) -> Vec<Shape> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = (dx * dx + dy * dy).sqrt();
    if length <= 0.0 {
        return Vec::new();
    }
    let mut pen = pen(stroke);
    if stroke == Stroke::Quiet {
        pen.width = 1.5;
    }
    let (along, across) = ((dx / length, dy / length), (-dy / length, dx / length));
    let head = HEAD.0.min(length);
    let half = HEAD.1 * head / HEAD.0;
    let base = (to.0 - along.0 * head, to.1 - along.1 * head);
    let side = |sign: f64| {
        (
            base.0 + across.0 * half * sign,
            base.1 + across.1 * half * sign,
        )
    };
    let mut shapes = Vec::new();
    if length > head {
        shapes.push(Shape::Lines {
            lines: vec![vec![from, base]],
            closed: false,
            fill: None,
            pen: Some(pen),
        });
    }
    shapes.push(Shape::Lines {
        lines: vec![vec![to, side(1.0), side(-1.0)]],
        closed: true,
        fill: Some(pen.tone),
        pen: None,
    });
    shapes
}
