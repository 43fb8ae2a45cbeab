//! The profiles while the command line is being read: what exists by which name, and what arguments of several kinds
//! agree on.

use std::path::Path;
use std::time::Duration;

use super::lex::{Interface, Value};
use super::reading::{Reading, Remark};
use super::{Environment, bond};
use crate::input::uuids::stable_uuid;
use crate::profile::link::Infiniband;
use crate::profile::{
    Controller, Ip4Settings, Ip6Settings, IpSettings, LinkKind, LinkSettings, Method4, MultiConnect, Origin, Profile,
};

/// `connection.autoconnect-priority` of what the command line asks for.
const PRIORITY: i32 = -100;

/// `connection.wait-device-timeout` of what the boot cannot do without.
const WAIT_DEVICE: Duration = Duration::from_secs(60);

/// The file name of the profile that is for every wired link.
pub(super) const DEFAULT: &str = "default_connection";

/// What `[user]` says about every profile, so that the daemon can tell them from an administrator's. The value is part
/// of NetworkManager's interface (`allowed-connections=except:origin:nm-initrd-generator`).
const ORIGIN: (&str, &str) = ("org.freedesktop.NetworkManager.origin", "nm-initrd-generator");

/// A profile and what is known about it besides.
pub(super) struct Entry {
    /// The profile. Its `file_stem` is what arguments find it by.
    pub(super) profile: Profile,
    /// The last `ip=` about it.
    pub(super) ip: Option<Origin>,
}

/// What applies to every profile made, whichever argument makes it. Read in the first pass.
pub(super) struct Defaults {
    /// `rd.peerdns=0`.
    pub(super) ignore_auto_dns: bool,
    /// Seconds of one DHCP attempt, `rd.net.timeout.dhcp`.
    pub(super) dhcp_timeout: i64,
    /// Number of DHCP attempts, `rd.net.dhcp.retry`.
    pub(super) dhcp_tries: i64,
    /// `rd.net.dhcp.vendor-class`.
    pub(super) vendor_class: Option<String>,
    /// `rd.net.dhcp.dscp`.
    pub(super) dscp: Option<String>,
    /// `rd.net.acd`.
    pub(super) dad_timeout: Option<std::time::Duration>,
    /// Milliseconds, `rd.net.timeout.ip-required`.
    pub(super) required_timeout: i64,
    /// Links that `ifname=` gives a name, with a MAC of Ethernet's length.
    pub(super) ethernet_names: Vec<String>,
}

/// What is collected in order to be used when all profiles exist.
#[derive(Default)]
pub(super) struct Collected<'a> {
    /// `rd.route=`.
    pub(super) routes: Vec<Value<'a>>,
    /// `nameserver=`.
    pub(super) nameservers: Vec<Value<'a>>,
    /// `rd.znet=`.
    pub(super) znets: Vec<Value<'a>>,
    /// `rd.znet_ifname=`: subchannels, interface name.
    pub(super) znet_names: Vec<(&'a str, &'a str, Value<'a>)>,
    /// Parents of `vlan=`.
    pub(super) vlan_parents: Vec<(Interface, Value<'a>)>,
    /// Gateways of `ip=::GW::::`.
    pub(super) gateways: Vec<(std::net::IpAddr, Origin)>,
    /// `BOOTIF=`.
    pub(super) bootif: Option<Value<'a>>,
    /// `bootdev=`.
    pub(super) bootdev: Option<Value<'a>>,
    /// `ksdevice=`, `gateway=`, `netmask=`, `hostname=`, `mtu=` of Anaconda.
    pub(super) anaconda: super::anaconda::Cluster<'a>,
}

/// `rd.bootif`, `rd.neednet`, `net.ifnames`, and whether the NBFT is to be read.
pub(super) struct Switches {
    pub(super) bootif: bool,
    pub(super) need_network: Option<Origin>,
    pub(super) net_ifnames: bool,
    pub(super) nbft: bool,
    pub(super) nbft_names: bool,
}

/// The profiles so far, in the order they were first named, and what has been said about the rest.
pub(super) struct Builder<'a> {
    pub(super) environment: &'a Environment<'a>,
    pub(super) entries: Vec<Entry>,
    pub(super) defaults: Defaults,
    pub(super) collected: Collected<'a>,
    pub(super) switches: Switches,
    pub(super) reading: Reading,
}

impl<'a> Builder<'a> {
    /// A builder that has seen no word yet.
    pub(super) fn new(environment: &'a Environment<'a>) -> Self {
        Self {
            environment,
            entries: Vec::new(),
            defaults: Defaults {
                ignore_auto_dns: false,
                dhcp_timeout: 90,
                dhcp_tries: 1,
                vendor_class: None,
                dscp: None,
                dad_timeout: None,
                required_timeout: 20_000,
                ethernet_names: Vec::new(),
            },
            collected: Collected::default(),
            switches: Switches { bootif: true, need_network: None, net_ifnames: true, nbft: true, nbft_names: false },
            reading: Reading::default(),
        }
    }

