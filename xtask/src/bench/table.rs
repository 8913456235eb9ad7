//! The rows of a run as tables for people, in Markdown.

use std::fmt::Write as _;

use super::layers::{CLASSES, Layer};
use super::results::{Contest, Row};
use super::setup::{Limits, Setup};
use super::statistics::{geometric_mean, times};

/// What we are after over all layers.
const TARGET: f64 = 1.6;

/// Everything: summary, kinds, peers, then every layer at every number of threads.
pub(super) fn all(layers: &[Layer], rows: &[Row], setup: &Setup, threads: &[usize]) -> String {
    let mut text = String::new();
    for part in [
        limits(setup, threads),
        kinds(layers, rows, threads),
        peers(layers, rows, threads),
    ] {
        text.push_str(&part);
        text.push('\n');
    }
    for &count in threads {
        text.push_str(&one(layers, rows, setup, count, threads));
        text.push('\n');
    }
    text
}

/// Headings and a rule below them; the first column is text, the others are numbers.
fn heading(columns: &[String]) -> String {
    let rule: Vec<&str> = (0..columns.len())
        .map(|i| if i == 0 { "---" } else { "---:" })
        .collect();
    format!("| {} |\n|{}|\n", columns.join(" | "), rule.join("|"))
}

fn limits(setup: &Setup, threads: &[usize]) -> String {
    let mut text = String::new();
    for limits in threads.iter().filter_map(|&threads| setup.limits(threads)) {
        let _ = writeln!(
            text,
            "* {}: multiply-add peak {:.0} GFLOP/s, copy bandwidth {:.1} GB/s",
            of_threads(limits.threads),
            limits.peak,
            limits.copy
        );
    }
    text
}

fn of_threads(threads: usize) -> String {
    if threads == 1 {
        "1 thread".into()
    } else {
        format!("{threads} threads")
    }
}

fn fixed(value: Option<f64>, digits: usize) -> String {
    value.map_or("-".into(), |value| format!("{value:.digits$}"))
}

/// Milliseconds with four figures.
fn milliseconds(ms: f64) -> String {
    let digits = match ms {
        ms if ms >= 100.0 => 1,
        ms if ms >= 10.0 => 2,
        ms if ms >= 1.0 => 3,
        ms if ms >= 0.1 => 4,
        _ => 5,
    };
    format!("{ms:.digits$}")
}

/// Geometric means of the ratio to the best peer, of all layers and of each kind.
fn kinds(layers: &[Layer], rows: &[Row], threads: &[usize]) -> String {
    let mut columns = vec![
        "ratio to the best peer".to_string(),
        "layers".into(),
        "target".into(),
    ];
    for &threads in threads {
        columns.push(format!("mean, {}", of_threads(threads)));
        columns.push("lowest".into());
    }
    let mut text = heading(&columns);
    let kinds = CLASSES
        .iter()
        .map(|class| (class.name, class.target, Some(class.holds)));
    for (name, target, holds) in std::iter::once(("all", TARGET, None)).chain(kinds) {
        let members: Vec<&Layer> = layers
            .iter()
            .filter(|layer| holds.is_none_or(|holds| holds(&layer.problem)))
            .collect();
        if members.is_empty() {
            continue;
        }
        let _ = write!(text, "| {name} | {} | {target} |", members.len());
        for &threads in threads {
            let ratios: Vec<(f64, &str)> = members
                .iter()
                .filter_map(|layer| {
                    Some((
                        Contest::of(rows, &layer.name, threads)?.ratio()?,
                        &layer.name[..],
                    ))
                })
                .collect();
            let mean = geometric_mean(ratios.iter().map(|(ratio, _)| *ratio));
            let lowest = ratios.iter().min_by(|a, b| a.0.total_cmp(&b.0));
            let lowest = lowest.map_or("-".into(), |(ratio, name)| {
                format!("{} {name}", times(*ratio))
            });
            let _ = write!(text, " {} | {lowest} |", fixed(mean, 2));
        }
        text.push('\n');
    }
    text
}

