//! Phases, contributions and products agree with each other and with a list of all pairs.

use convt_geometry::{Axis, Crop, Op, Phase, Tap, Walk};
use proptest::prelude::*;

/// Every `(output, tap, input)` by the definition of the operation, sorted.
fn listed(op: Op, axis: &Axis, input: usize, output: usize) -> Vec<(usize, usize, usize)> {
    let mut all = Vec::new();
    for tap in 0..axis.kernel {
        let place = (tap * axis.dilation) as isize - axis.crop.begin;
        match op {
            Op::ConvTranspose => {
                for q in 0..input {
                    let o = (q * axis.stride) as isize + place;
                    if (0..output as isize).contains(&o) {
                        all.push((o as usize, tap, q));
                    }
                }
            }
            Op::Conv => {
                for o in 0..output {
                    let q = (o * axis.stride) as isize + place;
                    if (0..input as isize).contains(&q) {
                        all.push((o, tap, q as usize));
                    }
                }
            }
        }
    }
    all.sort_unstable();
    all
}

fn of_phases(walk: &Walk) -> Vec<(usize, usize, usize)> {
    let mut all = Vec::new();
    for phase in walk.phases().unwrap() {
        for tap in &phase.taps {
            for m in phase.reach(tap, walk.input()) {
                let q = (phase.input_step * m) as isize + tap.offset;
                all.push((phase.first + phase.step * m, tap.index, q as usize));
            }
        }
    }
    all.sort_unstable();
    all
}

fn of_contributions(walk: &Walk) -> Vec<(usize, usize, usize)> {
    (0..walk.output())
        .flat_map(|o| walk.contributions(o).map(move |(tap, q)| (o, tap, q)))
        .collect()
}

fn any_walk() -> impl Strategy<Value = Walk> {
    let sizes = (1..=20usize, 1..=7usize, 1..=6usize, 1..=5usize);
    (sizes, -6..=30isize, -6..=30isize, any::<bool>()).prop_filter_map(
        "the output is empty",
        |((input, kernel, stride, dilation), begin, end, transposed)| {
            let op = if transposed {
                Op::ConvTranspose
            } else {
                Op::Conv
            };
            let axis = Axis::new(kernel, stride, dilation)
                .unwrap()
                .with_crop(Crop::new(begin, end));
            Walk::new(op, &axis, input).ok()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn three_ways_to_walk_make_the_same_pairs(walk in any_walk()) {
        let pairs = listed(walk.op(), walk.axis(), walk.input(), walk.output());
        prop_assert_eq!(&of_phases(&walk), &pairs);
        prop_assert_eq!(&of_contributions(&walk), &pairs);
        prop_assert_eq!(walk.products(), pairs.len() as u128);
    }

    #[test]
    fn phases_split_the_outputs(walk in any_walk()) {
        let phases = walk.phases().unwrap();
        let mut outputs = Vec::new();
        for phase in &phases {
            prop_assert!(phase.count >= 1 && !phase.taps.is_empty());
            prop_assert!(phase.taps.is_sorted_by_key(|tap| tap.index));
            prop_assert!(phase.taps.len() <= walk.taps_per_phase());
            outputs.extend((0..phase.count).map(|m| phase.first + phase.step * m));
        }
        prop_assert!(phases.is_sorted_by_key(|phase| phase.first));
        prop_assert!(phases.len() <= walk.phase_count());
        outputs.sort_unstable();
        prop_assert!(outputs.windows(2).all(|pair| pair[0] < pair[1]), "no output twice");
        prop_assert!(outputs.iter().all(|&o| o < walk.output()));
        let taps: Vec<usize> = phases.iter().flat_map(|phase| &phase.taps).map(|tap| tap.index).collect();
        if walk.output() >= walk.axis().stride {
            // Long enough for every remainder: every tap has its phase, and the counts are exact.
            prop_assert_eq!(taps.len(), walk.axis().kernel);
            prop_assert_eq!(phases.len(), walk.phase_count());
            prop_assert_eq!(phases.iter().map(|phase| phase.taps.len()).max(), Some(walk.taps_per_phase()));
        }
    }
}

#[test]
fn an_output_that_does_not_exist_has_no_contributions() {
    let axis = Axis::new(3, 2, 1).unwrap();
    for op in [Op::Conv, Op::ConvTranspose] {
        let walk = Walk::new(op, &axis, 5).unwrap();
        for output in [walk.output(), usize::MAX, isize::MAX as usize] {
            assert_eq!(walk.contributions(output).count(), 0);
        }
    }
}

#[test]
fn a_reach_is_clamped_to_the_phase() {
    let phase = Phase {
        first: 0,
        step: 1,
        count: 4,
        input_step: 3,
        taps: vec![],
    };
    let reach = |offset, input| phase.reach(&Tap { index: 0, offset }, input);
    assert_eq!(reach(-4, 5), 2..3); // inputs -4, -1, 2, 5
    assert_eq!(reach(1, 100), 0..4);
    assert!(reach(5, 5).is_empty());
    assert!(reach(isize::MIN, usize::MAX).is_empty());
    assert!(reach(isize::MAX, 1).is_empty());
}
