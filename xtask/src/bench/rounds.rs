//! The measurement: layer by layer, all programs in turns.
//!
//! Every program loads the layer and answers once; what is right is then timed for a short slice, one program after the
//! other, round after round, and the slices of all rounds together are the result. So a disturbance of the machine that
//! lasts longer than a slice meets everybody. The order shifts from round to round, and before each slice the one before
//! must have come to rest.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::Options;
use super::data::{self, Files};
use super::layers::Layer;
use super::peers::Peer;
use super::results::Row;
use super::statistics::{Times, relative_error};
use super::worker::{Failure, Worker};

/// Answers beyond this are wrong, and not timed.
const WRONG: f64 = 1e-3;
/// A peer this many times slower than the best one after so many rounds gets no others. The first round excuses only who
/// is far away, as a disturbance may have met its only slice.
const HOPELESS: [(usize, f64); 2] = [(1, 10.0), (2, 2.5)];
/// Seconds of warm-up before each slice.
const WARM: f64 = 0.05;

/// A program, its process while it has one, and what it is called.
struct Seat {
    peer: Peer,
    worker: Option<Worker>,
    /// Told once: why it cannot start.
    missing: Option<String>,
}

/// All programs at one number of threads.
pub(super) struct Table {
    threads: usize,
    seats: Vec<Seat>,
    folder: PathBuf,
    patience: Duration,
}

/// A program on one layer: its row so far, and the times of all its slices.
struct Entry {
    seat: usize,
    row: Row,
    times: Vec<f64>,
    /// Too far behind for more rounds.
    excused: bool,
}

impl Table {
    pub(super) fn new(peers: &[Peer], threads: usize, options: &Options) -> Result<Self, String> {
        let folder = crate::steps::root().join("target/bench");
        fs::create_dir_all(folder.join("logs")).map_err(|error| error.to_string())?;
        let seat = |&peer| Seat {
            peer,
            worker: None,
            missing: None,
        };
        let mut table = Self {
            threads,
            seats: peers.iter().map(seat).collect(),
            folder,
            patience: Duration::from_secs_f64(options.patience),
        };
        for (index, peer) in peers.iter().enumerate() {
            if let Err(error) = table.start(index) {
                eprintln!("MISSING: {} will not be measured: {error}", peer.label());
                table.seats[index].missing = Some(error);
            }
        }
        Ok(table)
    }

    /// Names and versions of the programs that run, and of the others why not.
    pub(super) fn versions(&self) -> Vec<(String, String)> {
        let told = |seat: &Seat| match (&seat.worker, &seat.missing) {
            (Some(worker), _) => worker.version.clone(),
            (None, Some(missing)) => format!("MISSING: {missing}"),
            (None, None) => "lost".into(),
        };
        self.seats
            .iter()
            .map(|seat| (seat.peer.label(), told(seat)))
            .collect()
    }

    fn start(&mut self, index: usize) -> Result<(), String> {
        let seat = &mut self.seats[index];
        if seat.worker.is_none() {
            let name = seat.peer.label().replace(':', "-");
            let log = self
                .folder
                .join(format!("logs/{name}-{}.txt", self.threads));
            let log = File::options().create(true).append(true).open(log);
            let log = log.map_err(|error| error.to_string())?;
            seat.worker = Some(Worker::start(seat.peer.command(self.threads)?, log)?);
        }
        Ok(())
    }

    /// All rows of one layer.
    pub(super) fn measure(&mut self, layer: &Layer, options: &Options) -> Result<Vec<Row>, String> {
        let files = Files::of(layer);
        let expected = files.expected()?;
        let mut entries = Vec::new();
        for seat in 0..self.seats.len() {
            if self.seats[seat].missing.is_none() {
                entries.push(self.load(seat, layer, &files, &expected));
            }
        }
        drop(expected);
        for worker in self.seats.iter().filter_map(|seat| seat.worker.as_ref()) {
            worker.rest();
        }
        for round in 0..options.rounds {
            self.round(round, &mut entries, options);
            if let Some((rounds, times)) = HOPELESS.iter().find(|(rounds, _)| *rounds == round + 1)
            {
                excuse_the_hopeless(&mut entries, *rounds, *times);
            }
        }
        for seat in &mut self.seats {
            let drop = serde_json::json!({"do": "drop"});
            if let Some(Err(Failure::Lost(_))) = seat
                .worker
                .as_mut()
                .map(|worker| worker.ask(&drop, self.patience))
            {
                seat.worker = None;
            }
        }
        let finish = |mut entry: Entry| {
            if entry.row.times.is_none() {
                entry.row.times = Times::of(&entry.times);
            }
            entry.row
        };
        Ok(entries.into_iter().map(finish).collect())
    }

