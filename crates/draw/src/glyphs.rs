//! The letters: outlines and widths from two embedded tables, so that words look the same without any installed font.
//!
//! `fonts/make_subset.py` writes the tables and describes their layout. Coordinates are in ems, y downwards as in a figure.

/// One step of an outline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    Move([f64; 2]),
    Line([f64; 2]),
    /// Two control points and the end of a cubic curve.
    Curve([[f64; 2]; 3]),
    Close,
}

/// A letter of em size 1.
#[derive(Clone, Debug)]
pub(crate) struct Glyph {
    /// How far the next letter lies to the right.
    pub(crate) advance: f64,
    /// Closed contours from the base line's left end, filled by the nonzero rule.
    pub(crate) outline: Vec<Step>,
}

/// Height of capitals and figures, in ems.
pub(crate) const CAP_HEIGHT: f64 = 0.733;

const REGULAR: &[u8] = include_bytes!("../fonts/regular.glyphs");
const BOLD: &[u8] = include_bytes!("../fonts/bold.glyphs");

/// Bytes before the list of glyphs: the word CVTGLYPH, units per em, number of glyphs.
const HEAD: usize = 12;

/// The width of a line of text in units, at an em of `size` units.
///
/// A character without a glyph counts as the box that is drawn for it.
pub fn text_width(text: &str, size: f64, bold: bool) -> f64 {
    text.chars().map(|c| advance(c, bold)).sum::<f64>() * size
}

/// The characters of a text, each once and in order, for which there is no glyph and a box would be drawn.
pub fn missing_glyphs(text: &str) -> Vec<char> {
    let mut missing: Vec<char> = text
        .chars()
        .filter(|&c| find(c, false).is_none() || find(c, true).is_none())
        .collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

/// The glyph of a character, or a box.
pub(crate) fn glyph(c: char, bold: bool) -> Glyph {
    find(c, bold)
        .and_then(|(bytes, units)| decode(bytes, units))
        .unwrap_or_else(missing)
}

/// Whether the box stands for this character; formats give all of them one name.
pub(crate) fn is_missing(c: char, bold: bool) -> bool {
    find(c, bold).is_none()
}

fn advance(c: char, bold: bool) -> f64 {
    find(c, bold)
        .and_then(|(bytes, units)| Some(f64::from(Numbers(bytes).next()?) / units))
        .unwrap_or_else(|| missing().advance)
}

/// A hollow box of one em, less its side bearings.
fn missing() -> Glyph {
    let ring = |left: f64, top: f64, right: f64, bottom: f64, clockwise: bool| {
        let (second, fourth) = if clockwise {
            ([right, top], [left, bottom])
        } else {
            ([left, bottom], [right, top])
        };
        [
            Step::Move([left, top]),
            Step::Line(second),
            Step::Line([right, bottom]),
            Step::Line(fourth),
            Step::Close,
        ]
    };
    let outer = ring(0.08, -0.8, 0.72, 0.08, true);
    let inner = ring(0.14, -0.74, 0.66, 0.02, false);
    Glyph {
        advance: 0.8,
        outline: outer.into_iter().chain(inner).collect(),
    }
}

/// The bytes of a character's glyph and the units per em: a binary search in the list of code points.
fn find(c: char, bold: bool) -> Option<(&'static [u8], f64)> {
    let table = if bold { BOLD } else { REGULAR };
    let units = f64::from(u16::from_le_bytes(table.get(8..10)?.try_into().ok()?));
    let count = usize::from(u16::from_le_bytes(table.get(10..HEAD)?.try_into().ok()?));
    let (list, body) = table.get(HEAD..)?.split_at_checked(count * 8)?;
    let word = |at: usize| {
        let bytes = list.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_le_bytes(bytes))
    };
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = usize::midpoint(low, high);
        match word(middle * 8)?.cmp(&u32::from(c)) {
            std::cmp::Ordering::Equal => {
                let offset = word(middle * 8 + 4)? as usize;
                return Some((body.get(offset..)?, units));
            }
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

/// Reads numbers of 7 bits per byte, lowest first.
struct Numbers(&'static [u8]);

impl Numbers {
    fn next(&mut self) -> Option<u32> {
        let mut value = 0;
        for shift in [0, 7, 14, 21] {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u32::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// 0, 1, 2, 3, ... stand for 0, -1, 1, -2, ...
    fn signed(&mut self) -> Option<f64> {
        let value = self.next()?;
        let half = f64::from(value >> 1);
        Some(if value & 1 == 0 { half } else { -half - 1.0 })
    }
}

fn decode(bytes: &'static [u8], units: f64) -> Option<Glyph> {
    let mut numbers = Numbers(bytes);
    let advance = f64::from(numbers.next()?) / units;
    let contours = numbers.next()?;
    let mut outline = Vec::new();
    let (mut x, mut y) = (0.0, 0.0);
    for _ in 0..contours {
        let segments = numbers.next()? as usize;
        let mut point = |numbers: &mut Numbers| {
            x += numbers.signed()?;
            y -= numbers.signed()?;
            Some([x / units, y / units])
        };
        outline.push(Step::Move(point(&mut numbers)?));
        let (curved, rest) = numbers.0.split_at_checked(segments.div_ceil(8))?;
        numbers.0 = rest;
        for segment in 0..segments {
            outline.push(if curved[segment / 8] >> (segment % 8) & 1 == 1 {
                Step::Curve([
                    point(&mut numbers)?,
                    point(&mut numbers)?,
                    point(&mut numbers)?,
                ])
            } else {
                Step::Line(point(&mut numbers)?)
            });
        }
        outline.push(Step::Close);
    }
    Some(Glyph { advance, outline })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every glyph of both tables: its outline decodes, closes and stays near its em.
    #[test]
    fn every_glyph_decodes() {
        for bold in [false, true] {
            let mut known = 0;
            for c in (0..=0x1_FFFF).filter_map(char::from_u32) {
                let Some((bytes, units)) = find(c, bold) else {
                    continue;
                };
                known += 1;
                let glyph = decode(bytes, units).unwrap_or_else(|| panic!("{c:?} is broken"));
                assert!((0.0..=2.0).contains(&glyph.advance), "{c:?}");
                for step in glyph.outline {
                    let points = match step {
                        Step::Move(p) | Step::Line(p) => vec![p],
                        Step::Curve(p) => p.to_vec(),
                        Step::Close => vec![],
                    };
                    for [x, y] in points {
                        assert!(
                            (-1.5..2.5).contains(&x) && (-1.3..0.6).contains(&y),
                            "{c:?}"
                        );
                    }
                }
            }
            let table = if bold { BOLD } else { REGULAR };
            assert_eq!(
                known,
                usize::from(u16::from_le_bytes([table[10], table[11]]))
            );
            assert!(known > 800, "{known}");
        }
    }

    #[test]
    fn figures_have_one_width() {
        for bold in [false, true] {
            let width = text_width("0", 10.0, bold);
            assert!(width > 5.0);
            for digit in "123456789−+".chars() {
                assert_eq!(text_width(&digit.to_string(), 10.0, bold), width);
            }
        }
        assert_eq!(text_width("", 10.0, false), 0.0);
    }

    #[test]
    fn a_missing_glyph_is_a_box() {
        assert_eq!(
            missing_glyphs("ab\u{10FFFF}c\u{E000}\u{10FFFF}"),
            ['\u{E000}', '\u{10FFFF}']
        );
        assert_eq!(glyph('\u{E000}', false).outline.len(), 10);
        assert_eq!(text_width("\u{E000}", 10.0, false), 8.0);
    }
}
