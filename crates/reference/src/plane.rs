//! One input channel, one kernel, one output channel: three axes of sizes, and how positions are counted.

use convt_geometry::Op;

use crate::ReferenceError;

/// A position, or a size, on three axes.
pub(crate) type Three = [usize; 3];

/// The sizes of one input channel, one kernel and one output channel. A layer of fewer axes has leading ones of length 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plane {
    pub(crate) op: Op,
    pub(crate) input: Three,
    pub(crate) kernel: Three,
    pub(crate) stride: Three,
    pub(crate) dilation: Three,
    pub(crate) begin: [isize; 3],
    pub(crate) end: [isize; 3],
    pub(crate) output: Three,
}

impl Plane {
    /// One element, one tap, one output.
    pub(crate) fn point(op: Op) -> Self {
        Self {
            op,
            input: [1; 3],
            kernel: [1; 3],
            stride: [1; 3],
            dilation: [1; 3],
            begin: [0; 3],
            end: [0; 3],
            output: [1; 3],
        }
    }

    /// Sets one axis and computes its output size. `named` is its number for the user.
    pub(crate) fn set_axis(
        &mut self,
        axis: usize,
        named: usize,
        [input, kernel, stride, dilation]: [usize; 4],
        crops: [isize; 2],
    ) -> Result<(), ReferenceError> {
        for (parameter, value) in [
            ("input size", input),
            ("kernel_size", kernel),
            ("stride", stride),
            ("dilation", dilation),
        ] {
            if value == 0 {
                return Err(ReferenceError::Zero {
                    parameter,
                    axis: Some(named),
                });
            }
        }
        let overflow = ReferenceError::Overflow { axis: named };
        // One tap has no distance to another.
        let dilation = if kernel == 1 { 1 } else { dilation };
        if [input, kernel, stride, dilation]
            .iter()
            .any(|&n| isize::try_from(n).is_err())
        {
            return Err(overflow);
        }
        // Products of two such numbers, and sums of two such products, fit i128.
        let wide = |n: usize| n as i128;
        let [begin, end] = crops.map(|crop| crop as i128);
        let span = wide(dilation) * (wide(kernel) - 1) + 1;
        // Both formulas with their letters: (i-1)s + K - begin - end, and floor((i + begin + end - K) / s) + 1.
        let size = match self.op {
            Op::ConvTranspose => (wide(input) - 1) * wide(stride) + span - begin - end,
            Op::Conv => (wide(input) + begin + end - span).div_euclid(wide(stride)) + 1,
        };
        if size < 1 && isize::try_from(span).is_ok() {
            return Err(ReferenceError::NoOutput {
                op: self.op,
                axis: named,
                input,
                span: span as usize,
                stride,
                crops,
                size,
            });
        }
        // No index that a definition forms exceeds the sum of these magnitudes, so none overflows.
        let steps = match self.op {
            Op::ConvTranspose => wide(input),
            Op::Conv => size,
        };
        let longer = steps
            .saturating_mul(wide(stride))
            .max(wide(input))
            .max(size);
        let reach = longer
            .saturating_add(span.saturating_mul(2))
            .saturating_add(wide(stride))
            .saturating_add(begin.abs())
            .saturating_add(end.abs());
        if reach > isize::MAX as i128 {
            return Err(overflow);
        }
        self.input[axis] = input;
        self.kernel[axis] = kernel;
        self.stride[axis] = stride;
        self.dilation[axis] = dilation;
        self.begin[axis] = crops[0];
        self.end[axis] = crops[1];
        self.output[axis] = size as usize;
        Ok(())
    }

    /// `K - 1 = d*(k-1)` per axis: how far the last tap lies from the first.
    pub(crate) fn reach(&self) -> Three {
        each(|axis| self.dilation[axis] * (self.kernel[axis] - 1))
    }
}

/// Something per axis.
pub(crate) fn each<T>(of_axis: impl FnMut(usize) -> T) -> [T; 3] {
    [0, 1, 2].map(of_axis)
}

/// Every position of a shape in row-major order.
pub(crate) fn positions([a, b, c]: Three) -> impl Iterator<Item = Three> {
    (0..a).flat_map(move |i| (0..b).flat_map(move |j| (0..c).map(move |k| [i, j, k])))
}

/// Elements of a shape. It saturates only for a shape that no array has.
pub(crate) fn volume([a, b, c]: Three) -> usize {
    a.saturating_mul(b).saturating_mul(c)
}

/// The row-major index of a position.
pub(crate) fn flat([_, rows, columns]: Three, [i, j, k]: Three) -> usize {
    (i * rows + j) * columns + k
}

/// The row-major index of a position that may lie outside the shape.
pub(crate) fn inside(shape: Three, at: [isize; 3]) -> Option<usize> {
    let within = |axis: usize| usize::try_from(at[axis]).ok().filter(|&i| i < shape[axis]);
    Some(flat(shape, [within(0)?, within(1)?, within(2)?]))
}

/// `n / s` where the division is exact.
pub(crate) fn exact(n: isize, s: usize) -> Option<isize> {
    let s = s as isize;
    (n % s == 0).then(|| n / s)
}
