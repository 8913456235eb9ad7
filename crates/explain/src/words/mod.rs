//! Every word of a picture, in every language: one trait whose compiler-checked completeness is the translation's.

mod en;
mod en_names;
mod kernels;
mod notes;
mod zh;
mod zh_names;

use convt_geometry::Op;

pub(crate) use notes::Note;

use crate::state::word;
use crate::{ExplainError, Verdict};

/// A language of captions and names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese (simplified).
    Zh,
}

impl Lang {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// `en` or `zh`.
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// The language of a name.
    pub fn parse(text: &str) -> Result<Self, ExplainError> {
        Self::ALL
            .into_iter()
            .find(|lang| lang.name() == text)
            .ok_or_else(|| word("lang", text, "en or zh"))
    }

    pub(crate) fn words(self) -> &'static dyn Words {
        match self {
            Self::En => &en::En,
            Self::Zh => &zh::Zh,
        }
    }
}

/// How much is padded around a (stretched) input, and why.
pub(crate) struct Pads<'a> {
    pub(crate) op: Op,
    /// Zeros `[before, after]` per axis; negative: cells cut.
    pub(crate) zeros: &'a [[isize; 2]],
    /// The layer's crops (transposed) or pads (convolution).
    pub(crate) crops: &'a [[isize; 2]],
    /// `K - 1` per axis.
    pub(crate) reach: &'a [usize],
    /// What `output_padding` adds at the far end, per axis.
    pub(crate) extra: &'a [usize],
}

impl Pads<'_> {
    /// The one number of zeros on every side, and the reach and crop it comes from, where all sides agree.
    fn uniform(&self) -> Option<(isize, usize, isize)> {
        let first = (self.zeros[0][0], self.reach[0], self.crops[0][0]);
        let same = |i: usize| {
            self.zeros[i] == [first.0; 2]
                && self.reach[i] == first.1
                && self.crops[i] == [first.2; 2]
        };
        (0..self.zeros.len()).all(same).then_some(first)
    }
}

/// Numbers per axis: one where they agree, otherwise `2×1`.
fn agreed(numbers: &[usize]) -> String {
    match numbers.split_first() {
        Some((first, rest)) if rest.iter().all(|n| n == first) => first.to_string(),
        _ => crate::views::number::by(numbers),
    }
}

/// A pair per axis, `1/2`: one where they agree, otherwise joined by commas.
fn pairs(pairs: &[[isize; 2]]) -> String {
    let words: Vec<String> = pairs
        .iter()
        .map(|[begin, end]| format!("{begin}/{end}").replace('-', "−"))
        .collect();
    match words.split_first() {
        Some((first, rest)) if rest.iter().all(|word| word == first) => first.clone(),
        _ => words.join(", "),
    }
}

/// The one positive crop of every side, where all sides agree.
fn sides(crops: &[[isize; 2]]) -> Option<isize> {
    let first = crops.first()?[0];
    (first > 0 && crops.iter().all(|crop| *crop == [first; 2])).then_some(first)
}

/// The names of one language: short words above grids, in legends and in lists.
pub(crate) trait Names: Sync {
    fn input(&self) -> &'static str;
    fn output(&self) -> &'static str;
    fn kernel(&self) -> &'static str;
    fn kernel_flipped(&self) -> &'static str;
    fn bias(&self) -> &'static str;
    fn stretched(&self) -> &'static str;
    fn padded(&self, op: Op) -> &'static str;
    fn stamp(&self) -> &'static str;
    fn all_stamps(&self, op: Op) -> &'static str;
    fn gradient_of_output(&self) -> &'static str;
    fn gradient_of_input(&self) -> &'static str;
    fn gradient_of_kernel(&self) -> &'static str;
    fn counts(&self) -> &'static str;
    fn counts_note(&self) -> &'static str;
    fn phase_sums(&self) -> &'static str;
    fn phase_sums_note(&self) -> &'static str;
    fn conv_input(&self) -> &'static str;
    fn transposed_output(&self) -> &'static str;
    fn its_output(&self) -> &'static str;
    fn op_name(&self, op: Op) -> &'static str;
    fn inserted_zero(&self) -> &'static str;
    fn padding_zero(&self) -> &'static str;
    fn output_padding_zero(&self) -> &'static str;
    fn cut_cell(&self) -> &'static str;
    fn no_tap(&self) -> &'static str;
    fn first_pair(&self) -> &'static str;
    fn step_names(&self, op: Op) -> &'static [&'static str];
    fn stack_title(&self, dims: usize) -> &'static str;
    fn level(&self, level: usize) -> String;
}

