//! Against the module's formula, one output at a time, on every instruction set; nothing beyond the rows is written.

use super::*;

/// An element that a test can compute with.
trait Number: VectorElement + PartialEq + std::fmt::Debug {
    const GUARD: Self;
    fn of(value: i16) -> Self;
    fn fused(self, factor: Self, term: Self) -> Self;
}

macro_rules! number {
    ($type:ty) => {
        impl Number for $type {
            const GUARD: Self = -77.25;
            fn of(value: i16) -> Self {
                Self::from(value)
            }
            fn fused(self, factor: Self, term: Self) -> Self {
                self.mul_add(factor, term)
            }
        }
    };
}

number!(f32);
number!(f64);

/// Two planes of two bands: the first of rows with two pairs, the inputs of which go back; the other of one pair.
fn check<T: Number>(columns: usize, per_phase: usize, is_odd: bool) {
    let reads = doubled_row_reads(columns, per_phase);
    let (pitch, y_pitch) = (reads + 3, columns + 2);
    let panel_plane = 4 * pitch - 3;
    let panel: Vec<T> = (0..2 * panel_plane)
        .map(|i| T::of((i * 37 % 101) as i16 - 50))
        .collect();
    let taps = 4 * per_phase + 1;
    let weights: Vec<T> = (0..2 * taps)
        .map(|i| T::of((i * 7 % 11) as i16 - 5))
        .collect();
    let bands = [
        Band {
            rows: 3,
            y: 1,
            y_step: 2 * y_pitch,
            pairs: 2,
            x: pitch,
            x_pair: -(pitch as isize),
            x_step: pitch,
            weights: 1,
            weights_pair: 2 * per_phase,
        },
        Band {
            rows: 2,
            y: y_pitch + 1,
            y_step: 2 * y_pitch,
            pairs: 1,
            x: 0,
            x_pair: 0,
            x_step: 2 * pitch,
            weights: 0,
            weights_pair: 0,
        },
    ];
    let y_plane = 6 * y_pitch;
    let planes = DoubledPlanes {
        planes: 2,
        panel: &panel,
        panel_plane,
        weights: &weights,
        taps,
        bias: &[T::of(3), T::of(-4)],
        bands: &bands,
        columns,
        y_plane,
        is_odd,
        per_phase,
    };
    let mut expected = vec![T::GUARD; 2 * y_plane];
    for plane in 0..2 {
        for band in &bands {
            for (row, column) in
                (0..band.rows).flat_map(|row| (0..columns).map(move |column| (row, column)))
            {
                let (m, r) = (column / 2, column % 2);
                let mut sum = planes.bias[plane];
                for n in 0..band.pairs {
                    let x = (band.x + row * band.x_step) as isize + n as isize * band.x_pair;
                    let x = plane * panel_plane + x as usize + m + usize::from(is_odd) * r;
                    let w = plane * taps + band.weights + n * band.weights_pair;
                    for j in 0..per_phase {
                        let w = weights[w + 2 * j + (usize::from(is_odd) + r) % 2];
                        sum = panel[x + per_phase - 1 - j].fused(w, sum);
                    }
                }
                expected[plane * y_plane + band.y + row * band.y_step + column] = sum;
            }
        }
    }
    for isa in Isa::available() {
        let mut y = vec![T::GUARD; 2 * y_plane];
        isa.doubled_planes(&planes, &mut y);
        assert_eq!(
            y, expected,
            "{isa} {columns} columns, {per_phase} taps, odd {is_odd}"
        );
    }
}

#[test]
fn every_length_of_a_row_up_to_a_few_blocks() {
    for columns in 1..=5 * 2 * LONGEST + 3 {
        for (per_phase, is_odd) in [(1, false), (1, true), (2, false), (2, true)] {
            check::<f32>(columns, per_phase, is_odd);
            check::<f64>(columns, per_phase, is_odd);
        }
    }
}

