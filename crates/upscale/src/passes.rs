//! A kernel as the engine runs it on a band: depthwise transposed convolutions.
//!
//! A separable kernel runs down the columns first, then along the rows, on a quarter of the data that the other order
//! would recompute for each halo.

use convt::{ConvTranspose2d, Crop, Plan, Scratch};

use crate::error::{Error, Result};
use crate::kernel::{Kernel, Span};

/// The plans of a kernel for a number of channels.
pub(crate) struct Passes {
    scale: usize,
    channels: usize,
    rows: Span,
    columns: Span,
    plans: Plans,
}

enum Plans {
    /// Down the columns, then along the rows.
    Two(Plan<f32>, Plan<f32>),
    /// Both at once.
    One(Plan<f32>),
}

pub(crate) fn engine(error: &convt::Error) -> Error {
    Error::Engine(format!("the engine refused the convolution: {error}"))
}

fn crop(span: Span, scale: usize) -> Crop {
    let (begin, end) = span.crops(scale);
    Crop::new(begin, end)
}

/// A depthwise plan: every channel has the same taps.
fn depthwise(
    channels: usize,
    size: [usize; 2],
    stride: [usize; 2],
    crops: [Crop; 2],
    taps: &[f32],
) -> Result<Plan<f32>> {
    let weight: Vec<f32> = taps
        .iter()
        .copied()
        .cycle()
        .take(taps.len() * channels)
        .collect();
    ConvTranspose2d::new(channels, channels, size)
        .stride(stride)
        .groups(channels)
        .bias(false)
        .crops(crops)
        .plan((&weight[..], &[channels, 1, size[0], size[1]][..]), None)
        .map_err(|e| engine(&e))
}

impl Passes {
    pub(crate) fn new(kernel: &Kernel, scale: usize, channels: usize) -> Result<Self> {
        Self::within(kernel, scale, channels, 0)
    }

    /// Passes over windows whose halo is at least `halo`, for a window that others read too.
    pub(crate) fn within(
        kernel: &Kernel,
        scale: usize,
        channels: usize,
        halo: usize,
    ) -> Result<Self> {
        let (rows, columns) = kernel.spans();
        let (rows, columns) = (rows.within(halo), columns.within(halo));
        let plans = match kernel {
            Kernel::Separable { weights, .. } => Plans::Two(
                depthwise(
                    channels,
                    [rows.taps, 1],
                    [scale, 1],
                    [crop(rows, scale), Crop::default()],
                    weights,
                )?,
                depthwise(
                    channels,
                    [1, columns.taps],
                    [1, scale],
                    [Crop::default(), crop(columns, scale)],
                    weights,
                )?,
            ),
            Kernel::Rectangle { weights, .. } => Plans::One(depthwise(
                channels,
                [rows.taps, columns.taps],
                [scale, scale],
                [crop(rows, scale), crop(columns, scale)],
                weights,
            )?),
        };
        Ok(Self {
            scale,
            channels,
            rows,
            columns,
            plans,
        })
    }

    /// Rows and columns of the picture around the rows and columns of a band.
    pub(crate) fn halo(&self) -> [usize; 2] {
        [self.rows.halo, self.columns.halo]
    }

    /// Planes of the window.
    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    /// The shapes of a band's stages: the window with its halo, what the first pass makes of it, and the result.
    fn shapes(&self, width: usize, rows: usize) -> [[usize; 4]; 3] {
        let (c, s) = (self.channels, self.scale);
        let wide = width + 2 * self.columns.halo;
        let tall = match self.plans {
            Plans::Two(..) => rows * s,
            Plans::One(_) => 0,
        };
        [
            [1, c, rows + 2 * self.rows.halo, wide],
            [1, c, tall, wide],
            [1, c, rows * s, width * s],
        ]
    }

    /// Bytes that bands of `rows` rows of `width` pixels hold: the three stages and the engine's scratch.
    pub(crate) fn memory(&self, width: usize, rows: usize, threads: usize) -> Result<u64> {
        let shapes = self.shapes(width, rows);
        let bytes = |shape: &[usize; 4]| {
            let count = shape
                .iter()
                .try_fold(4_u64, |n, axis| n.checked_mul(*axis as u64));
            count
                .filter(|n| isize::try_from(*n).is_ok())
                .ok_or(Error::TooLarge {
                    width: width as u64,
                    height: rows as u64,
                    scale: self.scale as u64,
                })
        };
        let [window, tall, result] = &shapes;
        let stages = bytes(window)?
            .saturating_add(bytes(tall)?)
            .saturating_add(bytes(result)?);
        let scratch = |plan: &Plan<f32>, shape: &[usize; 4]| {
            plan.scratch_bytes(shape, threads).map_err(|e| engine(&e))
        };
        let scratch = match &self.plans {
            Plans::Two(down, along) => scratch(down, window)?.max(scratch(along, tall)?),
            Plans::One(plan) => scratch(plan, window)?,
        };
        Ok(stages.saturating_add(scratch as u64))
    }
}

/// The buffers of the passes, reused from band to band.
#[derive(Default)]
pub(crate) struct Stages {
    tall: Vec<f32>,
    result: Vec<f32>,
    scratch: Scratch<f32>,
}

impl Stages {
    /// Convolves a window of `rows` rows of `width` pixels and its halo.
    pub(crate) fn convolve(
        &mut self,
        passes: &Passes,
        width: usize,
        rows: usize,
        window: &[f32],
        threads: usize,
    ) -> Result<()> {
        let [first, tall, result] = passes.shapes(width, rows);
        let elements = |shape: [usize; 4]| shape.iter().product::<usize>();
        self.tall.resize(elements(tall), 0.0);
        self.result.resize(elements(result), 0.0);
        let Self {
            tall: between,
            result,
            scratch,
        } = self;
        match &passes.plans {
            Plans::Two(down, along) => down
                .run_slice_into(window, &first, between, scratch, threads)
                .and_then(|()| along.run_slice_into(between, &tall, result, scratch, threads)),
            Plans::One(plan) => plan.run_slice_into(window, &first, result, scratch, threads),
        }
        .map_err(|e| engine(&e))
    }

    /// The planes of the result, each of rows of the result one after the other.
    pub(crate) fn planes(&self, passes: &Passes) -> impl Iterator<Item = &[f32]> {
        let plane = (self.result.len() / passes.channels.max(1)).max(1);
        self.result.chunks_exact(plane)
    }
}
