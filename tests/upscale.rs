//! `convt upscale` from the outside: files, pipes, exit codes, memory, and what a killed run leaves.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The photograph that the project ships: 320 x 240, RGB, 8 bits.
const PHOTOGRAPH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/chelsea.png");

fn upscale(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_convt"));
    command
        .arg("upscale")
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    upscale(folder).args(arguments).output().unwrap()
}

/// Runs with the exit code that is expected and gives standard output and standard error.
fn expect(code: i32, folder: &Path, arguments: &[&str]) -> (String, String) {
    let output = run(folder, arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}\n{out}\n{err}"
    );
    (out, err)
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let (out, _) = expect(0, folder, &[arguments, &["--json"]].concat());
    serde_json::from_str(&out).unwrap()
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Width and height of a PNG.
fn png_size(bytes: &[u8]) -> (u32, u32) {
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[test]
fn without_arguments_the_photograph_is_enlarged_and_again() {
    let folder = folder();
    for _ in 0..2 {
        let (out, err) = expect(0, folder.path(), &[]);
        let path = PathBuf::from(out.trim_end());
        assert_eq!(path.file_name().unwrap(), "convt-example_x2.png");
        assert_eq!(png_size(&fs::read(&path).unwrap()), (640, 480));
        assert!(err.contains("640 x 480"), "{err}");
        assert_eq!(names(folder.path()), ["convt-example_x2.png"]);
    }
    fs::write(folder.path().join("convt-example_x2.png"), "somebody's own").unwrap();
    let (_, err) = expect(2, folder.path(), &[]);
    assert!(err.contains("not an example"), "{err}");
}

#[test]
fn a_picture_goes_through_every_format_and_depth() {
    let folder = folder();
    for (format, ending) in [
        ("jpg", "jpg"),
        ("webp", "webp"),
        ("tif", "tif"),
        ("png", "png"),
    ] {
        let name = format!("out.{ending}");
        let object = json(
            folder.path(),
            &[PHOTOGRAPH, "-o", &name, "-s", "3", "-m", "bicubic"],
        );
        let file = &object["files"][0];
        assert_eq!(
            (&file["status"], &file["output_size"]),
            (&"written".into(), &serde_json::json!([960, 720]))
        );
        assert_eq!(file["depth"], 8);
        let back = json(
            folder.path(),
            &[&name, "-s", "1", "-o", &format!("{format}.png")],
        );
        assert_eq!(
            back["files"][0]["output_size"],
            serde_json::json!([960, 720])
        );
    }
    let lossless = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert_eq!(lossless("tif.png"), lossless("out.png"));
    assert_eq!(lossless("webp.png"), lossless("out.png"));
    let deep = json(
        folder.path(),
        &[PHOTOGRAPH, "-o", "deep.png", "--depth", "16"],
    );
    assert_eq!(deep["files"][0]["depth"], 16);
    let kept = json(folder.path(), &["deep.png", "-o", "deep.tif"]);
    assert_eq!(kept["files"][0]["depth"], 16);
    let (_, err) = expect(2, folder.path(), &["deep.png", "-o", "deep.jpg"]);
    assert!(err.contains("--depth 8"), "{err}");
}

#[test]
fn threads_and_memory_change_no_byte() {
    let folder = folder();
    let file = |name: &str, more: &[&str]| {
        expect(
            0,
            folder.path(),
            &[&[PHOTOGRAPH, "-o", name, "-s", "3"], more].concat(),
        );
        fs::read(folder.path().join(name)).unwrap()
    };
    let whole = file("a.png", &[]);
    assert_eq!(file("b.png", &["-j", "1"]), whole);
    assert_eq!(file("c.png", &["-j", "2", "--max-memory", "9M"]), whole);
}

#[test]
fn existing_results_are_refused_skipped_or_replaced() {
    let folder = folder();
    let out = folder.path().join("o.png");
    fs::write(&out, "old").unwrap();
    let (_, err) = expect(2, folder.path(), &[PHOTOGRAPH, "-o", "o.png"]);
    assert!(
        err.contains("--overwrite") && err.contains("--skip-existing"),
        "{err}"
    );
    expect(
        0,
        folder.path(),
        &[PHOTOGRAPH, "-o", "o.png", "--skip-existing"],
    );
    assert_eq!(fs::read(&out).unwrap(), b"old");
    expect(
        2,
        folder.path(),
        &[PHOTOGRAPH, "-o", "o.png", "--skip-existing", "--overwrite"],
    );
    expect(
        0,
        folder.path(),
        &[PHOTOGRAPH, "-o", "o.png", "--overwrite"],
    );
    assert_eq!(png_size(&fs::read(&out).unwrap()), (640, 480));
    let (_, err) = expect(2, folder.path(), &["o.png", "-o", "o.png", "--overwrite"]);
    assert!(err.contains("never written over"), "{err}");
    assert_eq!(names(folder.path()), ["o.png"]);
}

#[test]
fn a_folder_goes_on_after_a_failure_and_exits_1() {
    let folder = folder();
    fs::create_dir_all(folder.path().join("in/sub")).unwrap();
    fs::copy(PHOTOGRAPH, folder.path().join("in/sub/cat.jpeg")).unwrap();
    fs::write(
        folder.path().join("in/a broken one.png"),
        &fs::read(PHOTOGRAPH).unwrap()[..9000],
    )
    .unwrap();
    fs::write(folder.path().join("in/notes.txt"), "text").unwrap();
    let (_, err) = expect(2, folder.path(), &["in", "-o", "out"]);
    assert!(err.contains("-r"), "{err}");
    let (_, err) = expect(1, folder.path(), &["-r", "in", "-o", "out"]);
    assert!(err.contains("a broken one.png: broken PNG file"), "{err}");
    assert!(
        err.contains("1 written, 0 skipped, 1 failed, 1 other files ignored"),
        "{err}"
    );
    assert_eq!(names(&folder.path().join("out")), ["sub"]);
    assert_eq!(names(&folder.path().join("out/sub")), ["cat_x2.png"]);
    let output = run(
        folder.path(),
        &["-r", "in", "-o", "out", "--skip-existing", "--json"],
    );
    assert_eq!(output.status.code(), Some(1));
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&object["skipped"], &object["failed"]),
        (&1.into(), &1.into())
    );
}

