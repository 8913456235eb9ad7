//! What holds for every command: help, colours, machines, pipes, signals.

use std::io::Write;
use std::process::{Command, Stdio};

use super::desk::{Desk, outcome, run_with};

#[test]
fn help_and_version() {
    let desk = Desk::new();
    let help = desk.convt(&["--help"]).ok();
    assert!(help.text().starts_with("Examples:"), "{}", help.text());
    for word in [
        "Exit codes:",
        "130",
        "--json",
        "--quiet",
        "--color",
        "upscale",
        "run",
        "size",
        "solve",
        "matrix",
        "explain",
        "plan",
    ] {
        assert!(help.text().contains(word), "{word} is not in the help");
    }
    let version = desk.convt(&["-V"]).ok();
    assert_eq!(
        version.text().trim(),
        concat!("convt ", env!("CARGO_PKG_VERSION"))
    );
    for command in [
        "upscale",
        "run",
        "size",
        "solve",
        "matrix",
        "explain",
        "plan",
        "completions",
        "man",
    ] {
        for flag in ["-h", "--help"] {
            let help = desk.convt(&[command, flag]).ok();
            assert!(help.text().starts_with("Examples:"), "{command} {flag}");
        }
    }
    assert_eq!(desk.convt(&[]).code, Some(2));
}

#[test]
fn errors_are_objects_for_machines() {
    let desk = Desk::textbook();
    desk.convt(&run_with(&["--json", "--stride", "0"]))
        .refused_json(2, "stride[0] is 0");
    desk.convt(&["--json", "run", "--bogus"])
        .refused_json(2, "--bogus");
    desk.convt(&[
        "--json", "run", "-i", "none.npy", "-w", "w.npy", "-o", "y.npy",
    ])
    .refused_json(1, "none.npy");
    let done = desk.convt(&run_with(&["--json"]));
    assert!(done.stderr.is_empty());
    let object = done.json();
    assert_eq!(object["shape"], serde_json::json!([1, 1, 3, 3]));
    assert_eq!(object["output"], "y.npy");
    let line = object["problem"].as_str().unwrap();
    assert!(line.parse::<convt_geometry::Problem>().is_ok(), "{line}");
}

#[test]
fn quiet_says_nothing() {
    let desk = Desk::textbook();
    let done = desk.convt(&run_with(&["--quiet"])).ok();
    assert!(done.stdout.is_empty() && done.stderr.is_empty());
    desk.convt(&run_with(&["--quiet"])).refused(2, &["y.npy"]);
}

#[test]
fn colours_only_where_they_are_wanted() {
    const ESCAPE: char = '\u{1b}';
    let desk = Desk::new();
    let colored = |words: &[&str], variables: &[(&str, &str)]| {
        let mut command = desk.command(words);
        command.envs(variables.iter().copied());
        outcome(command).stderr.contains(ESCAPE)
    };
    let wrong = ["size", "-i", "0", "-k", "2"];
    let usage = ["size", "--bogus"];
    for words in [&wrong[..], &usage] {
        let with = |color| [&[color][..], words].concat();
        assert!(!colored(words, &[]), "piped");
        assert!(colored(&with("--color=always"), &[]));
        assert!(
            colored(&with("--color=always"), &[("NO_COLOR", "1")]),
            "options beat variables"
        );
        assert!(colored(words, &[("CLICOLOR_FORCE", "1")]));
        assert!(!colored(
            words,
            &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]
        ));
        assert!(!colored(&with("--color=never"), &[("CLICOLOR_FORCE", "1")]));
        assert!(!colored(words, &[("TERM", "dumb")]));
    }
    assert!(!desk.convt(&["--help"]).text().contains(ESCAPE));
}

#[test]
fn completions_and_manual() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let done = desk.convt(&["completions", shell]).ok();
        for word in ["upscale", "output-padding", "solve"] {
            assert!(done.text().contains(word), "{shell}: {word}");
        }
    }
    desk.convt(&["completions", "dos"]).refused(2, &["dos"]);
    assert!(desk.convt(&["man"]).ok().text().contains(".TH convt"));
    assert!(desk.convt(&["man", "run"]).ok().text().contains("weight"));
    desk.convt(&["man", "fly"]).refused(2, &["fly"]);
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_is_no_fault() {
    let desk = Desk::new();
    desk.save("x.npy", &[1, 1, 1000], &[1.0; 1000]);
    desk.save("w.npy", &[1, 64, 9], &[1.0; 64 * 9]);
    for words in [
        &["solve", "--scale", "1", "--max-kernel", "3000", "--json"][..],
        &["run", "-i", "x.npy", "-w", "w.npy", "-s", "9", "-o", "-"],
        &["completions", "bash"],
    ] {
        let mut child = desk.command(words).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), stderr.as_str()),
            (Some(0), ""),
            "{words:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_with_130_and_leaves_nothing() {
    let desk = Desk::textbook();
    let mut child = desk
        .command(&["run", "-i", "-", "-w", "w.npy", "-o", "y.npy"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    // A pipe does not hold all of this: once it is written the program reads, and waits for the rest.
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1000, 1000), }\n";
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"\x93NUMPY\x01\x00").unwrap();
    input
        .write_all(&u16::try_from(header.len()).unwrap().to_le_bytes())
        .unwrap();
    input.write_all(header.as_bytes()).unwrap();
    input.write_all(&vec![0; 1 << 20]).unwrap();
    let interrupted = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(interrupted.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(input);
    assert_eq!(desk.names(), ["w.npy", "x.npy"]);
}

#[cfg(target_os = "linux")]
#[test]
fn names_need_not_be_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let desk = Desk::textbook();
    let odd = OsStr::from_bytes(b"\xff\xfe.npy");
    std::fs::rename(desk.path("x.npy"), desk.0.path().join(odd)).unwrap();
    let mut command = desk.command(&["run", "-w", "w.npy", "-o", "y.npy", "-i"]);
    command.arg(odd);
    let done = outcome(command);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}
