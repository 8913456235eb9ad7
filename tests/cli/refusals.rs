//! `convt run` refuses: parameters, files, outputs, memory.

use std::fs;

use super::desk::{Desk, RUN, run_with};

#[test]
fn existing_outputs_are_kept_unless_told() {
    let desk = Desk::textbook();
    fs::write(desk.path("y.npy"), "precious").unwrap();
    desk.convt(&RUN).refused(2, &["y.npy", "--overwrite"]);
    assert_eq!(fs::read(desk.path("y.npy")).unwrap(), b"precious");
    // A run that fails leaves the old file even when it may be replaced.
    desk.convt(&run_with(&["--overwrite", "--stride", "0"]))
        .refused(2, &["stride"]);
    assert_eq!(fs::read(desk.path("y.npy")).unwrap(), b"precious");
    desk.convt(&run_with(&["--overwrite"])).ok();
    assert_eq!(desk.load("y.npy").shape, [1, 1, 3, 3]);
    assert_eq!(desk.names(), ["w.npy", "x.npy", "y.npy"]);
}

#[test]
fn every_bad_parameter_is_named() {
    let desk = Desk::textbook();
    desk.save("one.npy", &[1], &[1.0]);
    desk.save("two.npy", &[2], &[1.0, 2.0]);
    let huge = "9223372036854775807";
    let cases: [(&[&'static str], &[&str]); 33] = [
        (&["--stride", "0"], &["stride", "at least 1"]),
        (&["--stride", "-2"], &["stride = -2 must be >= 0"]),
        (&["--stride", "a"], &["stride = \"a\""]),
        (
            &["--stride", "1,1,1"],
            &["stride has 3 values", "2 spatial axes"],
        ),
        (&["--stride", ""], &["stride"]),
        (&["--dilation", "0"], &["dilation", "at least 1"]),
        (
            &["--dilation", "9223372036854775807"],
            &["dilation", "does not fit", huge],
        ),
        (&["--padding", "-1"], &["padding = -1 must be >= 0"]),
        (&["--padding", "1:-1"], &["padding = -1 must be >= 0"]),
        (&["--padding", "big"], &["padding = \"big\"", "same"]),
        (
            &["--padding", "5"],
            &["output size[0]", "= -7", "at least 1"],
        ),
        (
            &["--padding", "18446744073709551615"],
            &["padding", "does not fit"],
        ),
        (
            &["--padding", "99999999999999999999999"],
            &["padding", "does not fit"],
        ),
        (&["--padding=1", "--crop=1:1"], &["--padding", "--crop"]),
        (&["--crop", "1"], &["crop = \"1\"", "begin:end"]),
        (&["--crop", "9:9"], &["output size[0]", "at least 1"]),
        (
            &["--output-padding", "1"],
            &["output_padding[0] = 1", "stride", "nearest is 0"],
        ),
        (
            &["--output-padding", "-1"],
            &["output_padding = -1 must be >= 0"],
        ),
        (
            &["--op", "conv", "--output-padding", "1", "-s", "2"],
            &["output_padding", "convolution"],
        ),
        (&["--output-size", "9"], &["output_size[0] = 9", "3 to 3"]),
        (&["--output-size", "1,2,3"], &["output_size has 3 values"]),
        (
            &["--op", "conv", "--output-size", "3"],
            &["output_size", "convolution"],
        ),
        (&["--output-shape", "x"], &["output_shape"]),
        (&["--groups", "0"], &["groups is 0", "at least 1"]),
        (&["--groups", "3"], &["in_channels = 1", "groups = 3"]),
        (&["--groups", "two"], &["groups = \"two\""]),
        (&["--threads", "-1"], &["threads = -1 must be >= 0"]),
        (&["--max-memory", "lots"], &["max-memory"]),
        (&["--max-memory", "100"], &["max-memory", "at least"]),
        (
            &["--max-memory", "1K", "--algorithm", "matrix"],
            &["max-memory", "phases"],
        ),
        (
            &["--bias", "two.npy"],
            &["bias has 2 elements", "out_channels = 1"],
        ),
        (&["--bias", "x.npy"], &["bias has shape [1, 1, 2, 2]"]),
        (&["--algorithm", "magic"], &["--algorithm", "phases"]),
    ];
    for (options, parts) in cases {
        desk.convt(&run_with(options)).refused(2, parts);
    }
    for (weight, parts) in [
        ("one.npy", ["weight has shape [1]", "3, 4 or 5 axes"]),
        ("two.npy", ["weight has shape [2]", "3, 4 or 5 axes"]),
    ] {
        desk.convt(&["run", "-i", "x.npy", "-w", weight, "-o", "y.npy"])
            .refused(2, &parts);
    }
    desk.convt(&["run", "-i", "one.npy", "-w", "w.npy", "-o", "y.npy"])
        .refused(2, &["input has shape [1]"]);
    desk.save("rgb.npy", &[1, 3, 2, 2], &[0.0; 12]);
    desk.convt(&["run", "-i", "rgb.npy", "-w", "w.npy", "-o", "y.npy"])
        .refused(2, &["[1, 3, 2, 2]", "[1, 1, 2, 2]"]);
    desk.convt(&["run", "-i", "x.npy", "-w", "w.npy", "-o", "y.txt"])
        .refused(2, &["y.txt", ".npy"]);
    desk.convt(&["run", "-i", "x.npy", "-w", "w.npy"])
        .refused(2, &["--output"]);
    desk.convt(&["run", "--bogus"]).refused(2, &["--bogus"]);
    assert!(!desk.path("y.npy").exists());
}

#[test]
fn study_algorithms_refuse_by_the_same_rules() {
    let desk = Desk::textbook();
    for algorithm in ["scatter", "gather", "zero-insert", "matrix"] {
        for (options, part) in [
            (["--stride", "0"], "stride"),
            (["--groups", "0"], "groups"),
            (["--groups", "2"], "groups = 2"),
            (["--output-padding", "1"], "output_padding[0] = 1"),
            (["--padding", "9"], "output size[0]"),
        ] {
            desk.convt(&run_with(&[
                "--algorithm",
                algorithm,
                options[0],
                options[1],
            ]))
            .refused(2, &[part]);
        }
    }
}

#[test]
fn broken_files_are_named_and_missing_ones_fail() {
    let desk = Desk::textbook();
    let whole = fs::read(desk.path("x.npy")).unwrap();
    let cut = whole.len() - 3;
    let mut type_changed = whole.clone();
    let place = whole.windows(3).position(|part| part == b"<f4").unwrap();
    type_changed[place..place + 3].copy_from_slice(b"<c8");
    let cases: [(&str, Vec<u8>, &[&str]); 5] = [
        ("short.npy", whole[..cut].to_vec(), &["truncated", "offset"]),
        (
            "long.npy",
            [&whole[..], &[0]].concat(),
            &["goes on after its last element"],
        ),
        ("type.npy", type_changed, &["<c8", "float32"]),
        ("empty.npy", Vec::new(), &["no bytes"]),
        (
            "picture.npy",
            b"\x89PNG\r\n\x1a\n".to_vec(),
            &["PNG", ".safetensors"],
        ),
    ];
    for (name, bytes, parts) in cases {
        fs::write(desk.path(name), bytes).unwrap();
        for words in [
            ["run", "-i", name, "-w", "w.npy"],
            ["run", "-i", "x.npy", "-w", name],
        ] {
            desk.convt(&[&words[..], &["-o", "y.npy"]].concat())
                .refused(2, &[&[name], parts].concat());
        }
    }
    desk.save("m.safetensors:up.weight", &[1, 1, 2, 2], &[1.0; 4]);
    let words = [
        "run",
        "-i",
        "x.npy",
        "-w",
        "m.safetensors:up.wieght",
        "-o",
        "y.npy",
    ];
    desk.convt(&words)
        .refused(2, &["m.safetensors", "\"up.wieght\"", "\"up.weight\""]);
    let words = ["run", "-i", "none.npy", "-w", "w.npy", "-o", "y.npy"];
    desk.convt(&words).refused(1, &["cannot open none.npy"]);
    let words = ["run", "-i", "x.npy", "-w", "w.npy", "-o", "no/such/y.npy"];
    desk.convt(&words).refused(1, &["no/such/y.npy"]);
    assert!(!desk.path("y.npy").exists());
}

#[test]
fn memory_limits_are_kept_and_say_what_is_enough() {
    let desk = Desk::textbook();
    let refusal = desk
        .convt(&run_with(&["--max-memory", "64"]))
        .refused(2, &["max-memory"]);
    let enough: String = refusal
        .stderr
        .rsplit("at least ")
        .next()
        .unwrap()
        .trim()
        .to_string();
    // The first refusal is about the weights; whatever is named next must end in a run.
    let mut limit = enough;
    for _ in 0..5 {
        let words = [&RUN[..], &["--max-memory", &limit]].concat();
        let done = desk.convt(&words);
        if done.code == Some(0) {
            return;
        }
        limit = done
            .stderr
            .rsplit("at least ")
            .next()
            .unwrap()
            .trim()
            .to_string();
    }
    panic!("no limit named is enough: {limit}");
}
