//! The size formula of one axis, with its letters and with its numbers.

use std::fmt;

use crate::{Axis, GeometryError, Op};

/// `letters = numbers = value`: how the output size of one axis comes about.
///
/// Crops that PyTorch can say are shown in PyTorch's words (`p`, `op`), all others as `begin` and `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Formula {
    op: Op,
    axis: Axis,
    input: usize,
    value: isize,
}

impl Formula {
    /// The formula of an axis, whether or not its value is a legal size; an error where it does not fit `isize`.
    pub fn new(op: Op, axis: &Axis, input: usize) -> Result<Self, GeometryError> {
        let value = axis.signed_output(op, input)?;
        Ok(Self::of_crops(op, axis, input, value))
    }

    pub(crate) fn of_crops(op: Op, axis: &Axis, input: usize, value: isize) -> Self {
        Self {
            op,
            axis: *axis,
            input,
            value,
        }
    }

    /// The operation whose size it is.
    pub fn op(&self) -> Op {
        self.op
    }

    /// The size that comes out; below 1 it is not legal.
    pub fn value(&self) -> isize {
        self.value
    }

    /// `(padding, output_padding)` where PyTorch can say the crops.
    pub fn torch(&self) -> Option<(usize, usize)> {
        let crop = self.axis.crop;
        let p = usize::try_from(crop.begin).ok()?;
        let op = usize::try_from(crop.begin.checked_sub(crop.end)?).ok()?;
        let legal = match self.op {
            Op::Conv => op == 0,
            Op::ConvTranspose => op < self.axis.stride.max(self.axis.dilation),
        };
        legal.then_some((p, op))
    }

    /// The formula in letters.
    pub fn letters(&self) -> &'static str {
        match (self.op, self.torch().is_some()) {
            (Op::ConvTranspose, true) => "(i-1)*s - 2*p + d*(k-1) + op + 1",
            (Op::ConvTranspose, false) => "(i-1)*s + d*(k-1) + 1 - begin - end",
            (Op::Conv, true) => "floor((i + 2*p - d*(k-1) - 1) / s) + 1",
            (Op::Conv, false) => "floor((i + begin + end - d*(k-1) - 1) / s) + 1",
        }
    }

    /// The formula with numbers in the letters' places.
    pub fn numbers(&self) -> String {
        let (
            i,
            Axis {
                kernel: k,
                stride: s,
                dilation: d,
                crop,
            },
        ) = (self.input, self.axis);
        // A negative crop is written in brackets, so that the signs of the formula stay as they are.
        let signed = |n: isize| {
            if n < 0 {
                format!("({n})")
            } else {
                n.to_string()
            }
        };
        let (begin, end) = (signed(crop.begin), signed(crop.end));
        match (self.op, self.torch()) {
            (Op::ConvTranspose, Some((p, op))) => {
                format!("({i}-1)*{s} - 2*{p} + {d}*({k}-1) + {op} + 1")
            }
            (Op::ConvTranspose, None) => format!("({i}-1)*{s} + {d}*({k}-1) + 1 - {begin} - {end}"),
            (Op::Conv, Some((p, _))) => format!("floor(({i} + 2*{p} - {d}*({k}-1) - 1) / {s}) + 1"),
            (Op::Conv, None) => {
                format!("floor(({i} + {begin} + {end} - {d}*({k}-1) - 1) / {s}) + 1")
            }
        }
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} = {} = {}",
            self.letters(),
            self.numbers(),
            self.value
        )
    }
}
