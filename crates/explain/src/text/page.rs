//! Lines of text, blocks and headings under one another.

use super::block::{Block, Line, Span, beside};
use super::number::{axis_name, list, number, size};
use super::style::{Paint, Style};
use crate::{ExplainError, Facts};
use convt_reference::Op;

/// Columns that a page keeps to where it can.
const WIDTH: usize = 100;

/// A text under construction.
#[derive(Debug, Default)]
pub(crate) struct Page {
    lines: Vec<Line>,
}

impl Page {
    /// A heading, after an empty line.
    pub(crate) fn heading(&mut self, text: impl Into<String>) {
        if !self.lines.is_empty() {
            self.lines.push(Line::new());
        }
        self.lines.push(vec![Span::new(text, Paint::Heading)]);
    }

    /// A paragraph: broken between words where it is longer than the page, further lines indented by `indent`.
    pub(crate) fn text(&mut self, text: &str, indent: usize) {
        let mut line = String::new();
        for word in text.split(' ') {
            let long = line.chars().count() + 1 + word.chars().count() > WIDTH;
            if long && !line.trim().is_empty() {
                self.lines.push(vec![Span::new(line, Paint::Plain)]);
                line = " ".repeat(indent);
            } else if !line.is_empty() && !line.ends_with("  ") || word.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.lines.push(vec![Span::new(line, Paint::Plain)]);
    }

    /// Blocks beside each other.
    pub(crate) fn blocks(&mut self, blocks: &[Block]) {
        self.lines.extend(beside(blocks, WIDTH));
    }

    /// The page with colours as `style` says, without spaces at the ends of lines.
    pub(crate) fn draw(&self, style: Style) -> String {
        let mut text = String::new();
        for line in &self.lines {
            let mut spans: Vec<Span> = line.clone();
            while let Some(last) = spans.last_mut() {
                last.text.truncate(last.text.trim_end().len());
                if !last.text.is_empty() {
                    break;
                }
                spans.pop();
            }
            for span in &spans {
                text.push_str(&style.paint(&span.text, span.paint));
            }
            text.push('\n');
        }
        text.truncate(text.trim_end().len());
        text
    }
}

/// What is shown, how its parameters read, and the size formula of every axis.
pub(crate) fn opening(facts: &Facts) -> Page {
    let mut page = Page::default();
    let axes = facts.input.len();
    let name = match facts.op {
        Op::ConvTranspose => "Transposed convolution",
        Op::Conv => "Convolution",
    };
    let mut words = vec![
        format!("kernel {}", size(&facts.kernel)),
        format!("stride {}", list(&facts.stride)),
        padding_words(facts),
    ];
    if facts.dilation.iter().any(|&d| d != 1) {
        words.push(format!("dilation {}", list(&facts.dilation)));
    }
    if facts.groups > 1 {
        words.push(format!("groups {}", facts.groups));
    }
    page.heading(format!(
        "{name} {} -> {}: {}",
        size(&facts.input),
        size(&facts.output),
        words.join(", ")
    ));
    let same = facts.formula.iter().all(|one| one == &facts.formula[0]);
    for (axis, formula) in facts
        .formula
        .iter()
        .enumerate()
        .take(if same { 1 } else { axes })
    {
        let axis = match (axes, same) {
            (1, _) => "size".to_string(),
            (_, true) => "every axis".to_string(),
            _ => axis_name(axis, axes).to_string(),
        };
        page.text(&format!("{axis}: {formula}"), 4);
    }
    if facts.batch > 1 || facts.out_channels > 1 {
        page.text(
            &format!(
                "Shown: batch element 0 of {}, output channel 0 of {}; the others are computed alike.",
                facts.batch, facts.out_channels
            ),
            2,
        );
    }
    page
}

/// PyTorch's words for the crops where it has them.
fn padding_words(facts: &Facts) -> String {
    let torch = |axis: usize| {
        let [begin, end] = facts.crops[axis];
        let most = facts.stride[axis].max(facts.dilation[axis]) as isize;
        let op = begin - end;
        let legal = match facts.op {
            Op::ConvTranspose => (0..most).contains(&op),
            Op::Conv => op == 0,
        };
        (begin >= 0 && legal).then_some((begin, op))
    };
    let axes = facts.crops.len();
    let said: Option<Vec<(isize, isize)>> = (0..axes).map(torch).collect();
    let Some(said) = said else {
        let pairs: Vec<String> = facts
            .crops
            .iter()
            .map(|[b, e]| format!("{b}:{e}"))
            .collect();
        let what = match facts.op {
            Op::ConvTranspose => "crops",
            Op::Conv => "pads",
        };
        return format!("{what} {} (begin:end)", pairs.join(","));
    };
    let padding = list(&said.iter().map(|&(p, _)| p).collect::<Vec<_>>());
    if said.iter().all(|&(_, op)| op == 0) {
        return format!("padding {padding}");
    }
    let op = list(&said.iter().map(|&(_, op)| op).collect::<Vec<_>>());
    format!("padding {padding}, output_padding {op}")
}

/// The bias as a sentence's end.
pub(crate) fn bias_words(bias: Option<f64>) -> String {
    bias.map_or_else(String::new, |b| {
        format!(" The bias {} is added to every output.", number(b))
    })
}

/// Refuses a step that does not exist.
pub(crate) fn check_step(step: Option<usize>, steps: usize) -> Result<(), ExplainError> {
    match step {
        Some(asked) if asked == 0 || asked > steps => Err(ExplainError::Step { asked, steps }),
        _ => Ok(()),
    }
}
