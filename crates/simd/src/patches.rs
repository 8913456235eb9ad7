//! Strips of positions whose rows are neighbouring outputs: kernel = stride, where every input makes a patch of its own.
//!
//! **Idea.** A strip is a few neighbouring positions, two vectors of them where the set has the registers, packed for all
//! input channels one after the other: the loop reads its panel and its weights front to back. The rows of a block are
//! *lines*, and a line's `step` phases are neighbours in the output, so that the finished sums are interleaved in registers
//! and stored where they belong, while the next strip is summed already.
//!
//! ```text
//! y[line][step*p + phase] = start[line] + sum over i in 0..channels:
//!                           panel[strip*pitch + i*width + p] * weights[i*rows + step*line + phase]
//! ```
//!
//! summed in this order by fused multiply-adds, and +0 added at last, so that no -0 is stored.

use crate::Isa;
use crate::vector::{Kernel, Vector, VectorElement};
use crate::weave::interleave;

/// Counts of rows, and how many neighbouring outputs they make up, that there are blocks for: `(step, rows)`.
pub const PATCH_BLOCKS: [(usize, usize); 16] = [
    (1, 12),
    (1, 8),
    (1, 4),
    (1, 2),
    (1, 1),
    (2, 12),
    (2, 8),
    (2, 4),
    (2, 2),
    (3, 12),
    (3, 6),
    (3, 3),
    (4, 12),
    (4, 8),
    (4, 4),
    (8, 8),
];

/// Rows of a block at most.
const ROWS: usize = 12;

/// Sums of a strip at most, rows by positions, and a vector behind them.
const SUMS: usize = ROWS * 2 * 16 + 16;

/// A panel of strips, and the weights of one block.
#[derive(Clone, Copy, Debug)]
pub struct Strips<'a, T> {
    /// `[strip][channel][Isa::strip positions]`.
    pub panel: &'a [T],
    /// Distance from strip to strip.
    pub pitch: usize,
    /// Input channels.
    pub channels: usize,
    /// Rows: lines by `step`.
    pub rows: usize,
    /// Neighbouring outputs of a position.
    pub step: usize,
    /// `[channel][line][phase]`.
    pub weights: &'a [T],
    /// What each line's sums start from.
    pub start: &'a [T],
    /// Strips in the panel.
    pub strips: usize,
}

/// Where a line's outputs begin: which plane, counted from the piece's own, and how far from the piece's own place.
#[derive(Clone, Copy, Debug, Default)]
pub struct PatchLine {
    /// Planes beyond the piece's.
    pub plane: usize,
    /// Elements beyond the piece's.
    pub at: usize,
}

/// Neighbouring positions of one strip whose outputs are neighbours as well.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// The strip.
    pub strip: usize,
    /// The first position, within the strip.
    pub from: usize,
    /// How many.
    pub count: usize,
    /// The first line's plane.
    pub plane: usize,
    /// The first line's first output in it.
    pub at: usize,
}

