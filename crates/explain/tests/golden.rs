//! The figures of all presets, in every view and language, as one number each. A change of any of them is seen here, and
//! looked at before `UPDATE_GOLDEN=1 cargo test -p convt-explain --test golden` accepts it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use convt_explain::{Lang, PRESETS, Preset, State, View, figure};

/// FNV-1a of a text.
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[test]
fn the_presets_look_as_they_were_approved() {
    let mut found = String::new();
    for name in PRESETS {
        for view in View::ALL {
            for lang in Lang::ALL {
                let preset = Preset::named(name).unwrap().state;
                let figure = figure(&State {
                    view,
                    lang,
                    ..preset
                })
                .unwrap();
                let hash = digest(&format!("{figure:?}"));
                let (view, lang, frames) = (view.name(), lang.name(), figure.frames.len());
                writeln!(found, "{name} {view} {lang} {frames} {hash:016x}").unwrap();
            }
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/presets.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &found).unwrap();
    }
    let approved = fs::read_to_string(&path).unwrap_or_default();
    let changed: Vec<&str> = found
        .lines()
        .filter(|line| !approved.lines().any(|old| old == *line))
        .collect();
    assert!(
        changed.is_empty(),
        "not as approved in {}: {changed:#?}",
        path.display()
    );
    assert_eq!(found.lines().count(), approved.lines().count());
}
