//! Making links.

use super::apply::failure;
use super::error::errno;
use super::kinds;
use super::request::Request;
use super::{Kernel, KernelError};
use crate::profile::desired::NewLink;

impl Kernel {
    /// Makes links, each on its own: for each why it was not made. One that is there already counts as made: whether it is
    /// what was wanted is seen when it is read.
    pub fn create(&mut self, links: &[NewLink]) -> Vec<Option<KernelError>> {
        let requests: Vec<Request<'_>> = links.iter().map(Request::AddLink).collect();
        let mut failures: Vec<Option<KernelError>> = links.iter().map(unknown).collect();
        let refusals = self.send(&requests);
        for refusal in refusals.iter().filter(|refusal| refusal.errno != errno::EEXIST) {
            let request = requests.get(refusal.index).zip(failures.get_mut(refusal.index));
            let Some((Request::AddLink(link), slot)) = request else { continue };
            let absent = refusal.errno == errno::EOPNOTSUPP;
            let why = if absent { no_driver(link) } else { failure(&Request::AddLink(link), refusal) };
            *slot = slot.take().or(why);
        }
        failures
    }
}

/// A type that sunup has no name for.
fn unknown(link: &NewLink) -> Option<KernelError> {
    let kind = &link.kind.kind;
    let unknown = kinds::kind_of(kind).is_none();
    unknown.then(|| KernelError::NoDriver { device: link.name.clone(), kind: kind.name().to_owned(), module: "" })
}

fn no_driver(link: &NewLink) -> Option<KernelError> {
    let kind = kinds::kind_of(&link.kind.kind)?;
    Some(KernelError::NoDriver { device: link.name.clone(), kind: kind.to_owned(), module: module(kind) })
}

/// The module that has the links of a kind.
fn module(kind: &'static str) -> &'static str {
    match kind {
        "bond" => "bonding",
        "vlan" => "8021q",
        "ipoib" => "ib_ipoib",
        other => other,
    }
}
