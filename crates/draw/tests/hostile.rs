//! Figures that nobody should make are refused with a reason, in every format, and nothing panics.

mod common;

use convt_draw::{DrawError, Figure, Format, Item, Options, Paint, Theme, write};

/// The errors of all formats for a changed figure.
fn errors(change: impl Fn(&mut Figure)) -> Vec<DrawError> {
    let mut figure = common::stamps(false);
    change(&mut figure);
    Format::ALL
        .into_iter()
        .filter_map(|format| match write(&figure, format, &Options::default()) {
            Ok(_) => panic!("{format:?} was written"),
            // A build without rasters says so before all else.
            Err(DrawError::WithoutRaster) => None,
            Err(error) => Some(error),
        })
        .collect()
}

fn cell_of(figure: &mut Figure) -> &mut convt_draw::Cell {
    match &mut figure.frames[0].items[0] {
        Item::Cell(cell) => cell,
        other => panic!("{other:?}"),
    }
}

#[test]
fn numbers_out_of_range_are_refused() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300] {
        let changes: [fn(&mut Figure, f64); 8] = [
            |figure, bad| figure.width = bad,
            |figure, bad| figure.height = bad,
            |figure, bad| figure.frames[0].seconds = bad,
            |figure, bad| cell_of(figure).area.x = bad,
            |figure, bad| cell_of(figure).area.y = bad,
            |figure, bad| cell_of(figure).area.width = bad,
            |figure, bad| cell_of(figure).area.height = bad,
            |figure, bad| {
                for item in &mut figure.frames[0].items {
                    match item {
                        Item::Text { size, .. } => *size = bad,
                        Item::Arrow { to, .. } => to.0 = bad,
                        _ => {}
                    }
                }
            },
        ];
        for change in changes {
            for error in errors(|figure| change(figure, bad)) {
                assert!(matches!(error, DrawError::Number { .. }), "{error:?}");
                assert!(error.to_string().contains("must be from"));
            }
        }
    }
    for error in errors(|figure| cell_of(figure).paint = Paint::Diverging(f64::NAN)) {
        assert!(matches!(error, DrawError::Number { .. }));
    }
    for error in errors(|figure| cell_of(figure).paint = Paint::Kernel(0, 0)) {
        assert_eq!(error, DrawError::Tap { tap: 0, of: 0 });
    }
}

#[test]
fn sizes_of_zero_are_refused_or_drawn_as_nothing() {
    for error in errors(|figure| figure.width = 0.0) {
        assert!(matches!(error, DrawError::Number { .. }));
    }
    let mut figure = common::stamps(false);
    cell_of(&mut figure).area.width = 0.0;
    for item in &mut figure.frames[0].items {
        if let Item::Arrow { from, to, .. } = item {
            *to = *from;
        }
    }
    figure.frames[0].items.push(common::words(
        0.0,
        0.0,
        10.0,
        convt_draw::Ink::Normal,
        convt_draw::Anchor::End,
        "",
    ));
    for format in Format::ALL {
        match write(&figure, format, &Options::default()) {
            Ok(bytes) => assert!(!bytes.is_empty()),
            Err(error) => assert_eq!(error, DrawError::WithoutRaster),
        }
    }
}

#[test]
fn control_characters_are_refused() {
    for bad in [
        '\0', '\u{7}', '\u{1b}', '\n', '\u{85}', '\u{FFFE}', '\u{2028}',
    ] {
        let changes: [fn(&mut Figure, char); 4] = [
            |figure, bad| figure.title.push(bad),
            |figure, bad| figure.description.push(bad),
            |figure, bad| figure.frames[1].caption.push(bad),
            |figure, bad| cell_of(figure).label.push(bad),
        ];
        for change in changes {
            for error in errors(|figure| change(figure, bad)) {
                assert!(
                    matches!(error, DrawError::Character { code, .. } if code == u32::from(bad))
                );
            }
        }
    }
}

#[test]
fn frames_that_do_not_exist_are_refused() {
    for error in errors(|figure| figure.frames.clear()) {
        assert_eq!(error, DrawError::NoFrames);
    }
    let figure = common::stamps(false);
    for format in Format::ALL {
        let options = Options {
            frame: Some(4),
            ..Options::default()
        };
        let error = write(&figure, format, &options).unwrap_err();
        assert_eq!(
            error,
            DrawError::Frame {
                asked: 4,
                frames: 4
            }
        );
    }
    for error in [
        convt_draw::svg(&figure, usize::MAX, Theme::Light).unwrap_err(),
        convt_draw::tikz(&figure, 4, Theme::Light).unwrap_err(),
    ] {
        assert!(matches!(error, DrawError::Frame { .. }));
    }
}

#[test]
fn unknown_endings_are_refused() {
    assert_eq!(Format::from_extension("SVG"), Ok(Format::Svg));
    assert_eq!(Format::from_extension("tex"), Ok(Format::Tikz));
    for format in Format::ALL {
        assert_eq!(Format::from_extension(format.extension()), Ok(format));
    }
    let error = Format::from_extension("bmp").unwrap_err();
    assert!(error.to_string().contains("\"bmp\"") && error.to_string().contains("svg"));
}

#[cfg(feature = "raster")]
#[test]
fn rasters_too_large_are_refused_before_they_are_drawn() {
    let mut figure = common::stamps(false);
    (figure.width, figure.height) = (20_000.0, 20_000.0);
    for format in [Format::Png, Format::Gif] {
        let error = write(&figure, format, &Options::default()).unwrap_err();
        assert!(matches!(error, DrawError::Pixels { .. }), "{error:?}");
    }
    assert!(write(&figure, Format::Svg, &Options::default()).is_ok());
    (figure.width, figure.height) = (70_000.0, 200.0);
    let error = write(&figure, Format::Gif, &Options::default()).unwrap_err();
    assert!(
        matches!(error, DrawError::GifSide { width: 70_000, .. }),
        "{error:?}"
    );
    let figure = common::stamps(false);
    for scale in [f64::NAN, 0.0, -1.0, 1e9] {
        let options = Options {
            scale,
            ..Options::default()
        };
        let error = write(&figure, Format::Png, &options).unwrap_err();
        assert!(matches!(error, DrawError::Number { .. }), "{error:?}");
    }
}

/// The longest words, in the narrowest figure, still come out.
#[test]
fn narrow_figures_with_long_captions_are_drawn() {
    let mut figure = common::stamps(true);
    figure.width = 1.0;
    figure.height = 1.0;
    figure.frames[0].caption = "零".repeat(500);
    let svg = write(&figure, Format::Svg, &Options::default()).unwrap();
    assert!(svg.len() > 1000);
}
