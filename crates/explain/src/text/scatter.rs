//! The scatter view as text.

use convt_reference::Op;

use super::block::{Block, Drawn, Mark};
use super::number::{axis_name, factor, number, place};
use super::page::{Page, bias_words, check_step, opening};
use super::steps::channel_words;
use super::style::{Paint, Style};
use crate::{ExplainError, Trace};

/// More stamps than this are not all drawn at once.
const MOST_DRAWN: usize = 16;

pub(crate) fn draw(
    trace: &Trace,
    step: Option<usize>,
    style: Style,
) -> Result<String, ExplainError> {
    let stamps = trace.scatter.stamps.len();
    let total = stamps + 1;
    check_step(step, total)?;
    let mut page = opening(&trace.facts);
    match step {
        Some(step) if step == total => finish(&mut page, trace),
        Some(step) => stamp(&mut page, trace, step - 1),
        None => {
            page.heading("What goes in");
            for channel in &trace.channels {
                let of = channel_words(trace, channel.index);
                let title = format!("input x{of}");
                let mut blocks = Block::numbers(&title, &channel.input, Paint::Input);
                let title = format!("kernel w{of}");
                blocks.extend(Block::numbers(&title, &channel.kernel, Paint::Kernel));
                page.blocks(&blocks);
            }
            page.text(introduction(trace), 0);
            for at in 0..stamps {
                let shown = stamps <= MOST_DRAWN || at < 3 || at + 1 == stamps;
                if shown {
                    stamp(&mut page, trace, at);
                } else if at == 3 {
                    page.heading(format!(
                        "Steps 4 to {} are alike; --step N draws one of them",
                        stamps - 1
                    ));
                }
            }
            finish(&mut page, trace);
        }
    }
    page.heading("Marks");
    page.text(
        match trace.facts.op {
            Op::Conv => "[5] cell that this step adds to;  ? nothing added yet",
            Op::ConvTranspose => {
                "[5] cell that this step adds to;  ? nothing added yet;  - no stamp reaches it: the bias alone, or 0;  (5) \
                 cropped away"
            }
        },
        0,
    );
    Ok(page.draw(style))
}

fn introduction(trace: &Trace) -> &'static str {
    match trace.facts.op {
        Op::ConvTranspose => {
            "Every input element stamps the whole kernel, multiplied by itself, on the output. Neighbouring stamps are a \
             stride apart; where they overlap, they add."
        }
        Op::Conv => {
            "Seen from an input element: it is multiplied with one tap for every window that covers it, and added to that \
             window's output."
        }
    }
}

/// The canvas after `count` stamps.
fn canvas(trace: &Trace, count: usize, crop: bool) -> Vec<Drawn> {
    let scatter = &trace.scatter;
    let cells = scatter.after(count).into_iter().enumerate();
    cells
        .map(|(at, value)| {
            let text = match value {
                Some(value) => number(value),
                None if crop => "-".into(),
                None => "?".into(),
            };
            let mut cell = Drawn::new(text, Paint::Output);
            if crop && !scatter.is_output(at) {
                cell.paint = Paint::Faint;
                cell.mark = Mark::Ghost;
            }
            cell
        })
        .collect()
}

