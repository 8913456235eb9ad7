//! The parameters of a layer, and the sizes that follow from them and from the arrays.

use convt_geometry::{Op, Problem};

use crate::array::limited;
use crate::plane::Plane;
use crate::{Array, ReferenceError};

/// A layer without its weight. The number of strides is the number of spatial axes, 1 to 3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Which of the two operations.
    pub op: Op,
    /// Step between windows (convolution) or stamps (transposed), per axis.
    pub stride: Vec<usize>,
    /// Distance between taps, per axis.
    pub dilation: Vec<usize>,
    /// `[begin, end]` per axis: cells cut off the full transposed convolution, or padded around a convolution's input.
    /// Negative crops extend the output with cells that hold only the bias; negative pads cut the input.
    pub crops: Vec<[isize; 2]>,
    /// Independent groups of channels.
    pub groups: usize,
}

impl Layer {
    /// A layer of `axes` spatial axes with PyTorch's defaults.
    pub fn new(op: Op, axes: usize) -> Self {
        Self {
            op,
            stride: vec![1; axes],
            dilation: vec![1; axes],
            crops: vec![[0, 0]; axes],
            groups: 1,
        }
    }

    /// The same layer with this stride per axis.
    #[must_use]
    pub fn stride(mut self, stride: &[usize]) -> Self {
        self.stride = stride.to_vec();
        self
    }

    /// The same layer with this dilation per axis.
    #[must_use]
    pub fn dilation(mut self, dilation: &[usize]) -> Self {
        self.dilation = dilation.to_vec();
        self
    }

    /// The same layer with this padding on both sides, per axis.
    #[must_use]
    pub fn padding(mut self, padding: &[isize]) -> Self {
        self.crops = padding.iter().map(|&p| [p, p]).collect();
        self
    }

    /// The same layer with these crops per axis.
    #[must_use]
    pub fn crops(mut self, crops: &[[isize; 2]]) -> Self {
        self.crops = crops.to_vec();
        self
    }

    /// The same layer in groups.
    #[must_use]
    pub fn groups(mut self, groups: usize) -> Self {
        self.groups = groups;
        self
    }

    /// The output's spatial size for these spatial sizes.
    pub fn output(&self, input: &[usize], kernel: &[usize]) -> Result<Vec<usize>, ReferenceError> {
        let plane = self.plane(input, kernel)?;
        Ok(plane.output[3 - input.len()..].to_vec())
    }

    /// The sizes of one input channel, one kernel and one output channel.
    pub(crate) fn plane(&self, input: &[usize], kernel: &[usize]) -> Result<Plane, ReferenceError> {
        let axes = self.axes()?;
        for (parameter, given) in [("input", input.len()), ("kernel_size", kernel.len())] {
            if given != axes {
                return Err(ReferenceError::Axes {
                    parameter,
                    given,
                    expected: axes,
                });
            }
        }
        let mut plane = Plane::point(self.op);
        for axis in 0..axes {
            plane.set_axis(
                3 - axes + axis,
                axis,
                [
                    input[axis],
                    kernel[axis],
                    self.stride[axis],
                    self.dilation[axis],
                ],
                self.crops[axis],
            )?;
        }
        Ok(plane)
    }

    /// The number of axes, on which all lists must agree.
    fn axes(&self) -> Result<usize, ReferenceError> {
        let axes = self.stride.len();
        if !(1..=3).contains(&axes) {
            return Err(ReferenceError::Dimensions { given: axes });
        }
        for (parameter, given) in [
            ("dilation", self.dilation.len()),
            ("padding", self.crops.len()),
        ] {
            if given != axes {
                return Err(ReferenceError::Axes {
                    parameter,
                    given,
                    expected: axes,
                });
            }
        }
        Ok(axes)
    }
}

impl TryFrom<&Problem> for Layer {
    type Error = ReferenceError;

    /// The layer of a problem, whose padding words are read into crops for the problem's input size.
    fn try_from(problem: &Problem) -> Result<Self, ReferenceError> {
        let mut layer = Self::new(problem.op, problem.axes.len()).groups(problem.groups);
        for (i, words) in problem.axes.iter().enumerate() {
            let axis = words.axis(problem.op).map_err(|error| error.on_axis(i))?;
            layer.stride[i] = axis.stride;
            layer.dilation[i] = axis.dilation;
            layer.crops[i] = [axis.crop.begin, axis.crop.end];
        }
        Ok(layer)
    }
}

