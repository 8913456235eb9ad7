//! The sheet that a figure is drawn on: the figure itself and below it a strip for the captions, equal in all frames.

use crate::check;
use crate::error::DrawError;
use crate::glyphs::{CAP_HEIGHT, text_width};
use crate::look_lines;
use crate::scene::{Anchor, Figure, Frame, Ink, Item};
use crate::shape::{Element, Kind, Run, Shape};
use crate::theme::Tone;

/// Em and line height of captions.
const SIZE: f64 = 15.0;
const LINE: f64 = 22.0;
/// Space above the first line of the strip and below the last.
const ABOVE: f64 = 10.0;
const BELOW: f64 = 14.0;
/// Captions never stand closer to the side.
const MARGIN: f64 = 12.0;
/// A narrow figure is widened to this, so that its captions do not become columns.
const COMFORTABLE: f64 = 360.0;

/// A checked figure with its captions broken into lines. Its left edge may lie left of the figure's.
pub(crate) struct Sheet<'a> {
    pub(crate) figure: &'a Figure,
    /// The sheet's left edge in the figure's coordinates, zero or negative.
    pub(crate) left: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// Where captions begin.
    text_left: f64,
    /// Per frame.
    captions: Vec<Vec<String>>,
}

impl<'a> Sheet<'a> {
    /// Checks the figure and lays out its captions, if they are wanted.
    pub(crate) fn new(figure: &'a Figure, captions: bool) -> Result<Self, DrawError> {
        check::figure(figure)?;
        let mut sheet = Self {
            figure,
            left: 0.0,
            width: figure.width,
            height: figure.height,
            text_left: MARGIN,
            captions: vec![Vec::new(); figure.frames.len()],
        };
        if captions && figure.frames.iter().any(|frame| !frame.caption.is_empty()) {
            sheet.lay_out_captions();
        }
        Ok(sheet)
    }

    fn lay_out_captions(&mut self) {
        let frames = &self.figure.frames;
        let widest = frames
            .iter()
            .map(|frame| text_width(&frame.caption, SIZE, false))
            .fold(0.0, f64::max);
        let wanted = COMFORTABLE.min(widest + 2.0 * MARGIN);
        if self.width < wanted {
            self.left = -((wanted - self.width) / 2.0).ceil();
            self.width += -2.0 * self.left;
        }
        // Flush with what the figure itself begins with, where that leaves room.
        let begins = left_edge(self.figure).clamp(MARGIN, MARGIN.max(self.figure.width / 4.0));
        self.text_left = if self.left < 0.0 {
            self.left + MARGIN
        } else {
            begins
        };
        let room = self.left + self.width - MARGIN - self.text_left;
        self.captions = frames
            .iter()
            .map(|frame| wrap(&frame.caption, room))
            .collect();
        let lines = self.captions.iter().map(Vec::len).max().unwrap_or(0);
        self.height += ABOVE + LINE * lines as f64 + BELOW;
    }

    /// Frame `index` as elements, its caption last. An index past the end is an empty frame.
    pub(crate) fn elements(&self, index: usize) -> Vec<Element> {
        let items = self
            .figure
            .frames
            .get(index)
            .map_or(&[][..], |frame| &frame.items);
        let lines = self.captions.get(index).map_or(&[][..], Vec::as_slice);
        items
            .iter()
            .map(look_lines::element)
            .chain(
                lines
                    .iter()
                    .enumerate()
                    .map(|(line, text)| self.caption(line, text)),
            )
            .collect()
    }

    fn caption(&self, line: usize, text: &str) -> Element {
        let middle = self.figure.height + ABOVE + LINE * (line as f64 + 0.5);
        Element {
            kind: Kind::Text(text.to_owned()),
            shapes: vec![Shape::Text(Run {
                x: self.text_left,
                y: middle + CAP_HEIGHT * SIZE / 2.0,
                size: SIZE,
                bold: false,
                tone: Tone::Words(Ink::Normal),
                anchor: Anchor::Start,
                halo: None,
                text: text.to_owned(),
            })],
        }
    }

