//! Making links.

use super::apply::failure;
use super::error::errno;
use super::netlink::Refusal;
use super::request::Request;
use super::{Kernel, KernelError, kinds, module, team, undo};
use crate::journal::{Entry, Sign};
use crate::profile::desired::NewLink;

impl Kernel {
    /// Makes links, each on its own: for each why it was not made. One that is there already counts as made: whether it is
    /// what was wanted is seen when it is read.
    pub fn create(&mut self, links: &[NewLink]) -> Vec<Option<KernelError>> {
        load_quietly(links);
        let mut failures: Vec<Option<KernelError>> = links.iter().map(unknown).collect();
        let possible = |(link, failure): (_, &Option<KernelError>)| failure.is_none().then_some(link);
        let numbered: Vec<(usize, &NewLink)> = links.iter().enumerate().zip(&failures).filter_map(possible).collect();
        let requests: Vec<Request<'_>> = numbered.iter().map(|(_, link)| Request::AddLink(link)).collect();
        let made: Vec<Entry> = numbered.iter().map(|(_, link)| undo::new_link(Sign::Made, link)).collect();
        self.note(&made);
        let (mut not_ours, mut loaded) = (Vec::new(), Vec::new());
        for refusal in self.send(&requests) {
            let Some(&(at, link)) = numbered.get(refusal.index) else { continue };
            let why = match refusal.errno {
                errno::EOPNOTSUPP => self.after_loading(link, &mut loaded),
                _ => refused(link, &refusal),
            };
            // One that was there is not ours to take away.
            if why.is_some() || refusal.errno == errno::EEXIST {
                not_ours.push(undo::new_link(Sign::Removed, link));
            }
            failures.get_mut(at).into_iter().for_each(|slot| *slot = why.clone());
        }
        for (link, slot) in links.iter().zip(&mut failures).filter(|(_, slot)| slot.is_none()) {
            *slot = self.set_team_mode(link).err();
        }
        self.note(&not_ours);
        failures
    }

    /// Tries again with the module of that kind of links, which is loaded but once.
    fn after_loading(&mut self, link: &NewLink, loaded: &mut Vec<&'static str>) -> Option<KernelError> {
        let kind = kinds::kind_of(&link.kind.kind)?;
        if !loaded.contains(&kind) {
            if let Err(why) = module::load_for_link(kind) {
                return no_driver(link, kind, why.to_string());
            }
            loaded.push(kind);
        }
        let refusal = self.send(&[Request::AddLink(link)]).into_iter().next()?;
        refused(link, &refusal)
    }
}

/// Loads what would make links unasked in a way that it makes none. The kernel itself says what is wrong when it is asked.
fn load_quietly(links: &[NewLink]) {
    let mut kinds: Vec<&str> = links.iter().filter_map(|link| kinds::kind_of(&link.kind.kind)).collect();
    kinds.retain(|kind| module::makes_links_unasked(kind));
    kinds.sort_unstable();
    kinds.dedup();
    kinds.iter().for_each(|kind| _ = module::load_for_link(kind));
}

/// Says so of a kind that sunup cannot make.
fn unknown(link: &NewLink) -> Option<KernelError> {
    let kind = &link.kind.kind;
    match kinds::kind_of(kind) {
        Some(_) => team::refusal(link),
        None => no_driver(link, kind.name(), "sunup cannot make such links".to_owned()),
    }
}

fn no_driver(link: &NewLink, kind: &str, why: String) -> Option<KernelError> {
    Some(KernelError::NoDriver { device: link.name.clone(), kind: kind.to_owned(), why })
}

/// The refusal as an error; a link that is there is none.
fn refused(link: &NewLink, refusal: &Refusal) -> Option<KernelError> {
    if refusal.errno == errno::EEXIST { None } else { failure(&Request::AddLink(link), refusal) }
}
