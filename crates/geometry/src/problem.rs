//! One problem as one line of text, read and printed by the same code everywhere.
//!
//! ```text
//! conv_transpose2d n1 c256-128 i32x24 k4 s2 p1 op0 d1 g1 f32 "pose_up3"
//! ```
//!
//! | word | meaning | left out |
//! |---|---|---|
//! | `conv2d`, `conv_transpose1d` | operation and number of spatial axes | required, first |
//! | `n4` | batch | 1 |
//! | `c256-128` | input and output channels | 1-1 |
//! | `i32x24` | input size, per axis or one for all | required |
//! | `k4`, `k4x3` | kernel_size | required |
//! | `s2` | stride | 1 |
//! | `p1`, `p1x0`, `p0:1x1:1` | padding: per axis, or `begin:end` | 0 |
//! | `crop-1:2` | explicit signed crops | |
//! | `jax1:1` | JAX's explicit pairs | |
//! | `psame`, `pvalid`, `psame_upper`, `psame_lower` | TensorFlow's and ONNX's words | |
//! | `p1xsamexc-1:2xj1:1` | different kinds per axis: `c` before crops, `j` before JAX's pairs | |
//! | `op1` | output_padding | 0 |
//! | `os65x49` | output_size, instead of output_padding; `-` for an axis without | |
//! | `d2` | dilation | 1 |
//! | `g4` | groups | 1 |
//! | `nobias` | no bias | a bias |
//! | `f32`, `f64` | element type | f32 |
//! | `"name"` | any name | none |

use std::fmt;
use std::str::FromStr;

use crate::{Axis, Crop, Extra, GeometryError, Op, Padding, Parameter, Walk};

/// Element types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Dtype {
    #[default]
    F32,
    F64,
}

impl Dtype {
    /// `f32` or `f64`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    /// Bytes of one element.
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// One axis of a [`Problem`] in the caller's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub struct ProblemAxis {
    pub input: usize,
    pub kernel: usize,
    pub stride: usize,
    pub padding: Padding,
    pub output_padding: usize,
    /// PyTorch's `output_size`, which takes the place of `output_padding`.
    pub output_size: Option<usize>,
    pub dilation: usize,
}

impl ProblemAxis {
    /// PyTorch's defaults: stride 1, no padding, dilation 1.
    pub fn new(input: usize, kernel: usize) -> Self {
        Self {
            input,
            kernel,
            stride: 1,
            padding: Padding::default(),
            output_padding: 0,
            output_size: None,
            dilation: 1,
        }
    }

    /// The canonical axis, with its signed crops for this input.
    pub fn axis(&self, op: Op) -> Result<Axis, GeometryError> {
        let axis = Axis::new(self.kernel, self.stride, self.dilation)?;
        let extra = match self.output_size {
            Some(size) => Extra::OutputSize(size),
            None => Extra::OutputPadding(self.output_padding),
        };
        Ok(axis.with_crop(self.padding.crop(op, &axis, self.input, extra)?))
    }
}

/// A whole problem: operation, batch, channels, axes, element type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub struct Problem {
    pub op: Op,
    pub batch: usize,
    pub in_channels: usize,
    pub out_channels: usize,
    pub groups: usize,
    pub bias: bool,
    /// One to three spatial axes, outermost (depth, or height) first.
    pub axes: Vec<ProblemAxis>,
    pub dtype: Dtype,
    pub name: Option<String>,
}

impl Problem {
    /// One image, one channel in and out, no groups, with a bias, f32.
    pub fn new(op: Op, axes: Vec<ProblemAxis>) -> Self {
        Self {
            op,
            batch: 1,
            in_channels: 1,
            out_channels: 1,
            groups: 1,
            bias: true,
            axes,
            dtype: Dtype::F32,
            name: None,
        }
    }

    /// The walk of every axis: checks everything that can be wrong with the integers.
    pub fn walks(&self) -> Result<Vec<Walk>, GeometryError> {
        if !(1..=3).contains(&self.axes.len()) {
            return Err(GeometryError::Axes {
                parameter: Parameter::Input,
                given: self.axes.len(),
                expected: None,
            });
        }
        self.check_groups()?;
        self.axes
            .iter()
            .enumerate()
            .map(|(i, axis)| {
                axis.axis(self.op)
                    .and_then(|canonical| Walk::new(self.op, &canonical, axis.input))
                    .map_err(|error| error.on_axis(i))
            })
            .collect()
    }

