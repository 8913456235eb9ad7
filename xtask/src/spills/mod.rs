//! Whether the inner loops of the kernels keep their sums in registers.
//!
//! The compiler's listing of `convt-simd`, which has every kernel for both element types, is read: in every innermost loop
//! that has fused multiply-adds, no vector may go to the stack or come from it, and each tile of `M` rows and `V` vectors
//! must have a loop of a multiple of `M*V` of them, which it lacks when its sums are not taken apart into registers.

mod listing;

use std::fs;

use crate::steps::{cargo, library_is_installed, root, run};
use listing::{Function, Syntax};

/// A processor whose listing is read.
struct Target {
    triple: &'static str,
    syntax: Syntax,
    /// Tiles that the listing must have at least: fewer, and the listing is not what this reads.
    tiles: usize,
}

const TARGETS: [Target; 2] = [
    Target {
        triple: "x86_64-unknown-linux-gnu",
        syntax: Syntax::X86,
        // Two element types, two sets, eleven counts of rows.
        tiles: 44,
    },
    Target {
        triple: "aarch64-unknown-linux-gnu",
        syntax: Syntax::Arm,
        tiles: 22,
    },
];

/// Whether some listing can be made here.
pub(crate) fn can_be_checked() -> bool {
    TARGETS
        .iter()
        .any(|target| library_is_installed(target.triple))
}

/// Reads the listing of each processor that the installed Rust has a library for.
pub(crate) fn check() -> Result<(), String> {
    let mut wrong = Vec::new();
    for target in &TARGETS {
        if !library_is_installed(target.triple) {
            eprintln!("\nSPILLS NOT CHECKED for {}", target.triple);
            continue;
        }
        let text = listing_of(target.triple)?;
        let functions: Vec<Function> = listing::functions(&text, target.syntax)
            .into_iter()
            // Portable code is there to be right: where it has the instruction, another set is the one that runs.
            .filter(|function| !function.name.contains("run_portable"))
            .filter(|function| !function.loops.is_empty() || function.tile.is_some())
            .collect();
        let tiles = functions.iter().filter(|f| f.tile.is_some()).count();
        if tiles < target.tiles {
            return Err(format!(
                "{}: the listing has {tiles} tiles, but must have {}: has `Sweep` another name?",
                target.triple, target.tiles
            ));
        }
        for function in &functions {
            eprintln!("{function}");
            let faults = function.faults();
            wrong.extend(
                faults
                    .iter()
                    .map(|fault| format!("{}: {fault}", function.name)),
            );
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "kernels leave their registers:\n  {}",
            wrong.join("\n  ")
        ))
    }
}

/// The assembly that the compiler makes of `convt-simd` in release, as one unit with readable names.
fn listing_of(triple: &str) -> Result<String, String> {
    let target = root().join("target/spills");
    let folder = target.join(triple).join("release/deps");
    let listings = || -> Vec<_> {
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "s"))
            .collect()
    };
    // One crate that is quickly made anew: so its listing is this compiler's, of this source.
    if target.exists() {
        fs::remove_dir_all(&target).map_err(|error| format!("{}: {error}", target.display()))?;
    }
    run(cargo(&[
        "rustc",
        "-p",
        "convt-simd",
        "--lib",
        "--release",
        "--target",
        triple,
    ])
    .arg("--target-dir")
    .arg(&target)
    .args(["--", "--emit", "asm", "-Csymbol-mangling-version=v0"])
    .env("CARGO_PROFILE_RELEASE_LTO", "off")
    .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
    .env("RUSTFLAGS", ""))?;
    match &listings()[..] {
        [one] => fs::read_to_string(one).map_err(|error| format!("{}: {error}", one.display())),
        all => Err(format!(
            "{}: {} listings, expected one",
            folder.display(),
            all.len()
        )),
    }
}
