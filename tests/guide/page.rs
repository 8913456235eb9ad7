//! The pages of the guide, taken apart.

use std::fs;
use std::path::{Path, PathBuf};

/// The languages, the one that others are compared with first.
const LANGS: [&str; 2] = ["en", "zh"];
/// How a link to the page begins, before the state that it opens.
pub(crate) const PAGE: &str = "../../../web/dist/index.html#";

/// What of a page is checked, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// Commands with their exit codes.
    Commands(Vec<(String, i32)>),
    /// Quoted lines.
    Quote(Vec<String>),
    /// The target of a link.
    Link(String),
    /// The target of an image, and its text for those who cannot see it.
    Image(String, String),
}

/// A page of the guide.
pub(crate) struct Page {
    pub(crate) lang: &'static str,
    pub(crate) name: String,
    pub(crate) items: Vec<Item>,
}

/// The folder of the guide.
pub(crate) fn guide() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide")
}

/// The names of the files of a folder, in order.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The pages of a language, in order.
pub(crate) fn pages(lang: &'static str) -> Vec<Page> {
    let folder = guide().join(lang);
    let page = |name: String| Page {
        lang,
        items: items(&fs::read_to_string(folder.join(&name)).unwrap(), &name),
        name,
    };
    names(&folder).into_iter().map(page).collect()
}

/// Both languages' pages, English beside Chinese.
pub(crate) fn pairs() -> Vec<(Page, Page)> {
    let [en, zh] = LANGS.map(pages);
    let named =
        |pages: &[Page]| -> Vec<String> { pages.iter().map(|page| page.name.clone()).collect() };
    assert_eq!(named(&en), named(&zh), "both languages have the same pages");
    assert!(en.len() > 15, "there are chapters");
    en.into_iter().zip(zh).collect()
}

fn items(text: &str, name: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else {
            links(line, &mut items);
            continue;
        };
        let block: Vec<String> = lines
            .by_ref()
            .take_while(|line| *line != "```")
            .map(str::to_string)
            .collect();
        items.push(match kind {
            "sh" => Item::Commands(commands(&block, name)),
            "text" => Item::Quote(block),
            other => panic!("{name}: a block of {other:?} is neither commands nor their output"),
        });
    }
    items
}

fn commands(block: &[String], name: &str) -> Vec<(String, i32)> {
    let mut commands: Vec<(String, i32)> = Vec::new();
    for line in block {
        if let Some(code) = line.strip_prefix("# exits with ") {
            commands.last_mut().unwrap().1 = code.parse().unwrap();
        } else {
            assert!(
                line.starts_with("convt ") && !line.contains(['"', '\'', '|', '>']),
                "{name}: {line}"
            );
            commands.push((line.clone(), 0));
        }
    }
    commands
}

/// The `](target)` of a line, except in `code`.
fn links(line: &str, items: &mut Vec<Item>) {
    for (i, part) in line.split('`').enumerate() {
        if i % 2 == 1 {
            continue;
        }
        let mut rest = part;
        while let Some(at) = rest.find("](") {
            let (before, after) = (&rest[..at], &rest[at + 2..]);
            let (target, tail) = after.split_once(')').expect("a link ends");
            let open = before.rfind('[').expect("a link begins");
            let is_image = before[..open].ends_with('!');
            items.push(if is_image {
                Item::Image(target.to_string(), before[open + 1..].to_string())
            } else {
                Item::Link(target.to_string())
            });
            rest = tail;
        }
    }
}
