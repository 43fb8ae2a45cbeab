//! The clock.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Time since boot, suspend included (CLOCK_BOOTTIME).
pub fn boottime() -> Duration {
    // It fails only for clocks the kernel does not know; this one is older than every kernel sunup runs on.
    let time = clock_gettime(ClockId::CLOCK_BOOTTIME).map(Duration::from);
    time.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn time_does_not_run_backwards() {
        let earlier = super::boottime();
        assert!(super::boottime() >= earlier && !earlier.is_zero());
    }
}
