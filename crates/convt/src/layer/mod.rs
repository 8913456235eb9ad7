//! Layers: the parameters of `torch.nn.ConvTranspose{1,2,3}d` and `Conv{1,2,3}d`, and more ways to say the padding.

mod typed;

use convt_geometry::{Axis, Dtype, Extra, Op, Padding, Parameter, Problem, ProblemAxis, Walk};

use crate::{Element, Error, Explanation, GeometryError, Plan, TensorRef};

pub use typed::{
    AutoPad, Conv, Conv1d, Conv2d, Conv3d, ConvTranspose, ConvTranspose1d, ConvTranspose2d,
    ConvTranspose3d, Direct, Kind, Transposed, Typed,
};

/// A layer whose number of spatial axes is known at run time: what [`ConvTranspose`] and [`Conv`] build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Everything but batch, input sizes and element type, which are those of a run.
    problem: Problem,
}

/// How the output's size is chosen at call time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum OutputChoice {
    /// By the layer's output_padding.
    #[default]
    Layer,
    /// PyTorch's `output_size`.
    Size(Vec<usize>),
    /// ONNX's `output_shape`.
    Shape(Vec<usize>),
}

impl Layer {
    /// The layer of a problem; its batch, input sizes, output sizes, element type and name play no part.
    pub fn from_problem(problem: &Problem) -> Self {
        let mut problem = problem.clone();
        problem.batch = 1;
        problem.name = None;
        problem.dtype = Dtype::default();
        for axis in &mut problem.axes {
            axis.input = 1;
            axis.output_size = None;
        }
        Self { problem }
    }

    /// The operation.
    pub fn op(&self) -> Op {
        self.problem.op
    }

    /// Input channels.
    pub fn in_channels(&self) -> usize {
        self.problem.in_channels
    }

    /// Output channels.
    pub fn out_channels(&self) -> usize {
        self.problem.out_channels
    }

    /// Groups.
    pub fn groups(&self) -> usize {
        self.problem.groups
    }

    /// Whether the layer has a bias.
    pub fn has_bias(&self) -> bool {
        self.problem.bias
    }

    /// Number of spatial axes.
    pub fn dims(&self) -> usize {
        self.problem.axes.len()
    }

    /// The weight's shape: `(C_in, C_out/groups, kernel...)` transposed, `(C_out, C_in/groups, kernel...)` otherwise.
    /// Meaningful once [`Layer::check`] holds.
    pub fn weight_shape(&self) -> Vec<usize> {
        self.problem.weight_shape()
    }

    /// The layer with this batch and these input sizes, as the one-line text of bug reports and benchmarks.
    pub fn problem(&self, batch: usize, input: &[usize], dtype: Dtype) -> Result<Problem, Error> {
        let mut problem = self.problem.clone();
        self.check_axis_count("input", input.len())?;
        problem.batch = batch;
        problem.dtype = dtype;
        for (axis, &size) in problem.axes.iter_mut().zip(input) {
            axis.input = size;
        }
        Ok(problem)
    }

    /// Refuses everything that is wrong whatever the input: zeros, groups, output_padding, sizes that do not fit.
    pub fn check(&self) -> Result<(), Error> {
        let problem = &self.problem;
        if !(1..=3).contains(&problem.axes.len()) {
            return Err(GeometryError::Axes {
                parameter: Parameter::KernelSize,
                given: problem.axes.len(),
                expected: None,
            }
            .into());
        }
        problem.check_groups()?;
        for (i, axis) in problem.axes.iter().enumerate() {
            Self::canonical(self.op(), axis, Extra::OutputPadding(axis.output_padding))
                .map_err(|error| error.on_axis(i))?;
        }
        Ok(())
    }

