//! The programs that are measured: how each is started, and how each is set up.

use std::path::PathBuf;
use std::process::Command;

use crate::steps::{root, run};

/// How a peer is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The engine itself, of the main workspace.
    Engine,
    /// A script of `bench/peers` in the Python environment of this name.
    Python {
        environment: &'static str,
        script: &'static str,
    },
    /// A package of `bench/peers/rust`.
    Rust { package: &'static str },
}

/// One library in one of its ways to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) name: &'static str,
    pub(super) variant: &'static str,
    kind: Kind,
}

const fn python(
    name: &'static str,
    variant: &'static str,
    environment: &'static str,
    script: &'static str,
) -> Peer {
    Peer {
        name,
        variant,
        kind: Kind::Python {
            environment,
            script,
        },
    }
}

const fn rust(name: &'static str, package: &'static str) -> Peer {
    Peer {
        name,
        variant: "default",
        kind: Kind::Rust { package },
    }
}

/// The name of our own rows.
pub(super) const OURS: &str = "convt";

/// Every program, ours first.
pub(super) const ALL: [Peer; 15] = [
    Peer {
        name: OURS,
        variant: "default",
        kind: Kind::Engine,
    },
    python("onnxruntime", "default", "ort", "onnxruntime_.py"),
    python("openvino", "default", "ort", "openvino_.py"),
    python("ncnn", "default", "ort", "ncnn_.py"),
    python("pytorch", "eager", "torch", "pytorch.py"),
    python("pytorch", "channels_last", "torch", "pytorch.py"),
    python("pytorch", "compile", "torch", "pytorch.py"),
    python("pytorch", "compile_channels_last", "torch", "pytorch.py"),
    python("litert", "default", "litert", "litert_.py"),
    python("jax", "nchw", "jax", "jax_.py"),
    python("jax", "nhwc", "jax", "jax_.py"),
    rust("burn-flex", "bench-burn-flex"),
    rust("candle", "bench-candle"),
    rust("rten", "bench-rten"),
    rust("tract", "bench-tract"),
];

/// Where peers are installed: `CONVT_BENCH_PEERS`, or `target/bench-peers`.
fn home() -> PathBuf {
    std::env::var_os("CONVT_BENCH_PEERS")
        .map_or_else(|| root().join("target/bench-peers"), PathBuf::from)
}

/// The peers of a comma-separated list of names, or `name:variant`; ours is always among them. An unknown name is an error.
pub(super) fn chosen(list: Option<&str>) -> Result<Vec<Peer>, String> {
    let Some(list) = list else {
        return Ok(ALL.to_vec());
    };
    let words: Vec<&str> = list.split(',').filter(|word| !word.is_empty()).collect();
    let is = |peer: &Peer, word: &str| word == peer.name || word == peer.label();
    if let Some(unknown) = words
        .iter()
        .find(|word| !ALL.iter().any(|peer| is(peer, word)))
    {
        let known: Vec<String> = ALL.iter().map(Peer::label).collect();
        return Err(format!(
            "there is no peer `{unknown}`; there are {}",
            known.join(", ")
        ));
    }
    let wanted = |peer: &&Peer| peer.name == OURS || words.iter().any(|word| is(peer, word));
    Ok(ALL.iter().filter(wanted).copied().collect())
}

impl Peer {
    /// `name`, or `name:variant`.
    pub(super) fn label(&self) -> String {
        label(self.name, self.variant)
    }

