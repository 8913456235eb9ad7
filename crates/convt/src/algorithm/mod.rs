//! The engine's algorithms, one file each, and what they share.

mod packed;
mod phases;
mod threads;

pub(crate) use packed::Packed;
pub(crate) use phases::{Phases, scratch_elements, table_bytes};
