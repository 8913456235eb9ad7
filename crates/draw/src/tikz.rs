//! One frame as a TikZ picture: shapes are drawn as here, words are set by TeX in its own sans serif.

use std::fmt::Write as _;

use crate::color::Rgb;
use crate::error::DrawError;
use crate::glyphs::text_width;
use crate::scene::{Anchor, Figure};
use crate::shape::{Kind, Pen, Run, Shape};
use crate::sheet::Sheet;
use crate::svg_parts::num;
use crate::theme::{Palette, Theme, Tone};

/// TeX points per unit: 96 units make an inch of 72.27 points.
const POINTS: f64 = 72.27 / 96.0;

/// TeX's sans serif runs wider than the letters of the layout, so it is set a little smaller.
const LETTERS: f64 = 0.95;

/// Frame `frame` of a figure, counted from 0, as a `tikzpicture` for `\input`, with a comment on what it needs.
pub fn tikz(figure: &Figure, frame: usize, theme: Theme) -> Result<String, DrawError> {
    picture(&Sheet::new(figure, true)?, frame, theme)
}

pub(crate) fn picture(sheet: &Sheet<'_>, frame: usize, theme: Theme) -> Result<String, DrawError> {
    let frames = sheet.figure.frames.len();
    if frame >= frames {
        return Err(DrawError::Frame {
            asked: frame,
            frames,
        });
    }
    let mut writer = Writer {
        palette: theme.palettes().0,
        colors: Vec::new(),
        chinese: false,
        signs: false,
        body: String::new(),
    };
    if writer.palette == Palette::Dark {
        let color = writer.color(Tone::Paper);
        let _ = writeln!(
            writer.body,
            "\\fill[{color}] ({},0) rectangle ({},{});",
            num(sheet.left),
            num(sheet.left + sheet.width),
            num(sheet.height)
        );
    }
    let bounds = format!(
        "\\path[use as bounding box] ({},0) rectangle ({},{});\n",
        num(sheet.left),
        num(sheet.left + sheet.width),
        num(sheet.height)
    );
    for element in sheet.elements(frame) {
        if let Kind::Cell {
            place: Some(place), ..
        } = &element.kind
        {
            let _ = writeln!(writer.body, "% {:?} {:?}", place.map, place.index);
        }
        for shape in &element.shapes {
            writer.shape(shape);
        }
    }
    Ok(writer.finish(&sheet.figure.title, &bounds))
}

struct Writer {
    palette: Palette,
    /// In order of first use.
    colors: Vec<Rgb>,
    chinese: bool,
    /// Whether it has signs beyond those that `escape` spells for TeX.
    signs: bool,
    body: String,
}

impl Writer {
    fn color(&mut self, tone: Tone) -> String {
        let color = self.palette.color(tone);
        if !self.colors.contains(&color) {
            self.colors.push(color);
        }
        name(color)
    }

    /// `[fill=.., draw=.., line width=..]`
    fn options(&mut self, fill: Option<Tone>, pen: Option<Pen>) -> String {
        let mut options = Vec::new();
        if let Some(tone) = fill {
            options.push(format!("fill={}", self.color(tone)));
        }
        if let Some(pen) = pen {
            options.push(format!("draw={}", self.color(pen.tone)));
            options.push(format!("line width={}pt", num(pen.width * POINTS)));
            if let Some((dash, gap)) = pen.dash {
                options.push(format!(
                    "dash pattern=on {}pt off {}pt",
                    num(dash * POINTS),
                    num(gap * POINTS)
                ));
            }
        }
        options.join(",")
    }

    fn shape(&mut self, shape: &Shape) {
        match shape {
            Shape::Rect { area, fill, pen } => {
                let options = self.options(*fill, *pen);
                let (right, bottom) = (area.x + area.width, area.y + area.height);
                let _ = writeln!(
                    self.body,
                    "\\path[{options}] ({},{}) rectangle ({},{});",
                    num(area.x),
                    num(area.y),
                    num(right),
                    num(bottom)
                );
            }
            Shape::Dot {
                x,
                y,
                radius,
                fill,
                pen,
            } => {
                let options = self.options(*fill, *pen);
                let _ = writeln!(
                    self.body,
                    "\\path[{options}] ({},{}) circle[radius={}pt];",
                    num(*x),
                    num(*y),
                    num(radius * POINTS)
                );
            }
            Shape::Lines {
                lines,
                closed,
                fill,
                pen,
            } => {
                let options = self.options(*fill, *pen);
                let end = if *closed { "--cycle" } else { "" };
                let path: Vec<String> = lines
                    .iter()
                    .map(|line| {
                        let points: Vec<String> = line
                            .iter()
                            .map(|(x, y)| format!("({},{})", num(*x), num(*y)))
                            .collect();
                        points.join("--") + end
                    })
                    .collect();
                let _ = writeln!(self.body, "\\path[{options}] {};", path.join(" "));
            }
            Shape::Text(run) => self.run(run),
        }
    }

    /// Words keep their anchor, because TeX's letters have other widths than those of the layout.
    fn run(&mut self, run: &Run) {
        if run.text.trim().is_empty() {
            return;
        }
        let text = escape(&run.text);
        self.chinese |= text.contains(|c| c >= '\u{2E80}');
        self.signs |= text.contains(|c| ('\u{100}'..'\u{2E80}').contains(&c));
        let color = self.color(run.tone);
        let width = text_width(&run.text, run.size, run.bold);
        let (anchor, x) = match run.anchor {
            Anchor::Start => ("base west", run.x),
            Anchor::Middle => ("base", run.x + width / 2.0),
            Anchor::End => ("base east", run.x + width),
        };
        // The rim of the letters, drawn as the ground behind them.
        let ground = match run.halo {
            Some(halo) => format!(",fill={},inner sep=1pt", self.color(halo.tone)),
            None => ",inner sep=0pt".to_owned(),
        };
        let _ = writeln!(
            self.body,
            "\\node[anchor={anchor},text={color}{ground}] at ({},{}) {{\\fontsize{{{size}}}{{{size}}}\\sffamily{weight}\\selectfont {text}}};",
            num(x),
            num(run.y),
            size = num(run.size * POINTS * LETTERS),
            weight = if run.bold { "\\bfseries" } else { "" },
        );
    }

