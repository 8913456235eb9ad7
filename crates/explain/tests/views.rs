//! Every view of every small problem: drawn, numbered as the oracle says, inside its frame, in letters that exist.

use convt_draw::{Figure, Item, Map, Paint, missing_glyphs};
use convt_explain::{
    ExplainError, Lang, PRESETS, Preset, Show, State, Values, View, inspect, table,
};
use convt_geometry::Problem;
use convt_reference::{Definition, Layer};
use convt_testkit::{any_problem, hostile_problem};
use proptest::prelude::*;

/// A problem as a state: whole numbers that differ everywhere.
fn state_of(problem: &Problem, view: View, lang: Lang) -> State {
    State {
        x: Values::Random(1),
        w: Values::Random(2),
        b: problem.bias.then_some(Values::Count),
        view,
        lang,
        ..State::of_problem(problem)
    }
}

/// What a figure promises: everything inside, every number finite, every letter known.
fn check_figure(figure: &Figure) -> Result<(), TestCaseError> {
    prop_assert!(figure.width > 0.0 && figure.height > 0.0);
    prop_assert_eq!(missing_glyphs(&figure.title), Vec::<char>::new());
    let slack = 1e-6;
    for frame in &figure.frames {
        prop_assert!(!frame.caption.is_empty());
        prop_assert_eq!(
            missing_glyphs(&frame.caption),
            Vec::<char>::new(),
            "{}",
            frame.caption
        );
        for item in &frame.items {
            let (area, words) = match item {
                Item::Cell(cell) => (Some(cell.area), format!("{}{}", cell.label, cell.corner)),
                Item::Outline { area, .. } => (Some(*area), String::new()),
                Item::Text { text, x, y, .. } => {
                    prop_assert!((0.0..=figure.width).contains(x), "{text} at {x}");
                    prop_assert!(
                        (0.0..=figure.height).contains(y),
                        "{text} at {y} of {}",
                        figure.height
                    );
                    (None, text.clone())
                }
                Item::Arrow { .. } => (None, String::new()),
            };
            prop_assert_eq!(missing_glyphs(&words), Vec::<char>::new(), "{}", words);
            if let Some(area) = area {
                let fits = area.x >= -slack
                    && area.y >= -slack
                    && area.x + area.width <= figure.width + slack
                    && area.y + area.height <= figure.height + slack;
                prop_assert!(fits, "{area:?} in {}x{}", figure.width, figure.height);
            }
        }
    }
    Ok(())
}

