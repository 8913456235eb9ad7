//! Every kernel for both element types in one library, which needs no linker, so that `cargo xtask spills` can read what the compiler makes of them.

use std::hint::black_box;

use convt_simd::{
    FactorRun, Factors, GRIDS, Gather, Isa, LaneTap, Lanes, PatchLine, Piece, Place, Places, Runs,
    SpreadRows, Stepped, Strips, TapLine, Taps, Term, VectorElement, WOVEN, Weave,
};

fn every_kernel<T: VectorElement>() {
    let isa = black_box(Isa::best());
    let values = black_box(vec![T::ONE; 4096]);
    let mut sums = black_box(vec![T::default(); 4096]);
    let taps = Taps {
        x: &values,
        plane: black_box(64),
        planes: black_box(2),
        offsets: &black_box([0, 1]),
        weights: &values,
        ahead: None,
    };
    isa.tile(
        black_box(12),
        &taps,
        0,
        black_box(48),
        None,
        (&mut sums, 64),
    );
    let stepped = Stepped {
        x: &values,
        plane: black_box(64),
        planes: black_box(2),
        lines: &black_box([TapLine::default(); 2]),
        across: &black_box([1, 0]),
        full: black_box(1),
        weights: &values,
        ahead: None,
    };
    isa.stepped(
        black_box(GRIDS[0]),
        &stepped,
        black_box(48),
        None,
        (&mut sums, 64),
    );
    let lanes = Lanes {
        x: &values,
        plane: black_box(64),
        planes: black_box(2),
        taps: &black_box([LaneTap::default()]),
        weights: &values,
        row: black_box(64),
        lanes: black_box(T::LINE),
        next: &values[..T::LINE],
        pace: black_box(1),
    };
    isa.lane_sums(&lanes, &black_box([Place::default()]), &mut sums);
    let rows = SpreadRows {
        panel: &values,
        patterns: &values,
        terms: &black_box([Term { x: 0, weights: 0 }]),
        cycle: black_box(2),
        rows: black_box(2),
        columns: black_box(48),
        x_step: 64,
        y_step: 64,
        start: None,
        is_last: true,
    };
    isa.spread_rows(&rows, &mut sums);
    let weave = Weave {
        step: black_box(2),
        rows: black_box(2),
        from: [0; WOVEN],
        count: black_box(48),
        lines: black_box(2),
        sums_pitch: 64,
        y_pitch: 128,
        streamed: black_box(false),
    };
    isa.weave(&weave, &values, &mut sums);
    isa.unweave(&weave, &mut sums, &values);
    let strips = Strips {
        panel: &values,
        pitch: black_box(256),
        channels: black_box(2),
        rows: black_box(12),
        step: black_box(2),
        weights: &values,
        start: &values,
        strips: black_box(2),
    };
    let piece = Piece {
        strip: 0,
        from: 0,
        count: 1,
        plane: 0,
        at: 0,
    };
    isa.patches(
        &strips,
        &black_box([PatchLine::default(); 6]),
        &black_box([piece]),
        &mut [&mut sums[..]],
    );
    let mut runs = Runs::default();
    runs.clear(black_box(32), black_box(12));
    runs.push(FactorRun {
        lane: 0,
        row: 0,
        count: black_box(4),
    });
    let factors = Factors {
        lanes: &values,
        rows: &values,
        runs: &runs,
    };
    isa.outer_sums(black_box((1, 1)), &factors, &mut sums, 64);
    isa.matched_sums(&factors, &mut sums);
    let mut places = Places::default();
    places.set((0..black_box(64)).map(|at| at * 16));
    let gather = Gather {
        planes: &values,
        plane: black_box(64),
        channels: black_box(16),
        width: 16,
        places: &places,
    };
    isa.gather(&gather, &mut sums);
    black_box(&sums);
}

/// All of them, in `f32`.
pub fn f32_kernels() {
    every_kernel::<f32>();
}

/// All of them, in `f64`.
pub fn f64_kernels() {
    every_kernel::<f64>();
}
