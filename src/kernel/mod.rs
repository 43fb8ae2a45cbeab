//! Everything with a file descriptor: the verbs in which sunup talks to the kernel.
//!
//! Applying is a difference: [`Kernel::apply`] reads what is ([`Snapshot`]), compares it with what is wanted
//! ([`diff()`], a pure function) and sends what is missing in one batch. A second run sends nothing; a run that was killed anywhere
//! and is started again ends in the same place.

mod abi;
mod again;
mod apply;
mod bridge_vlan;
pub mod clock;
mod create;
pub mod device;
mod diff;
mod dns_socket;
mod encode;
mod error;
pub mod ethtool;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;
mod generic;
pub mod hostname;
pub mod id_path;
mod kinds;
mod message;
pub mod module;
mod monitor;
pub mod namespace;
mod netlink;
mod packet;
mod query;
pub mod random;
pub mod reach;
mod read;
mod read_route;
mod real_path;
mod request;
mod snapshot;
mod syscall;
pub mod sysctl;
mod team;
pub mod udev;
mod udp4;
mod udp6;
mod underlay;
mod undo;
mod undo_plan;
mod unmake;
mod wireguard;

use std::path::Path;

pub use self::apply::Applied;
pub use self::bridge_vlan::BridgeVlan;
pub use self::diff::diff;
pub use self::dns_socket::DnsSocket;
pub use self::error::KernelError;
pub use self::kinds::Setting;
pub use self::monitor::{Event, Monitor};
use self::netlink::Netlink;
pub use self::packet::{Packet, PacketSocket};
pub use self::reach::Watch;
pub use self::request::{LinkChange, Request, RuleFamily, Target};
pub use self::snapshot::{Address, Link, Route, RouterFlags, Rule, Snapshot};
pub use self::udp4::Udp4Socket;
pub use self::udp6::{Datagram, Udp6Socket, has_ipv6};
pub use self::underlay::Way;
use crate::journal::{Entry, Journal, Undo};

/// CAP_NET_ADMIN as a bit of the capability set.
const CAP_NET_ADMIN: u64 = 1 << 12;

/// The kernel's networking of this namespace.
pub struct Kernel {
    netlink: Netlink,
    /// Opened when the first tunnel needs it.
    wireguard: Option<wireguard::WireGuard>,
    /// What is about to be changed is noted here first.
    pub journal: Option<Journal>,
    /// True once it was said that no setting can be written.
    settings_are_fixed: bool,
}

impl Kernel {
    /// Opens the netlink socket. Reading needs no privilege.
    pub fn open() -> Result<Self, KernelError> {
        Ok(Self { netlink: Netlink::open()?, wireguard: None, journal: None, settings_are_fixed: false })
    }

    /// Fails with [`KernelError::NotPermitted`] if this process may not configure the network.
    pub fn require_permission(&self) -> Result<(), KernelError> {
        match syscall::capabilities() {
            Some(effective) if effective & CAP_NET_ADMIN == 0 => Err(KernelError::NotPermitted),
            _ => Ok(()),
        }
    }

    /// A socket to speak to a DHCPv4 server from an address that a link has.
    pub fn udp4(&mut self, ifindex: u32, address: std::net::Ipv4Addr) -> Result<Udp4Socket, KernelError> {
        let name = self.name_of(ifindex).unwrap_or_default();
        Udp4Socket::open(ifindex, &name, address)
    }

    /// Listens to what happens from now on.
    pub fn monitor(&mut self) -> Result<Monitor, KernelError> {
        Monitor::open()
    }

    /// Takes note in the journal, if there is one.
    pub fn note(&mut self, entries: &[Entry]) {
        if let Some(journal) = &mut self.journal {
            journal.note(entries);
        }
    }

    /// Writes a setting of a link if it differs ([`sysctl::set`]). What the kernel does not have is noted in the log, no more; that
    /// none can be written, as in most containers, is said once.
    pub fn sysctl(&mut self, ifindex: u32, device: &str, key: &str, value: &str) {
        let journal = self.journal.as_mut();
        let note = |former: &str| {
            if let Some(journal) = journal {
                journal.note(&[Entry::changed(ifindex, key, Undo::Sysctl(former.to_owned()))]);
            }
        };
        match sysctl::set(Path::new("/"), device, key, value, note) {
            Ok(_) => {}
            Err(error) if error.is_gone() || self.settings_are_fixed => log::debug!("{error}"),
            Err(error) if error.errno() == error::errno::EROFS => {
                self.settings_are_fixed = true;
                log::warn!("{error}; nor any other setting there: links keep those they have");
            }
            Err(error) => log::warn!("{error}"),
        }
    }
}
