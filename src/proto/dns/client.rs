//! One look-up.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::message::{Answer, Kind, answer, query};
use super::{Config, is_name};
use crate::proto::random::Random;
use crate::proto::{Instant, Output};

const MOST_SERVERS: usize = 8;
const MOST_SEARCH: usize = 6;
/// After so long the next server is asked too; when all have been, all again, with growing gaps.
const PATIENCE: Duration = Duration::from_secs(1);
const LONGEST_GAP: Duration = Duration::from_secs(5);
/// How long the other family is waited for when one is there (RFC 8305, section 3, with room for a slow resolver).
const OTHER_FAMILY: Duration = Duration::from_millis(250);
/// Questions under way; the oldest are forgotten.
const MOST_QUERIES: usize = 32;

/// How a question travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// A datagram.
    Udp,
    /// A stream: two bytes of length go before it.
    Tcp,
}

/// Names a question that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Query(pub u32);

/// A question to be sent from a new socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// Which question; to be said with the answer.
    pub query: Query,
    /// The server.
    pub server: SocketAddr,
    /// How it travels.
    pub transport: Transport,
    /// The message, without the length that goes before it in a stream.
    pub payload: Vec<u8>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input<'a> {
    /// The time waited for may have come.
    Timeout,
    /// This came on the question's socket, from the server it was sent to.
    Answer(Query, &'a [u8]),
    /// The question cannot be sent, or the server's host said that nobody listens.
    Failed(Query),
}

/// Why there is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It is not a name.
    #[error("it is not a host name")]
    NotAName,
    /// Nobody to ask.
    #[error("there is no name server to ask: give one with nameserver=")]
    NoServer,
    /// The servers know no such name.
    #[error("the name servers know no such name")]
    NoName,
    /// The name is there and has no address.
    #[error("the name has no address")]
    NoAddress,
    /// Nobody answered in time, or not well.
    #[error("no name server gave an answer in time")]
    NoAnswer,
}

/// A question under way.
#[derive(Debug)]
struct Open {
    query: Query,
    id: u16,
    server: usize,
    kind: Kind,
    transport: Transport,
}

/// What is known of one family of the name being tried.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Known {
    Nothing,
    Addresses(Vec<IpAddr>),
    NoName,
}

/// A look-up of one name.
#[derive(Debug)]
pub struct Client {
    servers: Vec<SocketAddr>,
    deadline: Instant,
    random: Random,
    /// Names still to be tried; the first is.
    names: VecDeque<String>,
    a: Known,
    aaaa: Known,
    open: VecDeque<Open>,
    next_query: u32,
    /// The server to be asked next, and how many times all have been asked.
    next_server: usize,
    next_at: Instant,
    gap: Duration,
    /// Until when the other family is waited for.
    other_until: Option<Instant>,
    /// A name was there, only without address.
    seen: bool,
    out: VecDeque<Transmit>,
    done: Option<Result<Vec<IpAddr>, Failure>>,
    told: bool,
}

impl Client {
    /// A look-up of `name` that starts now.
    pub fn new(name: &str, config: Config, now: Instant) -> Self {
        let mut servers = config.servers;
        servers.truncate(MOST_SERVERS);
        let mut client = Self {
            deadline: config.deadline,
            random: Random::new(config.seed),
            names: candidates(name, &config.search),
            a: Known::Nothing,
            aaaa: Known::Nothing,
            open: VecDeque::new(),
            next_query: 0,
            next_server: 0,
            next_at: now,
            gap: PATIENCE,
            other_until: None,
            seen: false,
            out: VecDeque::new(),
            done: None,
            told: false,
            servers,
        };
        if client.names.is_empty() {
            client.done = Some(Err(Failure::NotAName));
        } else if client.servers.is_empty() {
            client.done = Some(Err(Failure::NoServer));
        }
        client.advance(now);
        client
    }

