//! What came of DHCPv6 on the link.

use super::Ipv6;
use crate::activate::dhcp6::Dhcp6;
use crate::proto::Instant;
use crate::proto::dhcp6::Lease;

impl Ipv6 {
    /// What a DHCPv6 server gave.
    pub(in crate::activate) fn lease(&self) -> Option<&Lease> {
        self.dhcp.as_ref().and_then(Dhcp6::lease)
    }

    /// The lease that holds now, also while it is being prolonged.
    pub(in crate::activate) fn held(&self, now: Instant) -> Option<&Lease> {
        self.dhcp.as_ref().and_then(|dhcp| dhcp.held(now))
    }

    /// Why a lease that still holds was not prolonged; said once.
    pub(in crate::activate) fn unrenewed(&mut self) -> Option<String> {
        self.dhcp.as_mut().and_then(Dhcp6::unrenewed)
    }
}
