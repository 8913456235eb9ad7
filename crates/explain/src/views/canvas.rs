//! What stands in a frame: maps with their cells, words above and below them, outlines, legends.

use convt_draw::{Anchor, Area, Cell, Frame, Ink, Item, Map, Paint, Place, Stroke};

use super::Table;
use super::layout::{GAP, HEAD, MARGIN, Spot};
use crate::model::{Three, positions};

/// Letters of names.
pub(crate) const NAME: f64 = 17.0;
/// Letters of sizes and secondary words.
pub(crate) const SMALL: f64 = 14.0;
/// Letters of formulas.
pub(crate) const FORMULA: f64 = 18.0;
/// From base line to base line of formulas.
pub(crate) const FORMULA_LINE: f64 = 27.0;

/// What one cell shows.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) paint: Paint,
    pub(crate) label: String,
    pub(crate) corner: String,
    pub(crate) focus: bool,
    /// Its index in its map; without one it belongs to none.
    pub(crate) index: Option<Vec<usize>>,
}

impl Look {
    pub(crate) fn new(paint: Paint, label: impl Into<String>) -> Self {
        Self {
            paint,
            label: label.into(),
            corner: String::new(),
            focus: false,
            index: None,
        }
    }

    pub(crate) fn corner(mut self, corner: impl Into<String>) -> Self {
        self.corner = corner.into();
        self
    }

    pub(crate) fn focus(mut self, focus: bool) -> Self {
        self.focus = focus;
        self
    }

    pub(crate) fn at(mut self, index: Vec<usize>) -> Self {
        self.index = Some(index);
        self
    }
}

/// One frame in the making.
#[derive(Clone, Debug, Default)]
pub(crate) struct Canvas {
    items: Vec<Item>,
    tables: Vec<Table>,
}

impl Canvas {
    /// A map: its name and size, its cells, and its outline. Cells for which `look` gives nothing are left out.
    pub(crate) fn map(
        &mut self,
        spot: &Spot,
        map: Map,
        title: &str,
        note: &str,
        look: impl Fn(Three) -> Option<Look>,
    ) {
        self.words(
            spot.x,
            spot.y - HEAD + 17.0,
            Anchor::Start,
            NAME,
            Ink::Title(map),
            title,
        );
        self.words(
            spot.x,
            spot.y - HEAD + 35.0,
            Anchor::Start,
            SMALL,
            Ink::Quiet,
            note,
        );
        if let (Some(below), false) = (spot.sign_at, spot.sign.is_empty()) {
            let (x, y) = (spot.x - GAP / 2.0, spot.y + below + 8.0);
            self.words(x, y, Anchor::Middle, 24.0, Ink::Quiet, spot.sign);
        }
        self.cells(spot, map, title, look);
    }

    /// A map's cells without words above them.
    pub(crate) fn cells(
        &mut self,
        spot: &Spot,
        map: Map,
        title: &str,
        look: impl Fn(Three) -> Option<Look>,
    ) {
        let [depth, rows, columns] = spot.shape;
        for d in 0..depth {
            if depth > 1 {
                let area = spot.area([d, 0, 0]);
                let text = format!("[{d}]");
                self.words(area.x, area.y - 5.0, Anchor::Start, 12.0, Ink::Quiet, &text);
            }
            let mut table = Vec::new();
            for r in 0..rows {
                let mut line = Vec::new();
                for c in 0..columns {
                    let Some(look) = look([d, r, c]) else {
                        line.push(String::new());
                        continue;
                    };
                    line.push(look.label.clone());
                    self.items.push(Item::Cell(Cell {
                        area: spot.area([d, r, c]),
                        paint: look.paint,
                        label: look.label,
                        corner: look.corner,
                        focus: look.focus,
                        place: look.index.map(|index| Place { map, index }),
                    }));
                }
                table.push(line);
            }
            let title = if depth > 1 {
                format!("{title} [{d}]")
            } else {
                title.to_string()
            };
            self.tables.push(Table { title, rows: table });
        }
    }

    /// Cells that belong to no map, without words above them and without a text twin.
    pub(crate) fn untold(&mut self, spot: &Spot, look: impl Fn(Three) -> Look) {
        for at in positions(spot.shape) {
            let look = look(at);
            self.items.push(Item::Cell(Cell {
                area: spot.area(at),
                paint: look.paint,
                label: look.label,
                corner: look.corner,
                focus: look.focus,
                place: None,
            }));
        }
    }

    /// A text twin.
    pub(crate) fn table(&mut self, title: &str, rows: Vec<Vec<String>>) {
        let title = title.to_string();
        self.tables.push(Table { title, rows });
    }

    /// An outline around a box of a grid's cells, in every slice it reaches.
    pub(crate) fn around(&mut self, spot: &Spot, from: [isize; 3], size: Three, stroke: Stroke) {
        for area in spot.boxes(from, size) {
            self.items.push(Item::Outline { area, stroke });
        }
    }

    /// Words at a point of their base line.
    pub(crate) fn words(
        &mut self,
        x: f64,
        y: f64,
        anchor: Anchor,
        size: f64,
        ink: Ink,
        text: &str,
    ) {
        if !text.is_empty() {
            self.items.push(Item::Text {
                x,
                y,
                anchor,
                size,
                ink,
                text: text.to_string(),
            });
        }
    }

    /// A line below words.
    pub(crate) fn rule(&mut self, from: f64, to: f64, y: f64) {
        let area = Area {
            x: from,
            y,
            width: to - from,
            height: 0.0,
        };
        self.items.push(Item::Outline {
            area,
            stroke: Stroke::Quiet,
        });
    }

    /// A quiet arrow from one cell to another.
    pub(crate) fn thread(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.items.push(Item::Arrow {
            from,
            to,
            stroke: Stroke::Quiet,
        });
    }

    /// Lines of a formula from the base line of the first.
    pub(crate) fn formula(&mut self, top: f64, lines: &[String]) {
        for (i, line) in lines.iter().enumerate() {
            let y = top + i as f64 * FORMULA_LINE;
            self.words(MARGIN, y, Anchor::Start, FORMULA, Ink::Number, line);
        }
    }

    /// Small cells with what they stand for, in one line whose top is `y`.
    pub(crate) fn legend(&mut self, y: f64, entries: &[(Paint, &str)]) {
        let (side, mut x) = (18.0, MARGIN);
        for (paint, text) in entries {
            let area = Area {
                x,
                y,
                width: side,
                height: side,
            };
            self.items.push(Item::Cell(Cell {
                area,
                paint: *paint,
                label: String::new(),
                corner: String::new(),
                focus: false,
                place: None,
            }));
            x += side + 8.0;
            self.words(x, y + 14.0, Anchor::Start, SMALL, Ink::Quiet, text);
            x += super::number::width(text, SMALL) + 26.0;
        }
    }

    /// The finished frame and its text twin.
    pub(crate) fn finish(self, caption: String, seconds: f64) -> (Frame, Vec<Table>) {
        let frame = Frame {
            items: self.items,
            caption,
            seconds,
        };
        (frame, self.tables)
    }
}
