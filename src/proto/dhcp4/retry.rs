//! When to send again, and never too often.
//!
//! RFC 2131 section 4.1 waits 4, 8, 16, 32, 64 s, made for networks of 1997. sunup waits for at most 0.25, 0.5, 1, 1, 2, 2, then 4 s,
//! each time between a fifth of that and all of it. The first retry comes after 50 to 250 ms, because a DISCOVER sent in the very
//! instant of link-up is often lost. 1 and 2 s come twice, because that is what keeps 99 of 100 machines below 10 s where three
//! packets in ten are lost (`tests/sim`). The wide jitter keeps ten thousand machines that got power together from sending
//! together. A port that starts to forward late (spanning tree) is noticed within 4 s. `proto::pace` bounds
//! the rate whatever happens.

use std::time::Duration;

use crate::proto::Instant;
use crate::proto::random::Random;

/// The longest wait before retry 0, 1, 2, …; the last one repeats.
const LONGEST: [Duration; 7] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// A time between a fifth of `longest` and all of it.
fn jittered(longest: Duration, random: &mut Random) -> Duration {
    longest / 5 + random.up_to(longest - longest / 5)
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
    jittered(LONGEST.get(index).copied().unwrap_or(Duration::from_secs(4)), random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r4_10_waits_double_from_a_quarter_second_to_four_with_jitter() {
        let mut random = Random::new(1);
        for (attempt, longest) in
            [(0, 250), (1, 500), (2, 1000), (3, 1000), (4, 2000), (5, 2000), (6, 4000), (u32::MAX, 4000)]
        {
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
}
