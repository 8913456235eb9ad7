//! The guide says what the program does: every command of `docs/guide` runs, every output quoted there is the program's, every
//! figure is what its command draws, both languages have the same chapters, and every link leads somewhere.
//!
//! How a page is written, so that it can be checked:
//!
//! * A ` ```sh ` block holds one `convt ...` command a line, run in the page's own folder in their order. `# exits with 2` after a command
//!   says that it is refused; anything else exits with 0.
//! * A ` ```text ` block quotes the last block of commands that printed something: whole lines in their order, `...` for a gap. Of a
//!   refused command it quotes standard error.
//! * A command of a chapter that writes an `.svg` or `.gif` draws the figure of that name in `docs/guide/figures/LANG`. The link to the
//!   page that follows it opens the same: drawn from the link, the figure has the same bytes.
//! * Chinese pages say `--lang zh` and `lang=zh` where English ones say nothing, and are alike in all else.
//!
//! With `CONVT_GUIDE_FIGURES=write` the figures are written instead of compared.

mod page;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use convt_explain::{Lang, Show, State};

use page::{Item, PAGE, Page, guide, names, pages, pairs};

/// What a command left: standard output, or standard error of a refused one.
fn run(command: &str, expected: i32, folder: &Path, page: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_convt"))
        .args(command.split_whitespace().skip(1))
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        output.status.code(),
        Some(expected),
        "{page}: {command}\n{stderr}"
    );
    if expected == 0 {
        String::from_utf8(output.stdout).unwrap()
    } else {
        stderr
    }
}

/// Every run of quoted lines between `...` stands in the output in one piece, after the one before it.
fn assert_quoted(quote: &[String], printed: &str, page: &str) {
    let mut rest: Vec<&str> = printed.lines().collect();
    for piece in quote.split(|line| line == "...") {
        assert!(!piece.is_empty(), "{page}: a quote has an empty piece");
        let mut places = rest.windows(piece.len());
        let Some(at) = places.position(|there| there == piece) else {
            panic!(
                "{page}: the program does not print\n{}\nbut\n{printed}",
                piece.join("\n")
            );
        };
        rest.drain(..at + piece.len());
    }
}

/// The file that a command writes with `-o`.
fn file_of(command: &str) -> Option<&str> {
    command.split_once(" -o ").map(|(_, file)| file)
}

/// The figure's place, if the file that a command wrote is one.
fn figure_of(page: &Page, file: &str) -> Option<PathBuf> {
    let is_picture = matches!(file.rsplit('.').next(), Some("svg" | "gif"));
    let is_figure = page.name != "README.md" && is_picture;
    is_figure.then(|| guide().join("figures").join(page.lang).join(file))
}

/// Runs a page; returns the names of the figures it draws.
fn check(page: &Page, write: bool) -> Vec<String> {
    let title = format!("{}/{}", page.lang, page.name);
    let folder = tempfile::tempdir().unwrap();
    let mut printed = String::new();
    let mut figures = Vec::new();
    let mut drawn = None;
    for item in &page.items {
        match item {
            Item::Commands(commands) => {
                let outputs = commands
                    .iter()
                    .map(|(command, code)| run(command, *code, folder.path(), &title));
                let all = outputs.collect::<String>();
                if !all.is_empty() {
                    printed = all;
                }
                if let Some(file) = commands.iter().find_map(|(command, _)| file_of(command)) {
                    assert!(drawn.is_none(), "{title}: no link opens {drawn:?}");
                    drawn = figure_of(page, file).map(|_| file.to_string());
                }
            }
            Item::Quote(quote) => assert_quoted(quote, &printed, &title),
            Item::Link(target) => {
                if let (Some(query), Some(file)) = (target.strip_prefix(PAGE), drawn.take()) {
                    let again = folder.path().join("again");
                    fs::create_dir(&again).unwrap();
                    run(
                        &format!("convt explain --link {query} -o {file}"),
                        0,
                        &again,
                        &title,
                    );
                    let [of_command, of_link] =
                        [folder.path(), &again].map(|at| fs::read(at.join(&file)).unwrap());
                    assert!(
                        of_command == of_link,
                        "{title}: {query} does not open {file}"
                    );
                    fs::remove_dir_all(again).unwrap();
                }
            }
            Item::Image(..) => {}
        }
    }
    assert!(drawn.is_none(), "{title}: no link opens {drawn:?}");
    for file in names(folder.path()) {
        let Some(place) = figure_of(page, &file) else {
            continue;
        };
        let drawn = fs::read(folder.path().join(&file)).unwrap();
        if write {
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(&place, drawn).unwrap();
        } else {
            let kept = fs::read(&place)
                .unwrap_or_else(|error| panic!("{title}: {}: {error}", place.display()));
            assert!(
                kept == drawn,
                "{title}: {file} is not what its command draws: look at it, then CONVT_GUIDE_FIGURES=write"
            );
        }
        figures.push(file);
    }
    figures
}

/// Runs every page of a language.
fn check_all(lang: &'static str) {
    let write = std::env::var("CONVT_GUIDE_FIGURES").is_ok_and(|value| value == "write");
    let mut drawn = BTreeSet::new();
    for page in pages(lang) {
        let figures = check(&page, write);
        let title = format!("{lang}/{}", page.name);
        assert!(
            page.name == "README.md" || !figures.is_empty(),
            "{title} has no figure"
        );
        for figure in figures {
            assert!(
                drawn.insert(figure.clone()),
                "{title}: {figure} is drawn twice"
            );
        }
    }
    let kept: BTreeSet<String> = names(&guide().join("figures").join(lang))
        .into_iter()
        .collect();
    assert_eq!(
        kept, drawn,
        "{lang}: every figure that is kept is drawn by a page"
    );
}