/// The sentences of one language: captions are one sentence, titles are one line.
pub(crate) trait Words: Names + kernels::KernelWords {
    /// A size, and which channel where there are several.
    fn size_note(&self, size: &str, channel: Option<usize>) -> String;
    /// A size, and which channels the kernel joins.
    fn kernel_note(&self, size: &str, pair: Option<(usize, usize)>) -> String;

    fn title_steps(&self, op: Op, input: &str, kernel: &str, output: &str) -> String;
    fn title_scatter(&self, op: Op, input: &str, output: &str) -> String;
    fn title_matrix(&self, op: Op, rows: usize, columns: usize) -> String;
    fn title_side_by_side(&self) -> String;
    fn title_gradient(&self, op: Op) -> String;
    fn title_overlap(&self) -> String;
    fn title_reach(&self) -> String;

    fn steps_start(&self, op: Op, input: &str, kernel: &str, output: &str) -> String;
    fn insert(&self, stride: &[usize], from: &str, to: &str) -> String;
    fn pad(&self, pads: &Pads<'_>) -> String;
    fn flip(&self, dims: usize, first: &str, last: &str) -> String;
    fn slide(&self, op: Op, at: &str, products: usize, sum: &str, bias: bool) -> String;

    fn scatter_start(&self, op: Op) -> String;
    fn scatter_stamp(&self, at: &str, x: &str, from: &str, stride: &[usize]) -> String;
    fn scatter_conv(&self, at: &str, x: &str) -> String;
    fn scatter_crop(
        &self,
        op: Op,
        crops: &[[isize; 2]],
        extra: &[usize],
        output: &str,
        bias: bool,
    ) -> String;

    fn matrix_row(&self, row: usize, at: &str) -> String;
    fn matrix_column(&self, op: Op, column: usize, at: &str) -> String;
    fn matrix_back(&self, small: &str, large: &str) -> String;

    fn side_by_side(&self, op: Op, at: &str) -> String;
    fn not_an_inverse(&self, same: bool) -> String;

    fn gradient_input(&self, op: Op, at: &str) -> String;
    fn gradient_tap(&self, letter: &str) -> String;
    fn gradient_bias(&self, channel: usize) -> String;

    fn phase(&self, op: Op, phase: &str, taps: usize, sum: &str) -> String;
    /// Three short findings, each with whether it is good: no holes, even overlap, balanced phases.
    fn verdict_lines(&self, verdict: &Verdict) -> [(bool, String); 3];
    fn verdict(&self, op: Op, verdict: &Verdict, phases: usize) -> String;

    fn reach_output(&self, at: &str, inputs: usize) -> String;
    fn reach_input(&self, at: &str, outputs: usize) -> String;
    fn reach_stack(&self, cell: usize, layers: usize, inputs: usize) -> String;

    /// Sentences of the inspector.
    fn inspected(&self, said: &Said<'_>) -> String;
}

/// What the inspector says of a cell.
pub(crate) enum Said<'a> {
    /// An output: its index, its products, its value.
    Output(&'a str, usize, &'a str),
    /// An input element: its index and how many outputs it reaches.
    Input(&'a str, usize),
    /// A tap: its letter and in how many products it takes part.
    Tap(&'a str, usize),
    /// An inserted zero, a padding zero, an `output_padding` zero, a cut cell.
    Inserted,
    Padding,
    OutputPadding,
    Cut,
    /// An entry of the matrix: row, column, tap's letter.
    Entry(usize, usize, &'a str),
    /// A hole of the matrix: row, column.
    Hole(usize, usize),
    /// A gradient: its name, its products, its value.
    Gradient(&'a str, usize, &'a str),
    /// The gradient that arrives at an output.
    Arriving(&'a str),
}
