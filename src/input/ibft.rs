//! The iSCSI boot firmware table, as Linux shows it under `firmware/ibft` in sysfs
//! (`Documentation/ABI/testing/sysfs-ibft`): one directory `ethernetN` per NIC, one attribute per file.
//!
//! The kernel module `iscsi_ibft` must be loaded by whoever calls; without it there is no table.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;
use uuid::{Uuid, uuid};

use super::file::contents;
use super::firmware::{Family, Found, Method, PRIORITY, configure, names};
use crate::profile::ip::DnsServer;
use crate::profile::link::Vlan;
use crate::profile::sort::sort_by_key;
use crate::profile::{HwAddr, IpSettings, LinkKind, Origin, Profile, Warning};

/// NetworkManager's namespace for iBFT profile uuids: a daemon that reads the same table must arrive at the same uuid.
const NAMESPACE: Uuid = uuid!("b425e9fb-7598-44b4-9e3b-5a2e3aaa4905");

/// The longest attribute read, in bytes. sysfs never shows more than a page.
const MAX_ATTRIBUTE: u64 = 4096;

/// The NICs of the table, ordered by MAC: one profile each, `ibftINDEX`. What cannot be used is left out with a warning.
pub fn read(sysfs: &Path) -> Found {
    let mut found = Found::default();
    let mut taken = BTreeSet::new();
    for record in records(sysfs) {
        let profile =
            record.index().and_then(|_| record.profile()).and_then(|profile| record.claim(profile, &mut taken));
        record.add(profile, &mut found);
    }
    found
}

/// The NIC of the table with this MAC, for `ip=IFACE:ibft`: no profile and no warning if there is none. The profile has
/// the MAC and no interface name.
pub fn find_by_mac(sysfs: &Path, mac: HwAddr) -> Found {
    let mut found = Found::default();
    if let Some(record) = records(sysfs).iter().find(|record| record.hardware_address().is_ok_and(|found| found == mac))
    {
        record.add(record.profile(), &mut found);
    }
    found
}

/// The MAC a network interface has now (`class/net/IFACE/address`); `None` if there is no such interface.
pub fn interface_mac(sysfs: &Path, interface: &str) -> Option<HwAddr> {
    if matches!(interface, "" | "." | "..") || interface.contains('/') {
        return None;
    }
    let path = sysfs.join("class/net").join(interface);
    attribute(&path, "address")?.parse().ok()
}

