//! The three cases of the note and a matrix example, by hand.

use convt_reference::{Array, Definition, Layer, Op, equivalent_matrix};

fn counted(shape: &[usize]) -> Array {
    let n: usize = shape.iter().product();
    Array::new(shape, (1..=n).map(|v| v as f64).collect()).unwrap()
}

/// Runs every definition on x = 1, 2, 3, ... and w = 1, 2, ..., 9.
fn check(side: usize, stride: usize, padding: isize, expected: &[&[f64]]) {
    let layer = Layer::new(Op::ConvTranspose, 2)
        .stride(&[stride; 2])
        .padding(&[padding; 2]);
    for definition in Definition::ALL {
        let y = definition
            .run(
                &layer,
                &counted(&[1, 1, side, side]),
                &counted(&[1, 1, 3, 3]),
                None,
            )
            .unwrap();
        assert_eq!(y.shape, [1, 1, expected.len(), expected[0].len()]);
        assert_eq!(y.data, expected.concat(), "{}", definition.name());
    }
}

#[test]
fn two_by_two_to_four_by_four() {
    // Four stamps of 1..9, times 1, 2, 3 and 4, each one cell on: y[1][1] = 1*5 + 2*4 + 3*2 + 4*1.
    check(
        2,
        1,
        0,
        &[
            &[1.0, 4.0, 7.0, 6.0],
            &[7.0, 23.0, 33.0, 24.0],
            &[19.0, 53.0, 63.0, 42.0],
            &[21.0, 52.0, 59.0, 36.0],
        ],
    );
}

#[test]
fn two_by_two_to_five_by_five() {
    // The stamps are two cells apart and overlap in one row and one column: y[2][2] = 1*9 + 2*7 + 3*3 + 4*1.
    check(
        2,
        2,
        0,
        &[
            &[1.0, 2.0, 5.0, 4.0, 6.0],
            &[4.0, 5.0, 14.0, 10.0, 12.0],
            &[10.0, 14.0, 36.0, 24.0, 30.0],
            &[12.0, 15.0, 34.0, 20.0, 24.0],
            &[21.0, 24.0, 55.0, 32.0, 36.0],
        ],
    );
}

#[test]
fn three_by_three_to_five_by_five() {
    // The full result is 7 x 7; padding 1 cuts its border off. y[0][3] = 2*6 + 3*4, y[1][1] = 1*9 + 2*7 + 4*3 + 5*1.
    check(
        3,
        2,
        1,
        &[
            &[5.0, 14.0, 10.0, 24.0, 15.0],
            &[16.0, 40.0, 26.0, 60.0, 36.0],
            &[20.0, 44.0, 25.0, 54.0, 30.0],
            &[46.0, 100.0, 56.0, 120.0, 66.0],
            &[35.0, 74.0, 40.0, 84.0, 45.0],
        ],
    );
}

#[test]
fn the_equivalent_matrix_of_a_four_by_four_input() {
    let layer = Layer::new(Op::Conv, 2);
    let c = equivalent_matrix(&layer, &[4, 4], &[3, 3]).unwrap();
    assert_eq!((c.rows, c.columns), (16, 4));
    // Column 0 folded to 4 x 4 is the kernel in the upper left corner: letters a..i as 0..8.
    let column: Vec<Option<usize>> = (0..16).map(|row| c.tap(row, 0)).collect();
    let hole = None;
    let kernel = |t| Some(t);
    #[rustfmt::skip]
    assert_eq!(column, [
        kernel(0), kernel(1), kernel(2), hole,
        kernel(3), kernel(4), kernel(5), hole,
        kernel(6), kernel(7), kernel(8), hole,
        hole,      hole,      hole,      hole,
    ]);
    // Row 5, cell (1,1), folded to the 2 x 2 windows: the flipped kernel, as far as windows exist.
    let row: Vec<Option<usize>> = (0..4).map(|column| c.tap(5, column)).collect();
    assert_eq!(row, [Some(4), Some(3), Some(1), Some(0)]);
    assert_eq!(c.tap(16, 0), None);
    assert_eq!(c.tap(0, 4), None);
    // The transposed layer that makes 4 x 4 of 2 x 2 has the very same C.
    let transposed = Layer::new(Op::ConvTranspose, 2);
    assert_eq!(equivalent_matrix(&transposed, &[2, 2], &[3, 3]).unwrap(), c);
    let w: Vec<f64> = (1..=9).map(f64::from).collect();
    assert_eq!(&c.values(&w)[..4], &[1.0, 0.0, 0.0, 0.0]);
}
