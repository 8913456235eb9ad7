//! `convt size`, `convt solve` and `convt plan`.

use super::desk::Desk;

#[test]
fn size_shows_the_formula_with_numbers() {
    let desk = Desk::new();
    let words = ["size", "-i", "64x32", "-k", "4", "-s", "2", "-p", "1"];
    let done = desk.convt(&words).ok();
    assert!(
        done.text()
            .contains("(64-1)*2 - 2*1 + 1*(4-1) + 0 + 1 = 128"),
        "{}",
        done.text()
    );
    assert!(done.text().ends_with("output: 128x64\n"), "{}", done.text());
    let object = desk.convt(&[&words[..], &["--json"]].concat()).json();
    assert_eq!(object["output_shape"], serde_json::json!([1, 1, 128, 64]));
    assert_eq!(object["axes"][1]["output"], 64);
    assert_eq!(object["axes"][1]["crop"], serde_json::json!([1, 1]));
    let done = desk
        .convt(&["size", "conv2d", "i224", "k7", "s2", "p3"])
        .ok();
    assert!(done.text().contains("output: 112x112"), "{}", done.text());
    let done = desk
        .convt(&[
            "size",
            "-i",
            "13",
            "-k",
            "3,3",
            "-s",
            "2",
            "-p",
            "1",
            "--output-size",
            "26,25",
        ])
        .ok();
    assert!(done.text().ends_with("output: 26x25\n"), "{}", done.text());
    for (words, part) in [
        (&["size", "-i", "5", "-k", "2", "-p", "4"][..], "= -2"),
        (&["size", "-i", "0", "-k", "2"], "input size[0] is 0"),
        (&["size", "-i", "5", "-k", "0"], "kernel_size"),
        (&["size", "-i", "-5", "-k", "2"], "input = -5 must be >= 0"),
        (&["size", "-i", "1x2x3x4", "-k", "2"], "4 values"),
        (&["size", "-k", "2"], "--input"),
        (&["size", "conv4d i3 k3"], "conv4d"),
        (
            &["size", "-i", "9223372036854775807", "-k", "2", "-s", "2"],
            "does not fit",
        ),
    ] {
        desk.convt(words).refused(2, &[part]);
    }
}

#[test]
fn solve_lists_and_marks() {
    let desk = Desk::new();
    let object = desk
        .convt(&["solve", "--scale", "2", "--max-kernel", "4", "--json"])
        .json();
    let found: Vec<[u64; 4]> = object["solutions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            ["kernel_size", "stride", "padding", "output_padding"]
                .map(|key| one[key].as_u64().unwrap())
        })
        .collect();
    assert_eq!(
        found,
        [[1, 2, 0, 1], [2, 2, 0, 0], [3, 2, 1, 1], [4, 2, 1, 0]]
    );
    assert_eq!(object["solutions"][3]["even_overlap"], true);
    assert_eq!(object["solutions"][2]["even_overlap"], false);
    let done = desk
        .convt(&[
            "solve",
            "--input",
            "64",
            "--output",
            "128",
            "--max-stride",
            "2",
        ])
        .ok();
    let line = |kernel: &str| {
        let line =
            |line: &&str| line.split_whitespace().next() == Some(kernel) && line.contains(" 2 ");
        done.text()
            .lines()
            .find(line)
            .unwrap_or_else(|| panic!("no kernel {kernel}: {}", done.text()))
    };
    assert!(line("4").contains("even") && line("4").contains("exact"));
    assert!(!line("3").contains("even"));
    desk.convt(&["solve", "--input", "1", "--output", "1000"])
        .refused(1, &["--max-kernel"]);
    let none = desk
        .convt(&["solve", "--input", "1", "--output", "1000", "--json"])
        .json();
    assert_eq!(none["solutions"].as_array().map(Vec::len), Some(0));
    for (words, part) in [
        (&["solve", "--scale", "0"][..], "scale is 0"),
        (&["solve", "--scale", "-2"], "scale = -2 must be >= 0"),
        (
            &["solve", "--input", "0", "--output", "3"],
            "input size is 0",
        ),
        (
            &["solve", "--scale", "2", "--dilation", "0"],
            "dilation is 0",
        ),
        (
            &[
                "solve",
                "--scale",
                "2",
                "--max-kernel",
                "9223372036854775807",
            ],
            "kernel",
        ),
        (&["solve", "--input", "3"], "--output"),
        (&["solve"], "--scale"),
    ] {
        desk.convt(words).refused(2, &[part]);
    }
}

