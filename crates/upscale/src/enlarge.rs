//! One picture from its file to the file of the result.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;

use crate::alpha::{Load, Store};
use crate::bands::{Bands, Enlarger};
use crate::codec::{self, Coding, Output, ReadSeek, RowReader, WriteSeek};
use crate::error::{Error, Result};
use crate::exif;
use crate::memory::FIXED;
use crate::method::Method;
use crate::network::Upscaler;
use crate::orient::{self, Orientation};
use crate::picture::{Channels, Depth, Format, Header, Metadata};

/// Bands larger than this gain nothing.
const BAND: u64 = 24 << 20;

/// What is to be done to a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How many times as wide and as high, from 1 to [`crate::MAX_SCALE`].
    pub scale: usize,
    /// How.
    pub method: Method,
    /// Bits of the result's samples; the input's when nothing is said.
    pub depth: Option<Depth>,
    /// What lies behind a picture with alpha that is to lose it; a format without alpha needs it.
    pub background: Option<[u8; 3]>,
    /// Leave out the ICC profile and EXIF. The orientation is applied all the same.
    pub strip: bool,
    /// Leave the pixels as stored and the orientation tag as it is.
    pub keep_orientation: bool,
    /// Convolve light and not its sRGB code.
    pub linear: bool,
    /// JPEG's quality, 1 to 100.
    pub quality: u8,
    /// Bytes that everything held at once may take.
    pub max_memory: u64,
    /// Threads of the convolution; 0 means all.
    pub threads: usize,
    /// Rows of a band; as many as are good when nothing is said.
    pub band_rows: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scale: 2,
            method: Method::Lanczos,
            depth: None,
            background: None,
            strip: false,
            keep_orientation: false,
            linear: false,
            quality: 92,
            max_memory: 1 << 30,
            threads: 0,
            band_rows: None,
        }
    }
}

impl Options {
    /// Reads a background colour written `#rrggbb`.
    pub fn colour(text: &str) -> Result<[u8; 3]> {
        crate::alpha::colour(text)
    }

    /// Checks what does not depend on the picture.
    pub fn check(&self) -> Result<()> {
        if self.scale == 0 || self.scale > crate::MAX_SCALE {
            return Err(Error::Scale(self.scale as u64));
        }
        if !(1..=100).contains(&self.quality) {
            return Err(Error::Quality(self.quality.into()));
        }
        match &self.method {
            Method::Network(network) if self.linear => {
                Err(Error::NetworkLinear(network.name().to_owned()))
            }
            Method::Network(network) => network.at(self.scale).map(drop),
            kernel => kernel.kernel(self.scale).map(drop),
        }
    }
}

/// How far the work is, in rows of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Rows written.
    pub done: usize,
    /// All rows.
    pub total: usize,
}

/// What was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The input's format.
    pub input_format: Format,
    /// The input as stored.
    pub input: Header,
    /// The output's format.
    pub output_format: Format,
    /// The output.
    pub output: Header,
    /// The orientation that was applied to the pixels.
    pub orientation: Orientation,
    /// Input rows of a band.
    pub band_rows: usize,
    /// Bytes that the work was counted to hold.
    pub memory: u64,
    /// What could not travel, one sentence each.
    pub notes: Vec<String>,
}

/// A picture whose header is read and whose enlarging is decided: everything that can be refused before the work has
/// not been.
pub struct Prepared {
    reader: Box<dyn RowReader>,
    linear: bool,
    threads: usize,
    report: Report,
    metadata: Metadata,
    enlarger: Enlarger,
    upright: Header,
    coding: Coding,
    background: Option<[u8; 3]>,
}

/// Reads the picture in `input`, enlarges it, and writes it to `output` in `format`, or in its own.
///
/// `progress` is called after each band and may stop the work.
///
/// # Errors
/// Everything that can be known from the header, memory and the format's limits among it, is refused before any work;
/// a broken picture when its broken part is reached. `output` is given back when the whole result is in it, and dropped
/// otherwise.
pub fn enlarge<W: WriteSeek + 'static>(
    input: Box<dyn ReadSeek>,
    output: W,
    format: Option<Format>,
    options: &Options,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<(Report, W)> {
    Prepared::new(input, format, options)?.run(output, progress)
}

impl Prepared {
    /// Reads the header of the picture in `input` and decides how it is enlarged.
    ///
    /// # Errors
    /// The picture is none or is broken, the options are out of range, the format cannot hold the result, or the memory
    /// does not suffice.
    pub fn new(
        input: Box<dyn ReadSeek>,
        format: Option<Format>,
        options: &Options,
    ) -> Result<Self> {
        options.check()?;
        let (found, reader) = codec::open(input, options.max_memory)?;
        prepare(found, reader, format.unwrap_or(found), options)
    }

    /// What will be done.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Does it.
    ///
    /// # Errors
    /// As [`enlarge()`].
    pub fn run<W: WriteSeek + 'static>(
        self,
        output: W,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(Report, W)> {
        let Self {
            report, upright, ..
        } = self;
        let mut reader = orient::turned(self.reader, report.orientation)?;
        let total = report.output.height;
        let mut done = |done: usize| match progress(Progress { done, total }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Interrupted),
        };
        let store = Store::new(&upright, &report.output, self.background, self.linear);
        let load = Load::new(&upright, self.linear);
        let output = Rc::new(RefCell::new(output));
        let shared = Output::new(output.clone());
        let format = report.output_format;
        let mut writer =
            codec::create(format, shared, &report.output, &self.metadata, self.coding)?;
        let scale = report.output.width / upright.width;
        Bands::new(&self.enlarger, scale, upright, load, self.threads).run(
            report.band_rows,
            &mut *reader,
            &mut *writer,
            &store,
            report.output.row_bytes(),
            &mut done,
        )?;
        drop(reader);
        writer.finish()?;
        let unwritten = |message: String| Error::Encode { format, message };
        let mut output = Rc::into_inner(output)
            .map(RefCell::into_inner)
            .ok_or_else(|| unwritten("the encoder kept the file".to_owned()))?;
        output.flush().map_err(|e| unwritten(e.to_string()))?;
        Ok((report, output))
    }
}

