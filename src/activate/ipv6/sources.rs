//! Routes from an address (`src`) that is still being probed: the kernel refuses them until it is proved unique.

use std::net::IpAddr;

use super::Ipv6;
use crate::activate::family::Family;
use crate::profile::Method6;
use crate::profile::ip::RouteOptions;
use crate::proto::Instant;

impl Ipv6 {
    /// How far it has come. Routes that have to wait are waited for.
    pub(in crate::activate) fn family(&self, since: Instant, now: Instant) -> Family {
        let ip = &self.settings.ip;
        let link_only = self.settings.method == Method6::LinkLocal && ip.addresses.is_empty();
        let family = Family::new(self.progress(now), ip.may_fail, since, ip.required_timeout);
        let probed = self.probed_by().filter(|_| self.unproved > 0);
        Family { link_only, waited_for_until: family.waited_for_until.max(probed), ..family }
    }

    /// True for a route that the kernel would refuse now.
    pub(super) fn too_early(&self, options: &RouteOptions) -> bool {
        let own = |source: IpAddr| self.settings.ip.addresses.iter().find(|net| net.addr() == source);
        options.src.and_then(own).is_some_and(|net| !self.has(*net))
    }

    /// True if there are routes whose time has come.
    pub(super) fn proved(&mut self) -> bool {
        let routes = &self.settings.ip.routes;
        let before = std::mem::replace(&mut self.unproved, 0);
        self.unproved = routes.iter().filter(|route| self.too_early(&route.options)).count();
        self.unproved < before
    }
}
