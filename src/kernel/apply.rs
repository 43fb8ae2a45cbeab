//! Making the kernel hold what is wanted.

use ipnet::IpNet;

use super::error::errno;
use super::netlink::Refusal;
use super::request::{LinkChange, Request, Target};
use super::snapshot::Snapshot;
use super::{Kernel, KernelError, diff, kinds, undo};
use crate::profile::desired::{DesiredLink, DesiredRoute};

/// What [`Kernel::apply`] did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// Number of modifying requests sent; 0 if everything was as wanted.
    pub sent: usize,
    /// The requests that were refused. The others were carried out.
    pub failures: Vec<KernelError>,
}

impl Kernel {
    /// Makes the kernel hold what is wanted. One request that is refused stops no other.
    pub fn apply(&mut self, want: &[DesiredLink]) -> Applied {
        match self.snapshot_for(want) {
            Ok(have) => self.apply_to(&have, want),
            Err(error) => Applied { sent: 0, failures: vec![error] },
        }
    }

    /// [`apply`](Self::apply), where what the kernel holds is known.
    pub fn apply_to(&mut self, have: &Snapshot, want: &[DesiredLink]) -> Applied {
        let conflicts: Vec<KernelError> = want.iter().filter_map(|wanted| conflict(have, wanted)).collect();
        let requests = diff(have, want);
        if self.journal.is_some() && !requests.is_empty() {
            self.note(&undo::entries(have, want, &requests));
        }
        let refusals = self.send(&requests);
        let busy = |refusal: &Refusal| requests.get(refusal.index).filter(|request| needs_down(request, refusal));
        let down: Vec<_> = refusals.iter().filter_map(busy).collect();
        let failures = refusals.iter().filter(|refusal| busy(refusal).is_none());
        let failures = failures.filter_map(|refusal| failure_of(want, requests.get(refusal.index)?, refusal)).collect();
        let mut applied = Applied { sent: requests.len(), failures };
        applied.failures.extend(conflicts);
        if !down.is_empty() {
            self.change_while_down(&down, want, &mut applied);
        }
        self.settle_teams(want, &mut applied.failures);
        say_once(&mut applied.failures);
        applied
    }

    pub(super) fn send(&mut self, requests: &[Request<'_>]) -> Vec<Refusal> {
        if log::log_enabled!(log::Level::Debug) {
            requests.iter().for_each(|request| log::debug!("{request}"));
        }
        if requests.is_empty() { Vec::new() } else { self.netlink.send(requests) }
    }

    /// Changes that the driver only makes while the link is down. Going down loses routes and IPv6 addresses, so that the rest is
    /// compared again afterwards.
    fn change_while_down(&mut self, changes: &[&Request<'_>], want: &[DesiredLink], applied: &mut Applied) {
        let mut requests = Vec::new();
        for request in changes {
            let Request::SetLink(target, _) = request else { continue };
            let set = |up| Request::SetLink(*target, LinkChange::Up(up));
            requests.extend([set(false), (*request).clone(), set(true)]);
        }
        let refusals = self.send(&requests);
        applied.sent += requests.len();
        applied.failures =
            refusals.iter().filter_map(|refusal| failure(requests.get(refusal.index)?, refusal)).collect();
        let Ok(have) = self.snapshot_for(want) else { return };
        // What was refused even while down is not tried again.
        let rest: Vec<_> = diff(&have, want).into_iter().filter(|request| !changes.contains(&request)).collect();
        let refusals = self.send(&rest);
        applied.sent += rest.len();
        let told = refusals.iter().filter_map(|refusal| failure_of(want, rest.get(refusal.index)?, refusal));
        applied.failures.extend(told);
    }

    /// Removes an address from a link. One that is not there is removed already.
    pub fn remove_address(&mut self, ifindex: u32, net: IpNet) -> Result<(), KernelError> {
        self.one(|target| Request::RemoveAddress(target, net), ifindex)
    }

    /// Removes a route by a link. One that is not there is removed already.
    pub fn remove_route(&mut self, ifindex: u32, route: &DesiredRoute) -> Result<(), KernelError> {
        self.one(|target| Request::RemoveRoute(target, route), ifindex)
    }

    /// Sets a link down. One that is gone is down.
    pub fn set_down(&mut self, ifindex: u32) -> Result<(), KernelError> {
        match self.one(|target| Request::SetLink(target, LinkChange::Up(false)), ifindex) {
            Err(error) if error.is_gone() => Ok(()),
            other => other,
        }
    }

    /// Sends one request for a link.
    fn one<'a>(&mut self, make: impl FnOnce(Target<'a>) -> Request<'a>, ifindex: u32) -> Result<(), KernelError> {
        let request = make(Target { ifindex, name: "" });
        let refusals = self.send(std::slice::from_ref(&request));
        refusals.iter().find_map(|refusal| failure(&request, refusal)).map_or(Ok(()), Err)
    }
}

