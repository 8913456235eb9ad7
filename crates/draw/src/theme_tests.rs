//! Every word can be read in every theme, and what must look different does.

use super::*;
use crate::color::READABLE;

const PALETTES: [Palette; 3] = [Palette::Light, Palette::Dark, Palette::Print];

const MAPS: [Map; 9] = [
    Map::Input,
    Map::Stretched,
    Map::Kernel,
    Map::Flipped,
    Map::Output,
    Map::Matrix,
    Map::GradientOfOutput,
    Map::GradientOfInput,
    Map::GradientOfKernel,
];

fn paints() -> Vec<Paint> {
    let mut all = vec![
        Paint::Input,
        Paint::Output,
        Paint::Pending,
        Paint::InsertedZero,
        Paint::PaddingZero,
        Paint::OutputPaddingZero,
        Paint::Cropped,
        Paint::Hole,
        Paint::Gradient,
        Paint::Plain,
    ];
    for of in [1, 2, 3, 4, 6, 9, 16, 25, 27, 49] {
        all.extend((0..of).map(|tap| Paint::Kernel(tap, of)));
    }
    all.extend((-100..=100).map(|v| Paint::Diverging(f64::from(v) / 100.0)));
    all.extend((0..=100).map(|v| Paint::Count(f64::from(v) / 100.0)));
    all
}

#[test]
fn every_label_can_be_read_on_its_ground() {
    for palette in PALETTES {
        for paint in paints() {
            let ground = palette.color(Tone::Fill(paint));
            let words = palette.color(Tone::Label(paint));
            let contrast = words.contrast(ground);
            assert!(contrast >= READABLE, "{palette:?} {paint:?}: {contrast:.2}");
        }
    }
}

#[test]
fn every_word_can_be_read_on_paper() {
    for palette in PALETTES {
        let paper = palette.color(Tone::Paper);
        let inks = [Ink::Normal, Ink::Quiet, Ink::Number, Ink::Warning];
        for ink in inks.into_iter().chain(MAPS.map(Ink::Title)) {
            let contrast = palette.color(Tone::Words(ink)).contrast(paper);
            assert!(contrast >= READABLE, "{palette:?} {ink:?}: {contrast:.2}");
        }
    }
}

/// Lines that carry meaning keep the 3:1 that graphics need.
#[test]
fn every_frame_can_be_seen() {
    for palette in PALETTES {
        let paper = palette.color(Tone::Paper);
        for tone in
            MAPS.map(Tone::Frame)
                .into_iter()
                .chain([Tone::Focus, Tone::Crop, Tone::QuietLine])
        {
            let contrast = palette.color(tone).contrast(paper);
            assert!(contrast >= 3.0, "{palette:?} {tone:?}: {contrast:.2}");
        }
    }
}

/// In grey, input, kernel, output and the darkest tap differ in lightness on paper.
#[test]
fn print_works_in_grey() {
    let grey = |paint| Palette::Print.color(Tone::Fill(paint)).luminance();
    let (input, output) = (grey(Paint::Input), grey(Paint::Output));
    assert!(input - output > 0.15, "{input} {output}");
    assert!(output - grey(Paint::Kernel(8, 9)) > 0.15);
    assert!(grey(Paint::Count(0.0)) > grey(Paint::Count(0.5)));
    assert!(grey(Paint::Count(0.5)) > grey(Paint::Count(1.0)));
}

#[test]
fn taps_differ_and_a_flip_is_visible() {
    for palette in PALETTES {
        for of in [2, 3, 4, 6, 9, 16, 25] {
            let mut colors: Vec<Rgb> = (0..of)
                .map(|tap| palette.color(Tone::Fill(Paint::Kernel(tap, of))))
                .collect();
            colors.sort_unstable();
            colors.dedup();
            assert_eq!(colors.len(), of, "{palette:?} {of}");
        }
    }
}

#[test]
fn the_scales_have_their_ends_and_middle() {
    let fill = |paint| Palette::Light.color(Tone::Fill(paint));
    assert_eq!(fill(Paint::Diverging(0.0)), Rgb::hex(0xFF_FFFF));
    assert_eq!(fill(Paint::Diverging(-1.0)), Rgb::hex(0x00_72B2));
    assert_eq!(fill(Paint::Diverging(7.0)), Rgb::hex(0xE6_9F00));
    assert_eq!(fill(Paint::Count(9.0)), fill(Paint::Count(1.0)));
}
