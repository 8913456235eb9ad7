//! Instruction sets: detection, dispatch, and the only `unsafe` of the engine.
//!
//! A routine is written once, as ordinary Rust over slices or over one small vector trait, and compiled once per
//! instruction set: [`Isa::run`] calls it inside a function that enables the set's features, and the compiler vectorises
//! the routine's inlined body there. An [`Isa`] can only be had by detection, so holding one is the proof that the machine
//! has its features.
//!
//! Every set computes the same bits: fused multiply-adds are asked for by name (`mul_add`), and the order of additions is
//! the routine's own. A set without the instruction computes the fused result in software: slower, and right.
#![allow(unsafe_code)]

mod depthwise;
mod doubled;
mod entries;
mod gather;
mod isa;
mod lanes;
mod outer;
mod patches;
mod rows;
mod stepped;
mod tile;
mod turn;
mod vector;
mod watch;
mod weave;

pub use depthwise::{SpreadRows, Term, pattern_elements, row_reads};
pub use doubled::{Band, DOUBLED_TAPS, DoubledPlanes, PanelRows, doubled_row_reads};
pub use gather::{Gather, Places};
pub use isa::{Isa, IsaError, Routine};
pub use lanes::{LaneTap, Lanes, PACE, Place, lane_tiles};
pub use outer::{Factors, MATCHED_VECTORS, OUTER_VECTORS, Run as FactorRun, Runs};
pub use patches::{PATCH_BLOCKS, PatchLine, Piece, Strips};
pub use rows::CopiedRows;
pub use stepped::{GRIDS, Grid, Stepped, TapLine};
pub use tile::{Ahead, TILE_ROWS, Taps};
pub use turn::Turn;
pub use vector::VectorElement;
pub use watch::Watch;
pub use weave::{WOVEN, Weave};
