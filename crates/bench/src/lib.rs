//! What every benchmarked program speaks.
//!
//! `cargo xtask bench` starts one *worker* process per library and thread count and talks to it in lines of JSON: a worker
//! loads a layer whose arrays lie in `.npy` files, writes its answer to be checked, and times itself when told to, so that
//! many libraries are measured in turns on one machine. [`serve`] is a worker's whole main function; the workers written in
//! Python speak the same lines (`bench/peers/worker.py`).
//!
//! | request | answer |
//! |---|---|
//! | (at the start) | `{"ready": true, "version": "..."}` |
//! | `{"do": "load", "layer": {...}, "problem": "...", "threads": 1, "x": FILE, "w": FILE, "b": FILE or null, "onnx": FILE, "out": FILE}` | `{"ok": true, "note": "...", ...}`, or `{"ok": false, "error": "..."}` |
//! | `{"do": "time", "seconds": 0.2, "warm": 0.05}` | `{"ok": true, "ms": [0.51, 0.5, ...]}`, one number per call or group of calls |
//! | `{"do": "drop"}` | `{"ok": true}` |
//!
//! The end of the input ends the worker.

mod resident;
mod timing;
mod worker;

pub use resident::resident_growth;
pub use timing::{time, time_best};
pub use worker::{Case, Job, serve};
