//! The device's own settings (ethtool) while a link is brought up.
//!
//! Most are asked for before the link is set up, when a driver may reset the hardware without costing a carrier. What a device
//! refuses then (some answer only while they are up) is asked for once more with the carrier, NetworkManager's moment. Negotiation is
//! set as soon as the link is up, before its carrier: there are devices that find none when it was set before.
//! What is refused still is worth a warning, and never a link.

use crate::activate::Remembered;
use crate::activate::event::Action;
use crate::profile::tuning::{Change, NEGOTIATION, Pair, Tuned, merge};

/// Wishes, and what became of them.
#[derive(Debug, Default)]
pub(super) struct Tuning {
    wanted: Vec<Pair>,
    /// What earlier runs changed, and this one.
    changed: Vec<Change>,
    refused: Vec<Pair>,
    /// Moments at which there is nothing more to ask.
    done: [bool; 3],
}

/// When settings are asked for; later ones are after the earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// Before the link is set up: all but negotiation.
    Before,
    /// The link is up: negotiation.
    Up,
    /// The link has carrier: what was refused.
    Carrier,
}

impl Tuning {
    /// Wishes on a device of which earlier runs changed so much.
    pub(super) fn new(wanted: Vec<Pair>, former: Vec<Change>) -> Self {
        Self { wanted, changed: former, refused: Vec::new(), done: [false; 3] }
    }

    /// What to ask for now, of a link that is `up`, and has `carrier`; to be called until it answers `None`.
    pub(super) fn ask(&mut self, ifindex: u32, up: bool, carrier: bool) -> Option<Action> {
        let moments = [(Moment::Before, true), (Moment::Up, up), (Moment::Carrier, up && carrier)];
        let due = moments.into_iter().zip(&mut self.done).find(|((_, now), done)| *now && !**done);
        let ((moment, _), done) = due?;
        *done = true;
        let wanted = self.of(moment);
        if wanted.is_empty() {
            return self.ask(ifindex, up, carrier);
        }
        self.refused.retain(|(option, _)| !wanted.iter().any(|(other, _)| other == option));
        Some(Action::Tune { ifindex, wanted })
    }

    /// The wishes of a moment.
    fn of(&self, moment: Moment) -> Vec<Pair> {
        let negotiates = |option: &str| NEGOTIATION.contains(&option);
        let refused = |option: &str| self.refused.iter().any(|(other, _)| other == option);
        let wish = |(option, _): &&Pair| match moment {
            Moment::Before => !negotiates(option),
            Moment::Up => negotiates(option),
            // Of negotiation all counts together.
            Moment::Carrier => refused(option) || (negotiates(option) && NEGOTIATION.into_iter().any(refused)),
        };
        self.wanted.iter().filter(wish).cloned().collect()
    }

    /// What became of it.
    pub(super) fn tuned(&mut self, tuned: Tuned) {
        merge(&mut self.changed, tuned.changed);
        self.refused.extend(tuned.refused);
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

impl Remembered {
    /// What earlier runs changed in a device, whatever profile it had.
    pub(super) fn tuned(all: &[Self], ifindex: u32) -> Vec<Change> {
        all.iter().find(|link| link.ifindex == ifindex).map(|link| link.tuned.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> Tuned {
        Tuned { changed: Vec::new(), refused: vec![("ring-rx".into(), "no".into())] }
    }

    fn tuning(wanted: &[(&str, &str)]) -> Tuning {
        let pairs = wanted.iter().map(|(option, value)| ((*option).to_owned(), (*value).to_owned()));
        Tuning::new(pairs.collect(), Vec::new())
    }

    /// What is asked for, all of it.
    fn asked(tuning: &mut Tuning, up: bool, carrier: bool) -> Vec<String> {
        let mut all = Vec::new();
        while let Some(Action::Tune { wanted, .. }) = tuning.ask(2, up, carrier) {
            all.extend(wanted.into_iter().map(|(option, _)| option));
        }
        all
    }

    #[test]
    fn each_setting_has_its_moment() {
        let mut tuning = tuning(&[("ring-rx", "512"), ("speed", "100"), ("duplex", "full")]);
        assert_eq!(asked(&mut tuning, false, false), ["ring-rx"]);
        assert_eq!(asked(&mut tuning, false, false), [""; 0]);
        assert_eq!(asked(&mut tuning, true, false), ["speed", "duplex"]);
        assert_eq!(asked(&mut tuning, true, true), [""; 0], "nothing was refused");
        assert!(Tuning::default().ask(2, true, true).is_none());
    }

    #[test]
    fn what_is_refused_is_asked_for_once_more_with_carrier() {
        let mut tuning = tuning(&[("ring-rx", "512"), ("ring-tx", "512")]);
        assert_eq!(asked(&mut tuning, false, false), ["ring-rx", "ring-tx"]);
        tuning.tuned(refused());
        assert_eq!(asked(&mut tuning, true, false), [""; 0]);
        assert_eq!(asked(&mut tuning, true, true), ["ring-rx"]);
        tuning.tuned(refused());
        assert_eq!(asked(&mut tuning, true, true), [""; 0]);
        assert_eq!(tuning.warnings().collect::<Vec<_>>(), ["ring-rx is not set: no"]);
    }

    #[test]
    fn a_link_that_is_up_gets_everything_at_once() {
        let mut tuning = tuning(&[("speed", "100"), ("ring-rx", "512")]);
        assert_eq!(asked(&mut tuning, true, true), ["ring-rx", "speed"]);
    }
}
