//! What every paint, stroke and ink looks like in the light, in the dark and on paper.
//!
//! The hues are those of Okabe and Ito, which all kinds of colour vision tell apart: input blue, kernel orange, output
//! green, gradients purple, what is cropped vermilion. No hue stands alone: see `look.rs` for the marks beside it.

use crate::color::{Rgb, ink_on};
use crate::scene::{Ink, Map, Paint};

/// Which colours a figure wears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark words on white.
    #[default]
    Light,
    /// Light words on near black.
    Dark,
    /// White paper, distinct in grey too.
    Print,
    /// Light or dark as the reader's system prefers, in SVG and HTML; light in the other formats.
    Auto,
}

/// The three sets of colours; `Theme::Auto` is a pair of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Palette {
    Light,
    Dark,
    Print,
}

impl Theme {
    /// The colours used where there is no choice of the reader's, and those for a reader who prefers the dark.
    pub(crate) fn palettes(self) -> (Palette, Option<Palette>) {
        match self {
            Self::Light => (Palette::Light, None),
            Self::Dark => (Palette::Dark, None),
            Self::Print => (Palette::Print, None),
            Self::Auto => (Palette::Light, Some(Palette::Dark)),
        }
    }
}

/// A colour by its meaning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Tone {
    /// The ground of the picture.
    Paper,
    /// Outline of what is in focus.
    Focus,
    /// Edge along which is cropped.
    Crop,
    /// A quiet line.
    QuietLine,
    /// Words.
    Words(Ink),
    /// The frame of a map.
    Frame(Map),
    /// The ground of a cell.
    Fill(Paint),
    /// The border of a cell.
    Edge(Paint),
    /// The dots, hatches and notches in a cell.
    Mark(Paint),
    /// The words in a cell.
    Label(Paint),
}

/// One colour per palette: light, dark, print.
const fn row(light: u32, dark: u32, print: u32) -> [Rgb; 3] {
    [Rgb::hex(light), Rgb::hex(dark), Rgb::hex(print)]
}

const PAPER: [Rgb; 3] = row(0xFF_FFFF, 0x12_161C, 0xFF_FFFF);
const WORDS: [Rgb; 3] = row(0x14_181F, 0xEC_EFF4, 0x00_0000);
const QUIET_WORDS: [Rgb; 3] = row(0x59_6270, 0xA3_AEBB, 0x40_4040);
const QUIET_LINE: [Rgb; 3] = row(0x8A_94A1, 0x6B_7684, 0x70_7070);
const WARNING: [Rgb; 3] = row(0xB0_4500, 0xFF_9B5E, 0x8A_3600);
const CROP: [Rgb; 3] = row(0xD5_5E00, 0xFF_8A3D, 0xA8_4A00);

/// Of a paint that needs no arithmetic: ground, border, mark.
struct Swatch {
    fill: [Rgb; 3],
    edge: [Rgb; 3],
    mark: [Rgb; 3],
}

impl Palette {
    pub(crate) fn color(self, tone: Tone) -> Rgb {
        match tone {
            Tone::Paper => self.pick(PAPER),
            Tone::Focus => self.pick(WORDS),
            Tone::Crop => self.pick(CROP),
            Tone::QuietLine => self.pick(QUIET_LINE),
            Tone::Words(ink) => match ink {
                Ink::Title(map) => self.title(map),
                Ink::Normal | Ink::Number => self.pick(WORDS),
                Ink::Quiet => self.pick(QUIET_WORDS),
                Ink::Warning => self.pick(WARNING),
            },
            Tone::Frame(map) => self.frame(map),
            Tone::Fill(paint) => self.fill(paint),
            Tone::Edge(paint) => self.edge(paint),
            Tone::Mark(paint) => self.pick(swatch(paint).mark),
            Tone::Label(paint) => self.label(paint),
        }
    }

    fn pick(self, [light, dark, print]: [Rgb; 3]) -> Rgb {
        match self {
            Self::Light => light,
            Self::Dark => dark,
            Self::Print => print,
        }
    }

