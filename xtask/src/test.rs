//! Every test of the project, its lints and its dependencies' rules.

use crate::steps::{cargo, run};
use crate::{house, packages, peers, ports, spills, web};

/// Sets up what tests need and runs every one: the whole workspace, what release mode could break, and the page.
///
/// Peers or a browser that cannot be installed leave a loud line and do not fail the tests, unless
/// `CONVT_REQUIRE_PEERS=1`.
pub(crate) fn everything() -> Result<(), String> {
    let required = std::env::var_os("CONVT_REQUIRE_PEERS").is_some();
    packages::set_up();
    match peers::set_up() {
        Ok(_) => {}
        Err(error) if required => return Err(error),
        Err(error) => eprintln!("\nPEERS NOT INSTALLED, their tests will say so: {error}"),
    }
    house::check()?;
    run(&mut cargo(&["test", "--workspace"]))?;
    // Arithmetic that debug mode checks wraps in release mode: nothing may depend on being caught.
    released(&["-p", "convt", "--test", "refusals", "--test", "vectors"])?;
    released(&["-p", "convt-geometry"])?;
    if spills::can_be_checked() {
        spills::check()?;
    }
    if ports::can_be_sanitized() {
        ports::sanitized()?;
    }
    ports::everything()?;
    if required || packages::page_can_be_tested() {
        return web::test();
    }
    eprintln!("\nPAGE NOT TESTED: it needs npm, Chromium and Rust's library for WebAssembly");
    Ok(())
}

/// Tests in release mode, but for optimising across crates as programs are linked: that would compile the engine again with
/// each of them.
fn released(words: &[&str]) -> Result<(), String> {
    let mut command = cargo(&["test", "--release"]);
    run(command.args(words).env("CARGO_PROFILE_RELEASE_LTO", "off"))
}

/// Formatting, clippy and documentation.
pub(crate) fn lint() -> Result<(), String> {
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    run(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    // The engine stands without its default feature.
    run(&mut cargo(&[
        "clippy",
        "-p",
        "convt",
        "--no-default-features",
        "--lib",
        "--",
        "-D",
        "warnings",
    ]))?;
    run(cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Licences, bans and sources; advisories where their database can be fetched.
pub(crate) fn deny() -> Result<(), String> {
    run(&mut cargo(&[
        "deny", "check", "licenses", "bans", "sources",
    ]))?;
    if run(&mut cargo(&["deny", "fetch", "db"])).is_ok() {
        return run(&mut cargo(&["deny", "--offline", "check", "advisories"]));
    }
    eprintln!("ADVISORIES NOT CHECKED: the RustSec database cannot be fetched here");
    Ok(())
}