    /// `groups >= 1`, and it divides both channel counts.
    pub fn check_groups(&self) -> Result<(), GeometryError> {
        let groups = self.groups;
        if groups == 0 {
            return Err(GeometryError::Zero {
                parameter: Parameter::Groups,
                axis: None,
            });
        }
        for (channels, parameter) in [
            (self.in_channels, Parameter::InChannels),
            (self.out_channels, Parameter::OutChannels),
        ] {
            if !channels.is_multiple_of(groups) {
                return Err(GeometryError::Groups {
                    parameter,
                    channels,
                    groups,
                });
            }
        }
        Ok(())
    }

    /// Shape of the input, `(N, C_in, spatial...)`.
    pub fn input_shape(&self) -> Vec<usize> {
        let spatial = self.axes.iter().map(|axis| axis.input);
        [self.batch, self.in_channels]
            .into_iter()
            .chain(spatial)
            .collect()
    }

    /// Shape of the weight in PyTorch's layout; `groups` must have been checked.
    pub fn weight_shape(&self) -> Vec<usize> {
        let groups = self.groups.max(1);
        let leading = match self.op {
            Op::ConvTranspose => [self.in_channels, self.out_channels / groups],
            Op::Conv => [self.out_channels, self.in_channels / groups],
        };
        let kernel = self.axes.iter().map(|axis| axis.kernel);
        leading.into_iter().chain(kernel).collect()
    }

    /// Shape of the output, `(N, C_out, spatial...)`.
    pub fn output_shape(&self) -> Result<Vec<usize>, GeometryError> {
        let spatial = self.walks()?.into_iter().map(|walk| walk.output());
        Ok([self.batch, self.out_channels]
            .into_iter()
            .chain(spatial)
            .collect())
    }

    /// Multiply-adds that contribute to the output; products with inserted or padded zeros are not among them.
    pub fn products(&self) -> Result<u128, GeometryError> {
        let overflow = GeometryError::Overflow {
            what: "the number of products",
            axis: None,
        };
        let per_group = (self.in_channels as u128)
            .checked_mul((self.out_channels / self.groups.max(1)) as u128)
            .and_then(|pairs| pairs.checked_mul(self.batch as u128));
        self.walks()?
            .iter()
            .try_fold(per_group.ok_or(overflow.clone())?, |product, walk| {
                product.checked_mul(walk.products())
            })
            .ok_or(overflow)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{}d n{} c{}-{}",
            self.op.name(),
            self.axes.len(),
            self.batch,
            self.in_channels,
            self.out_channels
        )?;
        let list = |value: &dyn Fn(&ProblemAxis) -> String| {
            let all: Vec<String> = self.axes.iter().map(value).collect();
            match all.first() {
                Some(first) if all.iter().all(|one| one == first) => first.clone(),
                _ => all.join("x"),
            }
        };
        write!(f, " i{}", list(&|axis| axis.input.to_string()))?;
        write!(f, " k{}", list(&|axis| axis.kernel.to_string()))?;
        write!(f, " s{}", list(&|axis| axis.stride.to_string()))?;
        let paddings: Vec<Padding> = self.axes.iter().map(|axis| axis.padding).collect();
        write!(f, " {}", padding_word(&paddings))?;
        let sized = self.axes.iter().any(|axis| axis.output_size.is_some());
        if sized {
            let size = |axis: &ProblemAxis| axis.output_size.map_or("-".into(), |n| n.to_string());
            write!(f, " os{}", list(&size))?;
        }
        // An output_padding without meaning (beside output_size, in a convolution) is shown where it is not 0.
        if self.axes.iter().any(|axis| axis.output_padding != 0)
            || (self.op == Op::ConvTranspose && !sized)
        {
            write!(f, " op{}", list(&|axis| axis.output_padding.to_string()))?;
        }
        write!(f, " d{}", list(&|axis| axis.dilation.to_string()))?;
        write!(f, " g{}", self.groups)?;
        if !self.bias {
            f.write_str(" nobias")?;
        }
        write!(f, " {}", self.dtype.name())?;
        if let Some(name) = &self.name {
            write!(f, " \"{}\"", name.replace('"', "'"))?;
        }
        Ok(())
    }
}

