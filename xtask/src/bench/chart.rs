//! The chart: for every layer how many times faster than the best peer we are, sorted.
//!
//! One panel per number of threads. Bars start at the line of 1 and go right where we are ahead and left where we are
//! behind, in another colour; the axis is logarithmic, so that twice as fast and half as fast are equally long.

use std::fmt::Write as _;

use super::layers::Layer;
use super::results::{Contest, Row};
use super::statistics::{geometric_mean, times};

const NAMES: f64 = 142.0;
const PLOT: f64 = 268.0;
const VALUE: f64 = 42.0;
const PANEL: f64 = NAMES + PLOT + VALUE;
const TOP: f64 = 62.0;
const STEP: f64 = 15.0;
const BAR: f64 = 10.0;

/// Colours that keep their contrast on white and on black; the text follows the reader's scheme.
const STYLE: &str = "\
text{font:11px system-ui,sans-serif;fill:#24292f}
.title{font-weight:600;font-size:13px}
.quiet{fill:#57606a}
.grid{stroke:#8c959f;stroke-opacity:.35}
.one{stroke:#57606a;stroke-width:1.5}
.ahead{fill:#2f81c7}
.behind{fill:#d1491b}
.slow{fill:#c23b0c;font-weight:600}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}
.quiet{fill:#9da7b1}
.one{stroke:#c9d1d9}
.ahead{fill:#539bf5}
.behind{fill:#f4764a}
.slow{fill:#ff9e7a}
}";

/// The whole picture.
pub(super) fn svg(layers: &[Layer], rows: &[Row], threads: &[usize]) -> String {
    let panels: Vec<(usize, Vec<Bar<'_>>)> = threads
        .iter()
        .map(|&threads| (threads, bars(layers, rows, threads)))
        .collect();
    let most = panels.iter().map(|(_, bars)| bars.len()).max().unwrap_or(0);
    let (width, height) = (PANEL * panels.len() as f64, TOP + STEP * most as f64 + 12.0);
    let scale = Scale::over(
        panels
            .iter()
            .flat_map(|(_, bars)| bars.iter().map(|bar| bar.ratio)),
    );
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\">\n<title>Speed relative to the fastest other program, per \
         layer</title>\n<style>{STYLE}</style>\n"
    );
    for (index, (threads, bars)) in panels.iter().enumerate() {
        let _ = writeln!(
            text,
            "<g transform=\"translate({:.0} 0)\">",
            PANEL * index as f64
        );
        panel(&mut text, *threads, bars, &scale, height);
        text.push_str("</g>\n");
    }
    text.push_str("</svg>\n");
    text
}

struct Bar<'l> {
    layer: &'l str,
    ratio: f64,
    peer: String,
}

/// The bars of one panel, the longest first.
fn bars<'l>(layers: &'l [Layer], rows: &[Row], threads: usize) -> Vec<Bar<'l>> {
    let mut bars: Vec<Bar<'_>> = layers
        .iter()
        .filter_map(|layer| {
            let contest = Contest::of(rows, &layer.name, threads)?;
            let (peer, _) = contest.best?;
            Some(Bar {
                layer: &layer.name,
                ratio: contest.ratio()?,
                peer: peer.label(),
            })
        })
        .collect();
    bars.sort_by(|a, b| b.ratio.total_cmp(&a.ratio));
    bars
}

/// From ratios to places: logarithmic, over whole powers of two.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// Holds every ratio, and at least a half to two.
    fn over(ratios: impl Iterator<Item = f64>) -> Self {
        let (mut low, mut high) = (-1.0_f64, 1.0_f64);
        for ratio in ratios {
            low = low.min(ratio.log2().floor());
            high = high.max(ratio.log2().ceil());
        }
        Self { low, high }
    }

    fn x(&self, ratio: f64) -> f64 {
        NAMES + PLOT * (ratio.log2() - self.low) / (self.high - self.low)
    }
}

fn panel(text: &mut String, threads: usize, bars: &[Bar<'_>], scale: &Scale, height: f64) {
    let plural = if threads == 1 { "" } else { "s" };
    let mean = geometric_mean(bars.iter().map(|bar| bar.ratio));
    let mean = mean.map_or(String::new(), |mean| format!(", geometric mean {mean:.2}"));
    let _ = writeln!(
        text,
        "<text class=\"title\" x=\"8\" y=\"18\">{threads} thread{plural}{mean}</text>"
    );
    let _ = writeln!(
        text,
        "<text class=\"quiet\" x=\"8\" y=\"34\">times as fast as the fastest other program</text>"
    );
    let mut power = scale.low;
    while power <= scale.high {
        let (ratio, x) = (power.exp2(), scale.x(power.exp2()));
        let class = if ratio == 1.0 { "one" } else { "grid" };
        let mark = if power < 0.0 {
            format!("1/{}", 1.0 / ratio)
        } else {
            ratio.to_string()
        };
        let _ = writeln!(
            text,
            "<line class=\"{class}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.0}\" y2=\"{:.0}\"/>\
             <text class=\"quiet\" x=\"{x:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{mark}</text>",
            TOP - 6.0,
            height - 8.0,
            TOP - 10.0,
        );
        power += 1.0;
    }
    for (index, bar) in bars.iter().enumerate() {
        one_bar(text, bar, scale, TOP + STEP * index as f64);
    }
}

fn one_bar(text: &mut String, bar: &Bar<'_>, scale: &Scale, y: f64) {
    let behind = bar.ratio < 1.0;
    let (from, to) = (scale.x(1.0), scale.x(bar.ratio));
    let (left, width) = (from.min(to), (to - from).abs().max(0.5));
    let (bar_class, name_class) = if behind {
        ("behind", "slow")
    } else {
        ("ahead", "")
    };
    let base = y + BAR - 1.0;
    // The value stands beyond the bar's right end, which is the line of 1 for a bar that goes left.
    let value = from.max(to) + 4.0;
    let _ = writeln!(
        text,
        "<g><title>{layer}: {ratio} times {peer}</title><text class=\"{name_class}\" x=\"{:.0}\" y=\"{base:.1}\" \
         text-anchor=\"end\">{layer}</text><rect class=\"{bar_class}\" x=\"{left:.1}\" y=\"{y:.1}\" \
         width=\"{width:.1}\" height=\"{BAR}\"/><text class=\"{name_class}\" x=\"{value:.1}\" \
         y=\"{base:.1}\">{ratio}</text></g>",
        NAMES - 6.0,
        layer = escaped(bar.layer),
        peer = escaped(&bar.peer),
        ratio = times(bar.ratio),
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::layers;
    use super::super::peers::OURS;
    use super::super::results::tests::row;
    use super::*;

    #[test]
    fn bars_are_sorted_and_those_below_one_stand_out() {
        let wanted = regex::Regex::new("^(k3s1|fsrcnn_x2|dla_up_dw)$").unwrap();
        let layers = layers::read("layers.json", Some(&wanted)).unwrap();
        let rows = [
            row(OURS, "k3s1", 1, 8.0),
            row("ncnn", "k3s1", 1, 4.0),
            row(OURS, "fsrcnn_x2", 1, 5.0),
            row("a<b", "fsrcnn_x2", 1, 10.0),
        ];
        let svg = svg(&layers, &rows, &[1]);
        let place = |word: &str| {
            svg.find(word)
                .unwrap_or_else(|| panic!("no {word} in {svg}"))
        };
        assert!(place(">fsrcnn_x2<") < place(">k3s1<"));
        assert_eq!(svg.matches("class=\"ahead\"").count(), 1);
        assert_eq!(svg.matches("class=\"behind\"").count(), 1);
        assert!(place("class=\"behind\"") > place("class=\"ahead\""));
        assert!(svg.contains("2.00 times a&lt;b"));
        assert!(svg.contains("geometric mean 1.00"));
        assert!(svg.contains("prefers-color-scheme:dark"));
        assert_eq!(svg.matches("<g").count(), svg.matches("</g>").count());
    }

    #[test]
    fn a_bar_behind_goes_left_as_far_as_one_ahead_goes_right() {
        let scale = Scale::over([3.0, 0.4].into_iter());
        assert_eq!((scale.low, scale.high), (-2.0, 2.0));
        let (half, one, two) = (scale.x(0.5), scale.x(1.0), scale.x(2.0));
        assert!((one - half - (two - one)).abs() < 1e-9 && two > one);
        assert_eq!(scale.x(4.0), NAMES + PLOT);
        assert_eq!(scale.x(0.25), NAMES);
    }
}
