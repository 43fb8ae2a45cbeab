//! `--netns`: tunnels that stand in a namespace of their own. They are made here, where their packets leave and their peers are
//! found, then moved, and set up there. What runs there can only go through the tunnel.

use std::path::Path;

use crate::activate::{Apart, LinkOutcome, LinkState, Outcome, Reason, Session, Settings, Verdict};
use crate::cli::Up;
use crate::kernel::{Kernel, KernelError, namespace::Namespace};
use crate::poll::{self, Driver};
use crate::profile::{LinkKind, Profile};
use crate::state::{self, StateFile};

/// No sysfs: it shows the links of the namespace in which it was mounted.
const NO_SYSFS: &str = "/dev/null";

/// The other namespace, and what is to be done there.
pub(super) struct Elsewhere {
    there: Namespace,
    here: Namespace,
    /// What it was called.
    name: String,
    /// Tunnels that it has already.
    standing: Vec<String>,
    settings: Settings,
}

impl Elsewhere {
    /// Opens the namespace that is asked for, and takes what is to be done there out of what is to be done here.
    pub(super) fn split(arguments: &Up, settings: &mut Settings) -> Result<Option<Self>, KernelError> {
        let Some(given) = &arguments.netns else { return Ok(None) };
        let (here, there) = (Namespace::own()?, Namespace::open(&arguments.root, given)?);
        there.enter()?;
        let links = Kernel::open().and_then(|mut kernel| kernel.survey());
        here.enter()?;
        let tunnels = links?.links.into_iter().filter(|link| link.kind.as_deref() == Some("wireguard"));
        let standing: Vec<String> = tunnels.map(|link| link.name).collect();
        let mut theirs = Settings { remembered: Vec::new(), warnings: Vec::new(), ..settings.clone() };
        theirs.profiles.retain(is_tunnel);
        theirs.tunnels.apart = Apart::After;
        theirs.context.bootdev = None;
        settings.tunnels.apart = Apart::Before;
        settings.profiles.retain(|profile| !is_tunnel(profile) || !named(profile, &standing));
        Ok(Some(Self { there, here, name: given.display().to_string(), standing, settings: theirs }))
    }

    /// Moves the tunnels that were made here, and sets them up there; `outcome` becomes that of both. Answers what is
    /// to be left behind for programs there.
    pub(super) fn finish(mut self, kernel: &mut Kernel, outcome: &mut Outcome) -> Result<Vec<StateFile>, KernelError> {
        let mut ready = std::mem::take(&mut self.standing);
        for link in outcome.links.iter_mut().filter(|link| is_tunnel(&link.profile) && link.state == LinkState::Up) {
            match kernel.move_link(link.device.ifindex, &link.device.name, link.created, &self.there) {
                Ok(()) => ready.push(link.device.name.clone()),
                Err(error) => {
                    link.state = LinkState::Failed(Reason::Kernel(error.to_string()));
                    outcome.result = Verdict::Degraded;
                }
            }
        }
        self.settings.profiles.retain(|profile| named(profile, &ready));
        if self.settings.profiles.is_empty() {
            return Ok(Vec::new());
        }
        self.there.enter()?;
        let theirs = run(self.settings);
        self.here.enter()?;
        let mut theirs = theirs?;
        outcome.links.retain(|link| !(is_tunnel(&link.profile) && link.state == LinkState::Up));
        let moved = |link: LinkOutcome| LinkOutcome { netns: Some(self.name.clone()), ..link };
        outcome.links.extend(theirs.links.drain(..).map(moved));
        outcome.warnings.append(&mut theirs.warnings);
        outcome.missing.append(&mut theirs.missing);
        outcome.finished = theirs.finished;
        if outcome.result != theirs.result {
            outcome.result = Verdict::Degraded;
        }
        Ok(state::resolv_conf::of_namespace(&self.name, &theirs.dns))
    }
}

/// Sets up the tunnels in the namespace that this process is in now.
fn run(settings: Settings) -> Result<Outcome, KernelError> {
    // No journal: what is undone from it is undone in the namespace of the rest.
    let mut kernel = Kernel::open()?;
    super::loopback(&mut kernel);
    let mut session = Session::new(settings, poll::now());
    let mut driver = Driver::new(&mut kernel, Path::new(NO_SYSFS))?;
    let verdict = driver.run(&mut session)?;
    driver.leave();
    Ok(session.outcome(verdict))
}

fn is_tunnel(profile: &Profile) -> bool {
    matches!(profile.kind, LinkKind::WireGuard(_))
}

fn named(profile: &Profile, names: &[String]) -> bool {
    profile.interface_name.as_ref().is_some_and(|name| names.contains(name))
}
