//! Programs from outside that tests need, and how a Debian machine gets them.

use std::path::Path;
use std::process::Command;

use crate::ports;
use crate::steps::run;

/// A part of the tests, what it needs, and the Debian packages that bring it.
struct Need {
    for_what: &'static str,
    present: fn() -> bool,
    packages: &'static [&'static str],
}

const NEEDS: [Need; 6] = [
    Need {
        for_what: "peers in a Python environment of their own",
        present: || succeeds("python3", &["-c", "import ensurepip"]),
        packages: &["python3", "python3-venv"],
    },
    Need {
        for_what: "the page's engine in WebAssembly",
        present: || crate::web::standard_library_is_installed() || from_source_works(),
        packages: &["rustc-web", "cargo-web", "rust-web-src", "lld"],
    },
    Need {
        for_what: "the page in a browser",
        present: || Path::new(&crate::web::chromium()).exists(),
        packages: &["chromium"],
    },
    Need {
        for_what: "programs for 64-bit Arm, and running them",
        present: || ports::ARM.can_run(),
        packages: &[
            "gcc-aarch64-linux-gnu",
            "libc6-dev-arm64-cross",
            "qemu-user-static",
        ],
    },
    Need {
        for_what: "the standard library for 64-bit Arm",
        present: || ports::ARM.can_build(),
        packages: &["rustc-web", "cargo-web", "rust-web-src"],
    },
    Need {
        for_what: "running WebAssembly",
        present: || ports::WASM.can_run(),
        packages: &["nodejs"],
    },
];

/// Whether everything that the page's tests need is there.
pub(crate) fn page_can_be_tested() -> bool {
    NEEDS[1..3].iter().all(|need| (need.present)()) && succeeds("npm", &["--version"])
}

/// Installs what is missing where this is Debian and we may; elsewhere says what is missing. Nothing here is an error: the
/// tests that go without say so themselves.
pub(crate) fn set_up() {
    if !crate::web::standard_library_is_installed() {
        // Rustup brings the library where it may fetch; if not, Debian does.
        let _ = Command::new("rustup")
            .args(["target", "add", "wasm32-unknown-unknown"])
            .status();
    }
    ports::bring_libraries();
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !(need.present)()).collect();
    if missing.is_empty() {
        return;
    }
    let packages: Vec<&str> = missing
        .iter()
        .flat_map(|need| need.packages)
        .copied()
        .collect();
    let may_install = Path::new("/usr/bin/apt-get").exists() && is_root();
    if may_install {
        let update = run(Command::new("apt-get").args(["update", "-qq"]));
        let install = update.and_then(|()| {
            run(Command::new("apt-get")
                .args(["install", "-y", "-qq", "--no-install-recommends"])
                .args(&packages))
        });
        match install {
            Ok(()) => return,
            Err(error) => eprintln!("{error}"),
        }
    }
    for need in missing {
        eprintln!(
            "MISSING for {}: apt-get install {} (or the like)",
            need.for_what,
            need.packages.join(" ")
        );
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

pub(crate) fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

/// Debian's Rust with its source: see `web.rs`.
fn from_source_works() -> bool {
    [
        "/usr/bin/cargo",
        "/usr/lib/rustlib/src/rust",
        "/usr/bin/wasm-ld",
    ]
    .iter()
    .all(|path| Path::new(path).exists())
}
