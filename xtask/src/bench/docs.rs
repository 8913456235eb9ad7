//! The parts of `docs/performance.md` that a run writes, between markers.

use std::fs;

use crate::steps::root;

/// The chart's place, as the page names it.
const CHART: &str = "images/performance.svg";

/// The marker of the tables.
pub(super) const TABLES: &str = "bench tables";

/// Puts the parts between their markers, the chart's line before the tables, and the chart beside the page.
pub(super) fn write(parts: &[(&str, &str)], chart: &str) -> Result<(), String> {
    let folder = root().join("docs");
    let page = folder.join("performance.md");
    let told = |error: std::io::Error| format!("{}: {error}", page.display());
    let mut text = fs::read_to_string(&page).map_err(told)?;
    for (name, part) in parts {
        let picture = if *name == TABLES {
            format!("![Speed relative to the fastest other program, per layer]({CHART})\n\n")
        } else {
            String::new()
        };
        text = replaced(&text, name, &format!("{picture}{part}"))?;
    }
    fs::write(&page, text).map_err(told)?;
    fs::write(folder.join(CHART), chart).map_err(|error| format!("{CHART}: {error}"))
}

/// The text with whatever stands between `<!-- name -->` and `<!-- /name -->` replaced.
fn replaced(text: &str, name: &str, part: &str) -> Result<String, String> {
    let (begin, end) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let found = text
        .split_once(&begin)
        .and_then(|(before, rest)| rest.split_once(&end).map(|(_, after)| (before, after)));
    let (before, after) = found.ok_or_else(|| format!("no place {begin} ... {end}"))?;
    Ok(format!(
        "{before}{begin}\n{}\n{end}{after}",
        part.trim_end()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_replaces_what_stood_between_its_markers() {
        let page = "a\n<!-- t -->\nold\n<!-- /t -->\nb\n";
        let once = replaced(page, "t", "new\n").unwrap();
        assert_eq!(once, "a\n<!-- t -->\nnew\n<!-- /t -->\nb\n");
        assert_eq!(replaced(&once, "t", "new").unwrap(), once);
        assert!(
            replaced(page, "u", "new")
                .unwrap_err()
                .contains("<!-- u -->")
        );
    }

    #[test]
    fn the_page_has_every_place() {
        let page = fs::read_to_string(root().join("docs/performance.md")).unwrap();
        for name in super::super::PARTS {
            assert!(replaced(&page, name, "").is_ok(), "{name}");
        }
    }
}