    fn fill(self, paint: Paint) -> Rgb {
        match paint {
            Paint::Kernel(tap, of) => self.tap(tap, of),
            Paint::Diverging(value) => {
                let zero = self.pick(row(0xFF_FFFF, 0x26_2C36, 0xFF_FFFF));
                let below = self.pick(row(0x00_72B2, 0x2F_8FD0, 0x1F_6FA3));
                let above = self.pick(row(0xE6_9F00, 0xE6_9F00, 0xE8_A93A));
                let end = if value < 0.0 { below } else { above };
                zero.mix(end, value.abs().min(1.0))
            }
            Paint::Count(share) => {
                let none = self.pick(row(0xF5_F2FA, 0x1F_1B2B, 0xFF_FFFF));
                let all = self.pick(row(0x5B_3F94, 0xC4_AEF2, 0x4A_4A5A));
                none.mix(all, share.clamp(0.0, 1.0))
            }
            _ => self.pick(swatch(paint).fill),
        }
    }

    fn edge(self, paint: Paint) -> Rgb {
        match paint {
            // The border of a scale follows its ground, so that dark cells have no pale rim.
            Paint::Diverging(_) | Paint::Count(_) => {
                self.fill(paint).mix(self.pick(QUIET_LINE), 0.55)
            }
            // Side by side, full hues would speak louder than the numbers; the map's frame has the full hue.
            Paint::Input | Paint::Kernel(..) | Paint::Output | Paint::Gradient => {
                self.pick(swatch(paint).edge).mix(self.fill(paint), 0.4)
            }
            _ => self.pick(swatch(paint).edge),
        }
    }

    /// Words in a cell: zeros and ghosts speak low, values clearly, and all can be read.
    fn label(self, paint: Paint) -> Rgb {
        let quiet = matches!(
            paint,
            Paint::Pending
                | Paint::InsertedZero
                | Paint::PaddingZero
                | Paint::OutputPaddingZero
                | Paint::Cropped
                | Paint::Hole
        );
        let words = self.pick(if quiet { QUIET_WORDS } else { WORDS });
        let ground = self.fill(paint);
        // Where the palette's words are light and the ground too, dark ones are softer than black.
        let words = if ink_on(ground, words) == words {
            words
        } else {
            PAPER[1]
        };
        ink_on(ground, words)
    }

    /// Hues in two directions: a square kernel blends four corners, any other runs from the first to the last corner.
    fn tap(self, tap: usize, of: usize) -> Rgb {
        let [top_left, top_right, bottom_left, bottom_right] = [
            row(0xFF_F1C2, 0x5E_4E00, 0xFF_F6DC),
            row(0xFF_C56B, 0x8A_5200, 0xF2_CE92),
            row(0xF9_D3DC, 0x6B_3350, 0xEB_CCD3),
            row(0xE8_7E5E, 0x9E_3518, 0xCF_9079),
        ]
        .map(|colors| self.pick(colors));
        let side = of.isqrt();
        let share = |index: usize, count: usize| {
            if count > 1 {
                index as f64 / (count - 1) as f64
            } else {
                0.0
            }
        };
        if side * side == of && side > 1 {
            let (down, right) = (share(tap / side, side), share(tap % side, side));
            let top = top_left.mix(top_right, right);
            let bottom = bottom_left.mix(bottom_right, right);
            top.mix(bottom, down)
        } else {
            let along = share(tap, of) * 2.0;
            if along <= 1.0 {
                top_left.mix(top_right, along)
            } else {
                top_right.mix(bottom_right, along - 1.0)
            }
        }
    }

    fn frame(self, map: Map) -> Rgb {
        self.pick(match map {
            Map::Input | Map::Stretched => row(0x00_72B2, 0x56_B4E9, 0x00_5A8E),
            Map::Kernel | Map::Flipped => row(0xC9_8400, 0xE6_9F00, 0x9A_6500),
            Map::Output => row(0x00_9E73, 0x2F_C094, 0x00_7556),
            Map::Matrix => row(0x5B_6675, 0x9A_A5B3, 0x40_4040),
            Map::GradientOfOutput | Map::GradientOfInput | Map::GradientOfKernel => {
                row(0xB3_5C8C, 0xE0_9CC3, 0x85_3F66)
            }
        })
    }