/// Each program against ours, and how wrong its answers are at most.
fn peers(layers: &[Layer], rows: &[Row], threads: &[usize]) -> String {
    let mut columns = vec![
        "program".to_string(),
        "layers".into(),
        "largest error".into(),
    ];
    columns.extend(
        threads
            .iter()
            .map(|&n| format!("its time over ours, {}", of_threads(n))),
    );
    let mut text = heading(&columns);
    let mut labels: Vec<String> = Vec::new();
    for row in rows {
        if !labels.contains(&row.label()) {
            labels.push(row.label());
        }
    }
    for label in labels {
        let own = || {
            rows.iter()
                .filter(|row| row.label() == label && row.times.is_some())
        };
        let ran = layers
            .iter()
            .filter(|layer| own().any(|row| row.layer == layer.name))
            .count();
        let worst = own().filter_map(|row| row.error).fold(0.0, f64::max);
        let _ = write!(text, "| {label} | {ran} | {worst:.1e} |");
        for &threads in threads {
            let ratios = own()
                .filter(|row| row.threads == threads)
                .filter_map(|row| {
                    let ours = Contest::of(rows, &row.layer, threads)?.ours;
                    Some(row.times?.median / ours.median)
                });
            let _ = write!(text, " {} |", fixed(geometric_mean(ratios), 2));
        }
        text.push('\n');
    }
    text
}

/// The columns of every layer's line.
const COLUMNS: [&str; 14] = [
    "layer",
    "min ms",
    "median ms",
    "GFLOP/s",
    "% of peak",
    "% of copy",
    "best peer",
    "its median ms",
    "ratio",
    "scratch KiB",
    "resident KiB",
    "plan, in copies of the weights",
    "speed-up",
    "algorithm",
];

/// Every layer at one number of threads, and which of them the best peer does faster.
fn one(layers: &[Layer], rows: &[Row], setup: &Setup, count: usize, threads: &[usize]) -> String {
    let base = threads.iter().copied().min().filter(|&base| base < count);
    let mut text = format!(
        "### {}\n\n{}",
        of_threads(count),
        heading(&COLUMNS.map(String::from))
    );
    let mut behind = Vec::new();
    for layer in layers {
        let Some(contest) = Contest::of(rows, &layer.name, count) else {
            let is_this = |row: &&Row| row.layer == layer.name && row.threads == count;
            let own = rows.iter().filter(|row| row.is_ours()).find(is_this);
            let why = own.map_or("not measured", |row| &row.note);
            let _ = writeln!(text, "| **{}** | {why} |", layer.name);
            continue;
        };
        if contest.ratio().is_some_and(|ratio| ratio < 1.0) {
            behind.push(layer.name.clone());
        }
        let alone = base.and_then(|base| Contest::of(rows, &layer.name, base));
        text.push_str(&line(layer, &contest, setup.limits(count), alone.as_ref()));
    }
    if behind.is_empty() {
        text.push_str("\nNo layer is slower than the best peer's.\n");
    } else {
        let _ = writeln!(text, "\nSlower than the best peer: {}.", behind.join(", "));
    }
    text
}

/// One layer; `alone` is the same one with the fewest threads, if those are others.
fn line(
    layer: &Layer,
    contest: &Contest<'_>,
    limits: Option<Limits>,
    alone: Option<&Contest<'_>>,
) -> String {
    let (own, row, ratio) = (contest.ours, contest.our_row, contest.ratio());
    let mark = |text: String| match ratio {
        Some(ratio) if ratio < 1.0 => format!("**{text}**"),
        _ => text,
    };
    let gigaflops = layer.products * 2e-6 / own.median;
    let bandwidth = layer.bytes * 1e-6 / own.median;
    let best = contest.best.as_ref();
    let kib = |bytes: Option<u64>| fixed(bytes.map(|bytes| bytes as f64 / 1024.0), 0);
    let cells = [
        mark(layer.name.clone()),
        milliseconds(own.min),
        milliseconds(own.median),
        format!("{gigaflops:.1}"),
        fixed(limits.map(|limits| 100.0 * gigaflops / limits.peak), 0),
        fixed(limits.map(|limits| 100.0 * bandwidth / limits.copy), 0),
        best.map_or("-".into(), |(row, _)| row.label()),
        best.map_or("-".into(), |(_, its)| milliseconds(its.median)),
        mark(ratio.map_or("-".into(), times)),
        kib(row.scratch),
        kib(row.resident),
        fixed(row.plan.zip(row.copy).map(|(plan, copy)| plan / copy), 1),
        fixed(alone.map(|alone| alone.ours.median / own.median), 2),
        row.note.clone(),
    ];
    format!("| {} |\n", cells.join(" | "))
}

