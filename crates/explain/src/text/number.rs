//! Numbers as people write them.

/// Integers as integers, anything else to four decimals without trailing zeros, very large and very small ones with a
/// power of ten.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return match value {
            v if v.is_nan() => "nan".into(),
            v if v > 0.0 => "inf".into(),
            _ => "-inf".into(),
        };
    }
    if value == 0.0 {
        return "0".into(); // also -0
    }
    if value.fract() == 0.0 && size < 1e9 {
        return format!("{value:.0}");
    }
    if (1e-3..1e6).contains(&size) {
        let text = format!("{value:.4}");
        return text.trim_end_matches('0').trim_end_matches('.').to_string();
    }
    format!("{value:.3e}")
}

/// A factor of a product: negative ones in brackets.
pub(crate) fn factor(value: f64) -> String {
    let text = number(value);
    if text.starts_with('-') {
        format!("({text})")
    } else {
        text
    }
}

/// `" + 3"` or `" - 3"`: a further term of a sum.
pub(crate) fn further(value: f64) -> String {
    match number(value).strip_prefix('-') {
        Some(positive) => format!(" - {positive}"),
        None => format!(" + {}", number(value)),
    }
}

/// `3x4`.
pub(crate) fn size(shape: &[usize]) -> String {
    let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    sizes.join("x")
}

/// `[1,2]`.
pub(crate) fn place(at: &[usize]) -> String {
    let places: Vec<String> = at.iter().map(ToString::to_string).collect();
    format!("[{}]", places.join(","))
}

/// One number where all are the same, else one per axis: `2`, `2,1`.
pub(crate) fn list<T: PartialEq + ToString>(values: &[T]) -> String {
    match values {
        [first, rest @ ..] if rest.iter().all(|n| n == first) => first.to_string(),
        all => {
            let all: Vec<String> = all.iter().map(ToString::to_string).collect();
            all.join(",")
        }
    }
}

/// `1 zero`, `2 zeros`.
pub(crate) fn counted(count: usize, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    }
}

/// The name of an axis among `axes`.
pub(crate) fn axis_name(axis: usize, axes: usize) -> &'static str {
    ["depth", "height", "width"][if axes == 1 { 2 } else { 3 - axes + axis }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (value, text) in [
            (5.0, "5"),
            (-0.0, "0"),
            (-2.0, "-2"),
            (0.5, "0.5"),
            (1.0 / 3.0, "0.3333"),
            (1e-5, "1.000e-5"),
            (1.5e12, "1.500e12"),
            (2e12, "2.000e12"),
            (999_999.000_01, "999999"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(factor(-2.0), "(-2)");
        assert_eq!(further(-2.5), " - 2.5");
        assert_eq!(further(2.0), " + 2");
        assert_eq!(axis_name(0, 2), "height");
        assert_eq!(axis_name(0, 1), "width");
    }
}
