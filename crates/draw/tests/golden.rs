//! A small figure in every format, compared with files that were looked at.
//!
//! `CONVT_BLESS=1 cargo test -p convt-draw --test golden` writes them anew: look at them before you keep them.

mod common;

use std::path::PathBuf;
use std::{env, fs};

use convt_draw::{
    Anchor, Figure, Format, Frame, Ink, Item, Map, Options, Paint, Stroke, Theme, from_json, tikz,
    write,
};

/// Four cells, an outline, a word and an arrow; two frames.
fn small() -> Figure {
    let frame = |reached: bool| {
        let at = (10.0, 30.0);
        let output = if reached {
            Paint::Output
        } else {
            Paint::Pending
        };
        let mut tap = common::cell(at, 0, 1, Map::Kernel, Paint::Kernel(1, 4), "b");
        tap.focus = reached;
        Frame {
            items: vec![
                common::words(
                    10.0,
                    22.0,
                    14.0,
                    Ink::Title(Map::Input),
                    Anchor::Start,
                    "x_1 & 输入",
                ),
                Item::Cell(common::cell(at, 0, 0, Map::Input, Paint::Input, "-3")),
                Item::Cell(tap),
                Item::Cell(common::cell(
                    at,
                    0,
                    2,
                    Map::Stretched,
                    Paint::OutputPaddingZero,
                    "0",
                )),
                Item::Cell(common::cell(
                    (150.0, 30.0),
                    0,
                    0,
                    Map::Output,
                    output,
                    if reached { "6" } else { "" },
                )),
                common::outline(10.0, 30.0, 3, 1, Stroke::Map(Map::Input)),
                Item::Arrow {
                    from: (132.0, 50.0),
                    to: (148.0, 50.0),
                    stroke: Stroke::Quiet,
                },
            ],
            caption: if reached {
                "y = −3 × b"
            } else {
                "50% {of} it"
            }
            .to_owned(),
            seconds: 1.0,
        }
    };
    Figure {
        width: 200.0,
        height: 80.0,
        title: "A small figure".to_owned(),
        description: "Three cells and their sum.".to_owned(),
        frames: vec![frame(false), frame(true)],
    }
}

fn compare(name: &str, found: &[u8]) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if env::var_os("CONVT_BLESS").is_some() {
        fs::write(&path, found).unwrap();
    }
    let wanted = fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    // Git may have turned the ends of lines.
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    assert!(
        text(found) == text(&wanted),
        "{name} differs from tests/golden/{name}"
    );
}

#[test]
fn text_formats_are_as_they_were_seen() {
    let figure = small();
    for (format, theme, frame, name) in [
        (Format::Svg, Theme::Light, Some(1), "small-light.svg"),
        (Format::Svg, Theme::Auto, None, "small-moving.svg"),
        (Format::Tikz, Theme::Print, None, "small-print.tex"),
        (Format::Json, Theme::Light, None, "small.json"),
    ] {
        let options = Options {
            theme,
            frame,
            ..Options::default()
        };
        compare(name, &write(&figure, format, &options).unwrap());
    }
}

/// Compared by pixel, because another encoder may pack them otherwise.
#[cfg(feature = "raster")]
#[test]
fn pixels_are_as_they_were_seen() {
    let decode = |bytes: &[u8]| {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        pixels
    };
    let options = Options {
        theme: Theme::Dark,
        ..Options::default()
    };
    let found = write(&small(), Format::Png, &options).unwrap();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/small-dark.png");
    if env::var_os("CONVT_BLESS").is_some() {
        fs::write(&path, &found).unwrap();
    }
    assert!(
        decode(&found) == decode(&fs::read(path).unwrap()),
        "small-dark.png differs"
    );
}

#[test]
fn json_comes_back_as_it_was() {
    for figure in [small(), common::paints(true), common::stamps(false)] {
        let text = convt_draw::json(&figure).unwrap();
        assert_eq!(from_json(&text).unwrap(), figure);
    }
    for bad in [
        "",
        "{}",
        "[1",
        r#"{"format":"x","version":1,"figure":null}"#,
    ] {
        assert!(from_json(bad).is_err(), "{bad}");
    }
}

/// Unescaped braces balance, and no character of TeX's stands bare in a word.
#[test]
fn tikz_braces_balance() {
    for figure in [small(), common::paints(true), common::stamps(false)] {
        let text = tikz(&figure, 0, Theme::Light).unwrap();
        assert_eq!(text.matches("\\begin{tikzpicture}").count(), 1);
        assert!(text.ends_with("\\end{tikzpicture}\n"));
        for line in text.lines().filter(|line| !line.starts_with('%')) {
            let mut depth = 0_i32;
            let mut characters = line.chars();
            while let Some(c) = characters.next() {
                match c {
                    '\\' => drop(characters.next()),
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    '%' | '#' | '$' | '&' | '~' => panic!("a bare {c} in {line}"),
                    _ => {}
                }
                assert!(depth >= 0, "{line}");
            }
            assert_eq!(depth, 0, "{line}");
            let path = !line.starts_with('\\') || line.ends_with(';') || line.ends_with(['}', ']']);
            assert!(path, "{line}");
        }
    }
    assert!(
        tikz(&common::stamps(true), 0, Theme::Light)
            .unwrap()
            .contains("ctex")
    );
    assert!(
        !tikz(&common::stamps(false), 0, Theme::Light)
            .unwrap()
            .contains("ctex")
    );
}

#[test]
fn captions_can_be_left_out() {
    let options = Options {
        captions: false,
        ..Options::default()
    };
    let without = String::from_utf8(write(&small(), Format::Svg, &options).unwrap()).unwrap();
    assert!(
        without.contains("viewBox=\"0 0 200 80\""),
        "the figure's own size"
    );
    let with =
        String::from_utf8(write(&small(), Format::Svg, &Options::default()).unwrap()).unwrap();
    assert!(!with.contains("viewBox=\"0 0 200 80\""));
}
