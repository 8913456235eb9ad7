//! The layers that are measured, and the classes that have a target.

use std::fs;

use convt_geometry::{Op, Padding, Problem, ProblemAxis};
use regex::Regex;
use serde_json::Value;

use crate::steps::root;

/// One layer of `bench/layers.json` or `bench/extra.json`.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) name: String,
    /// The layer as it stands in the file: workers read it.
    pub(super) json: Value,
    pub(super) problem: Problem,
    /// Multiply-adds that contribute to the output.
    pub(super) products: f64,
    /// Bytes of input, weight, bias and output together.
    pub(super) bytes: f64,
    /// For a layer of the second list, the one of the first that it is compared with.
    pub(super) like: Option<String>,
}

/// The layers of one list whose names match.
pub(super) fn read(list: &str, wanted: Option<&Regex>) -> Result<Vec<Layer>, String> {
    let path = root().join("bench").join(list);
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut layers = parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    layers.retain(|layer| wanted.is_none_or(|wanted| wanted.is_match(&layer.name)));
    Ok(layers)
}

fn parse(text: &str) -> Result<Vec<Layer>, String> {
    let list: Vec<Value> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    list.into_iter().map(Layer::new).collect()
}

impl Layer {
    fn new(json: Value) -> Result<Self, String> {
        let name = json["name"]
            .as_str()
            .ok_or("a layer without a name")?
            .to_string();
        let number = |field: &str| {
            json[field]
                .as_u64()
                .map(|n| n as usize)
                .ok_or_else(|| format!("{name}: no number `{field}`"))
        };
        let axes = |field: &str| -> Result<Vec<usize>, String> {
            let list = json[field].as_array();
            list.and_then(|list| {
                list.iter()
                    .map(|n| n.as_u64().map(|n| n as usize))
                    .collect()
            })
            .ok_or_else(|| format!("{name}: no list `{field}`"))
        };
        let (input, kernel) = (axes("input")?, axes("kernel")?);
        let (stride, padding) = (axes("stride")?, axes("padding")?);
        let (output_padding, dilation) = (axes("output_padding")?, axes("dilation")?);
        let lists = [&kernel, &stride, &padding, &output_padding, &dilation];
        if lists.iter().any(|list| list.len() != input.len()) {
            return Err(format!("{name}: lists of different lengths"));
        }
        let walk = (0..input.len()).map(|i| ProblemAxis {
            stride: stride[i],
            padding: Padding::Both(padding[i]),
            output_padding: output_padding[i],
            dilation: dilation[i],
            ..ProblemAxis::new(input[i], kernel[i])
        });
        let mut problem = Problem::new(Op::ConvTranspose, walk.collect());
        problem.batch = number("batch")?;
        problem.in_channels = number("in_channels")?;
        problem.out_channels = number("out_channels")?;
        problem.groups = number("groups")?;
        problem.bias = json["bias"].as_bool().unwrap_or(true);
        problem.name = Some(name.clone());
        let told = |error: convt_geometry::GeometryError| format!("{name}: {error}");
        let output = problem.output_shape().map_err(told)?;
        if output[2..] != axes("output")?[..] {
            return Err(format!("{name}: the output is {:?}", &output[2..]));
        }
        let products = problem.products().map_err(told)? as f64;
        let elements = |shape: &[usize]| shape.iter().product::<usize>();
        let bias = if problem.bias {
            problem.out_channels
        } else {
            0
        };
        let elements = elements(&problem.input_shape())
            + elements(&problem.weight_shape())
            + bias
            + elements(&output);
        Ok(Self {
            like: json["like"].as_str().map(str::to_string),
            bytes: (elements * 4) as f64,
            name,
            json,
            problem,
            products,
        })
    }
}

/// A kind of layer, and by how much the best peer is to be beaten there.
pub(super) struct Class {
    pub(super) name: &'static str,
    pub(super) target: f64,
    pub(super) holds: fn(&Problem) -> bool,
}

