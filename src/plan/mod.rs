//! Which profile takes which device, and why: a pure function from profiles and devices to a [`Plan`].
//!
//! [`plan`] is total and has no memory. When a device appears, vanishes or is renamed, call it again with
//! [`Context::kept`] naming what is being brought up already: those links stay with their profiles.
//!
//! # Choice
//!
//! Devices are taken in the order of their interface index. For each, the profiles are tried in NetworkManager's order:
//! `autoconnect-priority` (higher first), `timestamp` (later first), `uuid` (smaller first). There is no notion of "more
//! specific", but that a profile of the command line for any link (`ip=dhcp`) comes after its equals. The first profile
//! that fits ([`fn@matches`]), has `autoconnect`, and is not yet used up (`multi-connect`: one link unless `multiple`)
//! takes the device. NetworkManager leaves open which link a single profile gets; here it is the lowest interface index.
//!
//! A device that is configured already (it has a global address or a default route that sunup did not make), or is a port
//! of another link, is taken only by a profile that names it: by `interface-name`, MAC address, s390 subchannels, or a
//! positive pattern of `match.interface-name` or `match.path`. Otherwise it stays [`Untouched`].
//!
//! # Links that profiles make
//!
//! A profile of a virtual type becomes a [`Creation`]. [`Plan::creations`] is in an order in which they can be made:
//! parents and controllers first. A profile that is a port is activated only if its controller is in the plan or exists.
//! A controller or parent with `autoconnect=false` is made all the same when a profile in the plan stands on it, as
//! NetworkManager does.
//!
//! # What must be up, and what is waited for
//!
//! `up` has succeeded when every [`Requirement`] is met. A requirement is met when **one** of its links is up, so that the
//! list reads "(a) and (b or c)". Links that are in no requirement are brought up in parallel and left to themselves
//! after a short grace: nobody waits for them.
//!
//! | profile | requirement |
//! | --- | --- |
//! | `bootdev=` is given: the profile of that link | [`Reason::BootDevice`]; the only one: the others are not needed |
//! | from the command line, for one named link (`ip=eth0:dhcp`, a bond, `BOOTIF=`) | [`Reason::Named`], each its own; the device is waited for |
//! | from the command line, for any link (`ip=dhcp`, `rd.neednet=1`) | [`Reason::AnyLink`], one for all of them |
//! | from firmware (iBFT, NBFT) | [`Reason::Firmware`], one for all: one path is enough |
//! | keyfile with `may-fail=false` in a family, whose device is there or which has `wait-device-timeout` | [`Reason::MayNotFail`], each its own |
//! | a tunnel (wireguard) of a keyfile or a wg-quick file | [`Reason::Tunnel`], each its own: nothing else leads to what is behind it |
//! | any other keyfile | [`Reason::AnyKeyfile`], one for all, and only if nothing above applies |
//! | a port | none: it counts through its controller; its device is waited for while that has no port |
//!
//! The keyfile rows follow what `nm-online -s` waits for: links that are there, and absent ones only where
//! `wait-device-timeout` says so. They part from it where it waits for every such link to succeed or give up: a laptop
//! with a dead second NIC is on line when the first is. `ip=single-dhcp` sets [`Requirement::exclusive`]: the first link
//! that is up ends the others. If a link that a required profile fits went to another profile, or is configured already,
//! then that link is what counts.

mod choose;
mod context;
mod creation;
pub mod explain;
pub mod fnmatch;
pub mod matching;
mod order;
mod requirement;
mod stack;
pub mod words;

#[cfg(test)]
pub(crate) mod tests;

use std::fmt;
use std::time::Duration;

use crate::profile::sort::sort_by_key;
use crate::profile::{Device, Profile, Warning};

pub use context::Context;
pub use creation::{Creation, Target};
pub use matching::{Mismatch, Rule, matches};
pub use requirement::{Progress, Reason, Requirement, Verdict};

