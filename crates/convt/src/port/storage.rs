//! How a weight lies in memory: four coordinates, three places to put them.
//!
//! A weight has four coordinates: the group `g`, the input channel `i` and the output channel `o` within it, and the tap.
//! The spatial axes stand together and in order in every layout, so they count as one.

use convt_geometry::{GeometryError, Op, Parameter};

use crate::tensor::check_elements;
use crate::{Element, Error, TensorRef};

/// One place of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All spatial axes.
    Kernel,
    /// Input channels of one group.
    In,
    /// Output channels of one group.
    Out,
    /// All input channels, group after group.
    AllIn,
    /// All output channels, group after group.
    AllOut,
}

/// The order of a layout's axes, outermost first, and whether its kernels are turned around. Exactly one of the two
/// channel places is an `All`: it holds the group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Storage {
    pub(crate) order: [Part; 3],
    pub(crate) flipped: bool,
}

impl Storage {
    /// PyTorch's.
    pub(crate) fn torch(op: Op) -> Self {
        Self {
            order: match op {
                Op::ConvTranspose => [Part::AllIn, Part::Out, Part::Kernel],
                Op::Conv => [Part::AllOut, Part::In, Part::Kernel],
            },
            flipped: false,
        }
    }
}

/// The sizes of a weight, whatever its layout.
#[derive(Clone, Debug)]
pub(crate) struct Sizes {
    groups: usize,
    inputs: usize,
    outputs: usize,
    kernel: Vec<usize>,
}

/// How far apart neighbours along each coordinate lie in one layout.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Offsets {
    group: usize,
    input: usize,
    output: usize,
    tap: usize,
}

impl Offsets {
    /// The offset of an element.
    pub(crate) fn at(&self, g: usize, i: usize, o: usize, tap: usize) -> usize {
        g * self.group + i * self.input + o * self.output + tap * self.tap
    }
}

impl Sizes {
    /// The sizes of a weight of that shape, which has 3 to 5 axes; refuses channels that `groups` does not divide.
    pub(crate) fn read(storage: Storage, groups: usize, shape: &[usize]) -> Result<Self, Error> {
        if groups == 0 {
            return Err(Error::Geometry(GeometryError::Zero {
                parameter: Parameter::Groups,
                axis: None,
            }));
        }
        let mut sizes = Self {
            groups,
            inputs: 0,
            outputs: 0,
            kernel: Vec::new(),
        };
        let mut rest = shape;
        for part in storage.order {
            let places = match part {
                Part::Kernel => shape.len() - 2,
                _ => 1,
            };
            let (here, after) = rest.split_at(places);
            rest = after;
            match part {
                Part::Kernel => sizes.kernel = here.to_vec(),
                Part::In => sizes.inputs = here[0],
                Part::Out => sizes.outputs = here[0],
                Part::AllIn => sizes.inputs = per_group(here[0], groups, Parameter::InChannels)?,
                Part::AllOut => sizes.outputs = per_group(here[0], groups, Parameter::OutChannels)?,
            }
        }
        sizes.check_channels()?;
        Ok(sizes)
    }

    fn check_channels(&self) -> Result<(), Error> {
        let fits = |per_group: usize| per_group.checked_mul(self.groups).is_some();
        if fits(self.outputs) && fits(self.inputs) {
            return Ok(());
        }
        Err(Error::Geometry(GeometryError::Overflow {
            what: "channels per group * groups",
            axis: None,
        }))
    }

    /// All output channels.
    pub(crate) fn out_channels(&self) -> usize {
        self.groups * self.outputs
    }

    /// Output channels of one group.
    pub(crate) fn out_per_group(&self) -> usize {
        self.outputs
    }

    /// Elements of one kernel. Meaningful in a weight that has any element.
    pub(crate) fn taps(&self) -> usize {
        self.kernel.iter().product()
    }

    /// The shape in a layout.
    pub(crate) fn shape(&self, storage: Storage) -> Vec<usize> {
        let mut shape = Vec::with_capacity(self.kernel.len() + 2);
        for part in storage.order {
            match part {
                Part::Kernel => shape.extend_from_slice(&self.kernel),
                Part::In => shape.push(self.inputs),
                Part::Out => shape.push(self.outputs),
                Part::AllIn => shape.push(self.groups * self.inputs),
                Part::AllOut => shape.push(self.groups * self.outputs),
            }
        }
        shape
    }

    /// The offsets in a layout. Meaningful in a weight that has any element: no product then exceeds their number.
    pub(crate) fn offsets(&self, storage: Storage) -> Offsets {
        let mut offsets = Offsets::default();
        if self.is_empty() {
            return offsets;
        }
        let mut step = 1; // elements inside the places passed so far, innermost first
        for part in storage.order.into_iter().rev() {
            match part {
                Part::Kernel => {
                    offsets.tap = step;
                    step *= self.taps();
                }
                Part::In | Part::AllIn => {
                    offsets.input = step;
                    step *= self.inputs;
                }
                Part::Out | Part::AllOut => {
                    offsets.output = step;
                    step *= self.outputs;
                }
            }
            if matches!(part, Part::AllIn | Part::AllOut) {
                offsets.group = step;
                step *= self.groups;
            }
        }
        offsets
    }

    /// Calls `visit(g, i, o, offset)` for every element of a layout.
    pub(crate) fn each(&self, storage: Storage, mut visit: impl FnMut(usize, usize, usize, usize)) {
        self.each_with_tap(storage, |g, i, o, _, offset| visit(g, i, o, offset));
    }

    /// Calls `visit(g, i, o, tap, offset)` for every element of a layout.
    pub(crate) fn each_with_tap(
        &self,
        storage: Storage,
        mut visit: impl FnMut(usize, usize, usize, usize, usize),
    ) {
        if self.is_empty() {
            return;
        }
        let offsets = self.offsets(storage);
        for g in 0..self.groups {
            for i in 0..self.inputs {
                for o in 0..self.outputs {
                    for tap in 0..self.taps() {
                        visit(g, i, o, tap, offsets.at(g, i, o, tap));
                    }
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.inputs == 0 || self.outputs == 0 || self.kernel.contains(&0)
    }
}

fn per_group(channels: usize, groups: usize, parameter: Parameter) -> Result<usize, Error> {
    if channels.is_multiple_of(groups) {
        return Ok(channels / groups);
    }
    Err(Error::Geometry(GeometryError::Groups {
        parameter,
        channels,
        groups,
    }))
}

/// Refuses what is no weight: another rank than 3 to 5, or a length that is not the shape's.
pub(crate) fn check_weight<T: Element>(weight: &TensorRef<'_, T>) -> Result<(), Error> {
    if !(3..=5).contains(&weight.shape.len()) {
        return Err(Error::Rank {
            array: "weight",
            shape: weight.shape.clone(),
            expected: String::from("3 to 5 axes: two of channels and 1 to 3 of the kernel"),
        });
    }
    check_elements::<T>("weight", weight.data.len(), &weight.shape)
}
