//! The four steps as text.

use convt_reference::Op;

use super::block::{Block, Drawn, Mark};
use super::number::{axis_name, counted, factor, further, list, number, place, size};
use super::page::{Page, bias_words, check_step, opening};
use super::style::{Paint, Style};
use crate::{CellKind, ExplainError, Facts, Slide, Trace, letter};

/// Steps before the sliding: insert, pad and flip; or pad alone.
pub(crate) fn preparations(trace: &Trace) -> usize {
    match trace.facts.op {
        Op::ConvTranspose => 3,
        Op::Conv => 1,
    }
}

pub(crate) fn draw(
    trace: &Trace,
    step: Option<usize>,
    style: Style,
) -> Result<String, ExplainError> {
    let before = preparations(trace);
    let total = before + trace.steps.slides.len();
    check_step(step, total)?;
    let mut page = opening(&trace.facts);
    match step {
        Some(step) if step > before => {
            let slide = &trace.steps.slides[step - before - 1];
            page.heading(format!(
                "Step {step} of {total}: the window of output {}",
                place(&slide.output)
            ));
            window(&mut page, trace, slide);
        }
        Some(step) => prepare(&mut page, trace, step),
        None => {
            page.heading("What goes in");
            inputs(&mut page, trace);
            for step in 1..=before {
                prepare(&mut page, trace, step);
            }
            slides(&mut page, trace, before + 1, total);
        }
    }
    legend(&mut page, trace);
    Ok(page.draw(style))
}

fn inputs(page: &mut Page, trace: &Trace) {
    for channel in &trace.channels {
        let of = channel_words(trace, channel.index);
        let mut blocks = Block::numbers(&format!("input x{of}"), &channel.input, Paint::Input);
        blocks.extend(Block::numbers(
            &format!("kernel w{of}"),
            &channel.kernel,
            Paint::Kernel,
        ));
        blocks.extend(letters("its letters", &channel.kernel.shape, false));
        page.blocks(&blocks);
    }
}

/// The letters of a kernel's taps, as they stand or flipped.
pub(crate) fn letters(title: &str, shape: &[usize], flipped: bool) -> Vec<Block> {
    let taps: usize = shape.iter().product();
    let cells: Vec<Drawn> = (0..taps)
        .map(|at| letter(if flipped { taps - 1 - at } else { at }))
        .map(|letter| Drawn::new(letter, Paint::Kernel))
        .collect();
    Block::grid(title, shape, &cells, Paint::Kernel)
}

/// `, channel 1` where there are several.
pub(crate) fn channel_words(trace: &Trace, index: usize) -> String {
    match trace.channels.len() {
        1 => String::new(),
        _ => format!(", channel {index}"),
    }
}

fn prepare(page: &mut Page, trace: &Trace, step: usize) {
    match (trace.facts.op, step) {
        (Op::ConvTranspose, 1) => insert(page, trace),
        (Op::ConvTranspose, 2) => pad(page, trace, 2),
        (Op::ConvTranspose, _) => flip(page, trace),
        (Op::Conv, _) => pad(page, trace, 1),
    }
}

fn insert(page: &mut Page, trace: &Trace) {
    let facts = &trace.facts;
    let axes = facts.input.len();
    let says = |axis: usize| {
        let s = facts.stride[axis];
        format!("s-1 = {s}-1 = {}", counted(s - 1, "zero"))
    };
    let same = facts.stride.iter().all(|s| s == &facts.stride[0]);
    let sentence = if same {
        format!("insert {} between neighbours", says(0))
    } else {
        let each =
            (0..axes).map(|axis| format!("{} along the {}", says(axis), axis_name(axis, axes)));
        format!(
            "insert between neighbours {}",
            each.collect::<Vec<_>>().join(", ")
        )
    };
    let sheets = &trace.steps.stretched;
    page.heading(format!(
        "Step 1: {sentence}: {} -> {}",
        size(&facts.input),
        size(&sheets[0].shape)
    ));
    for (channel, sheet) in trace.channels.iter().zip(sheets) {
        let title = format!("stretched x{}", channel_words(trace, channel.index));
        page.blocks(&Block::sheet(&title, sheet));
    }
}

