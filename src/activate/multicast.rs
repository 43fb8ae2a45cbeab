//! Link-layer addresses of everybody and of all routers on a link.

use crate::profile::{Device, HwAddr};

/// ARPHRD_INFINIBAND.
const INFINIBAND: u16 = 32;

/// The link's broadcast address: all ones on Ethernet, the broadcast group of the partition on InfiniBand (RFC 4391
/// section 5), where only the kernel knows it.
pub(super) fn broadcast(device: &Device) -> Vec<u8> {
    let known = device.broadcast.as_ref().map(HwAddr::as_bytes).filter(|_| device.arp_type == INFINIBAND);
    known.map_or_else(|| vec![0xff; 6], <[u8]>::to_vec)
}

/// Where a packet for ff02::2 goes: RFC 2464 section 7; on InfiniBand, RFC 4391 section 4: the group with IPv6's signature
/// (60 1b), scope and partition of the link's own broadcast group, and the last 80 bits of the address.
pub(super) fn all_routers(device: &Device) -> Vec<u8> {
    let group = device.broadcast.filter(|_| device.arp_type == INFINIBAND);
    let Some([qpn @ .., scope, _, _, key0, key1, _, _, _, _, _, _, _, _, _, _]) = group.as_ref().map(HwAddr::as_bytes)
    else {
        return vec![0x33, 0x33, 0, 0, 0, 2];
    };
    let mut address = qpn.to_vec();
    address.extend([0x10 | (scope & 0xf), 0x60, 0x1b, *key0, *key1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ethernet() {
        let device = Device { arp_type: 1, ..Device::default() };
        assert_eq!(broadcast(&device), [0xff; 6]);
        assert_eq!(all_routers(&device), [0x33, 0x33, 0, 0, 0, 2]);
    }

    #[test]
    fn infiniband_has_the_partition_in_its_groups() {
        let text = "00:ff:ff:ff:ff:12:40:1b:80:05:00:00:00:00:00:00:ff:ff:ff:ff";
        let device = Device { arp_type: 32, broadcast: text.parse().ok(), ..Device::default() };
        assert_eq!(broadcast(&device), device.broadcast.unwrap().as_bytes());
        let routers = HwAddr::new(&all_routers(&device)).unwrap();
        assert_eq!(routers.to_string(), "00:FF:FF:FF:FF:12:60:1B:80:05:00:00:00:00:00:00:00:00:00:02");
    }
}
