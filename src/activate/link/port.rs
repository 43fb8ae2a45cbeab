//! A link in a stack: what it is as a port of another, and what it is itself if the profile makes it.

use super::Link;
use crate::profile::desired::{DesiredKind, DesiredPort};

impl Link {
    /// What it is as a port.
    pub(super) fn port(&self) -> Option<DesiredPort> {
        let controller = self.profile.controller.as_ref().filter(|_| self.start.controller.is_some())?;
        let (port_type, options) = (controller.port_type.clone(), controller.port_options.clone());
        Some(DesiredPort { port_type, options })
    }

    /// True for a link that is there for its controller alone.
    pub(super) fn serves(&self) -> bool {
        self.port().is_some() && self.profile.ipv4.is_none() && self.profile.ipv6.is_none()
    }

    /// More is known of the links that settings name. True if that changes anything.
    pub(in crate::activate) fn named(&mut self, kind: DesiredKind) -> bool {
        let changed = self.start.kind.as_ref().is_some_and(|known| *known != kind);
        self.start.kind = self.start.kind.take().map(|_| kind);
        changed
    }
}
