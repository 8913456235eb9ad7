//! What a link to a picture holds: a small problem with its numbers, and how it is looked at.
//!
//! As text a state is the fragment of a web address, one `key=value` per fact, joined by `&`:
//!
//! ```text
//! v=1&i=3x3&k=3&s=2&p=1&x=count&w=1,2,3,4,5,6,7,8,9&view=four-steps&t=7&lang=zh
//! ```
//!
//! | key | meaning | left out |
//! |---|---|---|
//! | `v` | version of this format | 1 |
//! | `preset` | a state to start from, see [`PRESETS`](crate::PRESETS) | `note-4` |
//! | `kind` | `conv` or `conv_transpose` | `conv_transpose` |
//! | `i` | input size: as many numbers as there are axes | `3x3` |
//! | `k` `s` `p` `crop` `jax` `op` `os` `d` `g` `c` | as in the one-line form of a problem | as there |
//! | `x` `w` `b` `gy` | numbers of input, kernel, bias and arriving gradient, see [`Values::parse`] | `count`, `count`, none, `count` |
//! | `view` `t` `lang` `theme` | view, frame from 1, language, theme | `four-steps`, all frames, `en`, `auto` |
//!
//! Keys that are not in the table are left to the page and skipped.

use std::fmt::Write as _;

use convt_draw::Theme;
use convt_geometry::{Op, Problem, ProblemAxis};
use convt_reference::Array;

use crate::model::Model;
use crate::{ExplainError, Lang, Preset, Values, View};

/// A problem with its numbers, and how it is looked at. The integers may be illegal: [`State::problem`] checks them.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Which of the two operations.
    pub op: Op,
    /// One to three spatial axes with the words for their padding, outermost first.
    pub axes: Vec<ProblemAxis>,
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Independent groups of channels.
    pub groups: usize,
    /// The input, `(C_in, spatial...)`.
    pub x: Values,
    /// The weight in PyTorch's layout.
    pub w: Values,
    /// The bias, one number per output channel.
    pub b: Option<Values>,
    /// The gradient that arrives at the output, in the output's shape.
    pub gy: Values,
    /// What is shown.
    pub view: View,
    /// One frame, counted from 1 as readers do; `None` is all of them.
    pub step: Option<usize>,
    /// Language of captions and names.
    pub lang: Lang,
    /// Colours.
    pub theme: Theme,
}

/// The names of the themes as users type them.
const THEMES: [(&str, Theme); 4] = [
    ("light", Theme::Light),
    ("dark", Theme::Dark),
    ("print", Theme::Print),
    ("auto", Theme::Auto),
];

/// The theme of a name: `light`, `dark`, `print` or `auto`.
pub fn parse_theme(text: &str) -> Result<Theme, ExplainError> {
    let found = THEMES.into_iter().find(|(name, _)| *name == text);
    found
        .map(|(_, theme)| theme)
        .ok_or_else(|| word("theme", text, "light, dark, print or auto"))
}

/// The name of a theme.
pub fn theme_name(theme: Theme) -> &'static str {
    let found = THEMES.into_iter().find(|(_, known)| *known == theme);
    found.map_or("auto", |(name, _)| name)
}

impl State {
    /// A problem without numbers of its own: input and kernel count from 1, no bias, four steps in English.
    pub fn new(op: Op, axes: Vec<ProblemAxis>) -> Self {
        Self {
            op,
            axes,
            in_channels: 1,
            out_channels: 1,
            groups: 1,
            x: Values::Count,
            w: Values::Count,
            b: None,
            gy: Values::Count,
            view: View::FourSteps,
            step: None,
            lang: Lang::En,
            theme: Theme::Auto,
        }
    }

    /// The state of a problem; its batch, element type and name are not shown, a bias counts from 1.
    pub fn of_problem(problem: &Problem) -> Self {
        Self {
            in_channels: problem.in_channels,
            out_channels: problem.out_channels,
            groups: problem.groups,
            b: problem.bias.then_some(Values::Count),
            ..Self::new(problem.op, problem.axes.clone())
        }
    }

    /// The problem with its integers, not checked.
    pub fn unchecked_problem(&self) -> Problem {
        Problem {
            in_channels: self.in_channels,
            out_channels: self.out_channels,
            groups: self.groups,
            bias: self.b.is_some(),
            ..Problem::new(self.op, self.axes.clone())
        }
    }

    /// The problem; refuses integers that are illegal.
    pub fn problem(&self) -> Result<Problem, ExplainError> {
        let problem = self.unchecked_problem();
        problem.walks()?;
        Ok(problem)
    }

    /// Input `(C_in, spatial...)`, weight in PyTorch's layout, and bias.
    pub fn arrays(&self) -> Result<(Array, Array, Option<Vec<f64>>), ExplainError> {
        let model = Model::new(self)?;
        Ok((model.x, model.w, model.b))
    }

