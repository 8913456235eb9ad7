//! What was measured, as rows; written and read as comma-separated values.

use std::fmt::Write as _;

use super::peers::{OURS, label};
use super::statistics::Times;

/// One program on one layer with one number of threads.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) peer: String,
    pub(super) variant: String,
    pub(super) layer: String,
    pub(super) threads: usize,
    /// None where the program could not run the layer, or gave a wrong answer.
    pub(super) times: Option<Times>,
    pub(super) error: Option<f64>,
    /// Bytes, of our own rows.
    pub(super) scratch: Option<u64>,
    pub(super) resident: Option<u64>,
    /// Milliseconds that our plan took, and that one copy of the weights takes.
    pub(super) plan: Option<f64>,
    pub(super) copy: Option<f64>,
    pub(super) note: String,
}

const HEADER: &str = "peer,variant,layer,threads,min_ms,median_ms,relerr,scratch_bytes,resident_bytes,plan_ms,\
                      weight_copy_ms,note";

impl Row {
    pub(super) fn is_ours(&self) -> bool {
        self.peer == OURS
    }

    pub(super) fn label(&self) -> String {
        label(&self.peer, &self.variant)
    }

    fn line(&self) -> String {
        let milliseconds =
            |value: Option<f64>| value.map_or(String::new(), |ms| format!("{ms:.6}"));
        let count = |value: Option<u64>| value.map_or(String::new(), |n| n.to_string());
        [
            self.peer.clone(),
            self.variant.clone(),
            self.layer.clone(),
            self.threads.to_string(),
            milliseconds(self.times.map(|times| times.min)),
            milliseconds(self.times.map(|times| times.median)),
            self.error
                .map_or(String::new(), |error| format!("{error:.1e}")),
            count(self.scratch),
            count(self.resident),
            milliseconds(self.plan),
            milliseconds(self.copy),
            format!(
                "\"{}\"",
                self.note.replace('"', "'").replace(['\n', '\r'], " ")
            ),
        ]
        .join(",")
    }
}

/// All rows with a heading.
pub(super) fn to_csv(rows: &[Row]) -> String {
    let mut text = format!("{HEADER}\n");
    for row in rows {
        let _ = writeln!(text, "{}", row.line());
    }
    text
}

/// Reads what [`to_csv`] wrote.
pub(super) fn from_csv(text: &str) -> Result<Vec<Row>, String> {
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        return Err(format!("the first line is not `{HEADER}`"));
    }
    lines
        .map(|line| parse(line).ok_or_else(|| format!("not a row: {line}")))
        .collect()
}

fn parse(line: &str) -> Option<Row> {
    let fields: Vec<&str> = line.splitn(12, ',').collect();
    let [
        peer,
        variant,
        layer,
        threads,
        min,
        median,
        error,
        scratch,
        resident,
        plan,
        copy,
        note,
    ] = fields[..]
    else {
        return None;
    };
    let number = |text: &str| text.parse::<f64>().ok();
    let times = number(min).zip(number(median));
    Some(Row {
        peer: peer.into(),
        variant: variant.into(),
        layer: layer.into(),
        threads: threads.parse().ok()?,
        times: times.map(|(min, median)| Times { min, median }),
        error: number(error),
        scratch: scratch.parse().ok(),
        resident: resident.parse().ok(),
        plan: number(plan),
        copy: number(copy),
        note: note.strip_prefix('"')?.strip_suffix('"')?.into(),
    })
}

/// The rows of one layer at one number of threads.
pub(super) struct Contest<'r> {
    pub(super) ours: Times,
    pub(super) our_row: &'r Row,
    /// The peer with the smallest median.
    pub(super) best: Option<(&'r Row, Times)>,
}

impl<'r> Contest<'r> {
    /// None where we have no time.
    pub(super) fn of(rows: &'r [Row], layer: &str, threads: usize) -> Option<Self> {
        let here = || {
            rows.iter()
                .filter(move |row| row.layer == layer && row.threads == threads)
                .filter_map(|row| row.times.map(|times| (row, times)))
        };
        let (our_row, ours) = here().find(|(row, _)| row.is_ours())?;
        let best = here()
            .filter(|(row, _)| !row.is_ours())
            .min_by(|(_, a), (_, b)| a.median.total_cmp(&b.median));
        Some(Self {
            ours,
            our_row,
            best,
        })
    }

    /// How many of our calls fit into one of the best peer's, by medians.
    pub(super) fn ratio(&self) -> Option<f64> {
        self.best.map(|(_, best)| best.median / self.ours.median)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn row(peer: &str, layer: &str, threads: usize, median: f64) -> Row {
        Row {
            peer: peer.into(),
            variant: "default".into(),
            layer: layer.into(),
            threads,
            times: Some(Times {
                min: median * 0.9,
                median,
            }),
            error: Some(2e-7),
            scratch: None,
            resident: None,
            plan: None,
            copy: None,
            note: String::new(),
        }
    }

    #[test]
    fn rows_read_back() {
        let mut ours = row(OURS, "k3s1", 1, 2.0);
        ours.scratch = Some(4096);
        ours.plan = Some(0.25);
        ours.note = "tiles, and more".into();
        let mut failed = row("ncnn", "k3s1", 2, 1.0);
        (failed.times, failed.error) = (None, None);
        failed.note = "FAILED 'no'".into();
        let rows = [ours, failed];
        assert_eq!(from_csv(&to_csv(&rows)).unwrap(), rows);
        assert!(from_csv("peer\n").is_err());
        assert!(from_csv(&format!("{HEADER}\nncnn,1\n")).is_err());
    }

    #[test]
    fn line_breaks_and_quotes_in_a_note_stay_in_their_field() {
        let mut odd = row("ncnn", "k3s1", 1, 1.0);
        odd.note = "say \"no\"\nplease".into();
        let back = from_csv(&to_csv(&[odd])).unwrap();
        assert_eq!(back[0].note, "say 'no' please");
    }

    #[test]
    fn the_best_peer_has_the_smallest_median_of_the_same_contest() {
        let rows = [
            row("a", "one", 1, 4.0),
            row(OURS, "one", 1, 2.0),
            row("b", "one", 1, 3.0),
            row("b", "one", 2, 1.0),
            row("b", "two", 1, 0.5),
        ];
        let contest = Contest::of(&rows, "one", 1).unwrap();
        assert_eq!(contest.best.unwrap().0.peer, "b");
        assert_eq!(contest.ratio(), Some(1.5));
        assert!(Contest::of(&rows, "two", 1).is_none());
        assert!(
            Contest::of(&rows[1..2], "one", 1)
                .unwrap()
                .ratio()
                .is_none()
        );
    }
}