fn prepare(
    input_format: Format,
    mut reader: Box<dyn RowReader>,
    format: Format,
    options: &Options,
) -> Result<Prepared> {
    let input = reader.header();
    let mut metadata = std::mem::take(reader.metadata());
    let orientation = if options.keep_orientation {
        Orientation::Upright
    } else {
        metadata.orientation
    };
    let upright = orientation.header(input);
    let (output, background) = result(&upright, format, options)?;
    codec::check(format, &output)?;
    let kept = metadata_bytes(&metadata);
    let tag = if options.keep_orientation {
        metadata.orientation as u16 + 1
    } else {
        1
    };
    correct(&mut metadata, format, &output, options.strip, tag);
    let enlarger = match &options.method {
        Method::Network(network) => {
            let upscaler = Upscaler::new(&*network.at(options.scale)?, &upright)?;
            Enlarger::Network(Box::new(upscaler))
        }
        kernel => Enlarger::kernel(&kernel.kernel(options.scale)?, options.scale, &upright)?,
    };
    let mut fixed = FIXED + reader.memory() + 3 * kept + codec::writer_memory(format, &output);
    if orientation.reorders_rows() && !reader.holds_whole() {
        fixed = fixed.saturating_add(input.bytes() as u64);
    }
    fixed += (enlarger.row_bytes(&input) + output.row_bytes()) as u64;
    let (band_rows, memory) = choose_rows(&enlarger, &upright, fixed, options)?;
    let notes = std::mem::take(&mut metadata.notes);
    let report = Report {
        input_format,
        input,
        output_format: format,
        output,
        orientation,
        band_rows,
        memory,
        notes,
    };
    let coding = Coding {
        quality: options.quality,
        orientation: tag,
    };
    Ok(Prepared {
        reader,
        linear: options.linear,
        threads: options.threads,
        report,
        metadata,
        enlarger,
        upright,
        coding,
        background,
    })
}

/// The header of the result, and the background when alpha goes.
fn result(
    upright: &Header,
    format: Format,
    options: &Options,
) -> Result<(Header, Option<[u8; 3]>)> {
    let scale = options.scale as u64;
    let too_large = || Error::TooLarge {
        width: upright.width as u64,
        height: upright.height as u64,
        scale,
    };
    let width = (upright.width as u64)
        .checked_mul(scale)
        .ok_or_else(too_large)?;
    let height = (upright.height as u64)
        .checked_mul(scale)
        .ok_or_else(too_large)?;
    let background = options.background.filter(|_| upright.channels.has_alpha());
    let channels = match background {
        None => upright.channels,
        Some([r, g, b]) if upright.channels == Channels::GreyAlpha && r == g && g == b => {
            Channels::Grey
        }
        Some(_) => Channels::Rgb,
    };
    let depth = options.depth.unwrap_or(upright.depth);
    let limit = format.largest_side();
    if width > limit || height > limit {
        return Err(Error::FormatLimit {
            format,
            width,
            height,
            limit,
        });
    }
    let header = Header::new(width, height, channels, depth).map_err(|_| too_large())?;
    Ok((header, background))
}

fn metadata_bytes(metadata: &Metadata) -> u64 {
    let length = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len) as u64;
    length(&metadata.icc) + length(&metadata.exif)
}

/// Makes the metadata true of the result.
fn correct(metadata: &mut Metadata, format: Format, output: &Header, strip: bool, tag: u16) {
    if strip {
        metadata.icc = None;
        metadata.exif = None;
        return;
    }
    if let Some(block) = &mut metadata.exif {
        let (width, height) = (output.width as u32, output.height as u32);
        if !exif::patch(block, width, height, tag.into()) {
            metadata.exif = None;
            metadata
                .notes
                .push("the EXIF block is left out: it cannot be read".to_owned());
        }
    }
    codec::fit(format, metadata);
}

/// The rows of a band, and the bytes of everything.
fn choose_rows(
    enlarger: &Enlarger,
    upright: &Header,
    fixed: u64,
    options: &Options,
) -> Result<(usize, u64)> {
    let memory = |rows: usize| -> Result<u64> {
        let band = enlarger.memory(upright.width, rows, options.threads)?;
        Ok(fixed.saturating_add(band))
    };
    let limit = options.max_memory;
    let least = options.band_rows.unwrap_or(1).clamp(1, upright.height);
    let needed = memory(least)?;
    if needed > limit {
        return Err(Error::Memory { needed, limit });
    }
    if options.band_rows.is_some() {
        return Ok((least, needed));
    }
    let goal = limit.min(needed.max(fixed.saturating_add(BAND)));
    // `good` rows fit, `bad` do not or are more than there are.
    let (mut good, mut bad) = (1, upright.height + 1);
    while bad - good > 1 {
        let middle = good.midpoint(bad);
        match memory(middle) {
            Ok(bytes) if bytes <= goal => good = middle,
            _ => bad = middle,
        }
    }
    Ok((good, memory(good)?))
}