fn pad(page: &mut Page, trace: &Trace, step: usize) {
    let facts = &trace.facts;
    let axes = facts.input.len();
    page.heading(format!("Step {step}: pad"));
    let sentences: Vec<String> = (0..axes).map(|axis| pad_words(facts, axis)).collect();
    if sentences.iter().all(|one| one == &sentences[0]) {
        page.text(&sentences[0], 2);
    } else {
        for (axis, sentence) in sentences.iter().enumerate() {
            page.text(&format!("{}: {sentence}", axis_name(axis, axes)), 2);
        }
    }
    for (channel, sheet) in trace.channels.iter().zip(&trace.steps.padded) {
        let title = format!("padded x{}", channel_words(trace, channel.index));
        page.blocks(&Block::sheet(&title, sheet));
    }
}

/// How many zeros one axis gets on each side, and why.
fn pad_words(facts: &Facts, axis: usize) -> String {
    let [before, after] = facts.pads(axis);
    let [begin, end] = facts.crops[axis];
    let zeros = |pad: isize| match pad {
        pad if pad < 0 => format!("cut {}", counted(pad.unsigned_abs(), "cell")),
        pad => counted(pad.unsigned_abs(), "zero"),
    };
    if facts.op == Op::Conv {
        return if before == after {
            format!("p = {} on each side", zeros(before))
        } else {
            format!("{} before, {} after", zeros(before), zeros(after))
        };
    }
    let (k, span) = (facts.kernel[axis], facts.span(axis));
    let reach = match facts.dilation[axis] {
        1 => String::new(),
        d => format!("K = d*(k-1)+1 = {d}*({k}-1)+1 = {span} is the kernel's reach. "),
    };
    let name = if span == k { "k" } else { "K" };
    let op = begin - end;
    let words = if begin >= 0 && op == 0 {
        format!(
            "{name}-p-1 = {span}-{begin}-1 = {before}: {} on each side",
            zeros(before)
        )
    } else if begin >= 0 && op > 0 {
        format!(
            "{name}-p-1 = {span}-{begin}-1 = {before}: {} before; output_padding {op} crops that much less at the far \
             end, so {before}+{op} = {after}: {} after",
            zeros(before),
            zeros(after)
        )
    } else {
        format!(
            "{name}-1-begin = {span}-1-{} = {before}: {} before; {name}-1-end = {span}-1-{} = {after}: {} after",
            factor(begin as f64),
            zeros(before),
            factor(end as f64),
            zeros(after)
        )
    };
    reach + &words
}

fn flip(page: &mut Page, trace: &Trace) {
    let how = match trace.facts.kernel.len() {
        1 => "left-right",
        2 => "up-down and left-right",
        _ => "front-back, up-down and left-right",
    };
    page.heading(format!("Step 3: flip the kernel {how}"));
    let flipped = trace.steps.flipped.iter().flatten();
    for (channel, grid) in trace.channels.iter().zip(flipped) {
        let of = channel_words(trace, channel.index);
        let mut blocks = letters(&format!("kernel w{of}"), &grid.shape, false);
        blocks.extend(letters("flipped", &grid.shape, true));
        blocks.extend(Block::numbers("flipped", grid, Paint::Kernel));
        page.blocks(&blocks);
    }
}

fn slides(page: &mut Page, trace: &Trace, first: usize, total: usize) {
    let facts = &trace.facts;
    let stride = match facts.op {
        Op::ConvTranspose => "1".to_string(),
        Op::Conv => list(&facts.stride),
    };
    let flipped = match facts.op {
        Op::ConvTranspose => "the flipped kernel",
        Op::Conv => "the kernel",
    };
    page.heading(format!(
        "Step {}: slide {flipped}: an ordinary convolution, stride {stride}, no padding: {} -> {}",
        preparations(trace) + 1,
        size(&trace.steps.padded[0].shape),
        size(&facts.output)
    ));
    page.text(
        &format!(
            "Each output is the sum over its window of cell · tap. The zeros add nothing, so only input elements are \
             written.{}",
            bias_words(trace.bias)
        ),
        0,
    );
    page.heading(format!(
        "The first window (step {first} of {total}; --step N draws any of them)"
    ));
    window(page, trace, &trace.steps.slides[0]);
    page.heading("All windows");
    for slide in &trace.steps.slides {
        page.text(&sum_words(trace, slide), 4);
    }
    page.heading("What comes out");
    page.blocks(&Block::numbers("output y", &trace.output, Paint::Output));
}

