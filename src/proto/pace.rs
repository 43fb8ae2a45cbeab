//! How often a client may send.

use std::time::Duration;

use super::Instant;

/// At most four packets in any second, over all states and exchanges: no server, however hostile, makes us flood the link.
#[derive(Debug, Clone, Default)]
pub(super) struct Pace {
    /// The last four times of sending, oldest first.
    last: [Option<Instant>; 4],
}

impl Pace {
    /// From when on a packet may be sent; the beginning of time if at once.
    pub(super) fn allowed(&self) -> Instant {
        let [oldest, ..] = self.last;
        oldest.map_or(Instant::default(), |at| at + Duration::from_secs(1))
    }

    pub(super) fn sent(&mut self, now: Instant) {
        let [_, b, c, d] = self.last;
        self.last = [b, c, d, Some(now)];
    }
}

#[cfg(test)]
mod tests {
    use super::{Instant, Pace};

    #[test]
    fn four_packets_a_second_and_no_more() {
        let mut pace = Pace::default();
        for t in [0, 10, 20, 30] {
            assert!(pace.allowed() <= Instant::from_millis(t));
            pace.sent(Instant::from_millis(t));
        }
        assert_eq!(pace.allowed(), Instant::from_millis(1000));
        pace.sent(Instant::from_millis(1000));
        assert_eq!(pace.allowed(), Instant::from_millis(1010));
    }
}
