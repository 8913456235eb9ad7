//! The table of instruction sets, and everything that follows from it.

use std::fmt;
use std::sync::OnceLock;

use crate::watch;

/// An instruction set that this machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Isa(pub(crate) Kind);

/// The environment's variable that names the set to use instead of the best one.
const VARIABLE: &str = "CONVT_ISA";

/// Work that is compiled for every instruction set.
///
/// Implementations mark `run` and everything hot that it calls `#[inline(always)]`: a body that is not inlined into
/// [`Isa::run`]'s caller per set is compiled without the set's features.
pub trait Routine {
    /// What it returns.
    type Output;
    /// Whether it sums products, so that it counts as a use of the set for [`Isa::watch`]; what is done to finished sums
    /// does not.
    const SUMS: bool = true;
    /// Does the work.
    fn run(self) -> Self::Output;
}

#[cfg(target_arch = "x86_64")]
use std::arch::is_x86_feature_detected as detected;

#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
use std::arch::is_aarch64_feature_detected as detected;

/// A module of WebAssembly has a feature by its build: one that its host lacks is refused before it runs.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
macro_rules! detected {
    ($feature:tt) => {
        cfg!(target_feature = $feature)
    };
}

/// Defines the sets from one table, best first within an architecture: where it can be compiled, the variant, its name, the
/// function that enables its features, the features. The portable set follows last.
macro_rules! sets {
    ($(#[$cfg:meta] $kind:ident, $name:literal, $function:ident, [$($feature:tt),+];)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Kind {
            $(#[$cfg] $kind,)*
            Portable,
        }

        $(
            /// # Safety
            /// This machine has the set's features.
            #[$cfg]
            #[target_feature($(enable = $feature),+)]
            #[inline(never)] // `cargo xtask spills` finds it by its name, where the features are everybody's as well
            pub(crate) unsafe fn $function<R: Routine>(routine: R) -> R::Output {
                routine.run()
            }
        )*

        /// # Safety
        /// Every machine has what it needs: unsafe for the sake of its fellows alone.
        #[inline(never)]
        pub(crate) unsafe fn run_portable<R: Routine>(routine: R) -> R::Output {
            routine.run()
        }

        impl Isa {
            /// The names of all sets, whether this machine has them or not.
            pub const NAMES: &'static [&'static str] = &[$($name,)* "portable"];

            /// Every set that this machine has, best first; the portable one is always the last.
            pub fn available() -> Vec<Self> {
                let mut sets = Vec::new();
                $(
                    #[$cfg]
                    if $(detected!($feature))&&+ {
                        sets.push(Self(Kind::$kind));
                    }
                )*
                sets.push(Self(Kind::Portable));
                sets
            }

            /// The set's name as users type it.
            pub fn name(self) -> &'static str {
                match self.0 {
                    $(#[$cfg] Kind::$kind => $name,)*
                    Kind::Portable => "portable",
                }
            }

            /// Runs `routine` compiled for this set.
            #[inline]
            pub fn run<R: Routine>(self, routine: R) -> R::Output {
                if R::SUMS {
                    watch::note(self);
                }
                // SAFETY: a value of a kind is made in `available` alone, after every feature that the kind's function
                // enables was detected on this machine.
                unsafe {
                    match self.0 {
                        $(#[$cfg] Kind::$kind => $function(routine),)*
                        Kind::Portable => run_portable(routine),
                    }
                }
            }
        }
    };
}

sets! {
    #[cfg(target_arch = "x86_64")]
    Avx512, "avx512", run_avx512, ["avx512f", "avx512bw", "avx512dq", "avx512vl", "avx2", "fma"];
    #[cfg(target_arch = "x86_64")]
    Avx2, "avx2", run_avx2, ["avx2", "fma"];
    #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
    Neon, "neon", run_neon, ["neon"];
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    Simd128, "simd128", run_simd128, ["simd128"];
}

impl Isa {
    /// The set to use: the one that `CONVT_ISA` names, or the best of this machine. A name that [`Isa::forced`] refuses
    /// counts for nothing here: whoever runs something asks there first. After the first call this allocates nothing.
    pub fn best() -> Self {
        static BEST: OnceLock<Isa> = OnceLock::new();
        *BEST.get_or_init(|| {
            let forced = Self::forced().ok().flatten();
            forced.unwrap_or_else(|| Self::available()[0])
        })
    }

    /// The set of this name.
    pub fn named(name: &str) -> Result<Self, IsaError> {
        let found = Self::available().into_iter().find(|isa| isa.name() == name);
        found.ok_or_else(|| {
            if Self::NAMES.contains(&name) {
                IsaError::Unavailable(name.to_string())
            } else {
                IsaError::Unknown(name.to_string())
            }
        })
    }

    /// The set that the environment's `CONVT_ISA` names: nothing where it is unset or empty, an error where this machine has
    /// no such set. The variable is read once.
    pub fn forced() -> Result<Option<Self>, IsaError> {
        static FORCED: OnceLock<Result<Option<Isa>, IsaError>> = OnceLock::new();
        let forced = FORCED.get_or_init(|| match std::env::var_os(VARIABLE) {
            Some(name) if !name.is_empty() => Self::named(&name.to_string_lossy()).map(Some),
            _ => Ok(None),
        });
        forced.clone()
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is not that of a set of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IsaError {
    /// No set has this name.
    Unknown(String),
    /// The set exists, but this machine does not have it, or this build is for another architecture.
    Unavailable(String),
}

impl fmt::Display for IsaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let here: Vec<_> = Isa::available().iter().map(|isa| isa.name()).collect();
        let here = here.join(", ");
        match self {
            Self::Unknown(name) => write!(
                f,
                "{VARIABLE} = {name}: there is no such instruction set; this machine has {here}"
            ),
            Self::Unavailable(name) => write!(
                f,
                "{VARIABLE} = {name}: this machine does not have it; it has {here}"
            ),
        }
    }
}

impl std::error::Error for IsaError {}

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
        if Isa::forced() == Ok(None) {
            assert_eq!(Isa::best().name(), names[0]);
        }
    }

    #[test]
    fn the_architecture_s_own_sets_are_there() {
        let names: Vec<_> = Isa::available().iter().map(|isa| isa.name()).collect();
        let needed: &[&str] = match std::env::consts::ARCH {
            "aarch64" => &["neon", "portable"],
            "wasm32" if cfg!(target_feature = "simd128") => &["simd128", "portable"],
            _ => &["portable"],
        };
        assert!(names.ends_with(needed), "{names:?}");
        println!("instruction sets: {}", names.join(", "));
    }

    #[test]
    fn a_set_is_had_by_its_name_or_refused_in_a_sentence() {
        for isa in Isa::available() {
            assert_eq!(Isa::named(isa.name()), Ok(isa));
        }
        let has = |name: &str| Isa::available().iter().any(|isa| isa.name() == name);
        for &name in Isa::NAMES {
            if !has(name) {
                let error = Isa::named(name).unwrap_err();
                assert_eq!(error, IsaError::Unavailable(name.to_string()));
                assert!(error.to_string().contains("portable"), "{error}");
            }
        }
        let error = Isa::named("AVX2").unwrap_err();
        assert_eq!(error, IsaError::Unknown(String::from("AVX2")));
        assert!(
            error.to_string().starts_with("CONVT_ISA = AVX2: "),
            "{error}"
        );
    }
}