/// A link that is there and cannot become what is wanted.
fn conflict(have: &Snapshot, wanted: &DesiredLink) -> Option<KernelError> {
    let link = have.link(wanted.ifindex)?;
    let conflict = kinds::conflict(wanted.kind.as_ref()?, link)?;
    Some(KernelError::Conflict { ifindex: link.ifindex, device: link.name.clone(), conflict })
}

/// True if the change may succeed on a link that is down.
fn needs_down(request: &Request<'_>, refusal: &Refusal) -> bool {
    let Request::SetLink(_, change) = request else { return false };
    match change {
        LinkChange::Mac(_) | LinkChange::Name(_) | LinkChange::NameAside => refusal.errno == errno::EBUSY,
        LinkChange::Controller(_) => refusal.explanation.contains(" up"),
        LinkChange::Up(_) | LinkChange::Mtu(_) | LinkChange::AddrGenMode(_) | LinkChange::Token(_) => false,
    }
}

/// The same, where a rule is of the link whose profile has it.
fn failure_of(want: &[DesiredLink], request: &Request<'_>, refusal: &Refusal) -> Option<KernelError> {
    let mut failure = failure(request, refusal)?;
    if let (KernelError::Refused { ifindex, .. }, Request::AddRule(_, rule)) = (&mut failure, request) {
        *ifindex = undo::link_of(want, rule);
    }
    Some(failure)
}

/// The refusal as an error; `None` if what was asked for is so anyway.
pub(super) fn failure(request: &Request<'_>, refusal: &Refusal) -> Option<KernelError> {
    let settled = match refusal.errno {
        errno::EEXIST => matches!(request, Request::AddAddress(..) | Request::AddRoute(..) | Request::AddRule(..)),
        errno::ENOENT | errno::ESRCH | errno::EADDRNOTAVAIL | errno::ENODEV => request.removes(),
        _ => false,
    };
    // A port without its controller is of no use, nor is a link that is down.
    let set_up = matches!(request, Request::SetLink(_, LinkChange::Up(true) | LinkChange::Controller(1..)));
    (!settled).then(|| KernelError::Refused {
        request: request.to_string(),
        ifindex: request.ifindex(),
        device: request.device().to_owned(),
        fatal: set_up || matches!(request, Request::AddLink(_)) || refusal.errno == errno::ENODEV,
        errno: refusal.errno,
        explanation: refusal.explanation.clone(),
    })
}

/// Without the capability every request is refused alike: one sentence about it is enough.
fn say_once(failures: &mut Vec<KernelError>) {
    // A driver that refuses a change with the same errno explains itself.
    let denied = |failure: &KernelError| match failure {
        KernelError::Refused { errno, explanation, .. } => *errno == errno::EPERM && explanation.is_empty(),
        other => *other == KernelError::NotPermitted,
    };
    if !failures.is_empty() && failures.iter().all(denied) {
        *failures = vec![KernelError::NotPermitted];
    }
}
