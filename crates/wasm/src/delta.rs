//! Drawings that say only what has changed: most of a picture stays as it is from step to step.

use std::cell::RefCell;

use convt_draw::{Figure, Format, Frame, Item, Options, Theme, write};
use serde_json::{Value, json};

use crate::error::Error;

/// The drawing that was answered last.
struct Last {
    serial: usize,
    theme: Theme,
    size: (f64, f64),
    items: Vec<Item>,
}

thread_local! {
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

/// Adds `{serial, items, svg}` to the answer, where `items` counts the elements of the drawing, one for each item.
///
/// If the page still shows the last drawing, whose serial number is `shown`, and this one has as many elements, then
/// `changed` lists which of them differ, and the SVG holds only those.
pub(crate) fn draw(
    figure: &Figure,
    theme: Theme,
    shown: Option<usize>,
    answer: &mut Value,
) -> Result<(), Error> {
    let items = figure.frames.first().map_or(&[][..], |frame| &frame.items);
    LAST.with_borrow_mut(|last| {
        let serial = last.as_ref().map_or(1, |last| last.serial.wrapping_add(1));
        let same_sheet = last.as_ref().filter(|last| {
            Some(last.serial) == shown
                && last.theme == theme
                && last.size == (figure.width, figure.height)
                && last.items.len() == items.len()
        });
        answer["serial"] = json!(serial);
        answer["items"] = json!(items.len());
        answer["svg"] = json!(match same_sheet {
            None => svg(figure, theme)?,
            Some(last) => {
                let pairs = items.iter().zip(&last.items).enumerate();
                let changed: Vec<usize> = pairs
                    .filter(|(_, (now, before))| now != before)
                    .map(|(index, _)| index)
                    .collect();
                let part = only(figure, changed.iter().map(|&index| items[index].clone()));
                answer["changed"] = json!(changed);
                svg(&part, theme)?
            }
        });
        *last = Some(Last {
            serial,
            theme,
            size: (figure.width, figure.height),
            items: items.to_vec(),
        });
        Ok(())
    })
}

/// A figure of the same size with these items alone.
fn only(figure: &Figure, items: impl Iterator<Item = Item>) -> Figure {
    Figure {
        width: figure.width,
        height: figure.height,
        title: String::new(),
        description: String::new(),
        frames: vec![Frame {
            items: items.collect(),
            caption: String::new(),
            seconds: 1.0,
        }],
    }
}

fn svg(figure: &Figure, theme: Theme) -> Result<String, Error> {
    let options = Options {
        theme,
        frame: Some(0),
        captions: false,
        ..Options::default()
    };
    let bytes = write(figure, Format::Svg, &options).map_err(Error::Draw)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
