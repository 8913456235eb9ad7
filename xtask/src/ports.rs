//! The engine's kernels on other processors: 64-bit Arm under QEMU, WebAssembly in Node.

use std::path::Path;
use std::process::Command;

use crate::packages::succeeds;
use crate::steps::{cargo, debian_cargo, library_is_installed, root, run};

/// Another processor, and how its programs run here.
pub(crate) struct Port {
    pub(crate) triple: &'static str,
    /// For people.
    pub(crate) name: &'static str,
    /// The C linker, where it is not the target's own.
    linker: Option<&'static str>,
    /// The program that runs the target's programs, as words; `ROOT` stands for the workspace's root.
    runner: &'static str,
    /// Features beyond the target's baseline.
    flags: &'static str,
    /// Which parts of the standard library Debian's Rust can build from its source, where rustup has none to fetch.
    from_source: Option<&'static str>,
}

pub(crate) const ARM: Port = Port {
    triple: "aarch64-unknown-linux-gnu",
    name: "64-bit Arm (NEON) under QEMU",
    linker: Some("aarch64-linux-gnu-gcc"),
    runner: "qemu-aarch64-static -L /usr/aarch64-linux-gnu",
    flags: "",
    from_source: Some("-Zbuild-std=std,panic_unwind"),
};

pub(crate) const WASM: Port = Port {
    triple: "wasm32-wasip1",
    name: "WebAssembly (simd128) in Node",
    linker: None,
    runner: "node --no-warnings ROOT/xtask/wasi.mjs",
    flags: "-Ctarget-feature=+simd128",
    from_source: None,
};

/// Random problems of each property: emulation is slow, and the properties run in full on the machine itself.
const CASES: &str = "40";

impl Port {
    /// Whether its programs can be run here.
    pub(crate) fn can_run(&self) -> bool {
        let runner = self.runner.split(' ').next().unwrap_or_default();
        let linker = self
            .linker
            .is_none_or(|linker| succeeds(linker, &["--version"]));
        linker && succeeds(runner, &["--version"])
    }

    /// Whether its programs can be built here.
    pub(crate) fn can_build(&self) -> bool {
        let folders = ["/usr/bin/cargo", "/usr/lib/rustlib/src/rust"];
        let debian = || folders.iter().all(|path| Path::new(path).exists());
        library_is_installed(self.triple) || (self.from_source.is_some() && debian())
    }

    /// Tests the kernels, then the engine: PyTorch's results and the properties. Each program compiles all kernels anew, and
    /// emulation is slow, so these must do; the algorithms' own tests run on the machine itself.
    pub(crate) fn test(&self) -> Result<(), String> {
        eprintln!("\n==> {}", self.name);
        self.cargo_test(&["-p", "convt-simd", "--lib"])?;
        let tests = ["vectors", "properties"];
        let tests = tests.iter().flat_map(|test| ["--test", test]);
        let words: Vec<&str> = ["-p", "convt"].into_iter().chain(tests).collect();
        self.cargo_test(&words)
    }

    fn cargo_test(&self, words: &[&str]) -> Result<(), String> {
        let root = root();
        let mut command = match self.from_source {
            Some(library) if !library_is_installed(self.triple) => {
                let mut command = debian_cargo();
                command.args(["test", library]);
                command
            }
            _ => cargo(&["test"]),
        };
        let upper = self.triple.to_uppercase().replace('-', "_");
        if let Some(linker) = self.linker {
            command.env(format!("CARGO_TARGET_{upper}_LINKER"), linker);
        }
        let runner = self.runner.replace("ROOT", &root.to_string_lossy());
        command
            .args(words)
            .args(["--target", self.triple])
            // Apart from the machine's own builds, which another compiler may have made.
            .arg("--target-dir")
            .arg(root.join("target/ports"))
            .env(format!("CARGO_TARGET_{upper}_RUNNER"), runner)
            .env("RUSTFLAGS", self.flags)
            .env("CONVT_TEST_CASES", CASES)
            .current_dir(root);
        run(&mut command)
    }
}

/// Tests each port; for one that cannot be built or run here, a loud line: rustup may have no library for it to fetch.
pub(crate) fn everything() -> Result<(), String> {
    for port in [&ARM, &WASM] {
        if port.can_build() && port.can_run() {
            port.test()?;
        } else {
            eprintln!("\nNOT TESTED: {}", port.name);
        }
    }
    Ok(())
}

/// Tests the vectors, the tiles and the engine with every access to memory checked by AddressSanitizer.
pub(crate) fn sanitized() -> Result<(), String> {
    const TRIPLE: &str = "x86_64-unknown-linux-gnu";
    let address = |words: &[&str]| {
        run(cargo(&["test"])
            .args(words)
            .args(["--target", TRIPLE, "--target-dir"])
            .arg(root().join("target/asan"))
            // The sanitizer is not a stable option of the compiler; the code that it checks is.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", "-Zsanitizer=address")
            .env("CONVT_TEST_CASES", CASES))
    };
    address(&["-p", "convt-simd", "--lib"])?;
    address(&["-p", "convt", "--lib", "--test", "vectors"])
}

/// Whether [`sanitized`] can run here: the machine is of its kind.
pub(crate) fn can_be_sanitized() -> bool {
    cfg!(all(
        target_arch = "x86_64",
        target_os = "linux",
        target_env = "gnu"
    ))
}

/// Has rustup, where there is one, bring the standard libraries; [`Port::can_build`] tells what it could not.
pub(crate) fn bring_libraries() {
    for port in [&ARM, &WASM] {
        if !library_is_installed(port.triple) {
            let _ = Command::new("rustup")
                .args(["target", "add", port.triple])
                .status();
        }
    }
}
