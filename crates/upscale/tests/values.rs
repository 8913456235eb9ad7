//! What the pixels of an enlarged picture are, whatever the bands and the threads.

mod common;

use common::*;
use convt_upscale::{Channels, Depth, Format, Method, Options};
use proptest::prelude::*;

fn methods() -> Vec<Method> {
    let mut methods: Vec<Method> = Method::NAMES
        .iter()
        .map(|name| Method::named(name).unwrap())
        .collect();
    let values = vec![1.0, 2.0, 3.5, 4.0, 2.0, 1.0, 0.5];
    let square = (0..49).map(|n| 1.0 + f64::from(n % 5)).collect();
    methods.push(Method::Given {
        name: "line".into(),
        shape: vec![7],
        values,
    });
    methods.push(Method::Given {
        name: "square".into(),
        shape: vec![7, 7],
        values: square,
    });
    methods
}

#[test]
fn a_flat_picture_stays_flat_to_the_edge() {
    for method in methods() {
        for scale in [1, 2, 3, 4, 7] {
            for channels in ALL_CHANNELS {
                for depth in ALL_DEPTHS {
                    for size in [(1, 1), (1, 5), (6, 2)] {
                        let grey = if depth == Depth::Eight { 201 } else { 51_203 };
                        let flat = picture(size, channels, depth, |_| grey);
                        let options = Options {
                            scale,
                            method: method.clone(),
                            ..Options::default()
                        };
                        let (_, out) =
                            enlarged(&encode(&flat, Format::Png), None, &options).unwrap();
                        let out = decode(&out).unwrap();
                        assert_eq!(
                            (out.header.width, out.header.height),
                            (size.0 * scale, size.1 * scale)
                        );
                        assert_eq!((out.header.channels, out.header.depth), (channels, depth));
                        let wrong = values(&out)
                            .iter()
                            .filter(|v| u32::from(**v) != grey)
                            .count();
                        assert_eq!(
                            wrong, 0,
                            "{method} x{scale} {channels:?} {depth:?} {size:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn bands_and_threads_change_no_byte() {
    for method in methods() {
        for scale in [2, 3] {
            let input = encode(
                &noise((13, 17), Channels::Rgba, Depth::Sixteen),
                Format::Png,
            );
            let run = |band_rows, threads| {
                let options = Options {
                    scale,
                    method: method.clone(),
                    band_rows,
                    threads,
                    ..Options::default()
                };
                enlarged(&input, None, &options).unwrap().1
            };
            let whole = run(Some(17), 1);
            for rows in [1, 2, 3, 7, 16, 100] {
                assert_eq!(
                    run(Some(rows), 1),
                    whole,
                    "{method} x{scale} in bands of {rows}"
                );
            }
            for threads in [0, 2, 3] {
                assert_eq!(
                    run(Some(3), threads),
                    whole,
                    "{method} x{scale} on {threads} threads"
                );
            }
            assert_eq!(run(None, 0), whole);
        }
    }
}

#[test]
fn nearest_repeats_pixels() {
    for channels in [Channels::Grey, Channels::Rgb] {
        for depth in ALL_DEPTHS {
            let small = noise((5, 4), channels, depth);
            let options = Options {
                scale: 3,
                method: Method::Nearest,
                ..Options::default()
            };
            let (_, out) = enlarged(&encode(&small, Format::Png), None, &options).unwrap();
            let (small_values, out) = (values(&small), values(&decode(&out).unwrap()));
            let c = channels.count();
            for y in 0..12 {
                for x in 0..15 {
                    for k in 0..c {
                        assert_eq!(
                            out[(y * 15 + x) * c + k],
                            small_values[(y / 3 * 5 + x / 3) * c + k]
                        );
                    }
                }
            }
        }
    }
}

/// A kernel as a function of the distance.
type Continuous<'a> = &'a dyn Fn(f64) -> f64;

/// The method by its definition: the continuous kernel at the distance of half-pixel centres, edges repeated, weights
/// divided by their sum, in f64 and without a transposed convolution.
fn by_definition(row: &[u16], scale: usize, support: f64, h: Continuous<'_>) -> Vec<f64> {
    let n = row.len() as i64;
    (0..row.len() * scale)
        .map(|o| {
            let centre = (o as f64 + 0.5) / scale as f64 - 0.5;
            let (mut sum, mut weights) = (0.0, 0.0);
            for q in (centre - support).floor() as i64..=(centre + support).ceil() as i64 {
                let u = centre - q as f64;
                if u.abs() < support {
                    sum += h(u) * f64::from(row[q.clamp(0, n - 1) as usize]);
                    weights += h(u);
                }
            }
            sum / weights
        })
        .collect()
}

#[test]
fn the_methods_are_their_definitions() {
    let sinc = |u: f64| {
        let v = std::f64::consts::PI * u;
        if v == 0.0 { 1.0 } else { v.sin() / v }
    };
    let cubic = |u: f64| {
        let u = u.abs();
        if u <= 1.0 {
            1.5 * u.powi(3) - 2.5 * u.powi(2) + 1.0
        } else {
            -0.5 * u.powi(3) + 2.5 * u.powi(2) - 4.0 * u + 2.0
        }
    };
    let kernels: [(&str, f64, Continuous<'_>); 3] = [
        ("bilinear", 1.0, &|u: f64| 1.0 - u.abs()),
        ("bicubic", 2.0, &cubic),
        ("lanczos", 3.0, &|u: f64| sinc(u) * sinc(u / 3.0)),
    ];
    for (name, support, h) in kernels {
        for scale in 1..=8 {
            // Both ways of lying: along the row, and down the column.
            for size in [(11, 1), (1, 11)] {
                let line = noise(size, Channels::Grey, Depth::Sixteen);
                let expected = by_definition(&values(&line), scale, support, h);
                let options = Options {
                    scale,
                    method: Method::named(name).unwrap(),
                    ..Options::default()
                };
                let (_, out) = enlarged(&encode(&line, Format::Png), None, &options).unwrap();
                let out = values(&decode(&out).unwrap());
                let across = if size.1 == 1 { 1 } else { scale };
                for (o, expected) in expected.iter().enumerate() {
                    let got = f64::from(out[o * across]);
                    let expected = expected.clamp(0.0, 65_535.0);
                    // Half a step of rounding, and f32's error of a few sums of numbers up to 2^16.
                    assert!(
                        (got - expected).abs() <= 0.5 + 0.07,
                        "{name} x{scale} at {o}: {got} and {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn no_dark_fringe_where_a_colour_meets_nothing() {
    // White and opaque on the left, black and clear on the right.
    let edge = picture((8, 8), Channels::Rgba, Depth::Eight, |n| {
        if n / 4 % 8 < 4 { 255 } else { 0 }
    });
    for method in methods() {
        let options = Options {
            scale: 3,
            method: method.clone(),
            ..Options::default()
        };
        let (_, out) = enlarged(&encode(&edge, Format::Png), None, &options).unwrap();
        for pixel in decode(&out).unwrap().samples.chunks_exact(4) {
            let expected = if pixel[3] == 0 { 0 } else { 255 };
            assert!(
                pixel[..3].iter().all(|v| *v == expected),
                "{method}: {pixel:?}"
            );
        }
    }
}

#[test]
fn linear_light_differs_and_keeps_flat_pictures() {
    let options = Options {
        linear: true,
        method: Method::Bilinear,
        ..Options::default()
    };
    let flat = picture((3, 3), Channels::Rgb, Depth::Eight, |n| [0, 90, 255][n % 3]);
    let (_, out) = enlarged(&encode(&flat, Format::Png), None, &options).unwrap();
    assert!(
        decode(&out)
            .unwrap()
            .samples
            .chunks_exact(3)
            .all(|p| p == [0, 90, 255])
    );
    let edge = picture((2, 1), Channels::Grey, Depth::Eight, |n| n as u32 * 255);
    let (_, out) = enlarged(&encode(&edge, Format::Png), None, &options).unwrap();
    // A quarter of white light is sRGB's 137, not 64; three quarters are 225.
    assert_eq!(decode(&out).unwrap().samples[..4], [0, 137, 225, 255]);
}

#[test]
fn depth_and_background_are_as_asked() {
    let input = encode(
        &picture((2, 2), Channels::GreyAlpha, Depth::Sixteen, |n| {
            if n % 2 == 0 { 65_535 } else { 0 }
        }),
        Format::Png,
    );
    let options = Options {
        depth: Some(Depth::Eight),
        background: Some([10, 20, 30]),
        ..Options::default()
    };
    let (report, out) = enlarged(&input, None, &options).unwrap();
    assert_eq!(
        (report.output.channels, report.output.depth),
        (Channels::Rgb, Depth::Eight)
    );
    assert!(
        decode(&out)
            .unwrap()
            .samples
            .chunks_exact(3)
            .all(|p| p == [10, 20, 30])
    );
    let grey = Options {
        background: Some([7, 7, 7]),
        ..options
    };
    assert_eq!(
        enlarged(&input, None, &grey).unwrap().0.output.channels,
        Channels::Grey
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_picture_in_any_bands_is_the_same(
        width in 1_usize..12,
        height in 1_usize..12,
        scale in 1_usize..6,
        rows in 1_usize..13,
        method in 0_usize..4,
        channels in 0_usize..4,
        depth in 0_usize..2,
    ) {
        let input = encode(&noise((width, height), ALL_CHANNELS[channels], ALL_DEPTHS[depth]), Format::Png);
        let method = Method::named(Method::NAMES[method]).unwrap();
        let run = |band_rows| {
            let options = Options { scale, method: method.clone(), band_rows, threads: 1, ..Options::default() };
            enlarged(&input, None, &options).unwrap().1
        };
        prop_assert_eq!(run(Some(rows)), run(Some(height)));
    }
}
