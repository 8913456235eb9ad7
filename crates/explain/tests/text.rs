//! The drawings: what the note's cases look like, that every step of any problem is drawn, and that colours only colour.

use convt_explain::{ExplainError, MatrixTrace, Style, Trace, text};
use convt_reference::{Array, Layer, Op};
use convt_testkit::{Rng, any_problem};
use proptest::prelude::*;

fn counted(shape: &[usize]) -> Array {
    let n: usize = shape.iter().product();
    Array::new(shape, (1..=n).map(|v| v as f64).collect()).unwrap()
}

/// A case of the note: x = 1, 2, 3, ... and w = 1, ..., 9.
fn note(side: usize, stride: usize, padding: isize) -> Trace {
    let layer = Layer::new(Op::ConvTranspose, 2)
        .stride(&[stride; 2])
        .padding(&[padding; 2]);
    let (x, w) = (counted(&[1, side, side]), counted(&[1, 1, 3, 3]));
    Trace::new(&layer, &x, &w, None).unwrap()
}

fn has(text: &str, part: &str) {
    assert!(text.contains(part), "missing:\n{part}\nin:\n{text}");
}

#[test]
fn three_by_three_to_five_by_five_in_four_steps() {
    let trace = note(3, 2, 1);
    let drawn = text::four_steps(&trace, None, Style::plain()).unwrap();
    has(
        &drawn,
        "Transposed convolution 3x3 -> 5x5: kernel 3x3, stride 2, padding 1\n",
    );
    has(&drawn, "(3-1)*2 - 2*1 + 1*(3-1) + 0 + 1 = 5");
    has(
        &drawn,
        "Step 1: insert s-1 = 2-1 = 1 zero between neighbours: 3x3 -> 5x5",
    );
    has(
        &drawn,
        "\
┌ stretched x 5x5 ┐
│ 1  ·  2  ·  3   │
│ ·  ·  ·  ·  ·   │
│ 4  ·  5  ·  6   │
│ ·  ·  ·  ·  ·   │
│ 7  ·  8  ·  9   │
└─────────────────┘",
    );
    has(&drawn, "k-p-1 = 3-1-1 = 1: 1 zero on each side");
    has(&drawn, "│ a  b  c      │  │ i  h  g     │  │ 9  8  7     │");
    has(&drawn, "│[░][1][·] 2  ·  3  ░ │  │ 6  5  4       │");
    has(&drawn, "y[1,1] = 1·9 + 2·7 + 4·3 + 5·1 = 40");
    assert!(drawn.lines().all(|line| line == line.trim_end()));
    assert_eq!(text::four_steps_count(&trace), 28);
    // Step 10 is the window of output 6, [1,1].
    let step = text::four_steps(&trace, Some(10), Style::plain()).unwrap();
    has(&step, "Step 10 of 28: the window of output [1,1]");
    has(&step, "y[1,1] = 1·9 + 2·7 + 4·3 + 5·1 = 40");
    let past = text::four_steps(&trace, Some(29), Style::plain());
    assert_eq!(
        past,
        Err(ExplainError::Step {
            asked: 29,
            steps: 28
        })
    );
}

#[test]
fn two_by_two_to_five_by_five_as_stamps() {
    let trace = note(2, 2, 0);
    let drawn = text::scatter(&trace, None, Style::plain()).unwrap();
    has(
        &drawn,
        "\
Step 2 of 5: x[0,1] = 2 stamps 2·w, beginning at height 0·2 = 0, width 1·2 = 2
┌ 2·w 3x3 ───┐  ┌ sum so far, full output 5x5 ┐
│  2   4   6 │  │  1   2 [ 5][ 4][ 6]         │
│  8  10  12 │  │  4   5 [14][10][12]         │
│ 14  16  18 │  │  7   8 [23][16][18]         │
└────────────┘  │  ?   ?   ?   ?   ?          │",
    );
    has(&drawn, "padding 0: nothing is cut off");
}

#[test]
fn two_by_two_to_four_by_four_in_both_views() {
    let trace = note(2, 1, 0);
    let steps = text::four_steps(&trace, None, Style::plain()).unwrap();
    has(
        &steps,
        "insert s-1 = 1-1 = 0 zeros between neighbours: 2x2 -> 2x2",
    );
    has(&steps, "k-p-1 = 3-0-1 = 2: 2 zeros on each side");
    has(&steps, "y[1,1] = 1·5 + 2·4 + 3·2 + 4·1 = 23");
    let stamps = text::scatter(&trace, Some(5), Style::plain()).unwrap();
    has(&stamps, "│  7  23  33  24 │");
}

