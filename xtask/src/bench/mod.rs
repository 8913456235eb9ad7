//! `cargo xtask bench`: this engine and its peers, layer by layer, in one run.

mod args;
mod chart;
mod data;
mod docs;
mod layers;
mod onnx;
mod peers;
mod results;
mod rounds;
mod setup;
mod statistics;
mod table;
mod worker;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use args::Options;
use layers::Layer;
use results::Row;
use setup::Setup;

pub(crate) use peers::set_up as set_up_peers;

use crate::steps::{cargo, root, run};

/// The places of `docs/performance.md` that a run fills.
const PARTS: [&str; 2] = ["bench setup", docs::TABLES];

/// Reads the words, measures or reads an earlier run, and shows it.
pub(crate) fn main() -> Result<(), String> {
    let Some(options) = args::parse(std::env::args().skip(2))? else {
        print!("{}", args::HELP);
        return Ok(());
    };
    if options.from.is_none() && cfg!(debug_assertions) {
        // The oracle's sums are long: they want an optimised build of this program.
        let words: Vec<String> = std::env::args().skip(2).collect();
        let mut again = cargo(&[
            "run",
            "--quiet",
            "--release",
            "--package",
            "xtask",
            "--",
            "bench",
        ]);
        return run(again.args(words));
    }
    let layers = wanted_layers(&options)?;
    let csv = options.from.clone().or_else(|| options.csv.clone());
    let csv = csv.unwrap_or_else(|| root().join("target/bench/results.csv"));
    let (rows, setup) = match &options.from {
        Some(_) => read(&csv)?,
        None => measure(&layers, &options, &csv)?,
    };
    show(&layers, &rows, &setup, &options, &csv)?;
    our_failures(&rows)
}

/// The layers of the list, and, for the second list, those that it is compared with.
fn wanted_layers(options: &Options) -> Result<Vec<Layer>, String> {
    let wanted = options.layers.as_ref();
    let found = if options.extra {
        let mut extra = layers::read("extra.json", wanted)?;
        let mut like = layers::read("layers.json", None)?;
        like.retain(|layer| {
            extra
                .iter()
                .any(|one| one.like.as_ref() == Some(&layer.name))
        });
        extra.extend(like);
        extra
    } else {
        layers::read("layers.json", wanted)?
    };
    if found.is_empty() {
        Err("no layer has such a name".into())
    } else {
        Ok(found)
    }
}

fn measure(layers: &[Layer], options: &Options, csv: &Path) -> Result<(Vec<Row>, Setup), String> {
    let peers = peers::chosen(options.peers.as_deref())?;
    run(&mut cargo(&[
        "build",
        "--quiet",
        "--release",
        "--package",
        "convt-bench",
    ]))?;
    data::prepare(layers)?;
    if let Some(folder) = csv.parent() {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let mut setup = Setup::here();
    setup.say(
        "slices",
        &format!("{} rounds of {} s", options.rounds, options.seconds),
    );
    let mut rows = Vec::new();
    for &threads in &options.threads {
        let mut table = rounds::Table::new(&peers, threads, options)?;
        for (name, version) in table.versions() {
            setup.say(&name, &version);
        }
        locked(options, || setup.measure(threads))?;
        for (index, layer) in layers.iter().enumerate() {
            let place = format!("threads {threads}, {}/{}", index + 1, layers.len());
            let found = locked(options, || table.measure(layer, options))?;
            progress(&place, layer, threads, &found);
            rows.extend(found);
            // After every layer: a run that is stopped has lost nothing.
            save(csv, &results::to_csv(&rows))?;
        }
        locked(options, || setup.measure(threads))?;
        save(&csv.with_extension("setup.txt"), &setup.to_text())?;
    }
    Ok((rows, setup))
}

/// Does the work while the lock file's lock is held, where one was named.
fn locked<T>(options: &Options, work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let Some(path) = &options.lock else {
        return work();
    };
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    let file = File::options()
        .create(true)
        .append(true)
        .open(path)
        .map_err(told)?;
    file.lock().map_err(told)?;
    work()
}

fn progress(place: &str, layer: &Layer, threads: usize, rows: &[Row]) {
    let contest = results::Contest::of(rows, &layer.name, threads);
    let told = contest.map_or("we failed".to_string(), |contest| {
        let best = contest.best.map_or(String::new(), |(row, times)| {
            format!(", {} {:.4} ms", row.label(), times.median)
        });
        let ratio = contest
            .ratio()
            .map_or(String::new(), |ratio| format!(", ratio {ratio:.2}"));
        format!("{:.4} ms{best}{ratio}", contest.ours.median)
    });
    eprintln!("{place} {}: {told}", layer.name);
}

fn save(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn read(csv: &Path) -> Result<(Vec<Row>, Setup), String> {
    let text = |path: &PathBuf| {
        fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let rows = results::from_csv(&text(&csv.to_path_buf())?)?;
    Ok((
        rows,
        Setup::from_text(&text(&csv.with_extension("setup.txt"))?),
    ))
}

fn show(
    layers: &[Layer],
    rows: &[Row],
    setup: &Setup,
    options: &Options,
    csv: &Path,
) -> Result<(), String> {
    let mut tables = table::all(layers, rows, setup, &options.threads);
    if options.extra {
        tables.push_str(&table::extra(layers, rows, &options.threads));
    }
    println!("{tables}");
    let picture = chart::svg(layers, rows, &options.threads);
    let chart = csv.with_extension("svg");
    save(&chart, &picture)?;
    for (name, version) in &setup.lines {
        if version.starts_with("MISSING") {
            println!("{name}: {version}");
        }
    }
    println!("rows: {}\nchart: {}", csv.display(), chart.display());
    if options.docs {
        let setup = format!("```text\n{}```", setup.to_text());
        docs::write(&[(PARTS[0], &setup), (PARTS[1], &tables)], &picture)?;
    }
    Ok(())
}

/// An answer of ours that is wrong, or none, is a failure of the command.
fn our_failures(rows: &[Row]) -> Result<(), String> {
    let failed = rows
        .iter()
        .filter(|row| row.is_ours() && row.times.is_none());
    let lines: Vec<String> = failed
        .map(|row| format!("{} with {} threads: {}", row.layer, row.threads, row.note))
        .collect();
    if lines.is_empty() {
        Ok(())
    } else {
        Err(format!("we failed:\n  {}", lines.join("\n  ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_that_we_fail_fails_the_command() {
        let mut rows = vec![results::tests::row("convt", "k3s1", 1, 2.0)];
        assert_eq!(our_failures(&rows), Ok(()));
        rows.push(results::tests::row("ncnn", "k3s1", 1, 2.0));
        rows[1].times = None;
        assert_eq!(our_failures(&rows), Ok(()));
        rows[0].times = None;
        rows[0].note = "WRONG tiles".into();
        assert!(our_failures(&rows).unwrap_err().contains("WRONG"));
    }

    #[test]
    fn the_second_list_brings_the_layers_that_it_is_like() {
        let options = args::parse(
            ["--extra", "--layers", "^op1"]
                .map(String::from)
                .into_iter(),
        );
        let layers = wanted_layers(&options.unwrap().unwrap()).unwrap();
        let names: Vec<&str> = layers.iter().map(|layer| &layer.name[..]).collect();
        assert_eq!(names, ["op1_d2", "k3s2_op1"]);
    }
}
