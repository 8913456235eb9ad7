//! Work shared among threads without a pool of our own.

use std::sync::Mutex;

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
