//! What the machine can do at most: multiply-adds and copied bytes a second, on a number of threads.
//!
//! `bench-machine THREADS` prints `{"isa": ..., "fma_gflops": ..., "copy_gbs": ...}`. A multiply-add counts as two
//! operations; a copied byte counts twice, as it is read and written. Each figure is the best of many short pieces.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

use convt_simd::{Isa, Routine};

/// Elements of one sum: one vector of the widest set.
const LANES: usize = 16;
/// Multiply-adds of every element in one piece.
const STEPS: usize = 1 << 20;
/// Bytes that each thread copies in one piece: far more than the caches it might call its own.
const COPIED: usize = 192 << 20;
/// Pieces of which the best counts.
const PIECES: usize = 12;

type Sum = [f32; LANES];

/// `sum * factor + term`, by value: the sums of a routine then live in registers.
#[inline(always)]
fn step(sum: Sum, factor: f32, term: f32) -> Sum {
    sum.map(
        #[inline(always)]
        |element| element.mul_add(factor, term),
    )
}

/// A routine that keeps one sum per name going: `sum = sum * factor + term`, over and over. Enough of them hide the
/// latency of the units, and too many do not fit the registers of a narrow set.
macro_rules! sums {
    ($routine:ident, $count:literal: $($sum:ident)+) => {
        struct $routine {
            factor: f32,
            term: f32,
        }

        impl $routine {
            /// Operations of one run.
            const OPERATIONS: f64 = 2.0 * ($count * LANES * STEPS) as f64;
        }

        impl Routine for $routine {
            type Output = f32;
            #[inline(always)]
            fn run(self) -> f32 {
                $(let mut $sum: Sum = [1.0; LANES];)+
                for _ in 0..STEPS {
                    $($sum = step($sum, self.factor, self.term);)+
                }
                [$($sum),+].iter().flatten().sum()
            }
        }
    };
}

sums!(Wide, 12: a b c d e f g h i j k l);
sums!(Narrow, 5: a b c d e);

fn main() {
    let threads = std::env::args()
        .nth(1)
        .and_then(|word| word.parse().ok())
        .unwrap_or(1_usize)
        .max(1);
    let isa = Isa::best();
    let (factor, term) = (black_box(0.999_999), black_box(1e-6));
    let wide = best_seconds(threads, || {
        move || {
            black_box(isa.run(Wide { factor, term }));
        }
    });
    let narrow = best_seconds(threads, || {
        move || {
            black_box(isa.run(Narrow { factor, term }));
        }
    });
    let fma = threads as f64 * (Wide::OPERATIONS / wide).max(Narrow::OPERATIONS / narrow);
    let bytes = 2.0 * COPIED as f64 * threads as f64;
    let copy = bytes
        / best_seconds(threads, || {
            // Written once before the clock starts, so that every page is there.
            let (from, mut to) = (vec![1_u8; COPIED], vec![2_u8; COPIED]);
            move || {
                to.copy_from_slice(&from);
                black_box(&mut to);
            }
        });
    println!(
        "{}",
        serde_json::json!({"isa": isa.name(), "fma_gflops": fma / 1e9, "copy_gbs": copy / 1e9})
    );
}

/// Seconds of the shortest piece, from when all threads are at the start until the last has finished.
fn best_seconds<W: FnMut()>(threads: usize, prepare: impl Fn() -> W + Sync) -> f64 {
    let gate = Barrier::new(threads);
    let run = |_| {
        let mut work = prepare();
        let mut best = f64::INFINITY;
        for _ in 0..PIECES {
            gate.wait();
            let begin = Instant::now();
            work();
            gate.wait();
            best = best.min(begin.elapsed().as_secs_f64());
        }
        best
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|i| scope.spawn(move || run(i))).collect();
        let own = run(0);
        others
            .into_iter()
            .filter_map(|other| other.join().ok())
            .fold(own, f64::min)
    })
}
