//! The engine as one of the benchmarked programs: plan made, output and scratch given, threads as asked.

use std::cell::RefCell;
use std::rc::Rc;

use convt::{Layer, Problem, Scratch};
use convt_bench::{Case, Job, resident_growth, serve, time_best};
use serde_json::Map;

fn main() -> std::io::Result<()> {
    let isa = convt::Isa::best();
    serve(&format!("{} ({isa})", env!("CARGO_PKG_VERSION")), load)
}

fn load(job: &Job) -> Result<Case, String> {
    let problem: Problem = job.problem().parse().map_err(text)?;
    let layer = Layer::from_problem(&problem);
    let (x, shape) = job.x()?;
    let (weight, weight_shape) = job.weight()?;
    let bias = job.bias()?;
    let threads = job.threads();
    let make = || layer.plan((&weight[..], &weight_shape[..]), bias.as_deref());
    let plan = make().map_err(text)?;

    let plan_ms = time_best(3, || drop(make()));
    let copy_ms = time_best(3, || drop(std::hint::black_box(weight.clone())));
    let explanation = plan.explain(&shape).map_err(text)?;
    let count: usize = plan.output_shape(&shape).map_err(text)?.iter().product();
    let mut scratch = Scratch::new();
    // Written, not only asked for: the output's own pages are no growth of the run.
    let mut y = vec![f32::NAN; count];
    let mut first = Ok(());
    let growth = resident_growth(|| {
        first = plan.run_slice_into(&x, &shape, &mut y, &mut scratch, threads);
    });
    first.map_err(text)?;

    let mut facts = Map::new();
    facts.insert("note".into(), explanation.algorithm.into());
    facts.insert(
        "scratch".into(),
        plan.scratch_bytes(&shape, threads).map_err(text)?.into(),
    );
    facts.insert("resident".into(), growth.into());
    facts.insert("plan_ms".into(), plan_ms.into());
    facts.insert("copy_ms".into(), copy_ms.into());
    let y = Rc::new(RefCell::new(y));
    let output = Rc::clone(&y);
    Ok(Case {
        call: Box::new(move || {
            let mut y = y.borrow_mut();
            let ran = plan.run_slice_into(&x, &shape, &mut y, &mut scratch, threads);
            assert!(ran.is_ok(), "{ran:?}");
        }),
        fetch: Box::new(move || output.borrow().clone()),
        facts,
    })
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
