//! `sunup renew`: the leases of an earlier `up` are prolonged, from what it has left behind; nothing that was asked for then is
//! read again.

use std::path::Path;

use super::host;
use super::write::{self, Leave};
use crate::activate::{Dns, Outcome, Remembered, Renewal, Session, Settings};
use crate::cli::Renew;
use crate::input::resolv_conf;
use crate::journal::Journal;
use crate::kernel::{self, Kernel, KernelError};
use crate::plan::Context;
use crate::poll::{self, Driver};
use crate::profile::handover::ExitRule;
use crate::proto::Instant;
use crate::state;

/// Prolongs leases, makes the kernel hold what is remembered, and writes down what became of it. `None`: there is no lease (of the
/// links named).
pub fn renew(arguments: &Renew) -> Result<Option<Outcome>, KernelError> {
    let started = poll::now();
    let root = &arguments.root;
    let (profiles, remembered): (Vec<_>, Vec<_>) = state::memory::profiles(root).into_iter().unzip();
    let named = |name: &String| arguments.links.is_empty() || arguments.links.contains(name);
    let leased = remembered.iter().filter(|link| link.lease4.is_some() || link.lease6.is_some());
    let renewed: Vec<u32> = leased.filter(|link| named(&link.name)).map(|link| link.ifindex).collect();
    if renewed.is_empty() {
        return Ok(None);
    }
    let mut kernel = Kernel::open()?;
    kernel.require_permission()?;
    kernel.journal = Some(Journal::open(root));
    let rule = |link: &Remembered| ExitRule { link: Some(link.name.clone()), policy: link.exit };
    let (handover, networkd_priority) = state::amend::handed_over(root);
    let leave = Leave { handover, exit: remembered.iter().map(rule).collect(), networkd_priority, dracut: None };
    let of_no_link = of_no_link(root, &remembered);
    let settings = Settings {
        renew: Some(if arguments.due { Renewal::Due } else { Renewal::Now }),
        renewed,
        exit: leave.exit.clone(),
        profiles,
        context: Context { owned: remembered.iter().map(|link| link.ifindex).collect(), ..Context::default() },
        timeout: arguments.timeout,
        remembered,
        host: host(root),
        seed: kernel::random::seed(),
        ..Settings::default()
    };
    let mut session = Session::new(settings, started);
    let mut driver = Driver::new(&mut kernel, Path::new("/sys"))?;
    let verdict = driver.run(&mut session)?;
    let mut outcome = session.outcome(verdict);
    outcome.warnings.iter().for_each(|warning| log::warn!("{warning}"));
    let earlier = state::amend::earlier(root);
    outcome.hostname = outcome.hostname.or(earlier.hostname);
    outcome.dns.merge(&of_no_link);
    write::write(root, earlier.cmdline_hash, &leave, &mut outcome, driver.journal());
    driver.leave();
    Ok(Some(outcome))
}

/// Name servers and search domains of the last run that are remembered with no link: those that were given for all.
fn of_no_link(root: &Path, remembered: &[Remembered]) -> Dns {
    let mut linked = Dns::default();
    for link in remembered {
        // Whether they still hold or not.
        linked.servers.extend(link.learned.servers(Instant::default()).map(|(server, _)| server.to_string()));
        linked.search.extend(link.learned.search(Instant::default()).map(|(name, _)| name.to_string()));
        if let Some(lease) = &link.lease4 {
            linked.servers.extend(lease.dns.iter().map(ToString::to_string));
            linked.search.extend(lease.search.iter().chain(&lease.domain).map(ToString::to_string));
        }
        if let Some(lease) = &link.lease6 {
            linked.servers.extend(lease.dns.iter().map(ToString::to_string));
            linked.search.extend(lease.search.iter().map(ToString::to_string));
        }
    }
    let (mut servers, mut search) = resolv_conf::read_file(&root.join("run/sunup/resolv.conf"));
    let address = |server: &str| server.split('%').next().unwrap_or_default().to_owned();
    servers.retain(|server| !linked.servers.contains(&address(server)));
    search.retain(|domain| !linked.search.contains(domain));
    Dns { servers, search, ..Dns::default() }
}