/// The labels of the output's cells in a frame, by index.
fn outputs(figure: &Figure) -> Vec<(Vec<usize>, String)> {
    let cells = figure.frames[0].items.iter().filter_map(|item| match item {
        Item::Cell(cell) => Some(cell),
        _ => None,
    });
    cells
        .filter(|cell| cell.paint == Paint::Output)
        .filter_map(|cell| {
            let place = cell
                .place
                .as_ref()
                .filter(|place| place.map == Map::Output)?;
            Some((place.index.clone(), cell.label.replace('−', "-")))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn every_small_problem_is_drawn(problem in any_problem(), zh in any::<bool>(), pick in any::<prop::sample::Index>()) {
        let lang = if zh { Lang::Zh } else { Lang::En };
        for view in View::ALL {
            let state = state_of(&problem, view, lang);
            let show = match Show::new(&state) {
                Ok(show) => show,
                Err(ExplainError::TooLarge { .. }) => continue,
                Err(error) => return Err(TestCaseError::fail(format!("{}: {error}", view.name()))),
            };
            prop_assert!(show.frames() >= 1);
            for index in [0, pick.index(show.frames()), show.frames() - 1] {
                check_figure(&show.still(index).unwrap())?;
                prop_assert!(!show.table(index).unwrap().is_empty());
            }
            prop_assert!(show.still(show.frames()).is_err());
        }
    }

    /// The last frame of the four steps and of the scatter view shows the oracle's numbers for the last channel.
    #[test]
    fn the_numbers_are_the_oracles(problem in any_problem()) {
        for view in [View::FourSteps, View::Scatter] {
            let state = state_of(&problem, view, Lang::En);
            let Ok(show) = Show::new(&state) else { continue };
            let (x, w, b) = state.arrays().unwrap();
            let layer = Layer::try_from(&state.problem().unwrap()).unwrap();
            let y = Definition::Matrix.run(&layer, &x, &w, b.as_deref());
            let Ok(y) = y else { continue };
            let shown = outputs(&show.still(show.frames() - 1).unwrap());
            prop_assert!(!shown.is_empty());
            let several = y.shape[0] > 1;
            for (index, label) in shown {
                let full = if several { index } else { [&[0], &index[..]].concat() };
                let flat = full.iter().zip(&y.shape).fold(0, |at, (i, n)| at * n + i);
                prop_assert_eq!(label, y.data[flat].to_string(), "{:?}", full);
            }
        }
    }

    #[test]
    fn the_inspector_explains_every_output(problem in any_problem(), pick in any::<prop::sample::Index>()) {
        let state = state_of(&problem, View::FourSteps, Lang::En);
        let (Ok((x, w, b)), Ok(checked)) = (state.arrays(), state.problem()) else { return Ok(()) };
        let layer = Layer::try_from(&checked).unwrap();
        let y = Definition::Phases.run(&layer, &x, &w, b.as_deref()).unwrap();
        let mut rest = pick.index(y.data.len());
        let value = y.data[rest];
        let mut index = vec![0; y.shape.len()];
        for (axis, n) in y.shape.iter().enumerate().rev() {
            index[axis] = rest % n;
            rest /= n;
        }
        let found = inspect(&state, Map::Output, &index).unwrap();
        let sum: f64 = found.terms.iter().map(|term| term.product).sum();
        prop_assert_eq!(sum + found.bias.unwrap_or(0.0), value);
        prop_assert_eq!(found.value, Some(value));
    }

    #[test]
    fn a_link_holds_the_whole_state(problem in any_problem(), zh in any::<bool>(), step in prop::option::of(1..99usize)) {
        let lang = if zh { Lang::Zh } else { Lang::En };
        let state = State { step, ..state_of(&problem, View::Matrix, lang) };
        let query = state.to_query();
        prop_assert_eq!(State::parse_query(&query), Ok(state), "{}", query);
    }

    #[test]
    fn hostile_states_are_refused_in_words(problem in hostile_problem()) {
        let state = State::of_problem(&problem);
        for view in View::ALL {
            match Show::new(&State { view, ..state.clone() }) {
                Ok(show) => check_figure(&show.still(0).unwrap())?,
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
        // What a link cannot hold it refuses; what it holds it gives back.
        if let Ok(read) = State::parse_query(&state.to_query()) {
            prop_assert_eq!(read.axes, state.axes);
        }
    }

    #[test]
    fn any_text_is_a_link_or_a_refusal(text in "[#?]?([a-z]{1,5}=[-a-z0-9:,x%&=.]{0,12}&?){0,6}") {
        let _ = State::parse_query(&text);
    }
}

#[test]
fn every_preset_is_drawn_whole_in_every_view() {
    for name in PRESETS {
        for view in View::ALL {
            let state = State {
                view,
                ..Preset::named(name).unwrap().state
            };
            let figure = convt_explain::figure(&state).unwrap();
            check_figure(&figure).unwrap();
            assert_eq!(
                figure.frames.len(),
                convt_explain::frame_count(&state).unwrap()
            );
        }
    }
}

#[test]
fn the_tables_hold_the_numbers_of_the_picture() {
    let state = Preset::named("note-4").unwrap().state;
    let tables = table(&state, 29).unwrap();
    let output = tables
        .iter()
        .find(|table| table.title.contains("output"))
        .unwrap();
    assert_eq!(output.rows[1], ["16", "40", "26", "60", "36"]);
    assert!(table(&state, 0).is_err());
    assert!(table(&state, 30).is_err());
}

#[test]
fn what_is_too_large_offers_something_smaller() {
    for line in [
        "conv_transpose2d i400 k3 s2",
        "conv_transpose3d i40 k5 s4",
        "conv_transpose2d c64-64 i8 k3",
    ] {
        let state = State::of_problem(&line.parse().unwrap());
        let error = Show::new(&state).err().unwrap();
        assert!(matches!(error, ExplainError::TooLarge { .. }), "{error}");
        assert!(error.to_string().contains("smaller"), "{error}");
    }
}
