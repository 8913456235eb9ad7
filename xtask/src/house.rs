//! The rules of the house: which crate may use which, and where unsafe code may be.

use std::fs;
use std::path::Path;

use cargo_metadata::{DependencyKind, MetadataCommand};

use crate::steps::root;

/// Each crate with the crates of this workspace that its shipped code may use. Dependencies run downhill only: a crate
/// stands below every crate that uses it, and the engine and the oracle never see each other outside tests.
const MAY_USE: [(&str, &[&str]); 14] = [
    ("convt-geometry", &[]),
    ("convt-simd", &[]),
    ("convt-files", &[]),
    ("convt-draw", &[]),
    ("convt", &["convt-geometry", "convt-simd"]),
    ("convt-reference", &["convt-geometry"]),
    (
        "convt-explain",
        &["convt-draw", "convt-geometry", "convt-reference"],
    ),
    ("convt-upscale", &["convt", "convt-files"]),
    ("convt-candle", &["convt"]),
    ("convt-testkit", &["convt-geometry"]),
    (
        "convt-wasm",
        &["convt-draw", "convt-explain", "convt-geometry"],
    ),
    (
        "convt-cli",
        &[
            "convt",
            "convt-draw",
            "convt-explain",
            "convt-files",
            "convt-geometry",
            "convt-reference",
            "convt-upscale",
        ],
    ),
    ("convt-bench", &["convt", "convt-files", "convt-simd"]),
    (
        "xtask",
        &["convt-files", "convt-geometry", "convt-reference"],
    ),
];

/// All that the engine may bring into somebody's program.
const ENGINE_MAY_BRING: [&str; 2] = ["ndarray", "rayon"];

/// The one folder whose code may be unsafe.
const UNSAFE_HOME: &str = "crates/simd/";

/// Checks both rules.
pub(crate) fn check() -> Result<(), String> {
    eprintln!("\n==> the rules of the house");
    let mut broken = edges()?;
    unsafe_outside_home(&root(), &mut broken)?;
    if broken.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "the rules of the house are broken:\n  {}",
            broken.join("\n  ")
        ))
    }
}

fn edges() -> Result<Vec<String>, String> {
    let metadata = MetadataCommand::new()
        .current_dir(root())
        .no_deps()
        .exec()
        .map_err(|error| error.to_string())?;
    let mut broken = Vec::new();
    for package in metadata.workspace_packages() {
        let name = package.name.as_str();
        let Some((_, allowed)) = MAY_USE.iter().find(|(known, _)| *known == name) else {
            broken.push(format!("{name} has no row in xtask/src/house.rs"));
            continue;
        };
        let shipped = package
            .dependencies
            .iter()
            .filter(|d| d.kind != DependencyKind::Development);
        for dependency in shipped {
            let ours = dependency.name.starts_with("convt");
            if ours && !allowed.contains(&dependency.name.as_str()) {
                broken.push(format!("{name} may not use {}", dependency.name));
            }
            if !ours && name == "convt" && !ENGINE_MAY_BRING.contains(&dependency.name.as_str()) {
                broken.push(format!("the engine may not bring in {}", dependency.name));
            }
        }
    }
    Ok(broken)
}

/// The compiler denies unsafe code wherever it is not allowed again; so only who allows it must be watched.
fn unsafe_outside_home(root: &Path, broken: &mut Vec<String>) -> Result<(), String> {
    let mut folders: Vec<_> = ["crates", "src", "xtask", "tests", "examples"]
        .iter()
        .map(|folder| root.join(folder))
        .filter(|folder| folder.exists())
        .collect();
    // Spelled in two halves, so that this file does not find itself.
    let allowed_again = concat!("allow(", "unsafe_code");
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
            let relative = path
                .strip_prefix(root)
                .unwrap_or(&path)
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text =
                    fs::read_to_string(&path).map_err(|error| format!("{relative}: {error}"))?;
                if text.contains(allowed_again) && !relative.starts_with(UNSAFE_HOME) {
                    broken.push(format!(
                        "{relative} allows unsafe code outside {UNSAFE_HOME}"
                    ));
                }
            }
        }
    }
    Ok(())
}