    /// Index of the last frame, the one that shows the result.
    pub(crate) fn last(&self) -> usize {
        self.figure.frames.len() - 1
    }
}

/// How long a frame is held: the last one of a moving picture long enough to be read before all begins again.
pub(crate) fn seconds(frames: &[Frame], index: usize) -> f64 {
    let own = frames
        .get(index)
        .map_or(0.0, |frame| frame.seconds)
        .max(0.05);
    if index + 1 == frames.len() {
        own.max(2.5)
    } else {
        own
    }
}

fn left_edge(figure: &Figure) -> f64 {
    figure
        .frames
        .iter()
        .flat_map(|frame| &frame.items)
        .filter_map(|item| match item {
            Item::Cell(cell) => Some(cell.area.x),
            Item::Outline { area, .. } => Some(area.x),
            _ => None,
        })
        .fold(f64::INFINITY, f64::min)
}

/// Breaks a text into lines no wider than `room`: at spaces, and beside any Chinese character.
fn wrap(text: &str, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for piece in pieces(text) {
        let joined = format!("{line}{piece}");
        if line.is_empty() || text_width(joined.trim_end(), SIZE, false) <= room {
            line = joined;
        } else {
            lines.push(line.trim_end().to_owned());
            piece.trim_start().clone_into(&mut line);
        }
        // A word wider than a line is broken where the line ends.
        while text_width(line.trim_end(), SIZE, false) > room && line.chars().count() > 1 {
            let mut head = String::new();
            for c in line.chars() {
                head.push(c);
                if head.chars().count() > 1 && text_width(&head, SIZE, false) > room {
                    head.pop();
                    break;
                }
            }
            let rest = line.split_off(head.len());
            lines.push(std::mem::replace(&mut line, rest));
        }
    }
    if !line.trim_end().is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// The parts between which a line may break: words with the space after them, Chinese characters each with the
/// punctuation that follows it.
fn pieces(text: &str) -> Vec<String> {
    const NO_START: &str = "，。、：；？！）】》〉」』”’…—,.;:?!)]}%";
    const NO_END: &str = "（【《〈「『“‘([{";
    let wide =
        |c: char| ('\u{2E80}'..='\u{9FFF}').contains(&c) || ('\u{FF00}'..='\u{FFEF}').contains(&c);
    let mut pieces: Vec<String> = Vec::new();
    let mut before = None;
    for c in text.chars() {
        let may_break = match before {
            None => true,
            Some(b) if NO_START.contains(c) || NO_END.contains(b) || c == ' ' => false,
            Some(b) => b == ' ' || wide(b) || wide(c),
        };
        match pieces.last_mut() {
            Some(piece) if !may_break => piece.push(c),
            _ => pieces.push(c.to_string()),
        }
        before = Some(c);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_between_chinese_characters() {
        assert_eq!(pieces("a bc，d"), ["a ", "bc，", "d"]);
        assert_eq!(pieces("输入3（行）。"), ["输", "入", "3", "（行）。"]);
        let text = "Every input cell stamps the whole kernel, scaled by itself, on the output.";
        let lines = wrap(text, 200.0);
        assert!(lines.len() >= 3);
        assert_eq!(lines.join(" "), text);
        assert!(
            lines
                .iter()
                .all(|line| text_width(line, SIZE, false) <= 200.0)
        );
        let text = "每个输入元素把整个卷积核乘以自身，再累加到输出上。";
        assert_eq!(wrap(text, 100.0).concat(), text);
    }

    #[test]
    fn a_word_without_a_break_is_broken() {
        let text = "x".repeat(100);
        let lines = wrap(&text, 60.0);
        assert!(lines.len() > 5);
        assert_eq!(lines.concat(), text);
        // Even where not one letter has room, every letter stands somewhere.
        assert_eq!(wrap("abc", 0.5).concat(), "abc");
        assert!(wrap("  ", 50.0).is_empty());
    }
}
