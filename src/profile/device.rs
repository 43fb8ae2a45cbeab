//! A link as found: the facts that profiles are matched against.

use std::net::IpAddr;

use ipnet::IpNet;

use super::HwAddr;

/// A network device (link) as the kernel shows it now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Device {
    /// Interface index: stays when the name changes.
    pub ifindex: u32,
    /// Interface name.
    pub name: String,
    /// ARPHRD type of the link: 1 Ethernet, 32 InfiniBand, 772 loopback.
    pub arp_type: u16,
    /// IFLA_INFO_KIND: `veth`, `bridge`, `vlan`, …; `None` for a hardware device.
    pub kind: Option<String>,
    /// Current link-layer address.
    pub mac: Option<HwAddr>,
    /// Link-layer broadcast address (IFLA_BROADCAST): not all ones on InfiniBand.
    pub broadcast: Option<HwAddr>,
    /// Permanent link-layer address, where the driver knows one.
    pub perm_mac: Option<HwAddr>,
    /// Driver name, as udev's ID_NET_DRIVER; empty if unknown.
    pub driver: String,
    /// udev's ID_PATH, computed from sysfs; empty if it has none.
    pub id_path: String,
    /// s390 subchannels, e.g. `0.0.0800`.
    pub subchannels: Vec<String>,
    /// MTU in bytes.
    pub mtu: u32,
    /// IFF_UP: administratively up.
    pub up: bool,
    /// IFF_LOWER_UP: the link has carrier.
    pub carrier: bool,
    /// Interface index of the controller (bond, bridge, …) it is a port of.
    pub controller: Option<u32>,
    /// Interface index of the link below (vlan parent, veth peer).
    pub parent: Option<u32>,
    /// Addresses of global scope it has now, in kernel order.
    pub addresses: Vec<IpNet>,
    /// True if it has a default route now.
    pub default_route: bool,
}

impl Device {
    /// True for a loopback link.
    pub fn is_loopback(&self) -> bool {
        self.arp_type == 772
    }

    /// The address profiles compare with: the permanent one, else the current one.
    pub fn match_mac(&self) -> Option<HwAddr> {
        self.perm_mac.or(self.mac)
    }

    /// True if the device has this address now.
    pub fn has_address(&self, address: IpAddr) -> bool {
        self.addresses.iter().any(|net| net.addr() == address)
    }
}