/// Every kind with a target of its own. A layer may be of several kinds, or of none.
pub(super) const CLASSES: [Class; 7] = [
    Class {
        name: "at most 4 output channels",
        target: 1.8,
        holds: few_outputs,
    },
    Class {
        name: "depthwise",
        target: 2.5,
        holds: depthwise,
    },
    Class {
        name: "kernels of 16x16 and more",
        target: 2.0,
        holds: large_kernel,
    },
    Class {
        name: "kernel = stride",
        target: 1.25,
        holds: kernel_is_stride,
    },
    Class {
        name: "one axis (audio)",
        target: 1.25,
        holds: audio,
    },
    Class {
        name: "kernel 4, stride 2, 128 channels and more",
        target: 1.25,
        holds: kernel_four,
    },
    Class {
        name: "pictures of at most 4 per axis",
        target: 1.15,
        holds: small,
    },
];

fn few_outputs(problem: &Problem) -> bool {
    problem.out_channels <= 4 && problem.in_channels > 1
}

fn depthwise(problem: &Problem) -> bool {
    problem.groups > 1 && problem.groups == problem.in_channels
}

fn large_kernel(problem: &Problem) -> bool {
    problem.axes.len() == 2 && problem.axes.iter().all(|axis| axis.kernel >= 16)
}

fn kernel_is_stride(problem: &Problem) -> bool {
    problem
        .axes
        .iter()
        .all(|axis| axis.kernel == axis.stride && axis.stride > 1)
}

fn audio(problem: &Problem) -> bool {
    problem.axes.len() == 1 && problem.groups == 1
}

fn kernel_four(problem: &Problem) -> bool {
    let four = problem
        .axes
        .iter()
        .all(|axis| axis.kernel == 4 && axis.stride == 2);
    four && problem.axes.len() == 2
        && problem.groups == 1
        && problem.in_channels.min(problem.out_channels) >= 128
}

fn small(problem: &Problem) -> bool {
    let few = problem
        .axes
        .iter()
        .all(|axis| (2..=4).contains(&axis.input) && axis.kernel > axis.stride);
    few && problem.axes.len() > 1 && problem.in_channels > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(holds: fn(&Problem) -> bool) -> Vec<String> {
        let layers = read("layers.json", None).unwrap();
        layers
            .into_iter()
            .filter(|layer| holds(&layer.problem))
            .map(|layer| layer.name)
            .collect()
    }

    #[test]
    fn both_lists_are_read_and_their_sizes_are_right() {
        assert_eq!(read("layers.json", None).unwrap().len(), 49);
        let extra = read("extra.json", None).unwrap();
        let first = read("layers.json", None).unwrap();
        for layer in &extra {
            let like = layer.like.as_deref().unwrap();
            assert!(first.iter().any(|other| other.name == like), "{like}");
        }
        let fcn = Regex::new("^fcn").unwrap();
        assert_eq!(read("layers.json", Some(&fcn)).unwrap().len(), 3);
    }

    #[test]
    fn products_leave_out_what_padding_clips() {
        let fcn = Regex::new("^dcgan_2$").unwrap();
        let layer = read("layers.json", Some(&fcn)).unwrap().remove(0);
        let nominal = f64::from(512 * 256 * 4 * 4 * 4 * 4);
        assert!(layer.products < 0.8 * nominal && layer.products > 0.7 * nominal);
    }

    #[test]
    fn a_wrong_output_is_refused() {
        let text = fs::read_to_string(root().join("bench/layers.json")).unwrap();
        let mut list: Vec<Value> = serde_json::from_str(&text).unwrap();
        list[0]["output"][1] = 6.into();
        assert!(
            parse(&Value::from(list).to_string())
                .unwrap_err()
                .contains("[5, 5]")
        );
    }

    #[test]
    fn classes_hold_the_layers_that_they_are_about() {
        let few = names(few_outputs);
        for name in [
            "fsrcnn_x3",
            "upconv7_last",
            "dcgan_5",
            "pix2pix_up_last",
            "dbnet_up2",
            "gan3d_4",
        ] {
            assert!(few.iter().any(|other| other == name), "{name}");
        }
        assert_eq!(
            names(depthwise),
            ["fcn32s_bilinear_dw", "dla_up_dw", "mimi_up_dw"]
        );
        assert_eq!(
            names(large_kernel),
            ["fcn8s_score", "fcn32s_score", "fcn32s_bilinear_dw"]
        );
        assert_eq!(names(small), ["dcgan_2", "dcgan_2_b64", "gan3d_1"]);
        assert_eq!(names(audio).len(), 8);
        assert!(names(kernel_is_stride).len() >= 10);
        assert!(names(kernel_four).contains(&"pose_up3".to_string()));
    }
}
