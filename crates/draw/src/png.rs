//! One frame as PNG.

use crate::error::DrawError;
use crate::raster::{Canvas, Pixels};
use crate::scene::Figure;
use crate::sheet::Sheet;
use crate::theme::Theme;

/// Frame `frame` of a figure, counted from 0, at `scale` pixels per unit, with the title and description inside.
pub fn png(figure: &Figure, frame: usize, theme: Theme, scale: f64) -> Result<Vec<u8>, DrawError> {
    picture(&Sheet::new(figure, true)?, frame, theme, scale)
}

pub(crate) fn picture(
    sheet: &Sheet<'_>,
    frame: usize,
    theme: Theme,
    scale: f64,
) -> Result<Vec<u8>, DrawError> {
    let pixels = Canvas::new(sheet, theme, scale, 1)?.draw(sheet, frame)?;
    encode(&pixels, &sheet.figure.title, &sheet.figure.description).map_err(|error| {
        DrawError::Encode {
            format: "PNG",
            message: error.to_string(),
        }
    })
}

fn encode(pixels: &Pixels, title: &str, description: &str) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, pixels.width, pixels.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    for (name, text) in [("Title", title), ("Description", description)] {
        if !text.is_empty() {
            encoder.add_itxt_chunk(name.to_owned(), text.to_owned())?;
        }
    }
    let mut writer = encoder.write_header()?;
    let (colors, _) = pixels.rgba.as_chunks::<4>();
    let rgb: Vec<u8> = colors
        .iter()
        .flat_map(|[r, g, b, _]| [*r, *g, *b])
        .collect();
    writer.write_image_data(&rgb)?;
    writer.finish()?;
    Ok(file)
}
