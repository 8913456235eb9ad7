//! The picture passes through in bands of rows.
//!
//! A band of `r` input rows is convolved with `halo` rows more on both sides and gives `r*s` rows of the result: the
//! crops of the plan take away what the halo adds, whatever `r` is. Inside the picture the halo is the neighbouring
//! rows; past its edges the nearest row or column again. Every output is the sum of the same products in the same order as without bands.
//!
//! A separable kernel runs down the columns first, then along the rows, on a quarter of the data that the other order
//! would recompute for each halo.

use convt::{ConvTranspose2d, Crop, Plan, Scratch};

use crate::alpha::{Load, Store};
use crate::codec::{RowReader, RowWriter};
use crate::error::{Error, Result};
use crate::kernel::{Kernel, Span};
use crate::picture::Header;

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

fn engine(error: &convt::Error) -> Error {
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
        let (rows, columns) = kernel.spans();
        let plans = match kernel {
            Kernel::Separable { span, weights } => Plans::Two(
                depthwise(
                    channels,
                    [span.taps, 1],
                    [scale, 1],
                    [crop(*span, scale), Crop::default()],
                    weights,
                )?,
                depthwise(
                    channels,
                    [1, span.taps],
                    [1, scale],
                    [Crop::default(), crop(*span, scale)],
                    weights,
                )?,
            ),
            Kernel::Rectangle {
                rows,
                columns,
                weights,
            } => Plans::One(depthwise(
                channels,
                [rows.taps, columns.taps],
                [scale, scale],
                [crop(*rows, scale), crop(*columns, scale)],
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

/// Buffers of the stages, reused from band to band.
pub(crate) struct Bands<'a> {
    passes: &'a Passes,
    header: Header,
    load: Load,
    threads: usize,
    window: Vec<f32>,
    tall: Vec<f32>,
    result: Vec<f32>,
    scratch: Scratch<f32>,
    row: Vec<u8>,
    values: Vec<f32>,
}

impl<'a> Bands<'a> {
    pub(crate) fn new(passes: &'a Passes, header: Header, load: Load, threads: usize) -> Self {
        Self {
            passes,
            header,
            load,
            threads,
            window: Vec::new(),
            tall: Vec::new(),
            result: Vec::new(),
            scratch: Scratch::new(),
            row: vec![0; header.row_bytes()],
            values: vec![0.0; header.row_samples()],
        }
    }

    /// Passes the whole picture through, `rows` rows at a time. `done` hears of the rows of the result that are written
    /// and may stop the work.
    pub(crate) fn run(
        &mut self,
        rows: usize,
        reader: &mut dyn RowReader,
        writer: &mut dyn RowWriter,
        store: &Store,
        out_row_bytes: usize,
        done: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<()> {
        let mut out_row = vec![0; out_row_bytes];
        let mut held = 0;
        let mut top = 0;
        done(0)?;
        while top < self.header.height {
            let count = rows.min(self.header.height - top);
            self.fill(top, count, held, reader)?;
            held = count;
            self.convolve(count)?;
            self.write(count, writer, store, &mut out_row)?;
            top += count;
            done(top * self.passes.scale)?;
        }
        reader.finish()
    }

    /// Makes the window hold the rows `top - halo .. top + count + halo`. It held a band of `held` rows before, or
    /// nothing; the two bands share `2*halo` rows.
    fn fill(
        &mut self,
        top: usize,
        count: usize,
        held: usize,
        reader: &mut dyn RowReader,
    ) -> Result<()> {
        let halo = self.passes.rows.halo;
        let [[_, channels, rows, wide], ..] = self.passes.shapes(self.header.width, count);
        let mut from = 0;
        if held == 0 {
            self.window.resize(channels * rows * wide, 0.0);
        } else {
            // The first rows of each plane are the last of the plane as it was; a plane never grows, so that each
            // moves towards the front over rows that are used up.
            let old = held + 2 * halo;
            for plane in 0..channels {
                let source = (plane * old + held) * wide;
                self.window
                    .copy_within(source..source + 2 * halo * wide, plane * rows * wide);
            }
            self.window.truncate(channels * rows * wide);
            from = 2 * halo;
        }
        for index in from..rows {
            // Row `index` of the window is row `top + index - halo` of the picture.
            let row = top + index;
            if row < halo {
                continue;
            }
            if row - halo < self.header.height {
                reader.read_row(&mut self.row)?;
                self.load.row(&self.row, &mut self.values);
                self.spread(index, rows, wide);
                if row == halo {
                    (0..halo).for_each(|above| self.repeat(index, above, rows, wide));
                }
            } else {
                self.repeat(index - 1, index, rows, wide);
            }
        }
        Ok(())
    }

    /// Writes the values of a row into the planes of the window, the edges repeated outwards.
    fn spread(&mut self, index: usize, rows: usize, wide: usize) {
        let (halo, channels) = (self.passes.columns.halo, self.passes.channels);
        for channel in 0..channels {
            let at = (channel * rows + index) * wide;
            let line = &mut self.window[at..at + wide];
            let (left, rest) = line.split_at_mut(halo);
            let (middle, right) = rest.split_at_mut(wide - 2 * halo);
            for (out, pixel) in middle.iter_mut().zip(self.values.chunks_exact(channels)) {
                *out = pixel[channel];
            }
            left.fill(middle[0]);
            right.fill(middle[middle.len() - 1]);
        }
    }

    fn repeat(&mut self, from: usize, to: usize, rows: usize, wide: usize) {
        for channel in 0..self.passes.channels {
            let source = (channel * rows + from) * wide;
            self.window
                .copy_within(source..source + wide, (channel * rows + to) * wide);
        }
    }

    fn convolve(&mut self, count: usize) -> Result<()> {
        let [window, tall, result] = self.passes.shapes(self.header.width, count);
        let elements = |shape: [usize; 4]| shape.iter().product::<usize>();
        self.tall.resize(elements(tall), 0.0);
        self.result.resize(elements(result), 0.0);
        let threads = self.threads;
        match &self.passes.plans {
            Plans::Two(down, along) => down
                .run_slice_into(
                    &self.window,
                    &window,
                    &mut self.tall,
                    &mut self.scratch,
                    threads,
                )
                .and_then(|()| {
                    along.run_slice_into(
                        &self.tall,
                        &tall,
                        &mut self.result,
                        &mut self.scratch,
                        threads,
                    )
                }),
            Plans::One(plan) => plan.run_slice_into(
                &self.window,
                &window,
                &mut self.result,
                &mut self.scratch,
                threads,
            ),
        }
        .map_err(|e| engine(&e))
    }

    fn write(
        &self,
        count: usize,
        writer: &mut dyn RowWriter,
        store: &Store,
        out_row: &mut [u8],
    ) -> Result<()> {
        let (height, width) = (
            count * self.passes.scale,
            self.header.width * self.passes.scale,
        );
        for y in 0..height {
            let planes: Vec<&[f32]> = (0..self.passes.channels)
                .map(|channel| &self.result[(channel * height + y) * width..][..width])
                .collect();
            store.row(&planes, out_row);
            writer.write_row(out_row)?;
        }
        Ok(())
    }
}
