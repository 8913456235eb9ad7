//! Colours and the arithmetic of what can be read on them.

/// Red, green, blue, each 0 to 255 in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Rgb(pub(crate) u8, pub(crate) u8, pub(crate) u8);

impl Rgb {
    /// From `0xRRGGBB`.
    pub(crate) const fn hex(value: u32) -> Self {
        Self((value >> 16) as u8, (value >> 8) as u8, value as u8)
    }

    /// This colour at `share` 0, the other at 1, in between along a straight line.
    pub(crate) fn mix(self, other: Self, share: f64) -> Self {
        let blend = |a: u8, b: u8| {
            let value = f64::from(a) + (f64::from(b) - f64::from(a)) * share;
            value.round().clamp(0.0, 255.0) as u8
        };
        Self(
            blend(self.0, other.0),
            blend(self.1, other.1),
            blend(self.2, other.2),
        )
    }

    /// Relative luminance as WCAG defines it, 0 for black and 1 for white.
    pub(crate) fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// Contrast ratio as WCAG defines it, 1 to 21.
    pub(crate) fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }
}

/// Contrast that text needs.
pub(crate) const READABLE: f64 = 4.5;

/// The colour of words on `ground`: the preferred one where it can be read, else the better of black and white.
///
/// One of the two always can: their contrasts multiply to 21, and the root of 21 is more than 4.5.
pub(crate) fn ink_on(ground: Rgb, preferred: Rgb) -> Rgb {
    const BLACK: Rgb = Rgb::hex(0x00_0000);
    const WHITE: Rgb = Rgb::hex(0xFF_FFFF);
    if preferred.contrast(ground) >= READABLE {
        preferred
    } else if WHITE.contrast(ground) >= BLACK.contrast(ground) {
        WHITE
    } else {
        BLACK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrasts_are_those_of_the_definition() {
        assert_eq!(Rgb::hex(0).contrast(Rgb::hex(0xFF_FFFF)), 21.0);
        // #767676 is the known lightest grey that can be read on white.
        assert!(Rgb::hex(0x76_7676).contrast(Rgb::hex(0xFF_FFFF)) >= READABLE);
        assert!(Rgb::hex(0x77_7777).contrast(Rgb::hex(0xFF_FFFF)) < READABLE);
    }

    #[test]
    fn any_ground_has_an_ink() {
        for value in (0..=0xFF_FFFF).step_by(977) {
            let ground = Rgb::hex(value);
            assert!(ink_on(ground, ground).contrast(ground) >= READABLE);
        }
    }
}