/// Why a record cannot be used.
#[derive(Debug, thiserror::Error)]
enum BadRecord {
    #[error("there is no {0}, so the record is not used; complete it in the firmware's iSCSI set-up")]
    Missing(&'static str),
    #[error("{attribute} '{value}' is not {expected}, so the record is not used; correct it in the firmware's set-up")]
    Invalid { attribute: &'static str, value: String, expected: &'static str },
    #[error("another record has the same MAC and VLAN, or the same index, so this one is not used")]
    Duplicate,
}

/// One NIC: the attributes that matter, without the white space at their end.
struct Record {
    directory: String,
    mac: Option<String>,
    index: Option<String>,
    vlan: Option<String>,
    origin: Option<String>,
    ip_addr: Option<String>,
    prefix_len: Option<String>,
    gateway: Option<String>,
    primary_dns: Option<String>,
    secondary_dns: Option<String>,
}

/// Every NIC of the table, ordered by MAC.
fn records(sysfs: &Path) -> Vec<Record> {
    let table = sysfs.join("firmware/ibft");
    let mut records: Vec<Record> =
        names(&table, "ethernet").into_iter().map(|name| Record::read(&table, name)).collect();
    sort_by_key(&mut records, |record| record.mac.as_ref().map(|mac| mac.to_ascii_uppercase()));
    records
}

/// A file's text without white space at its end.
fn attribute(directory: &Path, name: &str) -> Option<String> {
    let bytes = contents(&directory.join(name), MAX_ATTRIBUTE)?;
    Some(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

impl Record {
    fn read(table: &Path, directory: String) -> Self {
        let path = table.join(&directory);
        let attribute = |name| attribute(&path, name);
        Self {
            mac: attribute("mac"),
            index: attribute("index"),
            vlan: attribute("vlan"),
            origin: attribute("origin"),
            ip_addr: attribute("ip-addr"),
            prefix_len: attribute("prefix-len"),
            gateway: attribute("gateway"),
            primary_dns: attribute("primary-dns"),
            secondary_dns: attribute("secondary-dns"),
            directory,
        }
    }

    fn origin(&self) -> Origin {
        Origin::Firmware { table: "iBFT", record: self.directory.clone() }
    }

    /// Puts the outcome for this record where it belongs.
    fn add(&self, outcome: Result<Profile, BadRecord>, found: &mut Found) {
        match outcome {
            Ok(profile) => found.profiles.push(profile),
            Err(error) => found.warnings.push(Warning::new(&self.origin(), error.to_string())),
        }
    }

    /// `index`: decimal digits, since it becomes part of a file name.
    fn index(&self) -> Result<&str, BadRecord> {
        let index = self.index.as_deref().ok_or(BadRecord::Missing("index"))?;
        let digits = (1..=5).contains(&index.len()) && index.bytes().all(|b| b.is_ascii_digit());
        if digits { Ok(index) } else { Err(invalid("index", index, "a number")) }
    }

    fn hardware_address(&self) -> Result<HwAddr, BadRecord> {
        let text = self.mac.as_deref().ok_or(BadRecord::Missing("MAC address"))?;
        let address = text.parse::<HwAddr>().ok().filter(|address| address.as_bytes().len() == 6);
        address.ok_or_else(|| invalid("mac", text, "an Ethernet MAC address"))
    }

    /// The VLAN; 0 in the table means none. Anything else that is no VLAN is an error: without its tag the NIC would
    /// come up in a network it was not meant for.
    fn vlan_id(&self) -> Result<Option<u16>, BadRecord> {
        let Some(text) = self.vlan.as_deref() else { return Ok(None) };
        match text.trim().parse::<u16>() {
            Ok(0) => Ok(None),
            Ok(id) if id < 4095 => Ok(Some(id)),
            _ => Err(invalid("vlan", text, "a VLAN (1 to 4094, 0 for none)")),
        }
    }

    /// The profile of this record alone.
    fn profile(&self) -> Result<Profile, BadRecord> {
        let mac = self.hardware_address()?;
        let vlan = self.vlan_id()?;
        let (family, method, ip) = self.ip()?;
        let mut profile = Profile::new(&self.id(vlan), self.uuid(), kind(vlan), self.origin());
        profile.file_stem = format!("ibft{}", self.index.as_deref().unwrap_or_default());
        profile.autoconnect_priority = PRIORITY;
        profile.matching.mac_address = Some(mac);
        configure(&mut profile, family, method, ip);
        Ok(profile)
    }

    /// `profile`, unless its NIC and VLAN, or its file name, are `taken`.
    fn claim(&self, profile: Profile, taken: &mut BTreeSet<String>) -> Result<Profile, BadRecord> {
        let link = format!("{:?} {:?}", profile.matching.mac_address, profile.kind);
        if taken.contains(&link) || taken.contains(&profile.file_stem) {
            return Err(BadRecord::Duplicate);
        }
        taken.extend([link, profile.file_stem.clone()]);
        Ok(profile)
    }

    fn id(&self, vlan: Option<u16>) -> String {
        let vlan = if vlan.is_some() { " VLAN" } else { "" };
        let index = self.index.as_ref().map(|index| format!(" {index}")).unwrap_or_default();
        format!("iBFT{vlan} Connection{index}")
    }

    /// NetworkManager's rule: MD5 over `ibft`, the MAC as spelled, `V` and the VLAN (or `v` and nothing), `A` and the
    /// address (or `DHCP` and nothing), each with a NUL behind it.
    fn uuid(&self) -> Uuid {
        let mut data = Vec::new();
        for part in [
            "ibft",
            self.mac.as_deref().unwrap_or_default(),
            if self.vlan.is_some() { "V" } else { "v" },
            self.vlan.as_deref().unwrap_or_default(),
            if self.ip_addr.is_some() { "A" } else { "DHCP" },
            self.ip_addr.as_deref().unwrap_or_default(),
        ] {
            data.extend_from_slice(part.as_bytes());
            data.push(0);
        }
        Uuid::new_v3(&NAMESPACE, &data)
    }

    /// The family, from the address or else the gateway, and everything in it.
    fn ip(&self) -> Result<(Family, Method, IpSettings), BadRecord> {
        let family = self.family()?;
        let method = match (self.origin.as_deref(), family) {
            (Some("3"), Family::V6) => Method::Dhcp6,
            (Some("3" | "4"), _) => Method::Auto,
            _ => Method::Manual,
        };
        let gateway = optional("gateway", &self.gateway, family)?;
        let servers = [
            optional("primary-dns", &self.primary_dns, family)?,
            optional("secondary-dns", &self.secondary_dns, family)?,
        ];
        let mut ip = IpSettings { may_fail: false, ..IpSettings::default() };
        ip.dns = servers.into_iter().flatten().map(DnsServer::plain).collect();
        match self.address(family)? {
            Some(address) => {
                ip.addresses.push(address);
                ip.gateway = gateway.filter(|gateway| !gateway.is_unspecified());
            }
            None if method == Method::Manual => return Err(BadRecord::Missing("ip-addr")),
            None => {}
        }
        Ok((family, method, ip))
    }

    fn family(&self) -> Result<Family, BadRecord> {
        let parse = |text: &Option<String>| text.as_deref()?.parse::<IpAddr>().ok();
        match (parse(&self.ip_addr).or_else(|| parse(&self.gateway)), self.ip_addr.as_deref()) {
            (Some(address), _) => Ok(Family::of(address)),
            (None, Some(text)) => Err(invalid("ip-addr", text, "an IP address")),
            (None, None) => Err(BadRecord::Missing("ip-addr")),
        }
    }

    /// `ip-addr/prefix-len`; `None` where the table has no address.
    fn address(&self, family: Family) -> Result<Option<IpNet>, BadRecord> {
        let Some(address) = optional("ip-addr", &self.ip_addr, family)? else { return Ok(None) };
        let text = self.prefix_len.as_deref().ok_or(BadRecord::Missing("prefix-len"))?;
        let net = text.trim().parse::<u8>().ok().and_then(|prefix| IpNet::new(address, prefix).ok());
        net.map(Some).ok_or_else(|| invalid("prefix-len", text, "a prefix length"))
    }
}

fn kind(vlan: Option<u16>) -> LinkKind {
    match vlan {
        Some(id) => LinkKind::Vlan(Vlan { id, ..Vlan::default() }),
        None => LinkKind::Ethernet,
    }
}

/// An attribute that, where present, must be an address of `family`.
fn optional(attribute: &'static str, text: &Option<String>, family: Family) -> Result<Option<IpAddr>, BadRecord> {
    let Some(text) = text else { return Ok(None) };
    let expected = if family == Family::V4 { "an IPv4 address" } else { "an IPv6 address" };
    family.parse(text).map(Some).ok_or_else(|| invalid(attribute, text, expected))
}

fn invalid(attribute: &'static str, value: &str, expected: &'static str) -> BadRecord {
    BadRecord::Invalid { attribute, value: value.to_owned(), expected }
}

#[cfg(test)]
mod tests;
