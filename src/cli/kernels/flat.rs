//! What an FSRCNN gives a flat picture.
//!
//! On a picture of one level every layer's output is flat too, away from the border: a convolution multiplies by the *sum* of
//! each kernel, so the network up to its last layer is a product of small matrices with a PReLU after each. The last layer
//! gives output phase `r` the bias plus the sum over channels of the channel's value times the sum of the kernel's phase `r`.

use std::ffi::OsStr;

use convt_explain::{Kernels, Split};
use convt_files::{Location, TensorData, read};

use crate::failure::Failure;

/// The answer in each phase.
pub(super) fn answers(file: &OsStr, level: f64, split: Split) -> Result<Vec<f64>, Failure> {
    let place = Location::parse(file);
    if place.tensor.as_deref() != Some("upsample.weight") {
        return Err(Failure::usage(format!(
            "flat needs the last layer of an FSRCNN, but the weight is {}: give FILE.safetensors:upsample.weight",
            file.display()
        )));
    }
    let network = Network(place);
    let mut values = vec![level];
    for layer in ["feature", "shrink"] {
        values = network.layer(layer, &values)?;
    }
    for index in 0.. {
        let layer = format!("map.{index}");
        // The numbering ends where the network does; the layer after it tells whether a link is missing.
        if network.tensor(&format!("{layer}.weight")).is_err() {
            break;
        }
        values = network.layer(&layer, &values)?;
    }
    values = network.layer("expand", &values)?;
    let last = network.tensor("upsample.weight")?;
    let bias = network.vector("upsample.bias", 1)?[0];
    let mut kernels =
        Kernels::of_weight("upsample.weight", &last.shape, &last.elements.into_f64())?;
    if kernels.total != values.len() {
        return Err(wrong(
            "upsample.weight",
            &last.shape,
            &format!("({}, 1, k, k)", values.len()),
        ));
    }
    kernels.split = Some(split);
    let mut sums = vec![bias; split.phases()];
    for (kernel, value) in kernels.shown.iter().zip(&values) {
        for (sum, phase) in sums.iter_mut().zip(kernels.phases(kernel)) {
            *sum += value * phase.sum;
        }
    }
    Ok(sums)
}

fn wrong(name: &str, shape: &[usize], expected: &str) -> Failure {
    Failure::usage(format!(
        "{name} has shape {shape:?}, but an FSRCNN needs {expected} there: without --flat any weight is shown"
    ))
}

struct Network(Location);

impl Network {
    fn tensor(&self, name: &str) -> Result<TensorData, Failure> {
        Ok(read(&Location {
            file: self.0.file.clone(),
            tensor: Some(name.to_string()),
        })?)
    }

    fn vector(&self, name: &str, length: usize) -> Result<Vec<f64>, Failure> {
        let tensor = self.tensor(name)?;
        if tensor.shape != [length] {
            return Err(wrong(name, &tensor.shape, &format!("({length})")));
        }
        Ok(tensor.elements.into_f64())
    }

    /// A convolution and its PReLU on flat channels.
    fn layer(&self, name: &str, values: &[f64]) -> Result<Vec<f64>, Failure> {
        let key = format!("{name}.weight");
        let weight = self.tensor(&key)?;
        let [out, inner, rows, columns] = weight.shape[..] else {
            return Err(wrong(&key, &weight.shape, "four axes"));
        };
        if inner != values.len() || weight.elements.is_empty() {
            return Err(wrong(
                &key,
                &weight.shape,
                &format!("(C, {}, k, k)", values.len()),
            ));
        }
        let bias = self.vector(&format!("{name}.bias"), out)?;
        let slope = self.vector(&format!("{name}.prelu"), out)?;
        let weights = weight.elements.into_f64();
        let sums = weights
            .chunks(inner * rows * columns)
            .zip(bias.iter().zip(&slope));
        Ok(sums
            .map(|(own, (bias, slope))| {
                let products = own.chunks(rows * columns).zip(values);
                let sum = bias
                    + products
                        .map(|(kernel, value)| kernel.iter().sum::<f64>() * value)
                        .sum::<f64>();
                if sum < 0.0 { sum * slope } else { sum }
            })
            .collect())
    }
}
