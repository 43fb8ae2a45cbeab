//! The fuzzers' way into what is read from the kernel.

use super::monitor::event;
use super::{message, read, read_route};

/// Takes `data` for what a socket has received: messages one after the other, as events and as answers to every question. Panics if
/// something that must always hold does not.
pub fn drive(data: &[u8]) {
    for message in message::messages(data) {
        let _ = event(message.kind, message.payload);
        every(message.payload);
    }
    // And as the payload of one: the header is no hurdle then.
    let Some((kind, payload)) = data.split_first() else { return };
    let _ = event(u16::from(*kind), payload);
    every(payload);
}

fn every(payload: &[u8]) {
    let (mut links, mut addresses) = (Vec::new(), Vec::new());
    let (mut routes, mut rules) = (Vec::new(), Vec::new());
    read::link(payload, &mut links);
    read::address(payload, &mut addresses);
    read_route::route(payload, &mut routes);
    read_route::rule(payload, &mut rules);
    assert!(links.len() <= 1 && addresses.len() <= 1 && rules.len() <= 1, "one message, one object");
    assert!(routes.len() <= payload.len(), "more next hops than bytes");
}
