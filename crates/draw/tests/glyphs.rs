//! Every character that the project's figures can show has a glyph.

mod common;

use std::fs;
use std::path::Path;

use convt_draw::{Figure, Item, missing_glyphs};

/// The words of figures come from the code of the crate that makes them.
#[test]
fn no_string_of_the_views_lacks_a_glyph() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../explain/src")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files += 1;
                let text: String = fs::read_to_string(&path)
                    .unwrap()
                    .chars()
                    .filter(|c| !c.is_control())
                    .collect();
                let missing = missing_glyphs(&text);
                assert!(
                    missing.is_empty(),
                    "{} holds {missing:?}, which have no glyph: run crates/draw/fonts/make_subset.py",
                    path.display()
                );
            }
        }
    }
    assert!(files > 0);
}

#[test]
fn the_list_of_characters_is_in_the_tables() {
    let list = include_str!("../fonts/characters.txt").replace('\n', "");
    assert_eq!(missing_glyphs(&list), []);
    let ascii: String = (' '..='~').collect();
    assert_eq!(missing_glyphs(&ascii), []);
}

#[test]
fn the_gallery_has_all_its_glyphs() {
    let words = |figure: &Figure| -> String {
        let texts = figure.frames.iter().flat_map(|frame| {
            frame
                .items
                .iter()
                .filter_map(|item| match item {
                    Item::Text { text, .. } => Some(text.as_str()),
                    _ => None,
                })
                .chain([frame.caption.as_str()])
        });
        texts.collect()
    };
    for chinese in [false, true] {
        assert_eq!(missing_glyphs(&words(&common::paints(chinese))), []);
        assert_eq!(missing_glyphs(&words(&common::stamps(chinese))), []);
    }
}