    /// Reads the text of a link, with or without a leading `#` or `?`. Illegal integers are read; words that are no
    /// numbers, and lists of the wrong number of axes, are refused.
    pub fn parse_query(query: &str) -> Result<Self, ExplainError> {
        let query = query.trim_start_matches(['#', '?']);
        let pairs: Vec<(&str, String)> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                (key, unescape(value))
            })
            .collect();
        let get = |key: &str| {
            let found = pairs.iter().rev().find(|(known, _)| *known == key);
            found.map(|(_, value)| value.as_str())
        };
        match get("v") {
            None | Some("1") => {}
            Some(other) => return Err(word("v", other, "1, the version of this format")),
        }
        let mut state = match get("preset") {
            Some(name) => Preset::named(name)?.state,
            None if get("i").is_none() => Preset::named("note-4")?.state,
            None => Self::new(Op::ConvTranspose, Vec::new()),
        };
        state.read_problem(&get)?;
        for (key, values) in [
            ("x", &mut state.x),
            ("w", &mut state.w),
            ("gy", &mut state.gy),
        ] {
            if let Some(text) = get(key) {
                *values = Values::parse(key, text)?;
            }
        }
        match get("b") {
            None => {}
            Some("none") => state.b = None,
            Some(text) => state.b = Some(Values::parse("b", text)?),
        }
        if let Some(name) = get("view") {
            state.view = View::parse(name)?;
        }
        if let Some(step) = get("t") {
            let number = step.parse();
            state.step =
                Some(number.map_err(|_| word("t", step, "the number of a frame, from 1"))?);
        }
        if let Some(name) = get("lang") {
            state.lang = Lang::parse(name)?;
        }
        if let Some(name) = get("theme") {
            state.theme = parse_theme(name)?;
        }
        Ok(state)
    }

    /// Reads the integers over those that are there: with an `i` of its own, a link's axes start from PyTorch's defaults.
    fn read_problem<'a>(
        &mut self,
        get: &impl Fn(&str) -> Option<&'a str>,
    ) -> Result<(), ExplainError> {
        if let Some(kind) = get("kind") {
            self.op = match kind {
                "conv" => Op::Conv,
                "conv_transpose" => Op::ConvTranspose,
                other => return Err(word("kind", other, "conv or conv_transpose")),
            };
        }
        let sizes = get("i").map(str::to_string);
        let dims = sizes
            .as_ref()
            .map_or(self.axes.len(), |sizes| sizes.split('x').count());
        if !(1..=3).contains(&dims) {
            return Err(word(
                "i",
                sizes.as_deref().unwrap_or_default(),
                "one to three sizes such as 3x3",
            ));
        }
        // The one-line form of the problem is read by its own parser; a later word overwrites an earlier one.
        let known = self.unchecked_problem();
        let mut line = format!("{}{dims}d", self.op.name());
        if sizes.is_none() || self.axes.len() == dims {
            for text in known.to_string().split_whitespace().skip(1) {
                if !matches!(text, "nobias" | "f32") {
                    let _ = write!(line, " {text}");
                }
            }
        } else {
            let _ = write!(
                line,
                " c{}-{} g{} k3",
                self.in_channels, self.out_channels, self.groups
            );
        }
        for key in ["i", "k", "s", "p", "crop", "jax", "op", "os", "d", "g", "c"] {
            if let Some(value) = get(key) {
                let value = value.trim();
                if value.is_empty() || value.contains(char::is_whitespace) || value.contains('"') {
                    return Err(word(
                        key,
                        value,
                        "numbers, one or one per axis, such as 3x3",
                    ));
                }
                let _ = write!(line, " {key}{value}");
            }
        }
        let problem: Problem = line.parse()?;
        self.axes = problem.axes;
        self.in_channels = problem.in_channels;
        self.out_channels = problem.out_channels;
        self.groups = problem.groups;
        Ok(())
    }

    /// The text of a link to this state: [`State::parse_query`] reads it back to an equal one.
    pub fn to_query(&self) -> String {
        let sizes: Vec<String> = self
            .axes
            .iter()
            .map(|axis| axis.input.to_string())
            .collect();
        let mut query = String::from("v=1");
        let mut add = |key: &str, value: &str| {
            let _ = write!(query, "&{key}={value}");
        };
        if self.op == Op::Conv {
            add("kind", "conv");
        }
        add("i", &sizes.join("x"));
        let problem = self.unchecked_problem().to_string();
        for text in problem.split_whitespace().skip(1) {
            // Of the problem's line: no batch, input, bias and type, which a state does not have or has said.
            let key = ["crop", "jax", "op", "os", "k", "s", "p", "d", "g", "c"]
                .into_iter()
                .find(|key| text.starts_with(key));
            if let Some(key) = key {
                let value = &text[key.len()..];
                let is_default =
                    matches!((key, value), ("c", "1-1") | ("g" | "d", "1") | ("op", "0"));
                if !is_default {
                    add(key, value);
                }
            }
        }
        for (key, values) in [("x", &self.x), ("w", &self.w), ("gy", &self.gy)] {
            if *values != Values::Count {
                add(key, &values.to_string());
            }
        }
        if let Some(b) = &self.b {
            add("b", &b.to_string());
        }
        add("view", self.view.name());
        if let Some(step) = self.step {
            add("t", &step.to_string());
        }
        if self.lang != Lang::En {
            add("lang", self.lang.name());
        }
        if self.theme != Theme::Auto {
            add("theme", theme_name(self.theme));
        }
        query
    }
}

pub(crate) fn word(key: &str, value: &str, expected: &'static str) -> ExplainError {
    ExplainError::Word {
        key: key.to_string(),
        value: value.to_string(),
        expected,
    }
}

/// `%2C` and its like read back; what is no escape stays as it is.
fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let code = (bytes[i] == b'%')
            .then(|| text.get(i + 1..i + 3))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(code) = code {
            out.push(code);
            i += 3;
        } else {
            out.push(bytes[i]);
            i += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
