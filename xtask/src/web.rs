//! The page: Rust to WebAssembly, TypeScript around it, all of it in one file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::steps::{cargo, debian_cargo, library_is_installed, root, run};

const TARGET: &str = "wasm32-unknown-unknown";

/// The most bytes that the page may have.
const MOST_BYTES: u64 = 1_500_000;

/// Builds `web/dist/index.html`: one file that needs no network.
pub(crate) fn build() -> Result<(), String> {
    let root = root();
    engine(&root)?;
    let bindgen = bindgen(&root)?;
    let folder = root.join("web/src/engine");
    run(Command::new(bindgen)
        .args([
            "--target",
            "web",
            "--no-typescript",
            "--omit-default-module-path",
            "--remove-name-section",
            "--remove-producers-section",
            "--out-name",
            "convt",
            "--out-dir",
        ])
        .arg(&folder)
        .arg(built(&root)))?;
    let web = root.join("web");
    if !web.join("node_modules/vite").exists() {
        run(npm(&web).args(["ci", "--no-audit", "--no-fund"]))?;
    }
    run(npm(&web).args(["run", "build"]))?;
    let page = web.join("dist/index.html");
    let size = fs::metadata(&page)
        .map_err(|error| format!("{}: {error}", page.display()))?
        .len();
    eprintln!("\n{}: {size} bytes", page.display());
    if size > MOST_BYTES {
        return Err(format!(
            "the page has {size} bytes, but may have at most {MOST_BYTES}: make the engine or its fonts smaller"
        ));
    }
    Ok(())
}

/// Builds the page and runs its tests in a browser; `CONVT_CHROMIUM` names one that is not `/usr/bin/chromium`.
pub(crate) fn test() -> Result<(), String> {
    build()?;
    run(npm(&root().join("web")).arg("test"))
}

/// The browser that the tests drive.
pub(crate) fn chromium() -> String {
    std::env::var("CONVT_CHROMIUM").unwrap_or_else(|_| String::from("/usr/bin/chromium"))
}

/// Where cargo leaves the engine.
fn built(root: &Path) -> PathBuf {
    root.join("target/wasm")
        .join(TARGET)
        .join("release/convt_wasm.wasm")
}

/// Compiles `convt-wasm`, as one unit, with the 128-bit vectors that every present browser has.
fn engine(root: &Path) -> Result<(), String> {
    let mut command = if standard_library_is_installed() {
        cargo(&[])
    } else {
        from_source()
    };
    command
        .args([
            "build",
            "--release",
            "--package",
            "convt-wasm",
            "--lib",
            "--target",
            TARGET,
        ])
        .arg("--target-dir")
        .arg(root.join("target/wasm"))
        .current_dir(root)
        .env("RUSTFLAGS", "-Ctarget-feature=+simd128")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3")
        .env("CARGO_PROFILE_RELEASE_LTO", "fat")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
        .env("CARGO_PROFILE_RELEASE_PANIC", "abort");
    run(&mut command)
}

/// Whether the installed Rust can compile for the page by itself.
pub(crate) fn standard_library_is_installed() -> bool {
    library_is_installed(TARGET)
}

/// Debian's Rust with its source, where rustup has no standard library for WebAssembly.
fn from_source() -> Command {
    let mut command = debian_cargo();
    command
        .arg("-Zbuild-std=std,panic_abort")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld");
    command
}

/// The `wasm-bindgen` program in the version that the lock file names, installed into `target/tools` where it is missing.
fn bindgen(root: &Path) -> Result<PathBuf, String> {
    let version = locked_version(root)?;
    let tools = root.join("target/tools");
    let program = tools.join("bin/wasm-bindgen");
    let present = Command::new(&program).arg("--version").output();
    if present.is_ok_and(|output| {
        String::from_utf8_lossy(&output.stdout)
            .trim()
            .ends_with(&version)
    }) {
        return Ok(program);
    }
    let install = |extra: &[&str]| {
        run(cargo(&[
            "install",
            "wasm-bindgen-cli",
            "--force",
            "--version",
            &version,
        ])
        .args(extra)
        .arg("--root")
        .arg(&tools)
        .arg("--target-dir")
        .arg(root.join("target/tools-build")))
    };
    // A registry mirror may lag behind the program's own lock file.
    install(&["--locked"]).or_else(|_| install(&[]))?;
    Ok(program)
}

/// The version of `wasm-bindgen` in `Cargo.lock`.
fn locked_version(root: &Path) -> Result<String, String> {
    let lock = fs::read_to_string(root.join("Cargo.lock"))
        .map_err(|error| format!("Cargo.lock: {error}"))?;
    lock.split("[[package]]")
        .filter(|package| package.contains("name = \"wasm-bindgen\"\n"))
        .find_map(|package| package.split("version = \"").nth(1)?.split('"').next())
        .map(String::from)
        .ok_or_else(|| "Cargo.lock names no version of wasm-bindgen".to_string())
}

fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder);
    command
}
