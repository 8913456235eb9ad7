//! Writes every kind of cell and a small moving figure in every format, theme and language, for looking at.
//!
//! `cargo run -p convt-draw --example gallery FOLDER`

#[path = "../tests/common/mod.rs"]
mod common;

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use convt_draw::{Format, Options, Theme, write};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::args().nth(1).ok_or("name a folder to write to")?);
    fs::create_dir_all(&folder)?;
    for (language, chinese) in [("en", false), ("zh", true)] {
        for (name, figure) in [
            ("paints", common::paints(chinese)),
            ("stamps", common::stamps(chinese)),
        ] {
            for (theme_name, theme) in [
                ("light", Theme::Light),
                ("dark", Theme::Dark),
                ("print", Theme::Print),
                ("auto", Theme::Auto),
            ] {
                for format in Format::ALL {
                    let options = Options {
                        theme,
                        ..Options::default()
                    };
                    let bytes = write(&figure, format, &options)?;
                    let file = format!("{name}-{language}-{theme_name}.{}", format.extension());
                    println!("{:>8} {file}", bytes.len());
                    fs::write(folder.join(file), bytes)?;
                }
            }
        }
    }
    Ok(())
}
