//! `convt explain` as people run it: every ending, every view, both languages, and what is refused.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn convt(folder: &Path, words: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_convt"))
        .arg("explain")
        .args(words.split(' '))
        .current_dir(folder)
        .output()
        .expect("the program starts")
}

fn drawn(folder: &Path, words: &str, file: &str) -> Vec<u8> {
    let output = convt(folder, &format!("{words} -o {file}"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words}: {said}");
    assert!(output.stdout.is_empty(), "{words}");
    std::fs::read(folder.join(file)).expect("the file is there")
}

fn refused(folder: &Path, words: &str, expected: &str) {
    let before = names(folder);
    let output = convt(folder, words);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{words}: {said}");
    assert!(said.contains(expected), "{words}: {said}");
    assert_eq!(names(folder), before, "{words} left something behind");
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    names.sort();
    names
}

/// Images of a GIF: image descriptors, found by walking its blocks.
fn gif_frames(bytes: &[u8]) -> usize {
    let table = |flags: u8| {
        if flags & 0x80 == 0 {
            0
        } else {
            3usize << ((flags & 7) + 1)
        }
    };
    let mut at = 13 + table(bytes[10]);
    let skip_blocks = |mut at: usize| {
        while bytes[at] != 0 {
            at += bytes[at] as usize + 1;
        }
        at + 1
    };
    let mut frames = 0;
    loop {
        match bytes[at] {
            0x21 => at = skip_blocks(at + 2),
            0x2c => {
                frames += 1;
                at = skip_blocks(at + 10 + table(bytes[at + 9]) + 1);
            }
            0x3b => return frames,
            other => panic!("block {other:#x} at {at}"),
        }
    }
}

#[test]
fn the_ending_chooses_the_format() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let words = "-i 3 -k 3 -s 2 -p 1";
    let svg = String::from_utf8(drawn(folder, words, "a.svg")).expect("text");
    assert!(
        svg.starts_with("<svg") || svg.starts_with("<?xml"),
        "{}",
        &svg[..40]
    );
    assert!(svg.contains("data-map=\"output\"") && !svg.contains("<script"));
    // One frame for each of the start, three preparations and 25 windows.
    let gif = drawn(folder, words, "a.gif");
    assert!(gif.starts_with(b"GIF89a"));
    assert_eq!(gif_frames(&gif), 29);
    assert!(drawn(folder, words, "a.png").starts_with(b"\x89PNG\r\n"));
    assert!(String::from_utf8_lossy(&drawn(folder, words, "a.tex")).contains("tikzpicture"));
    assert!(String::from_utf8_lossy(&drawn(folder, words, "a.html")).contains("<html"));
    let json: serde_json::Value =
        serde_json::from_slice(&drawn(folder, words, "a.json")).expect("JSON");
    assert_eq!(json["figure"]["frames"].as_array().map(Vec::len), Some(29));
    assert!(String::from_utf8_lossy(&drawn(folder, words, "a.txt")).contains("= 40"));
    let moving = drawn(folder, &format!("{words} --animated"), "b.svg");
    assert!(moving.len() > svg.len());
}

#[test]
fn every_view_and_language_is_drawn() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for view in [
        "four-steps",
        "scatter",
        "matrix",
        "side-by-side",
        "gradient",
        "overlap",
        "reach",
    ] {
        for lang in ["en", "zh"] {
            let words = format!("--preset note-3 --view {view} --lang {lang} --theme print");
            let still = drawn(folder, &words, &format!("{view}-{lang}.png"));
            assert!(still.starts_with(b"\x89PNG"), "{words}");
            let told = convt(folder, &words);
            assert!(told.status.success() && !told.stdout.is_empty(), "{words}");
        }
    }
}

#[test]
fn the_same_words_draw_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for ending in ["svg", "gif", "png"] {
        let words = "-c 2-2 -i 2x3 -k 2,3 -s 2,1 -d 1,2 --output-padding 1 --seed 4";
        let first = drawn(folder, words, &format!("a.{ending}"));
        assert_eq!(
            first,
            drawn(folder, words, &format!("b.{ending}")),
            "{ending}"
        );
    }
    let preset = drawn(folder, "--preset note-4", "preset.svg");
    assert_eq!(preset, drawn(folder, "-i 3 -k 3 -s 2 -p 1", "options.svg"));
    let link = "--link v=1&i=3x3&k=3&s=2&p=1&view=four-steps";
    assert_eq!(preset, drawn(folder, link, "link.svg"));
}

#[test]
fn what_cannot_be_drawn_is_refused_and_nothing_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    refused(folder, "-i 3 -k 3 -o a.bmp", "svg, gif, png");
    refused(folder, "-i 3 -k 3 -o a", "svg, gif, png");
    refused(folder, "-i 3 -k 3 --step 0 -o a.svg", "steps 1 to");
    refused(folder, "-i 3 -k 3 --step 999 -o a.svg", "steps 1 to");
    refused(folder, "-i 3 -k 3 -s 2 -p 9 -o a.svg", "padding");
    refused(folder, "-i 3000 -k 3 -o a.svg", "smaller");
    refused(folder, "-i 3 -k 3 --values 1,2 -o a.svg", "9");
    refused(folder, "-i 3 -k 3 --pixels 1000 -o a.png", "pixels");
    refused(folder, "-i 3 -k 3 --animated -o a.png", "SVG");
    refused(folder, "--preset note-9 -o a.png", "note-4");
    refused(folder, "--link v=2&i=3 -o a.png", "version");
    let failed = convt(folder, "-i 3 -k 3 -o nowhere/a.svg");
    assert_eq!(failed.status.code(), Some(1), "a folder that is not there");
}

#[test]
fn a_file_that_exists_stays_unless_told_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    std::fs::write(folder.join("a.svg"), "mine").expect("written");
    refused(folder, "-i 3 -k 3 -o a.svg", "--overwrite");
    assert_eq!(std::fs::read(folder.join("a.svg")).expect("read"), b"mine");
    assert!(drawn(folder, "-i 3 -k 3 --overwrite", "a.svg").len() > 100);
}
