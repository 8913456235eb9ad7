//! One page that works without network: all frames with their captions, and a slider where scripts run.
//!
//! What frames share is defined once and used by reference. Without a script the page shows all frames, one below the
//! other, which is also how it prints.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::error::DrawError;
use crate::scene::Figure;
use crate::sheet::{Sheet, seconds};
use crate::svg_parts::{Writer, decimals, escape, hex, identifier, open};
use crate::theme::{Theme, Tone};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// A page of all frames. Captions are text of the page, so the pictures carry none.
pub fn html(figure: &Figure, theme: Theme) -> Result<String, DrawError> {
    page(figure, theme)
}

pub(crate) fn page(figure: &Figure, theme: Theme) -> Result<String, DrawError> {
    let sheet = Sheet::new(figure, false)?;
    let view = [sheet.left, sheet.width, sheet.height];
    let mut writer = Writer::new(theme);
    let paper = writer.paper(sheet.left, sheet.width, sheet.height);
    let mut parts = Parts::default();
    let count = figure.frames.len();
    let mut figures = String::new();
    for (n, frame) in figure.frames.iter().enumerate() {
        let id = format!("{}-{n}", identifier(&[&figure.title]));
        let head = open(view, &figure.title, &frame.caption, &id);
        let _ = write!(
            figures,
            "<figure data-seconds=\"{}\">{head}{paper}",
            decimals(seconds(&figure.frames, n), 2)
        );
        for element in sheet.elements(n) {
            let part = parts.number(writer.element(&element));
            let _ = write!(figures, "<use href=\"#p{part}\"/>");
        }
        let _ = writeln!(
            figures,
            "</svg><figcaption><span class=\"step\">{} / {count}</span> {}</figcaption></figure>",
            n + 1,
            escape(&frame.caption)
        );
    }
    let chinese = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c);
    let zh = figure.title.contains(chinese);
    let words = if zh { &CHINESE } else { &ENGLISH };
    let title = escape(&figure.title);
    let description = escape(&figure.description);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>{title}</title>\n<style>\n{}{STYLE}\
         {}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p class=\"description\">{description}</p>\n",
        if zh { "zh" } else { "en" },
        colors(theme),
        writer.style_rules()
    );
    let _ = write!(
        out,
        "<svg width=\"0\" height=\"0\" class=\"parts\" aria-hidden=\"true\"><defs>{}{}</defs></svg>\n\
         <div id=\"frames\">\n{figures}</div>\n",
        writer.definitions(),
        parts.definitions()
    );
    if count > 1 {
        let [back, play, pause, on, step] = words;
        let _ = write!(
            out,
            "<div id=\"controls\" hidden data-play=\"{play}\" data-pause=\"{pause}\">\n\
             <button id=\"back\">{back}</button><button id=\"play\">{play}</button><button id=\"on\">{on}</button>\n\
             <input id=\"slider\" type=\"range\" min=\"1\" max=\"{count}\" value=\"1\" aria-label=\"{step}\">\n</div>\n\
             <p id=\"live\" class=\"parts\" aria-live=\"polite\"></p>\n<script>\n{SCRIPT}</script>\n"
        );
    }
    out.push_str("</main>\n</body>\n</html>\n");
    Ok(out)
}

/// Words of the controls: back, play, pause, on, and the slider's name.
const ENGLISH: [&str; 5] = ["Back", "Play", "Pause", "Next", "Step"];
const CHINESE: [&str; 5] = ["上一步", "播放", "暂停", "下一步", "步骤"];

/// The page's own colours as variables, those of the dark behind the reader's preference.
fn colors(theme: Theme) -> String {
    use crate::scene::Ink;
    let (light, dark) = theme.palettes();
    let set = |palette| {
        format!(
            ":root{{--paper:{};--words:{};--quiet:{};--line:{}}}",
            hex(palette, Tone::Paper),
            hex(palette, Tone::Words(Ink::Normal)),
            hex(palette, Tone::Words(Ink::Quiet)),
            hex(palette, Tone::QuietLine)
        )
    };
    let mut out = set(light);
    if let Some(dark) = dark {
        let _ = write!(out, "@media (prefers-color-scheme:dark){{{}}}", set(dark));
    }
    out.push('\n');
    out
}

/// What is drawn in any frame, each once and numbered.
#[derive(Default)]
struct Parts {
    numbers: HashMap<String, usize>,
    in_order: Vec<String>,
}

impl Parts {
    fn number(&mut self, xml: String) -> usize {
        let next = self.in_order.len();
        *self.numbers.entry(xml).or_insert_with_key(|xml| {
            self.in_order.push(xml.clone());
            next
        })
    }

    fn definitions(&self) -> String {
        let mut out = String::new();
        for (n, xml) in self.in_order.iter().enumerate() {
            // Every element is a group; its identifier goes into the group's own tag.
            let inside = xml.strip_prefix("<g").unwrap_or(xml);
            let _ = write!(out, "<g id=\"p{n}\"{inside}");
        }
        out
    }
}
