//! The SVGs are XML, name their cells, define what they use, and move as they should.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use convt_draw::{Theme, animated_svg, html, svg};
use roxmltree::{Document, Node};

const THEMES: [Theme; 4] = [Theme::Light, Theme::Dark, Theme::Print, Theme::Auto];

fn parsed(text: &str) -> Document<'_> {
    Document::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

/// Every reference has its definition, and no name is given twice.
fn references_hold(document: &Document<'_>) {
    let mut ids = BTreeSet::new();
    for node in document.descendants() {
        if let Some(id) = node.attribute("id") {
            assert!(ids.insert(id.to_owned()), "{id} is defined twice");
        }
    }
    for node in document.descendants().filter(Node::is_element) {
        if let Some(target) = node.attribute("href") {
            assert!(ids.contains(&target[1..]), "{target} is not defined");
        }
        for id in node
            .attribute("aria-labelledby")
            .into_iter()
            .flat_map(str::split_whitespace)
        {
            assert!(ids.contains(id), "{id} is not defined");
        }
    }
}

#[test]
fn every_theme_and_language_is_xml_with_a_title() {
    for theme in THEMES {
        for figure in [
            common::paints(false),
            common::paints(true),
            common::stamps(true),
        ] {
            let text = svg(&figure, 0, theme).unwrap();
            let document = parsed(&text);
            let root = document.root_element();
            assert_eq!(root.attribute("role"), Some("img"));
            let title = root.children().find(|n| n.has_tag_name("title")).unwrap();
            assert_eq!(title.text(), Some(figure.title.as_str()));
            let words = root.children().find(|n| n.has_tag_name("desc")).unwrap();
            assert!(words.text().unwrap().ends_with(&figure.frames[0].caption));
            references_hold(&document);
            assert_eq!(text, svg(&figure, 0, theme).unwrap());
        }
    }
}

#[test]
fn cells_are_named_and_keep_their_numbers() {
    let text = svg(&common::stamps(false), 3, Theme::Light).unwrap();
    let document = parsed(&text);
    let cells: BTreeMap<_, _> = document
        .descendants()
        .filter_map(|n| Some(((n.attribute("data-map")?, n.attribute("data-index")?), n)))
        .collect();
    assert_eq!(cells.len(), 4 + 9 + 25);
    assert_eq!(
        cells[&("output", "3,2")].attribute("data-label"),
        Some("14")
    );
    assert_eq!(
        cells[&("input", "1,1")].attribute("class"),
        Some("cell focus")
    );
    assert_eq!(cells[&("input", "0,0")].attribute("class"), Some("cell"));
}

#[test]
fn hostile_words_are_escaped() {
    let mut figure = common::stamps(false);
    "<script>\"&'</title>]]>".clone_into(&mut figure.title);
    "<b>&amp;".clone_into(&mut figure.frames[0].caption);
    let text = svg(&figure, 0, Theme::Auto).unwrap();
    let document = parsed(&text);
    let title = document
        .descendants()
        .find(|n| n.has_tag_name("title"))
        .unwrap();
    assert_eq!(title.text(), Some(figure.title.as_str()));
    assert!(
        document
            .descendants()
            .all(|n| !n.has_tag_name("script") && !n.has_tag_name("b"))
    );
    let page = html(&figure, Theme::Light).unwrap();
    assert!(!page.contains("<script>\"") && !page.contains("<b>"));
}

/// The light attributes are for everybody; a class turns each of them dark, and both are the themes' own.
#[test]
fn one_file_serves_light_and_dark() {
    let figure = common::stamps(false);
    let [light, dark, auto] =
        [Theme::Light, Theme::Dark, Theme::Auto].map(|theme| svg(&figure, 0, theme).unwrap());
    let (light, dark, auto) = (parsed(&light), parsed(&dark), parsed(&auto));
    let style = auto
        .descendants()
        .find(|n| n.has_tag_name("style"))
        .unwrap()
        .text()
        .unwrap();
    assert!(style.starts_with("@media (prefers-color-scheme:dark){"));
    let drawn = |document: &Document<'_>| -> Vec<(String, String)> {
        let shapes = document
            .descendants()
            .filter(|n| n.attribute("fill").is_some());
        shapes
            .map(|n| {
                let value = |name| n.attribute(name).unwrap_or("none").to_owned();
                (value("fill"), value("class"))
            })
            .collect()
    };
    let (light, dark, auto) = (drawn(&light), drawn(&dark), drawn(&auto));
    assert_eq!(light.len(), auto.len());
    for (n, (fill, class)) in auto.iter().enumerate() {
        assert_eq!(*fill, light[n].0);
        if fill != "none" {
            let wanted = format!("cvf-{}-{}", &fill[1..], &dark[n].0[1..]);
            assert!(
                class.split(' ').any(|c| c == wanted),
                "{class} lacks {wanted}"
            );
            assert!(style.contains(&format!(".{wanted}{{fill:{}}}", dark[n].0)));
        }
    }
}

