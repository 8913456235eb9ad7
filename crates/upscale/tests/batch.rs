//! Files and folders: what becomes what, what is refused before any work, and what is left behind.

mod common;

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use common::*;
use convt_upscale::batch::{IfExists, Jobs, Request, Source, Target, plan, run};
use convt_upscale::{Channels, Depth, Error, Format, Method, Options};
use tempfile::TempDir;

fn request(inputs: &[&Path], output: Option<&Path>) -> Request {
    Request {
        inputs: inputs.iter().map(|path| path.to_path_buf()).collect(),
        output: output.map(Path::to_path_buf),
        name: "{stem}_x{scale}{ext}".to_owned(),
        scale: 2,
        method: "lanczos".to_owned(),
        ..Request::default()
    }
}

fn put(folder: &TempDir, name: &str, format: Format) -> PathBuf {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(
        &path,
        encode(&noise((4, 3), Channels::Rgb, Depth::Eight), format),
    )
    .unwrap();
    path
}

fn targets(jobs: &Jobs) -> Vec<PathBuf> {
    jobs.jobs
        .iter()
        .filter_map(|job| match &job.target {
            Some(Target::File(path)) => Some(path.clone()),
            _ => None,
        })
        .collect()
}

fn all_files(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            files.extend(
                all_files(&path)
                    .iter()
                    .map(|below| format!("{name}/{below}")),
            );
        } else {
            files.push(name);
        }
    }
    files.sort();
    files
}

#[test]
fn results_are_named_by_what_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let a = put(&folder, "a.png", Format::Png);
    let b = put(&folder, "b.dat", Format::Jpeg);
    let at = |name: &str| folder.path().join(name);
    assert_eq!(
        targets(&plan(&request(&[&a, &b], None)).unwrap()),
        [at("a_x2.png"), at("b_x2.jpg")]
    );
    assert_eq!(
        targets(&plan(&request(&[&a], Some(&at("o.webp")))).unwrap()),
        [at("o.webp")]
    );
    assert_eq!(
        plan(&request(&[&a], Some(&at("o.webp")))).unwrap().jobs[0].format,
        Some(Format::WebP)
    );
    assert_eq!(
        targets(&plan(&request(&[&a], Some(folder.path()))).unwrap()),
        [at("a_x2.png")]
    );
    assert_eq!(
        targets(&plan(&request(&[&a], Some(&at("new/")))).unwrap()),
        [at("new/a_x2.png")]
    );
    assert_eq!(
        targets(&plan(&request(&[&a, &b], Some(&at("new")))).unwrap()),
        [at("new/a_x2.png"), at("new/b_x2.jpg")]
    );
    let mut webp = request(&[&a, &b], None);
    webp.format = Some(Format::WebP);
    assert_eq!(
        targets(&plan(&webp).unwrap()),
        [at("a_x2.webp"), at("b_x2.webp")]
    );
    let piped = plan(&request(&[Path::new("-")], None)).unwrap();
    assert_eq!(
        (&piped.jobs[0].source, &piped.jobs[0].target),
        (&Source::Stdin, &Some(Target::Stdout))
    );
}

#[test]
fn combinations_without_a_meaning_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let a = put(&folder, "a.png", Format::Png);
    let b = put(&folder, "b.png", Format::Png);
    let at = |name: &str| folder.path().join(name);
    let refused = |request: &Request| {
        let error = plan(request).expect_err("must be refused");
        assert!(error.is_refusal());
        error.to_string()
    };
    assert!(refused(&request(&[], None)).contains("no input"));
    assert!(refused(&request(&[folder.path()], Some(&at("o")))).contains("-r"));
    assert!(
        refused(&Request {
            recursive: true,
            ..request(&[folder.path()], None)
        })
        .contains("-o")
    );
    assert!(
        refused(&Request {
            recursive: true,
            ..request(&[folder.path()], Some(folder.path()))
        })
        .contains("next run")
    );
    assert!(refused(&request(&[&a, &b], Some(Path::new("-")))).contains("one standard output"));
    assert!(refused(&request(&[&a, &b], Some(&a))).contains("is a file"));
    assert!(refused(&request(&[Path::new("-")], Some(folder.path()))).contains("no name"));
    assert!(refused(&request(&[&a], Some(&at("o.bmp")))).contains("bmp"));
    let jpeg = Some(Format::Jpeg);
    assert!(
        refused(&Request {
            format: jpeg,
            ..request(&[&a], Some(&at("o.png")))
        })
        .contains("says PNG")
    );
    assert!(
        refused(&Request {
            name: "{x}".into(),
            ..request(&[&a], None)
        })
        .contains("{x}")
    );
}

#[test]
fn nothing_is_written_over_by_accident() {
    let folder = tempfile::tempdir().unwrap();
    let a = put(&folder, "a.png", Format::Png);
    let there = put(&folder, "a_x2.png", Format::Png);
    assert!(matches!(plan(&request(&[&a], None)), Err(Error::Exists(path)) if path == there));
    let skip = Request {
        if_exists: IfExists::Skip,
        ..request(&[&a], None)
    };
    assert!(plan(&skip).unwrap().jobs[0].skip);
    let over = Request {
        if_exists: IfExists::Overwrite,
        ..request(&[&a], None)
    };
    assert!(!plan(&over).unwrap().jobs[0].skip);
    // The input itself, by another spelling and through a link.
    let around = folder.path().join("./a.png");
    assert!(matches!(
        plan(&Request {
            if_exists: IfExists::Overwrite,
            ..request(&[&a], Some(&around))
        }),
        Err(Error::OverInput(_))
    ));
    #[cfg(unix)]
    {
        let link = folder.path().join("link.png");
        std::os::unix::fs::symlink(&a, &link).unwrap();
        assert!(matches!(
            plan(&Request {
                if_exists: IfExists::Overwrite,
                ..request(&[&a], Some(&link))
            }),
            Err(Error::OverInput(_))
        ));
    }
}

