//! JAX: the stretched, padded and flipped form, said as it is.

use convt_geometry::Op;

use super::call::Call;
use super::numpy::{arrays, pairs, tuple};

pub(super) fn program(call: &Call) -> String {
    let mut text =
        "import numpy as np\nimport jax.numpy as jnp\nfrom jax import lax\n\n".to_string();
    text += &arrays(call);
    if call.op == Op::ConvTranspose {
        let axes: Vec<usize> = (2..2 + call.dims).collect();
        text += &format!("w = jnp.flip(w, {})  # JAX does not flip\n", tuple(&axes));
    }
    text + &self::call(call) + "print(y)\n"
}

pub(super) fn call(call: &Call) -> String {
    let space = &"DHW"[3 - call.dims..];
    let (input, out_first, in_first) = (
        format!("NC{space}"),
        format!("OI{space}"),
        format!("IO{space}"),
    );
    let mut text = String::new();
    let dilation = if call.dilation.iter().any(|&d| d != 1) {
        format!(", rhs_dilation={}", tuple(&call.dilation))
    } else {
        String::new()
    };
    match call.op {
        Op::Conv => {
            let groups = if call.groups == 1 {
                String::new()
            } else {
                format!(", feature_group_count={}", call.groups)
            };
            text += &format!(
                "y = lax.conv_general_dilated(\n    x, w, window_strides={}, padding={}{dilation}{groups},\n    \
                 dimension_numbers=(\"{input}\", \"{out_first}\", \"{input}\"))\n",
                tuple(&call.stride),
                pairs(&call.crops)
            );
        }
        Op::ConvTranspose => {
            // Zeros around the stretched input: K-1 minus the crop.
            let pads: Vec<[isize; 2]> = call
                .crops
                .iter()
                .zip(&call.span)
                .map(|(crop, &span)| crop.map(|crop| span as isize - 1 - crop))
                .collect();
            if call.groups == 1 {
                text += &format!(
                    "y = lax.conv_transpose(\n    x, w, strides={}, padding={}{dilation},\n    \
                     dimension_numbers=(\"{input}\", \"{in_first}\", \"{input}\"))  # padding of the stretched input\n",
                    tuple(&call.stride),
                    pairs(&pads)
                );
            } else {
                let (g, out) = (call.groups, call.out_channels);
                let (per_in, per_out) = (call.in_channels / g, out / g);
                let k: Vec<String> = call.kernel.iter().map(usize::to_string).collect();
                let k = k.join(", ");
                text += &format!(
                    "w = w.reshape({g}, {per_in}, {per_out}, {k}).swapaxes(1, 2).reshape({out}, {per_in}, {k})  # per \
                     group\n"
                );
                text += &format!(
                    "y = lax.conv_general_dilated(\n    x, w, window_strides={}, padding={}, lhs_dilation={}{dilation},\n    \
                     feature_group_count={g}, dimension_numbers=(\"{input}\", \"{out_first}\", \"{input}\"))\n",
                    tuple(&vec![1; call.dims]),
                    pairs(&pads),
                    tuple(&call.stride)
                );
            }
        }
    }
    if call.b.is_some() {
        text += &format!("y = y + b.reshape(1, -1{})\n", ", 1".repeat(call.dims));
    }
    text
}
