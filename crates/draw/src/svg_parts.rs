//! The pieces that every SVG is made of: numbers, escapes, colours, letters and elements.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::glyphs::{self, Step};
use crate::scene::Map;
use crate::shape::{Element, Kind, Pen, Run, Shape};
use crate::theme::{Palette, Theme, Tone};

/// Writes elements and remembers which letters and colours they use, for one definition of each in the file.
pub(crate) struct Writer {
    light: Palette,
    dark: Option<Palette>,
    /// Identifier of each letter used, with its face and character.
    letters: BTreeMap<String, (char, bool)>,
    /// Rules for the reader who prefers the dark.
    rules: BTreeSet<String>,
}

/// Ems are written in hundredths, so that two decimals are enough for outlines.
const EM: f64 = 100.0;

impl Writer {
    pub(crate) fn new(theme: Theme) -> Self {
        let (light, dark) = theme.palettes();
        Self {
            light,
            dark,
            letters: BTreeMap::new(),
            rules: BTreeSet::new(),
        }
    }

    /// An element of a frame as XML.
    pub(crate) fn element(&mut self, element: &Element) -> String {
        let mut out = String::new();
        match &element.kind {
            Kind::Cell {
                place,
                label,
                focus,
            } => {
                out.push_str(if *focus {
                    "<g class=\"cell focus\""
                } else {
                    "<g class=\"cell\""
                });
                if let Some(place) = place {
                    let index: Vec<String> = place.index.iter().map(usize::to_string).collect();
                    let map = map_name(place.map);
                    let index = index.join(",");
                    let _ = write!(out, " data-map=\"{map}\" data-index=\"{index}\"");
                }
                if !label.is_empty() {
                    let _ = write!(out, " data-label=\"{}\"", escape(label));
                }
                out.push('>');
            }
            Kind::Text(text) => {
                let _ = write!(out, "<g data-text=\"{}\">", escape(text));
            }
            Kind::Outline | Kind::Arrow => out.push_str("<g>"),
        }
        for shape in &element.shapes {
            self.shape(&mut out, shape);
        }
        out.push_str("</g>");
        out
    }

    /// The ground behind everything.
    pub(crate) fn paper(&mut self, left: f64, width: f64, height: f64) -> String {
        let style = self.style(Some(Tone::Paper), None, 1.0);
        format!(
            "<rect x=\"{}\" width=\"{}\" height=\"{}\"{style}/>",
            num(left),
            num(width),
            num(height)
        )
    }

    /// Outlines of all letters written so far.
    pub(crate) fn definitions(&self) -> String {
        let mut out = String::new();
        for (id, &(c, bold)) in &self.letters {
            let path = outline(&glyphs::glyph(c, bold).outline);
            let _ = write!(out, "<path id=\"{id}\" d=\"{path}\"/>");
        }
        out
    }

    /// Rules for all colours written so far; nothing for a theme without a choice.
    pub(crate) fn style_rules(&self) -> String {
        if self.rules.is_empty() {
            return String::new();
        }
        let rules: String = self.rules.iter().map(String::as_str).collect();
        format!("@media (prefers-color-scheme:dark){{{rules}}}")
    }

    fn shape(&mut self, out: &mut String, shape: &Shape) {
        let _ = match shape {
            Shape::Rect { area, fill, pen } => {
                let style = self.style(*fill, *pen, 1.0);
                write!(
                    out,
                    "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{style}/>",
                    num(area.x),
                    num(area.y),
                    num(area.width),
                    num(area.height)
                )
            }
            Shape::Dot {
                x,
                y,
                radius,
                fill,
                pen,
            } => {
                let style = self.style(*fill, *pen, 1.0);
                write!(
                    out,
                    "<circle cx=\"{}\" cy=\"{}\" r=\"{}\"{style}/>",
                    num(*x),
                    num(*y),
                    num(*radius)
                )
            }
            Shape::Lines {
                lines,
                closed,
                fill,
                pen,
            } => {
                let style = self.style(*fill, *pen, 1.0);
                let mut path = String::new();
                for line in lines {
                    for (n, (x, y)) in line.iter().enumerate() {
                        let verb = if n == 0 { 'M' } else { 'L' };
                        let _ = write!(path, "{verb}{} {}", num(*x), num(*y));
                    }
                    if *closed {
                        path.push('Z');
                    }
                }
                write!(out, "<path d=\"{path}\"{style}/>")
            }
            Shape::Text(run) => {
                self.run(out, run);
                Ok(())
            }
        };
    }

    /// A run of letters: each letter once in the definitions, here only where it stands.
    fn run(&mut self, out: &mut String, run: &Run) {
        let mut uses = String::new();
        let mut x = 0.0;
        for c in run.text.chars() {
            let glyph = glyphs::glyph(c, run.bold);
            if !glyph.outline.is_empty() {
                let id = self.letter(c, run.bold);
                let _ = write!(uses, "<use href=\"#{id}\"");
                if x > 0.0 {
                    let _ = write!(uses, " x=\"{}\"", num(x));
                }
                uses.push_str("/>");
            }
            x += glyph.advance * EM;
        }
        let scale = run.size / EM;
        let place = format!(
            "translate({} {}) scale({})",
            num(run.x),
            num(run.y),
            decimals(scale, 5)
        );
        if let Some(halo) = run.halo {
            let style = self.style(None, Some(halo), scale);
            let _ = write!(
                out,
                "<g transform=\"{place}\"{style} stroke-linejoin=\"round\">{uses}</g>"
            );
        }
        let style = self.style(Some(run.tone), None, 1.0);
        let _ = write!(out, "<g transform=\"{place}\"{style}>{uses}</g>");
    }

