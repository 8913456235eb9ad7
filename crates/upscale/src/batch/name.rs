//! Names of results from a template.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::Request;
use crate::error::{Error, Result};
use crate::picture::Format;

fn refused(template: &str, why: &str) -> Error {
    Error::Usage(format!("the name template {template:?} {why}"))
}

/// Checks a template without a picture.
pub(super) fn check(request: &Request) -> Result<()> {
    name(request, Path::new("a.png"), Format::Png).map(drop)
}

/// The name of the result of `input`, whose own format is `found`.
pub(super) fn name(request: &Request, input: &Path, found: Format) -> Result<OsString> {
    let format = request.format.unwrap_or(found);
    let template = &request.name;
    let mut name = OsString::new();
    let mut rest = template.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        name.push(before);
        let (word, after) = after
            .split_once('}')
            .ok_or_else(|| refused(template, "has a { without a }"))?;
        match word {
            "stem" => name.push(input.file_stem().unwrap_or(OsStr::new("picture"))),
            "scale" => name.push(request.scale.to_string()),
            "method" => name.push(file_stem(&request.method)),
            "format" => name.push(found.extension().trim_start_matches('.')),
            "ext" => name.push(extension(input, found, format)),
            _ => {
                return Err(refused(
                    template,
                    &format!(
                        "has {{{word}}}: it may have {{stem}}, {{scale}}, {{ext}}, {{method}} and {{format}}"
                    ),
                ));
            }
        }
        rest = after;
    }
    name.push(rest);
    let mut parts = Path::new(&name).components();
    let single = matches!(
        (parts.next(), parts.next()),
        (Some(std::path::Component::Normal(_)), None)
    );
    if !single || template.contains(['/', '\\']) {
        return Err(refused(
            template,
            "does not give a file name without folders",
        ));
    }
    Ok(name)
}

/// A method is named by a word or by a file, of which only the stem can be part of a name.
fn file_stem(method: &str) -> &OsStr {
    Path::new(method)
        .file_stem()
        .unwrap_or(OsStr::new("kernel"))
}

/// The input's own extension where it tells the truth about the result, else the usual one.
fn extension(input: &Path, found: Format, format: Format) -> OsString {
    let own = input.extension().and_then(OsStr::to_str);
    match own {
        Some(own) if found == format && Format::of_name(own).is_ok_and(|told| told == format) => {
            OsString::from(format!(".{own}"))
        }
        _ => OsString::from(format.extension()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(template: &str, input: &str, found: Format, format: Option<Format>) -> Result<String> {
        let request = Request {
            name: template.to_owned(),
            scale: 3,
            method: "dir/own.npy".to_owned(),
            format,
            ..Request::default()
        };
        name(&request, Path::new(input), found).map(|name| name.into_string().unwrap())
    }

    #[test]
    fn the_template_is_filled_in() {
        let usual = "{stem}_x{scale}{ext}";
        assert_eq!(
            named(usual, "d/a.b.PNG", Format::Png, None).unwrap(),
            "a.b_x3.PNG"
        );
        assert_eq!(
            named(usual, "a.jpeg", Format::Jpeg, None).unwrap(),
            "a_x3.jpeg"
        );
        assert_eq!(
            named(usual, "lie.png", Format::Jpeg, None).unwrap(),
            "lie_x3.jpg"
        );
        assert_eq!(
            named(usual, "a.png", Format::Png, Some(Format::WebP)).unwrap(),
            "a_x3.webp"
        );
        assert_eq!(
            named("{method}-{format}{ext}", "a", Format::Tiff, None).unwrap(),
            "own-tiff.tif".replace("tiff.", "tif.")
        );
    }

    #[test]
    fn templates_that_name_no_file_are_refused() {
        for template in [
            "", "..", ".", "a/b", "{stem", "{size}", "{}", "/{stem}", "a\\b",
        ] {
            assert!(
                named(template, "a.png", Format::Png, None).is_err(),
                "{template}"
            );
        }
    }
}
