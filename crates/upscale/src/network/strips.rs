//! A picture in vertical strips, shared out among threads.
//!
//! A strip is so narrow that all channels of the rows of a step stay in the cache. It reads the radius of the network
//! beside its columns; that is all that is computed more than once. Where a strip begins changes no bit.

use std::ops::Range;
use std::sync::Mutex;
use std::thread;

use super::layers::{Bench, Layers, Memory, STEP};
use super::weights::Weights;
use crate::error::{Error, Result};
use crate::luma::{Ends, Merge, Split, studio};
use crate::method::Method;
use crate::passes::{Passes, Stages};
use crate::picture::Header;

/// Columns of a strip, at most.
const WIDEST: usize = 256;

/// Columns of a strip, at least, where the picture is cut for threads.
const NARROWEST: usize = 64;

/// A network for luma and a kernel for the colours of a kind of picture.
pub(crate) struct Upscaler {
    layers: Layers,
    split: Split,
    scale: usize,
    chroma: Option<Passes>,
    /// The network's answers to black and to white, each of `scale` rows of `scale` phases.
    ends: [Vec<f32>; 2],
}

/// The threads that a number means.
fn threads_of(threads: usize) -> usize {
    match threads {
        0 => thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    }
}

/// The strips of a picture of `width` columns.
fn cut(width: usize, threads: usize) -> Vec<Range<usize>> {
    let threads = threads.min(width / NARROWEST).max(1);
    // A multiple of the threads, so that all end together.
    let strips = width.div_ceil(WIDEST).next_multiple_of(threads).min(width);
    let begin = |strip: usize| (width as u64 * strip as u64 / strips as u64) as usize;
    (0..strips).map(|n| begin(n)..begin(n + 1)).collect()
}

/// Columns of the widest strip.
fn widest(strips: &[Range<usize>]) -> usize {
    strips.iter().map(Range::len).max().unwrap_or(0)
}

impl Upscaler {
    /// For pictures like `header`.
    pub(crate) fn new(weights: &Weights, header: &Header) -> Result<Self> {
        let layers = Layers::new(weights)?;
        let (scale, split) = (weights.scale(), Split::new(header));
        let chroma = match split.chromas() {
            0 => None,
            planes => {
                let kernel = Method::Bicubic.kernel(scale)?;
                Some(Passes::within(&kernel, scale, planes, layers.radius())?)
            }
        };
        debug_assert!(
            chroma
                .as_ref()
                .is_none_or(|passes: &Passes| passes.halo()[0] == layers.radius())
        );
        let mut upscaler = Self {
            layers,
            split,
            scale,
            chroma,
            ends: [Vec::new(), Vec::new()],
        };
        if header.channels.has_alpha() {
            upscaler.ends = [upscaler.answer(0.0)?, upscaler.answer(1.0)?];
        }
        Ok(upscaler)
    }

    /// The network's answer to a picture of one value from 0 to 1: its phases.
    fn answer(&self, value: f32) -> Result<Vec<f32>> {
        let side = 1 + 2 * self.radius();
        let mut bench = Bench::new(&self.layers, 1);
        let mut strip = Strip::new(&self.layers, 0..1);
        strip.pass(self, &mut bench, &vec![studio(value); side * side], side, 1)?;
        Ok(strip.result)
    }

    /// The channels as planes.
    pub(crate) fn split(&self) -> Split {
        self.split
    }

    /// Planes of the window.
    pub(crate) fn planes(&self) -> usize {
        self.split.lumas() + self.split.chromas()
    }

    /// Rows and columns of the window around those of a band.
    pub(crate) fn radius(&self) -> usize {
        self.layers.radius()
    }

    /// Bytes that bands of `rows` rows of `width` pixels hold.
    pub(crate) fn memory(&self, width: usize, rows: usize, threads: usize) -> Result<u64> {
        let too_large = || Error::TooLarge {
            width: width as u64,
            height: rows as u64,
            scale: self.scale as u64,
        };
        let threads = threads_of(threads);
        let strips = cut(width, threads);
        let (lumas, widest) = (self.split.lumas(), widest(&strips));
        let threads = threads.min(strips.len() * lumas);
        let radius = 2 * self.radius();
        let window = width
            .checked_add(radius)
            .and_then(|wide| wide.checked_mul(rows.checked_add(radius)?))
            .and_then(|plane| plane.checked_mul(lumas));
        let result = width
            .checked_mul(rows)
            .and_then(|n| n.checked_mul(self.scale * self.scale * lumas));
        let (Some(window), Some(result)) = (window, result) else {
            return Err(too_large());
        };
        let kept: usize = strips.iter().map(|s| self.layers.kept(s.len())).sum();
        let merged = width * self.scale * (self.split.lumas() + self.split.chromas() + 1);
        let own = (self.layers.working(widest) as u64)
            .saturating_mul(4)
            .saturating_add(self.layers.scratch(widest)? as u64);
        let chroma = match &self.chroma {
            Some(passes) => passes.memory(width, rows, threads)?,
            None => 0,
        };
        let bytes = (window as u64)
            .saturating_add(result as u64)
            .saturating_add((kept * lumas) as u64)
            .saturating_add(merged as u64)
            .saturating_mul(4)
            .saturating_add(own.saturating_mul(threads as u64))
            .saturating_add(chroma);
        if isize::try_from(bytes).is_err() {
            return Err(too_large());
        }
        Ok(bytes)
    }
}

/// One luma plane's strip of the picture.
struct Strip {
    columns: Range<usize>,
    memory: Memory,
    /// Whether rows have passed.
    begun: bool,
    /// The strip of the result of a band.
    result: Vec<f32>,
}

