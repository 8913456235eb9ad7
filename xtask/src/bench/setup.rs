//! What the figures depend on: machine, date, versions; and what the machine can do at most.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::steps::root;

/// What the machine reaches at most with some threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Limits {
    pub(super) threads: usize,
    /// Multiply-adds as two operations each, in GFLOP/s.
    pub(super) peak: f64,
    /// Copied bytes, read and written counted, in GB/s.
    pub(super) copy: f64,
}

/// The setup of one run, as lines of `name: value`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Setup {
    pub(super) lines: Vec<(String, String)>,
    pub(super) limits: Vec<Limits>,
}

impl Setup {
    /// The machine, the date, and the compiler.
    pub(super) fn here() -> Self {
        let mut setup = Self::default();
        let mut say = |name: &str, value: String| setup.lines.push((name.into(), value));
        say("date", told("date", &["-u", "+%Y-%m-%d %H:%M UTC"]));
        say("processor", processor());
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        say("cores", cores.to_string());
        say("memory", memory());
        say("system", told("uname", &["-srm"]));
        say("rustc", told("rustc", &["--version"]));
        say("commit", commit());
        setup
    }

    pub(super) fn say(&mut self, name: &str, value: &str) {
        let known = self.lines.iter_mut().find(|(other, _)| other == name);
        match known {
            Some((_, other)) => *other = value.into(),
            None => self.lines.push((name.into(), value.into())),
        }
    }

    pub(super) fn limits(&self, threads: usize) -> Option<Limits> {
        self.limits
            .iter()
            .copied()
            .find(|limits| limits.threads == threads)
    }

    /// Measures the machine with some threads; of two measurements the higher figures stay.
    pub(super) fn measure(&mut self, threads: usize) -> Result<(), String> {
        let program = root().join("target/release/bench-machine");
        let output = Command::new(&program).arg(threads.to_string()).output();
        let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
        let told: Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let figure = |name: &str| {
            told[name]
                .as_f64()
                .ok_or_else(|| format!("no {name}: {told}"))
        };
        let (peak, copy) = (figure("fma_gflops")?, figure("copy_gbs")?);
        match self
            .limits
            .iter_mut()
            .find(|limits| limits.threads == threads)
        {
            Some(limits) => {
                limits.peak = limits.peak.max(peak);
                limits.copy = limits.copy.max(copy);
            }
            None => self.limits.push(Limits {
                threads,
                peak,
                copy,
            }),
        }
        if let Some(isa) = told["isa"].as_str() {
            self.say("instruction set", isa);
        }
        Ok(())
    }

    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.lines {
            let _ = writeln!(text, "{name}: {value}");
        }
        for Limits {
            threads,
            peak,
            copy,
        } in &self.limits
        {
            let _ = writeln!(
                text,
                "limits, {threads} threads: {peak:.1} GFLOP/s, {copy:.1} GB/s copied"
            );
        }
        text
    }

    pub(super) fn from_text(text: &str) -> Self {
        let mut setup = Self::default();
        for (name, value) in text.lines().filter_map(|line| line.split_once(": ")) {
            let words: Vec<&str> = name.split(' ').chain(value.split(' ')).collect();
            let limits = match words[..] {
                [
                    "limits,",
                    threads,
                    "threads",
                    peak,
                    "GFLOP/s,",
                    copy,
                    "GB/s",
                    "copied",
                ] => (threads.parse().ok())
                    .zip(peak.parse().ok())
                    .zip(copy.parse().ok())
                    .map(|((threads, peak), copy)| Limits {
                        threads,
                        peak,
                        copy,
                    }),
                _ => None,
            };
            match limits {
                Some(limits) => setup.limits.push(limits),
                None => setup.lines.push((name.into(), value.into())),
            }
        }
        setup
    }
}

/// What a command prints, on one line.
fn told(program: &str, arguments: &[&str]) -> String {
    Command::new(program)
        .args(arguments)
        .current_dir(root())
        .output()
        .map_or_else(
            |error| format!("unknown ({program}: {error})"),
            |output| {
                String::from_utf8_lossy(&output.stdout)
                    .trim()
                    .replace('\n', " ")
            },
        )
}

fn commit() -> String {
    let changed = !told("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty();
    let commit = told("git", &["rev-parse", "--short=12", "HEAD"]);
    if changed {
        format!("{commit} with changes")
    } else {
        commit
    }
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = text
            .lines()
            .find(|line| line.split(':').next().is_some_and(|key| key.trim() == name));
        line.and_then(|line| line.split_once(':'))
            .map_or("?", |(_, value)| value.trim())
    };
    let (name, family) = (field("model name"), field("cpu family"));
    format!("{name}, family {family}, model {}", field("model"))
}

fn memory() -> String {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = text
        .split_whitespace()
        .nth(1)
        .and_then(|word| word.parse::<f64>().ok());
    kib.map_or("unknown".into(), |kib| {
        format!("{:.1} GiB", kib / f64::from(1 << 20))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setup_reads_back() {
        let mut setup = Setup::default();
        setup.say("rustc", "1.2: with a colon");
        setup.say("ncnn", "1");
        setup.say("ncnn", "2");
        setup.limits.push(Limits {
            threads: 2,
            peak: 430.5,
            copy: 41.0,
        });
        let back = Setup::from_text(&setup.to_text());
        assert_eq!(back, setup);
        assert_eq!(back.limits(2).unwrap().peak, 430.5);
        assert_eq!(back.limits(1), None);
        assert_eq!(back.lines.len(), 2);
    }
}