#[test]
fn output_padding_and_crops_have_their_words() {
    let layer = Layer::new(Op::ConvTranspose, 1)
        .stride(&[2])
        .crops(&[[1, 0]]);
    let bias = [-0.5];
    let trace = Trace::new(&layer, &counted(&[1, 2]), &counted(&[1, 1, 3]), Some(&bias)).unwrap();
    let steps = text::four_steps(&trace, None, Style::plain()).unwrap();
    has(&steps, "output_padding 1");
    has(&steps, "│ ░  1  ·  2  ░  ▒ │");
    has(&steps, "▒ zero that output_padding adds");
    has(&steps, "y[3] = 2·3 - 0.5 (bias) = 5.5");
    let stamps = text::scatter(&trace, None, Style::plain()).unwrap();
    has(
        &stamps,
        "1 cut off at the beginning, nothing is cut off at the end",
    );
    has(&stamps, "│(1) 2  5  4  6 │");
}

#[test]
fn the_matrix_in_seven_steps() {
    let layer = Layer::new(Op::Conv, 2);
    let trace = MatrixTrace::new(&layer, &counted(&[4, 4]), &counted(&[3, 3])).unwrap();
    let drawn = text::matrix(&trace, None, Style::plain()).unwrap();
    for part in [
        "a) ",
        "b) The input as one row: I is 1x16",
        "C is 16x4",
        "│ 5  4  2  1 │  │ e  d  b  a        │",
        "O[0] = I · column 0 = 1·1 + 2·2 + 3·3 + 5·4 + 6·5 + 7·6 + 9·7 + 10·8 + 11·9 = 348",
        "not square (its rank is 4), so it has no inverse",
        "P[3,3] = 573·9 = 5157",
        "P[2,2] = 348·9 + 393·8 + 528·6 + 573·5 = 12309",
        "│ f  e  d     │",
    ] {
        has(&drawn, part);
    }
    let one = text::matrix(&trace, Some(3), Style::plain()).unwrap();
    has(&one, "c) ");
    assert!(!one.contains("d) "));
    assert!(text::matrix(&trace, Some(8), Style::plain()).is_err());
}

#[test]
fn three_axes_are_drawn_slice_by_slice() {
    let layer = Layer::new(Op::ConvTranspose, 3);
    let trace = Trace::new(
        &layer,
        &counted(&[1, 2, 2, 2]),
        &counted(&[1, 1, 2, 2, 2]),
        None,
    )
    .unwrap();
    let drawn = text::four_steps(&trace, None, Style::plain()).unwrap();
    has(
        &drawn,
        "┌ output y 3x3x3, depth 0 ┐  ┌ output y 3x3x3, depth 1 ┐",
    );
}

/// The text without escape sequences.
fn without_colors(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => while rest.next().is_some_and(|c| c != 'm') {},
            c => plain.push(c),
        }
    }
    plain
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_step_of_any_problem_is_drawn(problem in any_problem(), seed: u64) {
        let mut rng = Rng::new(seed);
        let mut array = |shape: Vec<usize>| {
            let data = rng.wild(shape.iter().product());
            Array { shape, data }
        };
        let (x, w) = (array(problem.input_shape()), array(problem.weight_shape()));
        let layer = Layer::try_from(&problem).unwrap();
        let Ok(trace) = Trace::new(&layer, &x, &w, None) else { return Ok(()) };
        let last = [text::four_steps_count(&trace), text::scatter_count(&trace)];
        for (view, last) in [text::four_steps, text::scatter].into_iter().zip(last) {
            let steps = [None, Some(1), Some(2), Some(last / 2), Some(last)];
            for step in steps.into_iter().filter(|step| step.is_none_or(|step| (1..=last).contains(&step))) {
                let plain = view(&trace, step, Style::plain()).unwrap();
                let escapes = plain.contains('\u{1b}');
                prop_assert!(!escapes);
                let colored = view(&trace, step, Style::colored()).unwrap();
                prop_assert_eq!(without_colors(&colored), plain);
            }
            prop_assert!(view(&trace, Some(0), Style::plain()).is_err());
            prop_assert!(view(&trace, Some(last + 1), Style::plain()).is_err());
        }
    }

    #[test]
    fn every_matrix_is_drawn(problem in any_problem(), seed: u64) {
        let mut rng = Rng::new(seed);
        let mut array = |shape: &[usize]| Array { shape: shape.to_vec(), data: rng.wild(shape.iter().product()) };
        let (x, w) = (array(&problem.input_shape()[2..]), array(&problem.weight_shape()[2..]));
        let layer = Layer::try_from(&problem).unwrap();
        if let Ok(trace) = MatrixTrace::new(&layer, &x, &w) {
            for step in (1..=text::MATRIX_STEPS).map(Some).chain([None]) {
                prop_assert!(!text::matrix(&trace, step, Style::plain()).unwrap().is_empty());
            }
        }
    }
}
