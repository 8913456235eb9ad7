//! `convt kernels`: the kernels of a transposed convolution as heat maps, and their phases.

mod flat;
mod named;

use std::ffi::OsString;
use std::path::Path;

use convt_draw::{Options, write};
use convt_explain::{Flat, Kernels, Split, kernel_sheet};
use convt_files::{Location, read};
use serde_json::json;

use super::explain::{Kind, Lang, Theme, aligned, deliver, existing, kind_of, pixels};
use crate::failure::Failure;
use crate::params;
use crate::ui::Ui;

/// The kernels of a transposed convolution as heat maps: how it enlarges
///
/// Shows the kernels of a weight (C_in, C_out, kh, kw) in a file, or of a fixed rule; of many kernels those of the largest
/// norms. With --phases each is split by the remainders of its taps modulo the stride: the taps of a phase are all that one of
/// the s*s outputs of an input pixel ever meets, and their sum is what a flat picture gives there. The ending of -o chooses the
/// format: svg, png, gif, tex, html, json, txt.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  convt kernels --kernel bilinear -s 3 -k 9
  convt kernels --kernel bicubic -s 2 --phases -o bicubic.svg
  convt kernels model.safetensors:upsample.weight -o kernels.svg
  convt kernels model.safetensors:upsample.weight --channel 0,5 --phases -s 3 -o phases.png
  convt kernels model.safetensors:upsample.weight --strongest 1 --phases -s 3 --flat 0.5
  convt kernels w.npy --json")]
pub(crate) struct Args {
    /// The weight, in PyTorch's layout: .npy, .npz or .safetensors; a file of one kernel may leave its channels out
    #[arg(value_name = "FILE[:TENSOR]", required_unless_present = "kernel")]
    weight: Option<OsString>,
    /// A fixed rule instead: nearest, bilinear, bicubic or lanczos; needs --stride
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with = "weight",
        requires = "stride"
    )]
    kernel: Option<String>,
    /// Taps per axis of the fixed rule, zeros around it [default: as many as it has]
    #[arg(
        short,
        long,
        value_name = "K",
        requires = "kernel",
        allow_hyphen_values = true
    )]
    kernel_size: Option<String>,
    /// Stride: how many times the layer enlarges; one number, or one per axis
    #[arg(short, long, value_name = "S", allow_hyphen_values = true)]
    stride: Option<String>,
    /// Padding, which says which output a tap serves [default: (k - s)/2 rounded up, which centres the kernel]
    #[arg(
        short,
        long,
        value_name = "P",
        allow_hyphen_values = true,
        conflicts_with = "kernel"
    )]
    padding: Option<String>,
    /// The kernels of these input channels, counted from 0, in this order
    #[arg(short, long, value_name = "N,N,...", allow_hyphen_values = true)]
    channel: Option<String>,
    /// So many kernels of the largest norms
    #[arg(
        long,
        value_name = "N",
        default_value = "8",
        conflicts_with = "channel",
        allow_hyphen_values = true
    )]
    strongest: String,
    /// Split each kernel into its s*s phases, each with its sum
    #[arg(long, requires = "stride")]
    phases: bool,
    /// Also what the network that the weight belongs to gives a flat picture of this level, 0 to 1, in each phase; the file must
    /// be an FSRCNN whose last layer is upsample
    #[arg(
        long,
        value_name = "LEVEL",
        requires = "phases",
        conflicts_with = "kernel",
        allow_hyphen_values = true
    )]
    flat: Option<String>,
    #[command(flatten)]
    picture: PictureArgs,
}

/// Options of the picture.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Picture")]
struct PictureArgs {
    /// Write a picture, or - for SVG on standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<OsString>,
    /// Language of the words
    #[arg(long, value_enum, value_name = "LANG", default_value = "en")]
    lang: Lang,
    /// Colours
    #[arg(long, value_enum, value_name = "THEME", default_value = "light")]
    theme: Theme,
    /// Pixels per unit of PNG and GIF
    #[arg(
        long,
        default_value = "1",
        value_name = "N",
        allow_hyphen_values = true
    )]
    pixels: String,
    /// Replace a file that exists
    #[arg(long)]
    overwrite: bool,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<(), Failure> {
    let kind = args
        .picture
        .output
        .as_ref()
        .map(|name| kind_of(name))
        .transpose()?;
    let options = Options {
        theme: args.picture.theme.into(),
        scale: pixels(&args.picture.pixels)?,
        ..Options::default()
    };
    let existing = existing(args.picture.output.as_deref(), args.picture.overwrite)?;
    let kernels = args.kernels()?;
    let (figure, tables) = kernel_sheet(&kernels, args.picture.lang.into())?;
    let told = || {
        let mut text = format!("{}\n{}\n", figure.title, figure.frames[0].caption);
        for table in &tables {
            text += &aligned(table);
        }
        text
    };
    let bytes = match kind {
        None if ui.json => return ui.print_json(&object(&kernels)),
        None => return ui.print(told().trim_end()),
        Some(Kind::Text) => told().into_bytes(),
        Some(Kind::Picture(format)) => {
            write(&figure, format, &options).map_err(|error| Failure::usage(error.to_string()))?
        }
    };
    deliver(args.picture.output.as_deref(), existing, &bytes)
}

