//! When to send again, and never too often.
//!
//! RFC 2131 section 4.1 waits 4, 8, 16, 32, 64 s, made for networks of 1997. sunup waits for 0.25, 0.5, 1, 2, then 4 s at
//! most, each time between a fifth of that and all of it: the first retry after 50 to 250 ms, because a DISCOVER sent in the very
//! instant of link-up is often lost. The wide jitter keeps ten thousand machines that got power together from sending together.
//! A port that starts to forward late (spanning tree) is noticed within 4 s. [`Pace`] bounds the rate whatever happens.

use std::time::Duration;

use crate::proto::Instant;

/// The longest wait before retry 0, 1, 2, …; the last one repeats.
const LONGEST: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// A small random generator (SplitMix64), seeded by the caller: the machine must be repeatable, and secrecy is not its aim.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next_u32(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or_default()
    }

    /// A time between a fifth of `longest` and all of it.
    fn jittered(&mut self, longest: Duration) -> Duration {
        let shortest = longest / 5;
        let span = u64::try_from((longest - shortest).as_micros()).unwrap_or(u64::MAX);
        let part = span.saturating_mul(u64::from(self.next_u32())) >> 32;
        shortest + Duration::from_micros(part)
    }
}

/// The schedule of one kind of message in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Retry {
    /// When the next one is due.
    pub(super) due: Instant,
    /// How many were sent.
    pub(super) sent: u32,
}

impl Retry {
    /// The first message is due at `at`.
    pub(super) fn starting(at: Instant) -> Self {
        Self { due: at, sent: 0 }
    }

    /// One was sent at `now`; the next is due after the schedule's time.
    pub(super) fn sent(&mut self, now: Instant, random: &mut Random) {
        self.due = now + wait(self.sent, random);
        self.sent = self.sent.saturating_add(1);
    }
}

/// The wait after attempt number `attempt` (counted from 0).
pub(super) fn wait(attempt: u32, random: &mut Random) -> Duration {
    let index = usize::try_from(attempt).unwrap_or(usize::MAX).min(LONGEST.len() - 1);
    random.jittered(LONGEST.get(index).copied().unwrap_or(Duration::from_secs(4)))
}

/// At most four packets in any second, over all states: no server, however hostile, makes us flood the link.
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
    use super::*;

    #[test]
    fn r4_10_waits_double_from_a_quarter_second_to_four_with_jitter() {
        let mut random = Random::new(1);
        for (attempt, longest) in [(0, 250), (1, 500), (2, 1000), (3, 2000), (4, 4000), (5, 4000), (u32::MAX, 4000)] {
            let waits: Vec<u128> = (0..2000).map(|_| wait(attempt, &mut random).as_millis()).collect();
            let (shortest, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
            assert!((longest / 5..=longest / 4).contains(shortest), "{attempt}: {shortest}");
            assert!((longest * 19 / 20..=longest).contains(most), "{attempt}: {most}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_waits() {
        let times = |seed| {
            let (mut random, mut retry) = (Random::new(seed), Retry::starting(Instant::from_millis(0)));
            (0..10).for_each(|_| retry.sent(retry.due, &mut random));
            retry.due
        };
        assert_eq!(times(7), times(7));
        assert_ne!(times(7), times(8));
    }

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
