//! The link a profile makes or takes, and the settings of the link itself.

use super::HwAddr;
use super::wireguard::WireGuard;

/// `connection.type` with the settings only this type has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkKind {
    /// `ethernet` (`802-3-ethernet`).
    Ethernet,
    /// `infiniband`.
    Infiniband(Infiniband),
    /// `vlan`.
    Vlan(Vlan),
    /// `bond`: options by the kernel's names, in file order.
    Bond {
        /// `[bond]`, e.g. `("mode", "active-backup")`.
        options: Vec<(String, String)>,
    },
    /// `bridge`: options by keyfile key, in file order.
    Bridge {
        /// `[bridge]`, e.g. `("stp", "false")`.
        options: Vec<(String, String)>,
    },
    /// `team`.
    Team {
        /// `[team] config`: JSON.
        config: Option<String>,
    },
    /// `wireguard`, with its peers.
    WireGuard(WireGuard),
    /// Any other type sunup knows by name, with its section's keys: `macvlan`, `vrf`, `veth`, `dummy`, `vxlan`, ….
    /// Of a type sunup cannot carry out there are no options; its sections are in `Profile::unknown`.
    Other {
        /// `connection.type`.
        name: String,
        /// The keys of that type's section, in file order.
        options: Vec<(String, String)>,
    },
}

impl LinkKind {
    /// `connection.type` as the keyfile writes it.
    pub fn name(&self) -> &str {
        match self {
            Self::Ethernet => "ethernet",
            Self::Infiniband(_) => "infiniband",
            Self::Vlan(_) => "vlan",
            Self::Bond { .. } => "bond",
            Self::Bridge { .. } => "bridge",
            Self::Team { .. } => "team",
            Self::WireGuard(_) => "wireguard",
            Self::Other { name, .. } => name,
        }
    }

    /// True if activating the profile creates the link; false if the link must be there already.
    pub fn is_virtual(&self) -> bool {
        match self {
            Self::Ethernet => false,
            Self::Infiniband(infiniband) => infiniband.p_key.is_some(),
            _ => true,
        }
    }
}

/// `[infiniband]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Infiniband {
    /// `transport-mode`: `datagram` or `connected`.
    pub transport_mode: Option<String>,
    /// `p-key`: the partition, for a child link.
    pub p_key: Option<u16>,
    /// `parent`: interface name, for a child link.
    pub parent: Option<String>,
}

/// `[vlan]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vlan {
    /// `id`, 0 to 4094.
    pub id: u16,
    /// `parent`: interface name or profile uuid. `None`: the ethernet device with `matching.mac_address`.
    pub parent: Option<String>,
    /// `flags`; `None` is the default (1, reorder headers).
    pub flags: Option<u32>,
    /// `protocol`: `802.1Q` or `802.1ad`.
    pub protocol: Option<String>,
    /// `ingress-priority-map`: pairs `from:to`.
    pub ingress_priority_map: Vec<String>,
    /// `egress-priority-map`: pairs `from:to`.
    pub egress_priority_map: Vec<String>,
}

/// The link above this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controller {
    /// `controller`: uuid of the controller's profile, or its interface name.
    pub name: String,
    /// `port-type`: `bond`, `bridge`, `team`, `vrf`.
    pub port_type: String,
    /// `[bridge-port]`, `[team-port]` or `[bond-port]`, in file order.
    pub port_options: Vec<(String, String)>,
}

/// Settings of the link itself, whatever its type. `None` leaves the link as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LinkSettings {
    /// `mtu`, in bytes.
    pub mtu: Option<u32>,
    /// `cloned-mac-address`.
    pub cloned_mac: Option<ClonedMac>,
    /// `ethernet.auto-negotiate`.
    pub auto_negotiate: Option<bool>,
    /// `ethernet.speed`, in Mbit/s.
    pub speed: Option<u32>,
    /// `ethernet.duplex`: true is full.
    pub full_duplex: Option<bool>,
    /// `ethernet.wake-on-lan`, as the keyfile has it.
    pub wake_on_lan: Option<u32>,
    /// `ethernet.s390-nettype`.
    pub s390_nettype: Option<String>,
    /// `ethernet.s390-subchannels`.
    pub s390_subchannels: Vec<String>,
    /// `[ethernet-s390-options]`, in file order.
    pub s390_options: Vec<(String, String)>,
    /// `[ethtool]`, e.g. `("ring-rx", "512")`, in file order.
    pub ethtool: Vec<(String, String)>,
}

/// `cloned-mac-address`: the address the link shall have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClonedMac {
    /// An explicit address.
    Address(HwAddr),
    /// `preserve`: leave it.
    Preserve,
    /// `permanent`: the device's own.
    Permanent,
    /// `random`.
    Random,
    /// `stable`: made from the profile's stable id.
    Stable,
    /// `stable-ssid`, or another word of a newer daemon.
    Other(String),
}
