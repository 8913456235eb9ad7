//! Refusals in the reader's language.

use convt_explain::ExplainError;
use convt_geometry::{Formula, GeometryError, Op};

use crate::error::Error;

/// The languages of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lang {
    En,
    Zh,
}

impl Lang {
    /// `zh` and its regions; all else is English.
    pub(crate) fn parse(text: &str) -> Self {
        if text.starts_with("zh") {
            Self::Zh
        } else {
            Self::En
        }
    }

    /// One of two texts.
    pub(crate) fn pick<'a>(self, en: &'a str, zh: &'a str) -> &'a str {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }
}

/// The sentence of an error.
pub(crate) fn sentence(error: &Error, lang: Lang) -> String {
    match (lang, error) {
        (Lang::Zh, Error::Negative { key, axis, value }) => format!(
            "{}{} = {value}，但它至少要是 {}",
            key.parameter.name(),
            at(*axis),
            key.least
        ),
        (lang, Error::File { name, error }) => error.text(name, lang),
        (Lang::Zh, Error::Geometry(error)) => geometry_zh(error),
        (Lang::Zh, Error::Explain(error)) => explain_zh(error),
        _ => error.to_string(),
    }
}

fn at(axis: Option<usize>) -> String {
    axis.map_or(String::new(), |axis| format!("[{axis}]"))
}

fn geometry_zh(error: &GeometryError) -> String {
    match error {
        GeometryError::Zero { parameter, axis } => {
            format!("{parameter}{} 是 0：它至少要是 1", at(*axis))
        }
        GeometryError::Groups {
            parameter,
            channels,
            groups,
        } => format!(
            "{parameter} = {channels} 不能被 groups = {groups} 整除：分组数必须同时整除输入与输出通道数"
        ),
        GeometryError::OutputPadding {
            value,
            stride,
            dilation,
            axis,
        } => format!(
            "output_padding{} = {value} 必须小于步幅（{stride}）或膨胀（{dilation}），否则多出的单元没有任何步幅需要：可取 0 到 {}",
            at(*axis),
            stride.max(dilation).saturating_sub(1)
        ),
        GeometryError::Meaningless { parameter, .. } => {
            format!("{parameter} 在这里没有意义：请把它去掉")
        }
        GeometryError::NoOutput { formula, axis } => no_output_zh(formula, *axis),
        GeometryError::OutputSize {
            asked,
            min,
            max,
            axis,
        } => format!(
            "output_size{} = {asked} 取不到：这些参数只能得到 {min} 到 {max}",
            at(*axis)
        ),
        GeometryError::Overflow { axis, .. } => {
            format!("尺寸{}超出了这台机器的整数范围：请用更小的参数", at(*axis))
        }
        GeometryError::Axes {
            parameter,
            given,
            expected: Some(expected),
        } => format!(
            "{parameter} 有 {given} 个值，而空间轴有 {expected} 个：给一个值，或每个轴一个值"
        ),
        GeometryError::Axes {
            parameter, given, ..
        } => format!("{parameter} 有 {given} 个值，而空间轴只能是 1、2 或 3 个"),
        GeometryError::Search { tries, most } => {
            format!("要试 {tries} 种组合，最多试 {most} 种：请缩小范围")
        }
        GeometryError::Syntax { word, .. } => format!("看不懂 `{word}`：请改成数字"),
    }
}

fn explain_zh(error: &ExplainError) -> String {
    match error {
        ExplainError::Geometry(error) => geometry_zh(error),
        ExplainError::TooLarge { count, limit, .. } => {
            format!("一共 {count} 个，太多了，看不清（最多 {limit} 个）：请换一个同类的小问题")
        }
        ExplainError::Nothing { .. } => "没有可以显示的内容：尺寸至少要是 1".to_string(),
        ExplainError::Word { key, value, .. } => format!("看不懂 {key} = `{value}`"),
        ExplainError::Values {
            array,
            given,
            expected,
        } => format!("{array} 给了 {given} 个数，而这里需要 {expected} 个"),
        other => other.to_string(),
    }
}

fn no_output_zh(formula: &Formula, axis: Option<usize>) -> String {
    let fix = match formula.op() {
        Op::ConvTranspose => "减小填充，或增大输入、卷积核",
        Op::Conv => "增大填充或输入，或减小卷积核",
    };
    format!("输出尺寸{} = {formula}，但它至少要是 1：{fix}", at(axis))
}
