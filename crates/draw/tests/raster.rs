//! PNG and GIF: what a decoder finds in them.
#![cfg(feature = "raster")]

mod common;

use convt_draw::{Map, Paint, Pixels, Theme, gif, png, raster};

fn decode_png(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut reader = ::png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.color_type, ::png::ColorType::Rgb);
    (info.width, info.height, pixels)
}

/// A delay and the pixels that the viewer sees during it.
type Shown = (u16, Vec<[u8; 3]>);

/// All frames as a viewer composes them, with their delays in hundredths of a second.
fn decode_gif(bytes: &[u8]) -> (u16, u16, Vec<Shown>) {
    let mut options = ::gif::DecodeOptions::new();
    options.set_color_output(::gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(bytes).unwrap();
    let (width, height) = (decoder.width(), decoder.height());
    let mut canvas = vec![[0; 3]; usize::from(width) * usize::from(height)];
    let mut frames = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        let (pixels, _) = frame.buffer.as_chunks::<4>();
        for (n, &[r, g, b, a]) in pixels.iter().enumerate() {
            let row = usize::from(frame.top) + n / usize::from(frame.width);
            let column = usize::from(frame.left) + n % usize::from(frame.width);
            if a == 255 {
                canvas[row * usize::from(width) + column] = [r, g, b];
            }
        }
        frames.push((frame.delay, canvas.clone()));
    }
    (width, height, frames)
}

fn at(pixels: &Pixels, x: u32, y: u32) -> [u8; 3] {
    let at = ((y * pixels.width + x) * 4) as usize;
    [pixels.rgba[at], pixels.rgba[at + 1], pixels.rgba[at + 2]]
}

#[test]
fn a_png_has_the_sheet_s_size_and_the_raster_s_pixels() {
    let figure = common::stamps(true);
    for scale in [0.5, 1.0, 2.0] {
        let pixels = raster(&figure, 1, Theme::Dark, scale).unwrap();
        let bytes = png(&figure, 1, Theme::Dark, scale).unwrap();
        let (width, height, rgb) = decode_png(&bytes);
        assert_eq!((width, height), (pixels.width, pixels.height));
        assert_eq!(width, (520.0 * scale) as u32);
        assert!(
            f64::from(height) > 276.0 * scale,
            "the caption has its strip"
        );
        let (colors, _) = pixels.rgba.as_chunks::<4>();
        assert!(colors.iter().all(|color| color[3] == 255));
        assert!(colors.iter().flat_map(|c| &c[..3]).eq(&rgb));
        assert_eq!(bytes, png(&figure, 1, Theme::Dark, scale).unwrap());
    }
}

/// The ground of a cell, beside its label, has the colour of its paint.
#[test]
fn cells_lie_where_the_figure_puts_them() {
    let figure = common::stamps(false);
    let pixels = raster(&figure, 0, Theme::Light, 1.0).unwrap();
    let ground = |x, y| at(&pixels, x, y);
    assert_eq!(ground(90, 70), [0xD3, 0xE7, 0xF5], "input 0,1");
    assert_eq!(ground(310, 70), [0xC9, 0xEB, 0xDE], "output 0,0");
    assert_eq!(
        ground(450, 220),
        [0xFF, 0xFF, 0xFF],
        "output 3,3 is pending"
    );
    assert_eq!(ground(5, 5), [0xFF, 0xFF, 0xFF], "paper");
}