#[test]
fn plan_explains_text_and_options_alike() {
    let desk = Desk::new();
    let line = "conv_transpose2d n1 c64-32 i14 k4 s2 p1 op0 d1 g1 f32";
    let from_text = desk
        .convt(&["plan", "conv_transpose2d n1 c64-32 i14x14 k4 s2 p1"])
        .ok();
    assert!(from_text.text().starts_with(line), "{}", from_text.text());
    let words = [
        "plan", "-i", "14x14", "-k", "4", "-s", "2", "-p", "1", "-c", "64-32",
    ];
    let from_options = desk.convt(&words).ok();
    assert_eq!(from_options.text(), from_text.text());
    let object = desk.convt(&["plan", line, "--json"]).json();
    assert_eq!(object["problem"], line);
    assert_eq!(object["output_shape"], serde_json::json!([1, 32, 28, 28]));
    assert!(object["multiply_adds"]["useful"].as_u64().unwrap() > 0);
    assert!(!object["refused"].as_array().unwrap().is_empty());
    desk.convt(&["plan", "conv_transpose2d", "k4"])
        .refused(2, &["input size"]);
    desk.convt(&["plan", "conv2d i4 k9"])
        .refused(2, &["output size[0]"]);
    desk.convt(&["plan", "conv2d i4 k2 g0"])
        .refused(2, &["groups is 0"]);
    desk.convt(&["plan", "-i", "4", "-k", "2", "-c", "3"])
        .refused(2, &["channels"]);
}

#[test]
fn matrix_is_shown_or_written() {
    let desk = Desk::new();
    // On a 3x3 input a 2x2 kernel has four windows: C is 9x4 with four taps in each column.
    let words = ["matrix", "--input", "3x3", "--kernel-size", "2"];
    let shown = desk.convt(&words).ok();
    assert!(
        shown.text().contains("9x4") && !shown.text().contains('\u{1b}'),
        "{}",
        shown.text()
    );
    assert!(desk.convt(&[&words[..], &["--json"]].concat()).json()["matrix"].is_object());
    desk.convt(&[&words[..], &["-o", "c.npy"]].concat()).ok();
    let tensor = desk.load("c.npy");
    assert_eq!(tensor.shape, [9, 4]);
    let values = tensor.elements.into_f64();
    let column: Vec<f64> = values.iter().step_by(4).copied().collect();
    assert_eq!(column, [1.0, 2.0, 0.0, 3.0, 4.0, 0.0, 0.0, 0.0, 0.0]);
    desk.convt(&[&words[..], &["-o", "c.mtx"]].concat()).ok();
    let text = std::fs::read_to_string(desk.path("c.mtx")).unwrap();
    assert!(
        text.starts_with("%%MatrixMarket") && text.contains("\n9 4 16\n"),
        "{text}"
    );
    desk.convt(&[&words[..], &["-o", "c.mtx"]].concat())
        .refused(2, &["c.mtx", "--overwrite"]);
    desk.convt(&["matrix", "-i", "2", "-k", "3"])
        .refused(2, &["output size[0]"]);
    desk.convt(&["matrix", "-i", "2", "-k", "-3"])
        .refused(2, &["kernel_size = -3 must be >= 0"]);
}

#[test]
fn explain_shows_every_view() {
    let desk = Desk::new();
    let words = ["explain", "-i", "3", "-k", "3", "-s", "2", "-p", "1"];
    for view in ["four-steps", "scatter"] {
        let shown = desk.convt(&[&words[..], &["--view", view]].concat()).ok();
        assert!(shown.text().contains("5x5"), "{view}: {}", shown.text());
        assert!(!shown.text().contains('\u{1b}'), "{view}");
        assert!(
            desk.convt(&[&words[..], &["--view", view, "--json"]].concat())
                .json()["trace"]
                .is_object()
        );
    }
    desk.convt(&[
        "explain", "-i", "3", "-k", "3", "--op", "conv", "--view", "matrix",
    ])
    .ok();
    desk.convt(&[&words[..], &["--step", "-1"]].concat())
        .refused(2, &["step = -1 must be >= 0"]);
    desk.convt(&["explain", "-i", "3", "-k", "0"])
        .refused(2, &["kernel_size"]);
    desk.convt(&["explain", "-i", "3000", "-k", "3"])
        .refused(2, &["smaller"]);
}
