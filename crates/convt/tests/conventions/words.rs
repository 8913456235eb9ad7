//! A peer's words (`convention` in the case files, see `tests/peers/format.md`), said to the constructor that reads them.

use convt::{AutoPad, Conv, ConvTranspose, Crop, Layer, Op, Padding, Run};
use convt_geometry::Axis;
use convt_testkit::Case;
use serde_json::Value;

/// A layer as its framework says it, and the options of its call.
pub(crate) struct Said {
    pub(crate) layer: Layer,
    pub(crate) run: Run,
    /// Whether the call chooses the output's size, so that the layer alone does not know its crops.
    pub(crate) by_call: bool,
}

/// The case's layer by its framework's constructor. The weight must be in PyTorch's order.
pub(crate) fn said(case: &Case) -> Said {
    match case.problem.axes.len() {
        1 => said_on::<1>(case),
        2 => said_on::<2>(case),
        3 => said_on::<3>(case),
        dims => panic!("{}: {dims} spatial axes", case.name),
    }
}

fn said_on<const D: usize>(case: &Case) -> Said {
    let words = case.convention.as_ref().unwrap_or(&Value::Null);
    let framework = words["framework"].as_str().unwrap_or("pytorch");
    if case.problem.op == Op::Conv {
        return Said {
            layer: Layer::clone(&conv::<D>(case, framework, words)),
            run: Run::new(),
            by_call: false,
        };
    }
    let (layer, run) = match framework {
        "pytorch" => pytorch::<D>(case, words),
        "tensorflow" => tensorflow::<D>(case, words),
        "jax" | "flax" => (jax::<D>(case, words), None),
        "keras" => (keras::<D>(case, words), None),
        "onnx" => onnx::<D>(case, words),
        other => panic!("{}: nobody reads the words of {other}", case.name),
    };
    Said {
        layer: Layer::clone(&layer),
        by_call: run.is_some(),
        run: run.unwrap_or_default(),
    }
}

/// The layer with everything but its padding.
fn bare<const D: usize>(case: &Case) -> ConvTranspose<D> {
    let problem = &case.problem;
    let axes = &problem.axes;
    let kernel: [usize; D] = std::array::from_fn(|i| axes[i].kernel);
    ConvTranspose::new(problem.in_channels, problem.out_channels, kernel)
        .stride(std::array::from_fn(|i| axes[i].stride))
        .dilation(std::array::from_fn(|i| axes[i].dilation))
        .groups(problem.groups)
        .bias(problem.bias)
}

fn pytorch<const D: usize>(case: &Case, words: &Value) -> (ConvTranspose<D>, Option<Run>) {
    let padding = |i: usize| match case.problem.axes[i].padding {
        Padding::Both(padding) => padding,
        other => panic!("{}: PyTorch does not say {other:?}", case.name),
    };
    let layer = bare::<D>(case).padding(std::array::from_fn(padding));
    if words["output_size"].is_null() {
        let extra = std::array::from_fn(|i| case.problem.axes[i].output_padding);
        return (layer.output_padding(extra), None);
    }
    let sizes = numbers::<usize, D>(&words["output_size"]);
    (layer, Some(Run::new().output_size(sizes)))
}

fn tensorflow<const D: usize>(case: &Case, words: &Value) -> (ConvTranspose<D>, Option<Run>) {
    let bare = bare::<D>(case);
    let sizes = &words["output_shape"];
    let sizes = (!sizes.is_null()).then(|| numbers::<usize, D>(sizes));
    match (words["padding"].as_str(), sizes) {
        (Some("SAME"), None) => (bare.same(), None),
        (Some("VALID"), None) => (bare.valid(), None),
        // What TensorFlow crops to reach a length is shared out as in SAME_UPPER.
        (Some("SAME"), Some(sizes)) => (bare.same(), Some(Run::new().output_shape(sizes))),
        // Nothing is cropped at the beginning, and the length is one that PyTorch's output_size reaches.
        (Some("VALID"), Some(sizes)) => (bare, Some(Run::new().output_size(sizes))),
        (None, Some(sizes)) => {
            let pads = pairs::<usize, D>(&words["padding"]);
            let run = Run::new().output_size(sizes);
            (bare.pads(pads), Some(run))
        }
        other => panic!("{}: unknown padding {other:?}", case.name),
    }
}

fn jax<const D: usize>(case: &Case, words: &Value) -> ConvTranspose<D> {
    let bare = bare::<D>(case);
    match &words["padding"] {
        Value::String(word) if word == "SAME" => bare.same(),
        Value::String(word) if word == "VALID" => bare.valid(),
        Value::Number(_) => {
            let pad = number(&words["padding"]);
            bare.jax_padding([(pad, pad); D])
        }
        Value::Array(list) if list.iter().all(Value::is_number) => {
            let pads = numbers::<isize, D>(&words["padding"]);
            bare.jax_padding(pads.map(|pad| (pad, pad)))
        }
        list => {
            let pairs = pairs::<isize, D>(list);
            if words["use_consistent_padding"] == true {
                let crops = pairs.map(|(lo, hi)| Crop::new(lo, hi));
                return bare.crops(crops);
            }
            bare.jax_padding(pairs)
        }
    }
}

