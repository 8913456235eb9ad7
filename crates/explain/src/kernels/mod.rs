//! The kernels of a layer's weight: which are strongest, and what each phase of them adds up to.
//!
//! Output `o` of a transposed convolution takes tap `t = o + begin - q*s` of input `q`, so along each axis tap `t` serves
//! the outputs with `o = t - begin (mod s)`: its **phase**. The taps of one phase are all that an output of that phase ever
//! meets, and an input of ones gives it their sum. Equal sums leave a flat input flat; unequal ones repeat every `s`
//! outputs, which is a checkerboard.

mod sheet;

use crate::ExplainError;

pub use sheet::kernel_sheet;

/// The most numbers of a weight that are looked through.
const MOST_WEIGHTS: usize = 1 << 26;
/// Sums that differ by no more than this share of their kernel's magnitudes are equal: the weights are single precision.
const SLACK: f64 = 1e-6;

/// One kernel: the weights between an input and an output channel.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelMap {
    /// The input channel.
    pub input: usize,
    /// The output channel, counted within its group.
    pub output: usize,
    /// Row by row.
    pub weights: Vec<f64>,
}

impl KernelMap {
    /// The root of the sum of squares.
    pub fn norm(&self) -> f64 {
        self.weights.iter().map(|w| w * w).sum::<f64>().sqrt()
    }
}

/// Stride and crop per axis, rows first: what decides a tap's phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// The stride, at least 1.
    pub stride: [usize; 2],
    /// Elements of the full result before output 0.
    pub begin: [usize; 2],
}

impl Split {
    /// Row-major number of the phase that a tap belongs to.
    fn of(&self, tap: [usize; 2]) -> usize {
        let along = |a: usize| {
            let stride = self.stride[a];
            (tap[a] % stride + stride - self.begin[a] % stride) % stride
        };
        along(0) * self.stride[1] + along(1)
    }

    /// How many phases there are.
    pub fn phases(&self) -> usize {
        self.stride[0].saturating_mul(self.stride[1])
    }
}

/// What a network gives a flat picture: one value for each phase.
#[derive(Clone, Debug, PartialEq)]
pub struct Flat {
    /// The picture's level.
    pub level: f64,
    /// The answer, phase by phase.
    pub values: Vec<f64>,
}

/// Kernels that are looked at together.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernels {
    /// Where they come from.
    pub name: String,
    /// Rows and columns.
    pub size: [usize; 2],
    /// Those that are shown.
    pub shown: Vec<KernelMap>,
    /// How many the weight has.
    pub total: usize,
    /// Whether the shown ones are the strongest rather than chosen by hand.
    pub strongest: bool,
    /// How their taps fall into phases, where that is asked for.
    pub split: Option<Split>,
    /// What the whole network gives a flat picture, where that is asked for.
    pub flat: Option<Flat>,
}

/// One phase of a kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelPhase {
    /// The remainders of the output's row and column.
    pub phase: [usize; 2],
    /// Rows and columns of its taps; a phase that no tap reaches has none.
    pub size: [usize; 2],
    /// Its weights, row by row, in the kernel's order.
    pub weights: Vec<f64>,
    /// What they add up to.
    pub sum: f64,
}

impl Kernels {
    /// All kernels of a weight. Its shape is `(C_in, C_out, k...)` with one or two spatial axes, or that of a lone kernel
    /// of two axes or one.
    pub fn of_weight(name: &str, shape: &[usize], values: &[f64]) -> Result<Self, ExplainError> {
        let (channels, size) = match *shape {
            [k] => ([1, 1], [1, k]),
            [rows, columns] => ([1, 1], [rows, columns]),
            [c_in, c_out, k] => ([c_in, c_out], [1, k]),
            [c_in, c_out, rows, columns] => ([c_in, c_out], [rows, columns]),
            _ => return Err(ExplainError::KernelShape(shape.to_vec())),
        };
        let count = shape.iter().try_fold(1usize, |all, &n| all.checked_mul(n));
        match count {
            Some(0) => return Err(ExplainError::KernelShape(shape.to_vec())),
            Some(count) if count == values.len() && count <= MOST_WEIGHTS => {}
            _ => {
                return Err(ExplainError::Values {
                    array: name.to_string(),
                    given: values.len(),
                    expected: count.unwrap_or(usize::MAX).min(MOST_WEIGHTS),
                });
            }
        }
        let shown: Vec<KernelMap> = values
            .chunks(size[0] * size[1])
            .enumerate()
            .map(|(at, weights)| KernelMap {
                input: at / channels[1],
                output: at % channels[1],
                weights: weights.to_vec(),
            })
            .collect();
        Ok(Self {
            name: name.to_string(),
            size,
            total: shown.len(),
            shown,
            strongest: false,
            split: None,
            flat: None,
        })
    }

    /// Only the `count` kernels of the largest norms, strongest first; of equal ones those that come first.
    #[must_use]
    pub fn strongest(mut self, count: usize) -> Self {
        self.strongest = count < self.total;
        self.shown.sort_by(|a, b| b.norm().total_cmp(&a.norm()));
        self.shown.truncate(count);
        self
    }

