//! What the run waits for: the required set, and nothing else.
//!
//! A [`Requirement`] is met when one of its links is up, and failed when all of them have failed by their own deadlines
//! (carrier, lease, router), or when no device came in time.
//!
//! After its first link is up, its other links get a grace: as long again as the first one took from carrier to up, at least
//! 50 ms, at most 1 s, and only while they have carrier. `single-dhcp` gives none.

use std::time::Duration;

use super::link::Link;
use super::outcome::LinkState;
use crate::plan::Requirement;
use crate::proto::Instant;

/// The shortest and the longest grace.
const GRACE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// How one requirement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Not decided; look again at this time, or when something happens.
    Open(Option<Instant>),
    /// Met.
    Met,
    /// Will not be met.
    Failed,
}

/// How `requirement` stands, whose links are `links`.
pub(super) fn standing(requirement: &Requirement, links: &[&Link], started: Instant, now: Instant) -> Standing {
    if requirement.met_by.is_some() {
        return Standing::Met;
    }
    if links.is_empty() {
        let until = started + requirement.device_timeout;
        return if now < until && requirement.links.is_empty() {
            Standing::Open(Some(until))
        } else {
            Standing::Failed
        };
    }
    let states: Vec<LinkState> = links.iter().map(|link| link.state(now)).collect();
    if states.contains(&LinkState::Up) {
        return match grace(links, now).filter(|_| !requirement.exclusive) {
            Some(until) => Standing::Open(Some(until)),
            None => Standing::Met,
        };
    }
    let pending = states.iter().any(|state| matches!(state, LinkState::Pending(_)));
    if pending { Standing::Open(None) } else { Standing::Failed }
}

/// Until when the links that are late are waited for, now that one is up.
fn grace(links: &[&Link], now: Instant) -> Option<Instant> {
    let first = links.iter().filter_map(|link| Some((link.done_at()?, link.carrier_since()?))).min();
    let (done, carrier) = first?;
    let until = done + done.since(carrier).clamp(GRACE.0, GRACE.1);
    let late = |link: &&Link| link.carrier_since().is_some() && matches!(link.state(now), LinkState::Pending(_));
    links.iter().any(late).then_some(until).filter(|&until| now < until)
}
