//! Pictures of a state: frames for the stage, files for everyone.

use std::cell::RefCell;

use convt_draw::{Cell, Figure, Format, Item, Map, Options, Theme, write};
use convt_explain::{Show, State};
use serde_json::{Value, json};

use crate::base64::base64;
use crate::delta;
use crate::error::Error;
use crate::query::Query;
use crate::repair::repairs_of_picture;
use crate::request::Request;
use crate::sentence::sentence;

/// Pixels per unit in PNG and GIF: a cell is 80 pixels wide.
const PIXELS_PER_UNIT: f64 = 2.0;

thread_local! {
    /// The last view that was computed, with the state it shows: playing asks for one frame after the other of it.
    static LAST: RefCell<Option<(String, Show)>> = const { RefCell::new(None) };
}

/// The keys of a state that its view depends on, in order.
const SHOWN: [&str; 18] = [
    "kind", "i", "k", "s", "p", "crop", "jax", "op", "os", "d", "g", "c", "x", "w", "b", "gy",
    "view", "lang",
];

/// The state that the page describes, as the explainer reads it.
pub(crate) fn state_of(query: &Query) -> Result<State, Error> {
    query.problem()?;
    let mut known = Query::default();
    for key in SHOWN {
        // A key without a value is one that the page has not set.
        if let Some(value) = query.get(key).filter(|value| !value.is_empty()) {
            known.set(key, value);
        }
    }
    State::parse_query(&known.to_string()).map_err(Error::Explain)
}

/// Does something with the computed view of a state.
pub(crate) fn with_show<T>(
    query: &Query,
    act: impl FnOnce(&Show) -> Result<T, Error>,
) -> Result<T, Error> {
    let key: Vec<&str> = SHOWN
        .iter()
        .map(|key| query.get(key).unwrap_or(""))
        .collect();
    let key = key.join("&");
    LAST.with_borrow_mut(|last| {
        let show = match last.take() {
            Some((known, show)) if known == key => show,
            _ => Show::new(&state_of(query)?).map_err(Error::Explain)?,
        };
        let answer = act(&show);
        *last = Some((key, show));
        answer
    })
}

/// One frame: `{width, height, caption, seconds, frames}` with its drawing (see [`delta::draw`]), and with `cells` and
/// `tables` where they are asked for; or `refused`, as in `describe`.
pub(crate) fn frame(request: &Request) -> Result<Value, Error> {
    let query = request.state();
    let step = request.number("step")?.unwrap_or(0);
    let answer = with_show(&query, |show| still(show, step, request));
    match answer {
        Err(error @ (Error::Explain(_) | Error::Geometry(_) | Error::Negative { .. })) => {
            let lang = request.lang();
            let fits = |query: &Query| with_show(query, |_| Ok(())).is_ok();
            let repairs = repairs_of_picture(&query, lang, fits);
            Ok(json!({ "refused": { "text": sentence(&error, lang), "repairs": repairs } }))
        }
        other => other,
    }
}

fn still(show: &Show, step: usize, request: &Request) -> Result<Value, Error> {
    let frames = show.frames();
    let step = step.min(frames.saturating_sub(1));
    let figure = show.still(step).map_err(Error::Explain)?;
    let frame = figure
        .frames
        .first()
        .ok_or_else(|| Error::request("the figure is empty"))?;
    let mut answer = json!({
        "width": figure.width,
        "height": figure.height,
        "caption": frame.caption,
        "seconds": frame.seconds,
        "frames": frames,
    });
    let theme = theme(request.text("theme"));
    delta::draw(&figure, theme, request.number("shown")?, &mut answer)?;
    if request.flag("cells") {
        answer["cells"] = rows(&figure);
        let tables = show.table(step).map_err(Error::Explain)?;
        let tables = tables
            .iter()
            .map(|table| json!({ "title": table.title, "rows": table.rows }));
        answer["tables"] = tables.collect();
    }
    Ok(answer)
}

/// The cells that have a place, `[map, index, x, y, width, height, label, corner]`.
fn rows(figure: &Figure) -> Value {
    let items = figure.frames.first().map_or(&[][..], |frame| &frame.items);
    items
        .iter()
        .filter_map(|item| match item {
            Item::Cell(cell) => row(cell),
            _ => None,
        })
        .collect()
}

fn row(cell: &Cell) -> Option<Value> {
    let place = cell.place.as_ref()?;
    let area = cell.area;
    Some(json!([
        map_name(place.map),
        place.index,
        area.x,
        area.y,
        area.width,
        area.height,
        cell.label,
        cell.corner,
    ]))
}

/// Maps with the names that the page knows.
const MAPS: [(Map, &str); 9] = [
    (Map::Input, "input"),
    (Map::Stretched, "stretched"),
    (Map::Kernel, "kernel"),
    (Map::Flipped, "flipped"),
    (Map::Output, "output"),
    (Map::Matrix, "matrix"),
    (Map::GradientOfOutput, "gradient-of-output"),
    (Map::GradientOfInput, "gradient-of-input"),
    (Map::GradientOfKernel, "gradient-of-kernel"),
];

pub(crate) fn map_name(map: Map) -> &'static str {
    let found = MAPS.iter().find(|(known, _)| *known == map);
    found.map_or("", |(_, name)| name)
}

pub(crate) fn map_of(name: &str) -> Result<Map, Error> {
    let found = MAPS.iter().find(|(_, known)| *known == name);
    found
        .map(|(map, _)| *map)
        .ok_or_else(|| Error::request(format!("`{name}` is not a map")))
}

fn theme(name: &str) -> Theme {
    match name {
        "dark" => Theme::Dark,
        "print" => Theme::Print,
        "auto" => Theme::Auto,
        _ => Theme::Light,
    }
}

/// A file: `{name, type, base64}`. `step` asks for one frame.
pub(crate) fn export(request: &Request) -> Result<Value, Error> {
    let query = request.state();
    let ending = request.text("format");
    let format = Format::from_extension(ending.rsplit('.').next().unwrap_or_default())
        .map_err(Error::Draw)?;
    let figure = with_show(&query, |show| {
        match request.number("step")? {
            Some(step) => show.still(step.min(show.frames().saturating_sub(1))),
            None => show.figure(),
        }
        .map_err(Error::Explain)
    })?;
    let options = Options {
        theme: theme(request.text("theme")),
        scale: PIXELS_PER_UNIT,
        ..Options::default()
    };
    let bytes = write(&figure, format, &options).map_err(Error::Draw)?;
    let view = query.get("view").filter(|view| !view.is_empty());
    Ok(json!({
        "name": format!("convt-{}.{}", view.unwrap_or("four-steps"), format.extension()),
        "type": media_type(format),
        "base64": base64(&bytes),
    }))
}

fn media_type(format: Format) -> &'static str {
    match format {
        Format::Svg => "image/svg+xml",
        Format::Png => "image/png",
        Format::Gif => "image/gif",
        Format::Tikz => "text/x-tex",
        Format::Html => "text/html",
        Format::Json => "application/json",
    }
}
