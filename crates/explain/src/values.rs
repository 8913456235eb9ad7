//! The numbers of a small problem: given one by one, or by a rule that needs no list.

use std::fmt;

use crate::ExplainError;
use crate::model::too_large;

/// Where an array's numbers come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// 1 everywhere.
    Ones,
    /// 1, 2, 3, ... in row-major order.
    Count,
    /// 1 in the middle of every channel, 0 elsewhere: the answer to it is the kernel itself.
    Delta,
    /// The Sobel edge filter `1 2 1` times `-1 0 1`, stretched or cut to the kernel's size.
    Sobel,
    /// The triangle of linear interpolation on every axis, whose peak is 1.
    Bilinear,
    /// Whole numbers from -4 to 4 without 0, which depend on the seed alone.
    Random(u64),
    /// These numbers in row-major order.
    List(Vec<f64>),
}

/// The most numbers of an array.
const MOST: usize = 1 << 24;

/// Words for an error.
const EXPECTED: &str =
    "ones, count, delta, sobel, bilinear, random or random:SEED, or numbers separated by commas";

impl Values {
    /// Reads `ones`, `count`, `delta`, `sobel`, `bilinear`, `random`, `random:7` or `1,2,-3.5`. `key` names the array.
    pub fn parse(key: &str, text: &str) -> Result<Self, ExplainError> {
        let bad = || ExplainError::Word {
            key: key.to_string(),
            value: text.to_string(),
            expected: EXPECTED,
        };
        if let Some(seed) = text.strip_prefix("random") {
            let seed = seed.strip_prefix(':').unwrap_or(seed);
            return match seed {
                "" => Ok(Self::Random(0)),
                seed => Ok(Self::Random(seed.parse().map_err(|_| bad())?)),
            };
        }
        Ok(match text {
            "ones" => Self::Ones,
            "count" => Self::Count,
            "delta" => Self::Delta,
            "sobel" => Self::Sobel,
            "bilinear" => Self::Bilinear,
            list => {
                let numbers: Result<Vec<f64>, _> =
                    list.split(',').map(|one| one.trim().parse()).collect();
                Self::List(numbers.map_err(|_| bad())?)
            }
        })
    }

    /// The numbers of an array of this shape, whose last `axes` axes are spatial. `array` names it in an error. Refuses a
    /// list of another length, and more than 2^24 numbers.
    pub fn numbers(
        &self,
        array: &str,
        shape: &[usize],
        axes: usize,
    ) -> Result<Vec<f64>, ExplainError> {
        let elements = shape
            .iter()
            .fold(1, |all, &n| (n as u128).saturating_mul(all));
        if elements > MOST as u128 {
            return Err(too_large("numbers of an array", elements, MOST));
        }
        let count = elements as usize;
        let spatial = &shape[shape.len().saturating_sub(axes.max(1))..];
        let volume: usize = spatial.iter().product();
        let per_cell = |value: &dyn Fn(&[usize]) -> f64| -> Vec<f64> {
            (0..count)
                .map(|index| value(&position(index % volume.max(1), spatial)))
                .collect()
        };
        Ok(match self {
            Self::Ones => vec![1.0; count],
            Self::Count => (1..=count).map(|n| n as f64).collect(),
            Self::Delta => per_cell(&|at| {
                let middle = at.iter().zip(spatial).all(|(&i, &n)| i == n / 2);
                f64::from(u8::from(middle))
            }),
            Self::Sobel => per_cell(&|at| {
                // The last axis differentiates, -1 at its beginning to 1 at its end; the others smooth.
                let last = at.len() - 1;
                let slope = offset(at[last], spatial[last]);
                let smooth: f64 = (0..last)
                    .map(|a| (spatial[a] + 1) as f64 / 2.0 - offset(at[a], spatial[a]).abs())
                    .product();
                slope * smooth
            }),
            Self::Bilinear => per_cell(&|at| {
                at.iter()
                    .zip(spatial)
                    .map(|(&i, &n)| {
                        // k = 2s - s%2 taps make the triangle (2s - |2t - (k-1)|) / 2s.
                        let double = (2 * n.div_ceil(2)) as f64;
                        (double - (2.0 * offset(i, n)).abs()) / double
                    })
                    .product()
            }),
            Self::Random(seed) => {
                let mut state = *seed;
                (0..count).map(|_| whole_number(&mut state)).collect()
            }
            Self::List(numbers) if numbers.len() == count => numbers.clone(),
            Self::List(numbers) => {
                return Err(ExplainError::Values {
                    array: array.to_string(),
                    given: numbers.len(),
                    expected: count,
                });
            }
        })
    }
}

impl fmt::Display for Values {
    /// The text that [`Values::parse`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ones => f.write_str("ones"),
            Self::Count => f.write_str("count"),
            Self::Delta => f.write_str("delta"),
            Self::Sobel => f.write_str("sobel"),
            Self::Bilinear => f.write_str("bilinear"),
            Self::Random(seed) => write!(f, "random:{seed}"),
            Self::List(numbers) => {
                let words: Vec<String> = numbers.iter().map(f64::to_string).collect();
                f.write_str(&words.join(","))
            }
        }
    }
}

/// How far element `i` of `n` lies from the middle.
fn offset(i: usize, n: usize) -> f64 {
    i as f64 - (n as f64 - 1.0) / 2.0
}

/// The position of a row-major index.
pub(crate) fn position(mut index: usize, shape: &[usize]) -> Vec<usize> {
    let mut at = vec![0; shape.len()];
    for (axis, &n) in shape.iter().enumerate().rev() {
        at[axis] = index % n.max(1);
        index /= n.max(1);
    }
    at
}

/// The next of a sequence of whole numbers from -4 to 4 without 0.
fn whole_number(state: &mut u64) -> f64 {
    // A counter through a mixing function (splitmix64).
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    let size = (z >> 1) % 4 + 1;
    if z & 1 == 0 {
        size as f64
    } else {
        -(size as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kernel(rule: &Values, shape: &[usize]) -> Vec<f64> {
        rule.numbers("w", shape, shape.len()).unwrap()
    }

    #[test]
    fn the_rules_give_the_known_filters() {
        assert_eq!(
            kernel(&Values::Sobel, &[3, 3]),
            [-1.0, 0.0, 1.0, -2.0, 0.0, 2.0, -1.0, 0.0, 1.0]
        );
        assert_eq!(kernel(&Values::Bilinear, &[4]), [0.25, 0.75, 0.75, 0.25]);
        assert_eq!(kernel(&Values::Bilinear, &[3]), [0.5, 1.0, 0.5]);
        assert_eq!(kernel(&Values::Delta, &[2, 2]), [0.0, 0.0, 0.0, 1.0]);
        assert_eq!(kernel(&Values::Count, &[2, 2]), [1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn bilinear_phases_sum_to_one() {
        for s in 1..=6 {
            let taps = kernel(&Values::Bilinear, &[2 * s - s % 2]);
            for phase in 0..s {
                let sum: f64 = taps.iter().skip(phase).step_by(s).sum();
                assert!(
                    (sum - 1.0).abs() < 1e-12,
                    "stride {s}, phase {phase}: {sum}"
                );
            }
        }
    }

    #[test]
    fn text_and_values_are_the_same() {
        for text in [
            "ones", "count", "delta", "sobel", "bilinear", "random:7", "1,-2.5,0",
        ] {
            assert_eq!(Values::parse("x", text).unwrap().to_string(), text);
        }
        assert!(Values::parse("x", "1,two").is_err());
        assert!(Values::List(vec![1.0]).numbers("x", &[1, 2, 2], 2).is_err());
    }
}
