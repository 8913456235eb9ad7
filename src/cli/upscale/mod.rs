//! `convt upscale`: larger pictures.

mod args;
mod example;
mod progress;
mod records;

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::Path;

use convt_files::{Location, TensorSet};
use convt_upscale::batch::{self, IfExists, Job, Jobs, Request, Source, Target};
use convt_upscale::{Depth, Error, Format, Method, Network, Options, Weights, memory};

pub(crate) use args::Args;

use crate::failure::Failure;
use crate::ui::Ui;
use progress::{Events, Watch};
use records::Records;

/// Runs the command.
pub(crate) fn run(args: &Args, ui: &Ui) -> Result<(), Failure> {
    convt::Isa::forced().map_err(convt::Error::from)?;
    let options = options(args)?;
    options.check().map_err(|e| refused(&e))?;
    if args.inputs.is_empty() && args.output.is_none() && !args.recursive {
        return example::run(&options, ui);
    }
    let request = request(args, &options)?;
    let mut jobs = batch::plan(&request).map_err(|e| refused(&e))?;
    check_streams(args, &jobs, ui)?;
    if args.compare.is_some() && jobs.jobs.len() != 1 {
        return Err(Failure::usage(format!(
            "--compare compares one result with one picture, and there are {} inputs: enlarge them one by one",
            jobs.jobs.len()
        )));
    }
    let todo = std::mem::take(&mut jobs.jobs);
    let mut records = Records::new(&options, jobs.ignored, todo.len());
    let watch = Watch::start();
    for job in todo {
        one(
            job,
            args,
            request.if_exists,
            &options,
            ui,
            &watch,
            &mut records,
        )?;
    }
    records.finish(ui)
}

/// A refusal of the library in the program's terms.
fn refused(error: &Error) -> Failure {
    if error.is_refusal() {
        Failure::Usage(error.to_string())
    } else {
        Failure::Failed(error.to_string())
    }
}

fn one(
    job: Job,
    args: &Args,
    if_exists: IfExists,
    options: &Options,
    ui: &Ui,
    watch: &Watch,
    records: &mut Records,
) -> Result<(), Failure> {
    let input = match &job.source {
        Source::Stdin => "-".to_owned(),
        Source::File(path) => path.display().to_string(),
    };
    let target = job.target.clone();
    if job.skip {
        records.skipped(&input, target.as_ref(), ui);
        return Ok(());
    }
    let events = Events::start(&input, args.progress, ui);
    let mut progress = |at| {
        events.at(at);
        if watch.stopped() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let done = batch::run(
        job,
        if_exists,
        options,
        args.compare.as_deref(),
        &mut progress,
    );
    events.finish(done.as_ref().err());
    match done {
        Ok(done) => records.written(&input, target.as_ref(), &done, ui),
        Err(Error::Interrupted) => Watch::end(),
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::BrokenPipe => {
            Err(Failure::Closed)
        }
        Err(error) => {
            records.failed(&input, target.as_ref(), &error, ui);
            Ok(())
        }
    }
}

/// The standard output is for one thing only, and a terminal is no place for a picture.
fn check_streams(args: &Args, jobs: &Jobs, ui: &Ui) -> Result<(), Failure> {
    let piped = jobs
        .jobs
        .iter()
        .any(|job| job.target == Some(Target::Stdout));
    if piped && ui.json {
        return Err(Failure::usage(
            "--json and the picture cannot both go to the standard output: name a file with -o",
        ));
    }
    if piped && std::io::stdout().is_terminal() {
        return Err(Failure::usage(
            "the standard output is a terminal and the result a picture: name a file with -o",
        ));
    }
    if jobs.jobs.is_empty() && !args.inputs.is_empty() {
        ui.note("no pictures found");
    }
    Ok(())
}

fn options(args: &Args) -> Result<Options, Failure> {
    let max_memory = match &args.max_memory {
        Some(text) => memory::parse(text).map_err(|e| refused(&e))?,
        None => memory::quarter_of_machine(),
    };
    let background = args
        .background
        .as_deref()
        .map(Options::colour)
        .transpose()
        .map_err(|e| refused(&e))?;
    Ok(Options {
        scale: args.scale,
        method: match &args.method {
            Some(text) => method(text)?,
            None => Method::usual(args.scale, args.linear),
        },
        depth: args.depth.as_deref().map(|bits| {
            if bits == "8" {
                Depth::Eight
            } else {
                Depth::Sixteen
            }
        }),
        background,
        strip: args.strip,
        keep_orientation: args.keep_orientation_tag,
        linear: args.linear,
        quality: args.quality,
        max_memory,
        threads: args.threads,
        band_rows: None,
    })
}

/// A named method, the network in a file, or the taps in one.
fn method(text: &str) -> Result<Method, Failure> {
    let unknown = match Method::named(text) {
        Ok(method) => return Ok(method),
        Err(error) => error,
    };
    if !text.contains(['.', ':', '/', std::path::MAIN_SEPARATOR]) && !Path::new(text).exists() {
        return Err(refused(&unknown));
    }
    if let Some(network) = network(text)? {
        return Ok(Method::Network(network));
    }
    let tensor = convt_files::read(&Location::parse(text.as_ref()))?;
    Ok(Method::Given {
        name: text.to_owned(),
        shape: tensor.shape,
        values: tensor.elements.into_f64(),
    })
}

/// The largest file that is looked at for a network.
const LARGEST_NETWORK: u64 = 64 << 20;

/// The network in a file, unless the file holds a kernel: one tensor, and no word of a network.
fn network(text: &str) -> Result<Option<Network>, Failure> {
    let small = |about: std::fs::Metadata| about.is_file() && about.len() <= LARGEST_NETWORK;
    if !text.ends_with(".safetensors") || !std::fs::metadata(text).is_ok_and(small) {
        return Ok(None);
    }
    let bytes = std::fs::read(text)
        .map_err(|error| Failure::Failed(format!("cannot read {text}: {error}")))?;
    let set = TensorSet::from_safetensors(&bytes, text)?;
    if set.tensors.len() == 1 && !set.metadata.contains_key("convt.network") {
        return Ok(None);
    }
    let weights = Weights::parse(&bytes, text).map_err(|e| refused(&e))?;
    Ok(Some(Network::given(weights, text)))
}

fn request(args: &Args, options: &Options) -> Result<Request, Failure> {
    let format = args
        .format
        .as_deref()
        .map(Format::of_name)
        .transpose()
        .map_err(|e| refused(&e))?;
    let if_exists = match (args.overwrite, args.skip_existing) {
        (true, _) => IfExists::Overwrite,
        (_, true) => IfExists::Skip,
        _ => IfExists::Refuse,
    };
    Ok(Request {
        inputs: args.inputs.clone(),
        output: args.output.clone(),
        recursive: args.recursive,
        name: args.name.clone(),
        format,
        if_exists,
        scale: options.scale,
        method: options.method.name().to_owned(),
    })
}