    fn title(self, map: Map) -> Rgb {
        self.pick(match map {
            Map::Input | Map::Stretched => row(0x00_619A, 0x7C_C6F2, 0x00_4A75),
            Map::Kernel | Map::Flipped => row(0x8C_5A00, 0xF2_BB52, 0x6E_4700),
            Map::Output => row(0x00_7454, 0x55_D6AE, 0x00_5A42),
            Map::Matrix => row(0x41_4B58, 0xC3_CBD5, 0x20_2020),
            Map::GradientOfOutput | Map::GradientOfInput | Map::GradientOfKernel => {
                row(0x98_4071, 0xEC_B5D4, 0x70_2F53)
            }
        })
    }
}

fn swatch(paint: Paint) -> Swatch {
    let of = |fill, edge, mark| Swatch { fill, edge, mark };
    let empty = row(0xFF_FFFF, 0x12_161C, 0xFF_FFFF);
    let gray = row(0xC3_CAD3, 0x43_4D5A, 0x9A_9A9A);
    match paint {
        Paint::Input => of(
            row(0xD3_E7F5, 0x15_3F5E, 0xE3_EFF8),
            row(0x00_72B2, 0x56_B4E9, 0x00_5A8E),
            row(0x00_72B2, 0x56_B4E9, 0x00_5A8E),
        ),
        Paint::Kernel(..) => of(
            row(0xFF_D98A, 0x7A_5500, 0xF7_E2B5),
            row(0xC9_8400, 0xE6_9F00, 0x9A_6500),
            row(0xC9_8400, 0xE6_9F00, 0x9A_6500),
        ),
        Paint::Output => of(
            row(0xC9_EBDE, 0x0F_4B3B, 0xB5_DCCB),
            row(0x00_9E73, 0x2F_C094, 0x00_7556),
            row(0x00_9E73, 0x2F_C094, 0x00_7556),
        ),
        Paint::Pending => of(
            empty,
            row(0x7F_CBB2, 0x2B_7560, 0x5E_A08B),
            row(0x7F_CBB2, 0x2B_7560, 0x5E_A08B),
        ),
        Paint::InsertedZero => of(
            row(0xFF_FFFF, 0x17_1C23, 0xFF_FFFF),
            gray,
            row(0x8A_94A1, 0x7D_8896, 0x60_6060),
        ),
        Paint::PaddingZero => of(
            row(0xFA_FBFC, 0x19_1E26, 0xFF_FFFF),
            gray,
            row(0xD5_DAE1, 0x39_424E, 0xB5_B5B5),
        ),
        Paint::OutputPaddingZero => of(
            row(0xF2_F4F7, 0x1E_242D, 0xFF_FFFF),
            row(0x59_6270, 0xA3_AEBB, 0x40_4040),
            row(0xBC_C4CE, 0x4A_5563, 0x98_9898),
        ),
        Paint::Cropped => of(
            empty,
            row(0xEB_AA7C, 0x8F_5226, 0xB8_7A4A),
            row(0xF3_D9C7, 0x4A_301F, 0xDD_C4B2),
        ),
        Paint::Hole => of(
            empty,
            row(0xE3_E7EC, 0x2A_313B, 0xC8_C8C8),
            row(0xC3_CAD3, 0x43_4D5A, 0x9A_9A9A),
        ),
        Paint::Gradient => of(
            row(0xF3_DEEA, 0x57_2F48, 0xE8_D5DF),
            row(0xB3_5C8C, 0xE0_9CC3, 0x85_3F66),
            row(0xB3_5C8C, 0xE0_9CC3, 0x85_3F66),
        ),
        Paint::Diverging(_) | Paint::Count(_) | Paint::Plain => of(empty, gray, gray),
    }
}

#[cfg(test)]
#[path = "theme_tests.rs"]
mod tests;
