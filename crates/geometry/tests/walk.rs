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

fn of_reaches(walk: &Walk) -> Vec<(usize, usize, usize)> {
    let (input_step, output_step) = walk.steps();
    let mut all: Vec<_> = (0..walk.axis().kernel)
        .flat_map(|tap| {
            let reach = walk.reach(tap);
            (0..reach.count).map(move |m| {
                let q = reach.input + input_step * m;
                (reach.output + output_step * m, tap, q)
            })
        })
        .collect();
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
    fn four_ways_to_walk_make_the_same_pairs(walk in any_walk()) {
        let pairs = listed(walk.op(), walk.axis(), walk.input(), walk.output());
        prop_assert_eq!(&of_phases(&walk), &pairs);
        prop_assert_eq!(&of_contributions(&walk), &pairs);
        prop_assert_eq!(&of_reaches(&walk), &pairs);
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

#[test]
fn a_tap_that_does_not_exist_reaches_nothing() {
    let axis = Axis::new(3, 2, 1).unwrap();
    for op in [Op::Conv, Op::ConvTranspose] {
        let walk = Walk::new(op, &axis, 5).unwrap();
        assert!(walk.reach(2).count > 0);
        assert_eq!(walk.reach(3).count, 0);
        assert_eq!(walk.reach(usize::MAX).count, 0);
    }
}

#[test]
fn reaches_at_the_edge_of_what_can_be_counted() {
    // One tap at the far end of a kernel a third as long as an index allows, and a stride nearly as long.
    let most = isize::MAX as usize;
    let long = Axis::new(2, 1, most / 3).unwrap();
    let walk = Walk::new(Op::ConvTranspose, &long, 3).unwrap();
    let reach = walk.reach(1);
    assert_eq!((reach.input, reach.output, reach.count), (0, most / 3, 3));
    let sparse = Axis::new(1, most / 4, 1).unwrap();
    let walk = Walk::new(Op::ConvTranspose, &sparse, 2).unwrap();
    let reach = walk.reach(0);
    assert_eq!((reach.input, reach.output, reach.count), (0, 0, 2));
}

#[test]
fn the_unit_walk_copies_one_element() {
    let unit = Walk::unit();
    let same = Walk::new(Op::Conv, &Axis::new(1, 1, 1).unwrap(), 1).unwrap();
    assert_eq!(unit, same);
    assert_eq!(unit.products(), 1);
}