    /// The same name for the same letter in every file, so that several files in one page cannot disturb each other.
    fn letter(&mut self, c: char, bold: bool) -> String {
        let face = if bold { 'b' } else { 'r' };
        let code = if glyphs::is_missing(c, bold) {
            String::from("box")
        } else {
            format!("{:x}", u32::from(c))
        };
        let id = format!("cv-{face}{code}");
        self.letters.entry(id.clone()).or_insert((c, bold));
        id
    }

    /// Attributes of fill and line. A line inside a scaled group is divided by the scale.
    ///
    /// The attributes hold the colours for everybody; a class, named after both colours, replaces them in the dark.
    fn style(&mut self, fill: Option<Tone>, pen: Option<Pen>, scale: f64) -> String {
        let mut attributes = String::new();
        let mut classes = Vec::new();
        match fill {
            Some(tone) => {
                let color = self.color("fill", tone, &mut classes);
                let _ = write!(attributes, " fill=\"{color}\"");
            }
            None => attributes.push_str(" fill=\"none\""),
        }
        if let Some(pen) = pen {
            let color = self.color("stroke", pen.tone, &mut classes);
            let width = num(pen.width / scale);
            let _ = write!(attributes, " stroke=\"{color}\" stroke-width=\"{width}\"");
            if let Some((dash, gap)) = pen.dash {
                let _ = write!(
                    attributes,
                    " stroke-dasharray=\"{} {}\"",
                    num(dash / scale),
                    num(gap / scale)
                );
            }
        }
        if !classes.is_empty() {
            let _ = write!(attributes, " class=\"{}\"", classes.join(" "));
        }
        attributes
    }

    fn color(&mut self, property: &str, tone: Tone, classes: &mut Vec<String>) -> String {
        let light = hex(self.light, tone);
        if let Some(dark) = self.dark {
            let dark = hex(dark, tone);
            let initial = &property[..1];
            let class = format!("cv{initial}-{}-{}", &light[1..], &dark[1..]);
            self.rules.insert(format!(".{class}{{{property}:{dark}}}"));
            classes.push(class);
        }
        light
    }
}

/// A colour as `#rrggbb`.
pub(crate) fn hex(palette: Palette, tone: Tone) -> String {
    let color = palette.color(tone);
    format!("#{:02x}{:02x}{:02x}", color.0, color.1, color.2)
}

/// The opening tag, title and description. `id` tells pictures of one page apart.
pub(crate) fn open(view: [f64; 3], title: &str, description: &str, id: &str) -> String {
    let [left, width, height] = view.map(num);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"{id}\" viewBox=\"{left} 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title>\
         <desc id=\"{id}-d\">{}</desc>",
        escape(title),
        escape(description)
    )
}

/// A short name for a picture, the same for the same words: FNV-1a of 32 bits.
pub(crate) fn identifier(words: &[&str]) -> String {
    let mut hash: u32 = 0x811C_9DC5;
    for byte in words.join("\n").bytes() {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    format!("cv-{hash:08x}")
}

/// Text for XML and HTML, between tags and between double quotes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// A number with at most two decimals.
pub(crate) fn num(value: f64) -> String {
    decimals(value, 2)
}

/// A number with at most `places` decimals, none of them a trailing zero.
pub(crate) fn decimals(value: f64, places: usize) -> String {
    let text = format!("{value:.places$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

/// A map's name in attributes.
pub(crate) fn map_name(map: Map) -> &'static str {
    match map {
        Map::Input => "input",
        Map::Stretched => "stretched",
        Map::Kernel => "kernel",
        Map::Flipped => "flipped",
        Map::Output => "output",
        Map::Matrix => "matrix",
        Map::GradientOfOutput => "gradient-of-output",
        Map::GradientOfInput => "gradient-of-input",
        Map::GradientOfKernel => "gradient-of-kernel",
    }
}

fn outline(steps: &[Step]) -> String {
    let mut path = String::new();
    let pair = |[x, y]: [f64; 2]| format!("{} {}", num(x * EM), num(y * EM));
    for step in steps {
        let _ = match step {
            Step::Move(p) => write!(path, "M{}", pair(*p)),
            Step::Line(p) => write!(path, "L{}", pair(*p)),
            Step::Curve([a, b, c]) => write!(path, "C{} {} {}", pair(*a), pair(*b), pair(*c)),
            Step::Close => write!(path, "Z"),
        };
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(num(1.0), "1");
        assert_eq!(num(-0.001), "0");
        assert_eq!(num(0.125), "0.12");
        assert_eq!(num(100.0), "100");
        assert_eq!(num(-2.5), "-2.5");
        assert_eq!(decimals(0.00168, 4), "0.0017");
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(escape("<a b='\"&'>"), "&lt;a b=&#39;&quot;&amp;&#39;&gt;");
    }
}
