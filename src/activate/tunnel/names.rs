//! Endpoints that are names: a look-up for each, a few at a time.

use std::net::SocketAddr;
use std::time::Duration;

use super::Below;
use super::contact::Contact;
use crate::activate::event::{Action, DnsTicket};
use crate::proto::dns::{Client, Config, Failure, Input};
use crate::proto::{Instant, Output};

/// Look-ups at a time.
const AT_ONCE: usize = 8;

/// The names of a tunnel's endpoints.
#[derive(Debug)]
pub(super) struct Names {
    seed: u64,
    mark: u32,
    lookups: Vec<Lookup>,
    /// When the last of them ended.
    ended: Instant,
}

#[derive(Debug)]
struct Lookup {
    host: String,
    client: Option<Client>,
    until: Option<Instant>,
    failure: Option<Failure>,
    /// The servers that were asked.
    servers: Vec<SocketAddr>,
}

impl Names {
    pub(super) fn new(seed: u64, mark: u32) -> Self {
        Self { seed, mark, lookups: Vec::new(), ended: Instant::default() }
    }

    /// Starts look-ups, and hands on what they want sent. Addresses go to the contacts.
    pub(super) fn drive(
        &mut self,
        ifindex: u32,
        contacts: &mut [Contact],
        below: &Below,
        patience: Duration,
        now: Instant,
        out: &mut Vec<Action>,
    ) {
        for contact in contacts.iter().filter(|contact| contact.candidates.is_empty()) {
            if !self.lookups.iter().any(|lookup| lookup.host == contact.host) {
                let host = contact.host.clone();
                self.lookups.push(Lookup { host, client: None, until: None, failure: None, servers: Vec::new() });
            }
        }
        self.start(below, now + patience, now);
        for index in 0..self.lookups.len() {
            let Some(found) = self.run(index, ifindex, now, out) else { continue };
            let host = self.lookups.get(index).map(|lookup| lookup.host.clone()).unwrap_or_default();
            self.ended = now;
            for contact in contacts.iter_mut().filter(|contact| contact.host == host) {
                contact.candidates = found.iter().map(|&address| SocketAddr::new(address, contact.port)).collect();
            }
        }
    }

    /// Starts what is not under way; what failed, when there are other servers.
    fn start(&mut self, below: &Below, deadline: Instant, now: Instant) {
        let busy = self.lookups.iter().filter(|lookup| lookup.client.is_some()).count();
        let waits =
            |lookup: &&mut Lookup| lookup.client.is_none() && lookup.servers != below.servers && lookup.until.is_none();
        let free = AT_ONCE.saturating_sub(busy);
        for (at, lookup) in self.lookups.iter_mut().filter(waits).take(free).enumerate() {
            lookup.servers.clone_from(&below.servers);
            let (servers, search) = (below.servers.clone(), below.search.clone());
            self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_add(at as u64);
            lookup.client = Some(Client::new(&lookup.host, Config { servers, search, deadline, seed: self.seed }, now));
        }
    }

    /// Drains one look-up; answers the addresses when it has found them.
    fn run(
        &mut self,
        index: usize,
        ifindex: u32,
        now: Instant,
        out: &mut Vec<Action>,
    ) -> Option<Vec<std::net::IpAddr>> {
        let mark = self.mark;
        let lookup = self.lookups.get_mut(index)?;
        let client = lookup.client.as_mut()?;
        if lookup.until.is_some_and(|until| now >= until) {
            client.handle(now, Input::Timeout);
        }
        loop {
            match client.poll() {
                Output::Transmit(transmit) => {
                    let ticket = DnsTicket { ifindex, lookup: index, query: transmit.query };
                    out.push(Action::SendDns { ticket, transmit: Box::new(transmit), mark });
                }
                Output::WaitUntil(until) => {
                    lookup.until = until;
                    return None;
                }
                Output::Event(result) => {
                    (lookup.client, lookup.until) = (None, None);
                    self.ended = now;
                    return match result {
                        Ok(found) => Some(found),
                        Err(failure) => {
                            lookup.failure = Some(failure);
                            None
                        }
                    };
                }
            }
        }
    }

    /// What came of a question.
    pub(super) fn told(&mut self, ticket: DnsTicket, answer: Option<&[u8]>, now: Instant) {
        let client = self.lookups.get_mut(ticket.lookup).and_then(|lookup| lookup.client.as_mut());
        let input = answer.map_or(Input::Failed(ticket.query), |bytes| Input::Answer(ticket.query, bytes));
        if let Some(client) = client {
            client.handle(now, input);
        }
    }

    /// True while an answer may come.
    pub(super) fn is_busy(&self) -> bool {
        self.lookups.iter().any(|lookup| lookup.client.is_some())
    }

    /// When the last look-up ended.
    pub(super) fn ended(&self) -> Instant {
        self.ended
    }

    /// Why a name has no address.
    pub(super) fn failure(&self, host: &str) -> String {
        let failure = self.lookups.iter().find(|lookup| lookup.host == host).and_then(|lookup| lookup.failure.as_ref());
        failure.unwrap_or(&Failure::NoServer).to_string()
    }

    /// When to look again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.lookups.iter().filter_map(|lookup| lookup.until).min()
    }
}
