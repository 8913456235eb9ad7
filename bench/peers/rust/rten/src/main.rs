//! rten: the ONNX model with its weights packed when it is loaded.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use convt_bench::{Case, Job, serve};
use rten::{ModelOptions, RunOptions, ThreadPool, Value};
use rten_tensor::Tensor;
use rten_tensor::prelude::*;

fn main() -> std::io::Result<()> {
    serve("0.27", load)
}

fn load(job: &Job) -> Result<Case, String> {
    let mut options = ModelOptions::with_all_ops();
    options.prepack_weights(true);
    let model = options.load_file(job.onnx()).map_err(|error| error.to_string())?;
    let (values, shape) = job.x()?;
    let x = Tensor::from_data(shape.as_slice(), values);
    let (from, to) = (model.input_ids()[0], model.output_ids()[0]);
    let pool = Arc::new(ThreadPool::with_num_threads(job.threads()));
    let run = move || -> Result<Value, String> {
        let options = RunOptions::default().with_thread_pool(Some(pool.clone()));
        let mut outputs = model
            .run(vec![(from, x.view().into())], &[to], Some(options))
            .map_err(|error| error.to_string())?;
        Ok(outputs.remove(0))
    };
    let last = Rc::new(RefCell::new(run()?));
    let output = Rc::clone(&last);
    Ok(Case {
        call: Box::new(move || *last.borrow_mut() = run().unwrap()),
        fetch: Box::new(move || {
            let y: Tensor<f32> = output.borrow().clone().try_into().unwrap();
            y.to_vec()
        }),
        facts: serde_json::Map::new(),
    })
}
