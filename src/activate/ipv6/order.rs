//! In which order the addresses of a link stand: the one to speak from first.

use ipnet::IpNet;

use super::Ipv6;

impl Ipv6 {
    /// A router advertisement had this prefix.
    pub(in crate::activate) fn prefix(&mut self, prefix: IpNet) {
        self.heard();
        if !self.prefixes.contains(&prefix) {
            self.prefixes.push(prefix);
        }
    }

    /// True if addresses have come in this run that are to be put in order among several. What was there before stays as it is.
    pub(in crate::activate) fn wants_order(&self) -> bool {
        self.news && self.known.iter().filter(|known| known.is_global()).count() > 1
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
