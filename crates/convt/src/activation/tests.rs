//! Accuracy of the curves, the same bits on every instruction set, and what happens to special values.

use convt_simd::Isa;
use convt_testkit::Float;

use super::Activation;
use crate::Element;

fn apply<T: Element>(activation: &Activation<T>, isa: Isa, values: &[T]) -> Vec<T> {
    let mut out = values.to_vec();
    activation.apply(isa, 0, &mut out);
    out
}

/// Numbers of every magnitude and sign, and many of the magnitudes at which the curves bend.
fn singles() -> Vec<f32> {
    let spread = (0..=u32::MAX).step_by(20_011).map(f32::from_bits);
    let bend = (0..200_000).map(|i| (i as f32 - 100_000.0) * 1.937e-4);
    spread.chain(bend).filter(|x| !x.is_nan()).collect()
}

/// How many units in the last place of the nearest `f32` a value is off.
fn error(actual: f32, exact: f64) -> f64 {
    let nearest = exact as f32;
    let unit = f64::from(nearest.abs().next_up()) - f64::from(nearest.abs());
    (f64::from(actual) - exact).abs() / unit
}

#[test]
fn single_precision_is_within_two_units() {
    type Exact = fn(f64) -> f64;
    let curves: [(Activation<f32>, Exact); 2] = [
        (Activation::Tanh, f64::tanh),
        (Activation::Sigmoid, |x| 1.0 / (1.0 + (-x).exp())),
    ];
    let x = singles();
    for (activation, exact) in curves {
        let y = apply(&activation, Isa::best(), &x);
        let mut worst = 0.0_f64;
        for (&x, &y) in x.iter().zip(&y) {
            worst = worst.max(error(y, exact(f64::from(x))));
            let error = error(y, exact(f64::from(x)));
            assert!(
                error <= 2.0,
                "{activation:?} of {x:e} is {y:e}: {error} units"
            );
        }
    }
}

