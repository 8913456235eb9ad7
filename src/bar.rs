//! A progress bar on standard error for whatever takes longer than a second.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::ui::Ui;

/// A bar that appears once the work has lasted a second and goes when this is dropped. A thread of its own draws it, so that
/// it moves while the work is busy.
pub(crate) struct Bar {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Bar {
    /// Shows `done of total`, read from `position` ten times a second, or a spinner while the total is 0; nothing where
    /// nobody watches standard error.
    pub(crate) fn start(
        ui: &Ui,
        label: impl Into<String>,
        position: impl Fn() -> (u64, u64) + Send + 'static,
    ) -> Self {
        let (end, ended) = mpsc::channel();
        let label = label.into();
        let thread = ui.shows_progress().then(|| {
            thread::spawn(move || {
                let lasts = |time| ended.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
                if !lasts(Duration::from_secs(1)) {
                    return;
                }
                let bar = ProgressBar::new_spinner().with_message(label);
                let template = "{msg} {wide_bar} {percent:>3} % {elapsed} (left {eta})";
                let mut style = ProgressStyle::with_template(template).ok();
                loop {
                    let (done, total) = position();
                    if total > 0 {
                        // What there is to do is known by now.
                        if let Some(style) = style.take() {
                            bar.set_style(style);
                        }
                        bar.set_length(total);
                        bar.set_position(done);
                    }
                    bar.tick();
                    if !lasts(Duration::from_millis(100)) {
                        break;
                    }
                }
                bar.finish_and_clear();
            })
        });
        Self {
            end: Some(end),
            thread,
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        // The thread hears that its sender is gone.
        self.end.take();
        if let Some(thread) = self.thread.take() {
            // It only draws: what it could say has been said.
            let _ = thread.join();
        }
    }
}