    /// The command that starts it as a worker, or what is missing.
    pub(super) fn command(&self, threads: usize) -> Result<Command, String> {
        let missing = |path: &PathBuf| format!("{} is not there", path.display());
        let mut command = match self.kind {
            Kind::Engine => Command::new(root().join("target/release/bench-convt")),
            Kind::Python {
                environment,
                script,
            } => {
                let program = home().join(environment).join("bin/python");
                if !program.exists() {
                    return Err(missing(&program));
                }
                let mut command = Command::new(program);
                let threads = threads.to_string();
                command
                    .arg("-B") // no compiled copies beside the scripts
                    .arg(root().join("bench/peers").join(script))
                    .args(["--variant", self.variant, "--threads", &threads]);
                command
            }
            Kind::Rust { package } => {
                let program = home().join("rust-target/release").join(package);
                if !program.exists() {
                    return Err(missing(&program));
                }
                Command::new(program)
            }
        };
        for variable in ["OMP", "MKL", "OPENBLAS", "RAYON", "RTEN"] {
            command.env(format!("{variable}_NUM_THREADS"), threads.to_string());
        }
        if self.name == OURS {
            // Large blocks go back when they are freed: what a run makes resident is not hidden by what was there before.
            command.env("MALLOC_MMAP_THRESHOLD_", "65536");
        } else {
            // Freed memory is kept: libraries that return new tensors would otherwise be measured on fresh pages.
            command
                .env("MALLOC_MMAP_MAX_", "0")
                .env("MALLOC_TRIM_THRESHOLD_", "100000000000")
                .env("MALLOC_TOP_PAD_", "67108864");
        }
        command
            .env("TORCHINDUCTOR_CACHE_DIR", home().join("inductor"))
            // These bend OpenBLAS to another machine.
            .env_remove("OPENBLAS_CORETYPE")
            .env_remove("OPENBLAS_L2_SIZE");
        Ok(command)
    }
}

/// `name`, or `name:variant` where a name has several.
pub(super) fn label(name: &str, variant: &str) -> String {
    if variant == "default" {
        name.to_string()
    } else {
        format!("{name}:{variant}")
    }
}

/// `cargo xtask bench-peers [LIST]`: installs the peers of a list, or all.
pub(crate) fn set_up() -> Result<(), String> {
    let list = std::env::args().nth(2);
    let mut failed = Vec::new();
    let mut done = Vec::new();
    for peer in chosen(list.as_deref())? {
        let (name, result) = match peer.kind {
            Kind::Python { environment, .. } if !done.contains(&environment) => {
                (environment, set_up_environment(environment))
            }
            Kind::Rust { package } if !done.contains(&package) => (package, build(package)),
            // Ours needs nothing, and the others are there already.
            _ => continue,
        };
        done.push(name);
        if let Err(error) = result {
            failed.push(error);
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(failed.join("\n"))
    }
}

fn set_up_environment(environment: &str) -> Result<(), String> {
    let folder = home().join(environment);
    let python = folder.join("bin/python");
    if !python.exists() {
        let base = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
        run(Command::new(base).args(["-m", "venv"]).arg(&folder))?;
    }
    let requirements = root()
        .join("bench/peers/requirements")
        .join(format!("{environment}.txt"));
    run(Command::new(python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
        ])
        .arg(requirements))
}

fn build(package: &str) -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    run(Command::new(cargo)
        .args(["build", "--release", "--locked", "-p", package])
        .current_dir(root().join("bench/peers/rust"))
        .env("CARGO_TARGET_DIR", home().join("rust-target"))
        .env("RUSTFLAGS", "-C target-cpu=native"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_chooses_names_or_variants_and_always_us() {
        let labels = |list: &str| -> Vec<String> {
            chosen(Some(list))
                .unwrap()
                .iter()
                .map(Peer::label)
                .collect()
        };
        assert_eq!(labels(""), ["convt"]);
        assert_eq!(labels("ncnn,jax:nhwc"), ["convt", "ncnn", "jax:nhwc"]);
        assert_eq!(labels("pytorch").len(), 5);
        assert_eq!(chosen(None).unwrap().len(), ALL.len());
        assert!(chosen(Some("ncnn,torch")).unwrap_err().contains("`torch`"));
    }

    #[test]
    fn every_peer_has_its_files() {
        for peer in ALL {
            let file = match peer.kind {
                Kind::Engine => "crates/bench/src/bin/convt.rs".into(),
                Kind::Python {
                    environment,
                    script,
                } => {
                    let requirements = format!("bench/peers/requirements/{environment}.txt");
                    assert!(root().join(&requirements).exists(), "{requirements}");
                    format!("bench/peers/{script}")
                }
                Kind::Rust { package } => {
                    let name = package.strip_prefix("bench-").unwrap();
                    format!("bench/peers/rust/{name}/src/main.rs")
                }
            };
            assert!(root().join(&file).exists(), "{file}");
        }
    }
}
