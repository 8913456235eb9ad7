//! The picture passes through in bands of rows.
//!
//! A band of `r` input rows gives `r*s` rows of the result, whatever `r` is: a kernel's plans crop what the halo of the
//! window adds, a network's layers keep the rows that they need again. Every output is the sum of the same products in the
//! same order as without bands.

use crate::alpha::{Load, Store};
use crate::codec::{RowReader, RowWriter};
use crate::error::Result;
use crate::kernel::Kernel;
use crate::network::{Upscaler, Work};
use crate::passes::{Passes, Stages};
use crate::picture::Header;
use crate::window::Window;

/// What makes the rows of a result of a band.
pub(crate) enum Enlarger {
    /// One kernel for all channels.
    Kernel(Box<Passes>),
    /// A network for luma, a kernel for the colours.
    Network(Box<Upscaler>),
}

impl Enlarger {
    /// A kernel for `header`'s channels.
    pub(crate) fn kernel(kernel: &Kernel, scale: usize, header: &Header) -> Result<Self> {
        let passes = Passes::new(kernel, scale, header.channels.count())?;
        Ok(Self::Kernel(Box::new(passes)))
    }

    /// Planes of the window.
    fn planes(&self) -> usize {
        match self {
            Self::Kernel(passes) => passes.channels(),
            Self::Network(upscaler) => upscaler.planes(),
        }
    }

    /// The halo of the window.
    fn halo(&self) -> [usize; 2] {
        match self {
            Self::Kernel(passes) => passes.halo(),
            Self::Network(upscaler) => [upscaler.radius(); 2],
        }
    }

    /// Bytes that bands of `rows` rows of `width` pixels hold: the stages and the engine's scratch.
    pub(crate) fn memory(&self, width: usize, rows: usize, threads: usize) -> Result<u64> {
        match self {
            Self::Kernel(passes) => passes.memory(width, rows, threads),
            Self::Network(upscaler) => upscaler.memory(width, rows, threads),
        }
    }

    /// Bytes of the rows at hand while a window is filled.
    pub(crate) fn row_bytes(&self, header: &Header) -> usize {
        let split = match self {
            Self::Kernel(_) => 0,
            Self::Network(upscaler) => header.width * upscaler.planes(),
        };
        header.row_bytes() + 4 * (header.row_samples() + split)
    }
}

/// The buffers of an enlarger, reused from band to band.
enum Stage<'a> {
    Kernel(&'a Passes, Stages),
    Network(Box<Work<'a>>),
}

/// A picture on its way through.
pub(crate) struct Bands<'a> {
    header: Header,
    scale: usize,
    threads: usize,
    window: Window,
    stage: Stage<'a>,
}

impl<'a> Bands<'a> {
    pub(crate) fn new(
        enlarger: &'a Enlarger,
        scale: usize,
        header: Header,
        load: Load,
        threads: usize,
    ) -> Self {
        let (split, stage) = match enlarger {
            Enlarger::Kernel(passes) => (None, Stage::Kernel(passes, Stages::default())),
            Enlarger::Network(upscaler) => (
                Some(upscaler.split()),
                Stage::Network(Box::new(Work::new(upscaler, header.width, threads))),
            ),
        };
        Self {
            header,
            scale,
            threads,
            window: Window::new(header, load, split, enlarger.planes(), enlarger.halo()),
            stage,
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
        let mut top = 0;
        done(0)?;
        while top < self.header.height {
            let count = rows.min(self.header.height - top);
            self.window.fill(top, count, reader)?;
            self.convolve(count)?;
            self.write(count, writer, store, &mut out_row)?;
            top += count;
            done(top * self.scale)?;
        }
        reader.finish()
    }

    fn convolve(&mut self, count: usize) -> Result<()> {
        let window = self.window.data();
        match &mut self.stage {
            Stage::Kernel(passes, stages) => {
                stages.convolve(passes, self.header.width, count, window, self.threads)
            }
            Stage::Network(work) => work.convolve(count, window),
        }
    }

    fn write(
        &mut self,
        count: usize,
        writer: &mut dyn RowWriter,
        store: &Store,
        out_row: &mut [u8],
    ) -> Result<()> {
        let width = self.header.width * self.scale;
        for y in 0..count * self.scale {
            match &mut self.stage {
                Stage::Kernel(passes, stages) => {
                    let planes: Vec<&[f32]> = stages
                        .planes(passes)
                        .map(|plane| &plane[y * width..][..width])
                        .collect();
                    store.row(&planes, out_row);
                }
                Stage::Network(work) => store.row(&work.row(y), out_row),
            }
            writer.write_row(out_row)?;
        }
        Ok(())
    }
}
