//! The page's engine: one JSON request in, one JSON answer out.
//!
//! The page draws nothing and computes nothing: sizes, refusals, repairs, pictures, snippets and numbers come from the
//! same crates as everywhere else, through [`call`]. This crate only translates.
//!
//! A **state** is what stands behind the `#` of a link, such as `v=1&i=3x3&k=3&s=2&p=1&op=0&d=1&g=1&view=four&t=7`.
//! A **patch** is an object of such keys with the values that replace them.
//!
//! | `do` | takes | answers |
//! |---|---|---|
//! | `describe` | `state`, `lang` | sizes, formulas, arrays; or the refusal with repairs, each a patch |
//! | `presets` | | states worth looking at first |
//! | `frame` | `state`, `step`, `theme`, `cells`, `shown` | one picture with its caption, and what can be reached in it |
//! | `inspect` | `state`, `map`, `index` | where a number comes from |
//! | `numbers` | `state`, `array` | all numbers of `x`, `w` or `gy` |
//! | `balance` | `state` | the weights with equal phase sums, and how many phases are left as they are |
//! | `code` | `state` | the layer in other words |
//! | `port` | `state`, `from`, `to` | how another framework says the same layer |
//! | `export` | `state`, `format`, `step` | a file |
//! | `solve` | `input`, `output` or `scale`, `dilation` | every set of parameters that gives that size |
//!
//! Every answer is an object; one that could not be given has the single key `error`, a sentence.

mod base64;
mod delta;
mod describe;
mod error;
mod file;
mod npy;
mod numbers;
mod picture;
mod presets;
mod query;
mod repair;
mod request;
mod sentence;
mod solve;
mod weights;

use wasm_bindgen::prelude::wasm_bindgen;

/// Answers one request.
#[wasm_bindgen]
pub fn call(request: &str) -> String {
    request::answer(request).to_string()
}

/// Reads the tensors of a weight file, `.npy` or `.safetensors`: `name`, and with `tensor` and `channels` one kernel of it.
#[wasm_bindgen]
pub fn load(bytes: &[u8], request: &str) -> String {
    request::load(bytes, request).to_string()
}
