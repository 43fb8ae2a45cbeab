//! `--netns`: tunnels are made here, where the network is that carries them, and are set up in a namespace of their own, where
//! there is nothing else: no packet leaves another way.

use std::path::Path;

use crate::activate::{Apart, Dns, LinkState, Outcome, Session, Settings, Verdict};
use crate::kernel::{Kernel, KernelError, Namespace};
use crate::plan::Context;
use crate::poll::{self, Driver};
use crate::profile::LinkKind;
use crate::state::{self, StateFile};

/// The namespace, and what is to be done in it.
pub(super) struct Inside {
    namespace: Namespace,
    name: String,
    settings: Settings,
}

impl Inside {
    /// Takes the second half off the settings of a run. A tunnel that stands in the namespace already is not made again.
    pub(super) fn new(name: &str, settings: &mut Settings) -> Result<Self, KernelError> {
        let namespace = Namespace::open(name)?;
        let there: Vec<String> = namespace.within(|| -> Result<Vec<String>, KernelError> {
            let found = Kernel::open()?.survey()?;
            Ok(found.links.into_iter().map(|link| link.name).collect())
        })??;
        let mut inside = settings.clone();
        inside.profiles.retain(|profile| matches!(profile.kind, LinkKind::WireGuard(_)));
        inside.context = Context { words: settings.context.words.clone(), ..Context::default() };
        (inside.hostname, inside.remembered, inside.warnings) = (None, Vec::new(), Vec::new());
        inside.tunnels.apart = Apart::After;
        settings.tunnels.apart = Apart::Before;
        settings.profiles.retain(|profile| {
            let stands = profile.interface_name.as_ref().is_some_and(|name| there.contains(name));
            !(stands && matches!(profile.kind, LinkKind::WireGuard(_)))
        });
        Ok(Self { namespace, name: name.to_owned(), settings: inside })
    }

    /// Moves the tunnels and sets them up. This process stays in the namespace; the outcome of the first half loses the tunnels and
    /// gets the verdict of both.
    pub(super) fn set_up(self, kernel: &mut Kernel, root: &Path, outcome: &mut Outcome) -> Result<(), KernelError> {
        let is_tunnel = |kind: &LinkKind| matches!(kind, LinkKind::WireGuard(_));
        for link in outcome.links.iter().filter(|link| is_tunnel(&link.profile.kind) && link.state == LinkState::Up) {
            kernel.move_link(link.device.ifindex, &link.device.name, &self.namespace)?;
        }
        outcome.links.retain(|link| !is_tunnel(&link.profile.kind));
        self.namespace.enter()?;
        let mut kernel = Kernel::open()?;
        super::loopback(&mut kernel);
        let mut session = Session::new(self.settings, poll::now());
        let mut driver = Driver::new(&mut kernel, Path::new("/sys"))?;
        let verdict = driver.run(&mut session)?;
        let found = session.outcome(verdict);
        driver.leave();
        for link in &found.links {
            let addresses: Vec<String> = link.target.addresses.iter().map(|address| address.net.to_string()).collect();
            match &link.state {
                LinkState::Up => log::info!("{} in {}: up, {}", link.device.name, self.name, addresses.join(", ")),
                LinkState::Pending(why) | LinkState::Failed(why) => log::error!("{}: {why}", link.device.name),
            }
        }
        outcome.warnings.extend(found.warnings);
        outcome.result = both(outcome.result, found.result);
        resolv_conf(&self.name, root, &found.dns);
        Ok(())
    }
}

/// Both halves are wanted.
fn both(first: Verdict, second: Verdict) -> Verdict {
    match (first, second) {
        (Verdict::Ok, Verdict::Ok) => Verdict::Ok,
        (Verdict::Failed, Verdict::Failed) => Verdict::Failed,
        _ => Verdict::Degraded,
    }
}

/// What `ip netns exec NAME` binds over /etc/resolv.conf.
fn resolv_conf(name: &str, root: &Path, dns: &Dns) {
    let named = !name.contains('/') && !name.starts_with('.');
    if !named || dns.servers.is_empty() {
        return;
    }
    let search = if dns.search.is_empty() { String::new() } else { format!("search {}\n", dns.search.join(" ")) };
    let servers: String = dns.servers.iter().map(|server| format!("nameserver {server}\n")).collect();
    let file = StateFile::public(format!("/etc/netns/{name}/resolv.conf"), search + &servers);
    state::write(root, &[file], None).iter().for_each(|error| log::warn!("{error}"));
}