/// `(x, tanh(x), sigmoid(x), sigmoid(-x))`, each the nearest number to the exact one, computed with 60 digits.
#[rustfmt::skip]
#[allow(clippy::unreadable_literal)] // bit patterns
const DOUBLES: &[(u64, u64, u64, u64)] = &[
    (0x01a56e1fc2f8f359, 0x01a56e1fc2f8f359, 0x3fe0000000000000, 0x3fe0000000000000),
    (0x3ddb7cdfd9d7bdbb, 0x3ddb7cdfd9d7bdbb, 0x3fe0000000036f9c, 0x3fdffffffff920c8),
    (0x3f50624dd2f1a9fc, 0x3f50624d77516ce2, 0x3fe0020c49b78133, 0x3fdffbe76c90fd99),
    (0x3fb999999999999a, 0x3fb983d7795f413a, 0x3fe0cca12729afb8, 0x3fde66bdb1aca090),
    (0x3fd0000000000000, 0x3fcf597ea69a1c86, 0x3fe1fd5992bc4b83, 0x3fdc054cda8768f9),
    (0x3fd62e42fefa39ef, 0x3fd5555555555555, 0x3fe2bec333018867, 0x3fda827999fcef32),
    (0x3fd62e42fefa39f0, 0x3fd5555555555556, 0x3fe2bec333018867, 0x3fda827999fcef32),
    (0x3fe0000000000000, 0x3fdd9353d7568af3, 0x3fe3eb2fd4d34391, 0x3fd829a0565978df),
    (0x3fe6666666666666, 0x3fe356fb17af2e91, 0x3fe561cb52a19475, 0x3fd53c695abcd715),
    (0x3ff0000000000000, 0x3fe85efab514f394, 0x3fe764d4f5d5a2bd, 0x3fd136561454ba86),
    (0x3ff0a2b23f3bab73, 0x3fe8e38e38e38e39, 0x3fe7a437c56e26f9, 0x3fd0b7907523b20f),
    (0x3ff8000000000000, 0x3fecf6f9786df577, 0x3fea2991f2a97914, 0x3fc759b8355a1bb0),
    (0x4000000000000000, 0x3feed9505e1bc3d4, 0x3fec2f7d5a8a79ca, 0x3fbe84152bac31af),
    (0x400a666666666666, 0x3fefe9bdf44f7c03, 0x3feedc99cf2c9d4d, 0x3fa236630d362b36),
    (0x4014000000000000, 0x3fefff419668df11, 0x3fefc92c130538e1, 0x3f7b69f67d638f8e),
    (0x4023666666666666, 0x3feffffffbf7a672, 0x3fefff7f7cb0b7d3, 0x3f101069e905ac49),
    (0x402f000000000000, 0x3feffffffffffd94, 0x3fefffff9c63b334, 0x3e88e71332f28ff5),
    (0x4032e66666666666, 0x3fefffffffffffff, 0x3feffffffcacf8b1, 0x3e3a983a776b08ea),
    (0x40330f5c28f5c28f, 0x3fefffffffffffff, 0x3feffffffd2acd23, 0x3e36a996ebe88c53),
    (0x4036000000000000, 0x3ff0000000000000, 0x3fefffffffd9a96f, 0x3df32b48befa8660),
    (0x4042400000000000, 0x3ff0000000000000, 0x3fefffffffffffff, 0x3ca4466751c2bbe8),
    (0x4042800000000000, 0x3ff0000000000000, 0x3fefffffffffffff, 0x3c9898471fca6054),
    (0x4049000000000000, 0x3ff0000000000000, 0x3ff0000000000000, 0x3b6d257d547e083f),
    (0x4072c40000000000, 0x3ff0000000000000, 0x3ff0000000000000, 0x24dc758233102ace),
    (0x40862f3333333333, 0x3ff0000000000000, 0x3ff0000000000000, 0x00038eac7a36430f),
    (0x4087440000000000, 0x3ff0000000000000, 0x3ff0000000000000, 0x0000000000000001),
    (0x40874c0000000000, 0x3ff0000000000000, 0x3ff0000000000000, 0x0000000000000000),
    (0x3fe6d837fb1c97c6, 0x3fe39e9eb0d3c86c, 0x3fe57af855d64067, 0x3fd50a0f54537f31),
    (0x3ffa1f7d1cc85454, 0x3feda56c976722a2, 0x3feac4ea45a1dcac, 0x3fc4ec56e9788d51),
    (0x3ff1c202537ee426, 0x3fe9ba7d55cca03d, 0x3fe8113c7b7e2c2e, 0x3fcfbb0e12074f49),
    (0x3ffcfcf82cd8256f, 0x3fee5619eaf25bf4, 0x3feb81a24f4ea622, 0x3fc1f976c2c56777),
    (0x3ffe08d9e17c3054, 0x3fee892007748b4c, 0x3febc0cbce774b4b, 0x3fc0fcd0c622d2d5),
    (0x3fc929bfbd119b60, 0x3fc8d8075f91aca2, 0x3fe19151541e9128, 0x3fdcdd5d57c2ddb0),
    (0x3fa439dd6e7e3de0, 0x3fa4372c55cdc79c, 0x3fe050e4c44eb530, 0x3fdf5e36776295a1),
    (0x40041968f8685ed5, 0x3fef9503ac47d8de, 0x3fed99a86266f81a, 0x3fb332bcecc83f2d),
    (0x3fe8e5e25e9c02a9, 0x3fe4d9d97b9aae25, 0x3fe5edab2e621b89, 0x3fd424a9a33bc8ef),
    (0x3fe67eeaee4d09b0, 0x3fe36683d9a048ab, 0x3fe5673a35951882, 0x3fd5318b94d5cefc),
    (0x4007e53deb26c50a, 0x3fefd66b30691e53, 0x3fee769f88e4531f, 0x3fa8960771bace0d),
    (0x3ff69299153eef95, 0x3fec67b9e639001f, 0x3fe9b978c77e063b, 0x3fc91a1ce207e714),
    (0x400413381aa61de2, 0x3fef945eadb49105, 0x3fed97f00e7e2bc6, 0x3fb3407f8c0ea1cd),
];

