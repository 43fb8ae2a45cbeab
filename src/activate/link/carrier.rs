//! When a link can carry something.

use std::time::Duration;

use super::Link;
use crate::activate::event::{Action, LinkEvent};
use crate::profile::LinkKind;
use crate::proto::Instant;

/// How long ports are waited for after a bond with LACP says it has carrier: what comes later comes too late for a boot.
const LACP_PATIENCE: Duration = Duration::from_secs(5);

/// What is known of the carrier. Of a bond that speaks LACP the kernel says that there is one before the aggregator is selected,
/// and drops what is sent until a port is in it.
#[derive(Debug, Default)]
pub(super) struct Lower {
    /// IFF_LOWER_UP, since when.
    since: Option<Instant>,
    /// Ports that may send.
    active: Vec<u32>,
    /// Ports were waited for in vain.
    over: bool,
    /// IFF_RUNNING: every part of the kernel knows of it.
    running: bool,
    /// IPv6 has to be told its MTU (again).
    pub(super) mtu6_forgotten: bool,
}

impl Lower {
    /// Of a link that has carrier already, or not.
    pub(super) fn new(running: bool) -> Self {
        Self { running, ..Self::default() }
    }
}

impl Link {
    /// The link changed.
    pub(in crate::activate) fn link_event(&mut self, event: &LinkEvent, now: Instant) {
        self.device.name.clone_from(&event.name);
        self.device.up = event.up;
        if let Some(mac) = event.mac.filter(|mac| self.device.mac != Some(*mac)) {
            self.device.mac = Some(mac);
            self.hardware_changed(now);
        }
        if event.up {
            self.timing.up.get_or_insert(now);
        }
        let carrier = event.up && event.carrier;
        let running = carrier && event.running;
        self.lower.mtu6_forgotten |= running && !self.lower.running;
        self.lower.running = running;
        self.lower.since = carrier.then(|| self.lower.since.unwrap_or(now));
        self.carrier_may_have_changed(now);
    }

    /// A port of this bond may send, or may not any more.
    pub(in crate::activate) fn port_active(&mut self, port: u32, active: bool, now: Instant) {
        self.lower.active.retain(|&other| other != port);
        if active {
            self.lower.active.push(port);
        }
        self.carrier_may_have_changed(now);
    }

    /// True if it is there, and has no carrier as far as is known.
    pub(in crate::activate) fn lacks_carrier(&self) -> bool {
        self.removed.is_none() && !self.device.carrier
    }

    fn carrier_may_have_changed(&mut self, now: Instant) {
        let ready = !self.speaks_lacp() || !self.lower.active.is_empty() || self.lower.over;
        let carrier = self.lower.since.is_some() && (ready || self.device.carrier);
        if carrier != self.device.carrier || (carrier && self.timing.carrier.is_none()) {
            self.carrier_changed(carrier, now);
        }
    }

    pub(super) fn carrier_changed(&mut self, carrier: bool, now: Instant) {
        self.device.carrier = carrier;
        // A team has nobody else to choose its active port.
        self.again |= self.port().is_some_and(|port| port.port_type == "team");
        if !carrier {
            self.v4.carrier_lost();
            return;
        }
        self.timing.carrier.get_or_insert(now);
        self.lower.mtu6_forgotten = true;
        self.v4.carrier(now);
        if let Some(v6) = &mut self.v6 {
            v6.carrier(now);
        }
    }

    /// Sets `ipv6.mtu` where it is not. Not before the kernel has told IPv6 of the carrier: that sets it to the link's.
    pub(super) fn set_mtu6(&mut self, out: &mut Vec<Action>) {
        if self.lower.running && std::mem::take(&mut self.lower.mtu6_forgotten) {
            out.extend(self.mtu6());
        }
    }

    /// True while `ipv6.mtu` is to be set yet.
    pub(super) fn waits_for_mtu6(&self) -> bool {
        self.lower.mtu6_forgotten && self.timing.done.is_none() && self.mtu6().is_some()
    }

    /// A bond in mode `802.3ad`.
    fn speaks_lacp(&self) -> bool {
        let LinkKind::Bond { options } = &self.profile.kind else { return false };
        options.iter().any(|(key, value)| key == "mode" && matches!(value.as_str(), "802.3ad" | "4"))
    }

    /// Until when ports are waited for.
    pub(super) fn lower_deadline(&self) -> Option<Instant> {
        let waits = self.speaks_lacp() && !self.device.carrier;
        self.lower.since.filter(|_| waits).map(|since| since + LACP_PATIENCE)
    }

    /// It may be time not to wait for ports any longer.
    pub(super) fn lower_timeout(&mut self, now: Instant) {
        if self.lower_deadline().is_some_and(|at| now >= at) {
            self.lower.over = true;
            self.carrier_may_have_changed(now);
        }
    }
}
