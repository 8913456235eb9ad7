//! Timing one call: warm up, then repeat for a while.

use std::time::Instant;

/// Calls shorter than this are timed in groups, so that reading the clock costs under a thousandth.
const GROUP_SECONDS: f64 = 50e-6;
/// A call that takes longer is timed even if it is the only one.
const LONG_SECONDS: f64 = 1.0;
/// Calls that a slice has at least, unless they are long.
const AT_LEAST: usize = 3;

/// Milliseconds per call: warms up for `warm` seconds and at least one call, then repeats for `seconds`. Every element is
/// one call, or the mean of one group of short calls.
pub fn time(call: &mut dyn FnMut(), seconds: f64, warm: f64) -> Vec<f64> {
    let mut one = f64::INFINITY;
    let started = Instant::now();
    loop {
        let begin = Instant::now();
        call();
        one = one.min(begin.elapsed().as_secs_f64());
        if started.elapsed().as_secs_f64() >= warm {
            break;
        }
    }
    let group = group_of(one);
    let mut times = Vec::new();
    let started = Instant::now();
    loop {
        let begin = Instant::now();
        for _ in 0..group {
            call();
        }
        times.push(begin.elapsed().as_secs_f64() * 1e3 / f64::from(group));
        let elapsed = started.elapsed().as_secs_f64();
        if elapsed >= seconds && (times.len() >= AT_LEAST || elapsed >= LONG_SECONDS) {
            return times;
        }
    }
}

/// How many calls of `one` second make a group.
fn group_of(one: f64) -> u32 {
    let calls = (GROUP_SECONDS / one.max(1e-9)).ceil();
    (calls as u32).max(1)
}

/// The shortest of `count` timed calls, in milliseconds.
pub fn time_best(count: usize, mut call: impl FnMut()) -> f64 {
    (0..count)
        .map(|_| {
            let begin = Instant::now();
            call();
            begin.elapsed().as_secs_f64() * 1e3
        })
        .fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_calls_are_grouped_and_long_ones_are_not() {
        assert_eq!(group_of(120e-9), 417);
        assert_eq!(group_of(50e-6), 1);
        assert_eq!(group_of(3.0), 1);
        assert_eq!(group_of(0.0), 50_000);
    }

    #[test]
    fn every_slice_has_its_calls_even_when_no_time_is_given() {
        let mut calls = 0;
        let times = time(&mut || calls += 1, 0.0, 0.0);
        assert!((1..=AT_LEAST).contains(&times.len()));
        // One call of warm-up, then whole groups.
        assert!(calls > times.len());
        assert!(times.iter().all(|ms| ms.is_finite() && *ms >= 0.0));
    }
}
