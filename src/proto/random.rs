//! Jitter and transaction identifiers from the seed that the caller gave.

use std::time::Duration;

/// A small generator (SplitMix64): a machine must be repeatable from its seed; secrecy is not the aim.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next_u32(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or_default()
    }

    /// A time from 1 µs to `longest`, both included; [`Duration::ZERO`] if `longest` is shorter than that.
    pub(crate) fn up_to(&mut self, longest: Duration) -> Duration {
        let span = u64::try_from(longest.as_micros()).unwrap_or(u64::MAX);
        let part = (u128::from(span) * u128::from(self.next_u32())) >> 32;
        let part = u64::try_from(part).unwrap_or(u64::MAX).saturating_add(1);
        Duration::from_micros(part.min(span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_never_zero_and_never_above_the_longest() {
        let mut random = Random::new(3);
        let times: Vec<_> = (0..10_000).map(|_| random.up_to(Duration::from_micros(10)).as_micros()).collect();
        assert_eq!((times.iter().min(), times.iter().max()), (Some(&1), Some(&10)));
        assert_eq!(random.up_to(Duration::ZERO), Duration::ZERO);
    }
}
