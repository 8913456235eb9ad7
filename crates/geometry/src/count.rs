//! Counting pairs without listing them, so that a hostile kernel of 2^60 taps costs no more than one of 3.

/// How many `(q, t)` with `0 <= q < inputs` and `0 <= t < taps` have `q*stride + t*dilation < limit`.
///
/// For tap `t` that is `ceil((limit - t*dilation) / stride)` clamped to `0..=inputs`. Counting taps from the far end makes
/// the quotient grow: its first taps give 0, its last ones `inputs`, and between them lies a sum of floors.
/// All arguments are below 2^63 in magnitude, so that products of two fit `i128`.
pub(crate) fn pairs_below(
    inputs: usize,
    taps: usize,
    stride: usize,
    dilation: usize,
    limit: i128,
) -> u128 {
    let (inputs, taps) = (inputs as i128, taps as i128);
    let (stride, dilation) = (stride as i128, dilation as i128);
    // Tap t gives at least one pair while t*dilation < limit.
    let reached = ((limit - 1).div_euclid(dilation) + 1).clamp(0, taps);
    // Tap t gives all inputs while (inputs-1)*stride + t*dilation < limit.
    let full = if inputs == 0 {
        reached
    } else {
        ((limit - 1 - (inputs - 1) * stride).div_euclid(dilation) + 1).clamp(0, reached)
    };
    // For u = reached-1-t in 0..between: ceil((limit - t*d)/s) = floor((dilation*u + first) / stride), where the last
    // reached tap has limit - t*d = limit - (reached-1)*d >= 1.
    let between = reached - full;
    let first = limit - (reached - 1) * dilation + stride - 1;
    let sum = if between == 0 {
        0
    } else {
        floor_sum(
            between as u128,
            stride as u128,
            dilation as u128,
            first as u128,
        )
    };
    sum + (full * inputs) as u128
}

/// `sum of floor((a*u + b) / m)` for `u` in `0..n`, by the Euclidean algorithm on the lattice points below the line.
fn floor_sum(mut n: u128, mut m: u128, mut a: u128, mut b: u128) -> u128 {
    let mut sum = 0;
    loop {
        if a >= m {
            sum += n * (n - 1) / 2 * (a / m);
            a %= m;
        }
        if b >= m {
            sum += n * (b / m);
            b %= m;
        }
        // Count the remaining points by columns instead of rows: the line's top is its new length.
        let top = a * n + b;
        if top < m {
            return sum;
        }
        n = top / m;
        b = top % m;
        std::mem::swap(&mut m, &mut a);
    }
}

#[cfg(test)]
mod tests {
    use super::pairs_below;

    #[test]
    fn agrees_with_listing() {
        for (inputs, taps, stride, dilation) in (0..5).flat_map(|i| {
            (1..6).flat_map(move |k| (1..5).flat_map(move |s| (1..5).map(move |d| (i, k, s, d))))
        }) {
            for limit in -3..40_i128 {
                let listed = (0..inputs)
                    .flat_map(|q| (0..taps).map(move |t| q * stride + t * dilation))
                    .filter(|&place| (place as i128) < limit)
                    .count();
                assert_eq!(
                    pairs_below(inputs, taps, stride, dilation, limit),
                    listed as u128,
                    "i{inputs} k{taps} s{stride} d{dilation} below {limit}"
                );
            }
        }
    }

    #[test]
    fn large_counts_do_not_overflow() {
        let most = isize::MAX as usize;
        assert_eq!(
            pairs_below(most, most, 1, 1, i128::from(i64::MAX) * 2),
            (most as u128).pow(2)
        );
        assert_eq!(pairs_below(most, 1, 1, 1, 10), 10);
    }
}
