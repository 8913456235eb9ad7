//! `convt run` computes.

use std::fs;

use convt_files::Elements;

use super::desk::{Desk, RUN, run_with};

#[test]
fn the_textbook_example_by_every_algorithm() {
    let desk = Desk::textbook();
    let expected = Elements::F32(vec![0.0, 0.0, 1.0, 0.0, 4.0, 6.0, 4.0, 12.0, 9.0]);
    for algorithm in ["phases", "scatter", "gather", "zero-insert", "matrix"] {
        let done = desk
            .convt(&run_with(&["--overwrite", "--algorithm", algorithm]))
            .ok();
        assert!(done.stdout.is_empty());
        assert!(done.stderr.contains("f32 (1, 1, 3, 3)"), "{}", done.stderr);
        let y = desk.load("y.npy");
        assert_eq!(y.shape, [1, 1, 3, 3]);
        assert_eq!(y.elements, expected, "{algorithm}");
    }
    assert_eq!(desk.names(), ["w.npy", "x.npy", "y.npy"]);
}

#[test]
fn unbatched_input_output_size_and_crops() {
    let desk = Desk::textbook();
    let shape = |more: &[&'static str]| {
        desk.convt(&run_with(&[&["--overwrite"], more].concat()))
            .ok();
        desk.load("y.npy").shape
    };
    assert_eq!(shape(&["-s", "2"]), [1, 1, 4, 4]);
    assert_eq!(shape(&["-s", "2,1", "--output-size", "5,3"]), [1, 1, 5, 3]);
    assert_eq!(shape(&["-s", "2", "--output-shape", "3x5"]), [1, 1, 3, 5]);
    assert_eq!(shape(&["-s", "3", "--padding", "same"]), [1, 1, 6, 6]);
    assert_eq!(shape(&["--padding", "1:0,0:1"]), [1, 1, 2, 2]);
    assert_eq!(shape(&["--crop", "-1:0"]), [1, 1, 4, 4]);
    assert_eq!(shape(&["--crop", "-1:-1,1:0"]), [1, 1, 5, 2]);
    assert_eq!(shape(&["--op", "conv", "-p", "1"]), [1, 1, 3, 3]);
    // The problem's line says what ran, whatever words it was asked for in.
    let words = run_with(&["--overwrite", "--json", "-s", "2", "--output-shape", "3x5"]);
    let line = desk.convt(&words).json()["problem"]
        .as_str()
        .unwrap()
        .to_string();
    let said: convt_geometry::Problem = line.parse().unwrap();
    assert_eq!(said.output_shape().unwrap(), [1, 1, 3, 5], "{line}");
    desk.save("x.npy", &[1, 2, 2], &[0.0, 1.0, 2.0, 3.0]);
    assert_eq!(shape(&[]), [1, 3, 3]);
    for algorithm in ["matrix", "zero-insert", "scatter", "gather"] {
        assert_eq!(
            shape(&["-s", "2", "--output-shape", "3x5", "--algorithm", algorithm]),
            [1, 3, 5]
        );
    }
}

#[test]
fn types_are_promoted_unless_said_otherwise() {
    let desk = Desk::textbook();
    let dtype = |more: &[&'static str]| {
        desk.convt(&run_with(&[&["--overwrite"], more].concat()))
            .ok();
        desk.load("y.npy").elements.dtype()
    };
    assert_eq!(dtype(&[]), "f32");
    assert_eq!(dtype(&["--dtype", "f64"]), "f64");
    desk.put("w.npy", &[1, 1, 2, 2], Elements::F64(vec![0.1; 4]));
    assert_eq!(dtype(&[]), "f64");
    assert_eq!(dtype(&["--algorithm", "matrix"]), "f64");
    assert_eq!(dtype(&["--dtype", "f32"]), "f32");
}

#[test]
fn streams_carry_npy() {
    let desk = Desk::textbook();
    desk.convt(&RUN).ok();
    let expected = fs::read(desk.path("y.npy")).unwrap();
    let x = fs::read(desk.path("x.npy")).unwrap();
    let piped = desk
        .convt_with_input(&["run", "-i", "-", "-w", "w.npy", "-o", "-"], &x)
        .ok();
    assert_eq!(piped.stdout, expected);
    let words = ["run", "-i", "-", "-w", "w.npy", "-o", "z.npy"];
    desk.convt_with_input(&words, &x[..x.len() - 1])
        .refused(2, &["stdin", "truncated"]);
    desk.convt_with_input(&words, b"no array")
        .refused(2, &["stdin", "npy"]);
    desk.convt_with_input(&["run", "-i", "-", "-w", "-", "-o", "z.npy"], &x)
        .refused(2, &["--input", "--weight"]);
    desk.convt_with_input(&["run", "-i", "-", "-w", "w.npy", "-o", "-", "--json"], &x)
        .refused_json(2, "--json");
    assert!(!desk.path("z.npy").exists());
}

#[test]
fn threads_change_no_byte() {
    let desk = Desk::new();
    let mut rng = convt_testkit::Rng::new(5);
    desk.save("x.npy", &[3, 8, 9, 11], &rng.normal::<f32>(3 * 8 * 9 * 11));
    desk.save("w.npy", &[8, 6, 4, 3], &rng.normal::<f32>(8 * 6 * 12));
    let bytes = |threads: &'static str| {
        desk.convt(&run_with(&[
            "--overwrite",
            "-s",
            "2",
            "-p",
            "1",
            "-j",
            threads,
        ]))
        .ok();
        fs::read(desk.path("y.npy")).unwrap()
    };
    let one = bytes("1");
    for threads in ["0", "2", "5"] {
        assert_eq!(bytes(threads), one, "{threads} threads");
    }
}
