//! candle's own operations where they exist, gradients of gradients, and layers.

use candle_core::{DType, Device, Module, Result, Tensor, Var};
use candle_nn::{VarBuilder, VarMap};
use convt_candle::{
    Conv1d, Conv2d, ConvConfig, ConvTranspose2d, ConvTranspose3d, ConvTransposeConfig,
    conv_transpose1d, conv_transpose2d, conv1d, conv2d,
};
use convt_testkit::Rng;

fn drawn(shape: &[usize], seed: u64) -> Result<Var> {
    let data: Vec<f64> = Rng::new(seed).normal(shape.iter().product());
    Var::from_tensor(&Tensor::from_vec(data, shape, &Device::Cpu)?)
}

/// Both within rounding: f64 sums of a few hundred terms of magnitude 1.
fn near(a: &Tensor, b: &Tensor) -> Result<()> {
    assert_eq!(a.dims(), b.dims());
    let worst = (a - b)?.abs()?.max_all()?.to_scalar::<f64>()?;
    assert!(worst < 1e-11, "differs by {worst}");
    Ok(())
}

/// The same output and, for the same arriving gradient, the same gradients of `x` and `w`.
fn same(
    x: &Var,
    w: &Var,
    ours: impl Fn() -> Result<Tensor>,
    theirs: impl Fn() -> Result<Tensor>,
) -> Result<()> {
    let (ours, theirs) = (ours()?, theirs()?);
    near(&ours, &theirs)?;
    let dy = drawn(ours.dims(), 3)?;
    let ours = (ours * dy.as_tensor())?.sum_all()?.backward()?;
    let theirs = (theirs * dy.as_tensor())?.sum_all()?.backward()?;
    for var in [x, w] {
        near(
            ours.get(var).expect("ours"),
            theirs.get(var).expect("theirs"),
        )?;
    }
    Ok(())
}

#[test]
fn candles_convolutions() -> Result<()> {
    // Square: candle's own gradient takes both output_paddings from the height.
    let (x, w) = (drawn(&[2, 6, 9, 9], 1)?, drawn(&[5, 6, 3, 3], 2)?);
    for (stride, padding, dilation) in [(1, 0, 1), (1, 1, 1), (2, 1, 1), (1, 2, 2)] {
        let config = ConvConfig {
            stride: [stride; 2],
            padding: [padding; 2],
            dilation: [dilation; 2],
            groups: 1,
        };
        same(
            &x,
            &w,
            || conv2d(&x, &w, None, config),
            || x.conv2d(&w, padding, stride, dilation, 1),
        )?;
    }
    let (x, w) = (drawn(&[2, 6, 9], 1)?, drawn(&[5, 6, 3], 2)?);
    let ours = conv1d(
        &x,
        &w,
        None,
        ConvConfig {
            padding: [1],
            ..ConvConfig::default()
        },
    )?;
    near(&ours, &x.conv1d(&w, 1, 1, 1, 1)?)
}

#[test]
fn candles_transposed_convolutions() -> Result<()> {
    let (x, w) = (drawn(&[2, 6, 5, 4], 1)?, drawn(&[6, 5, 3, 3], 2)?);
    for (stride, padding, output_padding, dilation) in
        [(1, 0, 0, 1), (2, 1, 1, 1), (3, 0, 2, 1), (2, 1, 0, 2)]
    {
        let config = ConvTransposeConfig {
            stride: [stride; 2],
            padding: [padding; 2],
            output_padding: [output_padding; 2],
            dilation: [dilation; 2],
            groups: 1,
        };
        let ours = conv_transpose2d(&x, &w, None, config)?;
        let theirs = x.conv_transpose2d(&w, padding, output_padding, stride, dilation)?;
        near(&ours, &theirs)?;
    }
    let (x, w) = (drawn(&[2, 6, 5], 1)?, drawn(&[6, 4, 4], 2)?);
    let config = ConvTransposeConfig {
        stride: [2],
        padding: [1],
        ..Default::default()
    };
    near(
        &conv_transpose1d(&x, &w, None, config)?,
        &x.conv_transpose1d(&w, 1, 0, 2, 1, 1)?,
    )
}

