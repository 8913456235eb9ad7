//! Work shared among threads without a pool of our own.

use std::sync::Mutex;

/// Products below which a run asked to use all threads uses one: waking another takes longer.
const PRODUCTS_PER_THREAD: u128 = 1 << 18;

/// Threads that a run of `products` uses when asked for `threads` (0: as many as the pool has and the work is worth).
pub(crate) fn workers(threads: usize, products: u128) -> usize {
    if threads == 1 {
        return 1;
    }
    let pool = rayon::current_num_threads();
    let wanted = match threads {
        0 => usize::try_from(products / PRODUCTS_PER_THREAD).unwrap_or(pool),
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
    rayon::scope(|scope| {
        for mut state in states {
            let (next, work) = (&next, &work);
            scope.spawn(move |_| {
                while let Some(item) = next() {
                    work(&mut state, item);
                }
            });
        }
    });
}
