//! What every snippet says, before it is said in some library's words.

use convt_geometry::{Axis, Crop, Op};

use crate::model::Model;
use crate::{ExplainError, State};

/// A layer and its numbers, per axis in the order of the problem.
pub(crate) struct Call {
    pub(crate) op: Op,
    pub(crate) dims: usize,
    pub(crate) in_channels: usize,
    pub(crate) out_channels: usize,
    pub(crate) groups: usize,
    pub(crate) input: Vec<usize>,
    pub(crate) kernel: Vec<usize>,
    pub(crate) stride: Vec<usize>,
    pub(crate) dilation: Vec<usize>,
    /// `d*(k-1) + 1`.
    pub(crate) span: Vec<usize>,
    /// Crops of a transposed convolution, pads of a convolution.
    pub(crate) crops: Vec<[isize; 2]>,
    pub(crate) x: Vec<f64>,
    pub(crate) w: Vec<f64>,
    pub(crate) w_shape: Vec<usize>,
    pub(crate) b: Option<Vec<f64>>,
}

impl Call {
    pub(crate) fn new(state: &State) -> Result<Self, ExplainError> {
        let model = Model::new(state)?;
        let axes = model.real_axes();
        let each = |of: fn(&crate::axis::AxisModel) -> usize| axes.iter().map(of).collect();
        Ok(Self {
            op: model.op,
            dims: model.dims,
            in_channels: model.in_channels,
            out_channels: model.out_channels,
            groups: model.groups,
            input: each(|axis| axis.input),
            kernel: each(|axis| axis.kernel),
            stride: each(|axis| axis.stride),
            dilation: each(|axis| axis.dilation),
            span: each(|axis| axis.span),
            crops: model.layer.crops.clone(),
            x: model.x.data,
            w: model.w.data,
            w_shape: model.w.shape,
            b: model.b,
        })
    }

    /// Shape of the input with a batch of one.
    pub(crate) fn x_shape(&self) -> Vec<usize> {
        [&[1, self.in_channels], &self.input[..]].concat()
    }

    /// `(padding, output_padding)` per axis where PyTorch can say the crops.
    pub(crate) fn torch(&self) -> Option<(Vec<usize>, Vec<usize>)> {
        let mut said = (Vec::new(), Vec::new());
        for (axis, &[begin, end]) in self.crops.iter().enumerate() {
            let extra = usize::try_from(begin - end).ok()?;
            let legal = match self.op {
                Op::Conv => extra == 0,
                Op::ConvTranspose => extra < self.stride[axis].max(self.dilation[axis]),
            };
            if !legal {
                return None;
            }
            said.0.push(usize::try_from(begin).ok()?);
            said.1.push(extra);
        }
        Some(said)
    }

    /// `(begins, ends, output_padding)` where ONNX can say the crops.
    pub(crate) fn onnx(&self) -> Option<(Vec<usize>, Vec<usize>, Vec<usize>)> {
        let mut said = (Vec::new(), Vec::new(), Vec::new());
        for (axis, &[begin, end]) in self.crops.iter().enumerate() {
            said.0.push(usize::try_from(begin).ok()?);
            let (end, extra) = match usize::try_from(end) {
                Ok(end) => (end, 0),
                Err(_) if self.op == Op::ConvTranspose => (0, end.unsigned_abs()),
                Err(_) => return None,
            };
            if extra > 0 && extra >= self.stride[axis].max(self.dilation[axis]) {
                return None;
            }
            said.1.push(end);
            said.2.push(extra);
        }
        Some(said)
    }

    /// TensorFlow's word for the crops of a transposed convolution, if it has one: `same` or `valid`.
    pub(crate) fn word(&self) -> Option<&'static str> {
        if self.op == Op::Conv {
            return None;
        }
        let says = |crop_of: fn(&Axis) -> Result<Crop, convt_geometry::GeometryError>| {
            (0..self.dims).all(|i| {
                let axis = Axis::new(self.kernel[i], self.stride[i], self.dilation[i]);
                let crop = axis.and_then(|axis| crop_of(&axis));
                crop == Ok(Crop::new(self.crops[i][0], self.crops[i][1]))
            })
        };
        if says(Crop::valid) {
            Some("valid")
        } else if says(Crop::same) {
            Some("same")
        } else {
            None
        }
    }

    /// Length of the uncropped transposed convolution on an axis.
    pub(crate) fn full(&self, axis: usize) -> usize {
        (self.input[axis] - 1) * self.stride[axis] + self.span[axis]
    }

    /// What turns an array of these lengths into the cropped one (or pads a convolution's input): cells to add and then
    /// the range to keep, per axis.
    pub(crate) fn cuts(&self, lengths: &[usize]) -> Vec<Cut> {
        self.crops
            .iter()
            .zip(lengths)
            .enumerate()
            .map(|(axis, (&[begin, end], &length))| match self.op {
                Op::ConvTranspose => {
                    // Of cells 0..full, those from begin to full - end; beyond them zeros are added.
                    let last = self.full(axis) as isize - end;
                    Cut::new(begin, last, length)
                }
                Op::Conv => Cut::new(-begin, length as isize + end, length),
            })
            .collect()
    }
}

/// Zeros added on both sides of an axis, and the range of it that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) add: [usize; 2],
    pub(crate) keep: [usize; 2],
}

impl Cut {
    /// Keeps cells `from..to` of `length`, which may lie beyond both ends.
    fn new(from: isize, to: isize, length: usize) -> Self {
        let before = from.min(0).unsigned_abs();
        let after = (to - length as isize).max(0) as usize;
        Self {
            add: [before, after],
            keep: [
                (from + before as isize) as usize,
                (to + before as isize) as usize,
            ],
        }
    }

    pub(crate) fn adds(self) -> bool {
        self.add != [0, 0]
    }

    pub(crate) fn drops(self, length: usize) -> bool {
        self.keep != [0, length + self.add[0] + self.add[1]]
    }
}