    /// Notes what is wrong, what was done instead, and what to write.
    pub(super) fn error(&mut self, origin: Origin, text: impl Into<String>) {
        self.reading.remarks.push(Remark::error(origin, text.into()));
    }

    /// Notes what is legal but hardly meant.
    pub(super) fn caution(&mut self, origin: Origin, text: impl Into<String>) {
        self.reading.remarks.push(Remark::caution(origin, text.into()));
    }

    /// The entry with this file name.
    pub(super) fn find(&mut self, stem: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.profile.file_stem == stem)
    }

    /// Adds a profile; one with the same file name is replaced, in its place.
    pub(super) fn add(&mut self, profile: Profile) {
        let entry = Entry { profile, ip: None };
        match self.find(&entry.profile.file_stem) {
            Some(old) => *old = entry,
            None => self.entries.push(entry),
        }
    }

    /// The entry with the file name of `new`, which becomes one if there is none.
    fn find_or_add(&mut self, new: Profile) -> &mut Entry {
        let at = self.entries.iter().position(|entry| entry.profile.file_stem == new.file_stem);
        if at.is_none() {
            self.entries.push(Entry { profile: new, ip: None });
        }
        let at = at.unwrap_or(self.entries.len() - 1);
        self.at(at)
    }

    /// The entry at the position `at` of one.
    #[expect(clippy::indexing_slicing, reason = "entries are never removed, so a position stays one")]
    pub(super) fn at(&mut self, at: usize) -> &mut Entry {
        &mut self.entries[at]
    }

    /// The profile of a link, made if there is none yet. Without `kind` a new one is Ethernet, or InfiniBand where name,
    /// MAC or device say so; with `kind` it becomes one of that type.
    pub(super) fn link(&mut self, interface: &Interface, kind: Option<LinkKind>, asked: Value<'_>) -> &mut Entry {
        let stem = interface.to_string();
        let guess = kind.clone().unwrap_or_else(|| self.guess_kind(interface));
        let mut new = self.profile(&stem, &stem, guess, asked.origin());
        new.interface_name = interface.name().map(str::to_owned);
        new.matching.mac_address = interface.mac();
        let other = |entry: &&mut Entry| kind.as_ref().is_some_and(|kind| kind.name() != entry.profile.kind.name());
        let was = self.find(&stem).filter(other).map(|entry| entry.profile.kind.name().to_owned());
        if let Some(was) = was.filter(|was| !matches!(was.as_str(), "ethernet" | "infiniband")) {
            self.error(asked.origin(), format!("{stem} is a {was} by another argument; this one counts"));
        }
        let entry = self.find_or_add(new);
        if let Some(kind) = kind.filter(|kind| kind.name() != entry.profile.kind.name()) {
            entry.profile.kind = kind;
        }
        entry
    }

    /// The profile that is for every wired link, made if there is none yet.
    pub(super) fn default_link(&mut self, origin: Origin) -> &mut Entry {
        let mut new = self.profile(DEFAULT, "Wired Connection", LinkKind::Ethernet, origin);
        new.multi_connect = MultiConnect::Multiple;
        self.find_or_add(new)
    }

    /// A profile with the settings every argument starts from: both families automatic, neither required.
    pub(super) fn profile(&self, stem: &str, id: &str, kind: LinkKind, origin: Origin) -> Profile {
        let uuid = match self.environment.machine_id {
            Some(machine) => stable_uuid(&["cmdline", stem, machine]),
            None => stable_uuid(&["cmdline", stem]),
        };
        let defaults = &self.defaults;
        let ip = IpSettings {
            ignore_auto_dns: defaults.ignore_auto_dns,
            dhcp_timeout: Some(defaults.dhcp_timeout()),
            ..IpSettings::default()
        };
        let ip4 = IpSettings {
            required_timeout: Some(defaults.required_timeout()),
            dad_timeout: defaults.dad_timeout,
            ..ip.clone()
        };
        Profile {
            file_stem: stem.to_owned(),
            autoconnect_priority: PRIORITY,
            autoconnect_retries: Some(1),
            multi_connect: MultiConnect::Single,
            ipv4: Some(Ip4Settings {
                method: Method4::Auto,
                ip: ip4,
                dhcp_vendor_class: defaults.vendor_class.clone(),
                dhcp_dscp: defaults.dscp.clone(),
                ..Ip4Settings::default()
            }),
            ipv6: Some(Ip6Settings { ip, ..Ip6Settings::default() }),
            ..Profile::new(id, uuid, kind, origin)
        }
    }

    /// The type of a link that nothing but its name or MAC is known of. dracut calls NICs of the iBFT `ibft0` and so on,
    /// and `ifname=` may give an Ethernet card any name; a device that is there knows best.
    fn guess_kind(&self, interface: &Interface) -> LinkKind {
        let infiniband = match interface {
            Interface::Mac(mac) => mac.as_bytes().len() == 20,
            Interface::Name(name) => match arp_type(self.environment.sysfs, name) {
                Some(arp_type) => arp_type == 32,
                None => name.starts_with("ib") && !is_ibft(name) && !self.defaults.ethernet_names.contains(name),
            },
        };
        if infiniband { LinkKind::Infiniband(datagram()) } else { LinkKind::Ethernet }
    }

    /// Makes a profile wait for its device, if that is one that must be there already.
    pub(super) fn wait_for_device(entry: &mut Entry) {
        if entry.profile.kind == LinkKind::Ethernet {
            entry.profile.wait_device_timeout = Some(WAIT_DEVICE);
        }
    }

    /// Ends the building: makes every profile one that a daemon accepts, dropping single fields with a remark.
    pub(super) fn finish(mut self) -> Reading {
        for entry in &mut self.entries {
            entry.settle(&mut self.reading.remarks);
        }
        self.reading.profiles = self.entries.into_iter().map(|entry| entry.profile).collect();
        self.reading.warnings = self.reading.remarks.iter().map(|remark| remark.warning.clone()).collect();
        self.reading
    }
}

