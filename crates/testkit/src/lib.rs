//! What the tests share. No shipped crate depends on this one.
//!
//! | file | idea |
//! |---|---|
//! | [`Case`], [`vectors`], [`tables`], [`load_cases`] | conformance cases and peers' tables: a problem, its tensors, the right answer |
//! | [`any_problem`], [`hostile_problem`], [`problems`] | random problems, legal and illegal |
//! | [`Rng`] | seeded data: whole numbers, normal values, NaN and infinities sprinkled in |
//! | [`Bound`] | how far a rounded sum may lie from the exact one |
//! | [`Guarded`] | buffers between guard cells |
//! | [`Fsrcnn`] | super-resolution networks of random weights, or of one known kernel, as files |

mod bound;
mod case;
mod data;
mod guard;
mod network;
mod problem;

pub use bound::{Bound, Float, gamma};
pub use case::{Case, Gradients, Tensor, load_cases, tables, vectors};
pub use data::Rng;
pub use guard::Guarded;
pub use network::{Fsrcnn, Named, safetensors};
pub use problem::{any_problem, hostile_problem, problem_of, problems};
