//! Random problems: small legal ones for every property, and illegal ones that must be refused without a panic.

use convt_geometry::{Axis, Crop, Op, Padding, Problem, ProblemAxis};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Any legal problem of both operations with 1 to 3 axes: groups, depthwise, dilation, output_padding, output_size,
/// padding in every framework's words, per side, and signed crops. Small: at most a few thousand products per axis pair.
pub fn any_problem() -> BoxedStrategy<Problem> {
    (
        prop_oneof![Just(Op::ConvTranspose), Just(Op::Conv)],
        1..=3usize,
    )
        .prop_flat_map(|(op, dims)| problem_of(op, dims))
        .boxed()
}

/// [`any_problem`] of one operation and number of axes.
pub fn problem_of(op: Op, dims: usize) -> BoxedStrategy<Problem> {
    let axes = prop::collection::vec(any_axis(op, dims), dims);
    (axes, channels(), 1..=3usize, any::<bool>())
        .prop_map(move |(axes, channels, batch, bias)| {
            let (in_channels, out_channels, groups) = channels;
            Problem {
                batch,
                in_channels,
                out_channels,
                groups,
                bias,
                ..Problem::new(op, axes)
            }
        })
        .boxed()
}

/// `count` problems that depend on `seed` alone, for tests that are no properties.
///
/// # Panics
/// Never: [`any_problem`] rejects nothing.
pub fn problems(seed: u64, count: usize) -> Vec<Problem> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = any_problem();
    (0..count)
        .map(|_| {
            strategy
                .new_tree(&mut runner)
                .expect("nothing is rejected")
                .current()
        })
        .collect()
}

/// `(in_channels, out_channels, groups)`: plain, grouped, or depthwise with a multiplier.
fn channels() -> BoxedStrategy<(usize, usize, usize)> {
    prop_oneof![
        3 => (1..=9usize, 1..=9usize).prop_map(|(a, b)| (a, b, 1)),
        2 => (1..=3usize, 1..=3usize, 2..=3usize).prop_map(|(a, b, g)| (a * g, b * g, g)),
        2 => (1..=9usize, 1..=2usize).prop_map(|(g, multiplier)| (g, g * multiplier, g)),
    ]
    .boxed()
}

/// How the padding of an axis is said; the numbers are folded into the legal range afterwards.
#[derive(Clone, Copy, Debug)]
enum Words {
    Torch,
    OutputSize,
    Sides,
    Signed,
    Same,
    Valid,
    SameUpper,
    SameLower,
    Jax,
}

fn any_axis(op: Op, dims: usize) -> BoxedStrategy<ProblemAxis> {
    // Volumes grow with the number of axes, so sizes shrink with it.
    let (input, kernel) =
        [(1..=24usize, 1..=7usize), (1..=9, 1..=5), (1..=5, 1..=3)][dims - 1].clone();
    let words = prop_oneof![
        4 => Just(Words::Torch),
        1 => Just(Words::OutputSize),
        2 => Just(Words::Sides),
        2 => Just(Words::Signed),
        1 => Just(Words::Same),
        1 => Just(Words::Valid),
        1 => Just(Words::SameUpper),
        1 => Just(Words::SameLower),
        1 => Just(Words::Jax),
    ];
    let numbers = (0..=8usize, 0..=8usize, 0..=3usize);
    (input, kernel, 1..=4usize, 1..=3usize, words, numbers)
        .prop_map(move |(input, kernel, stride, dilation, words, numbers)| {
            let bare = ProblemAxis {
                stride,
                dilation,
                ..ProblemAxis::new(input, kernel)
            };
            let axis = say(op, bare, words, numbers);
            if is_legal(op, &axis) {
                return axis;
            }
            // Without padding a transposed convolution is always legal, and a convolution once the kernel fits.
            let span = dilation * (kernel - 1) + 1;
            ProblemAxis {
                input: if op == Op::Conv {
                    input.max(span)
                } else {
                    input
                },
                ..bare
            }
        })
        .boxed()
}

fn is_legal(op: Op, axis: &ProblemAxis) -> bool {
    let output = |canonical: Axis| canonical.output(op, axis.input);
    axis.axis(op).and_then(output).is_ok()
}

