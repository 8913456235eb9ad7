//! Which parameters give a wanted size.

use convt_geometry::{Search, Target};
use serde_json::{Value, json};

use crate::error::Error;
use crate::request::Request;

/// `{solutions: [{k, s, p, op, even, exact, taps}]}`, the usual ones first: even overlap, then small kernels.
pub(crate) fn solve(request: &Request) -> Result<Value, Error> {
    let input = request.number("input")?;
    let target = match (request.number("scale")?, input, request.number("output")?) {
        (Some(scale), _, _) => Target::Scale(scale),
        (None, Some(input), Some(output)) => Target::Size { input, output },
        _ => {
            return Err(Error::request(
                "solve needs a scale, or an input and an output",
            ));
        }
    };
    let search = Search {
        max_kernel: 9,
        max_stride: 9,
        dilation: request.number("dilation")?.unwrap_or(1),
    };
    let mut found = convt_geometry::solve(target, search).map_err(Error::Geometry)?;
    found.sort_by_key(|one| {
        (
            !one.overlaps_evenly(),
            !one.scales_exactly(),
            one.output_padding,
            one.kernel,
            one.stride,
        )
    });
    let solutions: Vec<Value> = found
        .iter()
        .map(|one| {
            json!({
                "k": one.kernel,
                "s": one.stride,
                "p": one.padding,
                "op": one.output_padding,
                "even": one.overlaps_evenly(),
                "exact": one.scales_exactly(),
                "taps": one.kernel.saturating_mul(one.kernel),
            })
        })
        .collect();
    Ok(json!({ "solutions": solutions }))
}
