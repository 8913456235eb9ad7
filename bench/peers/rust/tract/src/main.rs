//! tract: the ONNX model, optimised once.

use std::cell::RefCell;
use std::rc::Rc;

use convt_bench::{Case, Job, serve};
use tract_linalg::multithread::{Executor, set_default_executor};
use tract_onnx::prelude::*;

fn main() -> std::io::Result<()> {
    serve("0.23.9", |job| load(job).map_err(|error| format!("{error:#}")))
}

fn load(job: &Job) -> TractResult<Case> {
    if job.threads() > 1 {
        set_default_executor(Executor::multithread(job.threads()));
    }
    let model = tract_onnx::onnx().model_for_path(job.onnx())?.into_optimized()?.into_runnable()?;
    let (values, shape) = job.x().map_err(TractError::msg)?;
    let x = Tensor::from_shape(&shape, &values)?.into_tvalue();
    let last = Rc::new(RefCell::new(model.run(tvec!(x.clone()))?));
    let output = Rc::clone(&last);
    Ok(Case {
        call: Box::new(move || *last.borrow_mut() = model.run(tvec!(x.clone())).unwrap()),
        fetch: Box::new(move || {
            output.borrow()[0].to_plain_array_view::<f32>().unwrap().iter().copied().collect()
        }),
        facts: serde_json::Map::new(),
    })
}
