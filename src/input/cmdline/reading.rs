//! What the command line asks for.

use std::net::IpAddr;
use std::time::Duration;

use crate::input::wgquick::Asked;
use crate::profile::handover::{ExitRule, Handover};
use crate::profile::{HwAddr, Origin, Profile, Warning};

/// All that the command line, and the firmware it names, ask for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    /// The profiles in the order they are first named: command line, NBFT, and `BOOTIF=` last. A port's
    /// `controller.name` is the uuid of its controller's profile.
    pub profiles: Vec<Profile>,
    /// What could not be honoured as written, in the order it was found. The same as the warnings of `remarks`.
    pub warnings: Vec<Warning>,
    /// The warnings with their weight.
    pub remarks: Vec<Remark>,
    /// The host name: the last valid HOST of `ip=`, else the firmware's.
    pub hostname: Option<String>,
    /// `rd.net.timeout.*` and `rd.net.dhcp.retry`.
    pub timeouts: Timeouts,
    /// `rd.net.dns`, `rd.net.dns-resolve-mode`, `rd.net.dns-backend`.
    pub global_dns: GlobalDns,
    /// Every valid `nameserver=`, also where no profile takes it.
    pub nameservers: Vec<IpAddr>,
    /// Why the boot cannot go on without network, if it cannot.
    pub need_network: Option<NeedNetwork>,
    /// `bootdev=` (or Anaconda's `ksdevice=`): interface name or MAC in canonical form.
    pub bootdev: Option<String>,
    /// `BOOTIF=`, unless `rd.bootif=0`.
    pub bootif: Option<HwAddr>,
    /// `ip=single-dhcp`: of several links the first with a lease is enough.
    pub single_dhcp: bool,
    /// File stems of profiles with `either6`: DHCPv6 is to be tried also where no router announces it.
    pub either6: Vec<String>,
    /// `ifname=`: new name, and the MAC of the link that shall have it. To be carried out before anything is matched.
    pub renames: Vec<(String, HwAddr)>,
    /// The second field of `ip=` by file stem of the profile: the server, which dracut falls back on for `root=nfs:`.
    pub servers: Vec<(String, IpAddr)>,
    /// `rd.wireguard.bypass=1`.
    pub wireguard_bypass: bool,
    /// `rd.sunup.handover=`.
    pub handover: Option<Handover>,
    /// `rd.sunup.exit=`, in their order.
    pub exit: Vec<ExitRule>,
    /// `rd.wireguard=`.
    pub wireguard: Vec<Asked>,
}

/// `rd.net.timeout.*`. `None` is the default, [`Duration::MAX`] is `infinity`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timeouts {
    /// `rd.net.timeout.dhcp`: one DHCP attempt (default 90 s).
    pub dhcp: Option<Duration>,
    /// `rd.net.dhcp.retry`: number of DHCP attempts (default 1).
    pub dhcp_tries: Option<u32>,
    /// `rd.net.timeout.carrier`: until a link has carrier (default 10 s).
    pub carrier: Option<Duration>,
    /// `rd.net.timeout.handshake`: until a WireGuard peer has answered (default 20 s); zero: not waited for.
    pub handshake: Option<Duration>,
    /// `rd.net.timeout.iflink`: until a link exists (default 60 s for one that is named, else 10 s).
    pub iflink: Option<Duration>,
    /// `rd.net.timeout.ifup`: until a link is administratively up (default 20 s).
    pub ifup: Option<Duration>,
    /// `rd.net.timeout.route`: until there is a route (default 20 s).
    pub route: Option<Duration>,
    /// `rd.net.timeout.ipv6dad`: until IPv6 addresses are proved unique (default 50 s).
    pub ipv6dad: Option<Duration>,
    /// `rd.net.timeout.ipv6auto`: until a router has answered (default 40 s).
    pub ipv6auto: Option<Duration>,
    /// `rd.net.timeout.ip-required`: for each family of `ip=dhcp,dhcp6` (default 20 s).
    pub ip_required: Option<Duration>,
}

/// What goes into the daemon's own configuration about DNS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GlobalDns {
    /// `rd.net.dns`, as written. They replace those of every link.
    pub servers: Vec<String>,
    /// `rd.net.dns-resolve-mode`: `backup`, `prefer`, `exclusive`.
    pub resolve_mode: Option<String>,
    /// `rd.net.dns-backend`: `none`, `default`, `systemd-resolved`, `dnsmasq`, `dnsconfd`.
    pub backend: Option<String>,
}

/// Why the boot cannot go on without network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeedNetwork {
    /// The kind of reason.
    pub reason: NeedReason,
    /// The word that says so.
    pub origin: Origin,
}

/// Kinds of reasons to need network, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NeedReason {
    /// `rd.neednet=1`.
    Asked,
    /// `root=` or `netroot=` names a place that is reached by network.
    Root,
    /// An `ip=` asks for addresses.
    Addresses,
}

/// A warning and its weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// True if the word is wrong; false if it is legal but hardly meant.
    pub is_error: bool,
    /// What and where.
    pub warning: Warning,
    /// The nearest valid form of the word.
    pub instead: Option<String>,
}

impl Remark {
    /// A word that is wrong.
    pub(super) fn error(origin: Origin, text: String) -> Self {
        Self { is_error: true, warning: Warning { origin, text }, instead: None }
    }

    /// A word that is legal but hardly meant.
    pub(super) fn caution(origin: Origin, text: String) -> Self {
        Self { is_error: false, ..Self::error(origin, text) }
    }
}
