//! Sizes and parameters, checked and small enough to show.

use convt_geometry::{Axis, Crop, Formula, Op};
use convt_reference::{Array, Layer};
use serde::{Serialize, Serializer};

use crate::ExplainError;

/// The most products that are listed.
const MOST_PRODUCTS: usize = 20_000;

/// The most cells of one sheet.
const MOST_CELLS: usize = 10_000;

/// What a trace is about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Facts {
    /// The operation.
    #[serde(serialize_with = "op_name")]
    pub op: Op,
    /// Elements of the batch, of which the first is shown.
    pub batch: usize,
    /// Input channels of the layer.
    pub in_channels: usize,
    /// Output channels of the layer, of which the first is shown.
    pub out_channels: usize,
    /// Groups.
    pub groups: usize,
    /// Input size per axis.
    pub input: Vec<usize>,
    /// Kernel size per axis.
    pub kernel: Vec<usize>,
    /// Stride per axis.
    pub stride: Vec<usize>,
    /// Dilation per axis.
    pub dilation: Vec<usize>,
    /// Crops (transposed) or pads (convolution) `[begin, end]` per axis.
    pub crops: Vec<[isize; 2]>,
    /// Output size per axis.
    pub output: Vec<usize>,
    /// The size formula per axis, in letters and in numbers.
    pub formula: Vec<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn op_name<S: Serializer>(op: &Op, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(op.name())
}

impl Facts {
    pub(crate) fn new(layer: &Layer, x: &Array, w: &Array) -> Result<Self, ExplainError> {
        let axes = layer.stride.len();
        let rank = x.shape.len();
        if !(1..=3).contains(&axes) || rank < axes + 1 || w.shape.len() != axes + 2 {
            // The reference has the sentence for it.
            convt_reference::Definition::Gather.run(layer, x, w, None)?;
        }
        let (input, kernel) = (x.shape[rank - axes..].to_vec(), w.shape[2..].to_vec());
        let batch = if rank == axes + 2 { x.shape[0] } else { 1 };
        let in_channels = x.shape[rank - axes - 1];
        let groups = layer.groups.max(1);
        let out_channels = match layer.op {
            Op::ConvTranspose => w.shape[1].saturating_mul(groups),
            Op::Conv => w.shape[0],
        };
        let facts = Self {
            op: layer.op,
            batch,
            in_channels,
            out_channels,
            groups,
            output: layer.output(&input, &kernel)?,
            formula: formulas(layer, &input, &kernel),
            input,
            kernel,
            stride: layer.stride.clone(),
            dilation: layer.dilation.clone(),
            crops: layer.crops.clone(),
        };
        for (what, count) in [("batch", batch), ("out_channels", out_channels)] {
            if count == 0 {
                return Err(ExplainError::Nothing { what });
            }
        }
        facts.check_size()?;
        // Only now, when it is known to be small, is the layer run: the reference checks what is left.
        convt_reference::Definition::Gather.run(layer, x, w, None)?;
        Ok(facts)
    }

    /// `d*(k-1) + 1` on an axis.
    pub fn span(&self, axis: usize) -> usize {
        self.dilation[axis] * (self.kernel[axis] - 1) + 1
    }

    /// Zeros put before and after the input on an axis: `K-1-begin` and `K-1-end` of the stretched input of a transposed
    /// convolution, the crops themselves for a convolution. Negative: cells cut off.
    pub fn pads(&self, axis: usize) -> [isize; 2] {
        self.crops[axis].map(|crop| match self.op {
            Op::ConvTranspose => self.span(axis) as isize - 1 - crop,
            Op::Conv => crop,
        })
    }

    /// Cells that the crop at the end leaves beyond the crop at the beginning: PyTorch's output_padding.
    pub fn output_padding(&self, axis: usize) -> usize {
        let [begin, end] = self.crops[axis];
        match self.op {
            Op::ConvTranspose => usize::try_from(begin - end).unwrap_or(0),
            Op::Conv => 0,
        }
    }

    /// The stretched input's size: `(i-1)*s + 1` for a transposed convolution, i for a convolution.
    pub fn stretched(&self, axis: usize) -> usize {
        match self.op {
            Op::ConvTranspose => (self.input[axis] - 1) * self.stride[axis] + 1,
            Op::Conv => self.input[axis],
        }
    }

    fn check_size(&self) -> Result<(), ExplainError> {
        let product = |factors: &mut dyn Iterator<Item = usize>| {
            factors.fold(1u128, |all, n| all.saturating_mul(n as u128))
        };
        let axes = self.input.len();
        let channels = self.in_channels / self.groups;
        let both = self.input.iter().chain(&self.kernel).copied();
        let products = product(&mut both.chain([channels.max(1)]));
        let sheet = product(&mut (0..axes).map(|axis| {
            let [before, after] = self.pads(axis);
            let grown = before.max(0).saturating_add(after.max(0)) as usize;
            self.stretched(axis).saturating_add(grown)
        }));
        let canvas = product(&mut (0..axes).map(|axis| {
            let [begin, end] = self.crops[axis];
            let grown = begin.min(0).saturating_add(end.min(0)).unsigned_abs();
            (self.stretched(axis) + self.span(axis)).saturating_add(grown)
        }));
        for (what, count, limit) in [
            ("products", products, MOST_PRODUCTS),
            ("cells of the padded input", sheet, MOST_CELLS),
            ("cells of the full output", canvas, MOST_CELLS),
        ] {
            if count > limit as u128 {
                return Err(ExplainError::TooLarge {
                    what,
                    count,
                    limit,
                    smaller: self.smaller(),
                });
            }
        }
        Ok(())
    }

    /// Sizes that fit, with what makes this problem what it is as far as that goes.
    fn smaller(&self) -> String {
        let limit = |sizes: &[usize], most: usize| {
            let sizes: Vec<String> = sizes.iter().map(|n| n.min(&most).to_string()).collect();
            sizes.join("x")
        };
        format!(
            "input {}, kernel {}, stride {} and dilation {}, one channel and little padding",
            limit(&self.input, 3),
            limit(&self.kernel, 3),
            limit(&self.stride, 2),
            limit(&self.dilation, 2)
        )
    }
}

/// The size formula of every axis. Where the geometry refuses what the reference takes, the axis has none.
fn formulas(layer: &Layer, input: &[usize], kernel: &[usize]) -> Vec<String> {
    let of_axis = |axis: usize| {
        let [begin, end] = *layer.crops.get(axis)?;
        let made = Axis::new(
            *kernel.get(axis)?,
            layer.stride[axis],
            *layer.dilation.get(axis)?,
        )
        .ok()?
        .with_crop(Crop::new(begin, end));
        Formula::new(layer.op, &made, input[axis]).ok()
    };
    (0..input.len())
        .map(|axis| of_axis(axis).map_or_else(String::new, |formula| formula.to_string()))
        .collect()
}
