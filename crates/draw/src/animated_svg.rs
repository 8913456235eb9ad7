//! All frames in one SVG that moves without a script, so that it plays inside `<img>` too.
//!
//! Frames differ little. So elements are compared place by place in the drawing order: what is equal in a run of frames is
//! written once and shown during that run by a CSS animation. Without animation, and for readers who ask for reduced
//! motion, the last frame stands.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::error::DrawError;
use crate::scene::Figure;
use crate::sheet::{Sheet, seconds};
use crate::svg::{spoken, still};
use crate::svg_parts::{Writer, decimals, identifier, open};
use crate::theme::Theme;

/// All frames of a figure, shown in turn for their times, the last one held, over and over.
pub fn animated_svg(figure: &Figure, theme: Theme) -> Result<String, DrawError> {
    moving(&Sheet::new(figure, true)?, theme)
}

/// All frames of a sheet.
pub(crate) fn moving(sheet: &Sheet<'_>, theme: Theme) -> Result<String, DrawError> {
    let figure = sheet.figure;
    let count = figure.frames.len();
    if count == 1 {
        return still(sheet, 0, theme);
    }
    let mut writer = Writer::new(theme);
    let mut body = writer.paper(sheet.left, sheet.width, sheet.height);
    let mut spans = Spans::default();
    for variants in by_place(sheet, &mut writer) {
        for (xml, shown) in variants {
            body.push('\n');
            if shown.len() == count {
                body.push_str(&xml);
                continue;
            }
            let class = spans.class(&shown);
            // The attribute holds where no animation runs; the animation's rule is stronger while it does.
            let hidden = if shown.last() == Some(&(count - 1)) {
                ""
            } else {
                " visibility=\"hidden\""
            };
            let _ = write!(body, "<g class=\"{class}\"{hidden}>{xml}</g>");
        }
    }
    let caption = &figure.frames[count - 1].caption;
    let described = spoken(&figure.description, caption);
    let id = identifier(&[&figure.title, &described, "moving"]);
    let view = [sheet.left, sheet.width, sheet.height];
    let mut out = open(view, &figure.title, &described, &id);
    out.push_str("<style>");
    out.push_str(&writer.style_rules());
    let times: Vec<f64> = (0..count).map(|n| seconds(&figure.frames, n)).collect();
    out.push_str(&spans.rules(&times, &id));
    out.push_str("</style>\n<defs>");
    out.push_str(&writer.definitions());
    out.push_str("</defs>\n");
    out.push_str(&body);
    out.push_str("\n</svg>\n");
    Ok(out)
}

/// For each place in the drawing order, what stands there, each with the frames that show it.
fn by_place(sheet: &Sheet<'_>, writer: &mut Writer) -> Vec<Vec<(String, Vec<usize>)>> {
    let mut places: Vec<Vec<(String, Vec<usize>)>> = Vec::new();
    for frame in 0..sheet.figure.frames.len() {
        for (place, element) in sheet.elements(frame).iter().enumerate() {
            let xml = writer.element(element);
            if places.len() <= place {
                places.push(Vec::new());
            }
            let variants = &mut places[place];
            match variants.iter_mut().find(|(known, _)| *known == xml) {
                Some((_, shown)) => shown.push(frame),
                None => variants.push((xml, vec![frame])),
            }
        }
    }
    places
}

/// The distinct sets of frames, numbered, for one animation each.
#[derive(Default)]
struct Spans(BTreeMap<Vec<usize>, usize>);

impl Spans {
    fn class(&mut self, shown: &[usize]) -> String {
        let next = self.0.len();
        let number = *self.0.entry(shown.to_vec()).or_insert(next);
        format!("v{number}")
    }

    /// Keyframes and their use, named after the picture so that two in one page do not mix.
    fn rules(&self, times: &[f64], id: &str) -> String {
        let total: f64 = times.iter().sum();
        let starts: Vec<f64> = times
            .iter()
            .scan(0.0, |at, time| {
                let start = *at;
                *at += time;
                Some(start / total * 100.0)
            })
            .collect();
        let mut out = String::new();
        let mut uses = String::new();
        for (shown, number) in &self.0 {
            let _ = write!(out, "@keyframes {id}-v{number}{{");
            let mut before = None;
            for (frame, start) in starts.iter().enumerate() {
                let visible = shown.binary_search(&frame).is_ok();
                if before != Some(visible) {
                    let word = if visible { "visible" } else { "hidden" };
                    let _ = write!(out, "{}%{{visibility:{word}}}", decimals(*start, 4));
                    before = Some(visible);
                }
            }
            // Held to the end: the last change lasts until the animation begins again.
            out.push('}');
            let _ = write!(uses, "#{id} .v{number}{{animation-name:{id}-v{number}}}");
        }
        let _ = write!(
            out,
            "@media (prefers-reduced-motion:no-preference){{#{id} [class^=v]{{animation:{}s step-end infinite}}{uses}}}",
            decimals(total, 3)
        );
        out
    }
}
