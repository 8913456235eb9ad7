//! Words that the Python snippets share.

use super::call::{Call, Cut};

/// Beyond so many numbers a list is broken into lines.
const PER_LINE: usize = 24;

/// `[1.0, 2.0]`, in lines.
pub(super) fn list(numbers: &[f64]) -> String {
    let words: Vec<String> = numbers
        .iter()
        .map(|n| {
            if n.is_nan() {
                "float('nan')".into()
            } else if n.is_infinite() {
                if *n > 0.0 {
                    "float('inf')"
                } else {
                    "-float('inf')"
                }
                .into()
            } else if n.fract() == 0.0 && n.abs() < 1e15 {
                format!("{n:.0}.")
            } else {
                format!("{n}")
            }
        })
        .collect();
    let lines: Vec<String> = words.chunks(PER_LINE).map(|line| line.join(", ")).collect();
    format!("[{}]", lines.join(",\n    "))
}

/// `2` where all agree, otherwise `(2, 1)`; a tuple of one has its comma.
pub(super) fn number_or_tuple(numbers: &[usize]) -> String {
    match numbers.split_first() {
        Some((first, rest)) if rest.iter().all(|n| n == first) => first.to_string(),
        _ => tuple(numbers),
    }
}

/// `(2, 1)`, `(2,)`.
pub(super) fn tuple<T: ToString>(numbers: &[T]) -> String {
    let words: Vec<String> = numbers.iter().map(T::to_string).collect();
    match &words[..] {
        [one] => format!("({one},)"),
        all => format!("({})", all.join(", ")),
    }
}

/// `[(1, 0), (1, 1)]`.
pub(super) fn pairs<T: ToString>(pairs: &[[T; 2]]) -> String {
    let words: Vec<String> = pairs
        .iter()
        .map(|[a, b]| format!("({}, {})", a.to_string(), b.to_string()))
        .collect();
    format!("[{}]", words.join(", "))
}

/// `name = np.array([...], np.float32).reshape(1, 1, 3, 3)`
pub(super) fn array(name: &str, numbers: &[f64], shape: &[usize]) -> String {
    let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
    format!(
        "{name} = np.array({}, np.float32).reshape({})\n",
        list(numbers),
        shape.join(", ")
    )
}

/// The three arrays.
pub(super) fn arrays(call: &Call) -> String {
    let mut text = array("x", &call.x, &call.x_shape());
    text += &array("w", &call.w, &call.w_shape);
    if let Some(b) = &call.b {
        text += &array("b", b, &[b.len()]);
    }
    text
}

/// Lines that fill up and cut the spatial axes of `name`, whose lengths are given; `first` axes stand before the spatial
/// ones and `last` behind them.
pub(super) fn cut(
    name: &str,
    cuts: &[Cut],
    lengths: &[usize],
    first: usize,
    last: usize,
) -> String {
    let mut text = String::new();
    if cuts.iter().any(|cut| cut.adds()) {
        let mut adds = vec![[0, 0]; first];
        adds.extend(cuts.iter().map(|cut| cut.add));
        adds.extend(vec![[0, 0]; last]);
        text += &format!("{name} = np.pad({name}, {})\n", pairs(&adds));
    }
    if cuts
        .iter()
        .zip(lengths)
        .any(|(cut, &length)| cut.drops(length))
    {
        let mut ranges = vec![":".to_string(); first];
        ranges.extend(
            cuts.iter()
                .map(|cut| format!("{}:{}", cut.keep[0], cut.keep[1])),
        );
        text += &format!("{name} = {name}[{}]\n", ranges.join(", "));
    }
    text
}
