//! The kernel of a fixed rule, in both axes, with zeros around it.

use convt_upscale::{Kernel, Method};

use crate::failure::Failure;

/// A kernel and where its first output begins.
pub(super) struct Rule {
    pub(super) size: [usize; 2],
    pub(super) weights: Vec<f64>,
    pub(super) begin: [usize; 2],
}

/// The taps along one axis: `weights`, and the place of output 0 among them.
struct Taps {
    weights: Vec<f64>,
    begin: usize,
}

/// The kernel of a named method at these strides: the outer product of its taps along both axes.
pub(super) fn kernel(
    name: &str,
    stride: [usize; 2],
    size: Option<[usize; 2]>,
) -> Result<Rule, Failure> {
    let along = |a: usize| taps(name, stride[a], size.map(|size| size[a]));
    let (down, right) = (along(0)?, along(1)?);
    let row = |w: &f64| -> Vec<f64> { right.weights.iter().map(|v| v * w).collect() };
    Ok(Rule {
        size: [down.weights.len(), right.weights.len()],
        weights: down.weights.iter().flat_map(row).collect(),
        begin: [down.begin, right.begin],
    })
}

fn taps(name: &str, stride: usize, size: Option<usize>) -> Result<Taps, Failure> {
    let refused = |error: convt_upscale::Error| Failure::usage(error.to_string());
    let Kernel::Separable { span, weights } = Method::named(name)
        .map_err(refused)?
        .kernel(stride)
        .map_err(refused)?
    else {
        return Err(Failure::usage(format!("kernel = {name} is no fixed rule")));
    };
    let size = size.unwrap_or(span.taps);
    // The zeros are shared out so that the kernel stays centred, as a layer of that size places it; an odd one comes first.
    let zeros = size
        .checked_sub(span.taps)
        .filter(|_| size <= convt_upscale::MAX_KERNEL);
    let Some(zeros) = zeros else {
        return Err(Failure::usage(format!(
            "kernel-size = {size} cannot hold {name} at stride {stride}, which has {} taps: give {} to {}",
            span.taps,
            span.taps,
            convt_upscale::MAX_KERNEL
        )));
    };
    let before = zeros.div_ceil(2);
    let mut all = vec![0.0; size];
    for (tap, weight) in weights.iter().enumerate() {
        all[before + tap] = f64::from(*weight);
    }
    Ok(Taps {
        weights: all,
        begin: before + span.begin,
    })
}