#[test]
fn english_commands_do_what_the_pages_say() {
    check_all("en");
}

#[test]
fn chinese_commands_do_what_the_pages_say() {
    check_all("zh");
}

/// An item as it would stand on a page that belongs to no language.
fn neutral(item: &Item, lang: &str) -> Item {
    let target = |target: &str| {
        let target = target.replace("../zh/", "../").replace("../en/", "../");
        target
            .replace("&lang=zh", "")
            .replace(&format!("/figures/{lang}/"), "/figures/")
    };
    match item {
        Item::Commands(commands) => {
            let neutral =
                |(command, code): &(String, i32)| (command.replace(" --lang zh", ""), *code);
            Item::Commands(commands.iter().map(neutral).collect())
        }
        Item::Link(link) => Item::Link(target(link)),
        Item::Image(image, _) => Item::Image(target(image), String::new()),
        Item::Quote(lines) => Item::Quote(lines.clone()),
    }
}

#[test]
fn both_languages_show_the_same() {
    for (en, zh) in pairs() {
        // Words may stand in another order in another language, and links between chapters with them.
        let (mut fixed, mut loose) = ([Vec::new(), Vec::new()], [BTreeSet::new(), BTreeSet::new()]);
        for (at, page) in [&en, &zh].into_iter().enumerate() {
            for item in &page.items {
                match item {
                    Item::Link(target) if !target.starts_with(PAGE) => {
                        loose[at].insert(format!("{:?}", neutral(item, page.lang)));
                    }
                    _ => fixed[at].push(item),
                }
            }
        }
        assert_eq!(loose[0], loose[1], "{}: links between pages", en.name);
        assert_eq!(fixed[0].len(), fixed[1].len(), "{}", en.name);
        let mut speaks_chinese = false;
        for (&a, &b) in fixed[0].iter().zip(&fixed[1]) {
            if let Item::Commands(commands) = b
                && let Some((last, _)) = commands
                    .iter()
                    .rfind(|(command, _)| !command.contains(" -o "))
            {
                speaks_chinese = last.contains(" --lang zh");
            }
            match (a, b) {
                (Item::Quote(a), Item::Quote(b)) if speaks_chinese => {
                    assert_eq!(a.len(), b.len(), "{}", en.name);
                }
                _ => assert_eq!(neutral(a, en.lang), neutral(b, zh.lang), "{}", en.name),
            }
        }
    }
}

#[test]
fn links_and_images_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(
        root.join("web/index.html").is_file(),
        "the page has a source"
    );
    for (en, zh) in pairs() {
        for page in [en, zh] {
            let title = format!("{}/{}", page.lang, page.name);
            let folder = guide().join(page.lang);
            let mut opened = 0;
            for item in &page.items {
                match item {
                    Item::Link(target) if target.starts_with(PAGE) => {
                        assert_shown(&target[PAGE.len()..], &page, &title);
                        opened += 1;
                    }
                    Item::Link(target) => {
                        assert!(
                            !target.contains("://"),
                            "{title}: {target} leaves the repository"
                        );
                        assert!(folder.join(target).is_file(), "{title}: {target}");
                    }
                    Item::Image(target, text) => {
                        assert!(folder.join(target).is_file(), "{title}: {target}");
                        assert!(!text.is_empty(), "{title}: {target} has a text");
                        assert!(
                            target.starts_with(&format!("../figures/{}/", page.lang)),
                            "{title}: {target}"
                        );
                    }
                    Item::Commands(_) | Item::Quote(_) => {}
                }
            }
            assert!(
                opened > 0 || page.name == "README.md",
                "{title} opens the page"
            );
        }
    }
}

/// The state of a link is one that the page can show, in the page's language.
fn assert_shown(query: &str, page: &Page, title: &str) {
    let state =
        State::parse_query(query).unwrap_or_else(|error| panic!("{title}: {query}: {error}"));
    let lang = if page.lang == "zh" {
        Lang::Zh
    } else {
        Lang::En
    };
    assert_eq!(state.lang, lang, "{title}: {query}");
    for key in ["v=1&", "i=", "&k=", "&s=", "&p=", "&view="] {
        assert!(
            query.contains(key),
            "{title}: {query} leaves {key} to a default"
        );
    }
    let show = Show::new(&state).unwrap_or_else(|error| panic!("{title}: {query}: {error}"));
    assert!(show.frames() > 0);
}

#[test]
fn chapters_hang_together() {
    for (en, zh) in pairs() {
        for page in [en, zh] {
            let all = names(&guide().join(page.lang));
            let has = |target: &str| page.items.contains(&Item::Link(target.to_string()));
            let title = format!("{}/{}", page.lang, page.name);
            let other = if page.lang == "zh" { "en" } else { "zh" };
            assert!(
                has(&format!("../{other}/{}", page.name)),
                "{title}: the other language"
            );
            if page.name == "README.md" {
                for name in all.iter().filter(|name| *name != "README.md") {
                    assert!(has(name), "{title}: {name} is not in the contents");
                }
                continue;
            }
            assert!(has("README.md"), "{title}: the contents");
            // The README sorts after every chapter's number.
            let at = all.iter().position(|name| *name == page.name).unwrap();
            for name in [at.checked_sub(1).map(|at| &all[at]), all.get(at + 1)]
                .into_iter()
                .flatten()
            {
                assert!(has(name), "{title}: its neighbour {name}");
            }
        }
    }
}
