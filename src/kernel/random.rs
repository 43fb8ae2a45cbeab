//! A seed for transaction ids and jitter.

use super::{clock, syscall};

/// 64 bits that another run, and another machine, will hardly draw. Never waits; not for secrets.
pub fn seed() -> u64 {
    syscall::random().unwrap_or_else(|| mix(u64::from(std::process::id()) << 32 ^ clock::boottime().as_nanos() as u64))
}

/// Spreads few changing bits over all (splitmix64): what an early boot without entropy has is time and process id.
fn mix(seed: u64) -> u64 {
    let seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let seed = (seed ^ seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let seed = (seed ^ seed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    seed ^ seed >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_seeds_are_equal() {
        assert_ne!(seed(), seed());
        assert_ne!(mix(1), mix(2));
    }
}
