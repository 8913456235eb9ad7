//! Zeros, the limits of the integers and everything between: no public function panics, overflows or runs for ever.

use convt_geometry::{
    Axis, Crop, Extra, Formula, GeometryError, Op, Padding, Phase, Search, Solution, Tap, Target,
    Walk, solve,
};
use convt_testkit::hostile_problem;
use proptest::prelude::*;

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        1 => Just(0),
        3 => 1..=9usize,
        1 => Just(u32::MAX as usize),
        1 => Just(isize::MAX as usize),
        1 => Just(isize::MAX as usize + 1),
        1 => Just(usize::MAX),
        1 => any::<usize>(),
    ]
}

fn offset() -> impl Strategy<Value = isize> {
    prop_oneof![
        3 => -9..=9isize,
        1 => Just(isize::MIN),
        1 => Just(isize::MAX),
        1 => any::<isize>(),
    ]
}

fn padding() -> impl Strategy<Value = Padding> {
    prop_oneof![
        size().prop_map(Padding::Both),
        (size(), size()).prop_map(|(begin, end)| Padding::Sides { begin, end }),
        (offset(), offset()).prop_map(|(begin, end)| Padding::Signed(Crop { begin, end })),
        (offset(), offset()).prop_map(|(lo, hi)| Padding::Jax { lo, hi }),
        Just(Padding::Same),
        Just(Padding::Valid),
        Just(Padding::SameUpper),
        Just(Padding::SameLower),
    ]
}

fn extra() -> impl Strategy<Value = Extra> {
    prop_oneof![
        size().prop_map(Extra::OutputPadding),
        size().prop_map(Extra::OutputSize),
        (size(), size()).prop_map(|(size, output_padding)| Extra::OutputShape {
            size,
            output_padding
        }),
    ]
}

/// Fields set by hand, past the constructor's checks.
fn axis() -> impl Strategy<Value = Axis> {
    (size(), size(), size(), offset(), offset()).prop_map(
        |(kernel, stride, dilation, begin, end)| Axis {
            kernel,
            stride,
            dilation,
            crop: Crop { begin, end },
        },
    )
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![Just(Op::Conv), Just(Op::ConvTranspose)]
}

/// Every error has its sentence, with and without an axis.
fn say(error: &GeometryError) {
    assert!(!error.to_string().is_empty());
    assert!(!error.clone().on_axis(2).to_string().is_empty());
}

fn say_if<T>(result: Result<T, GeometryError>) -> Option<T> {
    result.map_err(|error| say(&error)).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn an_axis_never_panics(axis in axis(), input in size(), op in op(), output in size()) {
        let made = Axis::new(axis.kernel, axis.stride, axis.dilation);
        prop_assert_eq!(made.is_ok(), axis.span().is_ok());
        say_if(made);
        say_if(axis.span());
        say_if(axis.full_length(input));
        let size = say_if(axis.output(op, input));
        if let Some(formula) = say_if(Formula::new(op, &axis, input)) {
            prop_assert!(!formula.to_string().is_empty());
            prop_assert_eq!(usize::try_from(formula.value()).ok().filter(|&n| n > 0), size);
        }
        if let Some(walk) = say_if(Walk::new(op, &axis, input)) {
            prop_assert_eq!(Some(walk.output()), size);
            let most = axis.kernel as u128 * walk.input().max(walk.output()) as u128;
            prop_assert!(walk.products() <= most);
            prop_assert!(walk.phase_count() <= axis.kernel);
            prop_assert!(walk.taps_per_phase() <= axis.kernel);
            if axis.kernel <= 1000 {
                let _ = walk.contributions(output).count();
                say_if(walk.phases());
            }
        }
    }

    #[test]
    fn padding_words_never_panic(axis in axis(), input in size(), op in op(), padding in padding(), extra in extra()) {
        if let Some(crop) = say_if(padding.crop(op, &axis, input, extra)) {
            say_if(axis.with_crop(crop).output(op, input));
        }
    }

    #[test]
    fn crops_never_panic(axis in axis(), numbers: [usize; 3], a in offset(), b in offset(), op in prop::option::of(size())) {
        let [p, q, r] = numbers;
        say_if(Crop::torch(p, q));
        say_if(Crop::sides(p, q, r));
        say_if(Crop::onnx(a, a > b, p));
        say_if(Crop::same(&axis));
        say_if(Crop::valid(&axis));
        say_if(Crop::jax(&axis, a, b));
        say_if(Crop::keras_same(&axis, op));
        say_if(Crop::keras_valid(&axis, op));
    }

    #[test]
    fn problems_never_panic(problem in hostile_problem()) {
        say_if(problem.walks());
        say_if(problem.output_shape());
        say_if(problem.products());
        prop_assert!(problem.input_shape().len() >= 2);
        prop_assert!(problem.weight_shape().len() >= 2);
        let again = problem.to_string().parse();
        if (1..=3).contains(&problem.axes.len()) {
            prop_assert_eq!(again, Ok(problem));
        }
    }

    #[test]
    fn a_phase_made_by_hand_never_panics(numbers in (size(), size(), size(), size()), offset in offset(), input in size()) {
        let (first, step, count, input_step) = numbers;
        let tap = Tap { index: 0, offset };
        let phase = Phase { first, step, count, input_step, taps: vec![tap] };
        let reach = phase.reach(&tap, input);
        prop_assert!(reach.start <= reach.end && reach.end <= count);
    }

    #[test]
    fn a_solution_made_by_hand_never_panics(numbers in (size(), size(), size(), size(), size())) {
        let (kernel, stride, padding, output_padding, dilation) = numbers;
        let solution = Solution { kernel, stride, padding, output_padding, dilation };
        let _ = (solution.overlaps_evenly(), solution.scales_exactly());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_solver_ends(a in size(), b in size(), scale: bool, max_kernel in size(), max_stride in size(), dilation in size()) {
        let target = if scale { Target::Scale(a) } else { Target::Size { input: a, output: b } };
        say_if(solve(target, Search { max_kernel, max_stride, dilation }));
    }
}
