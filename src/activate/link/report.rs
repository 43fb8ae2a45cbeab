//! What a link tells of itself when it is asked how it went.

use super::Link;
use crate::activate::config::Identity;
use crate::activate::ipv6::Ipv6;
use crate::activate::outcome::LinkOutcome;
use crate::activate::tunnel::Tunnel;
use crate::proto::Instant;

impl Link {
    /// What the kernel refused although the link is up.
    pub(in crate::activate) fn complaints(&self) -> &[String] {
        &self.complaints
    }

    /// What is worth knowing although everything went as it should.
    pub(in crate::activate) fn remarks(&self) -> impl Iterator<Item = &String> {
        let of4 = self.identity.as_ref().filter(|_| self.v4.lease().is_some()).and_then(|id| id.remark4.as_ref());
        let lease6 = self.v6.as_ref().and_then(Ipv6::lease);
        let of6 = self.identity.as_ref().filter(|_| lease6.is_some()).and_then(|id| id.remark6.as_ref());
        of4.into_iter().chain(of6).chain(&self.start.mac_remark)
    }

    /// How it went.
    pub(in crate::activate) fn outcome(&self, now: Instant) -> LinkOutcome {
        LinkOutcome {
            device: self.device.clone(),
            profile: self.profile.clone(),
            matched_by: self.start.matched_by.clone(),
            required: self.start.required,
            created: self.start.created,
            exit: self.start.exit,
            state: self.state(now),
            timing: self.timing,
            target: self.target(now),
            metric: self.start.metric,
            lease4: self.v4.held(now).cloned(),
            lease6: self.v6.as_ref().and_then(|v6| v6.held(now)).cloned(),
            identity4: self.identity.as_ref().and_then(Identity::dhcp4),
            identity6: self.identity.as_ref().filter(|_| self.v6.is_some()).map(Identity::dhcp6),
            dns: self.dns(now),
            tuned: self.tuning.changed().to_vec(),
            tunnel: self.tunnel.as_ref().and_then(Tunnel::report),
            netns: None,
            learned: self.learned.clone(),
            autoconf: self.v6.as_ref().map(Ipv6::autoconf).unwrap_or_default(),
        }
    }
}
