//! The project's own commands: `cargo xtask <command>`.

mod house;
mod peers;
mod steps;
mod test;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask test     set up the peers and run every test
cargo xtask peers    install the peers (ONNX Runtime and onnx) into target/peers
cargo xtask house    check which crate may use which, and that unsafe code stays where it belongs
cargo xtask lint     formatting, clippy and documentation, warnings as errors
cargo xtask deny     licences, sources and advisories of all dependencies (needs cargo-deny)
";

fn main() -> ExitCode {
    let command = std::env::args().nth(1).unwrap_or_default();
    let result = match command.as_str() {
        "test" => test::everything(),
        "peers" => peers::set_up().map(drop),
        "house" => house::check(),
        "lint" => test::lint(),
        "deny" => test::deny(),
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
