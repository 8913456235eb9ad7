//! The equivalent matrix as text, in steps a to g.

use super::MATRIX_STEPS;
use super::block::{Block, Drawn, Mark};
use super::number::{factor, number, place, size};
use super::page::{Page, check_step};
use super::steps::letters;
use super::style::{Paint, Style};
use crate::trace::position;
use crate::{ExplainError, MatrixTrace, letter};

/// More windows than this are not all drawn.
const MOST_WINDOWS: usize = 6;

pub(crate) fn draw(
    trace: &MatrixTrace,
    step: Option<usize>,
    style: Style,
) -> Result<String, ExplainError> {
    check_step(step, MATRIX_STEPS)?;
    let mut page = Page::default();
    page.heading(format!(
        "The equivalent matrix of a convolution {} -> {}, kernel {}",
        size(&trace.back.shape),
        size(&trace.windows.shape),
        size(&trace.kernel.shape)
    ));
    let all: [fn(&mut Page, &MatrixTrace); MATRIX_STEPS] = [
        windows, flatten, assemble, multiply, no_inverse, fold_back, flipped,
    ];
    if let Some(step) = step {
        all[step - 1](&mut page, trace);
        return Ok(page.draw(style));
    }
    let mut blocks = Vec::new();
    if let Some(image) = &trace.image {
        blocks.extend(Block::numbers("input I", image, Paint::Input));
    }
    blocks.extend(Block::numbers("kernel", &trace.kernel, Paint::Kernel));
    blocks.extend(letters("its letters", &trace.kernel.shape, false));
    page.blocks(&blocks);
    for draw in all {
        draw(&mut page, trace);
    }
    Ok(page.draw(style))
}

/// The shape of the image, which P has too.
fn image_shape(trace: &MatrixTrace) -> &[usize] {
    &trace.back.shape
}

/// The entry at (row, column) as a number, or a dot for a hole.
fn entry(trace: &MatrixTrace, row: usize, column: usize) -> Drawn {
    match trace.tap(row, column) {
        Some(tap) => Drawn::new(number(trace.kernel.values[tap]), Paint::Kernel),
        None => Drawn::new(".", Paint::Faint),
    }
}

/// The same entry as a letter.
fn entry_letter(trace: &MatrixTrace, row: usize, column: usize) -> Drawn {
    match trace.tap(row, column) {
        Some(tap) => Drawn::new(letter(tap), Paint::Kernel),
        None => Drawn::new(".", Paint::Faint),
    }
}

fn windows(page: &mut Page, trace: &MatrixTrace) {
    page.heading("a) One matrix per window");
    page.text(
        "Instead of sliding the kernel, write it once for every window into a matrix as large as the input, with nothing \
         (a dot) elsewhere. Input times such a matrix, place by place, and summed: that is one output.",
        0,
    );
    let mut blocks = Vec::new();
    for column in 0..trace.columns.min(MOST_WINDOWS) {
        let cells: Vec<Drawn> = (0..trace.rows)
            .map(|row| entry(trace, row, column))
            .collect();
        let title = format!("window {}", place(&position(&trace.windows.shape, column)));
        blocks.extend(Block::grid(
            &title,
            image_shape(trace),
            &cells,
            Paint::Kernel,
        ));
    }
    page.blocks(&blocks);
    if trace.columns > MOST_WINDOWS {
        page.text(
            &format!("and {} windows more", trace.columns - MOST_WINDOWS),
            0,
        );
    }
}

fn flatten(page: &mut Page, trace: &MatrixTrace) {
    let n = trace.rows;
    page.heading(format!("b) The input as one row: I is 1x{n}"));
    match &trace.image {
        Some(image) => {
            let cells: Vec<Drawn> = (image.values.iter())
                .map(|&v| Drawn::new(number(v), Paint::Input))
                .collect();
            page.blocks(&Block::grid("I", &[1, n], &cells, Paint::Input));
        }
        None => page.text(
            "A transposed convolution is given O, so there is no I here: it belongs to the convolution that is transposed.",
            0,
        ),
    }
}

fn assemble(page: &mut Page, trace: &MatrixTrace) {
    let (n, m) = (trace.rows, trace.columns);
    page.heading(format!("c) The windows' matrices as columns: C is {n}x{m}"));
    page.text(
        "Each matrix of step a is written as one column, in the same order as I. Row = input element, column = window.",
        0,
    );
    let table = |title: &str, entry: fn(&MatrixTrace, usize, usize) -> Drawn| {
        let cells: Vec<Drawn> = (0..n * m).map(|at| entry(trace, at / m, at % m)).collect();
        Block::grid(title, &[n, m], &cells, Paint::Kernel)
    };
    let mut blocks = table("C", entry);
    blocks.extend(table("C in letters", entry_letter));
    page.blocks(&blocks);
}

