//! Which IPv4 addresses a link may give itself (RFC 3927 section 2.1).

use std::net::Ipv4Addr;

use crate::profile::HwAddr;
use crate::proto::random::Random;

/// 169.254.1.0: the first 256 addresses are kept free, and the last.
const FIRST: u32 = 0xa9fe_0100;
/// Up to 169.254.254.255.
const COUNT: u64 = 254 << 8;

/// Addresses of 169.254/16 in an order that a hardware address decides: the same host tries the same ones each time.
#[derive(Debug, Clone)]
pub struct LinkLocal(Random);

impl LinkLocal {
    /// The order of the host with this address.
    pub fn new(mac: HwAddr) -> Self {
        let seed = mac.as_bytes().iter().fold(0_u64, |seed, byte| seed.rotate_left(8) ^ u64::from(*byte));
        Self(Random::new(seed))
    }
}

impl Iterator for LinkLocal {
    type Item = Ipv4Addr;

    fn next(&mut self) -> Option<Ipv4Addr> {
        let part = (u64::from(self.0.next_u32()) * COUNT) >> 32;
        Some(Ipv4Addr::from(FIRST + u32::try_from(part).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_for_the_same_host_and_never_of_what_is_kept_free() {
        let of = |last| LinkLocal::new(HwAddr::new(&[2, 0, 0, 0, 0, last]).unwrap());
        assert!(of(1).take(10).eq(of(1).take(10)));
        assert!(!of(1).take(2).eq(of(2).take(2)));
        let mut highest = 0;
        for address in (0..=255).flat_map(|last| of(last).take(300)) {
            let [169, 254, third, _] = address.octets() else { panic!("{address}") };
            assert!((1..=254).contains(&third), "{address}");
            highest = third.max(highest);
        }
        assert_eq!(highest, 254);
    }
}
