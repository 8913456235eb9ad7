//! The kit itself: vectors load and fit their problems, random problems are legal and varied.

use std::collections::HashSet;

use convt_geometry::{Op, Padding};
use convt_testkit::{any_problem, hostile_problem, load_cases, problems, tables, vectors};
use proptest::prelude::*;

#[test]
fn the_vectors_load_and_fit_their_problems() {
    let cases = vectors();
    assert_eq!(cases.len(), 320);
    for case in &cases {
        let output = case.problem.output_shape();
        assert_eq!(output.as_ref(), Ok(&case.y.shape), "{}", case.name);
        let Some(gradients) = case.gradients.as_ref() else {
            assert_eq!(case.problem.batch, 0, "{} has no gradients", case.name);
            continue;
        };
        assert_eq!(gradients.gx.shape, case.x.shape);
        assert_eq!(gradients.gw.shape, case.w.shape);
        assert_eq!(gradients.gy.shape, case.y.shape);
        assert_eq!(gradients.gb.is_some(), case.b.is_some());
    }
    assert!(cases.iter().any(|case| case.integer));
    assert!(cases.iter().any(|case| case.problem.op == Op::Conv));
}

#[test]
fn the_peers_tables_load_and_fit_their_problems() {
    let cases = tables();
    for case in &cases {
        let output = case.problem.output_shape();
        assert_eq!(output.as_ref(), Ok(&case.y.shape), "{}", case.name);
        let convention = case
            .convention
            .as_ref()
            .expect("a table says its convention");
        assert!(convention["framework"].is_string(), "{}", case.name);
        assert_eq!(
            case.w_native.is_some(),
            convention.get("weight").is_some(),
            "{}",
            case.name
        );
    }
    for framework in ["tensorflow", "jax", "flax", "keras"] {
        let of = |case: &&convt_testkit::Case| {
            case.convention.as_ref().unwrap()["framework"] == framework
        };
        assert!(cases.iter().any(|case| of(&case)), "no case of {framework}");
    }
}

#[test]
fn missing_and_broken_files_are_named() {
    let folder = std::env::temp_dir().join(format!("convt-testkit-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let prefix = folder.join("cases");
    let error = load_cases(&prefix).unwrap_err();
    assert!(error.contains("cases.json"), "{error}");
    std::fs::write(folder.join("cases.json"), "{\"cases\": [").unwrap();
    std::fs::write(folder.join("cases.safetensors"), [0; 3]).unwrap();
    let error = load_cases(&prefix).unwrap_err();
    assert!(error.contains("cases.json"), "{error}");
    std::fs::write(folder.join("cases.json"), "{\"cases\": []}").unwrap();
    let error = load_cases(&prefix).unwrap_err();
    assert!(error.contains("cases.safetensors"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn random_problems_cover_the_parameter_space_and_repeat() {
    let drawn = problems(1, 2000);
    assert_eq!(drawn, problems(1, 2000));
    assert_ne!(drawn, problems(2, 2000));
    let kinds: HashSet<_> = drawn
        .iter()
        .flat_map(|problem| &problem.axes)
        .map(|axis| std::mem::discriminant(&axis.padding))
        .collect();
    assert_eq!(kinds.len(), 8, "every kind of padding");
    let has = |what: &str, test: &dyn Fn(&convt_geometry::Problem) -> bool| {
        assert!(drawn.iter().any(test), "no problem with {what}");
    };
    for dims in 1..=3 {
        for op in [Op::Conv, Op::ConvTranspose] {
            has("this rank", &|p| p.op == op && p.axes.len() == dims);
        }
    }
    has("groups", &|p| p.groups > 1 && p.groups < p.in_channels);
    has("a depthwise kernel", &|p| {
        p.groups > 1 && p.groups == p.in_channels
    });
    has("dilation", &|p| {
        p.axes.iter().any(|a| a.dilation > 1 && a.kernel > 1)
    });
    has("output_padding", &|p| {
        p.axes.iter().any(|a| a.output_padding > 0)
    });
    has("output_size", &|p| {
        p.axes.iter().any(|a| a.output_size.is_some())
    });
    has("a negative crop", &|p| {
        let negative = |padding| matches!(padding, Padding::Signed(crop) if crop.begin < 0);
        p.axes.iter().any(|a| negative(a.padding))
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_problem_is_legal_and_small(problem in any_problem()) {
        let shape = problem.output_shape();
        prop_assert!(shape.is_ok(), "{problem}: {shape:?}");
        prop_assert!(problem.products().unwrap() <= 10_000_000, "{problem}");
    }

    #[test]
    fn hostile_problems_are_refused_without_a_panic(problem in hostile_problem()) {
        if let Ok(walks) = problem.walks() {
            prop_assert_eq!(walks.len(), problem.axes.len());
        }
    }
}
