//! The project's own commands: `cargo xtask <command>`.

mod bench;
mod house;
mod packages;
mod peers;
mod ports;
mod spills;
mod steps;
mod test;
mod web;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask test     set up what tests need and run every one
cargo xtask test-arm test the engine's kernels on 64-bit Arm under QEMU
cargo xtask test-wasm the same in WebAssembly in Node
cargo xtask asan     the same with AddressSanitizer
cargo xtask spills   check that the tiles' inner loops keep their sums in registers
cargo xtask peers    install the peers (ONNX Runtime and onnx) into target/peers
cargo xtask house    check which crate may use which, and that unsafe code stays where it belongs
cargo xtask lint     formatting, clippy and documentation, warnings as errors
cargo xtask web      build the page, one file that needs no network: web/dist/index.html
cargo xtask web-test build the page and test it in a browser
cargo xtask bench    measure this engine and its peers (--help tells the options); release build
cargo xtask bench-peers [LIST]  install what `bench` compares with: a few GB, and long compilations
cargo xtask deny     licences, sources and advisories of all dependencies (needs cargo-deny)
";

fn main() -> ExitCode {
    let command = std::env::args().nth(1).unwrap_or_default();
    let result = match command.as_str() {
        "test" => test::everything(),
        "peers" => peers::set_up().map(drop),
        "test-arm" => ports::ARM.test(),
        "test-wasm" => ports::WASM.test(),
        "asan" => ports::sanitized(),
        "spills" => spills::check(),
        "bench" => bench::main(),
        "bench-peers" => bench::set_up_peers(),
        "house" => house::check(),
        "lint" => test::lint(),
        "deny" => test::deny(),
        "web" => web::build(),
        "web-test" => web::test(),
        "" | "help" | "-h" | "--help" => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        other => Err(format!("there is no command `{other}`:\n{HELP}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