#[test]
fn pictures_pass_through_pipes() {
    let folder = folder();
    let mut child = upscale(folder.path())
        .args(["-", "-o", "-", "-f", "webp"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&fs::read(PHOTOGRAPH).unwrap())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(
        (&output.stdout[..4], &output.stdout[8..12]),
        (&b"RIFF"[..], &b"WEBP"[..])
    );
    assert!(names(folder.path()).is_empty());
    let (_, err) = expect(2, folder.path(), &[PHOTOGRAPH, "-o", "-", "--json"]);
    assert!(err.contains("standard output"), "{err}");
}

#[test]
fn a_kernel_of_ones_own_is_used_or_refused() {
    let folder = folder();
    let npy = |name: &str, shape: &str, values: &[f32]| {
        let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
        while (10 + header.len() + 1) % 64 != 0 {
            header.push(' ');
        }
        header.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes());
        bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        fs::write(folder.path().join(name), bytes).unwrap();
    };
    npy("line.npy", "(4,)", &[1.0, 3.0, 3.0, 1.0]);
    npy("short.npy", "(1,)", &[1.0]);
    npy("none.npy", "(2,)", &[1.0, 0.0]);
    expect(
        0,
        folder.path(),
        &[PHOTOGRAPH, "-o", "a.png", "-m", "line.npy"],
    );
    expect(
        0,
        folder.path(),
        &[PHOTOGRAPH, "-o", "b.png", "-m", "bilinear"],
    );
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert_eq!(read("a.png"), read("b.png"));
    let (_, err) = expect(
        2,
        folder.path(),
        &[PHOTOGRAPH, "-o", "c.png", "-m", "short.npy"],
    );
    assert!(err.contains("axis of 1 taps"), "{err}");
    let (_, err) = expect(
        2,
        folder.path(),
        &[PHOTOGRAPH, "-o", "c.png", "-m", "none.npy"],
    );
    assert!(err.contains("phase [1]"), "{err}");
    let (_, err) = expect(
        2,
        folder.path(),
        &[PHOTOGRAPH, "-o", "c.png", "-m", "magic"],
    );
    assert!(err.contains("nearest, bilinear, bicubic, lanczos"), "{err}");
}