    fn finish(self, title: &str, bounds: &str) -> String {
        let mut out = format!(
            "% {title}\n% Needs \\usepackage{{tikz}} and, for letters of any size, \\usepackage{{lmodern}}.\n\
             % By itself: \\documentclass[tikz]{{standalone}} and \\input this file between \\begin{{document}} and \\end{{document}}.\n"
        );
        if self.chinese {
            out.push_str("% It has Chinese words: add \\usepackage[fontset=fandol]{ctex} and use XeLaTeX or LuaLaTeX.\n");
        }
        if self.signs && !self.chinese {
            out.push_str("% It has signs that pdfLaTeX lacks: use XeLaTeX or LuaLaTeX.\n");
        }
        let unit = format!("{POINTS:.4}pt");
        let _ = writeln!(out, "\\begin{{tikzpicture}}[x={unit},y=-{unit}]");
        for color in &self.colors {
            let Rgb(r, g, b) = *color;
            let _ = writeln!(
                out,
                "\\definecolor{{{}}}{{RGB}}{{{r},{g},{b}}}",
                name(*color)
            );
        }
        out.push_str(bounds);
        out.push_str(&self.body);
        out.push_str("\\end{tikzpicture}\n");
        out
    }
}

fn name(Rgb(r, g, b): Rgb) -> String {
    format!("convt{r:02x}{g:02x}{b:02x}")
}

/// Text for TeX: its own characters escaped, signs that old engines lack as mathematics, all else as it is.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if let Some((level, base)) = raised(c) {
            let _ = write!(out, "\\ensuremath{{{level}{{{base}}}}}");
            continue;
        }
        let replaced = match c {
            '\\' => "\\textbackslash{}",
            '{' => "\\{",
            '}' => "\\}",
            '$' => "\\$",
            '&' => "\\&",
            '%' => "\\%",
            '#' => "\\#",
            '_' => "\\_",
            '^' => "\\textasciicircum{}",
            '~' => "\\textasciitilde{}",
            '<' => "\\textless{}",
            '>' => "\\textgreater{}",
            '"' => "\\textquotedbl{}",
            '|' => "\\textbar{}",
            '−' => "\\ensuremath{-}",
            // The scissors on a dashed edge become a cross, because no standard font of TeX's has them.
            '×' | '✂' | '✗' => "\\ensuremath{\\times}",
            '·' | '⋅' => "\\ensuremath{\\cdot}",
            '±' => "\\ensuremath{\\pm}",
            '÷' => "\\ensuremath{\\div}",
            '≤' => "\\ensuremath{\\leq}",
            '≥' => "\\ensuremath{\\geq}",
            '≠' => "\\ensuremath{\\neq}",
            '≈' => "\\ensuremath{\\approx}",
            '→' => "\\ensuremath{\\rightarrow}",
            '←' => "\\ensuremath{\\leftarrow}",
            '↑' => "\\ensuremath{\\uparrow}",
            '↓' => "\\ensuremath{\\downarrow}",
            '↔' => "\\ensuremath{\\leftrightarrow}",
            '⇒' => "\\ensuremath{\\Rightarrow}",
            '∑' => "\\ensuremath{\\Sigma}",
            '∂' => "\\ensuremath{\\partial}",
            '∇' => "\\ensuremath{\\nabla}",
            '∞' => "\\ensuremath{\\infty}",
            '∈' => "\\ensuremath{\\in}",
            '√' => "\\ensuremath{\\surd}",
            '⌊' => "\\ensuremath{\\lfloor}",
            '⌋' => "\\ensuremath{\\rfloor}",
            '⌈' => "\\ensuremath{\\lceil}",
            '⌉' => "\\ensuremath{\\rceil}",
            'ᵀ' => "\\ensuremath{^{\\mathsf{T}}}",
            '°' => "\\ensuremath{^{\\circ}}",
            '…' => "\\ldots{}",
            _ => {
                out.push(c);
                continue;
            }
        };
        out.push_str(replaced);
    }
    out
}

/// What a raised or lowered sign is made of: `^` or `_`, and its letter.
fn raised(c: char) -> Option<(char, char)> {
    let digit = |from: char| char::from_digit(u32::from(c) - u32::from(from), 10);
    Some(match c {
        '₀'..='₉' => ('_', digit('₀')?),
        'ᵢ' => ('_', 'i'),
        'ⱼ' => ('_', 'j'),
        '¹' => ('^', '1'),
        '²' | '³' => ('^', digit('\u{B0}')?),
        '⁰' | '⁴'..='⁹' => ('^', digit('⁰')?),
        'ⁿ' => ('^', 'n'),
        'ⁱ' => ('^', 'i'),
        '⁻' => ('^', '-'),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tex_would_read_is_escaped() {
        assert_eq!(escape("50%_{a}"), "50\\%\\_\\{a\\}");
        assert_eq!(
            escape("\\x^2~"),
            "\\textbackslash{}x\\textasciicircum{}2\\textasciitilde{}"
        );
        assert_eq!(
            escape("x₁²⁴"),
            "x\\ensuremath{_{1}}\\ensuremath{^{2}}\\ensuremath{^{4}}"
        );
        assert_eq!(escape("卷积 3×3"), "卷积 3\\ensuremath{\\times}3");
    }
}
