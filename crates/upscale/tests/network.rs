//! Pictures enlarged by networks: the numbers, whatever the bands, strips and threads; and files that are no network.

mod common;

use common::*;
use convt_testkit::{Fsrcnn, Named, safetensors};
use convt_upscale::{Channels, Depth, Error, Format, Method, Network, Options, Weights};

const SMALL: Fsrcnn = Fsrcnn {
    scale: 2,
    wide: 5,
    narrow: 3,
    maps: 2,
    kernel: 9,
};

fn method(shape: &Fsrcnn, tensors: &Named) -> Method {
    let weights = Weights::parse(&shape.file(tensors), "test.safetensors").unwrap();
    Method::Network(Network::given(weights, "test.safetensors"))
}

fn options(shape: &Fsrcnn, method: &Method) -> Options {
    Options {
        scale: shape.scale,
        method: method.clone(),
        ..Options::default()
    }
}

/// A plane of numbers; whoever asks beyond it gets the nearest edge's.
struct Plane {
    width: isize,
    height: isize,
    data: Vec<f64>,
}

impl Plane {
    fn at(&self, y: isize, x: isize) -> f64 {
        let (y, x) = (y.clamp(0, self.height - 1), x.clamp(0, self.width - 1));
        self.data[(y * self.width + x) as usize]
    }
}

/// Planes without edges: `left` rows and columns lie before row 0 and column 0 of the picture.
struct Planes {
    left: isize,
    side: [isize; 2],
    data: Vec<Vec<f64>>,
}

/// FSRCNN by its definition, in f64, from luma to luma.
fn defined(shape: &Fsrcnn, tensors: &Named, picture: &Plane) -> Vec<f64> {
    let (n, k) = (shape.scale as isize, shape.kernel as isize);
    let margin = 40; // more than any radius
    let side = [picture.height + 2 * margin, picture.width + 2 * margin];
    let extended = (0..side[0] * side[1])
        .map(|at| picture.at(at / side[1] - margin, at % side[1] - margin))
        .collect();
    let mut planes = Planes {
        left: margin,
        side,
        data: vec![extended],
    };
    for (name, from, to, k) in shape.convolutions() {
        let tensor = |part: &str| &tensors[&format!("{name}.{part}")].1;
        let (weight, bias, slopes) = (tensor("weight"), tensor("bias"), tensor("prelu"));
        let side = planes.side.map(|side| side - k as isize + 1);
        let output = |c: usize| {
            let sum = |at: isize| {
                let (y, x) = (at / side[1], at % side[1]);
                let mut sum = f64::from(bias[c]);
                for i in 0..from {
                    for t in 0..k * k {
                        let (dy, dx) = ((t / k) as isize, (t % k) as isize);
                        let value = planes.data[i][((y + dy) * planes.side[1] + x + dx) as usize];
                        sum += f64::from(weight[(c * from + i) * k * k + t]) * value;
                    }
                }
                if sum > 0.0 {
                    sum
                } else {
                    sum * f64::from(slopes[c])
                }
            };
            (0..side[0] * side[1]).map(sum).collect()
        };
        planes = Planes {
            left: planes.left - k as isize / 2,
            side,
            data: (0..to).map(output).collect(),
        };
    }
    let (weight, bias) = (&tensors["upsample.weight"].1, tensors["upsample.bias"].1[0]);
    let begin = (k - n + 1) / 2;
    let (height, width) = (picture.height * n, picture.width * n);
    let mut result = vec![f64::from(bias); (height * width) as usize];
    // Pixel q adds tap t to the element q*n + t - begin of the result.
    let reach = k / n + 2;
    for qy in -reach..picture.height + reach {
        for qx in -reach..picture.width + reach {
            for t in 0..k * k {
                let (oy, ox) = (qy * n + t / k - begin, qx * n + t % k - begin);
                if (0..height).contains(&oy) && (0..width).contains(&ox) {
                    let at = ((qy + planes.left) * planes.side[1] + qx + planes.left) as usize;
                    for (channel, plane) in planes.data.iter().enumerate() {
                        let tap = weight[(channel as isize * k * k + t) as usize];
                        result[(oy * width + ox) as usize] += f64::from(tap) * plane[at];
                    }
                }
            }
        }
    }
    result
}