/// A layer together with its arrays' shapes, all checked.
#[derive(Clone, Debug)]
pub(crate) struct Sizes {
    pub(crate) plane: Plane,
    pub(crate) batch: usize,
    pub(crate) in_channels: usize,
    pub(crate) out_channels: usize,
    groups: usize,
    /// Shape of the output, without a batch axis where the input has none.
    pub(crate) output: Vec<usize>,
}

/// Which channels and which kernel meet: one summand of the sum over channels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    /// Index of the input's plane, counted over batch and channels.
    pub(crate) input: usize,
    /// Index of the kernel, counted over the weight's first two axes.
    pub(crate) kernel: usize,
    /// Index of the output's plane, counted over batch and channels.
    pub(crate) output: usize,
}

impl Sizes {
    pub(crate) fn new(layer: &Layer, x: &Array, w: &Array) -> Result<Self, ReferenceError> {
        let axes = layer.axes()?;
        x.check("the input")?;
        w.check("the weight")?;
        let (batch, in_channels) = match x.shape.len().checked_sub(axes) {
            Some(1) => (1, x.shape[0]),
            Some(2) => (x.shape[0], x.shape[1]),
            _ => {
                return Err(ReferenceError::Rank {
                    array: "the input",
                    shape: x.shape.clone(),
                    expected: "(N, C_in, spatial...) or (C_in, spatial...)",
                });
            }
        };
        if w.shape.len() != axes + 2 {
            return Err(ReferenceError::Rank {
                array: "the weight",
                shape: w.shape.clone(),
                expected: "(C_in, C_out/groups, kernel...) of a transposed convolution or (C_out, C_in/groups, \
                           kernel...) of a convolution",
            });
        }
        let plane = layer.plane(&x.shape[x.shape.len() - axes..], &w.shape[2..])?;
        let (in_channels, out_channels) = channels(layer, in_channels, &w.shape)?;
        let mut output = x.shape[..x.shape.len() - axes - 1].to_vec();
        output.push(out_channels);
        output.extend(&plane.output[3 - axes..]);
        limited("the output", output.iter().map(|&n| n as u128))?;
        Ok(Self {
            plane,
            batch,
            in_channels,
            out_channels,
            groups: layer.groups,
            output,
        })
    }

    /// Every (input channel, kernel, output channel) that the layer connects, for every element of the batch.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = Pair> + '_ {
        let (per_in, per_out) = (
            self.in_channels / self.groups,
            self.out_channels / self.groups,
        );
        let nothing = self.in_channels == 0 || self.out_channels == 0;
        let batch = if nothing { 0 } else { self.batch };
        (0..batch).flat_map(move |n| {
            (0..self.in_channels).flat_map(move |ci| {
                // Channel ci is number `ci % per_in` of its group; the group's outputs start at group * per_out.
                let group = ci / per_in;
                (0..per_out).map(move |j| {
                    let co = group * per_out + j;
                    Pair {
                        input: n * self.in_channels + ci,
                        kernel: match self.plane.op {
                            Op::ConvTranspose => ci * per_out + j,
                            Op::Conv => co * per_in + ci % per_in,
                        },
                        output: n * self.out_channels + co,
                    }
                })
            })
        })
    }
}

/// `(C_in, C_out)` from the layouts (C_in, C_out/g, ..) of a transposed convolution and (C_out, C_in/g, ..) of the other.
fn channels(
    layer: &Layer,
    in_channels: usize,
    weight: &[usize],
) -> Result<(usize, usize), ReferenceError> {
    let groups = layer.groups;
    if groups == 0 {
        return Err(ReferenceError::Zero {
            parameter: "groups",
            axis: None,
        });
    }
    let times_groups = weight[1]
        .checked_mul(groups)
        .ok_or(ReferenceError::TooLarge {
            what: "channels times groups",
            elements: weight[1] as u128 * groups as u128,
            limit: crate::ELEMENT_LIMIT,
        })?;
    let (of_weight, out_channels) = match layer.op {
        Op::ConvTranspose => (weight[0], times_groups),
        Op::Conv => (times_groups, weight[0]),
    };
    if of_weight != in_channels {
        return Err(ReferenceError::Channels {
            input: in_channels,
            weight: of_weight,
            shape: weight.to_vec(),
        });
    }
    for (parameter, channels) in [("in_channels", in_channels), ("out_channels", out_channels)] {
        if !channels.is_multiple_of(groups) {
            return Err(ReferenceError::Groups {
                parameter,
                channels,
                groups,
            });
        }
    }
    Ok((in_channels, out_channels))
}
