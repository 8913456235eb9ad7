//! The words behind `cargo xtask bench`.

use std::path::PathBuf;

use regex::Regex;

pub(super) const HELP: &str = "\
cargo xtask bench [OPTIONS]

Measures this engine and every peer that is installed, in turns, after checking their answers.

  --layers REGEX    only layers whose names match
  --peers LIST      only these peers: names or name:variant, with commas; `--peers ''` measures the engine alone
  --threads LIST    numbers of threads [1,2]
  --extra           the second list, bench/extra.json, with the layers of the first that it is compared with
  --csv FILE        where the rows go [target/bench/results.csv]; the setup and the chart go beside it
  --seconds S       seconds of one slice of one program [0.15]
  --rounds N        rounds of slices [5]
  --patience S      seconds until a program that gives no answer is ended [60]
  --from FILE       measure nothing: show what an earlier run wrote there
  --docs            write table and chart into docs/performance.md
  --lock FILE       hold this file's lock while measuring one layer, where several share a machine

Peers are installed by `cargo xtask bench-peers [LIST]`, and never by this command.
";

/// What was asked for.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) layers: Option<Regex>,
    pub(super) peers: Option<String>,
    pub(super) threads: Vec<usize>,
    pub(super) extra: bool,
    pub(super) csv: Option<PathBuf>,
    pub(super) seconds: f64,
    pub(super) rounds: usize,
    pub(super) patience: f64,
    pub(super) from: Option<PathBuf>,
    pub(super) docs: bool,
    pub(super) lock: Option<PathBuf>,
}

/// Reads the words; `Ok(None)` is a request for help.
pub(super) fn parse(words: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options {
        layers: None,
        peers: None,
        threads: vec![1, 2],
        extra: false,
        csv: None,
        seconds: 0.15,
        rounds: 5,
        patience: 60.0,
        from: None,
        docs: false,
        lock: None,
    };
    let mut words = words;
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--layers" => {
                let regex = Regex::new(&value()?).map_err(|error| error.to_string())?;
                options.layers = Some(regex);
            }
            "--peers" => options.peers = Some(value()?),
            "--threads" => options.threads = threads(&value()?)?,
            "--extra" => options.extra = true,
            "--csv" => options.csv = Some(value()?.into()),
            "--seconds" => options.seconds = seconds(&word, &value()?)?,
            "--rounds" => options.rounds = count(&word, &value()?)?,
            "--patience" => options.patience = seconds(&word, &value()?)?,
            "--from" => options.from = Some(value()?.into()),
            "--docs" => options.docs = true,
            "--lock" => options.lock = Some(value()?.into()),
            "-h" | "--help" => return Ok(None),
            _ => return Err(format!("there is no option `{word}`\n\n{HELP}")),
        }
    }
    Ok(Some(options))
}

fn count(word: &str, text: &str) -> Result<usize, String> {
    let count = text.trim().parse().ok().filter(|&count| count > 0);
    count.ok_or_else(|| format!("{word} takes whole numbers above 0, not `{text}`"))
}

fn threads(text: &str) -> Result<Vec<usize>, String> {
    text.split(',')
        .map(|word| count("--threads", word))
        .collect()
}

fn seconds(word: &str, text: &str) -> Result<f64, String> {
    let seconds = text
        .parse()
        .ok()
        .filter(|seconds| (0.0..=3600.0).contains(seconds));
    seconds.ok_or_else(|| format!("{word} takes seconds, not `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Option<Options>, String> {
        parse(
            line.split(' ')
                .filter(|word| !word.is_empty())
                .map(str::to_string),
        )
    }

    #[test]
    fn words_are_read() {
        let options =
            of("--layers ^fcn --threads 1,4 --seconds 0.5 --csv a.csv --extra --rounds 2");
        let options = options.unwrap().unwrap();
        assert!(options.layers.unwrap().is_match("fcn8s_score"));
        assert_eq!(options.threads, [1, 4]);
        assert_eq!(
            (options.seconds, options.rounds, options.extra),
            (0.5, 2, true)
        );
        assert_eq!(options.csv, Some("a.csv".into()));
        assert_eq!(of("").unwrap().unwrap().threads, [1, 2]);
        assert!(of("--help").unwrap().is_none());
    }

    #[test]
    fn wrong_words_are_named() {
        for (line, named) in [
            ("--layer x", "`--layer`"),
            ("--threads 0", "`0`"),
            ("--threads 1,", "``"),
            ("--seconds -1", "`-1`"),
            ("--seconds nan", "`nan`"),
            ("--layers (", "regex"),
            ("--csv", "--csv needs"),
        ] {
            let error = of(line).unwrap_err();
            assert!(error.contains(named), "{line}: {error}");
        }
    }
}
