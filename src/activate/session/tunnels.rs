//! What the links of a run have to do with the tunnels among them.

use std::net::SocketAddr;
use std::time::Duration;

use super::Session;
use crate::activate::event::Action;
use crate::activate::outcome::{Dns, LinkState};
use crate::activate::tunnel::guard::Guard;
use crate::activate::tunnel::{Apart, Below, TunnelStart};
use crate::profile::desired::DesiredLink;
use crate::profile::{Device, Profile};
use crate::proto::dns;

/// What is asked of tunnels.
#[derive(Debug, Clone)]
pub struct TunnelSettings {
    /// `rd.net.timeout.handshake`: how long a handshake is waited for; zero: not at all.
    pub handshake_timeout: Duration,
    /// `rd.wireguard.bypass`: routes from the network may lead past tunnels.
    pub bypass: bool,
    /// Where tunnels stand.
    pub apart: Apart,
    /// Name servers besides those of links.
    pub resolver: Dns,
    /// Addresses of names that need not be looked up.
    pub hosts: Vec<(String, std::net::IpAddr)>,
}

impl Default for TunnelSettings {
    fn default() -> Self {
        Self {
            handshake_timeout: Duration::from_secs(20),
            bypass: false,
            apart: Apart::No,
            resolver: Dns::default(),
            hosts: Vec::new(),
        }
    }
}

impl Session {
    /// What a tunnel is started with.
    pub(super) fn tunnel_start(&self, device: &Device, profile: &Profile) -> TunnelStart {
        let TunnelSettings { handshake_timeout, bypass: _, apart, resolver: _, hosts } = &self.settings.tunnels;
        let metric = self.metric(profile);
        let seed = self.settings.seed.rotate_left(17) ^ u64::from(device.ifindex);
        TunnelStart { metric, apart: *apart, patience: *handshake_timeout, seed, hosts: hosts.clone() }
    }

    /// The networks of all tunnels that are planned.
    pub(super) fn guard(&self) -> Guard {
        if self.settings.tunnels.bypass || self.settings.tunnels.apart != Apart::No {
            return Guard::default();
        }
        let planned = self.plan.creations.iter().filter_map(|one| self.settings.profiles.get(one.profile));
        Guard::of(planned)
    }

    /// Tells tunnels what there is below them.
    pub(super) fn tell_tunnels(&mut self) {
        if !self.links.iter().any(|slot| slot.link.is_tunnel()) {
            return;
        }
        let now = self.now;
        let others = || self.links.iter().map(|slot| &slot.link).filter(|link| !link.is_tunnel());
        let up = || others().filter(|link| link.state(now) == LinkState::Up);
        let mut dns = Dns::default();
        up().for_each(|link| dns.merge(&link.dns(now)));
        dns.merge(&self.settings.tunnels.resolver);
        let coming = self.plan.waiting.iter().any(|waiting| now < self.started + waiting.timeout);
        let below = Below {
            servers: dns.servers.iter().filter_map(|server| self.server(server)).collect(),
            search: dns.search,
            pending: coming || others().any(|link| link.is_pending(now)),
            up: up().count(),
        };
        self.links.iter_mut().for_each(|slot| slot.link.below(&below, now));
    }

    /// The address of a name server, which may have a zone.
    fn server(&self, text: &str) -> Option<SocketAddr> {
        dns::server(text, &|zone| Some(self.devices.iter().find(|device| device.name == zone)?.ifindex))
    }

    /// Keeps the ways to endpoints which their tunnels would swallow.
    pub(super) fn pin_endpoints(&mut self, out: &mut Vec<Action>) {
        let pins: Vec<_> = self.links.iter().flat_map(|slot| slot.link.pins_elsewhere()).collect();
        for (ifindex, route) in pins {
            let now = self.now;
            match self.links.iter_mut().find(|slot| slot.link.ifindex() == ifindex) {
                Some(slot) => {
                    let target = slot.link.pin(&route).then(|| slot.link.target(now));
                    out.extend(target.map(|target| Action::Apply(Box::new(target))));
                }
                // A link of others gets this route and nothing else.
                None if !self.pinned.contains(&(ifindex, route.clone())) => {
                    self.pinned.push((ifindex, route.clone()));
                    let routes = vec![route];
                    out.push(Action::Apply(Box::new(DesiredLink { ifindex, routes, ..DesiredLink::default() })));
                }
                None => {}
            }
        }
    }
}
