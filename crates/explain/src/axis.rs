//! One axis of a small problem: its sizes, and which input meets which tap for which output.

use convt_geometry::{Axis, Problem, Walk};

use crate::ExplainError;

/// One axis with everything known.
#[derive(Clone, Debug)]
pub(crate) struct AxisModel {
    pub(crate) input: usize,
    pub(crate) kernel: usize,
    pub(crate) output: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    /// `d*(k-1) + 1`.
    pub(crate) span: usize,
    /// Signed crop at the beginning of the transposed convolution, pad of the convolution.
    pub(crate) begin: isize,
    /// How many cells less `output_padding` crops at the far end.
    pub(crate) extra: usize,
    /// For every output the (tap, input) pairs that add to it, in ascending tap.
    pub(crate) gather: Vec<Vec<(usize, usize)>>,
    /// For every input the (tap, output) pairs it adds to, in ascending tap.
    pub(crate) scatter: Vec<Vec<(usize, usize)>>,
}

/// An axis that the problem does not have.
pub(crate) fn point() -> AxisModel {
    AxisModel {
        input: 1,
        kernel: 1,
        output: 1,
        stride: 1,
        dilation: 1,
        span: 1,
        begin: 0,
        extra: 0,
        gather: vec![vec![(0, 0)]],
        scatter: vec![vec![(0, 0)]],
    }
}

pub(crate) fn axis_model(
    problem: &Problem,
    index: usize,
    walk: &Walk,
) -> Result<AxisModel, ExplainError> {
    let axis: &Axis = walk.axis();
    let words = problem.axes[index];
    // The far end without output_padding or output_size says how much less they crop.
    let mut plain = words;
    plain.output_padding = 0;
    plain.output_size = None;
    let asked = words.output_padding > 0 || words.output_size.is_some();
    let extra = match plain.axis(problem.op) {
        Ok(without) if asked => usize::try_from(without.crop.end - axis.crop.end).unwrap_or(0),
        _ => 0,
    };
    let gather: Vec<Vec<(usize, usize)>> = (0..walk.output())
        .map(|o| walk.contributions(o).collect())
        .collect();
    let mut scatter = vec![Vec::new(); walk.input()];
    for (o, pairs) in gather.iter().enumerate() {
        for &(t, q) in pairs {
            scatter[q].push((t, o));
        }
    }
    for pairs in &mut scatter {
        pairs.sort_unstable();
    }
    Ok(AxisModel {
        input: walk.input(),
        kernel: axis.kernel,
        output: walk.output(),
        stride: axis.stride,
        dilation: axis.dilation,
        span: axis.span()?,
        begin: axis.crop.begin,
        extra,
        gather,
        scatter,
    })
}
