//! One modifying request: what it does, in words for people and in bytes for the kernel.

use std::fmt;
use std::net::Ipv6Addr;

use ipnet::IpNet;

use super::abi::route;
use super::kinds::{self, Setting};
use crate::profile::HwAddr;
use crate::profile::desired::{DesiredAddress, DesiredRoute, NewLink};
use crate::profile::ip::{RouteKind, RoutingRule};
use crate::profile::vlans::Vlans;

/// One change of the kernel's state. [`fmt::Display`] says it in words: `add address 192.0.2.2/24 to eth0`.
#[derive(Debug, Clone, PartialEq)]
pub enum Request<'a> {
    /// Make a link.
    AddLink(&'a NewLink),
    /// Change a setting that only links of this kind have.
    SetKind(Target<'a>, &'static str, Setting),
    /// Change a setting that only ports of this kind of controller have.
    SetPort(Target<'a>, &'a str, Setting),
    /// Add VLANs to the port of a bridge, or (if true) to the bridge itself.
    AddVlans(Target<'a>, Vec<Vlans>, bool),
    /// Change a property of a link.
    SetLink(Target<'a>, LinkChange<'a>),
    /// Add an address, or give the one that is there these lifetimes.
    AddAddress(Target<'a>, DesiredAddress),
    /// Remove an address.
    RemoveAddress(Target<'a>, IpNet),
    /// Add a route.
    AddRoute(Target<'a>, &'a DesiredRoute),
    /// Remove a route.
    RemoveRoute(Target<'a>, &'a DesiredRoute),
    /// Add a policy rule.
    AddRule(RuleFamily, &'a RoutingRule),
    /// Remove a policy rule.
    RemoveRule(RuleFamily, &'a RoutingRule),
}

/// The link a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    /// Interface index; 0 for a route without a link.
    pub ifindex: u32,
    /// Its name now; empty if it is not known.
    pub name: &'a str,
}

/// The family of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleFamily {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// A property of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkChange<'a> {
    /// Administratively up or down.
    Up(bool),
    /// New name.
    Name(&'a str),
    /// A name that no one wants, until its own is free: `sunup-` and the interface index.
    NameAside,
    /// MTU in bytes.
    Mtu(u32),
    /// Link-layer address.
    Mac(HwAddr),
    /// Index of the controller; 0 is none.
    Controller(u32),
    /// IFLA_INET6_ADDR_GEN_MODE.
    AddrGenMode(u8),
    /// IFLA_INET6_TOKEN; all zero: none.
    Token(Ipv6Addr),
}

impl<'a> Request<'a> {
    /// The link the request is for, if it is for one that exists.
    fn target(&self) -> Option<Target<'a>> {
        match self {
            Self::SetKind(target, ..)
            | Self::SetPort(target, ..)
            | Self::AddVlans(target, ..)
            | Self::SetLink(target, _)
            | Self::AddAddress(target, _)
            | Self::RemoveAddress(target, _)
            | Self::AddRoute(target, _)
            | Self::RemoveRoute(target, _) => Some(*target),
            Self::AddLink(_) | Self::AddRule(..) | Self::RemoveRule(..) => None,
        }
    }

    /// Name of the device the request is for; empty for a rule.
    pub fn device(&self) -> &'a str {
        match self {
            Self::AddLink(link) => link.name.as_str(),
            other => other.target().map_or("", |target| target.name),
        }
    }

    /// Index of the link the request is for; 0 if it is for none.
    pub fn ifindex(&self) -> u32 {
        self.target().map_or(0, |target| target.ifindex)
    }

    /// True if the request takes something away that may be gone already.
    pub(super) fn removes(&self) -> bool {
        matches!(self, Self::RemoveAddress(..) | Self::RemoveRoute(..) | Self::RemoveRule(..))
    }
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() { write!(f, "link {}", self.ifindex) } else { f.write_str(self.name) }
    }
}

impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddLink(link) => {
                write!(f, "make {} ({})", link.name, kinds::kind_of(&link.kind.kind).unwrap_or("unknown"))
            }
            Self::SetKind(target, kind, setting) => {
                write!(f, "set {kind} {} of {target} to {}", setting.option, setting.text)
            }
            Self::SetPort(target, kind, setting) => {
                write!(f, "set {kind} port {} of {target} to {}", setting.option, setting.text)
            }
            Self::AddVlans(target, vlans, _) => {
                write!(f, "add VLANs to {target}:")?;
                vlans.iter().try_for_each(|vlans| write!(f, " {}-{}", vlans.first, vlans.last))
            }
            Self::SetLink(target, change) => write_change(f, *target, *change),
            Self::AddAddress(target, address) => write!(f, "add address {} to {target}", address.net),
            Self::RemoveAddress(target, net) => write!(f, "remove address {net} from {target}"),
            Self::AddRoute(target, route) => write_route(f, "add", *target, route),
            Self::RemoveRoute(target, route) => write_route(f, "remove", *target, route),
            Self::AddRule(family, rule) => write_rule(f, "add", *family, rule),
            Self::RemoveRule(family, rule) => write_rule(f, "remove", *family, rule),
        }
    }
}

fn write_change(f: &mut fmt::Formatter<'_>, target: Target<'_>, change: LinkChange<'_>) -> fmt::Result {
    match change {
        LinkChange::Up(true) => write!(f, "set {target} up"),
        LinkChange::Up(false) => write!(f, "set {target} down"),
        LinkChange::Name(name) => write!(f, "rename {target} to {name}"),
        LinkChange::NameAside => write!(f, "rename {target} for the time being"),
        LinkChange::Mtu(mtu) => write!(f, "set the MTU of {target} to {mtu}"),
        LinkChange::Mac(mac) => write!(f, "set the MAC address of {target} to {mac}"),
        LinkChange::Controller(0) => write!(f, "take {target} from its controller"),
        LinkChange::Controller(index) => write!(f, "make {target} a port of link {index}"),
        LinkChange::Token(token) => write!(f, "set the IPv6 token of {target} to {token}"),
        LinkChange::AddrGenMode(mode) => write!(f, "set the IPv6 address mode of {target} to {mode}"),
    }
}

fn write_route(f: &mut fmt::Formatter<'_>, verb: &str, target: Target<'_>, route: &DesiredRoute) -> fmt::Result {
    write!(f, "{verb} ")?;
    if let Some(word) = route.options.kind.and_then(RouteKind::word) {
        write!(f, "{word} ")?;
    }
    write!(f, "route {}", route.destination)?;
    if let Some(gateway) = route.gateway {
        write!(f, " via {gateway}")?;
    }
    if target.ifindex != 0 {
        write!(f, " dev {target}")?;
    }
    if route.metric != 0 {
        write!(f, " metric {}", route.metric)?;
    }
    match route.options.table {
        Some(table) if table != route::TABLE_MAIN => write!(f, " table {table}"),
        _ => Ok(()),
    }
}

fn write_rule(f: &mut fmt::Formatter<'_>, verb: &str, family: RuleFamily, rule: &RoutingRule) -> fmt::Result {
    let family = if family == RuleFamily::V6 { "IPv6" } else { "IPv4" };
    write!(f, "{verb} {family} rule {}", rule.priority)?;
    if let Some(from) = rule.from {
        write!(f, " from {from}")?;
    }
    if let Some(to) = rule.to {
        write!(f, " to {to}")?;
    }
    match rule.table {
        Some(table) => write!(f, " table {table}"),
        None => Ok(()),
    }
}