#[test]
fn comparing_prints_psnr_and_ssim() {
    let folder = folder();
    let arguments = [
        PHOTOGRAPH,
        "-s",
        "1",
        "-o",
        "same.jpg",
        "--compare",
        PHOTOGRAPH,
        "--quality",
        "100",
    ];
    let object = json(folder.path(), &arguments);
    let compare = &object["files"][0]["compare"];
    assert!(
        compare["luma_psnr_db"].as_f64().unwrap() > 40.0,
        "{compare}"
    );
    assert!(compare["luma_ssim"].as_f64().unwrap() > 0.98, "{compare}");
    let (out, _) = expect(
        0,
        folder.path(),
        &[
            PHOTOGRAPH,
            "-s",
            "1",
            "-o",
            "same.png",
            "--compare",
            PHOTOGRAPH,
        ],
    );
    assert!(out.contains("PSNR inf dB, SSIM 1.0000"), "{out}");
    let (_, err) = expect(
        2,
        folder.path(),
        &[PHOTOGRAPH, "-o", "two.png", "--compare", PHOTOGRAPH],
    );
    assert!(err.contains("640 x 480 and 320 x 240"), "{err}");
    assert_eq!(names(folder.path()), ["same.jpg", "same.png"]);
}

#[test]
fn wrong_requests_end_with_2_and_a_sentence() {
    let folder = folder();
    for (arguments, word) in [
        (&["-s", "0"][..], "scale is 0"),
        (&["-s", "1.5"], "whole number"),
        (&["-s", "65"], "1 to 64"),
        (&["--max-memory", "lots"], "40M"),
        (&["--max-memory", "2M"], "allow at least"),
        (&["-f", "gif"], "png, jpg, webp or tif"),
        (&["--background", "white"], "#rrggbb"),
        (&["--quality", "0"], "1 to 100"),
        (&["--name", "{nothing}"], "{nothing}"),
        (&["--depth", "12"], "8"),
    ] {
        let (out, err) = expect(
            2,
            folder.path(),
            &[&[PHOTOGRAPH, "-o", "out/"], arguments].concat(),
        );
        assert!(out.is_empty() && err.contains(word), "{arguments:?}: {err}");
    }
    expect(1, folder.path(), &["missing.png"]);
    fs::write(folder.path().join("text.png"), "text").unwrap();
    let (_, err) = expect(2, folder.path(), &["text.png"]);
    assert!(err.contains("not a picture"), "{err}");
    assert_eq!(names(folder.path()), ["text.png"]);
}

/// A PNG of 6080 x 4560 pixels, 27.7 million, in the folder.
fn large(folder: &Path) {
    expect(
        0,
        folder,
        &[PHOTOGRAPH, "-s", "19", "-m", "nearest", "-o", "large.png"],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_large_picture_stays_within_its_memory_and_tells_how_far_it_is() {
    let folder = folder();
    large(folder.path());
    let mut child = upscale(folder.path())
        .args([
            "large.png",
            "-o",
            "out.png",
            "-m",
            "bilinear",
            "--max-memory",
            "100M",
            "--progress",
            "json",
        ])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let mut events = 0;
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        events += usize::from(line.unwrap().contains("\"progress\""));
        // The highest resident size so far; at the last event the work is all but done.
        let text = fs::read_to_string(&status).unwrap_or_default();
        let high = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = high.and_then(|text| text.trim().split(' ').next()?.parse::<u64>().ok());
        peak = peak.max(kib.unwrap_or(0) << 10);
    }
    assert!(child.wait().unwrap().success());
    assert!(events > 10, "{events} events");
    assert!(peak > 1 << 20 && peak < 100 << 20, "{peak} bytes");
    let mut start = [0; 24];
    fs::File::open(folder.path().join("out.png"))
        .unwrap()
        .read_exact(&mut start)
        .unwrap();
    assert_eq!(png_size(&start), (12_160, 9_120));
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_run_leaves_nothing_and_an_interrupted_one_ends_with_130() {
    let folder = folder();
    large(folder.path());
    for signal in ["KILL", "INT"] {
        let mut child = upscale(folder.path())
            .args(["large.png", "-o", "out.png", "--progress", "json"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        // The first band is done and written, the last is far away.
        lines.find(|line| {
            line.as_ref().unwrap().contains("\"done\":")
                && !line.as_ref().unwrap().contains("\"done\":0,")
        });
        let sent = Command::new("sh")
            .arg("-c")
            .arg(format!("kill -{signal} {}", child.id()))
            .status()
            .unwrap();
        assert!(sent.success());
        lines.for_each(drop);
        let code = child.wait().unwrap().code();
        assert_eq!(
            code,
            if signal == "INT" { Some(130) } else { None },
            "{signal}"
        );
        assert_eq!(names(folder.path()), ["large.png"], "{signal}");
    }
}
