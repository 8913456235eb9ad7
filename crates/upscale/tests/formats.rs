//! Files in and out: every format, depth and kind of samples, and what travels with them.

mod common;

use std::io::Write;

use common::*;
use convt_upscale::{Channels, Depth, Format, Options, Orientation, PngColour};

/// What a format holds of these samples, or nothing when it refuses them.
fn held(format: Format, channels: Channels, depth: Depth) -> Option<Channels> {
    match format {
        Format::Png | Format::Tiff => Some(channels),
        Format::Jpeg => (depth == Depth::Eight && !channels.has_alpha()).then_some(channels),
        Format::WebP if depth == Depth::Sixteen => None,
        Format::WebP => Some(if channels.has_alpha() {
            Channels::Rgba
        } else {
            Channels::Rgb
        }),
    }
}

#[test]
fn every_kind_of_picture_comes_back_from_every_format() {
    for format in ALL_FORMATS {
        for channels in ALL_CHANNELS {
            for depth in ALL_DEPTHS {
                let Some(back) = held(format, channels, depth) else {
                    continue;
                };
                for size in [(1, 1), (7, 5), (33, 300)] {
                    let before = noise(size, channels, depth);
                    let after = decode(&encode(&before, format)).unwrap();
                    assert_eq!((after.header.width, after.header.height), size);
                    assert_eq!(
                        (after.header.channels, after.header.depth),
                        (back, depth),
                        "{format}"
                    );
                    let same = back.count() == channels.count() && format != Format::Jpeg;
                    assert!(
                        !same || after.samples == before.samples,
                        "{format} {channels:?} {depth:?} {size:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn jpeg_is_near_and_webp_spreads_grey() {
    let smooth = picture((40, 30), Channels::Rgb, Depth::Eight, |n| {
        60 + (n / 3 % 40 + n / 120) as u32 * 2
    });
    let after = decode(&encode(&smooth, Format::Jpeg)).unwrap();
    let worst = smooth
        .samples
        .iter()
        .zip(&after.samples)
        .map(|(a, b)| a.abs_diff(*b))
        .max();
    assert!(worst.unwrap() <= 3, "{worst:?}");
    let grey = noise((5, 5), Channels::Grey, Depth::Eight);
    let after = decode(&encode(&grey, Format::WebP)).unwrap();
    assert!(
        after
            .samples
            .chunks_exact(3)
            .zip(&grey.samples)
            .all(|(p, v)| p == [*v; 3])
    );
}

#[test]
fn profile_and_exif_travel_between_all_formats() {
    for from in ALL_FORMATS {
        for to in ALL_FORMATS {
            let mut small = noise((20, 15), Channels::Rgb, Depth::Eight);
            small.metadata.icc = Some((0..3000_u32).map(|n| (n * 7 % 251) as u8).collect());
            small.metadata.exif = Some(exif_block(1));
            let (report, out) = enlarged(&encode(&small, from), Some(to), &nearest(3)).unwrap();
            assert_eq!((report.input_format, report.output_format), (from, to));
            assert_eq!(report.notes, Vec::<String>::new());
            let out = decode(&out).unwrap();
            assert_eq!(out.metadata.icc, small.metadata.icc, "{from} to {to}");
            let block = out.metadata.exif.expect("EXIF travels");
            assert!(block.windows(7).any(|w| w == b"cameras"), "{from} to {to}");
            assert_eq!(exif_number(&block, 0x0112), Some(1), "{from} to {to}");
            assert_eq!(exif_number(&block, 0xa002), Some(60), "{from} to {to}");
            assert_eq!(exif_number(&block, 0xa003), Some(45), "{from} to {to}");
            let strip = Options {
                strip: true,
                ..nearest(3)
            };
            let bare =
                decode(&enlarged(&encode(&small, from), Some(to), &strip).unwrap().1).unwrap();
            assert_eq!((bare.metadata.icc, bare.metadata.exif), (None, None));
        }
    }
}

/// Columns, rows and the value of each pixel of a picture of 3 x 2 shown by each orientation, as `orient` has them.
const SHOWN: [(u16, &str); 8] = [
    (1, "abc/def"),
    (2, "cba/fed"),
    (3, "fed/cba"),
    (4, "def/abc"),
    (5, "ad/be/cf"),
    (6, "da/eb/fc"),
    (7, "fc/eb/da"),
    (8, "cf/be/ad"),
];

#[test]
fn the_orientation_is_applied_and_its_tag_set_to_upright() {
    for format in [Format::Png, Format::WebP, Format::Tiff] {
        for (tag, shown) in SHOWN {
            let mut stored = picture((3, 2), Channels::Rgb, Depth::Eight, |n| {
                u32::from(b"abcdef"[n / 3])
            });
            stored.metadata.exif = Some(exif_block(tag));
            let mut bytes = encode(&stored, format);
            if format == Format::Tiff {
                bytes = with_orientation(bytes, tag);
            }
            let (report, out) = enlarged(&bytes, None, &nearest(2)).unwrap();
            assert_eq!(report.orientation, Orientation::of_tag(tag.into()));
            let out = decode(&out).unwrap();
            let rows: Vec<&str> = shown.split('/').collect();
            assert_eq!(
                (out.header.width, out.header.height),
                (rows[0].len() * 2, rows.len() * 2)
            );
            let text: Vec<u8> = out.samples.iter().step_by(3).copied().collect();
            let doubled: String = rows
                .iter()
                .flat_map(|row| [row, row])
                .flat_map(|row| row.chars().flat_map(|c| [c, c]))
                .collect();
            assert_eq!(
                String::from_utf8(text).unwrap(),
                doubled,
                "{format} orientation {tag}"
            );
            let block = out.metadata.exif.unwrap();
            assert_eq!(exif_number(&block, 0x0112), Some(1));
            assert_eq!(exif_number(&block, 0xa002), Some(out.header.width as u32));
            assert_eq!(exif_number(&block, 0xa003), Some(out.header.height as u32));
            assert_eq!(out.metadata.orientation, Orientation::Upright);
        }
    }
}

#[test]
fn the_orientation_of_a_jpeg_is_applied() {
    // Four quarters of 8 x 8, so that JPEG's blocks hold one value each.
    let mut stored = picture((16, 16), Channels::Grey, Depth::Eight, |n| {
        [40, 90, 160, 230][n / 128 * 2 + n % 16 / 8]
    });
    stored.metadata.exif = Some(exif_block(6));
    let (_, out) = enlarged(
        &encode(&stored, Format::Jpeg),
        Some(Format::Png),
        &nearest(2),
    )
    .unwrap();
    let out = decode(&out).unwrap();
    let corner = |x: usize, y: usize| out.samples[y * 32 + x];
    let corners = [corner(0, 0), corner(31, 0), corner(0, 31), corner(31, 31)];
    for (got, expected) in corners.iter().zip([160_u8, 40, 230, 90]) {
        assert!(got.abs_diff(expected) <= 1, "{corners:?}");
    }
}

#[test]
fn the_orientation_can_be_kept() {
    for format in ALL_FORMATS {
        let mut stored = noise((3, 2), Channels::Rgb, Depth::Eight);
        stored.metadata.exif = Some(exif_block(6));
        let bytes = encode(&stored, format);
        let bytes = if format == Format::Tiff {
            with_orientation(bytes, 6)
        } else {
            bytes
        };
        let options = Options {
            keep_orientation: true,
            ..nearest(2)
        };
        let out = decode(&enlarged(&bytes, None, &options).unwrap().1).unwrap();
        assert_eq!((out.header.width, out.header.height), (6, 4));
        assert_eq!(out.metadata.orientation, Orientation::Clockwise, "{format}");
    }
}

/// Our own TIFF with another orientation tag.
fn with_orientation(mut tiff: Vec<u8>, tag: u16) -> Vec<u8> {
    let at = tiff
        .windows(8)
        .rposition(|w| w == [0x12, 0x01, 3, 0, 1, 0, 0, 0])
        .expect("the tag is written");
    tiff[at + 8] = tag as u8;
    tiff
}

#[test]
fn png_colour_chunks_are_kept() {
    let mut small = noise((2, 2), Channels::Rgb, Depth::Eight);
    small.metadata.png.gamma = Some(png::ScaledFloat::new(0.5));
    let out = decode(
        &enlarged(&encode(&small, Format::Png), None, &nearest(2))
            .unwrap()
            .1,
    )
    .unwrap();
    assert_eq!(out.metadata.png, small.metadata.png);
    small.metadata.png = PngColour::default();
    small.metadata.png.srgb = Some(png::SrgbRenderingIntent::Perceptual);
    let out = decode(
        &enlarged(&encode(&small, Format::Png), None, &nearest(2))
            .unwrap()
            .1,
    )
    .unwrap();
    assert_eq!(out.metadata.png.srgb, small.metadata.png.srgb);
}

fn raw_png(info: png::Info<'_>, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = png::Encoder::with_info(&mut out, info)
        .unwrap()
        .write_header()
        .unwrap();
    let mut coder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    coder.write_all(data).unwrap();
    writer
        .write_chunk(png::chunk::IDAT, &coder.finish().unwrap())
        .unwrap();
    writer.write_chunk(png::chunk::IEND, &[]).unwrap();
    drop(writer);
    // The encoder adds an end of its own when it is dropped.
    out.truncate(out.windows(4).position(|w| w == b"IEND").unwrap() + 8);
    out
}

#[test]
fn palettes_and_few_bits_are_expanded() {
    let mut info = png::Info::with_size(3, 1);
    info.color_type = png::ColorType::Indexed;
    info.bit_depth = png::BitDepth::Two;
    info.palette = Some(vec![1, 2, 3, 40, 50, 60, 7, 8, 9].into());
    let opaque = decode(&raw_png(info.clone(), &[0, 0b00_01_10_00])).unwrap();
    assert_eq!(
        (opaque.header.channels, opaque.header.depth),
        (Channels::Rgb, Depth::Eight)
    );
    assert_eq!(opaque.samples, [1, 2, 3, 40, 50, 60, 7, 8, 9]);
    info.trns = Some(vec![255, 128].into());
    let clear = decode(&raw_png(info, &[0, 0b00_01_10_00])).unwrap();
    assert_eq!(clear.header.channels, Channels::Rgba);
    assert_eq!(clear.samples, [1, 2, 3, 255, 40, 50, 60, 128, 7, 8, 9, 255]);

    let mut info = png::Info::with_size(5, 1);
    info.color_type = png::ColorType::Grayscale;
    info.bit_depth = png::BitDepth::One;
    let bits = decode(&raw_png(info.clone(), &[0, 0b1010_1000])).unwrap();
    assert_eq!(
        (bits.header.channels, bits.samples),
        (Channels::Grey, vec![255, 0, 255, 0, 255])
    );
    info.bit_depth = png::BitDepth::Sixteen;
    info.trns = Some(vec![0x12, 0x34].into());
    let keyed = decode(&raw_png(
        info,
        &[0, 0x12, 0x34, 0, 1, 0, 2, 0, 3, 0x12, 0x34],
    ))
    .unwrap();
    assert_eq!(
        (keyed.header.channels, keyed.header.depth),
        (Channels::GreyAlpha, Depth::Sixteen)
    );
    assert_eq!(
        values(&keyed),
        [0x1234, 0, 1, 65_535, 2, 65_535, 3, 65_535, 0x1234, 0]
    );
}

#[test]
fn an_interlaced_png_is_read_and_counted_whole() {
    // Adam7 passes of a picture of 3 x 3: pixel 0,0; then 2,0; then row 2 of those; then column 1; then row 1.
    let mut info = png::Info::with_size(3, 3);
    info.color_type = png::ColorType::Grayscale;
    info.interlaced = true;
    let data = [
        [0, 1].as_slice(), // pass 1: (0,0)
        &[0, 7, 9],        // pass 5: row 2, columns 0 and 2
        &[0, 2, 0, 8],     // pass 6: column 1 of rows 0 and 2
        &[0, 4, 5, 6],     // pass 7: row 1
    ];
    // Pass 4 holds column 2 of row 0.
    let data = [data[0], &[0, 3], data[1], data[2], data[3]].concat();
    let bytes = raw_png(info, &data);
    let read = decode(&bytes).unwrap();
    assert_eq!(read.samples, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let (_, out) = enlarged(&bytes, None, &nearest(1)).unwrap();
    assert_eq!(decode(&out).unwrap().samples, read.samples);
}

/// A TIFF made of directory entries (tag, type, count, value) and data that begins at byte 8.
fn raw_tiff(entries: &[(u16, u16, u32, u32)], data: &[u8]) -> Vec<u8> {
    let mut out = b"II\x2a\0".to_vec();
    out.extend((8 + data.len() as u32).to_le_bytes());
    out.extend(data);
    out.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        out.extend(tag.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend(count.to_le_bytes());
        out.extend(value.to_le_bytes());
    }
    out.extend([0; 4]);
    out
}

#[test]
fn tiff_tiles_planes_bits_and_associated_alpha_are_read() {
    // One tile of 16 x 16 of which 3 x 2 pixels count.
    let mut tile = vec![0_u8; 256];
    tile[..3].copy_from_slice(&[1, 2, 3]);
    tile[16..19].copy_from_slice(&[4, 5, 6]);
    let base = |samples: u32, bits: u32| {
        vec![
            (256, 3, 1, 3),
            (257, 3, 1, 2),
            (258, 3, 1, bits),
            (262, 3, 1, 1),
            (277, 3, 1, samples),
        ]
    };
    let with = |mut entries: Vec<_>, more: &[(u16, u16, u32, u32)]| {
        entries.extend_from_slice(more);
        entries.sort_by_key(|entry: &(u16, u16, u32, u32)| entry.0);
        entries
    };
    let tiled = raw_tiff(
        &with(
            base(1, 8),
            &[
                (322, 3, 1, 16),
                (323, 3, 1, 16),
                (324, 4, 1, 8),
                (325, 4, 1, 256),
            ],
        ),
        &tile,
    );
    assert_eq!(decode(&tiled).unwrap().samples, [1, 2, 3, 4, 5, 6]);

    let strip = |count| [(273, 4, 1, 8), (278, 3, 1, 2), (279, 4, 1, count)];
    let bits = raw_tiff(&with(base(1, 1), &strip(2)), &[0b1010_0000, 0b0110_0000]);
    assert_eq!(decode(&bits).unwrap().samples, [255, 0, 255, 0, 255, 255]);

    let alpha = with(base(2, 8 | 8 << 16), &strip(12));
    let alpha: Vec<_> = alpha
        .into_iter()
        .map(|e| {
            if e.0 == 258 {
                (258, 3, 2, 0x0008_0008)
            } else {
                e
            }
        })
        .collect();
    let data = [10, 20, 0, 0, 255, 255, 10, 20, 0, 0, 255, 255];
    let associated = raw_tiff(&with(alpha.clone(), &[(338, 3, 1, 1)]), &data);
    let read = decode(&associated).unwrap();
    assert!(read.header.premultiplied);
    let out = decode(
        &enlarged(&associated, Some(Format::Png), &nearest(1))
            .unwrap()
            .1,
    )
    .unwrap();
    assert_eq!(
        out.samples,
        [128, 20, 0, 0, 255, 255, 128, 20, 0, 0, 255, 255]
    );
    assert!(
        decode(&raw_tiff(&alpha, &data)).is_err(),
        "two samples without a meaning"
    );

    // Two planes of 3 x 2: grey, then alpha; the strips' places stand behind the data.
    let planar = with(
        alpha
            .into_iter()
            .filter(|e| e.0 != 273 && e.0 != 279)
            .collect(),
        &[
            (284, 3, 1, 2),
            (338, 3, 1, 2),
            (273, 4, 2, 20),
            (279, 4, 2, 28),
        ],
    );
    let mut data = vec![1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16];
    for number in [8_u32, 14, 6, 6] {
        data.extend(number.to_le_bytes());
    }
    let read = decode(&raw_tiff(&planar, &data)).unwrap();
    assert_eq!(read.samples, [1, 11, 2, 12, 3, 13, 4, 14, 5, 15, 6, 16]);
}
