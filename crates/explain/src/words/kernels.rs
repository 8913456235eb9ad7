//! The words of kernel sheets, in every language.

use std::fmt::Write as _;

use super::en::En;
use super::zh::Zh;
use crate::kernels::{KernelMap, Kernels};
use crate::views::number::{by, fine};

pub(crate) trait KernelWords: Sync {
    fn kernels_title(&self, kernels: &Kernels) -> String;
    fn kernels_channel(&self, kernels: &Kernels, kernel: &KernelMap) -> String;
    fn kernels_norm(&self, norm: &str) -> String;
    fn kernels_phases(&self) -> &'static str;
    fn kernels_sums(&self) -> &'static str;
    fn kernels_phase(&self, phase: [usize; 2]) -> String;
    fn kernels_flat(&self) -> &'static str;
    fn kernels_flat_note(&self, level: f64) -> String;
    fn kernels_scale(&self) -> &'static str;
    /// One sentence or two: what is seen, and what follows for a flat picture.
    fn kernels_caption(&self, kernels: &Kernels) -> String;
}

/// What a sheet says of its phase sums.
enum Finding {
    /// None are asked for.
    NotAsked,
    /// One kernel whose sums are all this.
    Equal(String),
    /// One kernel whose sums run from one number to another.
    Unequal(String, String),
    /// So many of several kernels have equal sums; the widest runs from one number to another.
    Several(usize, String, String),
}

fn finding(kernels: &Kernels) -> Finding {
    if kernels.split.is_none() || kernels.shown.is_empty() {
        return Finding::NotAsked;
    }
    let spreads: Vec<_> = kernels
        .shown
        .iter()
        .map(|one| kernels.spread(one))
        .collect();
    match spreads[..] {
        [(low, _, true)] => Finding::Equal(fine(low)),
        [(low, high, false)] => Finding::Unequal(fine(low), fine(high)),
        _ => {
            let equal = spreads.iter().filter(|one| one.2).count();
            let widest = spreads
                .iter()
                .max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)));
            let (low, high) = widest.map_or((0.0, 0.0), |one| (one.0, one.1));
            Finding::Several(equal, fine(low), fine(high))
        }
    }
}

/// How far apart the answers to a flat picture are, in steps of 8 bits.
fn ripple(kernels: &Kernels) -> Option<String> {
    let values = &kernels.flat.as_ref()?.values;
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some(format!("{:.2}", (high - low) * 255.0))
}

impl KernelWords for En {
    fn kernels_title(&self, kernels: &Kernels) -> String {
        format!("Kernels of {}, {}", kernels.name, by(&kernels.size))
    }
    fn kernels_channel(&self, kernels: &Kernels, kernel: &KernelMap) -> String {
        match (
            kernels.total,
            kernels.shown.iter().all(|one| one.output == 0),
        ) {
            (1, _) => "kernel".into(),
            (_, true) => format!("channel {}", kernel.input),
            _ => format!("channels {}→{}", kernel.input, kernel.output),
        }
    }
    fn kernels_norm(&self, norm: &str) -> String {
        format!("norm {norm}")
    }
    fn kernels_phases(&self) -> &'static str {
        "phases"
    }
    fn kernels_sums(&self) -> &'static str {
        "phase sums"
    }
    fn kernels_phase(&self, [row, column]: [usize; 2]) -> String {
        format!("phase {row},{column}")
    }
    fn kernels_flat(&self) -> &'static str {
        "answer to a flat picture"
    }
    fn kernels_flat_note(&self, level: f64) -> String {
        format!("level {level}, the whole network")
    }
    fn kernels_scale(&self) -> &'static str {
        "negative cells are hatched where they hold no number"
    }
    fn kernels_caption(&self, kernels: &Kernels) -> String {
        let (shown, total) = (kernels.shown.len(), kernels.total);
        let mut text = match (shown, kernels.strongest) {
            (1, false) if total == 1 => String::new(),
            (_, true) => format!("{shown} of {total} kernels, those of the largest norms."),
            _ => format!("{shown} of {total} kernels."),
        };
        let phases = kernels.split.map_or(0, |split| split.phases());
        let more = match finding(kernels) {
            Finding::NotAsked => String::new(),
            Finding::Equal(sum) => {
                format!(" All {phases} phase sums are {sum}: a flat input stays flat.")
            }
            Finding::Unequal(low, high) => format!(
                " The {phases} phase sums run from {low} to {high}: alone, this kernel makes a checkerboard of a flat input."
            ),
            Finding::Several(equal, low, high) => format!(
                " Equal phase sums: {equal} of {shown}; the most uneven ones run from {low} to {high}. What a flat picture \
                 gives is the sum over all channels."
            ),
        };
        text += &more;
        if let Some(steps) = ripple(kernels) {
            let _ = write!(
                text,
                " The whole network's answers to a flat picture are {steps} steps of 8 bits apart."
            );
        }
        text.trim().to_string()
    }
}

impl KernelWords for Zh {
    fn kernels_title(&self, kernels: &Kernels) -> String {
        format!("{} 的卷积核，{}", kernels.name, by(&kernels.size))
    }
    fn kernels_channel(&self, kernels: &Kernels, kernel: &KernelMap) -> String {
        match (
            kernels.total,
            kernels.shown.iter().all(|one| one.output == 0),
        ) {
            (1, _) => "卷积核".into(),
            (_, true) => format!("通道 {}", kernel.input),
            _ => format!("通道 {}→{}", kernel.input, kernel.output),
        }
    }
    fn kernels_norm(&self, norm: &str) -> String {
        format!("范数 {norm}")
    }
    fn kernels_phases(&self) -> &'static str {
        "各相位"
    }
    fn kernels_sums(&self) -> &'static str {
        "各相位的权重和"
    }
    fn kernels_phase(&self, [row, column]: [usize; 2]) -> String {
        format!("相位 {row},{column}")
    }
    fn kernels_flat(&self) -> &'static str {
        "均匀的输入得到的输出"
    }
    fn kernels_flat_note(&self, level: f64) -> String {
        format!("输入 {level}，整个网络")
    }
    fn kernels_scale(&self) -> &'static str {
        "不写数的格子里，负的画斜线"
    }
    fn kernels_caption(&self, kernels: &Kernels) -> String {
        let (shown, total) = (kernels.shown.len(), kernels.total);
        let mut text = match (shown, kernels.strongest) {
            (1, false) if total == 1 => String::new(),
            (_, true) => format!("{total} 个卷积核中范数最大的 {shown} 个。"),
            _ => format!("{total} 个卷积核中的 {shown} 个。"),
        };
        let phases = kernels.split.map_or(0, |split| split.phases());
        let more = match finding(kernels) {
            Finding::NotAsked => String::new(),
            Finding::Equal(sum) => format!("{phases} 个相位的和都是 {sum}：均匀的输入仍均匀。"),
            Finding::Unequal(low, high) => format!(
                "{phases} 个相位的和从 {low} 到 {high}：单看这个卷积核，均匀的输入产生棋盘效应。"
            ),
            Finding::Several(equal, low, high) => format!(
                "{shown} 个中有 {equal} 个各相位的和相等；最不等的从 {low} 到 {high}。均匀的输入得到什么，要看所有通道之和。"
            ),
        };
        text += &more;
        if let Some(steps) = ripple(kernels) {
            let _ = write!(
                text,
                "整个网络对均匀的输入，各相位的输出相差 8 位的 {steps} 步。"
            );
        }
        text
    }
}
