//! The options of `convt upscale`.

use std::path::PathBuf;

use clap::ValueEnum;

/// How progress is told on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressStyle {
    /// A bar, when somebody is watching and the work lasts.
    #[default]
    Auto,
    /// One JSON object a line
    Json,
    /// Nothing
    None,
}

/// Enlarge pictures: PNG, JPEG, WebP and TIFF.
///
/// Without arguments the photograph built into the program is enlarged, to try it out.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  convt upscale                                   the built-in photograph, into ./convt-example_x2.png
  convt upscale photo.jpg                         into photo_x2.jpg beside it
  convt upscale photo.jpg -o large.png -s 4       four times as wide and high
  convt upscale -r album -o large --skip-existing a tree of folders; run again, it goes on
  convt upscale - -o - < in.png > out.png         in a pipe
  convt upscale lr.png -o sr.png --compare hr.png PSNR and SSIM against the original")]
#[allow(clippy::struct_excessive_bools)] // each is a switch of its own
pub(crate) struct Args {
    /// Pictures, folders with -r, or - for standard input
    #[arg(value_name = "IN")]
    pub(super) inputs: Vec<PathBuf>,

    /// A file, a folder, or - for standard output [default: beside each input]
    #[arg(short, long, value_name = "OUT")]
    pub(super) output: Option<PathBuf>,

    /// How many times as wide and high: a whole number
    #[arg(short, long, default_value = "2", value_name = "N", value_parser = scale)]
    pub(super) scale: usize,

    /// A network that learned enlarging: fsrcnn, the small fsrcnn-s, or FILE.safetensors of your own; or a kernel:
    /// nearest, bilinear, bicubic, lanczos, KERNEL.npy or FILE.safetensors:TENSOR, of one axis (used along rows and columns)
    /// or two [default: fsrcnn at the scales that it is built in for, without --linear; else lanczos]
    #[arg(short, long, value_name = "METHOD")]
    pub(super) method: Option<String>,

    /// Format of the results: png, jpg, webp, tif [default: by OUT's extension, else the input's]
    #[arg(short, long, value_name = "FORMAT")]
    pub(super) format: Option<String>,

    /// Enter folders; their tree is kept. What is a picture is told by its content
    #[arg(short, long)]
    pub(super) recursive: bool,

    /// Replace results that exist
    #[arg(long, conflicts_with = "skip_existing")]
    pub(super) overwrite: bool,

    /// Leave results that exist, and go on
    #[arg(long)]
    pub(super) skip_existing: bool,

    /// Names of results in a folder, from {stem}, {scale}, {ext}, {method} and {format} (the input's)
    #[arg(long, default_value = "{stem}_x{scale}{ext}", value_name = "TEMPLATE")]
    pub(super) name: String,

    /// Most memory that pictures and buffers may take, as in 40M [default: a quarter of the machine's]
    #[arg(long, value_name = "SIZE")]
    pub(super) max_memory: Option<String>,

    /// Threads; 0 is all. The result does not depend on it
    #[arg(short = 'j', long, default_value_t = 0, value_name = "N")]
    pub(super) threads: usize,

    /// Bits per sample of the results [default: the input's]
    #[arg(long, value_parser = ["8", "16"], value_name = "BITS")]
    pub(super) depth: Option<String>,

    /// Lay pictures with alpha on this colour, as #ffffff; needed for JPEG.
    #[arg(long, value_name = "COLOUR")]
    pub(super) background: Option<String>,

    /// Leave out the ICC profile and EXIF.
    #[arg(long)]
    pub(super) strip: bool,

    /// Leave the pixels as stored and the orientation tag as it is
    #[arg(long)]
    pub(super) keep_orientation_tag: bool,

    /// Mix light instead of sRGB's code for it; for kernels only
    #[arg(long)]
    pub(super) linear: bool,

    /// Quality of JPEG results, 1 to 100. WebP is written without loss
    #[arg(long, default_value_t = 92, value_name = "Q")]
    pub(super) quality: u8,

    /// Print the result's PSNR and SSIM against this picture of the same size
    #[arg(long, value_name = "REF")]
    pub(super) compare: Option<PathBuf>,

    /// How progress is told on standard error
    #[arg(long, value_enum, default_value_t = ProgressStyle::Auto, value_name = "HOW")]
    pub(super) progress: ProgressStyle,
}

fn scale(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| {
        format!(
            "it must be a whole number from 1 to {}",
            convt_upscale::MAX_SCALE
        )
    })
}
