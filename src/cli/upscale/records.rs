//! What became of each picture, for people and for machines.

use convt_upscale::batch::{Done, Target};
use convt_upscale::{Comparison, Error, Options};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::ui::Ui;

/// The records of a run.
pub(super) struct Records {
    scale: usize,
    method: String,
    ignored: usize,
    single: bool,
    files: Vec<Value>,
    written: usize,
    skipped: usize,
    failed: usize,
    /// The only picture's refusal, which is the program's.
    refusal: Option<Failure>,
}

fn path(target: Option<&Target>) -> Option<String> {
    target.map(|target| match target {
        Target::Stdout => "-".to_owned(),
        Target::File(path) => path.display().to_string(),
    })
}

/// A number for machines: infinity, of equal pictures, is the word.
fn decibels(value: f64) -> Value {
    if value.is_finite() {
        json!(value)
    } else {
        json!("inf")
    }
}

fn compared(comparison: &Comparison) -> Value {
    json!({
        "luma_psnr_db": decibels(comparison.luma_psnr),
        "luma_ssim": comparison.ssim,
        "rgb_psnr_db": decibels(comparison.rgb_psnr),
        "border": comparison.border,
    })
}

impl Records {
    pub(super) fn new(options: &Options, ignored: usize, jobs: usize) -> Self {
        Self {
            scale: options.scale,
            method: options.method.name().to_owned(),
            ignored,
            single: jobs == 1,
            files: Vec::new(),
            written: 0,
            skipped: 0,
            failed: 0,
            refusal: None,
        }
    }

    pub(super) fn skipped(&mut self, input: &str, target: Option<&Target>, ui: &Ui) {
        self.skipped += 1;
        let output = path(target);
        ui.note(format_args!(
            "{input}: skipped, {} exists",
            output.as_deref().unwrap_or_default()
        ));
        self.files
            .push(json!({ "input": input, "output": output, "status": "skipped" }));
    }

    pub(super) fn failed(&mut self, input: &str, target: Option<&Target>, error: &Error, ui: &Ui) {
        self.failed += 1;
        let message = match error {
            Error::Io { .. } => error.to_string(),
            _ => format!("{input}: {error}"),
        };
        self.files.push(json!({
            "input": input,
            "output": path(target),
            "status": "failed",
            "error": error.to_string(),
        }));
        if self.single {
            self.refusal = Some(if error.is_refusal() {
                Failure::Usage(message)
            } else {
                Failure::Failed(message)
            });
        } else {
            ui.error(&message, 1);
        }
    }

    pub(super) fn written(
        &mut self,
        input: &str,
        target: Option<&Target>,
        done: &Done,
        ui: &Ui,
    ) -> Result<(), Failure> {
        self.written += 1;
        let output = path(target).unwrap_or_default();
        let report = &done.report;
        for note in &report.notes {
            ui.note(format_args!("{input}: {note}"));
        }
        let (from, to) = (&report.input, &report.output);
        if !ui.json {
            ui.note(format_args!(
                "{input} {} x {} -> {output} {} x {} ({}, {:.2} s)",
                from.width,
                from.height,
                to.width,
                to.height,
                self.method,
                done.time.as_secs_f64()
            ));
        }
        if let Some(comparison) = &done.comparison {
            let ssim = comparison
                .ssim
                .map_or("too small".to_owned(), |ssim| format!("{ssim:.4}"));
            let text = format!(
                "PSNR {:.2} dB, SSIM {ssim} (luma, border of {} removed); PSNR of RGB {:.2} dB",
                comparison.luma_psnr, comparison.border, comparison.rgb_psnr
            );
            if target == Some(&Target::Stdout) {
                ui.note(text);
            } else if !ui.json {
                ui.print(text)?;
            }
        }
        self.files.push(json!({
            "input": input,
            "output": output,
            "status": "written",
            "input_format": report.input_format.to_string(),
            "output_format": report.output_format.to_string(),
            "input_size": [from.width, from.height],
            "output_size": [to.width, to.height],
            "channels": to.channels.name(),
            "depth": to.depth.bits(),
            "band_rows": report.band_rows,
            "memory_bytes": report.memory,
            "seconds": done.time.as_secs_f64(),
            "notes": report.notes,
            "compare": done.comparison.as_ref().map(compared),
        }));
        Ok(())
    }

    /// Tells the sum, and fails when a picture failed.
    pub(super) fn finish(self, ui: &Ui) -> Result<(), Failure> {
        if ui.json {
            ui.print_json(&json!({
                "command": "upscale",
                "scale": self.scale,
                "method": self.method,
                "written": self.written,
                "skipped": self.skipped,
                "failed": self.failed,
                "ignored": self.ignored,
                "files": self.files,
            }))?;
        }
        let ignored = match self.ignored {
            0 => String::new(),
            count => format!(", {count} other files ignored"),
        };
        let sum = format!(
            "{} written, {} skipped, {} failed{ignored}",
            self.written, self.skipped, self.failed
        );
        match self.refusal {
            Some(refusal) => Err(refusal),
            None if self.failed > 0 => Err(Failure::Failed(sum)),
            None => {
                if !self.single && !ui.json {
                    ui.note(sum);
                }
                Ok(())
            }
        }
    }
}
