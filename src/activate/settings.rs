//! What a run is told, and what is remembered of earlier ones.

use super::limits::Limits;
use super::session::TunnelSettings;
use std::rc::Rc;
use std::time::Duration;

use uuid::Uuid;

use crate::plan::Context;
use crate::profile::handover::{ExitPolicy, ExitRule};
use crate::profile::tuning::Change;
use crate::profile::{HwAddr, LinkKind, Profile, Warning};
use crate::proto::identity::Host;
use crate::proto::ndisc::Learned;
use crate::proto::{dhcp4, dhcp6};

/// What a run is started with.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Leases are to be prolonged; then only links that have one are waited for. `None`: this is no renewal.
    pub renew: Option<Renewal>,
    /// The links whose leases are; empty: all.
    pub renewed: Vec<u32>,
    /// What becomes of links afterwards.
    pub exit: Vec<ExitRule>,
    /// What is wanted.
    pub profiles: Vec<Profile>,
    /// What the choice of profiles goes by besides the devices.
    pub context: Context,
    /// How long is waited for what.
    pub limits: Limits,
    /// After this everything must be done.
    pub timeout: Option<Duration>,
    /// The host name asked for; it goes before one from a lease.
    pub hostname: Option<String>,
    /// Name servers for everything, before those of the links or in place of them.
    pub global_dns: GlobalServers,
    /// What could not be honoured as written.
    pub warnings: Vec<Warning>,
    /// What identifiers of the machine are made of.
    pub host: Rc<Host>,
    /// Links of earlier runs in this boot.
    pub remembered: Vec<Remembered>,
    /// Makes transaction ids and jitter.
    pub seed: u64,
    /// What is asked of tunnels.
    pub tunnels: TunnelSettings,
    /// The kernel has no IPv6.
    pub no_ipv6: bool,
}

impl Settings {
    /// True if any profile is a tunnel's.
    pub fn has_tunnels(&self) -> bool {
        self.profiles.iter().any(|profile| matches!(profile.kind, LinkKind::WireGuard(_)))
    }
}

/// Name servers that belong to no link (`rd.net.dns`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GlobalServers {
    /// Those a plain resolver can use.
    pub servers: Vec<String>,
    /// True if servers and search domains of links are not used beside them.
    pub alone: bool,
}

/// Which leases are prolonged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// Every one.
    Now,
    /// Those whose time to be prolonged (T1) has come.
    Due,
    /// None of this link: what holds is left as it is, whatever its age.
    Rest,
}

/// What is remembered of a link of an earlier run in this boot.
#[derive(Debug, Clone)]
pub struct Remembered {
    /// Its interface index.
    pub ifindex: u32,
    /// Its name then.
    pub name: String,
    /// Its address then.
    pub mac: Option<HwAddr>,
    /// The profile that had it.
    pub profile: Uuid,
    /// True if sunup made the link.
    pub created: bool,
    /// What becomes of it afterwards.
    pub exit: ExitPolicy,
    /// Its lease.
    pub lease4: Option<dhcp4::Lease>,
    /// Its DHCPv6 lease.
    pub lease6: Option<dhcp6::Lease>,
    /// What routers said about names.
    pub learned: Learned,
    /// What was changed in the settings of the device itself.
    pub tuned: Vec<Change>,
}