fn stamp(page: &mut Page, trace: &Trace, at: usize) {
    let (facts, scatter) = (&trace.facts, &trace.scatter);
    let stamp = &scatter.stamps[at];
    let channel = &trace.channels[stamp.channel];
    let of = match trace.channels.len() {
        1 => String::new(),
        _ => format!(" of channel {}", channel.index),
    };
    let from = format!("x{}{of} = {}", place(&stamp.input), number(stamp.x));
    let step = format!("Step {} of {}", at + 1, scatter.stamps.len() + 1);
    let mut blocks = Vec::new();
    match facts.op {
        Op::ConvTranspose => {
            let axes = stamp.input.len();
            let start = (0..axes).map(|axis| {
                let (q, s) = (stamp.input[axis], facts.stride[axis]);
                let before = facts.crops[axis][0].min(0).unsigned_abs();
                let name = axis_name(axis, axes);
                match before {
                    0 => format!("{name} {q}·{s} = {}", q * s),
                    before => format!("{name} {q}·{s} + {before} = {}", q * s + before),
                }
            });
            let start: Vec<String> = start.collect();
            page.heading(format!(
                "{step}: {from} stamps {}·w, beginning at {}",
                factor(stamp.x),
                start.join(", ")
            ));
            let cells: Vec<Drawn> = stamp
                .adds
                .iter()
                .map(|add| Drawn::new(number(add.product), Paint::Kernel))
                .collect();
            let title = format!("{}·w", factor(stamp.x));
            blocks.extend(Block::grid(&title, &facts.kernel, &cells, Paint::Kernel));
        }
        Op::Conv => {
            page.heading(format!("{step}: {from} goes to the windows that cover it"));
            let adds: Vec<String> = (stamp.adds.iter())
                .map(|add| {
                    format!(
                        "{}·{}",
                        factor(stamp.x),
                        factor(channel.kernel.values[add.tap])
                    )
                })
                .collect();
            let words = match adds.len() {
                0 => "No window covers it.".to_string(),
                _ => format!("Its products: {}", adds.join(", ")),
            };
            page.text(&words, 4);
        }
    }
    let mut cells = canvas(trace, at + 1, false);
    for add in &stamp.adds {
        cells[add.cell].mark = Mark::Focus;
    }
    let title = match facts.op {
        Op::ConvTranspose => "sum so far, full output",
        Op::Conv => "sum so far, output",
    };
    blocks.extend(Block::grid(title, &scatter.canvas, &cells, Paint::Output));
    page.blocks(&blocks);
}

/// The crop of the full output, and the result.
fn finish(page: &mut Page, trace: &Trace) {
    let (facts, scatter) = (&trace.facts, &trace.scatter);
    let stamps = scatter.stamps.len();
    let step = format!("Step {} of {}", stamps + 1, stamps + 1);
    match facts.op {
        Op::Conv => page.heading(format!("{step}: all windows have their sums")),
        Op::ConvTranspose => {
            page.heading(format!("{step}: crop"));
            let axes = facts.input.len();
            let words: Vec<String> = (0..axes).map(|axis| crop_words(trace, axis)).collect();
            if words.iter().all(|one| one == &words[0]) {
                page.text(&words[0], 2);
            } else {
                for (axis, words) in words.iter().enumerate() {
                    page.text(&format!("{}: {words}", axis_name(axis, axes)), 2);
                }
            }
        }
    }
    let bias = bias_words(trace.bias);
    if !bias.is_empty() {
        page.text(bias.trim_start(), 0);
    }
    let mut blocks = Vec::new();
    if facts.op == Op::ConvTranspose {
        let cells = canvas(trace, stamps, true);
        let title = "full output";
        blocks.extend(Block::grid(title, &scatter.canvas, &cells, Paint::Output));
    }
    blocks.extend(Block::numbers("output y", &trace.output, Paint::Output));
    page.blocks(&blocks);
}

fn crop_words(trace: &Trace, axis: usize) -> String {
    let [begin, end] = trace.facts.crops[axis];
    let side = |crop: isize, name: &str| match crop {
        0 => format!("nothing is cut off {name}"),
        crop if crop > 0 => format!("{crop} cut off {name}"),
        crop => format!(
            "{} added {name}, which no stamp reaches",
            crop.unsigned_abs()
        ),
    };
    let (p, op) = (begin, begin - end);
    let words = match (begin, end) {
        (0, 0) => "padding 0: nothing is cut off".to_string(),
        (b, e) if b == e && b > 0 => format!("padding {p}: {p} cut off on each side"),
        _ => format!(
            "{}, {}",
            side(begin, "at the beginning"),
            side(end, "at the end")
        ),
    };
    if begin < 0 || op <= 0 {
        return words;
    }
    format!(
        "{words}: output_padding {op} means {op} cut off less than the padding {p} at the far end"
    )
}
