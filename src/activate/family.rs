//! When a profile counts as up: NetworkManager's rule for two address families, `may-fail` and `required-timeout`.

use std::time::Duration;

use super::outcome::{LinkState, Reason};
use crate::proto::Instant;

/// How far one address family has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Progress {
    /// The profile does not ask for this family.
    Off,
    /// On its way; the reason is what is missing.
    Pending(Reason),
    /// Usable.
    Up,
    /// It will not come up any more, unless something changes.
    Failed(Reason),
}

/// One family of a profile, as the rule sees it.
#[derive(Debug, Clone)]
pub(super) struct Family {
    /// How far it has come.
    pub(super) progress: Progress,
    /// `may-fail`.
    pub(super) may_fail: bool,
    /// Until when it is waited for although it may fail (`required-timeout`).
    pub(super) waited_for_until: Option<Instant>,
    /// It reaches the neighbours on the link and nothing else (`method=link-local`).
    pub(super) link_only: bool,
    /// An address is known and on trial: it is not left behind, however well the other family does.
    pub(super) proves: bool,
}

impl Family {
    /// A family a profile does not ask for.
    pub(super) const OFF: Self =
        Self { progress: Progress::Off, may_fail: true, waited_for_until: None, link_only: false, proves: false };

    /// A family with the settings of its section.
    pub(super) fn new(progress: Progress, may_fail: bool, since: Instant, required: Option<Duration>) -> Self {
        Self { progress, may_fail, waited_for_until: required.map(|timeout| since + timeout), ..Self::OFF }
    }
}

/// Both families together: the profile is up when every family that must not fail is up, at least one is up, and no other is
/// still being waited for. Link-local addresses alone are no network: they wait for the other family as long as it tries.
pub(super) fn combine(families: &[Family; 2], now: Instant) -> LinkState {
    let asked = || families.iter().filter(|family| family.progress != Progress::Off);
    let must = || asked().filter(|family| !family.may_fail);
    if let Some(reason) = must().find_map(|family| failed(&family.progress)) {
        return LinkState::Failed(reason);
    }
    if let Some(reason) = must().find_map(|family| pending(&family.progress)) {
        return LinkState::Pending(reason);
    }
    let mut up = asked().filter(|family| family.progress == Progress::Up).peekable();
    if up.peek().is_some() {
        let link_only = up.all(|family| family.link_only);
        let in_time = |family: &Family| family.waited_for_until.is_some_and(|until| now < until);
        let waited_for = |family: &&Family| link_only || family.proves || in_time(family);
        return match asked().filter(waited_for).find_map(|family| pending(&family.progress)) {
            Some(reason) => LinkState::Pending(reason),
            None => LinkState::Up,
        };
    }
    if let Some(reason) = asked().find_map(|family| pending(&family.progress)) {
        return LinkState::Pending(reason);
    }
    asked().find_map(|family| failed(&family.progress)).map_or(LinkState::Up, LinkState::Failed)
}

/// The reason of a failure.
fn failed(progress: &Progress) -> Option<Reason> {
    match progress {
        Progress::Failed(reason) => Some(reason.clone()),
        _ => None,
    }
}

/// What is still missing.
fn pending(progress: &Progress) -> Option<Reason> {
    match progress {
        Progress::Pending(reason) => Some(reason.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_millis(1000);

    fn family(progress: Progress, may_fail: bool, waited_ms: Option<u64>) -> Family {
        Family { progress, may_fail, waited_for_until: waited_ms.map(Instant::from_millis), ..Family::OFF }
    }

    fn link_only(progress: Progress, may_fail: bool) -> Family {
        Family { link_only: true, ..family(progress, may_fail, None) }
    }

    fn wait() -> Progress {
        Progress::Pending(Reason::NotReady)
    }

    fn fail() -> Progress {
        Progress::Failed(Reason::NoOffer)
    }

    #[test]
    fn the_table_of_networkmanager() {
        use Progress::{Off, Up};
        let rows = [
            ("both up", family(Up, true, None), family(Up, true, None), "up"),
            ("must be up, other may fail and is late", family(Up, false, None), family(wait(), true, None), "up"),
            ("must is late", family(wait(), false, None), family(Up, true, None), "pending"),
            ("must failed", family(fail(), false, None), family(Up, true, None), "failed"),
            ("may fail and failed", family(fail(), true, None), family(Up, true, None), "up"),
            ("both may fail, none there yet", family(fail(), true, None), family(wait(), true, None), "pending"),
            ("both may fail, both failed", family(fail(), true, None), family(fail(), true, None), "failed"),
            ("required-timeout runs", family(wait(), true, Some(2000)), family(Up, true, None), "pending"),
            ("required-timeout is over", family(wait(), true, Some(1000)), family(Up, true, None), "up"),
            (
                "link-local alone, other may fail and is late",
                family(wait(), true, None),
                link_only(Up, true),
                "pending",
            ),
            (
                "link-local must, other may fail and is late",
                family(wait(), true, None),
                link_only(Up, false),
                "pending",
            ),
            (
                "an address is on trial, other up",
                Family { proves: true, ..family(wait(), true, None) },
                family(Up, true, None),
                "pending",
            ),
            ("link-local alone, other failed", family(fail(), true, None), link_only(Up, true), "up"),
            ("link-local is late", family(Up, true, None), link_only(wait(), true), "up"),
            ("link-local and nothing else asked for", family(Off, true, None), link_only(Up, true), "up"),
            ("nothing asked for", family(Off, true, None), family(Off, false, None), "up"),
        ];
        for (name, v4, v6, expected) in rows {
            assert_eq!(combine(&[v4, v6], NOW).word(), expected, "{name}");
        }
    }
}
