//! One frame as SVG: readable by every program, no font needed, cells named so that a page can link them.

use crate::error::DrawError;
use crate::scene::Figure;
use crate::sheet::Sheet;
use crate::svg_parts::{Writer, identifier, open};
use crate::theme::Theme;

/// Frame `frame` of a figure, counted from 0, with its caption below.
///
/// Each cell is a group with `data-map`, `data-index` and `data-label`. The same figure gives the same bytes. With
/// [`Theme::Auto`] the picture follows the reader's preference for light or dark, also inside `<img>`.
pub fn svg(figure: &Figure, frame: usize, theme: Theme) -> Result<String, DrawError> {
    still(&Sheet::new(figure, true)?, frame, theme)
}

/// A frame of a sheet.
pub(crate) fn still(sheet: &Sheet<'_>, frame: usize, theme: Theme) -> Result<String, DrawError> {
    let figure = sheet.figure;
    let Some(shown) = figure.frames.get(frame) else {
        return Err(DrawError::Frame {
            asked: frame,
            frames: figure.frames.len(),
        });
    };
    let mut writer = Writer::new(theme);
    let mut body = writer.paper(sheet.left, sheet.width, sheet.height);
    for element in sheet.elements(frame) {
        body.push('\n');
        body.push_str(&writer.element(&element));
    }
    let described = spoken(&figure.description, &shown.caption);
    let id = identifier(&[&figure.title, &described]);
    let view = [sheet.left, sheet.width, sheet.height];
    let mut out = open(view, &figure.title, &described, &id);
    let rules = writer.style_rules();
    if !rules.is_empty() {
        out.push_str("<style>");
        out.push_str(&rules);
        out.push_str("</style>");
    }
    out.push_str("\n<defs>");
    out.push_str(&writer.definitions());
    out.push_str("</defs>\n");
    out.push_str(&body);
    out.push_str("\n</svg>\n");
    Ok(out)
}

/// The description and what is said about this frame.
pub(crate) fn spoken(description: &str, caption: &str) -> String {
    if description.is_empty() || caption.is_empty() || description == caption {
        if description.is_empty() {
            caption
        } else {
            description
        }
        .to_owned()
    } else {
        format!("{description} {caption}")
    }
}
