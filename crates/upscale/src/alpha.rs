//! Samples to the values that are convolved, and back.
//!
//! Values keep the input's range `0..=max`, so whole numbers are exact. Colours are convolved multiplied by alpha, in
//! units of which 1 is opaque: a transparent pixel's colour weighs nothing, and no fringe of it appears. Afterwards
//! they are divided by alpha again; where alpha rounds to 0 the colour is 0. Rounding is half away from zero, after clamping to the output's range.

use crate::error::{Error, Result};
use crate::picture::{Channels, Depth, Header, row_values};

/// Reads `#rrggbb`.
pub(crate) fn colour(text: &str) -> Result<[u8; 3]> {
    let refused = || Error::Colour(text.to_owned());
    let digits = text.strip_prefix('#').unwrap_or(text);
    if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(refused());
    }
    let number = u32::from_str_radix(digits, 16).map_err(|_| refused())?;
    let [_, r, g, b] = number.to_be_bytes();
    Ok([r, g, b])
}

/// sRGB's curve on 0..=1.
fn to_linear(v: f32) -> f32 {
    if v <= 0.040_45 {
        v / 12.92
    } else {
        ((v + 0.055) / 1.055).powf(2.4)
    }
}

fn from_linear(v: f32) -> f32 {
    if v <= 0.003_130_8 {
        v * 12.92
    } else {
        1.055 * v.powf(1.0 / 2.4) - 0.055
    }
}

/// Rows of samples to interleaved values, colours multiplied by alpha.
pub(crate) struct Load {
    depth: Depth,
    channels: Channels,
    premultiplied: bool,
    /// The linear value of each sample, when light is to be linear.
    linear: Option<Vec<f32>>,
}

impl Load {
    pub(crate) fn new(header: &Header, linear: bool) -> Self {
        let max = header.depth.max();
        let table = || {
            (0..=max as u32)
                .map(|v| to_linear(v as f32 / max) * max)
                .collect()
        };
        Self {
            depth: header.depth,
            channels: header.channels,
            premultiplied: header.premultiplied,
            linear: linear.then(table),
        }
    }

    pub(crate) fn row(&self, row: &[u8], values: &mut [f32]) {
        for (value, sample) in values.iter_mut().zip(row_values(self.depth, row)) {
            *value = f32::from(sample);
        }
        let max = self.depth.max();
        let (count, colours) = (self.channels.count(), self.channels.colours());
        if self.linear.is_none() && (self.premultiplied || !self.channels.has_alpha()) {
            return;
        }
        for pixel in values.chunks_exact_mut(count) {
            let alpha = pixel.get(colours).map_or(1.0, |a| a / max);
            for value in &mut pixel[..colours] {
                if self.premultiplied && alpha > 0.0 {
                    *value = (*value / alpha).min(max);
                }
                if let Some(table) = &self.linear {
                    *value = table[(*value + 0.5) as usize];
                }
                *value *= alpha;
            }
        }
    }
}

/// Rows of planes to samples.
pub(crate) struct Store {
    channels: Channels,
    input_max: f32,
    depth: Depth,
    linear: bool,
    /// What lies behind the picture, in the values' units, when alpha is to go.
    background: Option<[f32; 3]>,
}

impl Store {
    /// Values of the kind of `input` to samples of `output`; `background` is given when alpha is to go.
    pub(crate) fn new(
        input: &Header,
        output: &Header,
        background: Option<[u8; 3]>,
        linear: bool,
    ) -> Self {
        let max = input.depth.max();
        let value = |v: u8| {
            let v = f32::from(v) / 255.0;
            max * if linear { to_linear(v) } else { v }
        };
        Self {
            channels: input.channels,
            input_max: max,
            depth: output.depth,
            linear,
            background: background
                .filter(|_| input.channels.has_alpha())
                .map(|rgb| rgb.map(value)),
        }
    }

    fn sample(&self, value: f32) -> u16 {
        let max = self.depth.max();
        // Values above white may be infinite only through the division by a small alpha; the clamp takes them.
        let scaled = if self.depth.max() == self.input_max {
            value
        } else {
            value * (max / self.input_max)
        };
        (scaled.clamp(0.0, max) + 0.5) as u16
    }

    fn colour(&self, value: f32) -> u16 {
        if self.linear {
            let unit = (value / self.input_max).clamp(0.0, 1.0);
            self.sample(from_linear(unit) * self.input_max)
        } else {
            self.sample(value)
        }
    }

    /// One row: `planes` has a row of each channel of the input, `row` the bytes of the output's row.
    pub(crate) fn row(&self, planes: &[&[f32]], row: &mut [u8]) {
        let colours = self.channels.colours();
        let step = self.depth.bytes();
        let Some(first) = planes.first() else { return };
        let out_pixel = row.len() / first.len().max(1);
        let out_colours =
            out_pixel / step - usize::from(self.channels.has_alpha() && self.background.is_none());
        for (x, pixel) in row.chunks_exact_mut(out_pixel).enumerate() {
            let alpha = self.channels.has_alpha().then(|| planes[colours][x]);
            for (channel, bytes) in pixel.chunks_exact_mut(step).enumerate() {
                let sample = if channel < out_colours {
                    let value = planes[channel.min(colours - 1)][x];
                    self.colour(self.shown(value, alpha, channel))
                } else {
                    self.sample(alpha.unwrap_or(self.input_max))
                };
                match self.depth {
                    Depth::Eight => bytes[0] = sample as u8,
                    Depth::Sixteen => bytes.copy_from_slice(&sample.to_ne_bytes()),
                }
            }
        }
    }