fn multiply(page: &mut Page, trace: &MatrixTrace) {
    let m = trace.columns;
    page.heading(format!(
        "d) O = I C is 1x{m}; folded back, the convolution's output"
    ));
    if let Some(image) = &trace.image {
        let terms: Vec<String> = (0..trace.rows)
            .filter_map(|row| {
                let tap = trace.tap(row, 0)?;
                let (x, w) = (image.values[row], trace.kernel.values[tap]);
                Some(format!("{}·{}", factor(x), factor(w)))
            })
            .collect();
        let sum = if terms.is_empty() {
            "0".to_string()
        } else {
            terms.join(" + ")
        };
        page.text(
            &format!(
                "O[0] = I · column 0 = {sum} = {}",
                number(trace.windows.values[0])
            ),
            4,
        );
    }
    let cells: Vec<Drawn> = (trace.windows.values.iter())
        .map(|&v| Drawn::new(number(v), Paint::Output))
        .collect();
    let title = if trace.image.is_some() {
        "O"
    } else {
        "O, given"
    };
    let mut blocks = Block::grid(title, &[1, m], &cells, Paint::Output);
    blocks.extend(Block::numbers("O folded", &trace.windows, Paint::Output));
    page.blocks(&blocks);
}

fn no_inverse(page: &mut Page, trace: &MatrixTrace) {
    let (n, m) = (trace.rows, trace.columns);
    page.heading("e) Back to the input's shape: P = O C^T");
    let rank = trace
        .rank
        .map_or_else(String::new, |rank| format!(" (its rank is {rank})"));
    let verdict = if n != m {
        format!(
            "C is {n}x{m}, not square{rank}, so it has no inverse: I cannot be computed from O. But C^T is {m}x{n}, so O C^T \
             is 1x{n}: as large as I."
        )
    } else if trace.rank == Some(n) {
        format!(
            "C is {n}x{n}, square{rank}, so this one has an inverse. The transposed convolution does not use it: it \
             multiplies with C^T, which is something else."
        )
    } else {
        format!(
            "C is {n}x{n}, square, but singular{rank}: it has no inverse. C^T is {n}x{n} as well, so O C^T has the size of I."
        )
    };
    page.text(&verdict, 0);
    let mut blocks = Vec::new();
    if let Some(image) = &trace.image {
        blocks.extend(Block::numbers("I folded", image, Paint::Input));
    }
    blocks.extend(Block::numbers("P folded", &trace.back, Paint::Output));
    page.blocks(&blocks);
    if trace.image.is_some() {
        page.text("The shape has come back, the numbers have not: a transposed convolution is not an inverse.", 0);
    }
}

/// The entries of P that steps f and g look at: the last corner, and the middle.
fn examples(trace: &MatrixTrace) -> Vec<usize> {
    let shape = image_shape(trace);
    let middle = shape.iter().fold(0, |at, &n| at * n + n / 2);
    let mut both = vec![trace.rows - 1, middle];
    both.dedup();
    both
}

fn fold_back(page: &mut Page, trace: &MatrixTrace) {
    page.heading("f) One entry of P, folded back");
    page.text(
        "P[j] is O times column j of C^T. Fold O and that column back to the output's shape: multiply place by place and \
         sum.",
        0,
    );
    for j in examples(trace) {
        let at = place(&position(image_shape(trace), j));
        let cells: Vec<Drawn> = (0..trace.columns).map(|o| entry(trace, j, o)).collect();
        let shape = &trace.windows.shape;
        let title = format!("column {j} of C^T");
        let mut blocks = Block::numbers("O", &trace.windows, Paint::Output);
        blocks.extend(Block::grid(&title, shape, &cells, Paint::Kernel));
        let cells: Vec<Drawn> = (trace.back.values.iter().enumerate())
            .map(|(i, &v)| {
                let mut cell = Drawn::new(number(v), Paint::Output);
                if i == j {
                    cell.mark = Mark::Focus;
                }
                cell
            })
            .collect();
        blocks.extend(Block::grid("P", image_shape(trace), &cells, Paint::Output));
        page.blocks(&blocks);
        let terms: Vec<String> = (0..trace.columns)
            .filter_map(|o| {
                let w = trace.kernel.values[trace.tap(j, o)?];
                Some(format!("{}·{}", factor(trace.windows.values[o]), factor(w)))
            })
            .collect();
        let sum = if terms.is_empty() {
            "0: no window reaches it".to_string()
        } else {
            format!("{} = {}", terms.join(" + "), number(trace.back.values[j]))
        };
        page.text(&format!("P{at} = {sum}"), 4);
    }
}

fn flipped(page: &mut Page, trace: &MatrixTrace) {
    page.heading("g) What the folded columns are");
    page.text(
        "In letters the folded columns of C^T read backwards: each is the flipped kernel, as far as it meets windows (with a \
         stride s, every s-th tap of it). So P is what the flipped kernel gives when it slides over O with zeros between \
         and around its elements: the transposed convolution of O, in the four steps.",
        0,
    );
    let mut blocks = letters("kernel", &trace.kernel.shape, false);
    blocks.extend(letters("flipped", &trace.kernel.shape, true));
    for j in examples(trace) {
        let cells: Vec<Drawn> = (0..trace.columns)
            .map(|o| entry_letter(trace, j, o))
            .collect();
        let title = format!("column {j} of C^T");
        let shape = &trace.windows.shape;
        blocks.extend(Block::grid(&title, shape, &cells, Paint::Kernel));
    }
    page.blocks(&blocks);
}
