//! How it went: the only source of the exit code and of everything written down.

use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

use crate::profile::desired::DesiredLink;
use crate::profile::handover::ExitPolicy;
use crate::profile::tuning::Change;
use crate::profile::tunnel::Tunnel;
use crate::profile::{Device, HwAddr, Profile, Warning};
use crate::proto::Instant;
use crate::proto::dhcp4::Lease;
use crate::proto::dhcp6;
use crate::proto::ndisc::Learned;

/// What one run of `up` came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// When it started.
    pub started: Instant,
    /// When it ended.
    pub finished: Instant,
    /// Success, and of how much.
    pub result: Verdict,
    /// Every device a profile took, in plan order.
    pub links: Vec<LinkOutcome>,
    /// Devices nobody took, and why.
    pub untouched: Vec<Untouched>,
    /// Profiles whose device never came.
    pub missing: Vec<Missing>,
    /// Name servers and search domains of all links that came up, best first.
    pub dns: Dns,
    /// The host name to set, and who named it.
    pub hostname: Option<String>,
    /// What could not be honoured as written.
    pub warnings: Vec<Warning>,
}

/// Success, and of how much. The exit code follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All that was required is up, or nothing was asked for.
    Ok,
    /// Something required is up, something required is not.
    Degraded,
    /// Nothing that was required is up.
    Failed,
}

impl Verdict {
    /// 0, 3 or 1.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Degraded => 3,
            Self::Failed => 1,
        }
    }

    /// The word programs read: `ok`, `degraded`, `failed`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
        }
    }
}

/// One device that a profile took.
#[derive(Debug, Clone)]
pub struct LinkOutcome {
    /// The device, under its name at the end.
    pub device: Device,
    /// The profile.
    pub profile: Rc<Profile>,
    /// Which rules of the profile matched.
    pub matched_by: Vec<String>,
    /// True if the run counts on it.
    pub required: bool,
    /// True if sunup made the link, in this run or an earlier one of this boot.
    pub created: bool,
    /// What becomes of it afterwards.
    pub exit: ExitPolicy,
    /// How far it came.
    pub state: LinkState,
    /// When it passed which point.
    pub timing: Timing,
    /// What the kernel holds because of it.
    pub target: DesiredLink,
    /// The metric of its default route.
    pub metric: u32,
    /// Its DHCPv4 lease.
    pub lease4: Option<Lease>,
    /// Its DHCPv6 lease; without addresses where a server gave configuration alone.
    pub lease6: Option<dhcp6::Lease>,
    /// The client identifier that DHCPv4 servers know it by; `None` where it has none.
    pub identity4: Option<Vec<u8>>,
    /// The IAID and DUID that DHCPv6 servers know it by; `None` where it has none.
    pub identity6: Option<(u32, Vec<u8>)>,
    /// Name servers and search domains that came by this link or stand in its profile.
    pub dns: Dns,
    /// What was changed in the settings of the device itself, by all runs in this boot.
    pub tuned: Vec<Change>,
    /// What its WireGuard device holds, without secrets.
    pub tunnel: Option<Tunnel>,
    /// The network namespace it stands in, as it was asked for; `None`: that of the run.
    pub netns: Option<String>,
    /// What routers said about names.
    pub learned: Learned,
    /// Addresses it has by router advertisement.
    pub autoconf: Vec<ipnet::IpNet>,
}

/// How far a link came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// All that was asked for is there.
    Up,
    /// Still on its way when nobody had to wait for it any more.
    Pending(Reason),
    /// It failed.
    Failed(Reason),
}

impl LinkState {
    /// The word programs read: `up`, `pending`, `failed`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Pending(_) => "pending",
            Self::Failed(_) => "failed",
        }
    }

    /// Why it is not up.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Up => None,
            Self::Pending(reason) | Self::Failed(reason) => Some(reason),
        }
    }
}