    /// The colour of a value that was multiplied by alpha, before the background or divided by alpha.
    fn shown(&self, value: f32, alpha: Option<f32>, channel: usize) -> f32 {
        match (alpha, self.background) {
            (None, _) => value,
            (Some(alpha), Some(background)) => {
                let clear = 1.0 - (alpha / self.input_max).clamp(0.0, 1.0);
                value + background[channel] * clear
            }
            (Some(alpha), None) if self.sample(alpha) == 0 => 0.0,
            (Some(alpha), None) => value * (self.input_max / alpha),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(channels: Channels, depth: Depth) -> Header {
        Header::new(4, 1, channels, depth).unwrap()
    }

    /// Loads a row and stores it again, through planes.
    fn through(
        input: &Header,
        output: &Header,
        background: Option<[u8; 3]>,
        linear: bool,
        row: &[u8],
    ) -> Vec<u8> {
        let mut values = vec![0.0; input.row_samples()];
        Load::new(input, linear).row(row, &mut values);
        let count = input.channels.count();
        let planes: Vec<Vec<f32>> = (0..count)
            .map(|c| values.iter().skip(c).step_by(count).copied().collect())
            .collect();
        let planes: Vec<&[f32]> = planes.iter().map(Vec::as_slice).collect();
        let mut out = vec![0; output.row_bytes()];
        Store::new(input, output, background, linear).row(&planes, &mut out);
        out
    }

    #[test]
    fn opaque_samples_come_back_as_they_were() {
        let eight = header(Channels::Rgba, Depth::Eight);
        let row = [
            0, 1, 2, 255, 254, 128, 3, 255, 9, 8, 7, 255, 255, 255, 255, 255,
        ];
        assert_eq!(through(&eight, &eight, None, false, &row), row);
        assert_eq!(through(&eight, &eight, None, true, &row), row);
        let sixteen = header(Channels::Grey, Depth::Sixteen);
        let row: Vec<u8> = [0_u16, 1, 32_767, 65_535]
            .iter()
            .flat_map(|v| v.to_ne_bytes())
            .collect();
        assert_eq!(through(&sixteen, &sixteen, None, false, &row), row);
        assert_eq!(through(&sixteen, &sixteen, None, true, &row), row);
    }

    #[test]
    fn half_transparent_colours_come_back_and_clear_ones_become_black() {
        let eight = header(Channels::GreyAlpha, Depth::Eight);
        let row = [200, 128, 77, 1, 33, 0, 0, 200];
        assert_eq!(
            through(&eight, &eight, None, false, &row),
            [200, 128, 77, 1, 0, 0, 0, 200]
        );
    }

    #[test]
    fn stored_premultiplied_becomes_straight() {
        let mut associated = header(Channels::GreyAlpha, Depth::Eight);
        associated.premultiplied = true;
        let row = [100, 128, 0, 0, 255, 255, 64, 64];
        let straight = header(Channels::GreyAlpha, Depth::Eight);
        assert_eq!(
            through(&associated, &straight, None, false, &row),
            [199, 128, 0, 0, 255, 255, 255, 64]
        );
    }

    #[test]
    fn depths_convert_by_the_value_of_white() {
        let eight = header(Channels::Grey, Depth::Eight);
        let sixteen = header(Channels::Grey, Depth::Sixteen);
        let row = [0, 1, 128, 255];
        let wide: Vec<u8> = row
            .iter()
            .flat_map(|v| (u16::from(*v) * 257).to_ne_bytes())
            .collect();
        assert_eq!(through(&eight, &sixteen, None, false, &row), wide);
        assert_eq!(through(&sixteen, &eight, None, false, &wide), row);
    }

    #[test]
    fn a_background_shows_where_the_picture_is_clear() {
        let input = header(Channels::GreyAlpha, Depth::Eight);
        let output = header(Channels::Rgb, Depth::Eight);
        let row = [10, 0, 10, 255, 200, 128, 0, 255];
        let out = through(&input, &output, Some([255, 0, 100]), false, &row);
        assert_eq!(out[..6], [255, 0, 100, 10, 10, 10]);
        assert_eq!(out[6..9], [227, 100, 150]);
    }

    #[test]
    fn colours_are_read_or_refused() {
        assert_eq!(colour("#fF8000").unwrap(), [255, 128, 0]);
        assert_eq!(colour("010203").unwrap(), [1, 2, 3]);
        for text in ["", "#fff", "#gg0000", "#+12345", "white", "#ééé"] {
            assert!(colour(text).is_err(), "{text}");
        }
    }
}
