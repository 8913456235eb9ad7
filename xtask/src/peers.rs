//! The peers that live tests compare with, in a Python environment of their own.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::steps::{root, run};

/// Installs what `tests/peers/requirements.txt` names into `target/peers`, and gives that environment's Python.
///
/// Nothing is done where the environment already satisfies the file.
pub(crate) fn set_up() -> Result<PathBuf, String> {
    let environment = root().join("target/peers");
    let python = environment.join("bin/python");
    let requirements = root().join("tests/peers/requirements.txt");
    let stamp = environment.join("installed.txt");
    let wanted = std::fs::read_to_string(&requirements)
        .map_err(|error| format!("{}: {error}", requirements.display()))?;
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    let base = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    run(Command::new(base).args(["-m", "venv"]).arg(&environment))?;
    install(&python, &requirements)?;
    std::fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
    Ok(python)
}

fn install(python: &Path, requirements: &Path) -> Result<(), String> {
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
    ];
    run(Command::new(python).args(pip).arg(requirements))
}