impl Args {
    /// The kernels that the options name, with their phases.
    fn kernels(&self) -> Result<Kernels, Failure> {
        let stride = self
            .stride
            .as_deref()
            .map(|text| pair("stride", text))
            .transpose()?;
        if stride.is_some_and(|stride| stride.contains(&0)) {
            return Err(Failure::usage("stride = 0 must be >= 1"));
        }
        let (all, begin) = if let (Some(name), Some(stride)) = (&self.kernel, stride) {
            let size = self
                .kernel_size
                .as_deref()
                .map(|text| pair("kernel-size", text))
                .transpose()?;
            let rule = named::kernel(name, stride, size)?;
            let all = Kernels::of_weight(name, &rule.size, &rule.weights)?;
            (all, rule.begin)
        } else {
            let file = self.weight.clone().unwrap_or_default();
            let tensor = read(&Location::parse(&file))?;
            let name = Path::new(&file)
                .file_name()
                .unwrap_or(&file)
                .to_string_lossy()
                .into_owned();
            let all = Kernels::of_weight(&name, &tensor.shape, &tensor.elements.into_f64())?;
            let begin = match &self.padding {
                Some(text) => pair("padding", text)?,
                None => [0, 1].map(|a| {
                    all.size[a]
                        .saturating_sub(stride.map_or(1, |stride| stride[a]))
                        .div_ceil(2)
                }),
            };
            (all, begin)
        };
        let mut kernels = match &self.channel {
            Some(text) => all.channels(&params::numbers("channel", text)?)?,
            None => match params::number("strongest", &self.strongest)? {
                0 => return Err(Failure::usage("strongest = 0 must be >= 1")),
                count => all.strongest(count),
            },
        };
        if let (true, Some(stride)) = (self.phases, stride) {
            // A kernel of one row has one row of phases.
            let stride = if kernels.size[0] == 1 {
                [1, stride[1]]
            } else {
                stride
            };
            if stride.iter().any(|&s| s > 64) {
                return Err(Failure::usage(format!(
                    "stride = {} makes too many phases to look at: at most 64 per axis",
                    stride[0].max(stride[1])
                )));
            }
            kernels.split = Some(Split { stride, begin });
            kernels.flat = self.flat(&kernels)?;
        }
        Ok(kernels)
    }

    fn flat(&self, kernels: &Kernels) -> Result<Option<Flat>, Failure> {
        let (Some(text), Some(file), Some(split)) = (&self.flat, &self.weight, kernels.split)
        else {
            return Ok(None);
        };
        match text.parse::<f64>() {
            Ok(level) if (0.0..=1.0).contains(&level) => {
                let values = flat::answers(file, level, split)?;
                Ok(Some(Flat { level, values }))
            }
            _ => Err(Failure::usage(format!(
                "flat = {text:?} must be a number from 0 to 1, such as 0.5"
            ))),
        }
    }
}

/// One number for both axes, or one for each.
fn pair(parameter: &str, text: &str) -> Result<[usize; 2], Failure> {
    let values = params::spread(parameter, &params::numbers(parameter, text)?, 2)?;
    Ok([values[0], values[1]])
}

/// The kernels for programs.
fn object(kernels: &Kernels) -> serde_json::Value {
    let shown: Vec<_> = kernels
        .shown
        .iter()
        .map(|one| {
            let mut object = json!({
                "input_channel": one.input,
                "output_channel": one.output,
                "norm": one.norm(),
                "weights": one.weights,
            });
            if kernels.split.is_some() {
                let phases: Vec<_> = kernels
                    .phases(one)
                    .into_iter()
                    .map(|one| json!({ "phase": one.phase, "size": one.size, "weights": one.weights, "sum": one.sum }))
                    .collect();
                let (low, high, equal) = kernels.spread(one);
                object["phases"] = phases.into();
                object["phase_sums"] = json!({ "smallest": low, "largest": high, "equal": equal });
            }
            object
        })
        .collect();
    let mut all = json!({
        "name": kernels.name,
        "size": kernels.size,
        "total": kernels.total,
        "kernels": shown,
    });
    if let Some(flat) = &kernels.flat {
        all["flat"] = json!({ "level": flat.level, "values": flat.values });
    }
    all
}
