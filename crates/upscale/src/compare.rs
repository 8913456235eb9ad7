//! How near two pictures are: PSNR and SSIM.
//!
//! As the literature of super-resolution measures: on BT.601 luma of studio range (16 to 235), with a border of as many
//! pixels as the scale removed, SSIM by 11 x 11 Gaussian windows of sigma 1.5 that lie inside the picture, `K1 = 0.01`,
//! `K2 = 0.03`, `L = 255`; two grey pictures are compared by their grey. PSNR of all colour samples is given beside. Samples of 16 bits count as 255/65535 of their
//! value. Colours are compared multiplied by alpha.

use std::collections::VecDeque;

use crate::codec::{self, ReadSeek, RowReader};
use crate::error::{Error, Result};
use crate::memory::FIXED;
use crate::picture::{Header, row_values};

const TAPS: usize = 11;
const SIGMA: f64 = 1.5;
const C1: f64 = (0.01 * 255.0) * (0.01 * 255.0);
const C2: f64 = (0.03 * 255.0) * (0.03 * 255.0);

/// The nearness of two pictures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// PSNR of luma in decibels; infinite when equal.
    pub luma_psnr: f64,
    /// Mean SSIM of luma; nothing when the compared part is smaller than a window.
    pub ssim: Option<f64>,
    /// PSNR of all colour samples in decibels; infinite when equal.
    pub rgb_psnr: f64,
    /// Pixels removed from each side.
    pub border: usize,
}

/// Compares the pictures in two files row by row, without `border` pixels on each side, in at most `limit` bytes of
/// memory.
///
/// # Errors
/// A file is no picture or broken, the sizes differ, the border leaves nothing, or the memory does not suffice.
pub fn compare(
    first: Box<dyn ReadSeek>,
    second: Box<dyn ReadSeek>,
    border: usize,
    limit: u64,
) -> Result<Comparison> {
    let (_, mut first) = codec::open(first, limit)?;
    let (_, mut second) = codec::open(second, limit)?;
    let (a, b) = (first.header(), second.header());
    if (a.width, a.height) != (b.width, b.height) {
        return Err(Error::CompareSize {
            first: (a.width, a.height),
            second: (b.width, b.height),
        });
    }
    let left = |n: usize| n.saturating_sub(border.saturating_mul(2));
    let (width, height) = (left(a.width), left(a.height));
    if width == 0 || height == 0 {
        return Err(Error::CompareSmall {
            size: (width, height),
            border,
        });
    }
    // Five filtered rows per tap, and the rows at hand.
    let rows = 8 * (5 * TAPS + 20) as u64 * a.width as u64;
    let needed = FIXED
        .saturating_add(first.memory())
        .saturating_add(second.memory())
        .saturating_add(rows);
    if needed > limit {
        return Err(Error::Memory { needed, limit });
    }
    let grey = a.channels.colours() == 1 && b.channels.colours() == 1;
    let mut sums = Sums::new(width, grey);
    for y in 0..a.height {
        let pair = (row(&mut *first)?, row(&mut *second)?);
        if (border..border + height).contains(&y) {
            sums.add(
                &pair.0[border..border + width],
                &pair.1[border..border + width],
            );
        }
    }
    first.finish()?;
    second.finish()?;
    let pixels = (width * height) as f64;
    Ok(Comparison {
        luma_psnr: psnr(sums.luma / pixels),
        ssim: sums.ssim.mean(),
        rgb_psnr: psnr(sums.rgb / (3.0 * pixels)),
        border,
    })
}

fn psnr(mean_square: f64) -> f64 {
    10.0 * (255.0 * 255.0 / mean_square).log10()
}

/// Red, green and blue, 0 to 255.
type Pixel = [f64; 3];

