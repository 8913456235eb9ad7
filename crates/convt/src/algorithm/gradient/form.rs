//! How products are laid out in vectors: which side has the lanes.

use convt_simd::{Isa, MATCHED_VECTORS, OUTER_VECTORS};

use super::PairShape;
use crate::Element;

/// How sums lie in register tiles. All forms give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Lanes along the coarse tensor's channels, rows along the fine one's: a tile has one tap.
    CoarseLanes,
    /// The other way round.
    FineLanes,
    /// Lanes along the coarse tensor's channels, rows along a line of taps and the few channels of the fine tensor.
    Window,
    /// Lanes along groups of few channels.
    Matched,
}

/// What a tile holds on this instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tile {
    pub(super) form: Form,
    /// Lanes of one vector.
    pub(super) vector: usize,
    /// Lanes of a tile, and rows that it computes.
    pub(super) lanes: usize,
    pub(super) rows: usize,
}

/// Cycles that a tile of so many sums' vectors takes for each position, as fused multiply-adds of four cycles' latency that
/// two units begin at once.
fn cycles(vectors: usize) -> usize {
    vectors.div_ceil(2).max(4)
}

/// Cycles of all tiles of so many lanes and rows.
fn tiles(isa: Isa, vector: usize, most: usize, lanes: usize, rows: usize) -> usize {
    let _ = isa;
    let of_lanes = |vectors: usize| {
        let whole = rows / most * cycles(most * vectors);
        match rows % most {
            0 => whole,
            rest => whole + cycles(Isa::outer_rows_of(rest) * vectors),
        }
    };
    let vectors = lanes.div_ceil(vector);
    let odd = vectors % OUTER_VECTORS;
    vectors / OUTER_VECTORS * of_lanes(OUTER_VECTORS) + if odd > 0 { of_lanes(odd) } else { 0 }
}

impl Tile {
    /// The form that takes the fewest cycles, the first one of equals.
    pub(super) fn choose<T: Element>(isa: Isa, shape: &PairShape) -> Self {
        let (vector, most) = (isa.lanes::<T>(), isa.outer_rows::<T>());
        let (coarse, fine, groups) = (shape.coarse_each(), shape.fine_each(), shape.groups);
        let (kernel, undilated) = {
            let axis = shape.axes[2].walk.axis();
            (axis.kernel, axis.dilation == 1)
        };
        // For each form: cycles at a position for all groups and a line of taps, lanes and rows.
        let outer = |lanes, rows| kernel * groups * tiles(isa, vector, most, lanes, rows);
        let line = kernel * fine;
        let blocks = groups.div_ceil(MATCHED_VECTORS * vector);
        let forms = [
            (Form::CoarseLanes, outer(coarse, fine), coarse, fine),
            (Form::FineLanes, outer(fine, coarse), fine, coarse),
            (
                Form::Window,
                if undilated && kernel > 1 {
                    groups * tiles(isa, vector, most, coarse, line)
                } else {
                    usize::MAX
                },
                coarse,
                line,
            ),
            (
                Form::Matched,
                if groups > 1 {
                    kernel * blocks * MATCHED_VECTORS * coarse * fine
                } else {
                    usize::MAX
                },
                groups,
                1,
            ),
        ];
        let mut best = forms[0];
        for form in forms {
            if form.1 < best.1 {
                best = form;
            }
        }
        let (form, _, lanes, rows) = best;
        let vectors = match form {
            Form::Matched => MATCHED_VECTORS,
            _ => lanes.div_ceil(vector).min(OUTER_VECTORS),
        };
        Self {
            form,
            vector,
            lanes: vectors * vector,
            rows: match form {
                Form::Matched => 1,
                _ => Isa::outer_rows_of(rows.min(most)),
            },
        }
    }
}
