//! candle's CPU tensors. Its bias is a broadcast addition after the operation, as candle-nn does it.

use std::cell::RefCell;
use std::rc::Rc;

use candle_core::{Device, Tensor};
use convt_bench::{Case, Job, serve};

fn main() -> std::io::Result<()> {
    serve("0.11.1", load)
}

fn load(job: &Job) -> Result<Case, String> {
    let tensor = |(values, shape): (Vec<f32>, Vec<usize>)| {
        Tensor::from_vec(values, shape, &Device::Cpu).map_err(text)
    };
    let (x, weight) = (tensor(job.x()?)?, tensor(job.weight()?)?);
    let axes = job.axes("stride")?.len();
    let groups = job.number("groups")?;
    if axes == 3 {
        return Err("no transposed convolution of three axes".into());
    }
    if axes == 2 && groups != 1 {
        return Err("no groups with two axes".into());
    }
    let one = |name: &str| match &job.axes(name)?[..] {
        [first, rest @ ..] if rest.iter().all(|other| other == first) => Ok(*first),
        other => Err(format!("one {name} for all axes, not {other:?}")),
    };
    let (stride, padding) = (one("stride")?, one("padding")?);
    let (extra, dilation) = (one("output_padding")?, one("dilation")?);
    let mut bias_shape = vec![1; axes + 2];
    bias_shape[1] = job.number("out_channels")?;
    let bias = job.bias()?.map(|bias| tensor((bias, bias_shape))).transpose()?;
    let run = move || {
        let y = match axes {
            1 => x.conv_transpose1d(&weight, padding, extra, stride, dilation, groups),
            _ => x.conv_transpose2d(&weight, padding, extra, stride, dilation),
        }?;
        match &bias {
            Some(bias) => y.broadcast_add(bias),
            None => Ok(y),
        }
    };
    let last = Rc::new(RefCell::new(run().map_err(text)?));
    let output = Rc::clone(&last);
    Ok(Case {
        call: Box::new(move || *last.borrow_mut() = run().unwrap()),
        fetch: Box::new(move || output.borrow().flatten_all().unwrap().to_vec1().unwrap()),
        facts: serde_json::Map::new(),
    })
}

fn text(error: candle_core::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_string()
}
