//! Parameters, with PyTorch's names and defaults.

/// Parameters of a convolution over `D` spatial axes, one value per axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvConfig<const D: usize> {
    /// Step between windows.
    pub stride: [usize; D],
    /// Zeros on both sides.
    pub padding: [usize; D],
    /// Distance between taps.
    pub dilation: [usize; D],
    /// Groups of channels.
    pub groups: usize,
}

impl<const D: usize> Default for ConvConfig<D> {
    fn default() -> Self {
        Self {
            stride: [1; D],
            padding: [0; D],
            dilation: [1; D],
            groups: 1,
        }
    }
}

/// Parameters of a transposed convolution over `D` spatial axes, one value per axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvTransposeConfig<const D: usize> {
    /// Step between stamps.
    pub stride: [usize; D],
    /// Cells cropped on both sides.
    pub padding: [usize; D],
    /// Cells cropped less at the far end.
    pub output_padding: [usize; D],
    /// Distance between taps.
    pub dilation: [usize; D],
    /// Groups of channels.
    pub groups: usize,
}

impl<const D: usize> Default for ConvTransposeConfig<D> {
    fn default() -> Self {
        Self {
            stride: [1; D],
            padding: [0; D],
            output_padding: [0; D],
            dilation: [1; D],
            groups: 1,
        }
    }
}
