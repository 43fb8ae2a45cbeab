//! What must hold when a run is over.

use sunup::activate::{LinkOutcome, LinkState, Verdict};
use sunup::profile::desired::DesiredAddress;

use super::scene::{Blow, LinkPlan, Wish};
use super::world::{Port, Rule, World, squatted};
use crate::server::Nature;

/// True for a link that has all it needs: in time it must be up.
fn must(plan: &LinkPlan, acd: bool) -> bool {
    // A second address for the one that another host has is nobody's duty; and who pulls the device out for good cannot complain.
    let pulled_out = plan.is_struck_by(Blow::Remove) && !plan.is_struck_by(Blow::Return);
    if pulled_out || plan.duplicate || (acd && plan.squatter) {
        return false;
    }
    let sane4 = plan.servers4.iter().any(|(nature, ..)| Nature::TOLERABLE.contains(nature));
    let sane6 = plan.servers6.iter().any(|nature| nature.is_sane());
    let by_router = match plan.router {
        Some(router) => router.autonomous || router.managed && sane6,
        None => plan.wish == Wish::Either6 && sane6,
    };
    // Where every second packet is lost, one run in some ten thousand has not heard enough in forty or two hundred seconds.
    if plan.loss > 0.4 {
        return plan.wish == Wish::Static;
    }
    plan.wish == Wish::Static || plan.wish.wants4() && sane4 || plan.wish.wants6() && by_router
}

impl World<'_> {
    pub(crate) fn count_up(&self) -> usize {
        let Some(verdict) = self.verdict else { return 0 };
        self.session.outcome(verdict).links.iter().filter(|link| link.state == LinkState::Up).count()
    }

    pub(crate) fn count_must(&self) -> usize {
        if self.scene.timeout.is_some() {
            0
        } else {
            self.scene.links.iter().filter(|plan| must(plan, self.scene.acd)).count()
        }
    }
}

pub(crate) fn at_the_end(world: &World<'_>) -> Rule {
    let Some(verdict) = world.verdict else { return Err("no verdict".to_owned()) };
    let outcome = world.session.outcome(verdict);
    let of = |port: &Port<'_>| outcome.links.iter().find(|link| link.device.ifindex == port.ifindex);
    for (number, port) in world.ports.iter().enumerate() {
        let link = of(port);
        let up = link.is_some_and(|link| link.state == LinkState::Up);
        if !up && must(port.plan, world.scene.acd) && world.scene.timeout.is_none() {
            return Err(format!("eth{number} had all it needs and is {:?}", link.map(|link| &link.state)));
        }
        if up && !port.present {
            return Err(format!("eth{number} is gone and said to be up"));
        }
        if let Some(link) = link {
            leases(port, link).map_err(|rule| format!("eth{number}: {rule}"))?;
            if world.scene.acd && port.plan.squatter && port.plan.is_prompt() {
                let taken = |address: &DesiredAddress| squatted(number).iter().any(|one| address.net.addr() == *one);
                if link.target.addresses.iter().any(taken) {
                    return Err(format!("eth{number} has an address of another host: {:?}", link.target.addresses));
                }
            }
            let cut = port.plan.is_struck_by(Blow::CableOut) || port.plan.duplicate;
            if up && !cut && !world.machine.holds(&link.target) {
                return Err(format!("eth{number} is up and lacks something of {:?}", link.target));
            }
        }
    }
    let ups = world.ports.iter().filter(|port| of(port).is_some_and(|link| link.state == LinkState::Up)).count();
    match verdict {
        Verdict::Ok if ups < world.ports.len() => Err("all is well, and yet not every link is up".to_owned()),
        Verdict::Failed if ups > 0 => Err(format!("failed, and yet {ups} links are up")),
        _ => Ok(()),
    }
}

/// A lease is one that a server of this link gave; damage that no checksum shows excuses everything.
fn leases(port: &Port<'_>, link: &LinkOutcome) -> Rule {
    if port.plan.corruption > 0.0 {
        return Ok(());
    }
    if let Some(lease) = &link.lease4 {
        let gave = |server: &crate::server::Server| {
            server.granted.contains(&lease.address) && Nature::TOLERABLE.contains(&server.nature)
        };
        if !port.servers4.iter().any(gave) {
            return Err(format!("nobody sane gave {}", lease.address));
        }
        if lease.hostname.is_some() || lease.root_path.is_some() || lease.boot_file.is_some() || lease.domain.is_some()
        {
            return Err(format!("took a hostile value: {lease:?}"));
        }
    }
    for address in link.lease6.iter().flat_map(|lease| &lease.addresses) {
        let gave =
            |server: &super::server6::Server6| server.granted.contains(&address.address) && server.nature.is_sane();
        if !port.servers6.iter().any(gave) {
            return Err(format!("nobody sane gave {}", address.address));
        }
    }
    Ok(())
}
