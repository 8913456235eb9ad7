//! Parameters as people type them: `2`, `2,1`, `64x48`, `1:0`, `-1:2`, `40M`.
//!
//! Every error names the parameter, what was given and what is legal.

use convt_geometry::{Crop, Padding};
use convt_upscale::memory;

use crate::failure::Failure;

/// A whole number, at least 0.
pub(crate) fn number(parameter: &str, text: &str) -> Result<usize, Failure> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !is_number {
        return Err(Failure::usage(format!(
            "{parameter} = {text:?} is not a whole number: give one such as 2, or one per axis such as 2,1"
        )));
    }
    if text.starts_with('-') {
        return Err(Failure::usage(format!("{parameter} = {text} must be >= 0")));
    }
    text.parse().map_err(|_| {
        Failure::usage(format!(
            "{parameter} = {text} does not fit this machine's sizes: it must be at most {}",
            usize::MAX
        ))
    })
}

/// A number, or one per axis: `2`, `2,1`.
pub(crate) fn numbers(parameter: &str, text: &str) -> Result<Vec<usize>, Failure> {
    text.split(',')
        .map(|part| number(parameter, part))
        .collect()
}

/// Sizes: `64x48`, or `64,48`.
pub(crate) fn sizes(parameter: &str, text: &str) -> Result<Vec<usize>, Failure> {
    text.split(['x', ','])
        .map(|part| number(parameter, part))
        .collect()
}

/// One value for each of `axes` axes, from one value for all of them or one for each.
pub(crate) fn spread<T: Clone>(
    parameter: &str,
    values: &[T],
    axes: usize,
) -> Result<Vec<T>, Failure> {
    match values {
        [one] => Ok(vec![one.clone(); axes]),
        all if all.len() == axes => Ok(all.to_vec()),
        all => Err(Failure::usage(format!(
            "{parameter} has {} values, but there are {axes} spatial axes: give one value, or one per axis",
            all.len()
        ))),
    }
}

/// Padding: `1`, `1,0`, per side `1:0,2:2`, or one of the words of other frameworks.
pub(crate) fn padding(text: &str) -> Result<Vec<Padding>, Failure> {
    text.split(',')
        .map(|part| match part.trim() {
            "same" => Ok(Padding::Same),
            "valid" => Ok(Padding::Valid),
            "same_upper" | "same-upper" => Ok(Padding::SameUpper),
            "same_lower" | "same-lower" => Ok(Padding::SameLower),
            part => match part.split_once(':') {
                Some((begin, end)) => Ok(Padding::Sides {
                    begin: number("padding", begin)?,
                    end: number("padding", end)?,
                }),
                None if part.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                    Err(Failure::usage(format!(
                        "padding = {part:?} is not known: give a number, begin:end, same, valid, same_upper or same_lower"
                    )))
                }
                None => number("padding", part).map(Padding::Both),
            },
        })
        .collect()
}

/// Signed crops: `begin:end` for all axes, or for each of them after commas.
pub(crate) fn crops(text: &str) -> Result<Vec<Padding>, Failure> {
    let bad = |part: &str| {
        Failure::usage(format!(
            "crop = {part:?} is not a pair of whole numbers: give begin:end, such as 1:0 or -2:1, for all axes or for \
             each after commas"
        ))
    };
    text.split(',')
        .map(|part| {
            let (begin, end) = part.split_once(':').ok_or_else(|| bad(part))?;
            match (begin.trim().parse(), end.trim().parse()) {
                (Ok(begin), Ok(end)) => Ok(Padding::Signed(Crop::new(begin, end))),
                _ => Err(bad(part)),
            }
        })
        .collect()
}

/// A number of bytes: `1000`, `40M`, `1.5G`, in powers of 1024.
pub(crate) fn bytes(parameter: &str, text: &str) -> Result<usize, Failure> {
    let bytes = memory::parse(text)
        .map_err(|error| Failure::usage(format!("{parameter} = {text:?}: {error}")))?;
    Ok(usize::try_from(bytes).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message<T: std::fmt::Debug>(result: Result<T, Failure>) -> String {
        result
            .expect_err("this must be refused")
            .message()
            .unwrap()
            .to_string()
    }

    #[test]
    fn numbers_and_sizes() {
        assert_eq!(numbers("stride", "2").unwrap(), [2]);
        assert_eq!(numbers("stride", "2,1").unwrap(), [2, 1]);
        assert_eq!(sizes("input", "64x48").unwrap(), [64, 48]);
        assert_eq!(sizes("input", "64,48").unwrap(), [64, 48]);
        assert_eq!(spread("stride", &[2], 3).unwrap(), [2, 2, 2]);
        assert!(message(spread("stride", &[2, 1], 3)).contains("stride has 2 values"));
    }

    #[test]
    fn what_is_not_legal_is_named() {
        assert_eq!(
            message(numbers("padding", "-1")),
            "padding = -1 must be >= 0"
        );
        for text in ["", "a", "1.5", "2,", "--", "-", "1 2"] {
            assert!(
                message(numbers("stride", text)).contains("stride = "),
                "{text}"
            );
        }
        assert!(message(number("groups", "99999999999999999999")).contains("groups"));
        assert!(message(number("groups", "-99999999999999999999")).contains(">= 0"));
    }

    #[test]
    fn padding_in_every_form() {
        assert_eq!(padding("1").unwrap(), [Padding::Both(1)]);
        let sides = Padding::Sides { begin: 1, end: 0 };
        assert_eq!(padding("1:0,2").unwrap(), [sides, Padding::Both(2)]);
        assert_eq!(padding("same").unwrap(), [Padding::Same]);
        assert_eq!(
            padding("same-lower,valid").unwrap(),
            [Padding::SameLower, Padding::Valid]
        );
        assert!(message(padding("some")).contains("padding = \"some\""));
        assert!(message(padding("1:-2")).contains("padding = -2 must be >= 0"));
        assert_eq!(crops("-1:2").unwrap(), [Padding::Signed(Crop::new(-1, 2))]);
        for text in ["1", "a:b", "1:", "", "1:2:3", "99999999999999999999:0"] {
            assert!(message(crops(text)).contains("crop = "), "{text}");
        }
    }

    #[test]
    fn numbers_of_bytes() {
        assert_eq!(bytes("max-memory", "1000").unwrap(), 1000);
        assert_eq!(bytes("max-memory", "40M").unwrap(), 40 << 20);
        for text in ["", "M", "-1", "4X"] {
            assert!(
                message(bytes("max-memory", text)).contains("max-memory"),
                "{text}"
            );
        }
    }
}
