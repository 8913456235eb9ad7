//! Kernels out of weight files.

use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};

use crate::error::Error;
use crate::file::FileError;
use crate::npy;
use crate::request::Request;

/// The most numbers of a kernel that a page shows.
const MOST_TAPS: usize = 1024;

/// A tensor that the file holds.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    /// The type of its numbers, if they are real.
    pub(crate) dtype: Option<Dtype>,
    /// Where its first number begins in the file.
    pub(crate) offset: usize,
    /// Whether the first index runs fastest.
    pub(crate) fortran: bool,
}

/// `{tensors: [{name, shape, usable}]}`; with `tensor` and `channels` also `{kernel, values}` of one pair of channels.
pub(crate) fn load(bytes: &[u8], request: &Request) -> Result<Value, Error> {
    let name = request.text("name");
    let broken = |error: FileError| Error::File {
        name: name.to_string(),
        error,
    };
    let entries = if bytes.starts_with(npy::MAGIC) {
        vec![npy::entry(bytes).map_err(broken)?]
    } else {
        safetensors(bytes).map_err(broken)?
    };
    let list: Vec<Value> = entries
        .iter()
        .map(|entry| json!({ "name": entry.name, "shape": entry.shape, "usable": usable(entry) }))
        .collect();
    let mut answer = json!({ "tensors": list });
    if !entries.iter().any(usable) {
        let shapes: Vec<String> = entries.iter().map(|e| format!("{:?}", e.shape)).collect();
        let error = FileError::NoWeight(shapes.join(", "), MOST_TAPS);
        answer["note"] = json!(error.text(name, request.lang()));
    }
    let wanted = request.text("tensor");
    if let Some(entry) = entries.iter().find(|e| e.name == wanted && usable(e))
        && let Some(channels) = request.pair("channels")
    {
        answer["values"] = json!(kernel(entry, bytes, channels).map_err(broken)?);
        answer["kernel"] = json!(entry.shape[2..]);
    }
    Ok(answer)
}

/// Whether it can be a layer's weight whose kernel is small enough to be looked at.
fn usable(entry: &Entry) -> bool {
    let taps = entry.shape.get(2..).and_then(|kernel| {
        let mut sizes = kernel.iter();
        sizes.try_fold(1usize, |taps, &size| taps.checked_mul(size))
    });
    (3..=5).contains(&entry.shape.len())
        && taps.is_some_and(|taps| (1..=MOST_TAPS).contains(&taps))
        && !entry.shape.contains(&0)
        && entry.dtype.is_some()
}

/// The numbers of one kernel in row-major order, rounded to what is worth showing.
fn kernel(entry: &Entry, bytes: &[u8], channels: [usize; 2]) -> Result<Vec<f64>, FileError> {
    let shape = &entry.shape;
    if channels[0] >= shape[0] || channels[1] >= shape[1] {
        return Err(FileError::Channels(channels, [shape[0], shape[1]]));
    }
    let taps: usize = shape[2..].iter().product();
    (0..taps)
        .map(|tap| {
            let value = place(shape, channels, tap, entry.fortran)
                .and_then(|index| number(bytes, entry.dtype?, entry.offset, index));
            value
                .map(round)
                .ok_or_else(|| FileError::Ends(entry.name.clone()))
        })
        .collect()
}

/// The index in the file of a kernel's `tap`, which counts in row-major order.
fn place(shape: &[usize], channels: [usize; 2], mut tap: usize, fortran: bool) -> Option<usize> {
    let mut at = channels.to_vec();
    at.resize(shape.len(), 0);
    for axis in (2..shape.len()).rev() {
        at[axis] = tap % shape[axis];
        tap /= shape[axis];
    }
    let step = |index: usize, axis: usize| index.checked_mul(shape[axis])?.checked_add(at[axis]);
    if fortran {
        (0..shape.len()).rev().try_fold(0, step)
    } else {
        (0..shape.len()).try_fold(0, step)
    }
}

/// Four significant digits; what is not finite has no place on a stage and becomes 0.
fn round(value: f64) -> f64 {
    if !value.is_finite() {
        return 0.0;
    }
    format!("{value:.3e}").parse().unwrap_or(value)
}

fn width(dtype: Dtype) -> Option<usize> {
    match dtype {
        Dtype::F16 | Dtype::BF16 => Some(2),
        Dtype::F32 => Some(4),
        Dtype::F64 => Some(8),
        _ => None,
    }
}

/// Number `index` of a tensor; `None` where the file has already ended.
fn number(bytes: &[u8], dtype: Dtype, offset: usize, index: usize) -> Option<f64> {
    let width = width(dtype)?;
    let from = index.checked_mul(width)?.checked_add(offset)?;
    let one = bytes.get(from..from.checked_add(width)?)?;
    Some(match dtype {
        Dtype::F16 => half::f16::from_le_bytes(one.try_into().ok()?).to_f64(),
        Dtype::BF16 => half::bf16::from_le_bytes(one.try_into().ok()?).to_f64(),
        Dtype::F32 => f64::from(f32::from_le_bytes(one.try_into().ok()?)),
        Dtype::F64 => f64::from_le_bytes(one.try_into().ok()?),
        _ => return None,
    })
}

fn safetensors(bytes: &[u8]) -> Result<Vec<Entry>, FileError> {
    let (header, metadata) =
        SafeTensors::read_metadata(bytes).map_err(|error| FileError::Foreign(error.to_string()))?;
    // Offsets count from the end of the header, which its own length of eight bytes precedes.
    let start = header + 8;
    let mut entries: Vec<Entry> = metadata
        .tensors()
        .into_iter()
        .map(|(name, info)| Entry {
            name,
            shape: info.shape.clone(),
            dtype: width(info.dtype).map(|_| info.dtype),
            offset: start.saturating_add(info.data_offsets.0),
            fortran: false,
        })
        .collect();
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}
