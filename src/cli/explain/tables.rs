//! Frames as text: the caption, then the maps as tables.

use std::fmt::Write as _;

use convt_explain::{ExplainError, Show, State, Table};

/// The frames of a state, or the one it asks for.
pub(super) fn tell(state: &State) -> Result<String, ExplainError> {
    let show = Show::new(state)?;
    let count = show.frames();
    let frames = match state.step {
        None => 0..count,
        Some(step) => match step.checked_sub(1).filter(|&index| index < count) {
            Some(index) => index..index + 1,
            None => {
                return Err(ExplainError::Step {
                    asked: step,
                    steps: count,
                });
            }
        },
    };
    let mut text = format!("{}\n", show.title());
    for index in frames {
        let caption = &show.still(index)?.frames[0].caption;
        let _ = writeln!(text, "\n[{}/{count}] {caption}", index + 1);
        for table in show.table(index)? {
            text += &aligned(&table);
        }
    }
    Ok(text)
}

/// A table with its columns right-aligned; one that is wholly empty is left out.
pub(in crate::cli) fn aligned(table: &Table) -> String {
    let cells = || table.rows.iter().flatten();
    if cells().all(String::is_empty) {
        return String::new();
    }
    let width = cells().map(|cell| cell.chars().count()).max().unwrap_or(0);
    let mut text = format!("  {}\n", table.title);
    for row in &table.rows {
        let line: Vec<String> = row
            .iter()
            .map(|cell| format!("{:>width$}", if cell.is_empty() { "." } else { cell }))
            .collect();
        let _ = writeln!(text, "    {}", line.join("  "));
    }
    text
}
