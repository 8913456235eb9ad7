//! Broken files, and what is refused before any work.

mod common;

use std::io::Cursor;

use common::*;
use convt_upscale::{Channels, Depth, Error, Format, Header, Method, Options};

fn error(bytes: &[u8], format: Option<Format>, options: &Options) -> Error {
    enlarged(bytes, format, options).expect_err("must be refused")
}

#[test]
fn truncated_files_are_refused_at_every_length() {
    for format in ALL_FORMATS {
        let mut picture = noise((9, 7), Channels::Rgb, Depth::Eight);
        picture.metadata.exif = Some(exif_block(6));
        let whole = encode(&picture, format);
        enlarged(&whole, Some(Format::Png), &nearest(2)).unwrap();
        for length in 0..whole.len() {
            let refused = error(&whole[..length], Some(Format::Png), &nearest(2));
            assert!(
                matches!(refused, Error::Decode { .. } | Error::NotAPicture),
                "{format} cut at {length}: {refused:?}"
            );
            assert!(refused.is_refusal());
        }
    }
}

#[test]
fn changed_bytes_never_panic_through() {
    for format in ALL_FORMATS {
        let mut picture = noise((9, 7), Channels::Rgba, Depth::Eight);
        if format == Format::Jpeg {
            picture = noise((9, 7), Channels::Rgb, Depth::Eight);
        }
        picture.metadata.exif = Some(exif_block(6));
        let whole = encode(&picture, format);
        let options = Options {
            max_memory: 64 << 20,
            ..nearest(2)
        };
        for at in 0..whole.len().min(400) {
            for value in [0, 0x7f, 0xff] {
                let mut changed = whole.clone();
                changed[at] = value;
                let _ = enlarged(&changed, Some(Format::Png), &options);
            }
        }
    }
}

#[test]
fn garbage_and_empty_headers_are_refused() {
    for bytes in [
        &b""[..],
        b"x",
        b"GIF89a............",
        b"BM..............",
        &[0; 100],
        b"\x89PNG\r\n\x1a\n",
    ] {
        assert!(matches!(
            error(bytes, None, &nearest(2)),
            Error::NotAPicture | Error::Decode { .. }
        ));
    }
    for start in [
        &b"\x89PNG\r\n\x1a\n"[..],
        b"\xff\xd8\xff",
        b"RIFF\xff\xff\0\0WEBPVP8L",
        b"II\x2a\0",
        b"MM\0\x2a",
    ] {
        let garbage: Vec<u8> = start
            .iter()
            .copied()
            .chain((0..2000_u32).map(|n| (n * n % 251) as u8))
            .collect();
        assert!(matches!(
            error(&garbage, Some(Format::Png), &nearest(2)),
            Error::Decode { .. }
        ));
    }
    let one = encode(&noise((1, 1), Channels::Grey, Depth::Eight), Format::Png);
    for (at, name) in [(16, "width"), (20, "height")] {
        let mut empty = one.clone();
        empty[at..at + 4].fill(0);
        let crc = crc(&empty[12..29]);
        empty[29..33].copy_from_slice(&crc.to_be_bytes());
        let refused = error(&empty, None, &nearest(2));
        assert!(
            matches!(refused, Error::Decode { .. } | Error::Empty { .. }),
            "{name}: {refused:?}"
        );
    }
}

/// PNG's checksum.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}

#[test]
fn what_a_format_cannot_hold_is_refused_before_any_work() {
    let alpha = encode(&noise((2, 2), Channels::Rgba, Depth::Eight), Format::Png);
    let refused = error(&alpha, Some(Format::Jpeg), &nearest(2));
    assert!(matches!(refused, Error::Alpha(Format::Jpeg)) && refused.is_refusal());
    assert!(refused.to_string().contains("--background"));
    let flat = Options {
        background: Some([0; 3]),
        ..nearest(2)
    };
    enlarged(&alpha, Some(Format::Jpeg), &flat).unwrap();

    let deep = encode(&noise((2, 2), Channels::Grey, Depth::Sixteen), Format::Png);
    assert!(matches!(
        error(&deep, Some(Format::WebP), &nearest(2)),
        Error::Depth(Format::WebP)
    ));
    let shallow = Options {
        depth: Some(Depth::Eight),
        ..nearest(2)
    };
    enlarged(&deep, Some(Format::WebP), &shallow).unwrap();

    let wide = encode(&noise((1100, 1), Channels::Grey, Depth::Eight), Format::Png);
    for (format, scale, limit) in [(Format::Jpeg, 60, 65_535), (Format::WebP, 15, 16_383)] {
        match error(&wide, Some(format), &nearest(scale)) {
            Error::FormatLimit {
                width, limit: l, ..
            } => assert_eq!((width, l), (1100 * scale as u64, limit)),
            other => panic!("{other:?}"),
        }
    }
    enlarged(&wide, Some(Format::WebP), &nearest(14)).unwrap();
}

