//! The view from the input: every element adds its products, and what lies outside is cropped.

use convt_reference::Op;
use serde::Serialize;

use super::grid::{flat, position, positions};
use super::{Channel, Facts};

/// A canvas on which every input leaves its products.
///
/// For a transposed convolution the canvas is the full, uncropped output, longer where a negative crop extends it. For a
/// convolution it is the output.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scatter {
    /// Size of the canvas per axis.
    pub canvas: Vec<usize>,
    /// The cells `begin..end` of the canvas that are the output, per axis.
    pub frame: Vec<[usize; 2]>,
    /// One stamp per input element of every channel.
    pub stamps: Vec<Stamp>,
}

/// What one input element adds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stamp {
    /// Which of the trace's channels.
    pub channel: usize,
    /// The element's position.
    pub input: Vec<usize>,
    /// The element.
    pub x: f64,
    /// Its products, in ascending tap.
    pub adds: Vec<Add>,
}

/// One product and the cell that it is added to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Add {
    /// Row-major index in the canvas.
    pub cell: usize,
    /// Row-major index of the tap.
    pub tap: usize,
    /// x times the tap's weight.
    pub product: f64,
}

impl Scatter {
    pub(crate) fn new(facts: &Facts, channels: &[Channel]) -> Self {
        let axes = facts.input.len();
        let mut canvas = facts.output.clone();
        let mut frame: Vec<[usize; 2]> = facts.output.iter().map(|&o| [0, o]).collect();
        if facts.op == Op::ConvTranspose {
            for axis in 0..axes {
                let [begin, end] = facts.crops[axis];
                let full = facts.stretched(axis) - 1 + facts.span(axis);
                // Negative crops lengthen the canvas; the frame then begins at its edge.
                let (before, after) = (begin.min(0).unsigned_abs(), end.min(0).unsigned_abs());
                canvas[axis] = before + full + after;
                let first = begin.max(0) as usize;
                frame[axis] = [first, first + facts.output[axis]];
            }
        }
        let stamps = channels.iter().enumerate().flat_map(|(index, channel)| {
            positions(&facts.input).map({
                let canvas = &canvas;
                move |input| stamp(facts, canvas, index, channel, input)
            })
        });
        Self {
            stamps: stamps.collect(),
            frame,
            canvas,
        }
    }

    /// The canvas after the first `stamps` stamps; `None` where nothing has been added.
    pub fn after(&self, stamps: usize) -> Vec<Option<f64>> {
        let mut cells = vec![None; self.canvas.iter().product()];
        for add in self
            .stamps
            .iter()
            .take(stamps)
            .flat_map(|stamp| &stamp.adds)
        {
            cells[add.cell] = Some(cells[add.cell].unwrap_or(0.0) + add.product);
        }
        cells
    }

    /// Whether a cell of the canvas, by its row-major index, is an output.
    pub fn is_output(&self, cell: usize) -> bool {
        let at = position(&self.canvas, cell);
        at.iter()
            .zip(&self.frame)
            .all(|(n, [begin, end])| (begin..end).contains(&n))
    }
}

fn stamp(
    facts: &Facts,
    canvas: &[usize],
    channel: usize,
    of: &Channel,
    input: Vec<usize>,
) -> Stamp {
    let x = of.input.values[flat(&facts.input, &input)];
    let adds = positions(&facts.kernel)
        .enumerate()
        .filter_map(|(tap, t)| {
            let cell: Option<Vec<usize>> = (0..t.len())
                .map(|axis| place(facts, canvas, axis, input[axis], t[axis]))
                .collect();
            Some(Add {
                cell: flat(canvas, &cell?),
                tap,
                product: x * of.kernel.values[tap],
            })
        })
        .collect();
    Stamp {
        channel,
        input,
        x,
        adds,
    }
}

/// Where on the canvas's axis tap `t` of input `q` lands, if anywhere.
fn place(facts: &Facts, canvas: &[usize], axis: usize, q: usize, t: usize) -> Option<usize> {
    let (s, begin) = (facts.stride[axis], facts.crops[axis][0]);
    let tap = t * facts.dilation[axis];
    match facts.op {
        // The full output begins behind the cells that a negative crop puts before it.
        Op::ConvTranspose => Some(begin.min(0).unsigned_abs() + q * s + tap),
        // o*s + t*d - begin = q
        Op::Conv => {
            let reached = usize::try_from(q as isize + begin - tap as isize).ok()?;
            (reached % s == 0)
                .then_some(reached / s)
                .filter(|&o| o < canvas[axis])
        }
    }
}
