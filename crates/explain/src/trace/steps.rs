//! The view of the padded input over which a kernel slides: the four steps of a transposed convolution, and the two of a
//! convolution.

use convt_reference::Op;
use serde::Serialize;

use super::grid::{flat, positions};
use super::{Cell, CellKind, Channel, Facts, Grid, Sheet};

/// What the steps make of the input and the kernel, and every window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Steps {
    /// Step 1, per channel: s-1 zeros between neighbours. A convolution's input is as it was.
    pub stretched: Vec<Sheet>,
    /// Step 2, per channel: zeros around it. Cells that a negative padding cuts off are still there, as
    /// [`CellKind::Cropped`].
    pub padded: Vec<Sheet>,
    /// Step 3, per channel: the flipped kernel. `None` for a convolution, which does not flip.
    pub flipped: Option<Vec<Grid>>,
    /// Step 4: one window per output, row-major.
    pub slides: Vec<Slide>,
}

/// One window: an output and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slide {
    /// The output's position.
    pub output: Vec<usize>,
    /// The window's first cell in the padded input.
    pub corner: Vec<usize>,
    /// The products of input elements with taps; zeros of any kind make none.
    pub products: Vec<Product>,
    /// Their sum and the bias.
    pub sum: f64,
}

/// One product that exists.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Product {
    /// Which of the trace's channels.
    pub channel: usize,
    /// Row-major index of the input element.
    pub input: usize,
    /// Row-major index of the tap in the kernel as it was, before any flip.
    pub tap: usize,
    /// The input element.
    pub x: f64,
    /// The tap's weight.
    pub w: f64,
}

impl Steps {
    pub(crate) fn new(facts: &Facts, channels: &[Channel], bias: Option<f64>) -> Self {
        let stretched: Vec<Sheet> = channels.iter().map(|one| stretch(facts, one)).collect();
        let padded: Vec<Sheet> = stretched.iter().map(|sheet| pad(facts, sheet)).collect();
        let flipped = (facts.op == Op::ConvTranspose)
            .then(|| channels.iter().map(|one| one.kernel.flipped()).collect());
        let slides = positions(&facts.output)
            .map(|output| slide(facts, channels, &padded, output, bias))
            .collect();
        Self {
            stretched,
            padded,
            flipped,
            slides,
        }
    }

    /// The cells of the padded input that a window covers, row-major indices in the order of the kernel that slides.
    pub fn covered(&self, facts: &Facts, slide: &Slide) -> Vec<usize> {
        let shape = &self.padded[0].shape;
        window(facts, shape, &slide.corner).collect()
    }
}

/// Row-major indices of the cells at `corner + u*d` for every position u of the kernel.
fn window<'a>(
    facts: &'a Facts,
    shape: &'a [usize],
    corner: &'a [usize],
) -> impl Iterator<Item = usize> + 'a {
    positions(&facts.kernel).map(move |u| {
        let at: Vec<usize> = (0..u.len())
            .map(|axis| corner[axis] + u[axis] * facts.dilation[axis])
            .collect();
        flat(shape, &at)
    })
}

fn stretch(facts: &Facts, channel: &Channel) -> Sheet {
    let shape: Vec<usize> = (0..facts.input.len())
        .map(|axis| facts.stretched(axis))
        .collect();
    let gap = |axis: usize| match facts.op {
        Op::ConvTranspose => facts.stride[axis],
        Op::Conv => 1,
    };
    let cells = positions(&shape)
        .map(|at| {
            let on_grid = at.iter().enumerate().all(|(axis, n)| n % gap(axis) == 0);
            if !on_grid {
                return Cell {
                    kind: CellKind::InsertedZero,
                    value: 0.0,
                    source: None,
                };
            }
            let input: Vec<usize> = at
                .iter()
                .enumerate()
                .map(|(axis, n)| n / gap(axis))
                .collect();
            let source = flat(&facts.input, &input);
            Cell {
                kind: CellKind::Value,
                value: channel.input.values[source],
                source: Some(source),
            }
        })
        .collect();
    Sheet { shape, cells }
}

fn pad(facts: &Facts, sheet: &Sheet) -> Sheet {
    let axes = sheet.shape.len();
    // What grows and what is cut, on both sides of each axis.
    let grown: Vec<[usize; 2]> = (0..axes)
        .map(|axis| facts.pads(axis).map(|pad| pad.max(0) as usize))
        .collect();
    let cut: Vec<[usize; 2]> = (0..axes)
        .map(|axis| facts.pads(axis).map(|pad| pad.min(0).unsigned_abs()))
        .collect();
    let shape: Vec<usize> = (0..axes)
        .map(|axis| grown[axis][0] + sheet.shape[axis] + grown[axis][1])
        .collect();
    let cells = positions(&shape)
        .map(|at| {
            let inside: Option<Vec<usize>> = (0..axes)
                .map(|axis| {
                    at[axis]
                        .checked_sub(grown[axis][0])
                        .filter(|&n| n < sheet.shape[axis])
                })
                .collect();
            let mut cell = match inside {
                Some(inside) => sheet.cells[flat(&sheet.shape, &inside)],
                None => Cell {
                    kind: CellKind::PaddingZero,
                    value: 0.0,
                    source: None,
                },
            };
            for axis in 0..axes {
                let last = shape[axis] - 1 - at[axis]; // cells behind this one
                let extra = facts.output_padding(axis).min(grown[axis][1]);
                if last < extra {
                    cell.kind = CellKind::OutputPaddingZero;
                }
            }
            let lost =
                |axis: usize| at[axis] < cut[axis][0] || at[axis] + cut[axis][1] >= shape[axis];
            if (0..axes).any(lost) {
                cell.kind = CellKind::Cropped;
            }
            cell
        })
        .collect();
    Sheet { shape, cells }
}

fn slide(
    facts: &Facts,
    channels: &[Channel],
    padded: &[Sheet],
    output: Vec<usize>,
    bias: Option<f64>,
) -> Slide {
    let corner: Vec<usize> = output
        .iter()
        .enumerate()
        .map(|(axis, o)| {
            let step = match facts.op {
                Op::ConvTranspose => 1,
                Op::Conv => facts.stride[axis],
            };
            // The first window begins behind the cells that are cut.
            o * step + facts.pads(axis)[0].min(0).unsigned_abs()
        })
        .collect();
    let taps: usize = facts.kernel.iter().product();
    let mut products = Vec::new();
    let mut sum = bias.unwrap_or(0.0);
    for (channel, (Channel { kernel, .. }, sheet)) in channels.iter().zip(padded).enumerate() {
        for (u, cell) in window(facts, &sheet.shape, &corner).enumerate() {
            let cell = &sheet.cells[cell];
            let (CellKind::Value, Some(input)) = (cell.kind, cell.source) else {
                continue;
            };
            let tap = match facts.op {
                Op::ConvTranspose => taps - 1 - u, // the kernel that slides is flipped
                Op::Conv => u,
            };
            let (x, w) = (cell.value, kernel.values[tap]);
            sum += x * w;
            products.push(Product {
                channel,
                input,
                tap,
                x,
                w,
            });
        }
    }
    Slide {
        output,
        corner,
        products,
        sum,
    }
}
