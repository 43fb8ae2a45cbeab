//! What the interfaces of the tables mean: one profile each, and for a VLAN the NIC below it.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::origin;
use super::table::{Interface, Interfaces};
use crate::input::firmware::{Family, Found, Method, PRIORITY, configure, disable, host_name};
use crate::input::uuids::stable_uuid;
use crate::profile::ip::{AddrGenMode, DnsServer};
use crate::profile::link::Vlan;
use crate::profile::sort::sort_by_key;
use crate::profile::{IpSettings, LinkKind, Origin, Profile, Warning};

/// Collects the interfaces of all tables, then makes the profiles: a VLAN of one table may stand on a NIC of another.
#[derive(Default)]
pub(super) struct Builder {
    interfaces: Vec<Named>,
    warnings: Vec<Warning>,
}

/// An interface and the name of its table.
struct Named {
    table: String,
    interface: Interface,
}

/// Why an interface gets no profile, or not the one it asks for.
#[derive(Debug, thiserror::Error)]
enum BadSettings {
    #[error("it has no MAC address, so no NIC is known to be it; not used")]
    NoMac,
    #[error("its VLAN {0} is none (1 to 4094); not used")]
    Vlan(u16),
    #[error("it has neither an address nor DHCP; not used")]
    NoAddress,
    #[error("its address has the prefix length {0}; not used")]
    Prefix(u8),
    #[error("another HFI of the table has the same index; not used")]
    Duplicate,
}

impl Builder {
    /// Adds what [`super::table::parse`] found in the table `name`.
    pub(super) fn add_table(&mut self, name: &str, interfaces: Interfaces) {
        for interface in interfaces {
            match interface {
                Ok(interface) => self.interfaces.push(Named { table: name.to_owned(), interface }),
                Err((place, error)) => {
                    let text = format!("HFI descriptor {place}: {error}");
                    self.warnings.push(Warning::new(&origin(name), text));
                }
            }
        }
    }

    /// Adds the profiles and the host name to `found`. VLANs come last, when all NICs they may stand on are known.
    pub(super) fn finish(mut self, mut found: Found) -> Found {
        let mut taken = BTreeSet::new();
        sort_by_key(&mut self.interfaces, |named| named.interface.vlan > 0);
        for named in &self.interfaces {
            match named.profile(&mut self.warnings) {
                Ok(_) if !taken.insert((named.table.as_str(), named.interface.index)) => {
                    self.warnings.push(Warning::new(&named.origin(), BadSettings::Duplicate.to_string()));
                }
                Ok(profile) => add(profile, named, &mut found),
                Err(error) => self.warnings.push(Warning::new(&named.origin(), error.to_string())),
            }
        }
        found.warnings.append(&mut self.warnings);
        found
    }
}

/// Adds a profile; for a VLAN, its parent's uuid and, if it has no profile yet, the parent.
fn add(mut profile: Profile, named: &Named, found: &mut Found) {
    if let LinkKind::Vlan(vlan) = &mut profile.kind {
        let mac = Some(named.interface.mac);
        let nic = |other: &&Profile| other.kind == LinkKind::Ethernet && other.matching.mac_address == mac;
        let parent = found.profiles.iter().find(nic).map(|parent| parent.uuid);
        let parent = parent.unwrap_or_else(|| {
            let parent = named.nic();
            let uuid = parent.uuid;
            found.profiles.push(parent);
            uuid
        });
        vlan.parent = Some(parent.to_string());
    }
    found.hostname = host_name(&named.interface.host_name).or(found.hostname.take());
    found.profiles.push(profile);
}

impl Named {
    fn origin(&self) -> Origin {
        Origin::Firmware { table: "NBFT", record: format!("table {}, HFI {}", self.table, self.interface.index) }
    }

    /// A profile without IP.
    fn bare(&self, vlan: Option<u16>, kind: LinkKind) -> Profile {
        let vlan = vlan.map(|id| format!(" VLAN {id}")).unwrap_or_default();
        let id = format!("{} connection HFI {}{vlan}", self.table, self.interface.index);
        let uuid = stable_uuid(&["nbft", &id, &self.interface.mac.to_string()]);
        let mut profile = Profile::new(&id, uuid, kind, self.origin());
        profile.autoconnect_priority = PRIORITY;
        disable(&mut profile);
        use_default_addr_gen_mode(&mut profile);
        profile
    }

    /// The NIC, without IP.
    fn nic(&self) -> Profile {
        let mut profile = self.bare(None, LinkKind::Ethernet);
        profile.matching.mac_address = Some(self.interface.mac);
        profile
    }

    /// The profile of the interface; a VLAN's parent is still to be named.
    fn profile(&self, warnings: &mut Vec<Warning>) -> Result<Profile, BadSettings> {
        let interface = &self.interface;
        if interface.mac.is_zero() {
            return Err(BadSettings::NoMac);
        }
        let (method, ip) = self.ip(warnings)?;
        let mut profile = match interface.vlan {
            0 => self.nic(),
            id if id < 4095 => self.bare(Some(id), LinkKind::Vlan(Vlan { id, ..Vlan::default() })),
            id => return Err(BadSettings::Vlan(id)),
        };
        configure(&mut profile, Family::of(interface.address), method, ip);
        use_default_addr_gen_mode(&mut profile);
        Ok(profile)
    }

    /// DHCP leaves nothing static: what the table has was acquired that way, and is to be acquired anew.
    fn ip(&self, warnings: &mut Vec<Warning>) -> Result<(Method, IpSettings), BadSettings> {
        let interface = &self.interface;
        let name = self.host_name(warnings);
        if interface.dhcp {
            return Ok((Method::Auto, IpSettings { dhcp_hostname: name, ..IpSettings::default() }));
        }
        let ip = IpSettings {
            addresses: vec![self.address(warnings)?],
            gateway: interface.gateway,
            dns: interface.dns.iter().copied().map(DnsServer::plain).collect(),
            ..IpSettings::default()
        };
        Ok((Method::Manual, ip))
    }

    fn address(&self, warnings: &mut Vec<Warning>) -> Result<IpNet, BadSettings> {
        let Interface { address, prefix, .. } = self.interface;
        if address.is_unspecified() {
            return Err(BadSettings::NoAddress);
        }
        if address.is_ipv6() && prefix == 0 {
            warnings.push(Warning::new(&self.origin(), format!("{address} has no prefix length; /64 is taken")));
            return IpNet::new(address, 64).map_err(|_| BadSettings::Prefix(64));
        }
        IpNet::new(address, prefix).map_err(|_| BadSettings::Prefix(prefix))
    }

    fn host_name(&self, warnings: &mut Vec<Warning>) -> Option<String> {
        let bytes = &self.interface.host_name;
        let name = host_name(bytes);
        if name.is_none() && bytes.first().is_some_and(|&byte| byte != 0) {
            let text = format!("'{}' is no host name; none is set", String::from_utf8_lossy(bytes).escape_debug());
            warnings.push(Warning::new(&self.origin(), text));
        }
        name
    }
}

/// NetworkManager writes `default` here, not the keyfile's `default-or-eui64`.
fn use_default_addr_gen_mode(profile: &mut Profile) {
    if let Some(ipv6) = &mut profile.ipv6 {
        ipv6.addr_gen_mode = AddrGenMode::Default;
    }
}
