//! A run that is told its instruction set is held to it.

use crate::{Error, Isa};

/// Runs `work` on the set that the run names, else the one that the environment names, else the best; fails where a set was
/// named and no kernel of it summed anything although there are `products` to sum.
pub(crate) fn held(
    told: Option<Isa>,
    products: impl FnOnce() -> u128,
    work: impl FnOnce(Isa) -> Result<(), Error>,
) -> Result<(), Error> {
    let told = match told {
        Some(isa) => Some(isa),
        None => Isa::forced()?,
    };
    let Some(isa) = told else {
        return work(Isa::best());
    };
    let watch = isa.watch();
    work(isa)?;
    // Where no product lands in the output, no kernel has anything to sum.
    if watch.used() || products() == 0 {
        Ok(())
    } else {
        Err(Error::IsaUnused(isa))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use convt_simd::Routine;

    /// A kernel, or (not `S`) what is done to finished sums.
    struct Idle<const S: bool>;

    impl<const S: bool> Routine for Idle<S> {
        type Output = ();
        const SUMS: bool = S;
        #[inline(always)]
        fn run(self) {}
    }

    /// Whether `work` was ever found out. Other tests of this process may use the set while a watch lasts, and hide it.
    fn found_out(isa: Isa, products: u128, work: fn()) -> bool {
        (0..1000).any(|_| {
            let result = held(
                Some(isa),
                || products,
                |_| {
                    work();
                    Ok(())
                },
            );
            assert!(matches!(result, Ok(()) | Err(Error::IsaUnused(_))));
            result == Err(Error::IsaUnused(isa))
        })
    }

    #[test]
    fn the_set_that_was_told_must_run() {
        for isa in Isa::available() {
            assert!(found_out(isa, 1, || ()), "{isa}");
            assert!(!found_out(isa, 0, || ()), "nothing to sum");
            let used = held(
                Some(isa),
                || 1,
                |isa| {
                    isa.run(Idle::<true>);
                    Ok(())
                },
            );
            assert_eq!(used, Ok(()));
        }
    }

    #[test]
    fn neither_another_set_nor_an_activation_counts() {
        let activations = || {
            for isa in Isa::available() {
                isa.run(Idle::<false>);
            }
        };
        for isa in Isa::available() {
            assert!(found_out(isa, 1, activations), "{isa}");
            if isa.name() == "portable" {
                continue;
            }
            let other = || {
                if let Some(isa) = Isa::available().pop() {
                    isa.run(Idle::<true>);
                }
            };
            assert!(found_out(isa, 1, other), "{isa}");
        }
    }

    #[test]
    fn the_work_s_own_error_comes_first() {
        let error = Error::Bias { wanted: true };
        let result = held(Isa::available().pop(), || 1, |_| Err(error.clone()));
        assert_eq!(result, Err(error));
    }
}