impl Defaults {
    /// `dhcp-timeout` of all attempts together. [`Duration::MAX`] is infinity.
    fn dhcp_timeout(&self) -> Duration {
        match self.dhcp_timeout.saturating_mul(self.dhcp_tries) {
            seconds if seconds >= i64::from(i32::MAX) => Duration::MAX,
            seconds => Duration::from_secs(seconds.unsigned_abs()),
        }
    }

    /// `required-timeout` of a family that is waited for though it may fail.
    pub(super) fn required_timeout(&self) -> Duration {
        Duration::from_millis(self.required_timeout.unsigned_abs())
    }
}

impl Entry {
    /// True if the profile is a port of another link.
    pub(super) fn is_port(&self) -> bool {
        self.profile.controller.is_some()
    }

    /// `[ipv4]`, made if there is none.
    pub(super) fn ipv4(&mut self) -> &mut Ip4Settings {
        self.profile.ipv4.get_or_insert_default()
    }

    /// `[ipv6]`, made if there is none.
    pub(super) fn ipv6(&mut self) -> &mut Ip6Settings {
        self.profile.ipv6.get_or_insert_default()
    }

    /// What both families have, of one.
    pub(super) fn ip(&mut self, v4: bool) -> &mut IpSettings {
        if v4 { &mut self.ipv4().ip } else { &mut self.ipv6().ip }
    }

    /// `ipv4.method`.
    pub(super) fn method4(&self) -> Method4 {
        self.profile.ipv4.as_ref().map(|ipv4| ipv4.method).unwrap_or_default()
    }

    /// `ipv6.method`.
    pub(super) fn method6(&self) -> crate::profile::Method6 {
        self.profile.ipv6.as_ref().map(|ipv6| ipv6.method).unwrap_or_default()
    }

    /// The settings of the link.
    pub(super) fn settings(&mut self) -> &mut LinkSettings {
        &mut self.profile.link
    }

    /// Makes the profile a port.
    pub(super) fn enslave(&mut self, controller: String, port_type: &str) {
        self.profile.controller =
            Some(Controller { name: controller, port_type: port_type.to_owned(), port_options: Vec::new() });
    }

    /// Brings the profile into a form a daemon accepts.
    fn settle(&mut self, remarks: &mut Vec<Remark>) {
        self.profile.user.insert(ORIGIN.0.to_owned(), ORIGIN.1.to_owned());
        let origin = self.ip.clone().unwrap_or_else(|| self.profile.origin.clone());
        if let LinkKind::Bond { options } = &mut self.profile.kind {
            bond::settle(options, &self.profile.origin, remarks);
        }
        if let Some(controller) = &self.profile.controller {
            if let Some(origin) = &self.ip {
                let text =
                    format!("{} is a port, which has no addresses; give them to the controller", self.profile.id);
                remarks.push(Remark::caution(origin.clone(), format!("{text} ({})", controller.port_type)));
            }
            self.profile.ipv4 = None;
            self.profile.ipv6 = None;
        }
        super::settle::ip(&mut self.profile, &origin, remarks);
    }
}

/// `[infiniband]` as the command line means it.
pub(super) fn datagram() -> Infiniband {
    Infiniband { transport_mode: Some("datagram".to_owned()), ..Infiniband::default() }
}

/// True for the names dracut gives the NICs of the iBFT.
fn is_ibft(name: &str) -> bool {
    name.strip_prefix("ibft").is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
}

/// `class/net/NAME/type`: the ARPHRD number of a link that is there.
fn arp_type(sysfs: &Path, name: &str) -> Option<u16> {
    let bytes = crate::input::file::contents(&sysfs.join("class/net").join(name).join("type"), 64)?;
    std::str::from_utf8(&bytes).ok()?.trim_ascii().parse().ok()
}