fn keras<const D: usize>(case: &Case, words: &Value) -> ConvTranspose<D> {
    let bare = bare::<D>(case);
    let same = match words["padding"].as_str() {
        Some("same") => true,
        Some("valid") => false,
        other => panic!("{}: unknown padding {other:?}", case.name),
    };
    let extra = &words["output_padding"];
    if extra.is_null() {
        return if same { bare.same() } else { bare.valid() };
    }
    let extra = numbers::<usize, D>(extra);
    let crop = |i: usize| {
        let axis = &case.problem.axes[i];
        let axis = Axis::new(axis.kernel, axis.stride, axis.dilation).expect("a legal axis");
        let crop = if same {
            Crop::keras_same(&axis, Some(extra[i]))
        } else {
            Crop::keras_valid(&axis, Some(extra[i]))
        };
        crop.expect("Keras accepts it")
    };
    bare.crops(std::array::from_fn(crop))
}

fn onnx<const D: usize>(case: &Case, words: &Value) -> (ConvTranspose<D>, Option<Run>) {
    let mut layer = bare::<D>(case);
    if let Some(auto_pad) = auto_pad(words) {
        layer = layer.auto_pad(auto_pad);
    } else if !words["pads"].is_null() {
        layer = layer.pads(onnx_pads(&words["pads"]));
    }
    if !words["output_padding"].is_null() {
        layer = layer.output_padding(numbers::<usize, D>(&words["output_padding"]));
    }
    let sizes = &words["output_shape"];
    let run = (!sizes.is_null()).then(|| Run::new().output_shape(numbers::<usize, D>(sizes)));
    (layer, run)
}

fn conv<const D: usize>(case: &Case, framework: &str, words: &Value) -> Conv<D> {
    let (problem, axes) = (&case.problem, &case.problem.axes);
    let kernel: [usize; D] = std::array::from_fn(|i| axes[i].kernel);
    let layer = Conv::<D>::new(problem.in_channels, problem.out_channels, kernel)
        .stride(std::array::from_fn(|i| axes[i].stride))
        .dilation(std::array::from_fn(|i| axes[i].dilation))
        .groups(problem.groups)
        .bias(problem.bias);
    match framework {
        "pytorch" => layer.padding(std::array::from_fn(|i| match axes[i].padding {
            Padding::Both(padding) => padding,
            other => panic!("{}: PyTorch does not say {other:?}", case.name),
        })),
        "tensorflow" if words["padding"] == "SAME" => layer.same(),
        "onnx" => match (auto_pad(words), &words["pads"]) {
            (Some(auto_pad), _) => layer.auto_pad(auto_pad),
            (None, Value::Null) => layer,
            (None, pads) => layer.pads(onnx_pads(pads)),
        },
        other => panic!("{}: nobody reads the words of {other}", case.name),
    }
}

fn auto_pad(words: &Value) -> Option<AutoPad> {
    match words["auto_pad"].as_str() {
        None | Some("NOTSET") => None,
        Some("SAME_UPPER") => Some(AutoPad::SameUpper),
        Some("SAME_LOWER") => Some(AutoPad::SameLower),
        Some("VALID") => Some(AutoPad::Valid),
        Some(other) => panic!("unknown auto_pad {other}"),
    }
}

/// ONNX lists all begins, then all ends.
fn onnx_pads<const D: usize>(pads: &Value) -> [(usize, usize); D] {
    let list: Vec<usize> = list(pads).iter().map(number).collect();
    assert_eq!(list.len(), 2 * D, "{pads}");
    std::array::from_fn(|i| (list[i], list[D + i]))
}

fn list(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("{value} is no list"))
}

fn number<T: TryFrom<i64>>(value: &Value) -> T {
    let number = value.as_i64().and_then(|number| T::try_from(number).ok());
    number.unwrap_or_else(|| panic!("{value} is out of range"))
}

fn numbers<T: TryFrom<i64>, const D: usize>(value: &Value) -> [T; D] {
    assert_eq!(list(value).len(), D, "{value}");
    std::array::from_fn(|i| number(&value[i]))
}

fn pairs<T: TryFrom<i64>, const D: usize>(value: &Value) -> [(T, T); D] {
    assert_eq!(list(value).len(), D, "{value}");
    std::array::from_fn(|i| (number(&value[i][0]), number(&value[i][1])))
}

/// The crops that a converter of the case's words should give, where they are stored: what the peer does or, where it
/// departs from the rules, what the rules say. Cases in PyTorch's own words store none.
pub(crate) fn expected_crops(case: &Case) -> Option<Vec<Crop>> {
    let predicted = case.convention.as_ref().map(|w| &w["predicted_crops"]);
    if let Some(list) = predicted.filter(|list| !list.is_null()) {
        let pairs = self::list(list).iter();
        return Some(
            pairs
                .map(|pair| Crop::new(number(&pair[0]), number(&pair[1])))
                .collect(),
        );
    }
    let axes = case.problem.axes.iter();
    axes.map(|axis| match axis.padding {
        Padding::Signed(crop) => Some(crop),
        _ => None,
    })
    .collect()
}