fn row(reader: &mut dyn RowReader) -> Result<Vec<Pixel>> {
    let header: Header = reader.header();
    let mut bytes = vec![0; header.row_bytes()];
    reader.read_row(&mut bytes)?;
    let scale = 255.0 / f64::from(header.depth.max());
    let values: Vec<f64> = row_values(header.depth, &bytes)
        .map(|v| f64::from(v) * scale)
        .collect();
    let colours = header.channels.colours();
    let pixel = |samples: &[f64]| {
        let alpha = match samples.get(colours) {
            Some(alpha) if !header.premultiplied => alpha / 255.0,
            _ => 1.0,
        };
        [0, 1, 2].map(|channel: usize| samples[channel.min(colours - 1)] * alpha)
    };
    Ok(values
        .chunks_exact(header.channels.count())
        .map(pixel)
        .collect())
}

/// BT.601 luma of studio range.
fn luma([r, g, b]: Pixel) -> f64 {
    16.0 + (65.481 * r + 128.553 * g + 24.966 * b) / 255.0
}

struct Sums {
    grey: bool,
    luma: f64,
    rgb: f64,
    ssim: Ssim,
}

impl Sums {
    fn new(width: usize, grey: bool) -> Self {
        Self {
            grey,
            luma: 0.0,
            rgb: 0.0,
            ssim: Ssim::new(width),
        }
    }

    fn add(&mut self, a: &[Pixel], b: &[Pixel]) {
        for (p, q) in a.iter().zip(b) {
            self.luma += (self.luma(*p) - self.luma(*q)).powi(2);
            self.rgb += p.iter().zip(q).map(|(u, v)| (u - v).powi(2)).sum::<f64>();
        }
        let lumas = |row: &[Pixel]| -> Vec<f64> { row.iter().map(|p| self.luma(*p)).collect() };
        let (a, b) = (lumas(a), lumas(b));
        self.ssim.add(&a, &b);
    }

    /// Two grey pictures are compared as they are.
    fn luma(&self, pixel: Pixel) -> f64 {
        if self.grey { pixel[0] } else { luma(pixel) }
    }
}

/// The window's means of a pixel: of x, y, xx, yy, xy.
type Moments = [f64; 5];

/// The running mean of SSIM over windows; a window is a product of one row and one column of weights.
struct Ssim {
    width: usize,
    taps: [f64; TAPS],
    /// The last rows, filtered along themselves.
    rows: VecDeque<Vec<Moments>>,
    sum: f64,
    count: u64,
}

impl Ssim {
    fn new(width: usize) -> Self {
        let mut taps = [0.0; TAPS];
        for (t, tap) in taps.iter_mut().enumerate() {
            let u = t as f64 - (TAPS / 2) as f64;
            *tap = (-u * u / (2.0 * SIGMA * SIGMA)).exp();
        }
        let sum: f64 = taps.iter().sum();
        Self {
            width,
            taps: taps.map(|tap| tap / sum),
            rows: VecDeque::new(),
            sum: 0.0,
            count: 0,
        }
    }

    fn add(&mut self, x: &[f64], y: &[f64]) {
        if self.width < TAPS {
            return;
        }
        let filtered = (0..=self.width - TAPS)
            .map(|at| {
                let mut moments = [0.0; 5];
                for (t, w) in self.taps.iter().enumerate() {
                    let (p, q) = (x[at + t], y[at + t]);
                    for (sum, term) in moments.iter_mut().zip([p, q, p * p, q * q, p * q]) {
                        *sum += w * term;
                    }
                }
                moments
            })
            .collect();
        if self.rows.len() == TAPS {
            self.rows.pop_front();
        }
        self.rows.push_back(filtered);
        if self.rows.len() == TAPS {
            for at in 0..=self.width - TAPS {
                let mut moments = [0.0; 5];
                for (row, w) in self.rows.iter().zip(&self.taps) {
                    for (sum, term) in moments.iter_mut().zip(row[at]) {
                        *sum += w * term;
                    }
                }
                self.sum += ssim(moments);
                self.count += 1;
            }
        }
    }

    fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

fn ssim([x, y, xx, yy, xy]: Moments) -> f64 {
    let (vx, vy, cov) = (xx - x * x, yy - y * y, xy - x * y);
    ((2.0 * x * y + C1) * (2.0 * cov + C2)) / ((x * x + y * y + C1) * (vx + vy + C2))
}