#[test]
fn double_precision_is_within_three_units() {
    let check = |activation: Activation<f64>, x: f64, nearest: u64| {
        let y = apply(&activation, Isa::best(), &[x])[0];
        // Positive numbers are ordered as their bits are.
        let units = y.to_bits().abs_diff(nearest);
        assert!(
            units <= 3,
            "{activation:?} of {x:e} is {y:e}: {units} units"
        );
    };
    for &(x, tanh, sigmoid, sigmoid_below) in DOUBLES {
        let x = f64::from_bits(x);
        check(Activation::Tanh, x, tanh);
        check(Activation::Sigmoid, x, sigmoid);
        check(Activation::Sigmoid, -x, sigmoid_below);
        let odd = apply(&Activation::Tanh, Isa::best(), &[x, -x]);
        assert_eq!(odd[0].to_bits(), (-odd[1]).to_bits());
    }
}

fn special_values<T: Element + Float>(least: T, most: T) {
    let value = |v: f64| T::from_f64(v);
    let minus = |v: T| value(-v.to_f64());
    let x = [
        value(0.0),
        value(-0.0),
        least,
        minus(least),
        most,
        minus(most),
        value(f64::INFINITY),
        value(f64::NEG_INFINITY),
        value(f64::NAN),
    ];
    let (one, half) = (value(1.0), value(0.5));
    for isa in Isa::available() {
        let expect = |activation: &Activation<T>, expected: [T; 8]| {
            let y = apply(activation, isa, &x);
            let bits = |values: &[T]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&y[..8]), bits(&expected), "{activation:?} on {isa}");
            assert!(y[8].to_f64().is_nan(), "{activation:?} on {isa}");
        };
        let (zero, below) = (value(0.0), value(-1.0));
        expect(
            &Activation::Tanh,
            [x[0], x[1], x[2], x[3], one, below, one, below],
        );
        expect(
            &Activation::Sigmoid,
            [half, half, half, half, one, zero, one, zero],
        );
        expect(
            &Activation::Relu,
            [x[0], x[1], x[2], zero, x[4], zero, x[6], zero],
        );
        let leaky = [
            x[0],
            x[1],
            x[2],
            value(-0.0),
            x[4],
            value(most.to_f64() * -0.25),
            x[6],
            x[7],
        ];
        expect(&Activation::LeakyRelu(value(0.25)), leaky);
        expect(&Activation::Prelu([value(0.25)].into()), leaky);
    }
}

#[test]
fn zeros_infinities_subnormals_and_nan() {
    special_values(f32::from_bits(1), f32::MAX);
    special_values(f64::from_bits(1), f64::MAX);
}

fn same_bits<T: Element + Float>(x: &[T]) {
    for activation in [
        Activation::Relu,
        Activation::LeakyRelu(T::from_f64(0.1)),
        Activation::Tanh,
        Activation::Sigmoid,
    ] {
        let bits = |isa: Isa| -> Vec<u64> {
            let y = apply(&activation, isa, x);
            y.iter().map(|y| y.to_bits()).collect()
        };
        let expected = bits(Isa::best());
        for isa in Isa::available() {
            assert!(bits(isa) == expected, "{activation:?} on {isa}");
        }
        // A value's function does not depend on its place among the lanes.
        for length in 1..40.min(x.len()) {
            let y = apply(&activation, Isa::best(), &x[..length]);
            let alone: Vec<u64> = y.iter().map(|y| y.to_bits()).collect();
            assert_eq!(alone, expected[..length], "{activation:?}, {length} values");
        }
    }
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    let x = singles();
    same_bits(&x.iter().copied().step_by(7).collect::<Vec<_>>());
    same_bits(
        &x.iter()
            .map(|&x| f64::from(x) * 1.000_000_007)
            .step_by(7)
            .collect::<Vec<_>>(),
    );
}
