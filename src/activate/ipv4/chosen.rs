//! An address that the link gives itself, of 169.254/16 (RFC 3927): `ipv4.method=link-local`, or beside others by `ipv4.link-local`.

use std::net::Ipv4Addr;

use crate::activate::family::Progress;
use crate::activate::outcome::Reason;
use crate::profile::HwAddr;
use crate::proto::acd::LinkLocal;

/// MAX_CONFLICTS (RFC 3927 section 9): after so many there is something wrong that trying will not mend before the minute is over
/// that the RFC makes each further attempt wait.
const MOST: usize = 10;

/// The address, or the one that is looked for next.
pub(super) struct Chosen {
    address: Ipv4Addr,
    free: bool,
    others: LinkLocal,
    /// Conflicts so far, and who has the last address.
    conflicts: usize,
    by: Option<HwAddr>,
}

impl Chosen {
    /// On a link with this address. `held`: an address that it has already, and keeps.
    pub(super) fn new(mac: HwAddr, held: Option<Ipv4Addr>) -> Option<Self> {
        let mut others = LinkLocal::new(mac);
        let address = held.or_else(|| others.next())?;
        Some(Self { address, free: held.is_some(), others, conflicts: 0, by: None })
    }

    /// The address, once it is ours.
    pub(super) fn ours(&self) -> Option<Ipv4Addr> {
        self.free.then_some(self.address)
    }

    /// The one that is to be looked for.
    pub(super) fn open(&self) -> Option<Ipv4Addr> {
        (!self.free && self.conflicts < MOST).then_some(self.address)
    }

    /// Nobody has it.
    pub(super) fn is_free(&mut self, address: Ipv4Addr) {
        self.free |= address == self.address;
    }

    /// Another host has it. Answers the next one to look for.
    pub(super) fn is_taken(&mut self, address: Ipv4Addr, by: HwAddr) -> Option<Ipv4Addr> {
        if self.free || address != self.address {
            return None;
        }
        (self.by, self.conflicts) = (Some(by), self.conflicts + 1);
        if self.conflicts < MOST {
            self.address = self.others.next()?;
        }
        self.open()
    }

    /// What is still missing.
    pub(super) fn missing(&self) -> Option<Progress> {
        match (self.free, self.by.filter(|_| self.conflicts >= MOST)) {
            (true, _) => None,
            (false, Some(by)) => Some(Progress::Failed(Reason::InUse(self.address, by))),
            (false, None) => Some(Progress::Pending(Reason::NotReady)),
        }
    }
}
