//! The solver finds every set of parameters that does it, and no other.

use convt_geometry::{Axis, Crop, GeometryError, Op, Search, Solution, Target, Walk, solve};

fn output(solution: &Solution, input: usize) -> Option<usize> {
    let crop = Crop::torch(solution.padding, solution.output_padding).unwrap();
    let axis = Axis::new(solution.kernel, solution.stride, solution.dilation).unwrap();
    axis.with_crop(crop).output(Op::ConvTranspose, input).ok()
}

/// Everything within the search: padding up to the span, output_padding by PyTorch's rule.
fn all(search: Search, strides: std::ops::RangeInclusive<usize>) -> Vec<Solution> {
    let mut all = Vec::new();
    for stride in strides {
        for kernel in 1..=search.max_kernel {
            let span = search.dilation * (kernel - 1) + 1;
            for output_padding in 0..stride.max(search.dilation) {
                all.extend((0..=span).map(|padding| Solution {
                    kernel,
                    stride,
                    padding,
                    output_padding,
                    dilation: search.dilation,
                }));
            }
        }
    }
    all
}

#[test]
fn sizes_are_solved_completely() {
    for dilation in 1..=3 {
        let search = Search {
            max_kernel: 6,
            max_stride: 5,
            dilation,
        };
        for (input, wanted) in (1..=6).flat_map(|i| (1..=20).map(move |o| (i, o))) {
            let target = Target::Size {
                input,
                output: wanted,
            };
            let expected: Vec<Solution> = all(search, 1..=search.max_stride)
                .into_iter()
                .filter(|solution| output(solution, input) == Some(wanted))
                .collect();
            assert_eq!(solve(target, search).unwrap(), expected, "{target:?}");
        }
    }
}

#[test]
fn scales_are_solved_completely() {
    for (dilation, scale) in (1..=3).flat_map(|d| (1..=5).map(move |s| (d, s))) {
        let search = Search {
            max_kernel: 8,
            dilation,
            ..Search::default()
        };
        let expected: Vec<Solution> = all(search, scale..=scale)
            .into_iter()
            .filter(|solution| (1..=9).all(|i| output(solution, i) == Some(i * scale)))
            .collect();
        let found = solve(Target::Scale(scale), search).unwrap();
        assert_eq!(found, expected);
        assert!(found.iter().all(Solution::scales_exactly));
        let others = all(search, scale..=scale);
        let others = others.iter().filter(|solution| !found.contains(solution));
        assert!(others.clone().count() > 0);
        assert!(
            others
                .into_iter()
                .all(|solution| !solution.scales_exactly())
        );
    }
}

#[test]
fn even_overlap_is_even_away_from_the_border() {
    let search = Search {
        max_kernel: 8,
        max_stride: 4,
        dilation: 1,
    };
    for dilation in 1..=4 {
        for solution in all(Search { dilation, ..search }, 1..=4) {
            if solution.padding != 0 || solution.output_padding != 0 {
                continue;
            }
            let axis = Axis::new(solution.kernel, solution.stride, dilation).unwrap();
            let walk = Walk::new(Op::ConvTranspose, &axis, 60).unwrap();
            let span = axis.span().unwrap();
            let taps: Vec<usize> = (span..walk.output() - span)
                .map(|o| walk.contributions(o).count())
                .collect();
            let even = taps.iter().all(|&n| n == taps[0]);
            assert_eq!(solution.overlaps_evenly(), even, "{solution:?}");
        }
    }
}

#[test]
fn what_cannot_be_searched_is_refused() {
    let size = Target::Size {
        input: 2,
        output: 4,
    };
    let wide = Search::default();
    let zero = |target, search| matches!(solve(target, search), Err(GeometryError::Zero { .. }));
    assert!(zero(Target::Scale(0), wide));
    assert!(zero(
        Target::Size {
            input: 0,
            output: 4
        },
        wide
    ));
    assert!(zero(
        Target::Size {
            input: 2,
            output: 0
        },
        wide
    ));
    assert!(zero(
        size,
        Search {
            max_stride: 0,
            ..wide
        }
    ));
    assert!(zero(
        size,
        Search {
            dilation: 0,
            ..wide
        }
    ));
    assert_eq!(
        solve(
            size,
            Search {
                max_kernel: 0,
                ..wide
            }
        ),
        Ok(vec![])
    );
    for search in [
        Search {
            max_kernel: usize::MAX,
            ..wide
        },
        Search {
            max_stride: usize::MAX,
            ..wide
        },
        Search {
            dilation: usize::MAX,
            ..wide
        },
    ] {
        let refused = solve(size, search);
        assert!(
            matches!(
                refused,
                Err(GeometryError::Search { .. } | GeometryError::Overflow { .. })
            ),
            "{refused:?}"
        );
    }
}
