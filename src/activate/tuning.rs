//! The device's own settings (ethtool) while a link is brought up.
//!
//! They are asked for before the link is set up, when a driver may reset the hardware without costing a carrier. What a device refuses
//! then (some answer only while they are up) is asked for once more with the carrier, NetworkManager's moment. What is
//! refused still is worth a warning, and never a link.

use crate::activate::event::Action;
use crate::profile::tuning::{Change, Pair, Tuned, merge};

/// Wishes, and what became of them.
#[derive(Debug, Default)]
pub(super) struct Tuning {
    wanted: Vec<Pair>,
    /// What earlier runs changed, and this one.
    changed: Vec<Change>,
    refused: Vec<Pair>,
    /// Times to ask that are left.
    attempts: u8,
}

impl Tuning {
    /// Wishes on a device of which earlier runs changed so much.
    pub(super) fn new(wanted: Vec<Pair>, former: Vec<Change>) -> Self {
        Self { wanted, changed: former, refused: Vec::new(), attempts: 2 }
    }

    /// What to ask for now; `carrier`: the link has it.
    pub(super) fn ask(&mut self, ifindex: u32, carrier: bool) -> Option<Action> {
        let due = match self.attempts {
            2 => true,
            1 => carrier && !self.refused.is_empty(),
            _ => false,
        };
        if !due || self.wanted.is_empty() {
            return None;
        }
        // With carrier there is nothing better to wait for.
        self.attempts = if carrier { 0 } else { self.attempts.saturating_sub(1) };
        Some(Action::Tune { ifindex, wanted: self.wanted.clone() })
    }

    /// What became of it. What was set by the first attempt is not set again by the second.
    pub(super) fn tuned(&mut self, tuned: Tuned) {
        merge(&mut self.changed, tuned.changed);
        self.refused = tuned.refused;
    }

    /// What is different from before sunup ever touched the device.
    pub(super) fn changed(&self) -> &[Change] {
        &self.changed
    }

    /// What the device did not take.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        self.refused.iter().map(|(option, why)| format!("{option} is not set: {why}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> Tuned {
        Tuned { changed: Vec::new(), refused: vec![("ring-rx".into(), "no".into())] }
    }

    fn tuning() -> Tuning {
        Tuning::new(vec![("ring-rx".into(), "512".into())], Vec::new())
    }

    #[test]
    fn what_is_taken_is_asked_for_once() {
        let mut tuning = tuning();
        assert!(tuning.ask(2, false).is_some());
        tuning.tuned(Tuned::default());
        assert!(tuning.ask(2, true).is_none());
        assert!(Tuning::new(Vec::new(), Vec::new()).ask(2, false).is_none());
    }

    #[test]
    fn what_is_refused_is_asked_for_once_more_with_carrier() {
        let mut tuning = tuning();
        assert!(tuning.ask(2, false).is_some());
        tuning.tuned(refused());
        assert!(tuning.ask(2, false).is_none());
        assert!(tuning.ask(2, true).is_some());
        tuning.tuned(refused());
        assert!(tuning.ask(2, true).is_none());
        assert_eq!(tuning.warnings().collect::<Vec<_>>(), ["ring-rx is not set: no"]);
    }

    #[test]
    fn a_link_with_carrier_gets_one_attempt() {
        let mut tuning = tuning();
        assert!(tuning.ask(2, true).is_some());
        tuning.tuned(refused());
        assert!(tuning.ask(2, true).is_none());
    }
}
