//! The last that a run does: where several IPv6 addresses came to a link, they are put in order.

use super::Session;
use crate::activate::event::Action;

/// Putting them in order, and once more what depends on them.
const ROUNDS: u8 = 2;

impl Session {
    /// Asks for it, before the end is told. True if there is something to do. Where leases are prolonged, somebody speaks from the addresses.
    pub(super) fn puts_in_order(&mut self) -> bool {
        while self.settings.renew.is_none() && self.ordered < ROUNDS && self.actions.is_empty() {
            let again = self.ordered > 0;
            self.ordered += 1;
            for slot in &self.links {
                if let Some(wanted) = slot.link.in_order(again, self.now) {
                    self.actions.push_back(Action::Apply(Box::new(wanted)));
                }
            }
        }
        !self.actions.is_empty()
    }
}
