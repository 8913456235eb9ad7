//! The page, with the problem in it.

use std::io::Write;
use std::path::{Path, PathBuf};

use convt_explain::State;
use convt_files::{AtomicFile, Existing};

use crate::failure::Failure;
use crate::ui::Ui;

/// Writes a copy of the page that begins in this state, and opens it in the reader's browser. Its path goes to standard
/// output, so that it can be opened by hand where there is no browser.
pub(super) fn open(
    state: &State,
    to: Option<&Path>,
    existing: Existing,
    ui: &Ui,
) -> Result<(), Failure> {
    let from = built()?;
    let page = std::fs::read_to_string(&from)
        .map_err(|error| Failure::Failed(format!("cannot read {}: {error}", from.display())))?;
    let page = begin_in(&page, &state.to_query());
    let (to, existing) = match to {
        Some(path) => (path.to_path_buf(), existing),
        None => (
            std::env::temp_dir().join("convt-explain.html"),
            Existing::Replace,
        ),
    };
    let written = || {
        let mut file = AtomicFile::create(&to, existing)?;
        file.write_all(page.as_bytes())?;
        file.commit()
    };
    written()
        .map_err(|error| Failure::Failed(format!("cannot write {}: {error}", to.display())))?;
    ui.print(to.display())?;
    if let Err(error) = open::that_detached(&to) {
        ui.note(format_args!(
            "no browser opened ({error}): open the file yourself"
        ));
    }
    Ok(())
}

/// Where the page was built: `CONVT_PAGE`, beside the program, or in the folder of its source.
fn built() -> Result<PathBuf, Failure> {
    let named = std::env::var_os("CONVT_PAGE").map(PathBuf::from);
    let beside = std::env::current_exe()
        .ok()
        .and_then(|program| Some(program.parent()?.join("convt-page.html")));
    let source = Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("web/dist/index.html"));
    match named {
        Some(path) => Ok(path),
        None => [beside, source]
            .into_iter()
            .flatten()
            .find(|path| path.is_file())
            .ok_or_else(|| {
                Failure::Failed(String::from(
                    "the page is not built: run `cargo xtask web`, or name a page in CONVT_PAGE",
                ))
            }),
    }
}

/// The page with a line that gives it this state, unless its address names one.
fn begin_in(page: &str, query: &str) -> String {
    // A JSON string is one of JavaScript; a `<` in it must not end the script.
    let fragment = serde_json::Value::from(format!("#{query}"))
        .to_string()
        .replace('<', "\\u003c");
    let line = format!("<script>if(!location.hash)location.replace({fragment})</script>");
    match page.find("<head>") {
        Some(at) => {
            let (before, after) = page.split_at(at + "<head>".len());
            format!("{before}{line}{after}")
        }
        None => format!("{line}{page}"),
    }
}

#[cfg(test)]
mod tests {
    use super::begin_in;

    #[test]
    fn the_state_comes_first_in_the_head_and_cannot_end_its_script() {
        let page = begin_in(
            "<html><head><title>t</title></head></html>",
            "v=1&x=</script>",
        );
        assert_eq!(
            page,
            "<html><head><script>if(!location.hash)location.replace(\"#v=1&x=\\u003c/script>\")</script>\
             <title>t</title></head></html>"
        );
    }
}
