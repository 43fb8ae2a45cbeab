//! In which order the addresses of a link stand: the one to speak from first.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Ipv6;

/// So many prefixes are remembered: the kernel makes addresses of 16 (`max_addresses`), and anybody on the link can tell more.
const PREFIXES: usize = 64;

impl Ipv6 {
    /// A router advertisement had this prefix.
    pub(in crate::activate) fn prefix(&mut self, prefix: IpNet) {
        self.heard();
        if self.prefixes.len() < PREFIXES && !self.prefixes.contains(&prefix) {
            self.prefixes.push(prefix);
        }
    }

    /// True if addresses have come in this run that are to be put in order among several. What was there before stays as it is.
    pub(in crate::activate) fn wants_order(&self) -> bool {
        let known = self.known.iter().filter(|known| known.is_global()).map(|known| known.net.addr());
        let leased = self.lease().into_iter().flat_map(|lease| &lease.addresses).map(|leased| leased.address.into());
        let mut all: Vec<IpAddr> = known.chain(leased).collect();
        all.extend(self.settings.ip.addresses.iter().map(IpNet::addr));
        self.news && all.iter().any(|address| Some(address) != all.first())
    }

    /// True if there are routes from addresses (`src`): the kernel forgets that while an address is made anew.
    pub(in crate::activate) fn has_sources(&self) -> bool {
        self.settings.ip.routes.iter().any(|route| route.options.src.is_some())
    }

    /// Prefixes as they were told.
    pub(in crate::activate) fn prefixes(&self) -> &[IpNet] {
        &self.prefixes
    }
}