#[test]
fn the_three_zeros_and_cropped_cells_differ_without_their_colours() {
    let grounds: Vec<Vec<u8>> = [
        Paint::InsertedZero,
        Paint::PaddingZero,
        Paint::OutputPaddingZero,
        Paint::Cropped,
        Paint::Hole,
        Paint::Pending,
    ]
    .into_iter()
    .map(|paint| {
        let mut figure = common::stamps(false);
        figure.frames.truncate(1);
        figure.frames[0].caption.clear();
        (figure.width, figure.height) = (40.0, 40.0);
        let cell = common::cell((0.0, 0.0), 0, 0, Map::Output, paint, "");
        figure.frames[0].items = vec![convt_draw::Item::Cell(cell)];
        let pixels = raster(&figure, 0, Theme::Print, 1.0).unwrap();
        // Whether each pixel is marked at all, in grey.
        let (colors, _) = pixels.rgba.as_chunks::<4>();
        colors.iter().map(|c| u8::from(c[1] < 0xF0)).collect()
    })
    .collect();
    for (n, a) in grounds.iter().enumerate() {
        for b in &grounds[..n] {
            let differing = a.iter().zip(b).filter(|(x, y)| x != y).count();
            assert!(differing > 12, "only {differing} pixels differ");
        }
    }
    let inside = |ground: &Vec<u8>| {
        let rows = ground.chunks(40).skip(5).take(30);
        rows.flat_map(|row| &row[5..35])
            .filter(|m| **m == 1)
            .count()
    };
    let [dot, wide, dense] = [0, 1, 2].map(|n| inside(&grounds[n]));
    assert!(
        0 < dot && dot * 2 < wide && wide * 2 < dense,
        "{dot} {wide} {dense}"
    );
}

#[test]
fn a_gif_has_all_frames_their_times_and_their_pictures() {
    let figure = common::stamps(false);
    let bytes = gif(&figure, Theme::Light, 1.0).unwrap();
    assert_eq!(bytes, gif(&figure, Theme::Light, 1.0).unwrap());
    let (width, _, frames) = decode_gif(&bytes);
    assert_eq!(width, 520);
    let delays: Vec<u16> = frames.iter().map(|(delay, _)| *delay).collect();
    assert_eq!(delays, [80, 80, 80, 250]);
    for (n, (_, shown)) in frames.iter().enumerate() {
        let pixels = raster(&figure, n, Theme::Light, 1.0).unwrap();
        let (wanted, _) = pixels.rgba.as_chunks::<4>();
        // Grounds and lines are exact; the rims of letters have the nearest of few colours.
        let (mut exact, mut error) = (0, 0);
        for (shown, wanted) in shown.iter().zip(wanted) {
            let far: u32 = (0..3)
                .map(|c| u32::from(shown[c].abs_diff(wanted[c])))
                .sum();
            exact += usize::from(far == 0);
            error += far;
        }
        assert!(
            exact * 100 > shown.len() * 93,
            "frame {n}: {exact} of {}",
            shown.len()
        );
        // Less than one step of one channel per pixel.
        assert!((error as usize) < shown.len(), "frame {n}: {error}");
    }
}

/// A cell whose paint fills a wide area keeps exactly its colour, though another paint is nearly the same.
#[test]
fn a_gif_keeps_the_colours_of_cells() {
    let figure = common::stamps(false);
    let (width, _, frames) = decode_gif(&gif(&figure, Theme::Light, 1.0).unwrap());
    let pixel = |x: usize, y: usize| frames[0].1[y * usize::from(width) + x];
    assert_eq!(pixel(90, 70), [0xD3, 0xE7, 0xF5], "input");
    assert_eq!(pixel(310, 70), [0xC9, 0xEB, 0xDE], "output");
}

/// The loop block of a moving picture, and none in a still.
#[test]
fn moving_pictures_loop_and_stills_do_not() {
    let loops = |bytes: &[u8]| bytes.windows(11).any(|w| w == b"NETSCAPE2.0");
    assert!(loops(
        &gif(&common::stamps(false), Theme::Light, 0.5).unwrap()
    ));
    let still = gif(&common::paints(false), Theme::Light, 0.5).unwrap();
    assert!(!loops(&still));
    assert_eq!(decode_gif(&still).2.len(), 1);
}

/// Later frames hold only what changed.
#[test]
fn frames_that_repeat_cost_almost_nothing() {
    let mut figure = common::stamps(false);
    figure.frames.truncate(1);
    let one = gif(&figure, Theme::Light, 1.0).unwrap().len();
    let frame = figure.frames[0].clone();
    figure.frames.extend(std::iter::repeat_n(frame, 9));
    let ten = gif(&figure, Theme::Light, 1.0).unwrap();
    assert!(ten.len() < one + 500, "{one} and {}", ten.len());
    assert_eq!(decode_gif(&ten).2.len(), 10);
}
