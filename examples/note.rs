//! The tutorial note's script with convt: three transposed convolutions and the shapes that come out.
//!
//! `cargo run --release --example note` prints `[1, 1, 4, 4]`, `[1, 1, 5, 5]` and `[1, 1, 5, 5]`.

use convt::{ConvTranspose2d, Error};
use ndarray::Array4;

/// Runs the layer on `x` with a kernel of ones and prints the two shapes.
fn show(title: &str, layer: &ConvTranspose2d, x: &Array4<f32>) -> Result<(), Error> {
    let weight = Array4::from_elem((1, 1, 3, 3), 1.0);
    let y = layer.plan(&weight, Some(&[0.0]))?.run(x.view())?;
    println!("{title}: x {:?} -> y {:?}", x.shape(), y.shape());
    Ok(())
}

fn main() -> Result<(), Error> {
    let two = Array4::from_shape_fn((1, 1, 2, 2), |(_, _, i, j)| (2 * i + j) as f32);
    let three = Array4::from_shape_fn((1, 1, 3, 3), |(_, _, i, j)| (3 * i + j) as f32);
    let layer = || ConvTranspose2d::new(1, 1, 3);
    show("k=3 p=0 s=1", &layer(), &two)?;
    show("k=3 p=0 s=2", &layer().stride(2), &two)?;
    show("k=3 p=1 s=2", &layer().stride(2).padding(1), &three)
}
