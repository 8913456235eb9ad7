//! Memory in numbers: sizes as people write them, and what this machine has.

use crate::error::{Error, Result};

/// Bytes that the program, a codec with its buffers of fixed size and the buffers of the two files are counted with.
pub(crate) const FIXED: u64 = 8 << 20;

/// Reads `40M`, `1.5G`, `512k`, `4096`: powers of 1024, an optional `B` or `iB` at the end, in any case.
pub fn parse(text: &str) -> Result<u64> {
    let refused = || Error::MemoryText(text.to_owned());
    let lower = text.trim().to_ascii_lowercase();
    let bare = lower
        .strip_suffix("ib")
        .or_else(|| lower.strip_suffix('b'))
        .unwrap_or(&lower);
    let (number, shift) = match bare.char_indices().last() {
        Some((at, 'k')) => (&bare[..at], 10),
        Some((at, 'm')) => (&bare[..at], 20),
        Some((at, 'g')) => (&bare[..at], 30),
        Some((at, 't')) => (&bare[..at], 40),
        _ => (bare, 0),
    };
    let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let value: f64 = number.parse().map_err(|_| refused())?;
    let bytes = value * (1_u64 << shift) as f64;
    if !plain || bytes < 1.0 || bytes >= i64::MAX as f64 {
        return Err(refused());
    }
    Ok(bytes as u64)
}

/// A quarter of the memory that this machine, or the container around the program, has; 256 MiB where the system
/// does not tell.
pub fn quarter_of_machine() -> u64 {
    let kind = sysinfo::RefreshKind::nothing()
        .with_memory(sysinfo::MemoryRefreshKind::nothing().with_ram());
    let system = sysinfo::System::new_with_specifics(kind);
    let whole = system.total_memory();
    let whole = match system.cgroup_limits() {
        Some(limits) if limits.total_memory > 0 => whole.min(limits.total_memory),
        _ => whole,
    };
    if whole == 0 { 256 << 20 } else { whole / 4 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_written() {
        for (text, bytes) in [
            ("40M", 40 << 20),
            ("40m", 40 << 20),
            ("40MiB", 40 << 20),
            ("40MB", 40 << 20),
            ("1.5G", 3 << 29),
            ("512k", 512 << 10),
            ("4096", 4096),
            ("1T", 1 << 40),
            ("7B", 7),
        ] {
            assert_eq!(parse(text).unwrap(), bytes, "{text}");
        }
        for text in [
            "",
            "M",
            "0",
            "-1M",
            "1e9",
            "nan",
            "inf",
            "40X",
            "4 0M",
            "99999999T",
            "ß",
            "1.2.3",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_machine_has_memory() {
        assert!(quarter_of_machine() >= 1 << 20);
    }
}