#[test]
fn two_inputs_with_one_name_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let a = put(&folder, "a.png", Format::Png);
    let b = put(&folder, "a.jpg", Format::Jpeg);
    let mut both = request(&[&a, &b], Some(&folder.path().join("out")));
    plan(&both).unwrap();
    both.format = Some(Format::Tiff);
    let error = plan(&both).unwrap_err();
    assert!(matches!(error, Error::Collision { .. }));
    assert!(error.to_string().contains("--name"), "{error}");
    both.name = "{stem}_{format}{ext}".into();
    assert_eq!(targets(&plan(&both).unwrap()).len(), 2);
}

#[test]
fn a_folder_keeps_its_tree_and_pictures_are_known_by_content() {
    let folder = tempfile::tempdir().unwrap();
    put(&folder, "in/a.png", Format::Png);
    put(&folder, "in/sub/deep/b.txt", Format::WebP);
    fs::write(folder.path().join("in/Thumbs.db"), b"not a picture").unwrap();
    fs::write(folder.path().join("in/fake.png"), b"not a picture").unwrap();
    fs::write(folder.path().join("in/sub/cut.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    put(&folder, "in/out/earlier.png", Format::Png);
    let out = folder.path().join("in/out");
    let request = Request {
        recursive: true,
        ..request(&[&folder.path().join("in")], Some(&out))
    };
    let jobs = plan(&request).unwrap();
    assert_eq!(jobs.ignored, 2);
    assert_eq!(jobs.jobs.len(), 3);
    let mut failures = 0;
    for job in jobs.jobs {
        let done = run(
            job,
            IfExists::Refuse,
            &Options::default(),
            None,
            &mut |_| ControlFlow::Continue(()),
        );
        failures += usize::from(done.is_err());
    }
    assert_eq!(failures, 1);
    assert_eq!(
        all_files(&out),
        ["a_x2.png", "earlier.png", "sub/deep/b_x2.webp"]
    );
    // Going on where it ended: everything is there but the broken one.
    let again = plan(&Request {
        if_exists: IfExists::Skip,
        ..request
    })
    .unwrap();
    assert_eq!(again.jobs.iter().filter(|job| job.skip).count(), 2);
}

#[test]
fn inputs_that_cannot_be_read_do_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let a = put(&folder, "a.png", Format::Png);
    let text = folder.path().join("b.png");
    fs::write(&text, "text").unwrap();
    let missing = folder.path().join("missing.png");
    let jobs = plan(&request(&[&missing, &text, &a], None)).unwrap().jobs;
    assert!(matches!(jobs[0].problem, Some(Error::Io { .. })));
    assert!(matches!(jobs[1].problem, Some(Error::NotAPicture)));
    assert!(jobs[2].problem.is_none());
}

#[test]
fn work_that_fails_or_is_stopped_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let a = put(&folder, "a.png", Format::Png);
    let job = || plan(&request(&[&a], None)).unwrap().jobs.pop().unwrap();
    let stopped = run(
        job(),
        IfExists::Refuse,
        &Options::default(),
        None,
        &mut |_| ControlFlow::Break(()),
    );
    assert!(matches!(stopped, Err(Error::Interrupted)));
    let mut bytes = fs::read(&a).unwrap();
    bytes.truncate(bytes.len() - 20);
    fs::write(&a, bytes).unwrap();
    let broken = run(
        job(),
        IfExists::Refuse,
        &Options::default(),
        None,
        &mut |_| ControlFlow::Continue(()),
    );
    assert!(matches!(broken, Err(Error::Decode { .. })));
    assert_eq!(all_files(folder.path()), ["a.png"]);
}

#[test]
fn a_result_is_compared_with_its_reference_before_it_appears() {
    let folder = tempfile::tempdir().unwrap();
    let large = noise((40, 30), Channels::Rgb, Depth::Eight);
    let reference = folder.path().join("large.png");
    fs::write(&reference, encode(&large, Format::Png)).unwrap();
    let input = folder.path().join("same.png");
    fs::write(&input, encode(&large, Format::Png)).unwrap();
    let options = |scale| Options {
        scale,
        method: Method::Nearest,
        ..Options::default()
    };
    let go = |scale, output: &str| {
        let request = request(&[&input], Some(&folder.path().join(output)));
        let job = plan(&request).unwrap().jobs.pop().unwrap();
        run(
            job,
            IfExists::Refuse,
            &options(scale),
            Some(&reference),
            &mut |_| ControlFlow::Continue(()),
        )
    };
    let same = go(1, "o.png").unwrap().comparison.unwrap();
    assert!(same.luma_psnr.is_infinite() && same.rgb_psnr.is_infinite());
    assert!((same.ssim.unwrap() - 1.0).abs() < 1e-12);
    let refused = go(2, "other.png").unwrap_err();
    assert!(matches!(
        refused,
        Error::CompareSize {
            first: (80, 60),
            second: (40, 30)
        }
    ));
    assert_eq!(all_files(folder.path()), ["large.png", "o.png", "same.png"]);
}
