//! What routers say, and when it is enough.

use super::{Ipv6, SETTLE};
use crate::activate::family::Progress;
use crate::activate::outcome::Reason;
use crate::proto::Instant;
use crate::proto::dhcp6::Mode;

impl Ipv6 {
    /// A router has said something. One that gives no addresses is enough where the profile has some.
    pub(in crate::activate) fn heard(&mut self) {
        self.heard = true;
    }

    /// A default route by this link appeared or went.
    pub(in crate::activate) fn default_route(&mut self, there: bool) {
        let ip = &self.settings.ip;
        let own = || ip.routes.iter().any(|route| route.destination.prefix_len() == 0);
        self.heard |= there && ip.takes_default_route() && !own();
        self.default_route = there;
    }

    /// What the last advertisement says about DHCPv6.
    pub(in crate::activate) fn router(&mut self, heard: bool, managed: bool, other: bool) {
        self.heard |= heard;
        self.flags = Mode::from_flags(managed, other);
    }

    /// Router advertisements alone.
    pub(super) fn by_router(&self, now: Instant) -> Progress {
        match self.give_up() {
            _ if self.has_formed(now) => Progress::Up,
            Some(at) if now >= at => Progress::Failed(Reason::NoRouter),
            _ => Progress::Pending(Reason::NoRouter),
        }
    }

    /// Addresses are there, and all that was said with them is known.
    pub(super) fn has_formed(&self, now: Instant) -> bool {
        self.formed.is_some_and(|at| now >= at + SETTLE) && self.has_address()
    }

    /// An address from a router; or one of the profile's, with a router that has none to add.
    pub(super) fn has_address(&self) -> bool {
        let alone = || self.heard && !self.settings.ip.addresses.is_empty() && !self.known.iter().any(is_coming);
        !self.autoconf().is_empty() || alone()
    }
}

/// Global, and still being probed.
fn is_coming(known: &super::AddressEvent) -> bool {
    known.is_global() && known.tentative && !known.dad_failed
}
