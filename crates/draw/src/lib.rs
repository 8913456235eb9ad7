//! Figures of grids, written as SVG, animated SVG, PNG, GIF, TikZ, HTML and JSON.
//!
//! A [`Figure`] says what is drawn, by meaning; [`write()`] draws it in a [`Format`] with a [`Theme`]. Letters come from
//! outlines inside this crate, so that a figure looks the same everywhere, and [`text_width`] tells a layout how wide
//! words are. The path of a figure:
//!
//! ```text
//! scene (cells, words, arrows)  ->  look (tiles, hatches, runs of letters)  ->  svg, tikz, html, raster -> png, gif
//!                                   theme (meaning -> colour)
//! ```

#[cfg(feature = "raster")]
mod gif;
#[cfg(feature = "raster")]
mod palette;
#[cfg(feature = "raster")]
mod png;
#[cfg(feature = "raster")]
mod raster;

mod animated_svg;
mod check;
mod color;
mod error;
mod format;
mod glyphs;
mod html;
mod json;
mod look;
mod look_lines;
mod scene;
mod shape;
mod sheet;
mod svg;
mod svg_parts;
mod theme;
mod tikz;

pub use animated_svg::animated_svg;
pub use error::DrawError;
pub use format::{Format, Options, write};
#[cfg(feature = "raster")]
pub use gif::gif;
pub use glyphs::{missing_glyphs, text_width};
pub use html::html;
pub use json::{from_json, json};
#[cfg(feature = "raster")]
pub use png::png;
#[cfg(feature = "raster")]
pub use raster::{Pixels, raster};
pub use scene::{Anchor, Area, CELL, Cell, Figure, Frame, Ink, Item, Map, Paint, Place, Stroke};
pub use svg::svg;
pub use theme::Theme;
pub use tikz::tikz;