#[test]
fn animations_and_pages_are_refused() {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 1, 1);
    encoder.set_animated(2, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[1]).unwrap();
    writer.write_image_data(&[2]).unwrap();
    writer.finish().unwrap();
    assert!(
        error(&bytes, None, &nearest(2))
            .to_string()
            .contains("animation")
    );

    let mut pages = Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut pages).unwrap();
    for _ in 0..2 {
        encoder
            .write_image::<tiff::encoder::colortype::Gray8>(1, 1, &[5])
            .unwrap();
    }
    let refused = error(pages.get_ref(), None, &nearest(2));
    assert!(refused.to_string().contains("2 pages"), "{refused}");
}

#[test]
fn a_palette_in_a_tiff_is_refused_with_what_to_do() {
    // One pixel of 8 bits, photometric interpretation 3, its strip at byte 8.
    let mut tiff = b"II\x2a\0\x0a\0\0\0\x05\0".to_vec();
    let entries = [
        (256, 1),
        (257, 1),
        (258, 8),
        (262, 3),
        (273, 8),
        (277, 1),
        (278, 1),
        (279, 1),
    ];
    tiff.extend((entries.len() as u16).to_le_bytes());
    for (tag, value) in entries {
        tiff.extend(u16::to_le_bytes(tag));
        tiff.extend([3, 0, 1, 0, 0, 0]);
        tiff.extend(u32::to_le_bytes(value));
    }
    tiff.extend([0; 4]);
    let refused = error(&tiff, None, &nearest(2)).to_string();
    assert!(
        refused.contains("palette") && refused.contains("convert it"),
        "{refused}"
    );
}

#[test]
fn memory_is_weighed_before_any_work_and_the_number_told_suffices() {
    for (from, to) in [
        (Format::Png, Format::Png),
        (Format::Jpeg, Format::WebP),
        (Format::Tiff, Format::Jpeg),
        (Format::WebP, Format::Tiff),
    ] {
        let input = encode(&noise((500, 400), Channels::Rgb, Depth::Eight), from);
        let with = |max_memory| Options {
            max_memory,
            method: Method::Lanczos,
            ..Options::default()
        };
        let Error::Memory { needed, limit } = error(&input, Some(to), &with(1000)) else {
            panic!("a thousand bytes cannot suffice");
        };
        assert_eq!(limit, 1000);
        assert!(matches!(
            error(&input, Some(to), &with(needed - 1)),
            Error::Memory { .. }
        ));
        let (report, tight) = enlarged(&input, Some(to), &with(needed)).unwrap();
        assert_eq!((report.band_rows, report.memory), (1, needed));
        let (report, easy) = enlarged(&input, Some(to), &with(1 << 30)).unwrap();
        assert!(report.band_rows > 1);
        assert_eq!(tight, easy);
    }
}

#[test]
fn a_header_that_promises_too_much_asks_for_no_memory() {
    let one = encode(&noise((1, 1), Channels::Grey, Depth::Eight), Format::Png);
    for size in [0x7fff_ffff_u32, 1 << 20] {
        let mut huge = one.clone();
        huge[16..20].copy_from_slice(&size.to_be_bytes());
        huge[20..24].copy_from_slice(&size.to_be_bytes());
        let crc = crc(&huge[12..29]);
        huge[29..33].copy_from_slice(&crc.to_be_bytes());
        let options = Options {
            max_memory: 64 << 20,
            ..nearest(1)
        };
        let refused = error(&huge, None, &options);
        assert!(
            matches!(
                refused,
                Error::Memory { .. } | Error::TooLarge { .. } | Error::Decode { .. }
            ),
            "{refused:?}"
        );
    }
    assert!(Header::new(u64::MAX, 2, Channels::Grey, Depth::Eight).is_err());
    assert!(Header::new(1 << 32, 1 << 31, Channels::Grey, Depth::Eight).is_err());
}

#[test]
fn options_out_of_range_are_refused() {
    let input = encode(&noise((2, 2), Channels::Grey, Depth::Eight), Format::Png);
    for scale in [0, 65, usize::MAX] {
        assert!(matches!(
            error(&input, None, &nearest(scale)),
            Error::Scale(_)
        ));
    }
    for quality in [0, 101] {
        assert!(matches!(
            error(
                &input,
                None,
                &Options {
                    quality,
                    ..nearest(2)
                }
            ),
            Error::Quality(_)
        ));
    }
    assert!(Method::named("magic").is_err());
}
