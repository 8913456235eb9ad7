//! Numbers, indices and sums as they are written in pictures.

/// A number in a cell: whole ones as such, others with two decimals, a real minus sign.
pub(crate) fn number(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    let size = value.abs();
    let digits = if size.is_infinite() {
        "∞".into()
    } else if size != 0.0 && !(0.005..1e6).contains(&size) {
        format!("{size:.1e}")
    } else {
        let text = format!("{size:.2}");
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    };
    if value < 0.0 {
        format!("−{digits}")
    } else {
        digits
    }
}

/// A weight: three decimals, a real minus sign, and no smaller than can be told from 0.
pub(crate) fn fine(value: f64) -> String {
    if !value.is_finite() || value.abs() >= 1000.0 || (value != 0.0 && value.abs() < 0.0005) {
        return number(value);
    }
    let text = format!("{:.3}", value.abs());
    let digits = text.trim_end_matches('0').trim_end_matches('.');
    let sign = if value < 0.0 { "−" } else { "" };
    format!("{sign}{digits}")
}

/// A number as a factor: negative ones in brackets.
pub(crate) fn factor(value: f64) -> String {
    if value < 0.0 {
        format!("({})", number(value))
    } else {
        number(value)
    }
}

/// `a·b`.
pub(crate) fn product(a: f64, b: f64) -> String {
    format!("{}·{}", factor(a), factor(b))
}

/// `1,2` of an index.
pub(crate) fn list(index: &[usize]) -> String {
    let words: Vec<String> = index.iter().map(usize::to_string).collect();
    words.join(",")
}

/// `3×3` of a size.
pub(crate) fn by(size: &[usize]) -> String {
    let words: Vec<String> = size.iter().map(usize::to_string).collect();
    words.join("×")
}

/// Width of a text in units, near enough to break lines by.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    convt_draw::text_width(text, size, false)
}

/// A sum broken into lines that are not wider than `room`: `head` stands before it, `tail` behind. Beyond `lines` lines
/// the middle is left out.
pub(crate) fn sum_lines(
    head: &str,
    terms: &[String],
    tail: &str,
    room: f64,
    size: f64,
    lines: usize,
) -> Vec<String> {
    let tail_room = room - width(tail, size) - width(" + … ", size);
    let indent = "    ";
    let mut done = Vec::new();
    let mut line = head.to_string();
    for (i, term) in terms.iter().enumerate() {
        let piece = if i == 0 {
            term.clone()
        } else {
            format!(" + {term}")
        };
        let last = done.len() + 1 >= lines;
        let limit = if last { tail_room } else { room };
        if width(&line, size) + width(&piece, size) > limit && i > 0 {
            if last {
                line.push_str(" + …");
                break;
            }
            done.push(line);
            line = indent.to_string();
        }
        line.push_str(&piece);
    }
    if width(&line, size) + width(tail, size) > room && done.len() + 1 < lines {
        done.push(line);
        line = indent.to_string();
    }
    line.push_str(tail);
    done.push(line);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_exact_where_they_can_be() {
        for (value, text) in [
            (0.0, "0"),
            (-3.0, "−3"),
            (100.0, "100"),
            (0.75, "0.75"),
            (0.5625, "0.56"),
            (1e7, "1.0e7"),
            (f64::NEG_INFINITY, "−∞"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(product(2.0, -1.0), "2·(−1)");
        for (value, text) in [
            (1.0 / 9.0, "0.111"),
            (-0.0625, "−0.062"),
            (2.0, "2"),
            (-0.0, "0"),
            (0.000_2, "2.0e-4"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(fine(value), text);
        }
    }

    #[test]
    fn long_sums_are_broken_and_cut() {
        let terms: Vec<String> = (0..100).map(|n| format!("{n}·{n}")).collect();
        let lines = sum_lines("y = ", &terms, " = 5", 300.0, 16.0, 3);
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| width(line, 16.0) <= 300.0));
        assert!(lines[2].ends_with("+ … = 5"), "{lines:?}");
        assert_eq!(
            sum_lines("y = ", &terms[..2], " = 1", 300.0, 16.0, 3),
            ["y = 0·0 + 1·1 = 1"]
        );
    }
}
