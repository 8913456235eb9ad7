//! Telling how far the work is, and hearing Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use convt_upscale::{Error, Progress};
use serde_json::json;

use super::args::ProgressStyle;
use crate::bar::Bar;
use crate::ui::Ui;

/// Whether Ctrl-C was pressed. The second press ends the program at once.
pub(super) struct Watch(Arc<AtomicBool>);

impl Watch {
    pub(super) fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = stop.clone();
        // Without a handler Ctrl-C ends the program as ever.
        let _ = ctrlc::set_handler(move || {
            if seen.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        });
        Self(stop)
    }

    pub(super) fn stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Ends the program as the shell expects after Ctrl-C. Files under construction are gone by now.
    pub(super) fn end() -> ! {
        eprintln!("interrupted");
        std::process::exit(130);
    }
}

/// What is told about one picture.
pub(super) enum Events {
    /// JSON lines of this file.
    Lines(String),
    /// A bar and the counts that it shows.
    Bar(Bar, Arc<Counts>),
    Silent,
}

impl Events {
    pub(super) fn start(input: &str, style: ProgressStyle, ui: &Ui) -> Self {
        match style {
            ProgressStyle::Json => {
                eprintln!("{}", json!({ "event": "start", "file": input }));
                Self::Lines(input.to_owned())
            }
            ProgressStyle::Auto => {
                let counts = Arc::new(Counts::default());
                let shown = counts.clone();
                let bar = Bar::start(ui, input, move || shown.get());
                Self::Bar(bar, counts)
            }
            ProgressStyle::None => Self::Silent,
        }
    }

    pub(super) fn at(&self, at: Progress) {
        match self {
            Self::Lines(file) => {
                eprintln!(
                    "{}",
                    json!({ "event": "progress", "file": file, "done": at.done, "total": at.total })
                );
            }
            Self::Bar(_, counts) => {
                counts.done.store(at.done as u64, Ordering::Relaxed);
                counts.total.store(at.total as u64, Ordering::Relaxed);
            }
            Self::Silent => {}
        }
    }

    pub(super) fn finish(self, error: Option<&Error>) {
        match self {
            Self::Lines(file) => match error {
                None => eprintln!("{}", json!({ "event": "done", "file": file })),
                Some(error) => {
                    eprintln!(
                        "{}",
                        json!({ "event": "failed", "file": file, "error": error.to_string() })
                    );
                }
            },
            Self::Bar(bar, _) => drop(bar),
            Self::Silent => {}
        }
    }
}

/// Rows done, and all there are.
#[derive(Default)]
pub(super) struct Counts {
    done: AtomicU64,
    total: AtomicU64,
}

impl Counts {
    fn get(&self) -> (u64, u64) {
        (
            self.done.load(Ordering::Relaxed),
            self.total.load(Ordering::Relaxed),
        )
    }
}
