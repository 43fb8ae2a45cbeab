//! Link-layer addresses that are made up: `cloned-mac-address` `stable` and `random`.

use super::Host;
use super::hash::sha256;
use crate::profile::HwAddr;
use crate::proto::random::Random;

/// What NetworkManager puts in front of a stable id that is the profile's uuid.
const OF_UUID: [u8; 1] = [0];

impl Host {
    /// The address NetworkManager makes of its key, the link's name and the profile's uuid; `None` without the key.
    pub fn stable_mac(&self, ifname: &str, uuid: &str) -> Option<HwAddr> {
        let key = self.host_id.as_deref()?;
        let length = u32::try_from(key.len()).ok()?.to_be_bytes();
        let parts: [&[u8]; 7] = [&OF_UUID, &length, key, ifname.as_bytes(), &[0], uuid.as_bytes(), &[0]];
        local(sha256(&parts).first_chunk()?)
    }
}

/// An address of chance.
pub fn random_mac(seed: u64) -> Option<HwAddr> {
    let mut random = Random::new(seed);
    let bytes = [random.next_u32().to_be_bytes(), random.next_u32().to_be_bytes()];
    local(bytes.as_flattened().first_chunk()?)
}

/// Locally administered and of one station (IEEE 802, section 8.4).
fn local(bytes: &[u8; 6]) -> Option<HwAddr> {
    let mut bytes = *bytes;
    bytes[0] = bytes[0] & !1 | 2;
    HwAddr::new(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_makes_local_addresses_and_the_same_seed_the_same() {
        for seed in 0..500 {
            let mac = random_mac(seed).unwrap();
            assert_eq!(mac.as_bytes()[0] & 3, 2);
            assert_eq!(random_mac(seed), Some(mac));
        }
        assert_ne!(random_mac(1), random_mac(2));
    }

    #[test]
    fn a_stable_address_needs_the_key_and_depends_on_all_that_it_is_made_of() {
        let host = Host::new(None, Some(&[7; 32]));
        let uuid = "1b3c0f44-0d52-4b0e-9d8a-000000000001";
        let mac = host.stable_mac("eth0", uuid).unwrap();
        assert_eq!(mac.as_bytes()[0] & 3, 2);
        assert_ne!(Some(mac), host.stable_mac("eth1", uuid));
        assert_eq!(Host::default().stable_mac("eth0", uuid), None);
    }
}