/// The second list: our time per multiply-add over that of the like layer.
pub(super) fn extra(layers: &[Layer], rows: &[Row], threads: &[usize]) -> String {
    let mut columns = vec!["layer".to_string(), "like".into()];
    columns.extend(
        threads
            .iter()
            .map(|&n| format!("time per product over its, {}", of_threads(n))),
    );
    let mut text = heading(&columns);
    let cost = |layer: &Layer, threads| {
        let contest = Contest::of(rows, &layer.name, threads)?;
        Some(contest.ours.median / layer.products)
    };
    for layer in layers {
        let like = layers
            .iter()
            .find(|other| Some(&other.name) == layer.like.as_ref());
        let Some(like) = like else { continue };
        let _ = write!(text, "| {} | {} |", layer.name, like.name);
        for &threads in threads {
            let ratio = cost(layer, threads)
                .zip(cost(like, threads))
                .map(|(one, other)| one / other);
            let _ = write!(text, " {} |", fixed(ratio, 2));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::layers;
    use super::super::peers::OURS;
    use super::super::results::tests::row;
    use super::*;

    fn example() -> (Vec<Layer>, Vec<Row>, Setup) {
        let wanted = regex::Regex::new("^(k3s1|fsrcnn_x2|dla_up_dw)$").unwrap();
        let layers = layers::read("layers.json", Some(&wanted)).unwrap();
        let mut rows = vec![
            row(OURS, "k3s1", 1, 8.0),
            row("ncnn", "k3s1", 1, 4.0),
            row(OURS, "fsrcnn_x2", 1, 5.0),
            row("ncnn", "fsrcnn_x2", 1, 10.0),
            row("rten", "fsrcnn_x2", 1, 20.0),
            row(OURS, "k3s1", 2, 4.0),
        ];
        rows[0].scratch = Some(2048);
        (rows[0].plan, rows[0].copy) = (Some(1.0), Some(0.2));
        let mut setup = Setup::default();
        setup.limits.push(Limits {
            threads: 1,
            peak: 100.0,
            copy: 10.0,
        });
        (layers, rows, setup)
    }

    #[test]
    fn ratios_means_and_losses_are_told() {
        let (layers, rows, setup) = example();
        let text = all(&layers, &rows, &setup, &[1, 2]);
        for told in [
            "| all | 3 | 1.6 | 1.00 | 0.50 k3s1 | - | - |",
            "| at most 4 output channels | 1 | 1.8 | 2.00 | 2.00 fsrcnn_x2 | - | - |",
            "| ncnn | 2 | 2.0e-7 | 1.00 | - |",
            "Slower than the best peer: k3s1.",
            "| **dla_up_dw** | not measured |",
            "| **k3s1** | 7.200 | 8.000 |",
            "| ncnn | 4.000 | **0.50** | 2 | - | 5.0 | - |",
            "### 2 threads",
        ] {
            assert!(text.contains(told), "no `{told}` in\n{text}");
        }
        // k3s1 does two operations for each of its products within 8 ms.
        let products = layers
            .iter()
            .find(|layer| layer.name == "k3s1")
            .unwrap()
            .products;
        assert!(text.contains(&format!(
            "| {:.1} | {:.0} |",
            products / 4e6,
            products / 4e6
        )));
        let doubled = text
            .lines()
            .filter(|line| line.contains("k3s1") && line.ends_with("| 2.00 |  |"));
        assert_eq!(doubled.count(), 1);
    }

    #[test]
    fn extra_layers_are_compared_by_the_product() {
        let (mut layers, mut rows, _) = example();
        let mut other = layers[0].clone();
        (other.name, other.like) = ("odd".into(), Some(layers[0].name.clone()));
        other.products *= 2.0;
        let like = layers[0].name.clone();
        layers.push(other);
        rows.push(row(OURS, "odd", 1, 30.0));
        rows.retain(|row| row.layer != like || !row.is_ours());
        rows.push(row(OURS, &like, 1, 10.0));
        let text = extra(&layers, &rows, &[1]);
        assert!(text.contains(&format!("| odd | {like} | 1.50 |")), "{text}");
    }
}