    /// Only the kernels of these input channels, in this order.
    pub fn channels(mut self, inputs: &[usize]) -> Result<Self, ExplainError> {
        let of = self
            .shown
            .iter()
            .map(|one| one.input)
            .max()
            .map_or(0, |last| last + 1);
        let mut shown = Vec::new();
        for &input in inputs {
            if input >= of {
                return Err(ExplainError::Channel { input, of });
            }
            shown.extend(self.shown.iter().filter(|one| one.input == input).cloned());
        }
        self.shown = shown;
        Ok(self)
    }

    /// The phases of one kernel, row-major in the remainders of the output's index; none without a split.
    pub fn phases(&self, kernel: &KernelMap) -> Vec<KernelPhase> {
        let Some(split) = self.split else {
            return Vec::new();
        };
        let [rows, columns] = self.size;
        let stride = split.stride;
        (0..split.phases())
            .map(|at| {
                let taps: Vec<[usize; 2]> = (0..rows * columns)
                    .map(|tap| [tap / columns, tap % columns])
                    .filter(|&tap| split.of(tap) == at)
                    .collect();
                // The taps of a phase are a rectangle: each of its rows holds the same columns.
                let wide = taps.iter().take_while(|tap| tap[0] == taps[0][0]).count();
                let weights: Vec<f64> = taps
                    .iter()
                    .map(|tap| kernel.weights[tap[0] * columns + tap[1]])
                    .collect();
                KernelPhase {
                    phase: [at / stride[1], at % stride[1]],
                    size: [taps.len().checked_div(wide).unwrap_or(0), wide],
                    sum: weights.iter().sum(),
                    weights,
                }
            })
            .collect()
    }

    /// The smallest and the largest phase sum of a kernel, and whether rounding alone tells them apart.
    pub fn spread(&self, kernel: &KernelMap) -> (f64, f64, bool) {
        let phases = self.phases(kernel);
        let sums = || phases.iter().map(|one| one.sum);
        let (low, high) = (
            sums().fold(f64::INFINITY, f64::min),
            sums().fold(f64::NEG_INFINITY, f64::max),
        );
        let size: f64 = kernel.weights.iter().map(|w| w.abs()).sum();
        (low, high, high - low <= SLACK * size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting(size: [usize; 2], split: Split) -> Kernels {
        let values: Vec<f64> = (1..=size[0] * size[1]).map(|n| n as f64).collect();
        let kernels = Kernels::of_weight("w", &size, &values).unwrap();
        Kernels {
            split: Some(split),
            ..kernels
        }
    }

    #[test]
    fn a_phase_has_the_taps_that_its_outputs_meet() {
        for (size, stride, begin) in [
            ([9, 9], [3, 3], [3, 3]),
            ([4, 3], [2, 3], [1, 0]),
            ([2, 5], [3, 2], [0, 1]),
        ] {
            let kernels = counting(size, Split { stride, begin });
            let kernel = &kernels.shown[0];
            // An input of ones, by the definition: output o gathers every tap t with o + begin - t a multiple of s.
            for one in kernels.phases(kernel) {
                let o = [0, 1].map(|a| one.phase[a] + 10 * stride[a]);
                let meets = |a: usize, t: usize| (o[a] + begin[a] - t).is_multiple_of(stride[a]);
                let mut expected = Vec::new();
                for r in (0..size[0]).filter(|&r| meets(0, r)) {
                    for c in (0..size[1]).filter(|&c| meets(1, c)) {
                        expected.push((r * size[1] + c + 1) as f64);
                    }
                }
                assert_eq!(one.weights, expected, "{size:?} {:?}", one.phase);
                assert_eq!(one.size[0] * one.size[1], expected.len());
                assert_eq!(one.sum, expected.iter().sum::<f64>());
            }
        }
    }

    #[test]
    fn the_strongest_come_first_and_channels_as_asked() {
        let values = [1.0, -5.0, 3.0, 3.0, 0.0, 2.0];
        let all = Kernels::of_weight("w", &[3, 2, 1, 1], &values).unwrap();
        let order = |kernels: &Kernels| -> Vec<f64> {
            kernels.shown.iter().map(|one| one.weights[0]).collect()
        };
        let strongest = all.clone().strongest(3);
        assert_eq!(order(&strongest), [-5.0, 3.0, 3.0]);
        assert!(strongest.strongest && !all.clone().strongest(6).strongest);
        assert_eq!(
            order(&all.clone().channels(&[2, 0]).unwrap()),
            [0.0, 2.0, 1.0, -5.0]
        );
        assert_eq!(
            all.channels(&[3]),
            Err(ExplainError::Channel { input: 3, of: 3 })
        );
        for shape in [&[][..], &[0, 3], &[1; 5]] {
            assert!(matches!(
                Kernels::of_weight("w", shape, &[]),
                Err(ExplainError::KernelShape(_))
            ));
        }
    }

    #[test]
    fn equal_sums_are_told_from_unequal_ones() {
        let split = Split {
            stride: [1, 2],
            begin: [0, 0],
        };
        let mut kernels = Kernels::of_weight("w", &[4], &[1.0, 3.0, 3.0, 1.0]).unwrap();
        kernels.split = Some(split);
        assert_eq!(kernels.spread(&kernels.shown[0]), (4.0, 4.0, true));
        assert_eq!(
            counting([1, 4], split).spread(&counting([1, 4], split).shown[0]),
            (4.0, 6.0, false)
        );
    }
}
