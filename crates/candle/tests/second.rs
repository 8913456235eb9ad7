//! Gradients of gradients. A process of its own, since candle reads the environment once: without this variable gradients
//! are cut from what they were computed of.

use candle_core::{Device, Result, Tensor, Var};
use convt_candle::{ConvConfig, ConvTransposeConfig, conv_transpose2d, conv2d};
use convt_testkit::Rng;

fn drawn(shape: &[usize], seed: u64) -> Result<Var> {
    let data: Vec<f64> = Rng::new(seed).normal(shape.iter().product());
    Var::from_tensor(&Tensor::from_vec(data, shape, &Device::Cpu)?)
}

/// `g = |dL/dx|^2 + |dL/dw|^2 + |dL/db|^2` for `L = sum(y^3)` has gradients that central differences confirm.
fn check(f: impl Fn(&[Var; 3]) -> Result<Tensor>, shapes: [&[usize]; 3]) -> Result<()> {
    let mut vars = [
        drawn(shapes[0], 1)?,
        drawn(shapes[1], 2)?,
        drawn(shapes[2], 3)?,
    ];
    let norm = |vars: &[Var; 3]| -> Result<Tensor> {
        let y = f(vars)?;
        let first = (y.sqr()? * y)?.sum_all()?.backward()?;
        let mut sum = Tensor::zeros((), candle_core::DType::F64, &Device::Cpu)?;
        for var in vars {
            sum = (sum + first.get(var).expect("a gradient").sqr()?.sum_all()?)?;
        }
        Ok(sum)
    };
    let second = norm(&vars)?.backward()?;
    for i in 0..3 {
        let found = second
            .get(&vars[i])
            .expect("a second gradient")
            .flatten_all()?;
        let found = found.to_vec1::<f64>()?;
        let (values, shape) = (vars[i].flatten_all()?.to_vec1::<f64>()?, shapes[i]);
        for at in [0, values.len() / 2, values.len() - 1] {
            let mut moved = |by: f64| -> Result<f64> {
                let mut values = values.clone();
                values[at] += by;
                vars[i] = Var::from_vec(values, shape, &Device::Cpu)?;
                norm(&vars)?.to_scalar::<f64>()
            };
            let step = 1e-4;
            let slope = (moved(step)? - moved(-step)?) / (2.0 * step);
            moved(0.0)?;
            // The error of central differences is the third derivative times step^2, far below this.
            assert!(
                (slope - found[at]).abs() <= 1e-5 * (1.0 + slope.abs()),
                "argument {i}, element {at}: {} but differences say {slope}",
                found[at]
            );
        }
    }
    Ok(())
}

/// Runs the test below in a process whose environment has the variable.
#[test]
fn second_gradients() {
    let program = std::env::current_exe().expect("a test has a program");
    let output = std::process::Command::new(program)
        .args([
            "--ignored",
            "--exact",
            "differences_confirm_second_gradients",
        ])
        .env("CANDLE_GRAD_DO_NOT_DETACH", "1")
        .output()
        .expect("a program that ran once runs twice");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
#[ignore = "`second_gradients` calls it with the environment that it needs"]
fn differences_confirm_second_gradients() -> Result<()> {
    let config = ConvTransposeConfig {
        stride: [2, 3],
        padding: [1, 0],
        output_padding: [0, 2],
        dilation: [1, 2],
        groups: 2,
    };
    check(
        |[x, w, b]| conv_transpose2d(x, w, Some(b), config),
        [&[2, 4, 3, 2], &[4, 3, 3, 2], &[6]],
    )?;
    let config = ConvConfig {
        stride: [2, 1],
        padding: [1, 2],
        dilation: [1, 2],
        groups: 2,
    };
    check(
        |[x, w, b]| conv2d(x, w, Some(b), config),
        [&[2, 4, 5, 4], &[6, 2, 3, 2], &[6]],
    )
}
