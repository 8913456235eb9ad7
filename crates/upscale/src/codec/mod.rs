//! Pictures in files, as rows in order.
//!
//! Opening a picture reads its header and its metadata and decodes nothing, so that the memory which the
//! decoding will hold can be weighed before any work.

mod jpeg;
mod png;
mod tiff;
mod tiff_write;
mod webp;

use std::cell::RefCell;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use crate::error::{Error, Result};
use crate::picture::{Format, Header, Metadata};

/// A file to read from.
pub trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// A file to write to.
pub trait WriteSeek: Write + Seek {}
impl<T: Write + Seek> WriteSeek for T {}

/// A file that a writer holds while its owner waits to have it back.
#[derive(Clone)]
pub struct Output(Rc<RefCell<dyn WriteSeek>>);

impl Output {
    /// Shares the file.
    pub fn new(file: Rc<RefCell<dyn WriteSeek>>) -> Self {
        Self(file)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.borrow_mut().flush()
    }
}

impl Seek for Output {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.borrow_mut().seek(to)
    }
}

/// A picture being read, from its first row to its last.
pub trait RowReader {
    /// Size and kind of the rows.
    fn header(&self) -> Header;

    /// What travels beside the samples.
    fn metadata(&mut self) -> &mut Metadata;

    /// Bytes held at most while rows are read, buffers of fixed size apart.
    fn memory(&self) -> u64;

    /// Whether all rows are held at once anyway.
    fn holds_whole(&self) -> bool {
        false
    }

    /// Reads the next row; `row` has exactly [`Header::row_bytes`] bytes. Not to be called past the last row.
    fn read_row(&mut self, row: &mut [u8]) -> Result<()>;

    /// Reads all rows.
    fn whole(&mut self) -> Result<Whole> {
        let header = self.header();
        let mut samples = vec![0; header.bytes()];
        for row in samples.chunks_exact_mut(header.row_bytes()) {
            self.read_row(row)?;
        }
        self.finish()?;
        Ok(Whole { header, samples })
    }

    /// Checks what follows the last row.
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A picture being written, from its first row to its last.
pub trait RowWriter {
    /// Writes the next row of exactly [`Header::row_bytes`] bytes.
    fn write_row(&mut self, row: &[u8]) -> Result<()>;

    /// Writes what follows the last row.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// All rows of a picture, one after the other.
pub struct Whole {
    /// Size and kind.
    pub header: Header,
    /// The rows.
    pub samples: Vec<u8>,
}

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coding {
    /// JPEG's quality, 1 to 100.
    pub quality: u8,
    /// The orientation tag of what is written, for metadata rebuilt rather than copied.
    pub orientation: u16,
}

/// Opens the picture in `input` by its first bytes. `limit` bounds the memory that looking at the header may take.
///
/// # Errors
/// The bytes are no picture, the header is broken, or the kind is not supported.
pub fn open(mut input: Box<dyn ReadSeek>, limit: u64) -> Result<(Format, Box<dyn RowReader>)> {
    let mut start = [0; 12];
    let count = fill(&mut input, &mut start);
    let format = Format::of_bytes(&start[..count]).ok_or(Error::NotAPicture)?;
    input
        .seek(SeekFrom::Start(0))
        .map_err(|e| broken(format, &e))?;
    let reader = guarded(format, || match format {
        Format::Png => png::open(input, limit),
        Format::Jpeg => jpeg::open(input),
        Format::WebP => webp::open(input),
        Format::Tiff => tiff::open(input, limit),
    })?;
    Ok((format, reader))
}

/// Begins a picture of the given kind in `output`.
///
/// # Errors
/// The output fails, or the format cannot hold the picture ([`check`] says so before).
pub fn create(
    format: Format,
    output: Output,
    header: &Header,
    metadata: &Metadata,
    coding: Coding,
) -> Result<Box<dyn RowWriter>> {
    check(format, header)?;
    match format {
        Format::Png => png::create(output, header, metadata),
        Format::Jpeg => Ok(jpeg::create(output, header, metadata, coding.quality)),
        Format::WebP => Ok(webp::create(output, header, metadata)),
        Format::Tiff => tiff_write::create(output, header, metadata, coding.orientation),
    }
}

/// Checks that `format` can hold the picture.
///
/// # Errors
/// The size, the depth or alpha is beyond the format.
pub fn check(format: Format, header: &Header) -> Result<()> {
    let (width, height) = (header.width as u64, header.height as u64);
    let limit = format.largest_side();
    if width > limit || height > limit {
        return Err(Error::FormatLimit {
            format,
            width,
            height,
            limit,
        });
    }
    if header.channels.has_alpha() && !format.has_alpha() {
        return Err(Error::Alpha(format));
    }
    if header.depth.bytes() > 1 && !format.has_sixteen() {
        return Err(Error::Depth(format));
    }
    let bytes = header.bytes() as u64;
    if format == Format::Tiff && bytes > tiff_write::MOST_BYTES {
        return Err(Error::TiffSize { bytes });
    }
    Ok(())
}

/// Bytes that writing the picture holds at most, buffers of fixed size apart.
pub fn writer_memory(format: Format, header: &Header) -> u64 {
    let row = header.row_bytes() as u64;
    match format {
        Format::Png => png::writer_memory(row),
        Format::Jpeg => jpeg::writer_memory(header),
        Format::WebP => webp::writer_memory(header),
        Format::Tiff => tiff_write::writer_memory(header),
    }
}

/// Leaves out of the metadata what `format` cannot hold, with a note.
pub(crate) fn fit(format: Format, metadata: &mut Metadata) {
    if format == Format::Jpeg {
        jpeg::fit(metadata);
    }
}

/// Metadata of the largest size that a format may carry, in bytes, past which it is broken or hostile.
const MOST_METADATA: u64 = 16 << 20;

fn fill(input: &mut dyn Read, mut buffer: &mut [u8]) -> usize {
    let whole = buffer.len();
    while !buffer.is_empty() {
        match input.read(buffer) {
            Ok(0) | Err(_) => break,
            Ok(n) => buffer = &mut buffer[n..],
        }
    }
    whole - buffer.len()
}

fn broken(format: Format, error: &impl ToString) -> Error {
    let message = error.to_string();
    let message = match message.as_str() {
        "failed to fill whole buffer"
        | "unexpected end of file"
        | "IO Error: failed to fill whole buffer" => "it ends too early".to_owned(),
        _ => message,
    };
    Error::Decode { format, message }
}

fn unwritten(format: Format, error: &impl ToString) -> Error {
    Error::Encode {
        format,
        message: error.to_string(),
    }
}

fn unsupported(format: Format, what: impl Into<String>) -> Error {
    Error::Unsupported {
        format,
        what: what.into(),
    }
}

/// Runs a decoder on data that nobody has vouched for: a panic of the decoder is a broken picture.
fn guarded<T>(format: Format, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(broken(format, &"the decoder gave up on its data")))
}

/// A zeroed buffer, or an error where the allocator has no room.
fn buffer(format: Format, bytes: usize) -> Result<Vec<u8>> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(bytes).map_err(|_| {
        broken(
            format,
            &format!("it asks for {bytes} bytes, more than there are"),
        )
    })?;
    buffer.resize(bytes, 0);
    Ok(buffer)
}

