//! The driver's side of the conversation with one worker process.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long a library may take to start.
const START: Duration = Duration::from_secs(120);
/// How long the threads of a library may spin after a call until the next one's turn comes anyway.
const SPIN: Duration = Duration::from_millis(400);

/// A running worker. Dropping it ends the process.
pub(super) struct Worker {
    child: Child,
    requests: ChildStdin,
    answers: Receiver<String>,
    pub(super) version: String,
}

impl Worker {
    /// Starts the program; its error output goes to `log`.
    pub(super) fn start(mut command: Command, log: File) -> Result<Self, String> {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(|error| format!("{program} did not start: {error}"))?;
        let (Some(requests), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("{program} has no pipes"));
        };
        let (send, answers) = channel();
        // The thread ends with the process's output, or when nobody listens any more.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        let mut worker = Self {
            child,
            requests,
            answers,
            version: String::new(),
        };
        let ready = worker.answer(START)?;
        worker.version = ready["version"].as_str().unwrap_or_default().to_string();
        Ok(worker)
    }

    /// Asks, and waits for the answer. `Err(Failure::Refused)` leaves the worker usable, `Err(Failure::Lost)` does not.
    pub(super) fn ask(&mut self, request: &Value, patience: Duration) -> Result<Value, Failure> {
        let sent = writeln!(self.requests, "{request}").and_then(|()| self.requests.flush());
        if sent.is_err() {
            return Err(Failure::Lost(self.end()));
        }
        let answer = self.answer(patience).map_err(Failure::Lost)?;
        if answer["ok"] == true {
            return Ok(answer);
        }
        let error = answer["error"].as_str().unwrap_or("no reason given");
        Err(Failure::Refused(error.to_string()))
    }

    /// Times the loaded layer, in milliseconds per call.
    pub(super) fn time(
        &mut self,
        seconds: f64,
        warm: f64,
        patience: Duration,
    ) -> Result<Vec<f64>, Failure> {
        let request = json!({"do": "time", "seconds": seconds, "warm": warm});
        let answer = self.ask(&request, patience)?;
        let times = answer["ms"].as_array();
        let times: Vec<f64> = times
            .into_iter()
            .flatten()
            .filter_map(Value::as_f64)
            .collect();
        if times.is_empty() {
            return Err(Failure::Refused("no times".into()));
        }
        Ok(times)
    }

    fn answer(&mut self, patience: Duration) -> Result<Value, String> {
        match self.answers.recv_timeout(patience) {
            Ok(line) => serde_json::from_str(&line).map_err(|_| format!("said: {line}")),
            Err(RecvTimeoutError::Disconnected) => Err(self.end()),
            Err(RecvTimeoutError::Timeout) => {
                self.end();
                Err(format!("no answer within {} s", patience.as_secs()))
            }
        }
    }

    /// Kills the process, and tells how it ended.
    fn end(&mut self) -> String {
        let _ = self.child.kill();
        self.child.wait().map_or_else(
            |error| error.to_string(),
            |status| format!("ended: {status}"),
        )
    }

    /// Waits until the process's threads rest, so that they take no time from whoever is measured next.
    pub(super) fn rest(&self) {
        let started = Instant::now();
        let mut before = self.busy();
        while started.elapsed() < SPIN {
            std::thread::sleep(Duration::from_millis(4));
            let now = self.busy();
            if now.saturating_sub(before) < Duration::from_micros(400) {
                break;
            }
            before = now;
        }
    }

    /// Processor time of all threads; zero where the system does not tell.
    fn busy(&self) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id()));
        let nanoseconds = tasks.into_iter().flatten().filter_map(|task| {
            let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(nanoseconds.sum())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.end();
    }
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The library said no; the worker goes on.
    Refused(String),
    /// The process is gone.
    Lost(String),
}

impl Failure {
    pub(super) fn reason(&self) -> &str {
        match self {
            Self::Refused(reason) | Self::Lost(reason) => reason,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// A worker that is a line of shell.
    fn shell(script: &str) -> Result<Worker, String> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Worker::start(command, tempfile::tempfile().unwrap())
    }

    const READY: &str = r#"echo '{"ready": true, "version": "7"}'"#;
    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn answers_and_refusals_are_told_apart() {
        let script = format!(
            r#"{READY}; read a; echo '{{"ok": true, "ms": [2, 1.5]}}'; read b; echo '{{"ok": false, "error": "no"}}'; read c"#
        );
        let mut worker = shell(&script).unwrap();
        assert_eq!(worker.version, "7");
        assert_eq!(worker.time(0.0, 0.0, LONG).unwrap(), [2.0, 1.5]);
        let refused = worker.ask(&json!({"do": "drop"}), LONG);
        assert_eq!(refused, Err(Failure::Refused("no".into())));
        worker.rest();
    }

    #[test]
    fn a_worker_that_ends_or_hangs_is_lost() {
        assert!(shell("exit 3").err().unwrap().contains('3'));
        let mut dies = shell(&format!("{READY}; read a; exit 4")).unwrap();
        let lost = dies.ask(&json!({}), LONG);
        assert!(
            matches!(lost, Err(Failure::Lost(ref reason)) if reason.contains('4')),
            "{lost:?}"
        );
        let mut hangs = shell(&format!("{READY}; read a; read b")).unwrap();
        let lost = hangs.ask(&json!({}), Duration::from_millis(20));
        assert!(matches!(lost, Err(Failure::Lost(ref reason)) if reason.contains("within")));
    }
}
