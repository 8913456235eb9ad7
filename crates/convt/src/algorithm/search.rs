//! Searching for the largest number that a limit allows.

/// The last of `1..=most` for which `holds`, which holds up to some number and no further; 1 if it never does.
pub(super) fn last_where(most: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (1, most.max(1));
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if holds(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}