/// A picture whose codec decodes all of it at once, on the first call for a row.
struct Held {
    format: Format,
    header: Header,
    metadata: Metadata,
    memory: u64,
    decode: Option<Decode>,
    samples: Vec<u8>,
    next: usize,
}

/// Decodes the whole picture.
type Decode = Box<dyn FnOnce() -> Result<Vec<u8>>>;

impl Held {
    fn new(
        format: Format,
        header: Header,
        metadata: Metadata,
        memory: u64,
        decode: Decode,
    ) -> Self {
        Self {
            format,
            header,
            metadata,
            memory,
            decode: Some(decode),
            samples: Vec::new(),
            next: 0,
        }
    }

    fn decoded(&mut self) -> Result<()> {
        if let Some(decode) = self.decode.take() {
            self.samples = guarded(self.format, decode)?;
            if self.samples.len() != self.header.bytes() {
                return Err(broken(
                    self.format,
                    &"its data has another size than its header says",
                ));
            }
        }
        Ok(())
    }
}

impl RowReader for Held {
    fn header(&self) -> Header {
        self.header
    }

    fn metadata(&mut self) -> &mut Metadata {
        &mut self.metadata
    }

    fn memory(&self) -> u64 {
        self.memory
    }

    fn holds_whole(&self) -> bool {
        true
    }

    fn read_row(&mut self, row: &mut [u8]) -> Result<()> {
        self.decoded()?;
        let at = self.next * row.len();
        let source = self
            .samples
            .get(at..at + row.len())
            .ok_or_else(|| broken(self.format, &"its rows are missing"))?;
        row.copy_from_slice(source);
        self.next += 1;
        Ok(())
    }

    fn whole(&mut self) -> Result<Whole> {
        self.decoded()?;
        Ok(Whole {
            header: self.header,
            samples: std::mem::take(&mut self.samples),
        })
    }
}

/// Collects the rows of a picture whose codec encodes all of it at once.
struct Collected<F> {
    samples: Vec<u8>,
    encode: F,
}

impl<F: FnOnce(Vec<u8>) -> Result<()>> Collected<F> {
    fn new(header: &Header, encode: F) -> Self {
        Self {
            samples: Vec::with_capacity(header.bytes()),
            encode,
        }
    }
}

impl<F: FnOnce(Vec<u8>) -> Result<()>> RowWriter for Collected<F> {
    fn write_row(&mut self, row: &[u8]) -> Result<()> {
        self.samples.extend_from_slice(row);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let Self { samples, encode } = *self;
        encode(samples)
    }
}
