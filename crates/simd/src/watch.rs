//! Which sets' kernels ran: so that a run that was told its set can be held to it.
//!
//! While nobody watches, a kernel's entry costs one load of a shared word that nobody writes.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::Isa;

/// How many [`Watch`]es there are.
static WATCHES: AtomicUsize = AtomicUsize::new(0);

/// For each set (by its kind's number), entries of its kernels while somebody watched.
static ENTRIES: [AtomicUsize; Isa::NAMES.len()] = [const { AtomicUsize::new(0) }; Isa::NAMES.len()];

/// Looks out for kernels of one set, on every thread, from [`Isa::watch`] on.
///
/// Another run on the same set at the same time is seen as well: a watch may miss that its own run did not use the set, and
/// never says so wrongly.
#[derive(Debug)]
pub struct Watch {
    isa: Isa,
    before: usize,
}

impl Isa {
    /// Begins to look out for kernels of this set.
    pub fn watch(self) -> Watch {
        WATCHES.fetch_add(1, Ordering::Relaxed);
        Watch {
            isa: self,
            before: self.entries().load(Ordering::Relaxed),
        }
    }

    fn entries(self) -> &'static AtomicUsize {
        &ENTRIES[self.0 as usize]
    }
}

impl Watch {
    /// Whether a kernel of the set ran since the watch began. Work given to other threads has been joined.
    pub fn used(&self) -> bool {
        self.isa.entries().load(Ordering::Relaxed) != self.before
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        WATCHES.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Notes that a kernel of `isa` begins.
#[inline]
pub(crate) fn note(isa: Isa) {
    if WATCHES.load(Ordering::Relaxed) > 0 {
        isa.entries().fetch_add(1, Ordering::Relaxed);
    }
}
