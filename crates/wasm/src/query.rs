//! A state as the page holds it: keys and values that may be anything a person types.

use std::fmt;

use convt_geometry::{GeometryError, Parameter, Problem};

use crate::error::Error;

/// `key=value` pairs in order. Unlike a problem it can hold what is not legal, so that it can be explained and repaired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

/// A parameter of the layer, with its key, its PyTorch name and its least and default value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) parameter: Parameter,
    pub(crate) least: i64,
    pub(crate) default: &'static str,
}

const fn key(name: &'static str, parameter: Parameter, least: i64, default: &'static str) -> Key {
    Key {
        name,
        parameter,
        least,
        default,
    }
}

pub(crate) const INPUT: Key = key("i", Parameter::Input, 1, "3x3");
pub(crate) const KERNEL: Key = key("k", Parameter::KernelSize, 1, "3");
pub(crate) const STRIDE: Key = key("s", Parameter::Stride, 1, "1");
pub(crate) const PADDING: Key = key("p", Parameter::Padding, 0, "0");
pub(crate) const OUTPUT_PADDING: Key = key("op", Parameter::OutputPadding, 0, "0");
pub(crate) const DILATION: Key = key("d", Parameter::Dilation, 1, "1");
pub(crate) const GROUPS: Key = key("g", Parameter::Groups, 1, "1");
/// Both channel counts, `in-out`.
pub(crate) const CHANNELS: Key = key("c", Parameter::InChannels, 1, "1-1");

/// The keys that decide the sizes.
pub(crate) const KEYS: [Key; 8] = [
    INPUT,
    KERNEL,
    STRIDE,
    PADDING,
    OUTPUT_PADDING,
    DILATION,
    GROUPS,
    CHANNELS,
];

/// The key of a parameter.
pub(crate) fn key_of(parameter: Parameter) -> Option<Key> {
    let parameter = match parameter {
        Parameter::OutChannels => Parameter::InChannels,
        other => other,
    };
    KEYS.into_iter().find(|key| key.parameter == parameter)
}

impl Query {
    /// Reads `a=1&b=2`; what has no `=` is left out, and of a repeated key the last one counts.
    pub(crate) fn parse(text: &str) -> Self {
        let mut query = Self::default();
        for (key, value) in text.split('&').filter_map(|pair| pair.split_once('=')) {
            query.set(key, value);
        }
        query
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn set(&mut self, key: &str, value: &str) {
        match self.pairs.iter_mut().find(|(name, _)| name == key) {
            Some(pair) => pair.1 = value.to_string(),
            None => self.pairs.push((key.to_string(), value.to_string())),
        }
    }

    /// The value of a key, or what it means when it is left out.
    pub(crate) fn value(&self, key: Key) -> &str {
        self.get(key.name)
            .filter(|value| !value.is_empty())
            .unwrap_or(key.default)
    }

    /// How many spatial axes the input has: at least 1.
    pub(crate) fn axes(&self) -> usize {
        self.value(INPUT).split('x').count()
    }

    /// The values of a key, one per axis.
    pub(crate) fn per_axis(&self, key: Key) -> Vec<String> {
        let parts: Vec<&str> = self.value(key).split('x').collect();
        let axes = self.axes();
        (0..axes)
            .map(|axis| parts.get(axis).or(parts.last()).copied().unwrap_or("0"))
            .map(String::from)
            .collect()
    }

    /// The problem, if it is one.
    pub(crate) fn problem(&self) -> Result<Problem, Error> {
        for key in KEYS {
            self.refuse_negative(key)?;
        }
        let op = if self.get("kind") == Some("conv") {
            "conv"
        } else {
            "conv_transpose"
        };
        let mut line = format!("{op}{}d", self.axes());
        for key in KEYS {
            line.push(' ');
            line.push_str(key.name);
            line.push_str(self.value(key));
        }
        if let Some(size) = self.get("os").filter(|size| !size.is_empty()) {
            line.push_str(" os");
            line.push_str(size);
        }
        let problem: Problem = line.parse().map_err(Error::Geometry)?;
        problem.products().map_err(Error::Geometry)?; // with its walks, all that can overflow
        for (channels, parameter) in [
            (problem.in_channels, Parameter::InChannels),
            (problem.out_channels, Parameter::OutChannels),
        ] {
            if channels == 0 {
                return Err(Error::Geometry(GeometryError::Zero {
                    parameter,
                    axis: None,
                }));
            }
        }
        Ok(problem)
    }

    /// A negative number is said to be one, instead of being a word that is not understood.
    fn refuse_negative(&self, key: Key) -> Result<(), Error> {
        for (axis, value) in self.value(key).split('x').enumerate() {
            let number: Option<i64> = value.parse().ok();
            if let Some(value) = number.filter(|&number| number < 0) {
                return Err(Error::Negative {
                    key,
                    axis: (key != GROUPS).then_some(axis),
                    value,
                });
            }
        }
        Ok(())
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (key, value)) in self.pairs.iter().enumerate() {
            let and = if i == 0 { "" } else { "&" };
            write!(f, "{and}{key}={value}")?;
        }
        Ok(())
    }
}