#[test]
fn a_network_is_its_definition_up_to_the_edge() {
    let shapes = [
        SMALL,
        Fsrcnn { scale: 3, ..SMALL },
        Fsrcnn {
            scale: 4,
            maps: 0,
            ..SMALL
        },
        Fsrcnn {
            scale: 1,
            kernel: 3,
            ..SMALL
        },
        Fsrcnn {
            scale: 2,
            kernel: 2,
            maps: 1,
            wide: 20,
            narrow: 1,
        },
        Fsrcnn {
            scale: 3,
            kernel: 10,
            maps: 5,
            wide: 2,
            narrow: 6,
        },
    ];
    for (seed, shape) in shapes.iter().enumerate() {
        let tensors = shape.random(seed as u64 + 1);
        let options = options(shape, &method(shape, &tensors));
        for size in [(7, 5), (1, 1), (2, 19)] {
            let small = noise(size, Channels::Grey, Depth::Sixteen);
            let (_, out) = enlarged(&encode(&small, Format::Png), None, &options).unwrap();
            let luma = |v: &u16| (16.0 + 219.0 * f64::from(*v) / 65_535.0) / 255.0;
            let plane = Plane {
                width: size.0 as isize,
                height: size.1 as isize,
                data: values(&small).iter().map(luma).collect(),
            };
            let expected = defined(shape, &tensors, &plane);
            let mut inside = 0;
            for (got, wanted) in values(&decode(&out).unwrap()).iter().zip(&expected) {
                let wanted = (wanted * 255.0 - 16.0) / 219.0 * 65_535.0;
                let kept = wanted.clamp(0.0, 65_535.0);
                inside += usize::from(kept == wanted);
                assert!(
                    (f64::from(*got) - kept).abs() <= 1.5,
                    "{shape:?} {size:?}: {got} {wanted}"
                );
            }
            assert!(inside > 0, "{shape:?} {size:?}: only black and white");
        }
    }
}

/// A kernel of `k x k` taps that repeats pixels.
fn blocks(shape: &Fsrcnn) -> Vec<f32> {
    let (n, k) = (shape.scale, shape.kernel);
    let begin = (k - n).div_ceil(2);
    let inside = |t: usize| (begin..begin + n).contains(&t);
    (0..k * k)
        .map(|t| f32::from(u8::from(inside(t / k) && inside(t % k))))
        .collect()
}

#[test]
fn a_network_that_only_repeats_pixels_is_nearest() {
    for scale in [1, 2, 3, 4] {
        let shape = Fsrcnn { scale, ..SMALL };
        let network = options(&shape, &method(&shape, &shape.linear(&blocks(&shape))));
        let nearest = Options {
            method: Method::Nearest,
            ..network.clone()
        };
        for depth in ALL_DEPTHS {
            let tolerance = u16::from(depth != Depth::Eight);
            for channels in [Channels::Grey, Channels::GreyAlpha] {
                let small = encode(&noise((9, 6), channels, depth), Format::Png);
                let ours = values(&decode(&enlarged(&small, None, &network).unwrap().1).unwrap());
                let there = values(&decode(&enlarged(&small, None, &nearest).unwrap().1).unwrap());
                for (a, b) in ours.iter().zip(&there) {
                    assert!(
                        a.abs_diff(*b) <= tolerance,
                        "x{scale} {channels:?} {depth:?}: {a} {b}"
                    );
                }
            }
        }
    }
}

#[test]
fn flat_colours_stay_flat() {
    let network = options(&SMALL, &method(&SMALL, &SMALL.linear(&blocks(&SMALL))));
    for channels in ALL_CHANNELS {
        for depth in ALL_DEPTHS {
            let count = channels.count();
            let colour = |n: usize| {
                [200, 31, 99, 180][n % count] * if depth == Depth::Eight { 1 } else { 257 }
            };
            let small = encode(&picture((5, 4), channels, depth, colour), Format::Png);
            let out = decode(&enlarged(&small, None, &network).unwrap().1).unwrap();
            for (n, value) in values(&out).iter().enumerate() {
                let off = u32::from(*value).abs_diff(colour(n));
                let tolerance = u32::from(depth == Depth::Sixteen);
                assert!(off <= tolerance, "{channels:?} {depth:?} {n}: {value}");
            }
        }
    }
}

#[test]
fn bands_strips_and_threads_change_no_byte() {
    let shape = Fsrcnn { maps: 3, ..SMALL };
    let method = method(&shape, &shape.random(7));
    for channels in ALL_CHANNELS {
        // Two strips for width's sake, four for four threads.
        let input = encode(&noise((300, 41), channels, Depth::Sixteen), Format::Png);
        let run = |band_rows, threads| {
            let options = Options {
                band_rows,
                threads,
                ..options(&shape, &method)
            };
            enlarged(&input, None, &options).unwrap().1
        };
        let whole = run(Some(41), 1);
        for (rows, threads) in [(1, 1), (7, 1), (16, 3), (17, 2), (40, 4), (100, 0)] {
            assert!(
                run(Some(rows), threads) == whole,
                "{channels:?}: bands of {rows} rows on {threads} threads"
            );
        }
        assert!(run(None, 2) == whole);
        let narrow = encode(&noise((3, 2), channels, Depth::Eight), Format::Png);
        let options = options(&shape, &method);
        enlarged(&narrow, None, &options).unwrap();
    }
}