/// The padding word of all axes: `crop` or `jax` where all are of that kind, otherwise `p` with a mark before each of them.
fn padding_word(paddings: &[Padding]) -> String {
    let all = |is: fn(&Padding) -> bool| !paddings.is_empty() && paddings.iter().all(is);
    let (prefix, mark) = if all(|p| matches!(p, Padding::Signed(_))) {
        ("crop", false)
    } else if all(|p| matches!(p, Padding::Jax { .. })) {
        ("jax", false)
    } else {
        ("p", true)
    };
    let marked = |mark_with: &str, begin: isize, end: isize| {
        let mark_with = if mark { mark_with } else { "" };
        format!("{mark_with}{begin}:{end}")
    };
    let words: Vec<String> = paddings
        .iter()
        .map(|padding| match *padding {
            Padding::Both(p) => p.to_string(),
            Padding::Sides { begin, end } => format!("{begin}:{end}"),
            Padding::Signed(Crop { begin, end }) => marked("c", begin, end),
            Padding::Jax { lo, hi } => marked("j", lo, hi),
            Padding::Same => "same".into(),
            Padding::Valid => "valid".into(),
            Padding::SameUpper => "same_upper".into(),
            Padding::SameLower => "same_lower".into(),
        })
        .collect();
    match words.first() {
        Some(first) if words.iter().all(|one| one == first) => format!("{prefix}{first}"),
        _ => format!("{prefix}{}", words.join("x")),
    }
}

impl FromStr for Problem {
    type Err = GeometryError;

    fn from_str(line: &str) -> Result<Self, GeometryError> {
        let (line, name) = take_name(line)?;
        let mut words = line.split_whitespace();
        let (op, dims) = parse_op(words.next().unwrap_or_default())?;
        let mut problem = Self::new(op, vec![ProblemAxis::new(0, 0); dims]);
        problem.name = name;
        let (mut has_input, mut has_kernel) = (false, false);
        for word in words {
            match word {
                "f32" => problem.dtype = Dtype::F32,
                "f64" => problem.dtype = Dtype::F64,
                "bias" => problem.bias = true,
                "nobias" => problem.bias = false,
                _ => {
                    // No key begins another one that stands after it.
                    const KEYS: [&str; 12] = [
                        "crop", "jax", "op", "os", "n", "c", "i", "k", "s", "p", "d", "g",
                    ];
                    let key = KEYS.into_iter().find(|key| word.starts_with(key));
                    let key = key.unwrap_or_default();
                    has_input |= key == "i";
                    has_kernel |= key == "k";
                    problem.read_word(key, &word[key.len()..], word)?;
                }
            }
        }
        for (given, expected) in [
            (has_input, "an input size such as i32x24"),
            (has_kernel, "a kernel size such as k4"),
        ] {
            if !given {
                return Err(syntax(line.trim(), expected));
            }
        }
        Ok(problem)
    }
}

impl Problem {
    fn read_word(&mut self, key: &str, value: &str, word: &str) -> Result<(), GeometryError> {
        let number = |text: &str| {
            text.parse::<usize>()
                .map_err(|_| syntax(word, "a whole number after the letters, at least 0"))
        };
        let axes = &mut self.axes;
        match key {
            "n" => self.batch = number(value)?,
            "g" => self.groups = number(value)?,
            "c" => {
                let (a, b) = value
                    .split_once('-')
                    .ok_or_else(|| syntax(word, "input and output channels such as c256-128"))?;
                self.in_channels = number(a)?;
                self.out_channels = number(b)?;
            }
            "i" => per_axis(axes, value, Parameter::Input, |axis, text| {
                axis.input = number(text)?;
                Ok(())
            })?,
            "k" => per_axis(axes, value, Parameter::KernelSize, |axis, text| {
                axis.kernel = number(text)?;
                Ok(())
            })?,
            "s" => per_axis(axes, value, Parameter::Stride, |axis, text| {
                axis.stride = number(text)?;
                Ok(())
            })?,
            "d" => per_axis(axes, value, Parameter::Dilation, |axis, text| {
                axis.dilation = number(text)?;
                Ok(())
            })?,
            "op" => per_axis(axes, value, Parameter::OutputPadding, |axis, text| {
                axis.output_padding = number(text)?;
                Ok(())
            })?,
            "os" => per_axis(axes, value, Parameter::OutputSize, |axis, text| {
                axis.output_size = match text {
                    "-" => None,
                    size => Some(number(size)?),
                };
                Ok(())
            })?,
            "p" | "crop" | "jax" => per_axis(axes, value, Parameter::Padding, |axis, text| {
                axis.padding = parse_padding(key, text, word)?;
                Ok(())
            })?,
            _ => {
                return Err(syntax(
                    word,
                    "one of n c i k s p crop jax op os d g, nobias, f32, f64 or a \"name\"",
                ));
            }
        }
        Ok(())
    }
}