#[test]
fn a_negative_zero_is_stored_as_zero_and_no_pairs_give_the_bias() {
    let band = Band {
        rows: 1,
        pairs: 1,
        ..Band::default()
    };
    let panel = [-0.0_f32; 2 * LONGEST];
    let mut planes = DoubledPlanes {
        planes: 1,
        panel: &panel,
        panel_plane: 0,
        weights: &[1.0; 4],
        taps: 4,
        bias: &[-0.0],
        bands: &[band],
        columns: 9,
        y_plane: 0,
        is_odd: true,
        per_phase: 2,
    };
    for isa in Isa::available() {
        let mut y = [1.0; 9];
        isa.doubled_planes(&planes, &mut y);
        assert!(y.iter().all(|y| y.to_bits() == 0), "{isa}");
    }
    let without = [Band { pairs: 0, ..band }];
    (planes.bands, planes.bias, planes.panel) = (&without, &[2.5], &[]);
    for isa in Isa::available() {
        let mut y = [1.0; 9];
        isa.doubled_planes(&planes, &mut y);
        assert_eq!(y, [2.5; 9], "{isa}");
    }
}

#[test]
fn rows_are_copied_and_what_lies_between_them_stays() {
    for count in 1..=3 * LONGEST {
        let x: Vec<f32> = (0..2 * 3 * (count + 1)).map(|i| i as f32).collect();
        let rows = PanelRows {
            planes: 2,
            x_plane: 3 * (count + 1),
            panel_plane: 3 * (count + 2) + 5,
            rows: 3,
            x_row: count + 1,
            panel_row: count + 2,
            count,
        };
        for isa in Isa::available() {
            let mut panel = vec![-1.0; 2 * rows.panel_plane];
            isa.panel_rows(rows, &x, &mut panel);
            for (at, &found) in panel.iter().enumerate() {
                let (plane, at) = (at / rows.panel_plane, at % rows.panel_plane);
                let (row, column) = (at / rows.panel_row, at % rows.panel_row);
                let is_copied = row < 3 && column < count;
                let from = plane * rows.x_plane + row * rows.x_row + column;
                let expected = if is_copied { x[from] } else { -1.0 };
                assert_eq!(found, expected, "{isa} {count} plane {plane} at {at}");
            }
        }
    }
}

#[test]
fn what_leaves_a_slice_is_refused() {
    let band = Band {
        rows: 2,
        y_step: 40,
        pairs: 2,
        x: 20,
        x_pair: -20,
        x_step: 1,
        weights_pair: 4,
        ..Band::default()
    };
    let (panel, weights) = ([0.0_f32; 60], [0.0; 16]);
    let planes = DoubledPlanes {
        planes: 2,
        panel: &panel,
        panel_plane: 10,
        weights: &weights,
        taps: 8,
        bias: &[],
        bands: &[band],
        columns: 40,
        y_plane: 80,
        is_odd: false,
        per_phase: 2,
    };
    // The last row begins at 20 + 1 + 10 and reads 20 + 2.
    assert!(planes.is_within(160));
    assert!(!planes.is_within(159));
    let too_short = |change: &dyn Fn(&mut DoubledPlanes<'static, f32>)| {
        let mut planes = DoubledPlanes {
            panel: &[0.0; 53],
            weights: &[0.0; 16],
            bands: &[],
            ..DoubledPlanes {
                panel: &[],
                weights: &[],
                bias: &[],
                bands: &[],
                ..planes
            }
        };
        change(&mut planes);
        let bands = [band];
        !DoubledPlanes {
            bands: &bands,
            ..planes
        }
        .is_within(160)
    };
    assert!(!too_short(&|_| {}));
    assert!(too_short(&|planes| planes.panel = &[0.0; 52]));
    assert!(too_short(&|planes| planes.weights = &[0.0; 15]));
    let back = [Band { x: 19, ..band }];
    assert!(
        !DoubledPlanes {
            bands: &back,
            ..planes
        }
        .is_within(160)
    );
    let overflowing = [Band {
        y_step: usize::MAX,
        ..band
    }];
    assert!(
        !DoubledPlanes {
            bands: &overflowing,
            ..planes
        }
        .is_within(160)
    );
}