#[test]
fn no_file_needs_a_font_a_script_or_the_network() {
    let figure = common::stamps(true);
    for text in [
        svg(&figure, 0, Theme::Auto).unwrap(),
        animated_svg(&figure, Theme::Auto).unwrap(),
    ] {
        let document = parsed(&text);
        for node in document.descendants() {
            for forbidden in ["text", "script", "image", "foreignObject"] {
                assert!(!node.has_tag_name(forbidden), "{forbidden}");
            }
        }
        assert_eq!(
            text.matches("http").count(),
            1,
            "only the name of SVG itself"
        );
    }
}

/// What the reader sees in a frame of the moving picture is what the still of that frame shows.
#[test]
fn the_moving_picture_shows_each_frame_in_its_time() {
    let figure = common::stamps(false);
    let text = animated_svg(&figure, Theme::Light).unwrap();
    let document = parsed(&text);
    references_hold(&document);
    let style = document
        .descendants()
        .find(|n| n.has_tag_name("style"))
        .unwrap()
        .text()
        .unwrap();
    assert!(style.contains("prefers-reduced-motion:no-preference"));
    // Three frames of 0.8 s, the last one held for 2.5 s: 4.9 s.
    assert!(
        style.contains("animation:4.9s step-end infinite"),
        "{style}"
    );
    for (frame, start) in [0.0, 0.8, 1.6, 2.4].into_iter().enumerate() {
        let percent = start / 4.9 * 100.0 + 1e-3;
        let shown = visible(&document, |node| {
            node.attribute("class")
                .is_none_or(|class| visible_at(style, class, percent))
        });
        let still = svg(&figure, frame, Theme::Light).unwrap();
        assert_eq!(shown, visible(&parsed(&still), |_| true), "frame {frame}");
    }
    // Without animation the last frame stands.
    let still = svg(&figure, 3, Theme::Light).unwrap();
    let shown = visible(&document, |node| {
        node.attribute("visibility") != Some("hidden")
    });
    assert_eq!(shown, visible(&parsed(&still), |_| true));
}

/// The labels and texts in drawing order, of all groups of which `seen` holds.
fn visible(document: &Document<'_>, seen: impl Fn(Node<'_, '_>) -> bool) -> Vec<String> {
    document
        .descendants()
        .filter(|node| node.ancestors().all(&seen))
        .filter_map(|node| {
            let class = node.attribute("class").unwrap_or_default();
            let words = node
                .attribute("data-label")
                .or(node.attribute("data-text"))?;
            Some(format!("{class} {words}"))
        })
        .collect()
}

/// Reads the keyframes: the last word at or before `percent`.
fn visible_at(style: &str, class: &str, percent: f64) -> bool {
    if !class.starts_with('v') {
        return true;
    }
    let name = format!("-{class}{{");
    let at = style
        .find(&name)
        .unwrap_or_else(|| panic!("no keyframes for {class}"));
    let rule = &style[at + name.len()..];
    let rule = &rule[..rule.find("}}").unwrap()];
    let mut visible = None;
    for step in rule.split('}') {
        let (start, word) = step.split_once("%{visibility:").unwrap();
        if start.parse::<f64>().unwrap() <= percent {
            visible = Some(word == "visible");
        }
    }
    visible.unwrap()
}

#[test]
fn the_page_holds_every_frame_and_caption() {
    for (figure, language) in [(common::stamps(false), "en"), (common::stamps(true), "zh")] {
        let page = html(&figure, Theme::Auto).unwrap();
        assert!(page.contains(&format!("<html lang=\"{language}\">")));
        assert_eq!(page.matches("<figure ").count(), 4);
        assert_eq!(page.matches("<script>").count(), 1);
        for frame in &figure.frames {
            assert!(page.contains(&frame.caption));
        }
        assert_eq!(
            page.matches("http").count(),
            4,
            "only the name of SVG in each frame"
        );
        // Its body is XML too, but for the tags that HTML leaves open.
        let body = &page[page.find("<main>").unwrap()..page.find("<div id=\"controls\"").unwrap()];
        let body = format!("{body}</main>");
        references_hold(&parsed(&body));
    }
    let still = html(&common::paints(false), Theme::Light).unwrap();
    assert!(!still.contains("<script>"), "a still needs no script");
}
