//! What a link has to do with tunnels: it is one, or carries some.

use ipnet::IpNet;

use super::Link;
use crate::activate::event::{Action, DnsTicket, Underlay};
use crate::activate::outcome::{LinkState, Reason};
use crate::activate::sysctls;
use crate::activate::tunnel::Below;
use crate::profile::desired::{DesiredLink, DesiredRoute};
use crate::profile::tunnel;
use crate::profile::{Ip6Settings, Method6};
use crate::proto::Instant;

/// Kernel settings that mean something to a tunnel.
const SYSCTLS: [&str; 2] = ["ipv6/accept_ra", "ipv6/disable_ipv6"];

/// The kernel settings that a method wants of a tunnel. It forms no address by itself, as WireGuard turns that off when the link is
/// made; where IPv6 is the kernel's affair, NetworkManager turns it on.
fn of_tunnel(settings: Option<&Ip6Settings>) -> Vec<(&'static str, String)> {
    let mut all = sysctls::sysctls(settings, 0, false);
    all.retain(|(key, _)| SYSCTLS.contains(key));
    let kernels = settings.is_some_and(|settings| settings.method == Method6::Ignore);
    all.extend(kernels.then(|| ("ipv6/addr_gen_mode", "3".to_owned())));
    all
}

impl Link {
    /// The kernel settings that are made before the link goes up.
    pub(super) fn sysctls(&self) -> Vec<(&'static str, String)> {
        let settings = self.profile.ipv6.as_ref();
        match self.tunnel {
            Some(_) => of_tunnel(settings),
            None => sysctls::sysctls(settings, self.start.metric, self.start.guard.guards_ipv6()),
        }
    }

    /// True for a tunnel.
    pub(in crate::activate) fn is_tunnel(&self) -> bool {
        self.tunnel.is_some()
    }

    /// Adds what a tunnel routes, and what tunnels over this link need; takes away what would lead past them, and says so.
    pub(super) fn with_tunnels(&self, mut target: DesiredLink) -> (DesiredLink, Vec<String>) {
        let leased: Vec<IpNet> = self.v4.addresses().iter().map(IpNet::trunc).collect();
        let refused = self.start.guard.purge(&mut target.routes, &leased);
        target.routes.extend(self.pins.iter().cloned());
        let Some(tunnel) = &self.tunnel else { return (target, refused) };
        let routes = tunnel.routes();
        target.mtu = target.mtu.or_else(|| tunnel.mtu());
        if !tunnel.is_here() {
            let DesiredLink { ifindex, mtu, .. } = target;
            return (DesiredLink { ifindex, mtu, ..DesiredLink::default() }, refused);
        }
        routes.displace(&mut target.routes);
        target.routes.extend(routes.all().cloned());
        target.rules.extend(routes.v4.rules.iter().cloned());
        target.rules6.extend(routes.v6.rules.iter().cloned());
        (target, refused)
    }

    /// Routes from the network that were refused for the sake of tunnels.
    pub(in crate::activate) fn refused(&self, now: Instant) -> Vec<String> {
        let v4 = self.v4.target(self.start.metric, now).routes;
        let v6 = self.v6.as_ref().map(|v6| v6.target(self.start.metric, now).routes).unwrap_or_default();
        self.with_tunnels(DesiredLink { routes: [v4, v6].concat(), ..DesiredLink::default() }).1
    }

    /// Another way may be there.
    pub(in crate::activate) fn look_for_ways(&mut self, now: Instant) {
        self.tunnel.iter_mut().for_each(|tunnel| tunnel.look_for_ways(now));
    }

    /// Keeps the way to an endpoint of a tunnel. True: it is new.
    pub(in crate::activate) fn pin(&mut self, route: &DesiredRoute) -> bool {
        let new = !self.pins.contains(route);
        if new {
            self.pins.push(route.clone());
        }
        new
    }

    /// The ways that are to be kept, and the links they leave by.
    pub(in crate::activate) fn pins_elsewhere(&self) -> Vec<(u32, DesiredRoute)> {
        self.tunnel.as_ref().map(|tunnel| tunnel.pins().to_vec()).unwrap_or_default()
    }

    /// Drives the tunnel. True: the link is to be set up now.
    pub(super) fn drive_tunnel(&mut self, now: Instant, out: &mut Vec<Action>) -> bool {
        let Some(tunnel) = &mut self.tunnel else { return false };
        let ready = tunnel.drive(now, out);
        self.complaints.extend(tunnel.complaints());
        if ready {
            // Its time begins now.
            self.started = now;
        }
        if ready && !tunnel.routes().v4.rules.is_empty() {
            // Without it, a strict rp_filter drops the answers: they would not be sent where they came from.
            let (ifname, value) = ("all".to_owned(), "1".to_owned());
            out.push(Action::Sysctl { ifindex: tunnel.ifindex(), ifname, key: "ipv4/src_valid_mark", value });
        }
        ready
    }

    /// How far it is while the tunnel is not through.
    pub(super) fn waits_for_tunnel(&self, now: Instant) -> Option<LinkState> {
        let tunnel = self.tunnel.as_ref()?;
        match tunnel.state(now) {
            LinkState::Up if !tunnel.is_here() => Some(LinkState::Up),
            LinkState::Up => None,
            other => Some(other),
        }
    }

    /// The link was set up as asked.
    pub(in crate::activate) fn tunnel_applied(&mut self, now: Instant) {
        let fine = self.fatal.is_none();
        self.tunnel.iter_mut().filter(|_| fine).for_each(|tunnel| tunnel.applied(now));
    }

    /// The network below.
    pub(in crate::activate) fn below(&mut self, below: &Below, now: Instant) {
        self.tunnel.iter_mut().for_each(|tunnel| tunnel.below(below, now));
    }

    /// What the device holds.
    pub(in crate::activate) fn tunnel_read(&mut self, held: Result<Box<tunnel::Tunnel>, String>) {
        self.tunnel_do(|tunnel| tunnel.read(held.map(|held| *held)));
    }

    /// What a change of the device came to.
    pub(in crate::activate) fn tunnel_set(&mut self, error: Option<String>) {
        self.tunnel_do(|tunnel| tunnel.set(error));
    }

    /// The way to an address.
    pub(in crate::activate) fn route(&mut self, address: std::net::IpAddr, found: Option<Underlay>, now: Instant) {
        self.tunnel_do(|tunnel| tunnel.route(address, found, now));
    }

    /// What a name server said.
    pub(in crate::activate) fn dns_answer(&mut self, ticket: DnsTicket, answer: Option<&[u8]>, now: Instant) {
        self.tunnel_do(|tunnel| tunnel.dns(ticket, answer, now));
    }

    fn tunnel_do(&mut self, act: impl FnOnce(&mut crate::activate::tunnel::Tunnel)) {
        if let Some(tunnel) = &mut self.tunnel {
            act(tunnel);
        }
    }

    /// Whether something may still come of it.
    pub(in crate::activate) fn is_pending(&self, now: Instant) -> bool {
        matches!(self.state(now), LinkState::Pending(_) if !matches!(self.fatal, Some(Reason::Removed)))
    }
}
