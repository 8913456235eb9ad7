//! Layers: the parameters of `torch.nn.ConvTranspose{1,2,3}d` and `Conv{1,2,3}d`, and more ways to say the padding.

mod adjoint;
mod resolved;
mod typed;

use convt_geometry::{Axis, Dtype, Extra, Op, Padding, Parameter, Problem, ProblemAxis, Walk};

use crate::{Element, Error, Explanation, GeometryError, Plan, TensorRef};

pub(crate) use resolved::{Resolved, Walks};
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
        self.check_dims()?;
        problem.check_groups()?;
        for (i, axis) in problem.axes.iter().enumerate() {
            let extra = Extra::OutputPadding(axis.output_padding);
            Self::canonical(self.op(), axis, axis.input, extra)
                .map_err(|error| error.on_axis(i))?;
        }
        Ok(())
    }

    /// Refuses anything but one, two or three spatial axes.
    fn check_dims(&self) -> Result<(), Error> {
        if (1..=3).contains(&self.dims()) {
            return Ok(());
        }
        Err(GeometryError::Axes {
            parameter: Parameter::KernelSize,
            given: self.dims(),
            expected: None,
        }
        .into())
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
        let resolved = self.resolve(input, &OutputChoice::Layer)?;
        Ok(resolved.output_shape().to_vec())
    }

    /// What would run for such an input on this machine, at what cost, and why nothing else would.
    pub fn explain(&self, input: &[usize], dtype: Dtype) -> Result<Explanation, Error> {
        let sizes = self.resolve(input, &OutputChoice::Layer)?;
        let spatial: Vec<usize> = sizes.walks.iter().map(Walk::input).collect();
        Explanation::of(&self.problem(sizes.batch, &spatial, dtype)?)
    }

    /// The sizes of one run. Every call begins here, so nothing is allocated unless something is wrong.
    #[inline]
    pub(crate) fn resolve(
        &self,
        input: &[usize],
        choice: &OutputChoice,
    ) -> Result<Resolved, Error> {
        let dims = self.dims();
        let batched = input.len() == dims + 2;
        let (batch, channels, spatial) = match *input {
            [batch, channels, ref spatial @ ..] if batched => (batch, channels, spatial),
            [channels, ref spatial @ ..] if spatial.len() == dims => (1, channels, spatial),
            _ => return Err(self.wrong_rank(input)),
        };
        if channels != self.in_channels() {
            return Err(self.wrong_channels(input));
        }
        self.check_dims()?;
        match choice {
            OutputChoice::Layer => {}
            OutputChoice::Size(wanted) => self.check_axis_count("output_size", wanted.len())?,
            OutputChoice::Shape(wanted) => self.check_axis_count("output_shape", wanted.len())?,
        }
        let mut walks = Walks::units(dims);
        for (i, walk) in walks.iter_mut().enumerate() {
            *walk = self.walk(i, spatial[i], choice)?;
        }
        Ok(Resolved {
            batched,
            batch,
            in_channels: self.in_channels(),
            out_channels: self.out_channels(),
            in_per_group: self.in_channels() / self.groups().max(1),
            walks,
        })
    }

    /// The walk of one axis of `input` elements.
    #[inline]
    fn walk(&self, i: usize, input: usize, choice: &OutputChoice) -> Result<Walk, Error> {
        let axis = &self.problem.axes[i];
        let extra = match choice {
            OutputChoice::Layer => Extra::OutputPadding(axis.output_padding),
            OutputChoice::Size(sizes) => Extra::OutputSize(sizes[i]),
            OutputChoice::Shape(sizes) => Extra::OutputShape {
                size: sizes[i],
                output_padding: axis.output_padding,
            },
        };
        Self::canonical(self.op(), axis, input, extra)
            .and_then(|canonical| Walk::new(self.op(), &canonical, input))
            .map_err(|error| error.on_axis(i).into())
    }

    #[cold]
    fn wrong_rank(&self, input: &[usize]) -> Error {
        let dims = self.dims();
        Error::Rank {
            array: "input",
            shape: input.to_vec(),
            expected: format!(
                "{} axes (N, C_in, spatial) or {} (C_in, spatial) for {}{dims}d",
                dims + 2,
                dims + 1,
                self.op().name()
            ),
        }
    }

    #[cold]
    fn wrong_channels(&self, input: &[usize]) -> Error {
        Error::Channels {
            input: input.to_vec(),
            in_channels: self.in_channels(),
            weight: self.weight_shape(),
        }
    }

    fn canonical(
        op: Op,
        axis: &ProblemAxis,
        input: usize,
        extra: Extra,
    ) -> Result<Axis, GeometryError> {
        let canonical = Axis::new(axis.kernel, axis.stride, axis.dilation)?;
        let crop = axis.padding.crop(op, &canonical, input, extra)?;
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

    /// Whether no axis has padding of its own, or output_padding.
    pub(crate) fn is_uncropped(&self) -> bool {
        let none = [Padding::Both(0), Padding::Valid, Padding::Same];
        let mut axes = self.problem.axes.iter();
        axes.all(|axis| none.contains(&axis.padding) && axis.output_padding == 0)
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
