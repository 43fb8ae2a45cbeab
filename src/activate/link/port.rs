//! A link in a stack: what it is as a port of another, and what it is itself if the profile makes it.

use std::net::Ipv6Addr;

use super::Link;
use crate::activate::config::{self, Identity};
use crate::activate::event::Action;
use crate::profile::LinkKind;
use crate::profile::Method6;
use crate::profile::desired::{DesiredKind, DesiredPort};
use crate::proto::Instant;

impl Link {
    /// What it is as a port.
    pub(super) fn port(&self) -> Option<DesiredPort> {
        let controller = self.profile.controller.as_ref().filter(|_| self.start.controller.is_some())?;
        let (port_type, options) = (controller.port_type.clone(), controller.port_options.clone());
        Some(DesiredPort { port_type, options })
    }

    /// The address of a bond or bridge came with its first port: leases are asked for with that one.
    pub(super) fn hardware_changed(&mut self, now: Instant) {
        let (device, seed) = (&self.device, self.start.seed);
        self.identity = Identity::new(&self.profile, device, device.mac, &self.start.host);
        let dhcp = config::dhcp4(&self.profile, device, device.mac, self.identity.as_ref(), None, seed);
        self.v4.hardware_changed(config::ipv4_alone(dhcp, self.start.no_ipv6), now);
        if let (Some(v6), Some(settings)) = (&mut self.v6, &self.profile.ipv6) {
            v6.hardware_changed(config::dhcp6(settings, device, self.identity.as_ref(), None, !seed, now, None));
        }
    }

    /// The profile's MTU; else the one that links upon it need; else the lease's, if it is one IPv4 can live with
    /// (RFC 791: 68) and the link below carries.
    pub(super) fn mtu(&self) -> Option<u32> {
        let leased = || self.v4.lease().and_then(|lease| lease.mtu).map(u32::from).filter(|&mtu| mtu >= 68);
        let leased = || leased().map(|mtu| mtu.min(self.start.parent_mtu.unwrap_or(u32::MAX)));
        let needed = self.start.needed_mtu.filter(|&mtu| mtu > self.device.mtu);
        self.profile.link.mtu.or_else(|| self.tunnel_mtu()).or(needed).or_else(leased)
    }

    /// `ipv6.mtu`, as far as the link carries it (RFC 8200 section 5: 1280 at least). The kernel forgets it whenever the link
    /// gets carrier, or another MTU.
    pub(super) fn mtu6(&self) -> Option<Action> {
        let settings = self.profile.ipv6.as_ref().filter(|settings| settings.method != Method6::Disabled)?;
        let mtu = settings.mtu?.min(self.mtu().unwrap_or(self.device.mtu)).max(1280);
        let (ifindex, ifname) = (self.ifindex(), self.device.name.clone());
        Some(Action::Sysctl { ifindex, ifname, key: "ipv6/mtu", value: mtu.to_string() })
    }

    /// The interface identifier of addresses by routers; the kernel takes none where it does not listen to them.
    pub(super) fn token(&self) -> Option<Ipv6Addr> {
        self.profile.ipv6.as_ref().filter(|settings| settings.method == Method6::Auto)?.token
    }

    /// `ip-tunnel.mtu`; 0 is none.
    fn tunnel_mtu(&self) -> Option<u32> {
        let LinkKind::Other { options, .. } = &self.profile.kind else { return None };
        options.iter().find(|(key, _)| key == "mtu")?.1.parse().ok().filter(|&mtu| mtu != 0)
    }

    /// True for a link that is there for its controller alone.
    pub(in crate::activate) fn serves(&self) -> bool {
        self.port().is_some() && self.profile.ipv4.is_none() && self.profile.ipv6.is_none()
    }

    /// Its controller was made again. True if it is to become a port of that.
    pub(in crate::activate) fn port_of(&mut self, controller: Option<u32>) -> bool {
        let changed = controller.is_some() && self.start.controller.is_some_and(|known| Some(known) != controller);
        self.start.controller = if changed { controller } else { self.start.controller };
        changed
    }

    /// More is known of the links that settings name. True if that changes anything.
    pub(in crate::activate) fn named(&mut self, kind: DesiredKind) -> bool {
        let changed = self.start.kind.as_ref().is_some_and(|known| *known != kind);
        self.start.kind = self.start.kind.take().map(|_| kind);
        changed
    }
}