fn say(op: Op, bare: ProblemAxis, words: Words, numbers: (usize, usize, usize)) -> ProblemAxis {
    let (a, b, c) = numbers;
    let span = bare.dilation * (bare.kernel - 1) + 1;
    let transposed = op == Op::ConvTranspose;
    // Paddings from 0 to one beyond the span: the last ones crop away whole stamps.
    let (p, q) = (a % (span + 2), b % (span + 2));
    let extra = if transposed {
        c % bare.stride.max(bare.dilation)
    } else {
        0
    };
    let small = |n: usize| n as isize - 3;
    match words {
        Words::Torch => ProblemAxis {
            padding: Padding::Both(p),
            output_padding: extra,
            ..bare
        },
        Words::OutputSize if transposed => {
            let padded = ProblemAxis {
                padding: Padding::Both(p),
                ..bare
            };
            let size = padded.axis(op).and_then(|axis| axis.output(op, bare.input));
            ProblemAxis {
                output_size: size.ok().map(|size| size + c % bare.stride),
                ..padded
            }
        }
        Words::OutputSize | Words::Sides => ProblemAxis {
            padding: Padding::Sides { begin: p, end: q },
            output_padding: extra,
            ..bare
        },
        Words::Signed => ProblemAxis {
            padding: Padding::Signed(Crop::new(small(p), small(q))),
            ..bare
        },
        Words::Jax => ProblemAxis {
            padding: Padding::Jax {
                lo: small(p),
                hi: small(q),
            },
            ..bare
        },
        Words::Same => ProblemAxis {
            padding: Padding::Same,
            ..bare
        },
        Words::Valid => ProblemAxis {
            padding: Padding::Valid,
            ..bare
        },
        Words::SameUpper => ProblemAxis {
            padding: Padding::SameUpper,
            ..bare
        },
        Words::SameLower => ProblemAxis {
            padding: Padding::SameLower,
            ..bare
        },
    }
}

/// Problems made of 0, 1, small numbers and the limits of the integer types: most are illegal, none may panic.
pub fn hostile_problem() -> BoxedStrategy<Problem> {
    let op = prop_oneof![Just(Op::ConvTranspose), Just(Op::Conv)];
    let axes = prop::collection::vec(hostile_axis(), 0..=4);
    (op, axes, hostile(), hostile(), hostile(), hostile())
        .prop_map(
            |(op, axes, batch, in_channels, out_channels, groups)| Problem {
                batch,
                in_channels,
                out_channels,
                groups,
                ..Problem::new(op, axes)
            },
        )
        .boxed()
}

fn hostile() -> BoxedStrategy<usize> {
    prop_oneof![
        2 => Just(0),
        4 => Just(1),
        4 => 2..=5usize,
        1 => Just(1 << 20),
        1 => Just(u32::MAX as usize),
        1 => Just(isize::MAX as usize),
        1 => Just(isize::MAX as usize + 1),
        1 => Just(usize::MAX / 2 - 1),
        1 => Just(usize::MAX),
    ]
    .boxed()
}

fn hostile_signed() -> BoxedStrategy<isize> {
    prop_oneof![
        4 => -4..=4isize,
        1 => Just(isize::MIN),
        1 => Just(isize::MIN + 1),
        1 => Just(isize::MAX),
        1 => Just(1 << (isize::BITS - 24)),
    ]
    .boxed()
}

fn hostile_axis() -> BoxedStrategy<ProblemAxis> {
    let padding = prop_oneof![
        3 => hostile().prop_map(Padding::Both),
        1 => (hostile(), hostile()).prop_map(|(begin, end)| Padding::Sides { begin, end }),
        1 => (hostile_signed(), hostile_signed()).prop_map(|(b, e)| Padding::Signed(Crop::new(b, e))),
        1 => (hostile_signed(), hostile_signed()).prop_map(|(lo, hi)| Padding::Jax { lo, hi }),
        1 => Just(Padding::Same),
        1 => Just(Padding::Valid),
        1 => Just(Padding::SameUpper),
        1 => Just(Padding::SameLower),
    ];
    let sizes = (hostile(), hostile(), hostile(), hostile(), hostile());
    (sizes, padding, prop::option::of(hostile()))
        .prop_map(|(sizes, padding, output_size)| {
            let (input, kernel, stride, dilation, output_padding) = sizes;
            ProblemAxis {
                input,
                kernel,
                stride,
                padding,
                output_padding,
                output_size,
                dilation,
            }
        })
        .boxed()
}
