//! A figure as JSON: the scene itself, for programs that draw or test it.

use serde::{Deserialize, Serialize};

use crate::check;
use crate::error::DrawError;
use crate::scene::Figure;

/// The figure with a mark of what it is and in which version of the form.
#[derive(Serialize, Deserialize)]
struct Document<F> {
    format: String,
    version: u32,
    figure: F,
}

const FORMAT: &str = "convt-figure";
const VERSION: u32 = 1;

/// `{"format":"convt-figure","version":1,"figure":{..}}`, the figure's fields named as in [`Figure`], on one line.
pub fn json(figure: &Figure) -> Result<String, DrawError> {
    check::figure(figure)?;
    let document = Document {
        format: FORMAT.to_owned(),
        version: VERSION,
        figure,
    };
    let mut text = serde_json::to_string(&document).map_err(failed)?;
    text.push('\n');
    Ok(text)
}

/// Reads what [`json`] has written, and checks it.
pub fn from_json(text: &str) -> Result<Figure, DrawError> {
    let document: Document<Figure> = serde_json::from_str(text).map_err(failed)?;
    if document.format != FORMAT || document.version != VERSION {
        return Err(DrawError::Encode {
            format: "JSON",
            message: format!(
                "it is {:?} version {}, but {FORMAT:?} version {VERSION} is read",
                document.format, document.version
            ),
        });
    }
    check::figure(&document.figure)?;
    Ok(document.figure)
}

#[allow(clippy::needless_pass_by_value)] // the shape that map_err wants
fn failed(error: serde_json::Error) -> DrawError {
    DrawError::Encode {
        format: "JSON",
        message: error.to_string(),
    }
}