#[test]
fn opaque_pictures_are_the_same_with_and_without_alpha() {
    let shape = Fsrcnn { scale: 3, ..SMALL };
    let options = options(&shape, &method(&shape, &shape.random(3)));
    let with = noise((12, 9), Channels::Rgba, Depth::Eight);
    let samples = values(&with);
    let opaque = picture((12, 9), Channels::Rgba, Depth::Eight, |n| {
        if n % 4 == 3 { 255 } else { samples[n].into() }
    });
    let bare = picture((12, 9), Channels::Rgb, Depth::Eight, |n| {
        samples[n / 3 * 4 + n % 3].into()
    });
    let out = |picture| {
        values(
            &decode(
                &enlarged(&encode(picture, Format::Png), None, &options)
                    .unwrap()
                    .1,
            )
            .unwrap(),
        )
    };
    let (opaque, bare) = (out(&opaque), out(&bare));
    for (four, three) in opaque.chunks_exact(4).zip(bare.chunks_exact(3)) {
        assert_eq!(four[3], 255);
        // The kernel's phases sum to 1 but for their rounding, by which colours are divided.
        assert!(
            four.iter().zip(three).all(|(a, b)| a.abs_diff(*b) <= 1),
            "{four:?} {three:?}"
        );
    }
    let clear = picture((12, 9), Channels::Rgba, Depth::Eight, |n| {
        if n % 4 == 3 { 0 } else { samples[n].into() }
    });
    assert!(out(&clear).iter().all(|v| *v == 0));
}

#[test]
fn memory_is_counted_and_bounds_the_bands() {
    let method = method(&SMALL, &SMALL.random(1));
    let input = encode(&noise((64, 900), Channels::Rgb, Depth::Eight), Format::Png);
    let run = |max_memory| {
        let options = Options {
            max_memory,
            threads: 2,
            ..options(&SMALL, &method)
        };
        enlarged(&input, None, &options).map(|(report, _)| report)
    };
    let free = run(1 << 30).unwrap();
    let Err(Error::Memory { needed, .. }) = run(1 << 20) else {
        panic!("a mebibyte is too little");
    };
    assert!(needed < free.memory);
    let least = run(needed).unwrap();
    assert_eq!((least.band_rows, least.memory), (1, needed));
    let more = run(needed + (1 << 19)).unwrap();
    assert!(more.band_rows > 1 && more.memory <= needed + (1 << 19));
}

#[test]
fn scales_and_light_that_a_network_lacks_are_refused() {
    let method = method(&SMALL, &SMALL.random(1));
    let refused = |options: Options| {
        let error = options.check().unwrap_err();
        assert!(error.is_refusal());
        error.to_string()
    };
    let options = options(&SMALL, &method);
    let scale = refused(Options {
        scale: 3,
        ..options.clone()
    });
    assert!(
        scale.contains("enlarges 2 times and the scale is 3") && scale.contains("-s 2"),
        "{scale}"
    );
    let linear = refused(Options {
        linear: true,
        ..options
    });
    assert!(linear.contains("--linear"), "{linear}");
}

#[test]
fn files_that_are_no_network_are_refused_in_a_sentence() {
    let good = SMALL.random(1);
    let words = |network: &str, scale: &str| {
        vec![
            ("convt.network", network.to_owned()),
            ("convt.scale", scale.to_owned()),
        ]
    };
    let refused = |metadata: &[(&str, String)], tensors: &Named| {
        let error = Weights::parse(&safetensors(metadata, tensors), "my.safetensors").unwrap_err();
        assert!(error.is_refusal());
        let text = error.to_string();
        assert!(
            text.starts_with("my.safetensors is no network that convt runs: "),
            "{text}"
        );
        text
    };
    let right = words("fsrcnn", "2");
    assert!(Weights::parse(&safetensors(&right, &good), "").is_ok());
    assert!(refused(&[], &good).contains("no convt.network"));
    assert!(refused(&words("espcn", "2"), &good).contains("\"espcn\""));
    for scale in ["", "0", "2.5", "65"] {
        assert!(
            refused(&words("fsrcnn", scale), &good).contains(&format!("convt.scale = {scale:?}"))
        );
    }
    let with = |name: &str, change: &dyn Fn(&mut Named)| {
        let mut tensors = good.clone();
        change(&mut tensors);
        let text = refused(&right, &tensors);
        assert!(text.contains(&format!("{name:?}")), "{text}");
        text
    };
    for name in good.keys() {
        with(name, &|tensors| {
            tensors.get_mut(name).unwrap().1[0] = f32::INFINITY;
        });
        // Without its weight, the last mapping layer is not one, and a bias is left that belongs to none.
        if name.starts_with("map.") && name.ends_with("weight") {
            continue;
        }
        with(name, &|tensors| drop(tensors.remove(name)));
    }
    let text = with("shrink.bias", &|tensors| {
        tensors.insert("shrink.bias".to_owned(), (vec![4], vec![0.0; 4]));
    });
    assert!(text.contains("[4]: expected [3]"), "{text}");
    let text = with("upsample.weight", &|tensors| {
        tensors.insert(
            "upsample.weight".to_owned(),
            (vec![5, 1, 1, 1], vec![0.0; 5]),
        );
    });
    assert!(text.contains("k from 2, the scale"), "{text}");
    with("extra", &|tensors| {
        tensors.insert("extra".to_owned(), (vec![1], vec![0.0]));
    });
    let broken = Weights::parse(b"no file", "x").unwrap_err().to_string();
    assert!(broken.contains("x is no network"), "{broken}");
}
