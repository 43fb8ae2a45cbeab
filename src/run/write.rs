//! What is left behind: the last stage of `up`.

use std::path::Path;

use crate::activate::{LinkOutcome, LinkState, Outcome, Verdict};
use crate::cli::Up;
use crate::input::cmdline::Reading;
use crate::journal::{Entry, Journal, Undo};
use crate::kernel;
use crate::profile::handover::{ExitPolicy, ExitRule, Handover};
use crate::state::{self, StateFile};

/// What shall be left behind, and for whom.
pub(super) struct Leave {
    /// The daemons that are prepared.
    pub(super) handover: Handover,
    /// What becomes of links.
    pub(super) exit: Vec<ExitRule>,
    /// The number at the start of the names of networkd's files.
    pub(super) networkd_priority: u8,
    /// What dracut's files repeat, if they are wanted.
    pub(super) dracut: Option<state::dracut::Asked>,
}

impl Leave {
    /// An argument of the program goes before one of the kernel's command line.
    pub(super) fn new(arguments: &Up, reading: &Reading, dracut: Option<state::dracut::Asked>) -> Self {
        let given = arguments.handover.as_deref().and_then(|text| Handover::parse(text).ok());
        let mut exit = reading.exit.clone();
        exit.extend(arguments.exit_policy.iter().filter_map(|text| ExitRule::parse(text)));
        Self {
            handover: given.or(reading.handover).unwrap_or_else(|| state::daemons::found(&arguments.root)),
            exit,
            networkd_priority: arguments.networkd_priority,
            dracut,
        }
    }
}

/// Leaves behind what daemons, programs and people need. A file that cannot be written makes the run degraded, no more.
/// `hash` is that of the command line.
pub(super) fn write(
    root: &Path,
    hash: String,
    leave: &Leave,
    outcome: &mut Outcome,
    mut journal: Option<&mut Journal>,
) {
    set_hostname(outcome, journal.as_deref_mut());
    let here = || outcome.links.iter().filter(|link| link.netns.is_none());
    let up = || here().filter(|link| link.state == LinkState::Up);
    // No daemon is told of what is there for the boot only.
    let lasting: Vec<&LinkOutcome> = up().filter(|link| link.exit != ExitPolicy::Flush).collect();
    let of_each = |wanted: bool, files: &dyn Fn(&LinkOutcome) -> Vec<StateFile>| -> Vec<StateFile> {
        lasting
            .iter()
            .filter(|_| wanted)
            .flat_map(|link| files(link).into_iter().map(|file| file.of(link.device.ifindex)))
            .collect()
    };
    let networkmanager = of_each(leave.handover.networkmanager, &|link| state::networkmanager::files(link, root));
    let with_networkd = lasting.iter().filter(|_| leave.handover.networkd);
    let mut remarks = Vec::new();
    with_networkd.for_each(|link| state::networkd::remarks(link, &mut remarks));
    let networkd =
        of_each(leave.handover.networkd, &|link| state::networkd::files(link, &lasting, leave.networkd_priority));
    let klibc = of_each(true, &|link| state::klibc::files(link));
    let mut files = [networkmanager.as_slice(), &networkd, &klibc].concat();
    let known = here().filter(|link| link.state == LinkState::Up || link.created || !link.tuned.is_empty());
    let of_link = |link: &LinkOutcome, file: StateFile| file.of(link.device.ifindex);
    files.extend(known.flat_map(|link| state::memory::remember(link).into_iter().map(move |file| of_link(link, file))));
    files.extend(state::resolv_conf::files(&outcome.dns));
    files.extend(leave.dracut.iter().flat_map(|asked| state::dracut::files(outcome, asked)));
    let mut errors = state::write(root, &files, journal.as_deref_mut());
    let handed_over = [("networkmanager", networkmanager), ("networkd", networkd), ("klibc", klibc)];
    remarks.iter().for_each(|remark| log::warn!("{remark}"));
    outcome.warnings.extend(remarks);
    let report = state::report::file(outcome, hash, &handed_over);
    errors.extend(state::write(root, &[report], journal.as_deref_mut()));
    errors.extend(journal.and_then(state::lost));
    errors.iter().for_each(|error| log::warn!("{error}"));
    if !errors.is_empty() && outcome.result == Verdict::Ok {
        outcome.result = Verdict::Degraded;
    }
}

/// Sets the host name where the host has none of its own yet.
fn set_hostname(outcome: &Outcome, journal: Option<&mut Journal>) {
    let Some(wanted) = &outcome.hostname else { return };
    let note = |former| {
        if let Some(journal) = journal {
            journal.note(&[Entry::changed(0, "hostname", Undo::HostName(former))]);
        }
    };
    if let Err(error) = kernel::hostname::set_if_unset(wanted, note) {
        log::warn!("{error}");
    }
}