/// What would be done, and why. Profiles are named by their index in the slice given to [`plan`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// Devices that are there and get a profile, by interface index.
    pub activations: Vec<Activation>,
    /// Links to be made, in an order in which they can be.
    pub creations: Vec<Creation>,
    /// What must be up for `up` to have succeeded.
    pub requirements: Vec<Requirement>,
    /// Profiles that could still find their device if one appears, by index.
    pub waiting: Vec<Waiting>,
    /// Profiles with nothing to do, by index.
    pub unused: Vec<Unused>,
    /// Every device, by interface index: who takes it, who does not, and why.
    pub devices: Vec<DeviceReport>,
    /// What looks like a mistake.
    pub warnings: Vec<Warning>,
    /// The kernel command line that it was made for.
    pub words: Vec<String>,
}

impl Plan {
    /// The activation of the link with this interface index.
    pub fn activation(&self, ifindex: u32) -> Option<&Activation> {
        self.activations.iter().find(|activation| activation.ifindex == ifindex)
    }

    /// True if `target` is in a requirement.
    pub fn is_required(&self, target: Target) -> bool {
        self.requirements.iter().any(|requirement| requirement.links.contains(&target))
    }
}

/// A device and the profile it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// The link.
    pub ifindex: u32,
    /// Its name now; it may change, the index does not.
    pub ifname: String,
    /// Index of the profile.
    pub profile: usize,
    /// The link it becomes a port of.
    pub controller: Option<Target>,
    /// True if the link is in a [`Requirement`].
    pub required: bool,
}

/// A profile whose device may still appear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Index of the profile.
    pub profile: usize,
    /// What is missing.
    pub missing: Missing,
    /// How long the device is waited for; zero if no requirement wants it.
    pub timeout: Duration,
}

/// What a waiting profile lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// No device satisfies its rules.
    Device,
    /// The link below the one it makes: name, uuid or MAC address.
    Parent(String),
    /// The link it is a port of: name or uuid.
    Controller(String),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device => f.write_str("no device satisfies its rules"),
            Self::Parent(name) => write!(f, "its parent '{name}' is not there"),
            Self::Controller(name) => write!(f, "its controller '{name}' is not there"),
        }
    }
}

/// A profile with nothing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unused {
    /// Index of the profile.
    pub profile: usize,
    /// Why.
    pub because: Idle,
}

/// Why a profile has nothing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Idle {
    /// `connection.autoconnect=false`, or `connection.permissions` names users.
    NoAutoconnect,
    /// No device can change this: `match.kernel-command-line`, or a virtual link that its own rules exclude.
    Never(Mismatch),
    /// The devices it fits stay with other profiles or as they are; see [`Plan::devices`].
    NoFreeDevice,
    /// Another profile makes a link of that name.
    NameTaken {
        /// The name.
        name: String,
        /// Index of the other profile.
        by: usize,
    },
    /// A device of that name and of another kind exists.
    OtherKind {
        /// The name.
        name: String,
        /// The kind of the device, in the words of `connection.type`.
        kind: String,
    },
    /// The link would stand on itself, by these profiles.
    Cycle(Vec<usize>),
    /// It does not say how the link is to be named.
    NoName,
    /// It does not say what the link stands on.
    NoParent,
    /// sunup cannot carry out profiles of this type.
    Unsupported(String),
}

impl Idle {
    /// True if the profile asks for a link that cannot be: what counts on it has failed.
    pub fn is_mistake(&self) -> bool {
        matches!(self, Self::OtherKind { .. } | Self::Cycle(_) | Self::NoName | Self::NoParent)
    }
}

impl fmt::Display for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAutoconnect => {
                f.write_str("connection.autoconnect is false, or connection.permissions is for users who are logged in")
            }
            Self::Never(mismatch) => mismatch.fmt(f),
            Self::NoFreeDevice => f.write_str("the devices it fits are not free"),
            Self::NameTaken { name, .. } => write!(f, "another profile makes the link '{name}'"),
            Self::OtherKind { name, kind } => write!(f, "a device '{name}' of type {kind} exists; rename one of them"),
            Self::Cycle(_) => f.write_str("the link would stand on itself: see vlan.parent and connection.controller"),
            Self::NoName => f.write_str("connection.interface-name is missing"),
            Self::NoParent => f.write_str("its parent is missing: neither a name nor a MAC address"),
            Self::Unsupported(kind) => write!(f, "sunup cannot carry out connection.type={kind}"),
        }
    }
}

