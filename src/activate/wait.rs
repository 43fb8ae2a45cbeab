//! What the run waits for: the required set, and nothing else.
//!
//! A [`Requirement`] is met when one of its links is up, and failed when all of them have failed by their own deadlines
//! (carrier, lease, router), or when no device came in time.
//!
//! After its first link is up, its other links get a grace: as long again as the first one took from carrier to up, at least
//! 50 ms, at most 1 s, and only while they have carrier. `single-dhcp` gives none.

use std::time::Duration;

use super::link::Link;
use super::outcome::{self, LinkState};
use crate::plan::{Progress, Requirement, Target, Verdict};
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

/// How `requirement` stands; `link` finds a link of it that runs, `coming` says whether one will. Devices are waited for since the run
/// `started`, and again since one of its was `lost`.
pub(super) fn standing<'a>(
    requirement: &Requirement,
    link: impl Fn(Target) -> Option<&'a Link>,
    coming: impl Fn(Target) -> bool,
    (started, lost): (Instant, Option<Instant>),
    now: Instant,
) -> Standing {
    let progress = |target| match link(target).map(Link::latest) {
        Some(LinkState::Up) => Progress::Up,
        Some(LinkState::Pending(_)) => Progress::Pending,
        None if coming(target) => Progress::Pending,
        Some(LinkState::Failed(_)) | None => Progress::Failed,
    };
    match requirement.verdict(progress, now.since(started)) {
        Verdict::Met => match grace(requirement.links.iter().filter_map(|&target| link(target)), now)
            .filter(|_| !requirement.exclusive)
        {
            Some(until) => Standing::Open(Some(until)),
            None => Standing::Met,
        },
        Verdict::Open if requirement.links.is_empty() => Standing::Open(Some(started + requirement.device_timeout)),
        Verdict::Open => Standing::Open(None),
        Verdict::Failed => match lost.map(|lost| lost + requirement.device_timeout).filter(|&until| now < until) {
            Some(until) => Standing::Open(Some(until)),
            None => Standing::Failed,
        },
    }
}

impl Link {
    /// How it stands with a link that is waited for by itself.
    pub(super) fn standing(&self) -> Standing {
        match self.latest() {
            LinkState::Up => Standing::Met,
            LinkState::Pending(_) => Standing::Open(None),
            LinkState::Failed(_) => Standing::Failed,
        }
    }
}

/// Until when the links that are late are waited for, now that one is up.
fn grace<'a>(links: impl Iterator<Item = &'a Link> + Clone, now: Instant) -> Option<Instant> {
    let first = links.clone().filter_map(|link| Some((link.done_at()?, link.carrier_since()?))).min();
    let (done, carrier) = first?;
    let until = done + done.since(carrier).clamp(GRACE.0, GRACE.1);
    let late = |link: &&Link| link.carrier_since().is_some() && matches!(link.latest(), LinkState::Pending(_));
    links.clone().any(|link| late(&link)).then_some(until).filter(|&until| now < until)
}

/// The verdict over all requirements; something open at the overall deadline counts as failed.
pub(super) fn judge(standings: &[Standing], complaints: bool) -> outcome::Verdict {
    let met = standings.iter().filter(|standing| **standing == Standing::Met).count();
    match (met, standings.len()) {
        (met, all) if met == all && !complaints => outcome::Verdict::Ok,
        (0, all) if all > 0 => outcome::Verdict::Failed,
        _ => outcome::Verdict::Degraded,
    }
}
