//! The Open Firmware device tree, from `firmware/devicetree/base` in sysfs: what the firmware of a POWER or SPARC
//! machine booted from.
//!
//! `chosen/bootpath` is `DEVICE:ARGUMENTS`. The arguments follow the Open Firmware recommended practices "Device Support
//! Extensions" (`speed=`, `duplex=`) and "TFTP Booting Extension" (protocol, server, file, client, gateway, retries),
//! with yaboot's netmask as an extra. The answers the firmware got stand beside it: `client-ip`, `netmask-ip`, ….

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Component, Path, PathBuf};

use ipnet::IpNet;

use super::file::contents;
use super::firmware::{Family, Found, Method, PRIORITY, configure, host_name};
use super::uuids::stable_uuid;
use crate::profile::ip::IpSettings;
use crate::profile::{HwAddr, Ip4Settings, Ip6Settings, LinkKind, Method4, Method6, Origin, Profile, Warning};

/// The largest property read, in bytes. A saved BOOTP answer has a packet's size.
const MAX_PROPERTY: u64 = 65536;

/// The profile `ofw` for the NIC the machine was booted from. Nothing if it was booted from a disk, or has no device tree.
pub fn read(sysfs: &Path) -> Found {
    let mut found = Found::default();
    let tree = Tree { base: sysfs.join("firmware/devicetree/base") };
    let Some(path) = tree.text("chosen", "bootpath") else { return found };
    let (device, arguments) = path.split_once(':').unwrap_or((&path, ""));
    let arguments = Arguments::parse(arguments);
    if tree.is_network(device, &arguments) {
        found.profiles.push(tree.profile(device, &arguments, &mut found.warnings));
    }
    found
}

fn origin() -> Origin {
    Origin::Firmware { table: "OpenFirmware", record: "chosen/bootpath".to_owned() }
}

/// The arguments of `bootpath`, as far as they matter here.
#[derive(Debug, Default, PartialEq)]
struct Arguments<'a> {
    speed: Option<u32>,
    full_duplex: Option<bool>,
    /// `dhcp`, `bootp` or `rarp` was asked for.
    dynamic: bool,
    client: Option<&'a str>,
    gateway: Option<&'a str>,
    netmask: Option<&'a str>,
}

impl<'a> Arguments<'a> {
    fn parse(text: &'a str) -> Self {
        let mut arguments = Self::default();
        let mut words = text.split(',').peekable();
        while words.next_if(|word| arguments.device_word(word)).is_some() {}
        while words.next_if(|word| matches!(*word, "bootp" | "dhcp" | "rarp")).is_some() {
            arguments.dynamic = true;
        }
        // The server's address may be left out, but then the file is an absolute path.
        words.next_if(|word| !word.starts_with('/'));
        let _file = words.next();
        arguments.client = words.next();
        arguments.gateway = words.next();
        arguments.netmask = words.next_if(|word| word.contains(['.', ':']));
        let (_bootp_retries, _tftp_retries) = (words.next(), words.next());
        arguments.netmask = words.next().or(arguments.netmask);
        arguments
    }

    /// Takes a word that is about the device rather than the boot protocol; false if `word` is none.
    fn device_word(&mut self, word: &str) -> bool {
        match (word, word.split_once('=')) {
            ("nfs" | "last" | "promiscuous" | "duplex=auto", _) => {}
            ("duplex=half", _) => self.full_duplex = Some(false),
            ("duplex=full", _) => self.full_duplex = Some(true),
            (_, Some(("speed", speed))) => self.speed = speed.parse().ok().filter(|&speed| speed > 0),
            _ => return false,
        }
        true
    }
}

/// The device tree.
struct Tree {
    base: PathBuf,
}

impl Tree {
    /// A property's bytes. `None` also for a device path that would leave the tree.
    fn property(&self, device: &str, name: &str) -> Option<Vec<u8>> {
        let device = Path::new(device.trim_start_matches('/'));
        let inside = device.components().all(|component| matches!(component, Component::Normal(_)));
        if inside { contents(&self.base.join(device).join(name), MAX_PROPERTY) } else { None }
    }

    /// A property that is text, up to its first NUL.
    fn text(&self, device: &str, name: &str) -> Option<String> {
        let bytes = self.property(device, name)?;
        let text = bytes.split(|&b| b == 0).next().unwrap_or_default();
        String::from_utf8(text.to_vec()).ok()
    }

    /// A property that is a binary address; 0.0.0.0 is none.
    fn address(&self, name: &str) -> Option<IpAddr> {
        let bytes = self.property("chosen", name)?;
        let v4 = <[u8; 4]>::try_from(bytes.as_slice()).map(IpAddr::from);
        let address = v4.or_else(|_| <[u8; 16]>::try_from(bytes.as_slice()).map(IpAddr::from)).ok()?;
        (!address.is_unspecified()).then_some(address)
    }

    /// The address the device booted with; failing that, the one it was made with.
    fn hardware_address(&self, device: &str) -> Option<HwAddr> {
        let mac =
            |name| self.property(device, name).filter(|bytes| bytes.len() == 6).and_then(|bytes| HwAddr::new(&bytes));
        mac("mac-address").or_else(|| mac("local-mac-address")).filter(|mac| !mac.is_zero())
    }

    /// Whether the machine was booted over the network: a disk has a `bootpath` too.
    fn is_network(&self, device: &str, arguments: &Arguments<'_>) -> bool {
        arguments.dynamic
            || arguments.client.is_some_and(|client| parse_address(client).is_some())
            || self.text(device, "device_type").is_some_and(|kind| kind == "network")
            || self.hardware_address(device).is_some()
            || self.property("chosen", "bootp-response").is_some()
    }

