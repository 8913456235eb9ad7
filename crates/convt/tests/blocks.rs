//! Sizes around the engine's blocks: rows longer than one, planes of several, and long signals.

mod common;

use common::{Sample, Values, bits};
use convt::{Problem, Run};
use convt_reference::Definition;
use convt_testkit::Bound;

fn problem(line: &str) -> Problem {
    line.parse().expect(line)
}

#[test]
fn rows_around_the_length_of_a_block() {
    for (line, sizes) in [
        (
            "conv_transpose1d c2-2 i{} k4 s1 p1",
            [2046, 2047, 2048, 2049, 4097],
        ),
        (
            "conv_transpose1d c2-2 i{} k5 s3 p1 op1",
            [682, 683, 684, 1366, 2731],
        ),
        (
            "conv_transpose2d c1-2 i3x{} k3 s2 p1 op1",
            [1023, 1024, 1025, 2048, 2050],
        ),
        ("conv1d c2-2 i{} k3 s2 p1", [4094, 4095, 4096, 4097, 8193]),
        ("conv2d c1-2 i40x{} k3 s1 p1", [50, 51, 52, 1024, 2049]),
    ] {
        for size in sizes {
            let sample = Sample::<f32>::new(
                &problem(&line.replace("{}", &size.to_string())),
                Values::Whole,
                size as u64,
            );
            let y = sample.run(&Run::new().threads(2));
            Bound::check_exact(line, &y, &sample.oracle(Definition::Gather));
            assert_eq!(bits(&y), bits(&sample.run(&Run::new().threads(1))));
        }
    }
}

#[test]
fn scratch_does_not_grow_with_kernel_batch_or_picture() {
    let bytes = |line: &str| {
        let sample = Sample::<f32>::new(&problem(line), Values::Whole, 1);
        let plan = sample.plan().unwrap();
        plan.scratch_bytes(&sample.problem.input_shape(), 1)
            .unwrap()
    };
    for line in [
        "conv_transpose2d c2-2 i64x64 k4 s2 p1",
        "conv_transpose2d n9 c2-2 i64x64 k4 s2 p1",
        "conv_transpose2d c512-2 i64x64 k4 s2 p1",
        "conv_transpose2d c2-2 i64x64 k16 s2 p7",
        "conv_transpose2d c1-1 i9x5000 k4 s2 p1",
        "conv_transpose2d c64-8 i500x500 k2 s2",
        "conv_transpose1d c32-1 i100000 k64 s8 p28",
        "conv_transpose3d c64-8 i24x24x24 k3 s2 p1 op1",
    ] {
        assert!(bytes(line) <= 1 << 20, "{line}: {} bytes", bytes(line));
    }
}

#[test]
fn what_no_tap_reaches_holds_the_bias() {
    // stride beyond the kernel, and a stride that shares a factor with the dilation
    for line in [
        "conv_transpose1d c1-1 i5 k2 s7",
        "conv_transpose2d c1-1 i3 k3 s2 d2",
    ] {
        let mut sample = Sample::<f32>::new(&problem(line), Values::Whole, 3);
        sample.b = Some(vec![0.25]);
        let y = sample.run(&Run::new());
        let expected = sample.oracle(Definition::Scatter);
        Bound::check_exact(line, &y, &expected);
        assert!(y.iter().filter(|&&v| v == 0.25).count() * 2 > y.len());
    }
}

/// The documented sum of a transposed convolution of planes: `[n, ci, co, height, width, kernel, stride, padding]`.
fn in_order(sample: &Sample<f32>, [n, ci, co, h, w, k, s, p]: [usize; 8]) -> Vec<u64> {
    let (rows, columns) = ((h - 1) * s + k - 2 * p, (w - 1) * s + k - 2 * p);
    let mut y = Vec::new();
    for at in 0..n * co * rows * columns {
        let (image, o) = (at / columns / rows / co, at / columns / rows % co);
        let (row, column) = (at / columns % rows + p, at % columns + p);
        let mut sum = sample.b.as_ref().map_or(0.0, |b| b[o]);
        for i in 0..ci {
            for (a, b) in (0..k).flat_map(|a| (0..k).map(move |b| (a, b))) {
                let met = |at: usize, tap: usize, size: usize| {
                    let from = at.checked_sub(tap).filter(|from| from % s == 0)? / s;
                    (from < size).then_some(from)
                };
                if let (Some(q), Some(r)) = (met(row, a, h), met(column, b, w)) {
                    let x = sample.x[((image * ci + i) * h + q) * w + r];
                    sum = x.mul_add(sample.w[((i * co + o) * k + a) * k + b], sum);
                }
            }
        }
        y.push(sum + 0.0);
    }
    bits(&y)
}

#[test]
fn few_output_channels_are_summed_in_order_whatever_is_read_in_place_or_held() {
    for sizes in [
        // Grids of phases, with and without a tap that only some have.
        [1, 9, 1, 21, 19, 9, 4, 4],
        [1, 9, 1, 37, 21, 9, 2, 4],
        [1, 7, 1, 17, 40, 9, 3, 4],
        [1, 5, 2, 9, 18, 3, 2, 1],
        [1, 5, 3, 9, 18, 5, 2, 2],
        // More channels than are near at a time, and inputs in place.
        [2, 70, 3, 24, 70, 4, 2, 3],
        [1, 70, 3, 24, 70, 4, 2, 1],
        [2, 24, 1, 40, 40, 2, 2, 0],
        [2, 5, 2, 20, 33, 4, 2, 3],
        // More phases than are held, short rows, long rows.
        [1, 20, 3, 9, 17, 10, 5, 2],
        [5, 33, 2, 6, 6, 4, 2, 1],
        [1, 6, 1, 5, 1300, 4, 2, 1],
        [1, 6, 1, 5, 1300, 4, 2, 3],
    ] {
        let [n, ci, co, h, w, k, s, p] = sizes;
        let line = format!("conv_transpose2d n{n} c{ci}-{co} i{h}x{w} k{k} s{s} p{p} f32");
        let sample = Sample::<f32>::new(&problem(&line), Values::Normal, 7);
        let expected = in_order(&sample, sizes);
        for isa in convt::Isa::available() {
            for threads in [1, 2] {
                let y = sample.run(&Run::new().threads(threads).exact(true).isa(isa));
                assert!(bits(&y) == expected, "{line} {isa}, {threads} threads");
            }
        }
    }
}
