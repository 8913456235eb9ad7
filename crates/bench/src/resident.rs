//! How much more memory a piece of work makes resident.

use std::fs;

/// Bytes by which `work` raises the peak of resident memory above what was resident before it; `None` where the system
/// does not tell.
pub fn resident_growth(work: impl FnOnce()) -> Option<u64> {
    // Sets the peak back to the present size; without it an earlier, higher peak would hide this one.
    let reset = fs::write("/proc/self/clear_refs", "5").is_ok();
    let before = field("VmRSS:");
    work();
    let peak = field("VmHWM:");
    reset
        .then_some(())
        .and(peak?.checked_sub(before?))
        .map(|kib| kib * 1024)
}

/// One line of the process's status, in KiB.
fn field(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    find(&status, name)
}

fn find(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_line_is_found_by_its_name() {
        let status = "Name:\tworker\nVmHWM:\t   1234 kB\nVmRSS:\t     99 kB\n";
        assert_eq!(find(status, "VmHWM:"), Some(1234));
        assert_eq!(find(status, "VmRSS:"), Some(99));
        assert_eq!(find(status, "VmSwap:"), None);
    }

    #[test]
    fn touched_memory_is_counted() {
        let mut kept = Vec::new();
        let growth = resident_growth(|| kept = vec![1_u8; 32 << 20]);
        assert_eq!(
            kept.iter().map(|&one| u64::from(one)).sum::<u64>(),
            32 << 20
        );
        // Systems without /proc tell nothing.
        assert!(growth.is_none_or(|bytes| bytes >= 30 << 20), "{growth:?}");
    }
}
