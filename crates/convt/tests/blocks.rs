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