/// One window drawn on the padded input, with its sum.
fn window(page: &mut Page, trace: &Trace, slide: &Slide) {
    let covered = trace.steps.covered(&trace.facts, slide);
    for (at, channel) in trace.channels.iter().enumerate() {
        let of = channel_words(trace, channel.index);
        let sheet = &trace.steps.padded[at];
        let mut cells: Vec<Drawn> = sheet.cells.iter().map(Drawn::cell).collect();
        for &cell in &covered {
            cells[cell].mark = Mark::Focus;
        }
        let title = format!("padded x{of}");
        let mut blocks = Block::grid(&title, &sheet.shape, &cells, Paint::Input);
        let kernel = match &trace.steps.flipped {
            Some(flipped) => Block::numbers("flipped w", &flipped[at], Paint::Kernel),
            None => Block::numbers("kernel w", &channel.kernel, Paint::Kernel),
        };
        blocks.extend(kernel);
        blocks.extend(output_until(trace, slide));
        page.blocks(&blocks);
    }
    page.text(&sum_words(trace, slide), 4);
}

/// The output with what the windows up to this one have given.
fn output_until(trace: &Trace, slide: &Slide) -> Vec<Block> {
    let place = trace.steps.slides.iter().position(|one| one == slide);
    let place = place.unwrap_or(0);
    let cells: Vec<Drawn> = (trace.output.values.iter().enumerate())
        .map(|(at, &value)| {
            let text = if at <= place {
                number(value)
            } else {
                "?".into()
            };
            let mut cell = Drawn::new(text, Paint::Output);
            if at == place {
                cell.mark = Mark::Focus;
            }
            cell
        })
        .collect();
    Block::grid("output y", &trace.output.shape, &cells, Paint::Output)
}

/// `y[1,1] = 1·5 + 2·4 + 3·2 + 4·1 = 23`.
fn sum_words(trace: &Trace, slide: &Slide) -> String {
    let mut sums = Vec::new();
    for (at, channel) in trace.channels.iter().enumerate() {
        let products: Vec<String> = slide
            .products
            .iter()
            .filter(|product| product.channel == at)
            .map(|product| format!("{}·{}", factor(product.x), factor(product.w)))
            .collect();
        if products.is_empty() {
            continue;
        }
        let sum = products.join(" + ");
        sums.push(match trace.channels.len() {
            1 => sum,
            _ => format!("(ch {}: {sum})", channel.index),
        });
    }
    let left = format!("y{} = ", place(&slide.output));
    match (sums.is_empty(), trace.bias) {
        (true, None) => format!("{left}0: the window meets no input element"),
        (true, Some(bias)) => format!(
            "{left}{}: the bias alone, the window meets no input element",
            number(bias)
        ),
        (false, bias) => {
            let bias = bias.map_or_else(String::new, |bias| format!("{} (bias)", further(bias)));
            format!("{left}{}{bias} = {}", sums.join(" + "), number(slide.sum))
        }
    }
}

/// The marks that occur.
fn legend(page: &mut Page, trace: &Trace) {
    let kinds = |kind: CellKind| {
        let mut cells = trace.steps.padded.iter().flat_map(|sheet| &sheet.cells);
        cells.any(|cell| cell.kind == kind)
    };
    let marks: Vec<&str> = [
        (CellKind::InsertedZero, "· zero inserted by the stride"),
        (CellKind::PaddingZero, "░ zero of the padding"),
        (
            CellKind::OutputPaddingZero,
            "▒ zero that output_padding adds to the padding",
        ),
        (CellKind::Cropped, "(5) cell cut off by a negative padding"),
    ]
    .into_iter()
    .filter_map(|(kind, words)| kinds(kind).then_some(words))
    .chain(["[5] cell under the window"])
    .collect();
    page.heading("Marks");
    page.text(&marks.join(";  "), 0);
}
