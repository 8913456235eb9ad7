//! Problems worth looking at first.

use convt_geometry::Problem;

use crate::state::word;
use crate::{ExplainError, State, Values, View};

/// A state with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// The name as users type it, such as `note-3`.
    pub name: &'static str,
    /// Its title in English.
    pub title_en: &'static str,
    /// Its title in Chinese.
    pub title_zh: &'static str,
    /// What it shows.
    pub state: State,
}

/// Name, English title, Chinese title, problem, view, kernel's values.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    View,
    Values,
);

/// Names of all presets, in the order of a lesson.
pub const PRESETS: [&str; 12] = [
    "note-1",
    "note-2",
    "note-3",
    "note-4",
    "double",
    "tiles",
    "checkerboard",
    "output-padding",
    "holes",
    "not-an-inverse",
    "bilinear",
    "groups",
];

fn rows() -> [Row; 12] {
    [
        (
            "note-1",
            "Ordinary convolution: 4×4 to 2×2",
            "普通卷积：4×4 到 2×2",
            "conv2d i4 k3",
            View::FourSteps,
            Values::Count,
        ),
        (
            "note-2",
            "Transposed, stride 1: 2×2 to 4×4",
            "转置卷积，步幅 1：2×2 到 4×4",
            "conv_transpose2d i2 k3",
            View::FourSteps,
            Values::Count,
        ),
        (
            "note-3",
            "Transposed, stride 2: 2×2 to 5×5",
            "转置卷积，步幅 2：2×2 到 5×5",
            "conv_transpose2d i2 k3 s2",
            View::FourSteps,
            Values::Count,
        ),
        (
            "note-4",
            "Transposed, stride 2, padding 1: 3×3 to 5×5",
            "转置卷积，步幅 2，填充 1：3×3 到 5×5",
            "conv_transpose2d i3 k3 s2 p1",
            View::FourSteps,
            Values::Count,
        ),
        (
            "double",
            "Exactly twice the size: kernel 4, stride 2, padding 1",
            "恰好放大两倍：卷积核 4，步幅 2，填充 1",
            "conv_transpose2d i3 k4 s2 p1",
            View::Scatter,
            Values::Count,
        ),
        (
            "tiles",
            "Stamps side by side: kernel 2, stride 2",
            "互不重叠：卷积核 2，步幅 2",
            "conv_transpose2d i3 k2 s2",
            View::Scatter,
            Values::Count,
        ),
        (
            "checkerboard",
            "Uneven overlap: kernel 3, stride 2",
            "重叠不均与棋盘效应：卷积核 3，步幅 2",
            "conv_transpose2d i4 k3 s2",
            View::Overlap,
            Values::Ones,
        ),
        (
            "output-padding",
            "What is in the row that output_padding adds",
            "输出填充多出来的那一行里是什么",
            "conv_transpose2d i3 k3 s2 p1 op1",
            View::Scatter,
            Values::Count,
        ),
        (
            "holes",
            "Holes: stride 2 and dilation 2 miss three outputs of four",
            "空洞：步幅 2 加膨胀 2，四个输出有三个碰不到",
            "conv_transpose2d i3 k3 s2 d2 p2",
            View::Overlap,
            Values::Count,
        ),
        (
            "not-an-inverse",
            "The size comes back, the values do not",
            "形状还原，数值不还原",
            "conv2d i4 k3",
            View::SideBySide,
            Values::Count,
        ),
        (
            "bilinear",
            "Bilinear enlargement as a transposed convolution",
            "用转置卷积做双线性放大",
            "conv_transpose2d i3 k4 s2 p1",
            View::Scatter,
            Values::Bilinear,
        ),
        (
            "groups",
            "Two channels: a transposed convolution sums over them",
            "两个通道：转置卷积对通道求和",
            "conv_transpose2d c2-1 i2 k3 s2 p1",
            View::FourSteps,
            Values::Count,
        ),
    ]
}

impl Preset {
    /// All presets, in the order of [`PRESETS`].
    pub fn all() -> Vec<Self> {
        rows().into_iter().filter_map(read).collect()
    }

    /// The preset of a name.
    pub fn named(name: &str) -> Result<Self, ExplainError> {
        Self::all()
            .into_iter()
            .find(|preset| preset.name == name)
            .ok_or_else(|| word("preset", name, EXPECTED))
    }
}

const EXPECTED: &str = "note-1, note-2, note-3, note-4, double, tiles, checkerboard, output-padding, holes, \
                        not-an-inverse, bilinear or groups";

/// The problem's line always parses: a test counts the presets.
fn read((name, title_en, title_zh, line, view, w): Row) -> Option<Preset> {
    let problem: Problem = line.parse().ok()?;
    let mut state = State {
        view,
        w,
        b: None,
        ..State::of_problem(&problem)
    };
    if name == "checkerboard" {
        state.x = Values::Ones;
    }
    Some(Preset {
        name,
        title_en,
        title_zh,
        state,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_legal_and_named() {
        let all = Preset::all();
        let names: Vec<&str> = all.iter().map(|preset| preset.name).collect();
        assert_eq!(names, PRESETS);
        for preset in &all {
            preset.state.problem().unwrap();
            assert!(EXPECTED.contains(preset.name));
        }
        assert!(Preset::named("note-9").is_err());
    }

    #[test]
    fn the_notes_sizes_come_out() {
        for (name, size) in [("note-1", 2), ("note-2", 4), ("note-3", 5), ("note-4", 5)] {
            let problem = Preset::named(name).unwrap().state.problem().unwrap();
            assert_eq!(
                problem.output_shape().unwrap(),
                [1, 1, size, size],
                "{name}"
            );
        }
    }
}