    /// Something happened.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Timeout => {}
            Input::Answer(query, bytes) => self.answered(query, bytes, now),
            Input::Failed(query) => self.failed(query, now),
        }
        self.advance(now);
    }

    /// What is to be done.
    pub fn poll(&mut self) -> Output<Transmit, Result<Vec<IpAddr>, Failure>> {
        if let Some(result) = self.done.clone() {
            self.out.clear();
            self.open.clear();
            return if std::mem::replace(&mut self.told, true) {
                Output::WaitUntil(None)
            } else {
                Output::Event(result)
            };
        }
        match self.out.pop_front() {
            Some(transmit) => Output::Transmit(transmit),
            None => {
                let until = [Some(self.next_at), self.other_until].into_iter().flatten().min();
                Output::WaitUntil(Some(until.unwrap_or(self.deadline).min(self.deadline)))
            }
        }
    }

    /// Does what is due.
    fn advance(&mut self, now: Instant) {
        if self.done.is_none() && self.complete(now) {
            self.conclude(now);
        }
        if self.done.is_some() {
            return;
        }
        if now >= self.deadline {
            let addresses = self.addresses();
            let failure = if self.seen { Failure::NoAddress } else { Failure::NoAnswer };
            self.done = Some(if addresses.is_empty() { Err(failure) } else { Ok(addresses) });
        } else if now >= self.next_at {
            self.ask_next(now);
        }
    }

    /// Asks the next server what is not known yet.
    fn ask_next(&mut self, now: Instant) {
        let server = self.next_server;
        for kind in [Kind::A, Kind::Aaaa] {
            if *self.known(kind) == Known::Nothing {
                self.ask(server, kind, Transport::Udp);
            }
        }
        self.next_server = self.next_server.saturating_add(1);
        self.next_at = now + self.gap;
        if self.next_server >= self.servers.len() {
            self.next_server = 0;
            self.gap = self.gap.saturating_mul(2).min(LONGEST_GAP);
        }
    }

    fn ask(&mut self, server: usize, kind: Kind, transport: Transport) {
        let (Some(&address), Some(name)) = (self.servers.get(server), self.names.front()) else { return };
        let id = u16::try_from(self.random.next_u32() & 0xffff).unwrap_or_default();
        self.next_query = self.next_query.wrapping_add(1);
        let query_id = Query(self.next_query);
        let payload = query(id, name, kind);
        self.out.push_back(Transmit { query: query_id, server: address, transport, payload });
        self.open.push_back(Open { query: query_id, id, server, kind, transport });
        if self.open.len() > MOST_QUERIES {
            self.open.pop_front();
        }
    }

    fn answered(&mut self, query: Query, bytes: &[u8], now: Instant) {
        let Some(at) = self.open.iter().position(|open| open.query == query) else { return };
        let (Some(open), Some(name)) = (self.open.get(at), self.names.front()) else { return };
        // What is no answer to the question may be forged: the true one may still come.
        let Some(answer) = answer(bytes, open.id, name, open.kind) else { return };
        let (server, kind, transport) = (open.server, open.kind, open.transport);
        match answer {
            Answer::Addresses(addresses) => *self.known_mut(kind) = Known::Addresses(addresses),
            Answer::NoName => *self.known_mut(kind) = Known::NoName,
            Answer::Truncated if transport == Transport::Udp => {
                self.open.remove(at);
                self.ask(server, kind, Transport::Tcp);
                return;
            }
            Answer::Truncated | Answer::Refused(_) => return self.failed(query, now),
        }
        self.open.retain(|open| open.kind != kind);
        if !self.addresses().is_empty() {
            self.other_until.get_or_insert(now + OTHER_FAMILY);
        }
    }

    /// Nothing will come of a question: if the server has no other under way, the next one is asked at once, but not so that a
    /// network without any server is flooded.
    fn failed(&mut self, query: Query, now: Instant) {
        let Some(at) = self.open.iter().position(|open| open.query == query) else { return };
        let Some(server) = self.open.remove(at).map(|open| open.server) else { return };
        let alone = !self.open.iter().any(|open| open.server == server);
        // Only while there are servers that were not asked in this round.
        if alone && self.next_server > 0 {
            self.next_at = self.next_at.min(now);
        }
    }

    fn known(&self, kind: Kind) -> &Known {
        match kind {
            Kind::A => &self.a,
            Kind::Aaaa => &self.aaaa,
        }
    }

    fn known_mut(&mut self, kind: Kind) -> &mut Known {
        match kind {
            Kind::A => &mut self.a,
            Kind::Aaaa => &mut self.aaaa,
        }
    }

    /// IPv6 first, as far as it is known.
    fn addresses(&self) -> Vec<IpAddr> {
        let of = |known: &Known| if let Known::Addresses(addresses) = known { addresses.clone() } else { Vec::new() };
        [of(&self.aaaa), of(&self.a)].concat()
    }

    /// True if nothing more is to be waited for with this name.
    fn complete(&self, now: Instant) -> bool {
        let none = |known: &Known| *known == Known::NoName;
        let known = |known: &Known| *known != Known::Nothing;
        none(&self.a)
            || none(&self.aaaa)
            || known(&self.a) && known(&self.aaaa)
            || self.other_until.is_some_and(|until| now >= until)
    }

    /// Ends with the addresses, or goes on to the next name.
    fn conclude(&mut self, now: Instant) {
        let addresses = self.addresses();
        if !addresses.is_empty() {
            self.done = Some(Ok(addresses));
            return;
        }
        self.seen |= [&self.a, &self.aaaa].iter().any(|known| matches!(known, Known::Addresses(_)));
        self.names.pop_front();
        if self.names.is_empty() {
            self.done = Some(Err(if self.seen { Failure::NoAddress } else { Failure::NoName }));
            return;
        }
        (self.a, self.aaaa, self.other_until) = (Known::Nothing, Known::Nothing, None);
        self.open.clear();
        self.out.clear();
        (self.next_server, self.next_at, self.gap) = (0, now, PATIENCE);
    }
}

/// The names to try, in order: one with a dot as it is and then with each search domain, one without the other way round; one
/// that ends in a dot only as it is.
fn candidates(name: &str, search: &[String]) -> VecDeque<String> {
    let name = name.trim();
    if !is_name(name) {
        return VecDeque::new();
    }
    if let Some(whole) = name.strip_suffix('.') {
        return [whole.to_owned()].into();
    }
    let domains = search.iter().map(|domain| domain.trim_matches(['~', '.'])).filter(|domain| !domain.is_empty());
    let longer = domains.map(|domain| format!("{name}.{domain}")).filter(|name| is_name(name)).take(MOST_SEARCH);
    let mut names: VecDeque<String> = longer.collect();
    if name.contains('.') {
        names.push_front(name.to_owned())
    } else {
        names.push_back(name.to_owned())
    }
    names
}