/// One call.
struct StripSums<'c, 'y, T, const M: usize, const V: usize, const S: usize> {
    call: &'c Strips<'c, T>,
    lines: &'c [PatchLine],
    pieces: &'c [Piece],
    /// The caller's, held once by the one kernel that runs.
    planes: *mut [&'y mut [T]],
}

/// The place of `count` outputs.
///
/// # Panics
/// When they are not all there.
#[inline(always)]
fn place<T>(planes: &mut [&mut [T]], line: PatchLine, piece: &Piece, count: usize) -> *mut T {
    let at = piece.at + line.at;
    planes[piece.plane + line.plane][at..][..count].as_mut_ptr()
}

impl<T: VectorElement, const M: usize, const V: usize, const S: usize> Kernel<T>
    for StripSums<'_, '_, T, M, V, S>
{
    type Output = ();

    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // by constant indices alone the sums stay in registers
    unsafe fn run<X: Vector<T>>(self) {
        let StripSums {
            call,
            lines,
            mut pieces,
            planes,
        } = self;
        // SAFETY: `Isa::patches` lends its planes to one kernel, which runs once.
        let planes = unsafe { &mut *planes };
        let width = V * X::LANES;
        let mut staged = [T::default(); SUMS];
        // SAFETY: `patches` has checked that every strip's positions lie in the panel, each channel's rows in the
        // weights, and a start for each line; `place` checks the outputs, of which as many are written as it was asked
        // for; `staged` holds M*V vectors, M <= ROWS, V <= 2, and a strip's pieces lie within its width. The
        // features are enabled.
        unsafe {
            for strip in 0..call.strips {
                let mut sums = [[X::splat(T::default()); V]; M];
                for (m, row) in sums.iter_mut().enumerate() {
                    *row = [X::splat(*call.start.as_ptr().add(m / S)); V];
                }
                let mut x = call.panel.as_ptr().add(strip * call.pitch);
                let mut weights = call.weights.as_ptr();
                let own = pieces
                    .iter()
                    .take_while(|piece| piece.strip == strip)
                    .count();
                let (of_strip, rest) = pieces.split_at(own);
                pieces = rest;
                for _ in 0..call.channels {
                    let mut inputs = [X::splat(T::default()); V];
                    for (v, input) in inputs.iter_mut().enumerate() {
                        *input = X::load(x.add(v * X::LANES));
                    }
                    for (m, row) in sums.iter_mut().enumerate() {
                        let weight = X::splat(*weights.add(m));
                        for (sum, &input) in row.iter_mut().zip(&inputs) {
                            *sum = input.fused(weight, *sum);
                        }
                    }
                    x = x.add(width);
                    weights = weights.add(M);
                }
                for row in &mut sums {
                    for sum in row {
                        *sum = sum.add(X::splat(T::default()));
                    }
                }
                // Twelve lines are more than the compiler takes one by one, as it must for their sums to be registers.
                if S > 1
                    && let [piece] = of_strip
                    && piece.count == width
                {
                    for (l, &line) in lines.iter().take(M / S).enumerate() {
                        let y = place(planes, line, piece, S * width);
                        for v in 0..V {
                            let rows: [X; S] = std::array::from_fn(|s| sums[l * S + s][v]);
                            store(rows, y.add(v * S * X::LANES));
                        }
                    }
                    continue;
                }
                let stage = staged.as_mut_ptr();
                for l in 0..M / S {
                    for v in 0..V {
                        let rows: [X; S] = std::array::from_fn(|s| sums[l * S + s][v]);
                        store(rows, stage.add((l * V + v) * S * X::LANES));
                    }
                }
                for piece in of_strip {
                    for (l, &line) in lines.iter().take(M / S).enumerate() {
                        let count = S * piece.count;
                        let y = place(planes, line, piece, count);
                        let from = stage.add(S * (l * width + piece.from));
                        copy::<T, X>(from, y, count);
                    }
                }
            }
        }
    }
}

/// `S` rows of one vector of positions, interleaved, as `S` vectors of outputs.
///
/// # Safety
/// `to` has `S` vectors, and the features are enabled.
#[inline(always)]
unsafe fn store<T: Copy + Default, X: Vector<T>, const S: usize>(rows: [X; S], to: *mut T) {
    // SAFETY: passed on from the caller; no vector has more than 16 lanes.
    unsafe {
        if S == 3 {
            let mut taken = [[T::default(); 16]; S];
            for (taken, row) in taken.iter_mut().zip(rows) {
                row.store(taken.as_mut_ptr());
            }
            for p in 0..X::LANES {
                for (s, taken) in taken.iter().enumerate() {
                    *to.add(S * p + s) = taken[p];
                }
            }
        } else {
            for (s, row) in interleave::<T, X, S>(rows).into_iter().enumerate() {
                row.store(to.add(s * X::LANES));
            }
        }
    }
}

/// Copies `count` elements by vectors.
///
/// # Safety
/// `to` has `count` elements, `from` as many rounded up to whole vectors; the features are enabled.
#[inline(always)]
unsafe fn copy<T: Copy + Default, X: Vector<T>>(from: *const T, to: *mut T, count: usize) {
    let mut at = 0;
    // SAFETY: whole vectors below `count`, then what is left of it.
    unsafe {
        while at + X::LANES <= count {
            X::load(from.add(at)).store(to.add(at));
            at += X::LANES;
        }
        if at < count {
            X::load(from.add(at)).store_first(to.add(at), count - at);
        }
    }
}

impl Isa {
    /// Positions of a strip.
    #[inline]
    pub fn strip<T: VectorElement>(self) -> usize {
        self.lanes::<T>() * if T::registers(self) >= 32 { 2 } else { 1 }
    }
}

/// [`Isa::patches`].
pub(crate) fn patches<T: VectorElement>(
    isa: Isa,
    call: &Strips<'_, T>,
    lines: &[PatchLine],
    pieces: &[Piece],
    planes: &mut [&mut [T]],
) {
    let width = isa.strip::<T>();
    let Strips { step, rows, .. } = *call;
    assert!(PATCH_BLOCKS.contains(&(step, rows)), "no such block");
    let of_strip = call.channels.checked_mul(width);
    let end = call.strips.checked_sub(1).and_then(|last| {
        let last = last.checked_mul(call.pitch)?;
        last.checked_add(of_strip?)
    });
    assert!(
        call.strips == 0 || end.is_some_and(|end| end <= call.panel.len()),
        "panel"
    );
    let needed = call.channels.checked_mul(rows);
    assert!(
        needed.is_some_and(|needed| needed <= call.weights.len()),
        "weights"
    );
    assert!(call.start.len() >= rows / step, "start values");
    assert!(lines.len() >= rows / step, "lines");
    let within = |piece: &Piece| piece.from <= width && piece.count <= width - piece.from;
    assert!(pieces.iter().all(within), "pieces");
    let planes = std::ptr::from_mut(planes);
    // Two vectors where 32 registers hold them, one where there are 16.
    macro_rules! blocks {
        ($($step:literal, $rows:literal;)+) => {
            match (step, rows) {
                $(($step, $rows) => isa.kernel_for_registers(
                    StripSums::<T, $rows, 2, $step> { call, lines, pieces, planes },
                    StripSums::<T, $rows, 1, $step> { call, lines, pieces, planes },
                ),)+
                _ => {}
            }
        };
    }
    blocks! {
        1, 12; 1, 8; 1, 4; 1, 2; 1, 1;
        2, 12; 2, 8; 2, 4; 2, 2;
        3, 12; 3, 6; 3, 3;
        4, 12; 4, 8; 4, 4;
        8, 8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUARD: f32 = -77.25;

    /// Small numbers of both signs whose products round, from a counter.
    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        let one = |i: usize| ((i * 7919 + seed * 104_729) % 2001) as f32 / 997.0 - 1.0;
        (0..count).map(one).collect()
    }

    #[test]
    fn every_block_on_every_set_gives_the_bits_of_the_formula_and_stays_in_its_cells() {
        let (channels, strips) = (5, 3);
        for isa in Isa::available() {
            let width = isa.strip::<f32>();
            let pitch = channels * width + 3;
            let panel = numbers(strips * pitch, 1);
            for (step, rows) in PATCH_BLOCKS {
                let (weights, start) = (numbers(channels * rows, 2), numbers(rows / step, 3));
                let call = Strips {
                    panel: &panel,
                    pitch,
                    channels,
                    rows,
                    step,
                    weights: &weights,
                    start: &start,
                    strips,
                };
                // A whole strip, a middle part, and what lies on both sides of a row's end.
                let piece = |strip, from, count, at| Piece {
                    strip,
                    from,
                    count,
                    plane: 0,
                    at,
                };
                let cut = width / 2 - 1;
                let pieces = [
                    piece(0, 0, width, 2),
                    piece(1, 1, cut, 2 + step * width + 3),
                    piece(2, 0, cut, 2 + 2 * step * width),
                    piece(2, cut, width - cut, 2 + 3 * step * width + 5),
                ];
                let lines: Vec<PatchLine> = (0..rows / step)
                    .map(|plane| PatchLine { plane, at: plane })
                    .collect();
                let mut planes = vec![vec![GUARD; 5 * step * width + 20]; rows / step];
                let mut slices: Vec<&mut [f32]> = planes.iter_mut().map(|p| &mut p[..]).collect();
                isa.patches(&call, &lines, &pieces, &mut slices);
                for (line, found) in planes.iter().enumerate() {
                    let mut expected = vec![GUARD; found.len()];
                    for piece in &pieces {
                        for p in 0..piece.count {
                            for phase in 0..step {
                                let mut sum = start[line];
                                for i in 0..channels {
                                    let x = panel[piece.strip * pitch + i * width + piece.from + p];
                                    let weight = weights[i * rows + line * step + phase];
                                    sum = x.mul_add(weight, sum);
                                }
                                expected[piece.at + line + step * p + phase] = sum;
                            }
                        }
                    }
                    let bits = |v: &[f32]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                    assert_eq!(
                        bits(found),
                        bits(&expected),
                        "{isa}, {step} x {rows}, line {line}"
                    );
                }
            }
        }
    }

    #[test]
    #[cfg(panic = "unwind")]
    fn arithmetic_that_is_wrong_panics_before_anything_is_written_outside() {
        let values = numbers(4096, 1);
        let isa = Isa::best();
        let width = isa.strip::<f32>();
        let good = Strips {
            panel: &values[..2 * width],
            pitch: 2 * width,
            channels: 2,
            rows: 4,
            step: 2,
            weights: &values[..8],
            start: &values[..2],
            strips: 1,
        };
        let whole = Piece {
            strip: 0,
            from: 0,
            count: width,
            plane: 0,
            at: 0,
        };
        let fails = |call: Strips<'_, f32>, piece: Piece, cells: usize| {
            std::panic::catch_unwind(move || {
                let mut plane = vec![0.0; cells];
                isa.patches(
                    &call,
                    &[PatchLine::default(); 2],
                    &[piece],
                    &mut [&mut plane[..]],
                );
            })
            .is_err()
        };
        assert!(!fails(good, whole, 2 * width));
        assert!(fails(Strips { rows: 5, ..good }, whole, 2 * width), "block");
        assert!(
            fails(Strips { strips: 2, ..good }, whole, 2 * width),
            "panel"
        );
        assert!(
            fails(
                Strips {
                    channels: usize::MAX,
                    ..good
                },
                whole,
                2 * width
            ),
            "overflow"
        );
        assert!(
            fails(
                Strips {
                    weights: &values[..7],
                    ..good
                },
                whole,
                2 * width
            ),
            "weights"
        );
        assert!(
            fails(
                Strips {
                    start: &values[..1],
                    ..good
                },
                whole,
                2 * width
            ),
            "start"
        );
        assert!(fails(good, Piece { from: 1, ..whole }, 4 * width), "piece");
        assert!(fails(good, whole, 2 * width - 1), "outputs");
        assert!(fails(good, Piece { plane: 1, ..whole }, 2 * width), "plane");
    }
}