fn parse_padding(key: &str, text: &str, word: &str) -> Result<Padding, GeometryError> {
    let bad = || {
        syntax(
            word,
            "p1, p0:1, psame, pvalid, psame_upper, psame_lower, crop-1:2 or jax1:1",
        )
    };
    let named = match text {
        "same" => Some(Padding::Same),
        "valid" => Some(Padding::Valid),
        "same_upper" => Some(Padding::SameUpper),
        "same_lower" => Some(Padding::SameLower),
        _ => None,
    };
    if let Some(padding) = named {
        return Ok(padding);
    }
    let (kind, pair) = match (key, text.as_bytes().first()) {
        ("p", Some(b'c')) => ("crop", &text[1..]),
        ("p", Some(b'j')) => ("jax", &text[1..]),
        _ => (key, text),
    };
    if kind != "p" {
        let (begin, end) = pair.split_once(':').ok_or_else(bad)?;
        let begin: isize = begin.parse().map_err(|_| bad())?;
        let end: isize = end.parse().map_err(|_| bad())?;
        return Ok(match kind {
            "crop" => Padding::Signed(Crop { begin, end }),
            _ => Padding::Jax { lo: begin, hi: end },
        });
    }
    Ok(match text.split_once(':') {
        None => Padding::Both(text.parse().map_err(|_| bad())?),
        Some((begin, end)) => Padding::Sides {
            begin: begin.parse().map_err(|_| bad())?,
            end: end.parse().map_err(|_| bad())?,
        },
    })
}

/// Reads `AxBxC`, or one value for every axis, into the axes.
fn per_axis(
    axes: &mut [ProblemAxis],
    value: &str,
    parameter: Parameter,
    mut read: impl FnMut(&mut ProblemAxis, &str) -> Result<(), GeometryError>,
) -> Result<(), GeometryError> {
    let parts: Vec<&str> = value.split('x').collect();
    if parts.len() != 1 && parts.len() != axes.len() {
        return Err(GeometryError::Axes {
            parameter,
            given: parts.len(),
            expected: Some(axes.len()),
        });
    }
    for (i, axis) in axes.iter_mut().enumerate() {
        read(axis, parts[i % parts.len()])?;
    }
    Ok(())
}

fn parse_op(word: &str) -> Result<(Op, usize), GeometryError> {
    let found = [("conv_transpose", Op::ConvTranspose), ("conv", Op::Conv)]
        .into_iter()
        .find_map(|(prefix, op)| Some((op, word.strip_prefix(prefix)?)));
    match found {
        Some((op, "1d")) => Ok((op, 1)),
        Some((op, "2d")) => Ok((op, 2)),
        Some((op, "3d")) => Ok((op, 3)),
        _ => Err(syntax(
            word,
            "conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d or conv_transpose3d",
        )),
    }
}

/// Splits a quoted name off the end of the line.
fn take_name(line: &str) -> Result<(&str, Option<String>), GeometryError> {
    match line.split_once('"') {
        None => Ok((line, None)),
        Some((rest, quoted)) => match quoted.trim_end().strip_suffix('"') {
            Some(name) if !name.contains('"') => Ok((rest, Some(name.to_string()))),
            _ => Err(syntax(
                quoted,
                "a name between two double quotes, at the end",
            )),
        },
    }
}

fn syntax(word: &str, expected: &'static str) -> GeometryError {
    GeometryError::Syntax {
        word: word.to_string(),
        expected,
    }
}
