//! Work shared among threads.
//!
//! A run from within a rayon pool uses that pool. Any other uses helpers of our own, one thread less than there are
//! processors, for the caller works as well. Waking a sleeping thread takes several microseconds, which a layer of tens of
//! them would feel; so a helper that has just worked stays awake for a bounded time, and looks for more.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use rayon::{Scope, ThreadPool, ThreadPoolBuilder, Yield};

/// How long a helper stays awake after its last work, and a caller that is done waits awake for its helpers.
const AWAKE: Duration = Duration::from_micros(100);

/// Work for each thread below which a run asked to use all threads uses fewer: some tens of microseconds, of which waking
/// a thread would take more than it saves.
const WORK_PER_THREAD: u128 = 1 << 20;

/// Threads that a run of so much `work` ([`crate::layer::Resolved::work`]) uses when asked for `threads` (0: as many as the
/// pool has and the work is worth).
pub(crate) fn workers(threads: usize, work: u128) -> usize {
    if threads == 1 {
        return 1;
    }
    let pool = rayon::current_num_threads();
    let wanted = match threads {
        0 => usize::try_from(work / WORK_PER_THREAD).unwrap_or(pool),
        n => n,
    };
    wanted.min(pool).max(1)
}

/// Calls `work(state, item)` for every item, each state used by one thread at a time; with one state no pool is touched.
///
/// Which thread takes which item is left to chance, so `work` must not let it matter.
pub(crate) fn share<S, I>(
    mut states: impl ExactSizeIterator<Item = S> + Send,
    items: impl Iterator<Item = I> + Send,
    work: impl Fn(&mut S, I) + Sync,
) where
    S: Send,
    I: Send,
{
    if states.len() <= 1 {
        if let Some(mut state) = states.next() {
            items.for_each(|item| work(&mut state, item));
        }
        return;
    }
    let queue = Mutex::new(items);
    let next = || {
        // The lock is held over `next` alone; a panic there has ended that thread's items, not spoilt the queue.
        let mut items = queue
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        items.next()
    };
    let work_all = |state: &mut S| {
        while let Some(item) = next() {
            work(state, item);
        }
    };
    // The caller works as well, on its own thread and at once: a helper that wakes late finds less to do, or nothing.
    let own = states.next();
    let at_work = AtomicUsize::new(states.len());
    let pool = helpers();
    in_scope(pool, |scope| {
        for mut state in states {
            let (work_all, at_work) = (&work_all, &at_work);
            scope.spawn(move |_| {
                let _done = Done(at_work);
                work_all(&mut state);
                if pool.is_some() {
                    rayon::spawn(stay_awake);
                }
            });
        }
        if let Some(mut state) = own {
            work_all(&mut state);
        }
        if pool.is_some() {
            let end = Instant::now() + AWAKE;
            while at_work.load(Ordering::Acquire) > 0 && Instant::now() < end {
                std::hint::spin_loop();
            }
        }
    });
}

/// A scope of these helpers', or of the pool that the caller is in.
fn in_scope<'s>(pool: Option<&ThreadPool>, body: impl FnOnce(&Scope<'s>)) {
    match pool {
        Some(pool) => pool.in_place_scope(body),
        None => rayon::in_place_scope(body),
    }
}

/// Counts a helper as done, also when its work panics.
struct Done<'c>(&'c AtomicUsize);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Release);
    }
}

/// The helpers of callers that are in no pool; none where threads cannot be had.
fn helpers() -> Option<&'static ThreadPool> {
    static HELPERS: OnceLock<Option<ThreadPool>> = OnceLock::new();
    if rayon::current_thread_index().is_some() {
        return None;
    }
    let make = || {
        let threads = rayon::current_num_threads().saturating_sub(1).max(1);
        let named = |n| format!("convt-{n}");
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(named);
        pool.build().ok()
    };
    HELPERS.get_or_init(make).as_ref()
}

/// Runs what there is to do in this helper's pool until there was nothing for a while.
fn stay_awake() {
    thread_local! {
        static IS_AWAKE: Cell<bool> = const { Cell::new(false) };
    }
    // Work that is run from here asks to stay awake as well.
    if IS_AWAKE.replace(true) {
        return;
    }
    let mut end = Instant::now() + AWAKE;
    while Instant::now() < end {
        if rayon::yield_now() == Some(Yield::Executed) {
            end = Instant::now() + AWAKE;
        } else {
            std::hint::spin_loop();
        }
    }
    IS_AWAKE.set(false);
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::share;

    /// The sum of `0..items` by so many states, each of which counts what it took.
    fn sum(states: usize, items: usize) -> usize {
        let total = AtomicUsize::new(0);
        let mut taken = vec![0_usize; states];
        share(taken.iter_mut(), 0..items, |taken, item| {
            **taken += 1;
            total.fetch_add(item, Ordering::Relaxed);
        });
        assert_eq!(taken.iter().sum::<usize>(), items);
        total.into_inner()
    }

    #[test]
    fn every_item_is_taken_once() {
        for states in 1..5 {
            for items in [0, 1, 2, 100] {
                assert_eq!(sum(states, items), (0..items).sum::<usize>());
            }
        }
    }

    #[test]
    fn many_callers_nested_calls_and_a_callers_pool() {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        assert_eq!(sum(3, 50), 1225);
                    }
                });
            }
        });
        let total = AtomicUsize::new(0);
        share([0_u8; 3].iter(), 0..10, |_, _| {
            total.fetch_add(sum(2, 10), Ordering::Relaxed);
        });
        assert_eq!(total.into_inner(), 450);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build();
        pool.unwrap().install(|| assert_eq!(sum(3, 100), 4950));
    }

    #[test]
    fn a_panic_reaches_the_caller_and_leaves_the_threads_usable() {
        for states in 1..4 {
            let failed = catch_unwind(AssertUnwindSafe(|| {
                share(vec![0_u8; states].iter(), 0..20, |_, item| {
                    assert!(item != 7, "the seventh");
                });
            }));
            assert!(failed.is_err());
            assert_eq!(sum(states, 10), 45);
        }
    }
}
