//! Tensors in files, and outputs that appear whole or not at all.
//!
//! ```no_run
//! use std::ffi::OsStr;
//! use convt_files::{Existing, Location, read, write};
//!
//! let weight = read(&Location::parse(OsStr::new("model.safetensors:up.weight")))?;
//! println!("{weight}"); // f32 (64, 32, 4, 4)
//! write(&Location::parse(OsStr::new("weight.npy")), &weight, Existing::Refuse)?;
//! # Ok::<(), convt_files::FileError>(())
//! ```
//!
//! | format | read | written |
//! |---|---|---|
//! | `.npy` versions 1 to 3 | C and Fortran order, both byte orders; also from streams | version 1, C order, little-endian |
//! | `.npz` | one member, stored or deflated | no |
//! | `.safetensors` | one tensor, aligned or not; or all of them, with the metadata | one tensor |
//! | Matrix Market | no | coordinate form |
//!
//! What a header claims is checked against the file before memory is taken, and every error names the file and the place.

mod atomic;
mod error;
mod header;
mod location;
mod npy;
mod npz;
mod read;
mod safetensors_file;
mod scalar;
mod tensor;
mod write;

pub use atomic::{AtomicFile, Existing};
pub use error::FileError;
pub use location::Location;
pub use read::{read, read_within};
pub use safetensors_file::TensorSet;
pub use tensor::{Elements, TensorData};
pub use write::{check_output, write, write_matrix_market};
