//! PyTorch's results and gradients.

use candle_core::{Device, Tensor, Var, WithDType};
use convt::{Layer, Op, Padding, Problem};
use convt_candle::{ConvConfig, ConvTransposeConfig, apply, conv, conv_transpose};
use convt_testkit::{Bound, Case, Float, vectors};

type Result<T> = candle_core::Result<T>;

fn tensor<T: Float + WithDType>(
    data: impl Iterator<Item = f64>,
    shape: &[usize],
) -> Result<Tensor> {
    let data: Vec<T> = data.map(<T as Float>::from_f64).collect();
    Tensor::from_vec(data, shape, &Device::Cpu)
}

fn values<T: WithDType>(tensor: &Tensor) -> Result<Vec<T>> {
    tensor.flatten_all()?.to_vec1::<T>()
}

/// Through the functions with candle's configurations where they can say the padding, else through the layer.
fn run(problem: &Problem, x: &Tensor, w: &Tensor, b: Option<&Tensor>) -> Result<Tensor> {
    fn over<const D: usize>(
        problem: &Problem,
        x: &Tensor,
        w: &Tensor,
        b: Option<&Tensor>,
    ) -> Result<Tensor> {
        let axes: &[_; D] = problem.axes[..].try_into().expect("D axes");
        let padding = axes.map(|axis| match axis.padding {
            Padding::Both(padding) => padding,
            _ => unreachable!("asked before"),
        });
        let (stride, dilation) = (axes.map(|axis| axis.stride), axes.map(|axis| axis.dilation));
        let groups = problem.groups;
        match problem.op {
            Op::Conv => conv(
                x,
                w,
                b,
                ConvConfig {
                    stride,
                    padding,
                    dilation,
                    groups,
                },
            ),
            Op::ConvTranspose => {
                let output_padding = axes.map(|axis| axis.output_padding);
                let config = ConvTransposeConfig {
                    stride,
                    padding,
                    output_padding,
                    dilation,
                    groups,
                };
                conv_transpose(x, w, b, config)
            }
        }
    }
    let plain = |axis: &convt_geometry::ProblemAxis| matches!(axis.padding, Padding::Both(_));
    match problem.axes.len() {
        _ if !problem.axes.iter().all(plain) => apply(&Layer::from_problem(problem), x, w, b),
        1 => over::<1>(problem, x, w, b),
        2 => over::<2>(problem, x, w, b),
        _ => over::<3>(problem, x, w, b),
    }
}

/// Output and gradients of one case, of `map`ped values.
struct Found<T> {
    y: Vec<T>,
    gradients: Option<[Vec<T>; 3]>,
}

fn found<T: Float + WithDType>(case: &Case, map: impl Fn(f64) -> f64) -> Result<Found<T>> {
    let of = |t: &convt_testkit::Tensor<f32>| {
        let data = t.data.iter().map(|&v| map(v.into()));
        Var::from_tensor(&tensor::<T>(data, &t.shape)?)
    };
    let (x, w) = (of(&case.x)?, of(&case.w)?);
    let b = case.b.as_ref().map(of).transpose()?;
    let y = run(&case.problem, &x, &w, b.as_deref())?;
    assert_eq!(y.dims(), case.y.shape, "{}", case.key);
    let Some(expected) = &case.gradients else {
        return Ok(Found {
            y: values(&y)?,
            gradients: None,
        });
    };
    let gy = tensor::<T>(expected.gy.data.iter().map(|&v| map(v)), &expected.gy.shape)?;
    let store = (&y * gy)?.sum_all()?.backward()?;
    let gradient = |var: &Var| values::<T>(store.get(var).expect("a gradient"));
    let gb = b.as_ref().map_or(Ok(Vec::new()), &gradient)?;
    Ok(Found {
        y: values(&y)?,
        gradients: Some([gradient(&x)?, gradient(&w)?, gb]),
    })
}

fn all<T: Float + WithDType>() -> Result<()> {
    for case in &vectors() {
        let what = format!("{} {}", case.key, case.name);
        let found = found::<T>(case, |v| v)?;
        // Sums of magnitudes, in f64: what rounding is measured by.
        let size = self::found::<f64>(case, f64::abs)?;
        let check = |part: &str, terms, found: &[T], right: &[f64], size: &[f64]| {
            let what = format!("{what}: {part}");
            if case.integer {
                Bound::check_exact(&what, found, right);
            }
            Bound::new(terms).check(&what, found, right, size);
        };
        check("y", case.terms(), &found.y, &case.y.data, &size.y);
        let (Some(right), Some([gx, gw, gb])) = (&case.gradients, &found.gradients) else {
            continue;
        };
        let [size_x, size_w, size_b] = size.gradients.as_ref().expect("gradients");
        // Every element of an array takes part in no more sums than these, and each sum in parts.
        let terms = 2 * case
            .x
            .data
            .len()
            .max(case.y.data.len())
            .max(case.w.data.len())
            + 1;
        check("gx", terms, gx, &right.gx.data, size_x);
        check("gw", terms, gw, &right.gw.data, size_w);
        if let Some(right) = &right.gb {
            check("gb", terms, gb, &right.data, size_b);
        }
    }
    Ok(())
}

#[test]
fn all_in_f32() -> Result<()> {
    all::<f32>()
}

#[test]
fn all_in_f64() -> Result<()> {
    all::<f64>()
}