    /// Checks the layer and packs its weights, once; any batch and any spatial size may run afterwards.
    ///
    /// `weight` has the shape of [`Layer::weight_shape`], `bias` one element per output channel.
    pub fn plan<'a, T: Element>(
        &self,
        weight: impl Into<TensorRef<'a, T>>,
        bias: Option<&[T]>,
    ) -> Result<Plan<T>, Error> {
        Plan::new(self, &weight.into(), bias, None)
    }

    /// As [`Layer::plan`], refusing packed weights of more than `limit` bytes.
    pub fn plan_within<'a, T: Element>(
        &self,
        weight: impl Into<TensorRef<'a, T>>,
        bias: Option<&[T]>,
        limit: usize,
    ) -> Result<Plan<T>, Error> {
        Plan::new(self, &weight.into(), bias, Some(limit))
    }

    /// The shape of the output for an input of shape `(N, C_in, spatial...)` or `(C_in, spatial...)`.
    pub fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, Error> {
        Ok(self.resolve(input, &OutputChoice::Layer)?.output_shape())
    }

    /// What would run for such an input on this machine, at what cost, and why nothing else would.
    pub fn explain(&self, input: &[usize], dtype: Dtype) -> Result<Explanation, Error> {
        let sizes = self.resolve(input, &OutputChoice::Layer)?;
        let spatial: Vec<usize> = sizes.walks.iter().map(Walk::input).collect();
        Explanation::of(&self.problem(sizes.batch, &spatial, dtype)?)
    }

    /// The sizes of one run.
    pub(crate) fn resolve(
        &self,
        input: &[usize],
        choice: &OutputChoice,
    ) -> Result<Resolved, Error> {
        let dims = self.dims();
        let batched = input.len() == dims + 2;
        if !batched && input.len() != dims + 1 {
            return Err(Error::Rank {
                array: "input",
                shape: input.to_vec(),
                expected: format!(
                    "{} axes (N, C_in, spatial) or {} (C_in, spatial) for {}{dims}d",
                    dims + 2,
                    dims + 1,
                    self.op().name()
                ),
            });
        }
        let (batch, rest) = if batched {
            (input[0], &input[1..])
        } else {
            (1, input)
        };
        if rest[0] != self.in_channels() {
            return Err(Error::Channels {
                input: input.to_vec(),
                in_channels: self.in_channels(),
                weight: self.weight_shape(),
            });
        }
        if let OutputChoice::Size(wanted) = choice {
            self.check_axis_count("output_size", wanted.len())?;
        }
        if let OutputChoice::Shape(wanted) = choice {
            self.check_axis_count("output_shape", wanted.len())?;
        }
        let walk = |i: usize| {
            let axis = ProblemAxis {
                input: rest[1 + i],
                ..self.problem.axes[i]
            };
            let extra = match choice {
                OutputChoice::Layer => Extra::OutputPadding(axis.output_padding),
                OutputChoice::Size(sizes) => Extra::OutputSize(sizes[i]),
                OutputChoice::Shape(sizes) => Extra::OutputShape {
                    size: sizes[i],
                    output_padding: axis.output_padding,
                },
            };
            Self::canonical(self.op(), &axis, extra)
                .and_then(|canonical| Walk::new(self.op(), &canonical, axis.input))
                .map_err(|error| error.on_axis(i))
        };
        Ok(Resolved {
            batched,
            batch,
            in_channels: self.in_channels(),
            out_channels: self.out_channels(),
            in_per_group: self.in_channels() / self.groups().max(1),
            walks: (0..dims).map(walk).collect::<Result<_, _>>()?,
        })
    }

    fn canonical(op: Op, axis: &ProblemAxis, extra: Extra) -> Result<Axis, GeometryError> {
        let canonical = Axis::new(axis.kernel, axis.stride, axis.dilation)?;
        let crop = axis.padding.crop(op, &canonical, axis.input, extra)?;
        Ok(canonical.with_crop(crop))
    }

    fn check_axis_count(&self, parameter: &'static str, given: usize) -> Result<(), Error> {
        if given == self.dims() {
            Ok(())
        } else {
            Err(Error::AxisValues {
                parameter,
                given,
                axes: self.dims(),
            })
        }
    }

    /// Kernel, stride and dilation of depth, height and width; axes that the layer lacks have one tap.
    pub(crate) fn axis_taps(&self) -> [AxisTaps; 3] {
        let mut all = [AxisTaps {
            kernel: 1,
            stride: 1,
            dilation: 1,
        }; 3];
        for (to, axis) in all.iter_mut().rev().zip(self.problem.axes.iter().rev()) {
            *to = AxisTaps {
                kernel: axis.kernel,
                stride: axis.stride,
                dilation: axis.dilation,
            };
        }
        all
    }

    fn set_axes(&mut self, set: impl Fn(usize, &mut ProblemAxis)) {
        for (i, axis) in self.problem.axes.iter_mut().enumerate() {
            set(i, axis);
        }
    }

    fn set_padding(&mut self, padding: impl Fn(usize) -> Padding) {
        self.set_axes(|i, axis| axis.padding = padding(i));
    }
}

/// What decides an axis's taps, before any size is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AxisTaps {
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
}

/// The sizes of one run: everything that depends on the input's shape.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// Whether the input has a batch axis.
    pub(crate) batched: bool,
    pub(crate) batch: usize,
    pub(crate) in_channels: usize,
    pub(crate) out_channels: usize,
    pub(crate) in_per_group: usize,
    /// One walk per spatial axis, outermost first.
    pub(crate) walks: Vec<Walk>,
}

impl Resolved {
    /// The sizes of a problem, batched.
    pub(crate) fn of(problem: &Problem) -> Result<Self, Error> {
        Ok(Self {
            batched: true,
            batch: problem.batch,
            in_channels: problem.in_channels,
            out_channels: problem.out_channels,
            in_per_group: problem.in_channels / problem.groups.max(1),
            walks: problem.walks()?,
        })
    }

    /// Multiply-adds that contribute to the output.
    pub(crate) fn products(&self) -> u128 {
        let planes = (self.batch as u128).saturating_mul(self.out_channels as u128);
        let pairs = planes.saturating_mul(self.in_per_group as u128);
        self.walks
            .iter()
            .fold(pairs, |n, walk| n.saturating_mul(walk.products()))
    }

    pub(crate) fn output_shape(&self) -> Vec<usize> {
        let leading = [self.batch, self.out_channels];
        leading[usize::from(!self.batched)..]
            .iter()
            .copied()
            .chain(self.walks.iter().map(Walk::output))
            .collect()
    }
}