#[test]
fn layers_load_by_pytorchs_names() -> Result<()> {
    let variables = VarMap::new();
    let vb = VarBuilder::from_varmap(&variables, DType::F64, &Device::Cpu);
    let config = ConvTransposeConfig {
        stride: [2, 1],
        padding: [1, 0],
        output_padding: [1, 0],
        groups: 2,
        ..Default::default()
    };
    let layer = ConvTranspose2d::load(4, 6, [3, 2], config, &vb.pp("up"))?;
    assert_eq!(layer.weight().dims(), [4, 3, 3, 2]);
    let x = drawn(&[1, 4, 5, 5], 1)?;
    let y = layer.forward(&x)?;
    assert_eq!(y.dims(), [1, 6, 10, 6]);
    let found = variables.data().lock().unwrap();
    let (w, b) = (&found["up.weight"], &found["up.bias"]);
    near(&y, &conv_transpose2d(&x, w, Some(b), config)?)?;
    let bound = 1.0 / (3.0_f64 * 6.0).sqrt();
    assert!(w.abs()?.max_all()?.to_scalar::<f64>()? <= bound);
    drop(found);

    let plain = Conv2d::load_no_bias(4, 6, 3, ConvConfig::default(), &vb.pp("plain"))?;
    assert!(plain.bias().is_none());
    assert_eq!(plain.forward(&x)?.dims(), [1, 6, 3, 3]);
    let config = ConvTransposeConfig {
        stride: [2; 3],
        ..Default::default()
    };
    let volume = ConvTranspose3d::load(1, 2, 2, config, &vb.pp("volume"))?;
    assert_eq!(
        volume
            .forward(drawn(&[1, 1, 2, 3, 4], 1)?.as_tensor())?
            .dims(),
        [1, 2, 4, 6, 8]
    );
    Ok(())
}

#[test]
fn what_is_wrong_is_refused_with_its_numbers() -> Result<()> {
    let vb = VarBuilder::zeros(DType::F32, &Device::Cpu);
    let groups = ConvConfig {
        groups: 4,
        ..Default::default()
    };
    let error = Conv1d::load(6, 8, 3, groups, &vb).unwrap_err().to_string();
    assert!(
        error.contains("groups = 4") && error.contains("in_channels = 6"),
        "{error}"
    );
    let (x, w) = (drawn(&[1, 3, 5], 1)?, drawn(&[2, 4, 3], 2)?);
    let error = conv1d(&x, &w, None, ConvConfig::default())
        .unwrap_err()
        .to_string();
    assert!(error.contains('3') && error.contains('4'), "{error}");
    let error = conv2d(&x, &w, None, ConvConfig::default())
        .unwrap_err()
        .to_string();
    assert!(error.contains("[2, 4, 3]"), "{error}");
    let mixed = conv1d(&x, &w.to_dtype(DType::F32)?, None, ConvConfig::default());
    assert!(mixed.is_err());
    let whole = Tensor::zeros((1, 4, 5), DType::U32, &Device::Cpu)?;
    let kernel = Tensor::zeros((2, 4, 3), DType::U32, &Device::Cpu)?;
    let error = conv1d(&whole, &kernel, None, ConvConfig::default())
        .unwrap_err()
        .to_string();
    assert!(error.contains("f32 or f64"), "{error}");
    Ok(())
}

#[test]
fn transposed_views_and_no_batch() -> Result<()> {
    let (x, w) = (drawn(&[3, 7, 5], 1)?, drawn(&[4, 3, 3], 2)?);
    let turned = x.transpose(0, 1)?; // (7, 3, 5), not contiguous
    let b = drawn(&[4], 3)?;
    let y = conv1d(&turned, &w, Some(&b), ConvConfig::default())?;
    near(
        &y,
        &conv1d(&turned.contiguous()?, &w, Some(&b), ConvConfig::default())?,
    )?;
    let single = conv1d(
        &turned.get(2)?.contiguous()?,
        &w,
        Some(&b),
        ConvConfig::default(),
    )?;
    near(&single, &y.get(2)?)?;
    let gradients = single.sum_all()?.backward()?;
    let db = gradients.get(&b).expect("a gradient");
    near(db, &Tensor::new(&[3.0_f64; 4], &Device::Cpu)?)
}
