//! Instruction sets: detection, dispatch, and the only `unsafe` of the engine.
//!
//! A routine is written once, as ordinary Rust over slices, and compiled once per instruction set: [`Isa::run`] calls it
//! inside a function that enables the set's features, and the compiler vectorises the routine's inlined body there. An
//! [`Isa`] can only be had by detection, so holding one is the proof that the machine has its features.
//!
//! Every set computes the same bits: fused multiply-adds are asked for by name (`mul_add`), and the order of additions is
//! the routine's own. A set without the instruction computes the fused result in software: slow, and right.
#![allow(unsafe_code)]

mod depthwise;
mod lanes;
mod stepped;
mod tile;
mod weave;

use std::fmt;

pub use depthwise::{DepthwiseElement, SpreadRows, Term, pattern_elements, row_reads};
pub use lanes::{LaneElement, LaneTap, Lanes, Place, lane_tiles};
pub use stepped::{GRIDS, Grid, Step, Stepped};
pub use tile::{TILE_ROWS, Taps, TileElement};
pub use weave::{WOVEN, Weave};

/// An instruction set that this machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Isa(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// Work that is compiled for every instruction set.
///
/// Implementations mark `run` and everything hot that it calls `#[inline(always)]`: a body that is not inlined into
/// [`Isa::run`]'s caller per set is compiled without the set's features.
pub trait Routine {
    /// What it returns.
    type Output;
    /// Does the work.
    fn run(self) -> Self::Output;
}

/// Defines each detected set from one table: the variant, its features, the function that enables them.
macro_rules! detected_sets {
    ($($kind:ident, $name:literal, $function:ident, $($feature:tt),+;)*) => {
        $(
            #[cfg(target_arch = "x86_64")]
            #[target_feature($(enable = $feature),+)]
            fn $function<R: Routine>(routine: R) -> R::Output {
                routine.run()
            }
        )*

        impl Isa {
            /// Every set that this machine has, best first; the portable one is always the last.
            pub fn available() -> Vec<Self> {
                let mut sets = Vec::new();
                $(
                    #[cfg(target_arch = "x86_64")]
                    if $(std::arch::is_x86_feature_detected!($feature))&&+ {
                        sets.push(Self(Kind::$kind));
                    }
                )*
                sets.push(Self(Kind::Portable));
                sets
            }

            /// The set's name as users type it.
            pub fn name(self) -> &'static str {
                match self.0 {
                    Kind::Portable => "portable",
                    $(
                        #[cfg(target_arch = "x86_64")]
                        Kind::$kind => $name,
                    )*
                }
            }

            /// Runs `routine` compiled for this set.
            #[inline]
            pub fn run<R: Routine>(self, routine: R) -> R::Output {
                match self.0 {
                    Kind::Portable => routine.run(),
                    $(
                        // SAFETY: a value of this kind is made in `available` alone, after every feature that the
                        // function enables was detected on this machine.
                        #[cfg(target_arch = "x86_64")]
                        Kind::$kind => unsafe { $function(routine) },
                    )*
                }
            }
        }
    };
}

detected_sets! {
    Avx512, "avx512", run_avx512, "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx2", "fma";
    Avx2, "avx2", run_avx2, "avx2", "fma";
}

impl Isa {
    /// The best set of this machine. Detection is cached by the standard library; this allocates nothing.
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            use std::sync::OnceLock;
            static BEST: OnceLock<Isa> = OnceLock::new();
            *BEST.get_or_init(|| Self::available()[0])
        }
        #[cfg(not(target_arch = "x86_64"))]
        Self(Kind::Portable)
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fused<'a>(&'a mut [f32], &'a [f32], f32);

    impl Routine for Fused<'_> {
        type Output = ();
        #[inline(always)]
        fn run(self) {
            for (y, &x) in self.0.iter_mut().zip(self.1) {
                *y = x.mul_add(self.2, *y);
            }
        }
    }

    #[test]
    fn every_set_fuses_and_gives_the_same_bits() {
        // 1 + e is not representable in the product's place: an unfused multiply-add rounds it away.
        let e = f32::EPSILON;
        let x: Vec<f32> = (0..67).map(|i| 1.0 + e * i as f32).collect();
        let expected: Vec<u32> = x
            .iter()
            .map(|&x| ((f64::from(x) * f64::from(1.0 + e)) - 1.0) as f32)
            .map(f32::to_bits)
            .collect();
        for isa in Isa::available() {
            let mut y = vec![-1.0; x.len()];
            isa.run(Fused(&mut y, &x, 1.0 + e));
            let bits: Vec<u32> = y.iter().map(|y| y.to_bits()).collect();
            assert_eq!(bits, expected, "{isa}");
        }
    }

    #[test]
    fn the_portable_set_is_always_there_and_last() {
        let names: Vec<_> = Isa::available().iter().map(|isa| isa.name()).collect();
        assert_eq!(names.last(), Some(&"portable"));
        assert_eq!(Isa::best().name(), names[0]);
    }
}
