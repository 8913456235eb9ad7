//! How many multiply-adds a problem needs, and how many other methods spend.

use convt_geometry::{Problem, Walk};

use crate::{Error, GeometryError};

/// Multiply-adds of one problem, by method. One multiply-add is two floating-point operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Products {
    /// Those that contribute to the output: every (input, tap) pair that lands inside it, and no other.
    pub useful: u128,
    /// Those of a matrix product followed by overlap-add (GEMM + col2im): pairs that are cropped away count as well.
    pub uncropped: u128,
    /// Those of a dense convolution over the output that also multiplies inserted and padded zeros.
    pub zero_insert: u128,
}

/// Counts the multiply-adds of `problem`.
pub fn products(problem: &Problem) -> Result<Products, Error> {
    let walks = problem.walks()?;
    let channels = (problem.in_channels as u128)
        .checked_mul((problem.out_channels / problem.groups) as u128)
        .and_then(|pairs| pairs.checked_mul(problem.batch as u128));
    let times = |per_axis: &dyn Fn(&Walk) -> u128| {
        walks
            .iter()
            .try_fold(channels?, |n, walk| n.checked_mul(per_axis(walk)))
    };
    let overflow = GeometryError::Overflow {
        what: "the number of products",
        axis: None,
    };
    let kernel = |walk: &Walk| walk.axis().kernel as u128;
    let all = || {
        Some(Products {
            useful: times(&Walk::products)?,
            uncropped: times(&|walk| {
                let stamps = match walk.op() {
                    convt_geometry::Op::ConvTranspose => walk.input(),
                    convt_geometry::Op::Conv => walk.output(),
                };
                stamps as u128 * kernel(walk)
            })?,
            zero_insert: times(&|walk| walk.output() as u128 * kernel(walk))?,
        })
    };
    all().ok_or(Error::Geometry(overflow))
}