    fn profile(&self, device: &str, arguments: &Arguments<'_>, warnings: &mut Vec<Warning>) -> Profile {
        let mac = self.hardware_address(device);
        let mac_text = mac.map(|mac| mac.to_string()).unwrap_or_default();
        let uuid = stable_uuid(&["ofw", device, &mac_text]);
        let mut profile = Profile::new("OpenFirmware Connection", uuid, LinkKind::Ethernet, origin());
        profile.file_stem = "ofw".to_owned();
        profile.autoconnect_priority = PRIORITY;
        profile.matching.mac_address = mac;
        set_speed(&mut profile, arguments, warnings);
        let dynamic = arguments.dynamic || self.property("chosen", "bootp-response").is_some();
        let address = if dynamic { None } else { self.static_address(arguments, warnings) };
        match address {
            Some(address) => self.set_static(&mut profile, address, arguments, warnings),
            None => self.set_dynamic(&mut profile),
        }
        profile
    }

    /// DHCP and router advertisements, under the name the firmware knows the machine by.
    fn set_dynamic(&self, profile: &mut Profile) {
        let name = self.property("chosen", "client-name").and_then(|name| host_name(&name));
        let ip = IpSettings { dhcp_hostname: name, ..IpSettings::default() };
        profile.ipv4 = Some(Ip4Settings { method: Method4::Auto, ip: ip.clone(), ..Ip4Settings::default() });
        profile.ipv6 = Some(Ip6Settings { method: Method6::Auto, ip, ..Ip6Settings::default() });
    }

    fn set_static(&self, profile: &mut Profile, net: IpNet, arguments: &Arguments<'_>, warnings: &mut Vec<Warning>) {
        let gateway = self.gateway(net, arguments, warnings);
        let ip = IpSettings { addresses: vec![net], gateway, ..IpSettings::default() };
        configure(profile, Family::of(net.addr()), Method::Manual, ip);
    }

    /// The router, if it is in the family of `net`; 0.0.0.0 is none.
    fn gateway(&self, net: IpNet, arguments: &Arguments<'_>, warnings: &mut Vec<Warning>) -> Option<IpAddr> {
        let written = arguments.gateway.unwrap_or_default();
        let gateway = self.address("gateway-ip").or_else(|| parse_address(written));
        let usable = gateway.filter(|gateway| Family::of(*gateway) == Family::of(net.addr()));
        if usable.is_none() && (gateway.is_some() || !written.is_empty()) {
            let text =
                format!("the gateway '{written}' is no router for {net}; none is used, set gateway-ip in the firmware");
            warnings.push(Warning::new(&origin(), text));
        }
        usable.filter(|gateway| !gateway.is_unspecified())
    }

    /// The address the firmware used, with its prefix: the answer it got (`client-ip`) or what the arguments say.
    fn static_address(&self, arguments: &Arguments<'_>, warnings: &mut Vec<Warning>) -> Option<IpNet> {
        let written = arguments.client.and_then(parse_address).filter(|address| !address.is_unspecified());
        let address = self.address("client-ip").or(written)?;
        let prefix = self.prefix(address, arguments).unwrap_or_else(|| {
            let prefix = default_prefix(address);
            let text = format!("there is no netmask for {address}; /{prefix} is taken, set netmask-ip in the firmware");
            warnings.push(Warning::new(&origin(), text));
            prefix
        });
        IpNet::new(address, prefix).ok()
    }

    /// The prefix length, from `netmask-ip` or the arguments (a mask, or a length).
    fn prefix(&self, address: IpAddr, arguments: &Arguments<'_>) -> Option<u8> {
        let written = arguments.netmask.unwrap_or_default();
        let mask = self.address("netmask-ip").or_else(|| parse_address(written));
        let longest = if address.is_ipv4() { 32 } else { 128 };
        match (mask, address) {
            // As NetworkManager counts a mask with holes: up to its last one.
            (Some(IpAddr::V4(mask)), IpAddr::V4(_)) if !mask.is_unspecified() => {
                u8::try_from(32_u32.saturating_sub(mask.to_bits().trailing_zeros())).ok()
            }
            _ => written.parse().ok().filter(|prefix| *prefix <= longest),
        }
    }
}

/// Speed and duplex, which the kernel wants together.
fn set_speed(profile: &mut Profile, arguments: &Arguments<'_>, warnings: &mut Vec<Warning>) {
    match (arguments.speed, arguments.full_duplex) {
        (Some(speed), Some(full_duplex)) => {
            profile.link.speed = Some(speed);
            profile.link.full_duplex = Some(full_duplex);
        }
        (None, None) => {}
        _ => warnings.push(Warning::new(&origin(), "speed= and duplex= are only used together; the link negotiates")),
    }
}

/// An address as Open Firmware writes it: parts of an IPv4 address may have zeros in front (`255.255.000.000`), which
/// are decimal all the same.
fn parse_address(text: &str) -> Option<IpAddr> {
    let part = |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse::<u8>().ok()).flatten();
    let parts: Option<Vec<u8>> = text.split('.').map(part).collect();
    let v4 = parts.and_then(|parts| <[u8; 4]>::try_from(parts).ok()).map(|octets| IpAddr::V4(Ipv4Addr::from(octets)));
    v4.or_else(|| text.parse().ok())
}

/// The prefix of the address's class (RFC 791); /64 for IPv6.
fn default_prefix(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(v4) if v4.octets()[0] < 128 => 8,
        IpAddr::V4(v4) if v4.octets()[0] < 192 => 16,
        IpAddr::V4(_) => 24,
        IpAddr::V6(_) => 64,
    }
}

#[cfg(test)]
mod tests;
