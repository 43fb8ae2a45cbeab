//! What happens in the kernel, in the words of the session.

use crate::activate::{AddressEvent, Input, LinkEvent, Session};
use crate::kernel::{Event, RouterFlags, Snapshot};
use crate::proto::{Instant, ndisc};

/// Hands a change on.
pub fn tell(session: &mut Session, now: Instant, event: Event) {
    match event {
        Event::Link { ifindex, name, up, carrier, running, mac, bond } => {
            session.handle(now, Input::Link(LinkEvent { ifindex, name, up, carrier, running, mac, bond }));
        }
        Event::LinkGone { ifindex } => session.handle(now, Input::LinkGone { ifindex }),
        Event::Address { ifindex, net, tentative, dad_failed, gone } => {
            session.handle(now, Input::Address(AddressEvent { ifindex, net, tentative, dad_failed, gone }));
        }
        Event::DefaultRoute { ifindex, ipv6, gone } => {
            session.handle(now, Input::DefaultRoute { ifindex, ipv6, gone });
        }
        Event::RouterOption { ifindex, bytes, .. } => {
            let options = ndisc::options(&bytes);
            session.handle(now, Input::RouterOptions { ifindex, options: &options });
        }
        Event::RouterPrefix { ifindex, prefix } => session.handle(now, Input::RouterPrefix { ifindex, prefix }),
        Event::Router { ifindex, flags } => {
            let RouterFlags { heard, managed, other } = flags;
            session.handle(now, Input::Router { ifindex, heard, managed, other });
        }
        Event::Overrun => {}
    }
}

/// Tells what no event will tell because it is so already: addresses, and what routers said.
pub fn standing(session: &mut Session, now: Instant, survey: &Snapshot) {
    let stands = |event: &Event| matches!(event, Event::Address { .. } | Event::Router { .. });
    survey.events().filter(stands).for_each(|event| tell(session, now, event));
}

/// Events were lost ([`Event::Overrun`]): tells all that is, and what is no more.
pub fn catch_up(session: &mut Session, now: Instant, survey: &Snapshot) {
    for ifindex in session.ifindexes() {
        if survey.link(ifindex).is_none() {
            tell(session, now, Event::LinkGone { ifindex });
        }
    }
    for known in session.addresses() {
        let AddressEvent { ifindex, net, tentative, .. } = known;
        if survey.addresses.iter().any(|held| (held.ifindex, held.net) == (ifindex, net)) {
            continue;
        }
        // What went while it was probed, and its link did not, went because another host has it.
        let dad_failed = tentative && survey.link(ifindex).is_some_and(|link| link.carrier);
        tell(session, now, Event::Address { ifindex, net, tentative, dad_failed, gone: true });
    }
    let events: Vec<Event> = survey.events().collect();
    for ifindex in session.ifindexes() {
        let is_default =
            |event: &Event| matches!(event, Event::DefaultRoute { ifindex: of, ipv6: true, .. } if *of == ifindex);
        if !events.iter().any(is_default) {
            tell(session, now, Event::DefaultRoute { ifindex, ipv6: true, gone: true });
        }
    }
    events.into_iter().for_each(|event| tell(session, now, event));
}
