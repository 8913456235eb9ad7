//! The engine beside other frameworks that are installed on this machine, case by case.
//!
//! The Python that has them is `CONVT_PEERS_PYTHON`, else the one that `cargo xtask peers` sets up. A peer that is not
//! installed is named on standard error, where a passing test shows it too; with `CONVT_REQUIRE_PEERS=1` what
//! `tests/peers/requirements.txt` lists must be there. PyTorch is not in that list: it is compared with where it is found.

#[path = "../crates/convt/tests/conventions/agree.rs"]
mod agree;
#[path = "../crates/convt/tests/common/mod.rs"]
mod common;
#[path = "../crates/convt/tests/conventions/words.rs"]
mod words;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use convt::{Dtype, Op};
use convt_testkit::{Case, load_cases};

/// The cases that `tests/peers/SCRIPT` writes, or why its peer is not installed.
///
/// A script that fails for any other reason fails the test.
fn cases_of(script: &str) -> Result<Vec<Case>, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = match std::env::var_os("CONVT_PEERS_PYTHON") {
        Some(python) => PathBuf::from(python),
        None => root.join("target/peers/bin/python"),
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let prefix = folder.path().join("cases");
    let output = Command::new(&python)
        .arg(root.join("tests/peers").join(script))
        .arg(&prefix)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .map_err(|error| format!("{}: {error}", python.display()))?;
    let (said, complaint) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    match output.status.code() {
        Some(0) => {
            println!("{said}");
            Ok(load_cases(&prefix).unwrap_or_else(|error| panic!("{script}: {error}")))
        }
        Some(3) => Err(complaint.trim().to_string()),
        code => panic!("{script} ends with {code:?}:\n{said}\n{complaint}"),
    }
}

/// Says on standard error itself, which the test runner does not capture, that a peer is missing.
fn not_installed(peer: &str, why: &str, set_up: &str) {
    let line = format!("PEER NOT INSTALLED: {peer}: {why} (set up by: {set_up})\n");
    let mut stream = std::io::stderr();
    stream.write_all(line.as_bytes()).expect("standard error");
}

fn assert_agreement(cases: &[Case]) {
    for case in cases {
        agree::assert_output::<f32>(case);
        if case.y_dtype == Dtype::F64 {
            agree::assert_output::<f64>(case);
        }
        agree::assert_words(case);
    }
}

fn count(cases: &[Case], is: impl Fn(&Case) -> bool) -> usize {
    cases.iter().filter(|case| is(case)).count()
}

#[test]
fn onnx_and_onnx_runtime() {
    let cases = match cases_of("onnx_cases.py") {
        Ok(cases) => cases,
        Err(why) => {
            not_installed("onnx, onnxruntime", &why, "cargo xtask peers");
            let required = std::env::var_os("CONVT_REQUIRE_PEERS").is_some_and(|v| v == "1");
            assert!(
                !required,
                "CONVT_REQUIRE_PEERS=1, and the peers are missing: {why}"
            );
            return;
        }
    };
    let from = |source: &str, case: &Case| {
        let made_by = case.source.as_deref().unwrap_or_default();
        made_by.split(' ').next() == Some(source)
    };
    for (source, op, least) in [
        ("onnx", Op::ConvTranspose, 10),
        ("onnx", Op::Conv, 10),
        ("onnxruntime", Op::ConvTranspose, 80),
        ("onnxruntime", Op::Conv, 30),
    ] {
        let found = count(&cases, |case| from(source, case) && case.problem.op == op);
        assert!(
            found >= least,
            "{found} cases of {op:?} from {source}, expected {least}"
        );
    }
    assert_agreement(&cases);
}

#[test]
fn pytorch() {
    let cases = match cases_of("torch_cases.py") {
        Ok(cases) => cases,
        Err(why) => {
            return not_installed(
                "torch",
                &why,
                "python -m pip install torch numpy safetensors",
            );
        }
    };
    let transposed = count(&cases, |case| case.problem.op == Op::ConvTranspose);
    assert_eq!((transposed, cases.len()), (80, 100));
    assert!(cases.iter().all(|case| case.y_dtype == Dtype::F64));
    assert_agreement(&cases);
}
