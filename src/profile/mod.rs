//! The vocabulary: what is wanted ([`Profile`]) and what is there ([`Device`]).
//!
//! A [`Profile`] is NetworkManager's connection profile under NetworkManager's names
//! (`nm-settings-keyfile(5)`). Everything that comes in becomes one, whichever syntax it was written in.
//! Plain data: no parsing of files, no sockets, no clock.

mod debug;
pub mod desired;
pub mod device;
pub mod handover;
pub mod hwaddr;
pub mod ip;
pub mod link;
pub mod matching;
pub mod origin;
pub mod sort;
pub mod text;
pub mod tuning;
pub mod tunnel;
pub mod vlans;
pub mod wireguard;

use std::collections::BTreeMap;
use std::time::Duration;

use uuid::Uuid;

pub use device::Device;
pub use hwaddr::HwAddr;
pub use ip::{Ip4Settings, Ip6Settings, IpSettings, Method4, Method6};
pub use link::{Controller, LinkKind, LinkSettings};
pub use matching::MatchRule;
pub use origin::{Origin, Warning};

/// One connection profile: which device it is for and what that device shall get.
#[derive(Clone, PartialEq)]
pub struct Profile {
    /// `connection.id`: the name people see.
    pub id: String,
    /// `connection.uuid`.
    pub uuid: Uuid,
    /// `connection.type` together with the settings that only this type has.
    pub kind: LinkKind,
    /// Where the profile was written down.
    pub origin: Origin,
    /// File name without `.nmconnection` under which the profile is (or will be) stored.
    pub file_stem: String,
    /// `connection.interface-name`.
    pub interface_name: Option<String>,
    /// `connection.autoconnect`.
    pub autoconnect: bool,
    /// `connection.autoconnect-priority`, -999 to 999.
    pub autoconnect_priority: i32,
    /// `connection.autoconnect-retries`: how often DHCP is tried, for its timeout each; `None` is the default (-1: once,
    /// as the boot goes on), 0 is forever.
    pub autoconnect_retries: Option<u32>,
    /// `connection.timestamp`: when it was last used, in seconds since 1970; 0 is never.
    pub timestamp: u64,
    /// `connection.multi-connect`.
    pub multi_connect: MultiConnect,
    /// `connection.wait-device-timeout`.
    pub wait_device_timeout: Option<Duration>,
    /// `connection.controller` and `port-type` (formerly `master`, `slave-type`).
    pub controller: Option<Controller>,
    /// `[match]`, and the device addresses of `[ethernet]` or `[infiniband]`.
    pub matching: MatchRule,
    /// Settings of the link itself that every type may have: MTU, address, negotiation, ethtool.
    pub link: LinkSettings,
    /// `[ipv4]`. `None`: the profile has no such section (a port).
    pub ipv4: Option<Ip4Settings>,
    /// `[ipv6]`. `None`: the profile has no such section (a port).
    pub ipv6: Option<Ip6Settings>,
    /// `[user]`.
    pub user: BTreeMap<String, String>,
    /// Groups and keys sunup does not act on, in file order: (group, key, raw value). Written back unchanged.
    pub unknown: Vec<(String, String, String)>,
    /// The text of a user's own keyfile, handed back to the daemon untouched.
    pub raw: Option<String>,
}

/// `connection.multi-connect`: on how many devices a profile may be active at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MultiConnect {
    /// 0: the global default, which is one device.
    #[default]
    Default,
    /// 1: one device.
    Single,
    /// 2: one device, unless activated by hand.
    ManualMultiple,
    /// 3: every device that matches.
    Multiple,
}

impl Profile {
    /// A profile of type `kind` with NetworkManager's defaults and no IP configuration.
    pub fn new(id: &str, uuid: Uuid, kind: LinkKind, origin: Origin) -> Self {
        Self {
            id: id.to_owned(),
            uuid,
            kind,
            origin,
            file_stem: id.to_owned(),
            interface_name: None,
            autoconnect: true,
            autoconnect_priority: 0,
            autoconnect_retries: None,
            timestamp: 0,
            multi_connect: MultiConnect::Default,
            wait_device_timeout: None,
            controller: None,
            matching: MatchRule::default(),
            link: LinkSettings::default(),
            ipv4: None,
            ipv6: None,
            user: BTreeMap::new(),
            unknown: Vec::new(),
            raw: None,
        }
    }
}
