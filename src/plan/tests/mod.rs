//! The plan, by tables: facts measured with NetworkManager's daemon, and the rules of this module's first page.

mod choice;
mod daemon;
mod fixture;
mod never_panics;
mod requirements;
mod stacks;

use std::path::PathBuf;

use uuid::Uuid;

use super::*;
use crate::profile::link::{Controller, Vlan};
use crate::profile::{Ip4Settings, LinkKind, Origin};

/// An ethernet profile of a keyfile; its uuid is made of `digit`.
pub(crate) fn keyfile(id: &str, digit: u8) -> Profile {
    let origin = Origin::File { path: PathBuf::from(format!("{id}.nmconnection")), line: 0 };
    let uuid = Uuid::from_bytes([digit; 16]);
    Profile { ipv4: Some(Ip4Settings::default()), ..Profile::new(id, uuid, LinkKind::Ethernet, origin) }
}

/// An ethernet profile of the command line.
pub(crate) fn argument(word: &str, digit: u8) -> Profile {
    let origin = Origin::CommandLine { word: word.to_owned(), column: 1, at: 1 };
    Profile { origin, autoconnect_priority: -100, ..keyfile(word, digit) }
}

pub(crate) fn for_any_link(digit: u8) -> Profile {
    Profile { multi_connect: crate::profile::MultiConnect::Multiple, ..argument("ip=dhcp", digit) }
}

pub(crate) fn named(ifname: &str, profile: Profile) -> Profile {
    Profile { interface_name: Some(ifname.to_owned()), ..profile }
}

pub(crate) fn port(of: &str, profile: Profile) -> Profile {
    let controller = Controller { name: of.to_owned(), port_type: "bond".to_owned(), port_options: Vec::new() };
    Profile { controller: Some(controller), ipv4: None, ..profile }
}

pub(crate) fn bond(ifname: &str, digit: u8) -> Profile {
    Profile { kind: LinkKind::Bond { options: Vec::new() }, ..named(ifname, argument(ifname, digit)) }
}

pub(crate) fn vlan(ifname: &str, parent: &str, digit: u8) -> Profile {
    let kind = LinkKind::Vlan(Vlan { id: 5, parent: Some(parent.to_owned()), ..Vlan::default() });
    Profile { kind, ..named(ifname, argument(ifname, digit)) }
}

/// A link with carrier: `eth…` and friends by driver.
pub(crate) fn link(ifindex: u32, name: &str, driver: &str) -> Device {
    let kind = matches!(driver, "veth" | "bridge" | "bond" | "dummy" | "tun").then(|| driver.to_owned());
    let mac = crate::profile::HwAddr::new(&[2, 0, 0, 0, 0, u8::try_from(ifindex).unwrap()]);
    let (name, driver) = (name.to_owned(), driver.to_owned());
    Device { ifindex, name, driver, kind, mac, arp_type: 1, mtu: 1500, up: true, carrier: true, ..Device::default() }
}

pub(crate) fn loopback() -> Device {
    Device { arp_type: 772, ..link(1, "lo", "") }
}

/// lo, eth0, eth1, ens1, wlp2: the links of the daemon's measurements.
pub(crate) fn four() -> Vec<Device> {
    let names = ["eth0", "eth1", "ens1", "wlp2"];
    let links = names.iter().zip(2..).map(|(name, ifindex)| link(ifindex, name, "veth"));
    std::iter::once(loopback()).chain(links).collect()
}

/// Names of the links that the profile takes.
pub(crate) fn taken(plan: &Plan, profile: usize) -> Vec<&str> {
    plan.activations.iter().filter(|one| one.profile == profile).map(|one| one.ifname.as_str()).collect()
}