/// Why a link is not up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// IFF_UP never came.
    #[error("the link was not set up in time (rd.net.timeout.ifup)")]
    NotUp,
    /// IFF_LOWER_UP never came.
    #[error("no carrier: no cable, or the switch port is down")]
    NoCarrier,
    /// DHCPv4: nobody answered.
    #[error("no offer: no DHCPv4 server answered")]
    NoOffer,
    /// DHCP: answers came, none could be used; the last reason.
    #[error("no usable offer: {0}")]
    BadOffer(String),
    /// DHCP: an offer was taken up, the server said no or nothing more.
    #[error("refused: {0}")]
    Refused(String),
    /// DHCPv6: nobody answered.
    #[error("no DHCPv6 server answered")]
    NoReply,
    /// IPv6: no router advertisement with a usable prefix.
    #[error("no router advertisement with a usable prefix")]
    NoRouter,
    /// IPv6: addresses by a router, but no default route.
    #[error("no default route by router advertisement")]
    NoRoute,
    /// IPv6: the kernel has none.
    #[error("the kernel has no IPv6 (ipv6.disable=1, or built without)")]
    NoIpv6,
    /// IPv6: duplicate address detection did not end.
    #[error("IPv6 addresses were not usable in time (rd.net.timeout.ipv6dad)")]
    NotProbed,
    /// IPv6: another host has the address.
    #[error("address {0} is in use by another host")]
    Duplicate(IpAddr),
    /// IPv4: the same, and who.
    #[error("address {0} is in use by another host ({1})")]
    InUse(Ipv4Addr, HwAddr),
    /// The kernel refused something.
    #[error("{0}")]
    Kernel(String),
    /// The device is gone.
    #[error("the device was removed")]
    Removed,
    /// A tunnel: nobody to talk to, or no answer.
    #[error("{0}")]
    Tunnel(String),
    /// The profile asks for something sunup cannot carry out.
    #[error("{0}")]
    Unsupported(String),
    /// Everything is on its way.
    #[error("not ready yet")]
    NotReady,
}

/// Points in time a link passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timing {
    /// The link was set up.
    pub up: Option<Instant>,
    /// It had carrier.
    pub carrier: Option<Instant>,
    /// The first DHCPv4 offer.
    pub offer: Option<Instant>,
    /// The DHCPv4 lease.
    pub lease: Option<Instant>,
    /// The DHCPv6 lease.
    pub lease6: Option<Instant>,
    /// All that was asked for was there.
    pub done: Option<Instant>,
}

/// Name servers and search domains.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dns {
    /// Servers, best first. A link-local IPv6 server carries its zone: `fe80::1%eth0`.
    pub servers: Vec<String>,
    /// Search domains, best first.
    pub search: Vec<String>,
    /// Options of the resolver (resolv.conf(5)), as profiles give them: `rotate`, `timeout:1`.
    pub options: Vec<String>,
}

impl Dns {
    /// Adds what `other` has and this has not.
    pub fn merge(&mut self, other: &Self) {
        merge(&mut self.servers, &other.servers);
        merge(&mut self.search, &other.search);
        merge(&mut self.options, &other.options);
    }
}

/// Appends what is not there yet.
fn merge(into: &mut Vec<String>, from: &[String]) {
    for text in from {
        if !into.contains(text) {
            into.push(text.clone());
        }
    }
}

/// A device no profile took.
#[derive(Debug, Clone)]
pub struct Untouched {
    /// The device.
    pub device: Device,
    /// Why.
    pub reason: String,
    /// For the profiles that came nearest to taking it, the first rule that failed.
    pub rejected: Vec<(String, String)>,
    /// How many profiles are not named there.
    pub rejected_more: usize,
}

/// A profile whose device never came.
#[derive(Debug, Clone)]
pub struct Missing {
    /// The profile.
    pub profile: Rc<Profile>,
    /// What was waited for.
    pub what: String,
    /// True if the run counted on it.
    pub required: bool,
}