    fn load(&mut self, seat: usize, layer: &Layer, files: &Files, expected: &[f64]) -> Entry {
        let peer = self.seats[seat].peer;
        let mut row = Row {
            peer: peer.name.into(),
            variant: peer.variant.into(),
            layer: layer.name.clone(),
            threads: self.threads,
            times: None,
            error: None,
            scratch: None,
            resident: None,
            plan: None,
            copy: None,
            note: String::new(),
        };
        let out = self.folder.join("answer.npy");
        let request = files.request(layer, self.threads, &out);
        let answer = match self.start(seat) {
            Ok(()) => self.ask(seat, |worker, patience| worker.ask(&request, patience)),
            Err(error) => Err(error),
        };
        match answer.and_then(|answer| Ok((answer, error_of(&out, expected)?))) {
            Ok((answer, error)) => {
                let note = answer["note"].as_str().unwrap_or_default();
                let wrong = if error <= WRONG { "" } else { "WRONG " };
                row.note = format!("{wrong}{note}");
                row.error = Some(error);
                row.scratch = answer["scratch"].as_u64();
                row.resident = answer["resident"].as_u64();
                row.plan = answer["plan_ms"].as_f64();
                row.copy = answer["copy_ms"].as_f64();
            }
            Err(reason) => row.note = format!("FAILED {reason}"),
        }
        Entry {
            seat,
            row,
            times: Vec::new(),
            excused: false,
        }
    }

    /// One slice of everybody who is still in it.
    fn round(&mut self, round: usize, entries: &mut [Entry], options: &Options) {
        let count = entries.len();
        let mut before: Option<usize> = None;
        for turn in 0..count {
            let entry = &mut entries[(turn + round) % count];
            if !is_measured(&entry.row) || entry.excused {
                continue;
            }
            if let Some(worker) = before.and_then(|seat| self.seats[seat].worker.as_ref()) {
                worker.rest();
            }
            let slice = self.ask(entry.seat, |worker, patience| {
                worker.time(options.seconds, WARM, patience)
            });
            match slice {
                Ok(times) => entry.times.extend(times),
                Err(reason) => {
                    entry.times.clear();
                    entry.row.note = format!("FAILED {reason}");
                }
            }
            before = Some(entry.seat);
        }
        if let Some(worker) = before.and_then(|seat| self.seats[seat].worker.as_ref()) {
            worker.rest();
        }
    }

    /// Asks a running worker; a lost one leaves its seat and is started again for the next layer.
    fn ask<A>(
        &mut self,
        seat: usize,
        question: impl FnOnce(&mut Worker, Duration) -> Result<A, Failure>,
    ) -> Result<A, String> {
        let seat = &mut self.seats[seat];
        let worker = seat.worker.as_mut().ok_or("the worker is lost")?;
        question(worker, self.patience).map_err(|failure| {
            let reason = failure.reason().to_string();
            if matches!(failure, Failure::Lost(_)) {
                seat.worker = None;
            }
            reason
        })
    }
}

fn is_measured(row: &Row) -> bool {
    !row.note.starts_with("FAILED") && !row.note.starts_with("WRONG")
}

fn error_of(out: &Path, expected: &[f64]) -> Result<f64, String> {
    let answer = data::read(out)?.into_f32();
    // The next program's answer must be its own.
    fs::remove_file(out).map_err(|error| error.to_string())?;
    Ok(relative_error(&answer, expected))
}

/// Whoever is far behind the best peer keeps the times of the rounds so far. We always go on.
fn excuse_the_hopeless(entries: &mut [Entry], rounds: usize, times: f64) {
    let fastest = |entry: &Entry| entry.times.iter().copied().fold(f64::INFINITY, f64::min);
    let best = entries
        .iter()
        .filter(|entry| !entry.row.is_ours())
        .map(fastest)
        .fold(f64::INFINITY, f64::min);
    for entry in entries
        .iter_mut()
        .filter(|entry| !entry.excused && !entry.times.is_empty())
    {
        if !entry.row.is_ours() && fastest(entry) > times * best {
            entry.excused = true;
            let note = format!("{} (rounds: {rounds})", entry.row.note);
            entry.row.note = note.trim().to_string();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::row;
    use super::*;

    #[test]
    fn only_peers_far_behind_the_best_peer_are_excused() {
        let entry = |peer: &str, times: &[f64]| Entry {
            seat: 0,
            row: row(peer, "k3s1", 1, 1.0),
            times: times.to_vec(),
            excused: false,
        };
        let mut entries = [
            entry("convt", &[100.0]),
            entry("near", &[5.0, 2.0]),
            entry("best", &[1.0]),
            entry("far", &[2.6]),
            entry("failed", &[]),
        ];
        let excused = |entries: &[Entry]| -> Vec<String> {
            let excused = entries.iter().filter(|entry| entry.excused);
            excused.map(|entry| entry.row.peer.clone()).collect()
        };
        excuse_the_hopeless(&mut entries, 1, 10.0);
        assert_eq!(excused(&entries), [""; 0]);
        excuse_the_hopeless(&mut entries, 2, 2.5);
        assert_eq!(excused(&entries), ["far"]);
        assert_eq!(entries[3].row.note, "(rounds: 2)");
        excuse_the_hopeless(&mut entries, 3, 1.5);
        assert_eq!(excused(&entries), ["near", "far"]);
        assert_eq!(entries[3].row.note, "(rounds: 2)");
    }
}
