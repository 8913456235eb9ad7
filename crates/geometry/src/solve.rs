//! Which parameters give a wanted size.

use crate::{Axis, GeometryError, Parameter};

/// What a solution must achieve on one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// This one output size from this one input size.
    Size {
        /// Input elements.
        input: usize,
        /// Wanted output elements.
        output: usize,
    },
    /// `output = scale * input` for every input: `stride = scale` and `K + op = 2p + s`.
    Scale(usize),
}

/// Parameters of a transposed convolution, in PyTorch's words, that reach a [`Target`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Solution {
    /// kernel_size
    pub kernel: usize,
    /// stride
    pub stride: usize,
    /// padding
    pub padding: usize,
    /// output_padding
    pub output_padding: usize,
    /// dilation
    pub dilation: usize,
}

impl Solution {
    /// Whether every output away from the border is reached by equally many taps: each remainder mod the stride is
    /// reached by `kernel / stride` taps, which needs `stride | kernel` and a dilation that shares no factor with it.
    pub fn overlaps_evenly(&self) -> bool {
        self.stride != 0
            && self.kernel.is_multiple_of(self.stride)
            && gcd(self.stride, self.dilation) == 1
    }

    /// Whether these parameters multiply *every* input size by the stride: `K + op = 2p + s`.
    pub fn scales_exactly(&self) -> bool {
        // Sums and products of 64-bit numbers, so the whole fits u128.
        let wide = |n: usize| n as u128;
        let span = wide(self.dilation) * wide(self.kernel.saturating_sub(1)) + 1;
        span + wide(self.output_padding) == 2 * wide(self.padding) + wide(self.stride)
    }
}

/// How far [`solve`] looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// The largest kernel tried.
    pub max_kernel: usize,
    /// The largest stride tried (a [`Target::Scale`] fixes the stride instead).
    pub max_stride: usize,
    /// The dilation of every solution.
    pub dilation: usize,
}

/// The most combinations that [`solve`] tries.
const MOST_TRIES: u128 = 1 << 20;

impl Search {
    /// Refuses a search that would not end soon: kernels times strides times output_paddings.
    fn check(&self, strides: u128, largest_stride: usize) -> Result<(), GeometryError> {
        let span = (self.max_kernel as u128).saturating_mul(self.dilation as u128);
        // PyTorch's rule bounds output_padding, and so does 0 <= 2p <= 2K.
        let paddings = (largest_stride.max(self.dilation) as u128)
            .min(span.saturating_mul(2).saturating_add(1));
        let tries = (self.max_kernel.max(1) as u128)
            .saturating_mul(strides)
            .saturating_mul(paddings);
        if tries > MOST_TRIES {
            return Err(GeometryError::Search {
                tries,
                most: MOST_TRIES,
            });
        }
        Ok(())
    }
}

impl Default for Search {
    fn default() -> Self {
        Self {
            max_kernel: 16,
            max_stride: 16,
            dilation: 1,
        }
    }
}

/// Every `(kernel, stride, padding, output_padding)` within `search` that reaches the target, in ascending stride, kernel
/// and output_padding. The padding is at most the kernel's span, beyond which a layer crops away whole stamps.
pub fn solve(target: Target, search: Search) -> Result<Vec<Solution>, GeometryError> {
    let zero = |parameter| GeometryError::Zero {
        parameter,
        axis: None,
    };
    let strides = match target {
        Target::Scale(0) => return Err(zero(Parameter::Stride)),
        Target::Size { input: 0, .. } => return Err(zero(Parameter::Input)),
        Target::Size { output: 0, .. } => return Err(zero(Parameter::OutputSize)),
        Target::Scale(scale) => scale..=scale,
        Target::Size { .. } if search.max_stride == 0 => return Err(zero(Parameter::Stride)),
        Target::Size { .. } => 1..=search.max_stride,
    };
    search.check(
        (strides.end() - strides.start()) as u128 + 1,
        *strides.end(),
    )?;
    let mut found = Vec::new();
    for stride in strides {
        for kernel in 1..=search.max_kernel {
            let axis = Axis::new(kernel, stride, search.dilation)?;
            let span = axis.span()?;
            // 2p = (i-1)s + K + op - o; for the scale s, o = s*i turns it into K + op - s. `spare` is 2p - op.
            let spare = match target {
                Target::Scale(_) => span as i128 - stride as i128,
                Target::Size { input, output } => axis.full_length(input)? as i128 - output as i128,
            };
            // 0 <= 2p <= 2K bounds op from both sides, beside PyTorch's rule.
            let first = (-spare).max(0);
            let last = (2 * span as i128 - spare).min(stride.max(search.dilation) as i128 - 1);
            found.extend((first..=last).filter_map(|op| {
                let twice = spare + op;
                (twice % 2 == 0).then_some(Solution {
                    kernel,
                    stride,
                    padding: (twice / 2) as usize,
                    output_padding: op as usize,
                    dilation: search.dilation,
                })
            }));
        }
    }
    Ok(found)
}

/// The greatest common divisor; `gcd(a, 0)` is `a`.
pub fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