impl Strip {
    fn new(layers: &Layers, columns: Range<usize>) -> Self {
        Self {
            columns,
            memory: Memory::new(layers),
            begun: false,
            result: Vec::new(),
        }
    }

    /// Passes the plane of a window through that adds `count` rows to the result; its rows have `wide` columns.
    fn pass(
        &mut self,
        upscaler: &Upscaler,
        bench: &mut Bench,
        window: &[f32],
        wide: usize,
        count: usize,
    ) -> Result<()> {
        let (layers, scale) = (&upscaler.layers, upscaler.scale);
        let (width, radius) = (self.columns.len(), upscaler.radius());
        let area = width * scale * scale;
        self.result.resize(count * area, 0.0);
        // The first layer makes a row of features of each row of the window and the rows above it: of all that have so
        // many above in the first window, of all that are new in another.
        let end = count + 2 * radius;
        let mut row = if self.begun {
            2 * radius
        } else {
            Layers::ABOVE
        };
        self.begun = true;
        let mut done = 0;
        while row < end {
            let rows = STEP.min(end - row);
            let columns = width + 2 * radius;
            let picture = bench.picture(layers, rows, width);
            let from = window[(row - Layers::ABOVE) * wide..].chunks_exact(wide);
            for (to, from) in picture.chunks_exact_mut(columns).zip(from) {
                to.copy_from_slice(&from[self.columns.start..][..columns]);
            }
            let out = &mut self.result[done * area..];
            done += layers.step(bench, &mut self.memory, [rows, width], out)?;
            row += rows;
        }
        Ok(())
    }
}

/// A picture on its way through a network.
pub(crate) struct Work<'a> {
    upscaler: &'a Upscaler,
    width: usize,
    threads: usize,
    /// The strips of each luma plane.
    lumas: Vec<Vec<Strip>>,
    benches: Vec<Bench>,
    stages: Stages,
    merge: Merge,
    /// A row of each luma plane.
    rows: Vec<Vec<f32>>,
}

impl<'a> Work<'a> {
    /// For a picture of `width` columns.
    pub(crate) fn new(upscaler: &'a Upscaler, width: usize, threads: usize) -> Self {
        let threads = threads_of(threads);
        let cuts = cut(width, threads);
        let (lumas, layers) = (upscaler.split.lumas(), &upscaler.layers);
        let threads = threads.min(cuts.len() * lumas).max(1);
        let bench = || Bench::new(layers, widest(&cuts));
        let strips = || cuts.iter().map(|cut| Strip::new(layers, cut.clone()));
        let large = width * upscaler.scale;
        Self {
            upscaler,
            width,
            threads,
            benches: (0..threads).map(|_| bench()).collect(),
            lumas: (0..lumas).map(|_| strips().collect()).collect(),
            stages: Stages::default(),
            merge: Merge::new(upscaler.split, large),
            rows: vec![vec![0.0; large]; lumas],
        }
    }

    /// Makes `count` rows of the picture into rows of the result.
    pub(crate) fn convolve(&mut self, count: usize, window: &[f32]) -> Result<()> {
        let upscaler = self.upscaler;
        let wide = self.width + 2 * upscaler.radius();
        let plane = wide * (count + 2 * upscaler.radius());
        let (lumas, chromas) = window.split_at(self.lumas.len() * plane);
        let pairs = self.lumas.iter_mut().zip(lumas.chunks_exact(plane));
        let strips = pairs.flat_map(|(strips, plane)| strips.iter_mut().map(move |s| (s, plane)));
        let todo = Mutex::new(strips);
        let next = || todo.lock().map_or(None, |mut todo| todo.next());
        let work = |bench: &mut Bench| -> Result<()> {
            while let Some((strip, plane)) = next() {
                strip.pass(upscaler, bench, plane, wide, count)?;
            }
            Ok(())
        };
        if let [bench] = &mut self.benches[..] {
            work(bench)?;
        } else {
            thread::scope(|scope| {
                let work = &work;
                let helpers: Vec<_> = self
                    .benches
                    .iter_mut()
                    .map(|bench| scope.spawn(move || work(bench)))
                    .collect();
                let gone = || Error::Engine("a thread of the network ended early".to_owned());
                helpers.into_iter().try_for_each(|helper| {
                    helper.join().map_err(|_| gone()).and_then(|result| result)
                })
            })?;
        }
        match &upscaler.chroma {
            Some(passes) => self
                .stages
                .convolve(passes, self.width, count, chromas, self.threads),
            None => Ok(()),
        }
    }

    /// Row `y` of the band's result as planes of the picture's channels.
    pub(crate) fn row(&mut self, y: usize) -> Vec<&[f32]> {
        let scale = self.upscaler.scale;
        for (row, strips) in self.rows.iter_mut().zip(&self.lumas) {
            for strip in strips {
                let (begin, width) = (strip.columns.start * scale, strip.columns.len() * scale);
                row[begin..begin + width].copy_from_slice(&strip.result[y * width..][..width]);
            }
        }
        let large = self.width * scale;
        let lumas: Vec<&[f32]> = self.rows.iter().map(Vec::as_slice).collect();
        let chromas: Vec<&[f32]> = match &self.upscaler.chroma {
            Some(passes) => {
                let planes = self.stages.planes(passes);
                planes.map(|plane| &plane[y * large..][..large]).collect()
            }
            None => Vec::new(),
        };
        // A band begins with a whole pixel, so that its rows have the phases of their own numbers.
        let phase = y % scale * scale;
        let [clear, opaque] = &self.upscaler.ends;
        let ends = |answers: &'a [f32]| answers.get(phase..phase + scale).unwrap_or_default();
        let ends = Ends {
            clear: ends(clear),
            opaque: ends(opaque),
        };
        self.merge.row(&lumas, &chromas, ends)
    }
}
