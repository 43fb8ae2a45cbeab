//! What is left behind: the last stage of `up`.

use std::path::Path;

use crate::activate::{LinkOutcome, LinkState, Outcome, Verdict};
use crate::journal::{Entry, Journal, Undo};
use crate::kernel;
use crate::state::{self, StateFile};

/// Leaves behind what daemons, programs and people need. A file that cannot be written makes the run degraded, no more.
pub(super) fn write(
    root: &Path,
    line: &str,
    asked: Option<&state::dracut::Asked>,
    outcome: &mut Outcome,
    mut journal: Option<&mut Journal>,
) {
    set_hostname(outcome, journal.as_deref_mut());
    let up = || outcome.links.iter().filter(|link| link.state == LinkState::Up);
    let of_each = |files: &dyn Fn(&LinkOutcome) -> Vec<StateFile>| -> Vec<StateFile> {
        up().flat_map(|link| files(link).into_iter().map(|file| file.of(link.device.ifindex))).collect()
    };
    let networkmanager = of_each(&|link| state::networkmanager::files(link, root));
    let remarks: Vec<_> = up().filter_map(state::networkd::remark).collect();
    let networkd = of_each(&|link| vec![state::networkd::file(link)]);
    let klibc = of_each(&|link| state::klibc::files(link));
    let mut files = [networkmanager.as_slice(), &networkd, &klibc].concat();
    let known = outcome.links.iter().filter(|link| link.state == LinkState::Up || link.created);
    files.extend(known.map(|link| state::memory::remember(link).of(link.device.ifindex)));
    files.extend(state::resolv_conf::files(&outcome.dns));
    files.extend(asked.into_iter().flat_map(|asked| state::dracut::files(outcome, asked)));
    let mut errors = state::write(root, &files, journal.as_deref_mut());
    let handed_over = [("networkmanager", networkmanager), ("networkd", networkd), ("klibc", klibc)];
    remarks.iter().for_each(|remark| log::warn!("{remark}"));
    outcome.warnings.extend(remarks);
    let report = state::report::file(outcome, line, &handed_over);
    errors.extend(state::write(root, &[report], journal));
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