/// One device, who takes it and why.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceReport {
    /// The device.
    pub device: Device,
    /// Index of the profile that takes it, or that makes it.
    pub taken_by: Option<usize>,
    /// The rules of that profile, all satisfied.
    pub matched_by: Vec<Rule>,
    /// Every other profile, in the order of the choice.
    pub rejected: Vec<Rejection>,
    /// Why nobody was allowed to take it.
    pub untouched: Option<Untouched>,
}

/// A profile that does not take a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Index of the profile.
    pub profile: usize,
    /// Why.
    pub refusal: Refusal,
}

/// Why a profile does not take a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A rule of the profile fails; [`Mismatch::of`] says how.
    Mismatch(Rule),
    /// `connection.autoconnect=false`, or `connection.permissions` names users.
    NoAutoconnect,
    /// The profile fits, but does not name the device, which must not be touched otherwise.
    Untouched(Untouched),
    /// The profile fits, but is for one link and has that one.
    UsedUp {
        /// Name of the link it has.
        ifname: String,
    },
    /// The profile fits, but the link it shall be a port of is neither there nor in the plan.
    NoController {
        /// Name or uuid of the controller.
        name: String,
    },
    /// The profile fits, but another comes before it.
    Outranked {
        /// Index of the other profile.
        by: usize,
        /// What decides between them.
        on: Criterion,
    },
}

/// What decides between two profiles that both fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criterion {
    /// `connection.autoconnect-priority`: the higher.
    Priority,
    /// `connection.timestamp`: the later.
    Timestamp,
    /// A profile of the command line for any link comes after those for one.
    CatchAll,
    /// `connection.uuid`: the smaller.
    Uuid,
    /// The link is being brought up with the other profile already, or the other profile makes it.
    Kept,
}

impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Priority => "connection.autoconnect-priority",
            Self::Timestamp => "connection.timestamp",
            Self::CatchAll => "for any link",
            Self::Uuid => "connection.uuid",
            Self::Kept => "already in use",
        })
    }
}

/// Why a device is left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Untouched {
    /// It is the loopback link.
    Loopback,
    /// Somebody else configured it: it has addresses of global scope, or a default route.
    Configured {
        /// What it has, e.g. `192.0.2.10/24, default route`.
        has: String,
    },
    /// It is a port of another link.
    Port {
        /// Name of that link, or its index as text.
        of: String,
    },
    /// It is a virtual link that no profile makes.
    Virtual {
        /// Its kind.
        kind: String,
    },
}

impl fmt::Display for Untouched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loopback => f.write_str("loopback"),
            Self::Configured { has } => write!(f, "configured by others ({has}) and not named by a profile"),
            Self::Port { of } => write!(f, "port of '{of}' and not named by a profile"),
            Self::Virtual { kind } => write!(f, "virtual link ({kind}) that no profile makes"),
        }
    }
}

/// Decides which profile takes which device, what is to be made, and what must be up.
pub fn plan(profiles: &[Profile], devices: &[Device], context: &Context) -> Plan {
    let world = World::new(profiles, devices, context);
    let nodes = creation::nodes(&world);
    let reports = choose::reports(&world, &nodes);
    let mut plan = Plan { devices: reports, words: context.words.clone(), ..Plan::default() };
    stack::arrange(&world, nodes, &mut plan);
    requirement::settle(&world, &mut plan);
    plan
}

/// What the parts of the plan look things up in.
struct World<'a> {
    profiles: &'a [Profile],
    /// By interface index.
    devices: Vec<&'a Device>,
    context: &'a Context,
    /// Indices of the profiles in the order of the choice.
    order: Vec<usize>,
}

impl<'a> World<'a> {
    fn new(profiles: &'a [Profile], devices: &'a [Device], context: &'a Context) -> Self {
        let mut devices: Vec<&Device> = devices.iter().collect();
        sort_by_key(&mut devices, |device| device.ifindex);
        Self { profiles, devices, context, order: choose::order(profiles) }
    }

    /// The profiles in the order of the choice, with their indices.
    fn ordered(&self) -> impl Iterator<Item = (usize, &'a Profile)> {
        self.order.iter().filter_map(|&index| Some((index, self.profiles.get(index)?)))
    }

    fn device_named(&self, name: &str) -> Option<&'a Device> {
        self.devices.iter().copied().find(|device| device.name == name)
    }
}
