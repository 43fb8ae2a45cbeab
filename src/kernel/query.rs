//! Reading what the kernel holds.

use std::path::Path;

use ipnet::IpNet;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::address::AddressHeader;
use netlink_packet_route::link::LinkHeader;
use netlink_packet_route::route::RouteHeader;
use netlink_packet_route::rule::RuleHeader;

use super::abi::{family, ifla, rta, rtm};
use super::snapshot::{Address, Link, Route, Rule, Snapshot};
use super::{Kernel, KernelError, device, read, read_route};
use crate::profile::Device;
use crate::profile::desired::{DesiredLink, DesiredRoute};
use crate::profile::ip::RouteKind;

/// Links asked for one by one; for more, all links are read.
const FEW_LINKS: usize = 4;

impl Kernel {
    /// Every device as it is now, with all that sysfs (mounted at `sysfs`) knows.
    pub fn devices(&mut self, sysfs: &Path) -> Result<Vec<Device>, KernelError> {
        Ok(device::devices(&self.survey()?, Some(sysfs)))
    }

    /// What [`device::devices`] needs: links, addresses, and routes if any link could have one. Rules are not read.
    pub fn survey(&mut self) -> Result<Snapshot, KernelError> {
        let links = self.links()?;
        let addresses = self.addresses(0)?;
        let up = links.iter().any(|link| link.up && !link.is_loopback());
        let routes = if up { self.routes(family::UNSPEC, 0)? } else { Vec::new() };
        Ok(Snapshot { links, addresses, routes, ..Snapshot::default() })
    }

    /// All that the kernel holds.
    pub fn snapshot(&mut self) -> Result<Snapshot, KernelError> {
        let (links, addresses) = (self.links()?, self.addresses(0)?);
        let (routes, rules) = (self.routes(family::UNSPEC, 0)?, self.rules()?);
        Ok(Snapshot { links, addresses, routes, rules, ..Snapshot::default() })
    }

    /// As much of what the kernel holds as is needed to compare it with `want`.
    pub fn snapshot_for(&mut self, want: &[DesiredLink]) -> Result<Snapshot, KernelError> {
        let only = if let [one] = want { one.ifindex } else { 0 };
        let (links, vlans) = (self.links_for(want)?, self.bridge_vlans(want)?);
        let mut snapshot = Snapshot { links, vlans, ..Snapshot::default() };
        if want.iter().any(|wanted| !wanted.addresses.is_empty() || wanted.order6.is_some()) {
            snapshot.addresses = self.addresses(only)?;
        }
        for family in [family::INET, family::INET6] {
            let mut routes = routes_of(want, family).peekable();
            if routes.peek().is_some() {
                // A route that leads nowhere is on no link, or on another one.
                let anywhere = routes.any(leads_nowhere);
                snapshot.routes.append(&mut self.routes(family, if anywhere { 0 } else { only })?);
            }
        }
        if want.iter().any(|wanted| !wanted.rules.is_empty() || !wanted.rules6.is_empty()) {
            snapshot.rules = self.rules()?;
        }
        Ok(snapshot)
    }

    fn links_for(&mut self, want: &[DesiredLink]) -> Result<Vec<Link>, KernelError> {
        if want.len() > FEW_LINKS {
            return self.links();
        }
        let mut links = Vec::new();
        for wanted in want {
            let header = LinkHeader { index: wanted.ifindex, ..LinkHeader::default() };
            links.append(&mut self.netlink.get("links", rtm::GETLINK, &header, &NO_COUNTERS, read::link)?);
        }
        Ok(links)
    }

    /// The interface index of the link of this name.
    pub(super) fn index_of(&mut self, name: &str) -> Result<Option<u32>, KernelError> {
        Ok(self.links()?.iter().find(|link| link.name == name).map(|link| link.ifindex))
    }

    /// The name of a link now; `None` if it is gone.
    pub(super) fn name_of(&mut self, ifindex: u32) -> Option<String> {
        let header = LinkHeader { index: ifindex, ..LinkHeader::default() };
        let found = self.netlink.get("links", rtm::GETLINK, &header, &NO_COUNTERS, read::link);
        found.ok()?.pop().map(|link| link.name)
    }

    /// All links.
    pub fn links(&mut self) -> Result<Vec<Link>, KernelError> {
        self.netlink.dump("links", rtm::GETLINK, &LinkHeader::default(), &NO_COUNTERS, read::link)
    }

    /// Addresses of a link; of all for index 0. An older kernel does not filter, and answers with more.
    fn addresses(&mut self, ifindex: u32) -> Result<Vec<Address>, KernelError> {
        let header = AddressHeader { index: ifindex, ..AddressHeader::default() };
        self.netlink.dump("addresses", rtm::GETADDR, &header, &[], read::address)
    }

    /// Routes of a family (of both for 0) by a link (by all for index 0).
    fn routes(&mut self, family: u8, ifindex: u32) -> Result<Vec<Route>, KernelError> {
        let header = RouteHeader { address_family: AddressFamily::from(family), ..RouteHeader::default() };
        let filter = [(rta::OIF, ifindex)];
        let filter = if ifindex == 0 { &[][..] } else { &filter };
        self.netlink.dump("routes", rtm::GETROUTE, &header, filter, read_route::route)
    }

    fn rules(&mut self) -> Result<Vec<Rule>, KernelError> {
        self.netlink.dump("rules", rtm::GETRULE, &RuleHeader::default(), &[], read_route::rule)
    }
}

/// Counters are the longer half of what the kernel says about a link.
const NO_COUNTERS: [(u16, u32); 1] = [(ifla::EXT_MASK, ifla::FILTER_SKIP_STATS)];

fn routes_of(want: &[DesiredLink], family: u8) -> impl Iterator<Item = &DesiredRoute> {
    let of_family = move |route: &&DesiredRoute| matches!(route.destination, IpNet::V4(_)) == (family == family::INET);
    want.iter().flat_map(|wanted| &wanted.routes).filter(of_family)
}

fn leads_nowhere(route: &DesiredRoute) -> bool {
    !matches!(route.options.kind.unwrap_or_default(), RouteKind::Unicast | RouteKind::Local)
}
