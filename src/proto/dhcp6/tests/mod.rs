//! The machine against scripted servers. Tests read as timetables: at this time that message is sent, and nothing else.

mod codec;
mod extend;
mod hostile;
mod loss;
mod options;
mod solicit;
mod table;

use std::net::Ipv6Addr;
use std::time::Duration;

use super::guard::{Message, code, kind, put};
use super::*;
use crate::proto::Instant;

const SERVER: &[u8] = &[0, 3, 0, 1, 2, 0, 0, 0, 0, 0xaa];
const OTHER_SERVER: &[u8] = &[0, 3, 0, 1, 2, 0, 0, 0, 0, 0xbb];
const IAID: u32 = 0x0500_0001;

fn link_local() -> Ipv6Addr {
    "fe80::1".parse().unwrap()
}

fn address(n: u16) -> Ipv6Addr {
    Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, n)
}

fn config() -> Config {
    Config {
        duid: vec![0, 3, 0, 1, 2, 0, 5, 0, 0, 1],
        iaid: IAID,
        mode: Mode::Stateful,
        rapid_commit: false,
        want_prefix: None,
        fqdn: None,
        previous: Vec::new(),
        timing: Timing::Rfc8415,
        seed: 1,
    }
}

/// A message of a server under construction. Starts with the identifiers that make it acceptable.
#[derive(Clone)]
struct FromServer {
    kind: u8,
    transaction: [u8; 3],
    options: Vec<u8>,
}

impl FromServer {
    /// An answer to `question`, which a client sent.
    fn answer(kind: u8, question: &[u8]) -> Self {
        Self { kind, transaction: question[1..4].try_into().unwrap(), options: Vec::new() }
            .with(code::CLIENT_ID, &config().duid)
            .with(code::SERVER_ID, SERVER)
    }

    fn advertise(question: &[u8]) -> Self {
        Self::answer(kind::ADVERTISE, question)
    }

    fn reply(question: &[u8]) -> Self {
        Self::answer(kind::REPLY, question)
    }

    fn with(mut self, code: u16, value: &[u8]) -> Self {
        put(&mut self.options, code, value);
        self
    }

    fn sent_by(self, duid: &[u8]) -> Self {
        let mut other = Self { options: Vec::new(), ..self };
        for (code, value) in guard::Options::new(&self.options) {
            put(&mut other.options, code, if code == code::SERVER_ID { duid } else { value });
        }
        other
    }

    /// An IA_NA with one address of 1000 s (preferred) and 2000 s (valid); T1, T2 left to the client.
    fn with_address(self, n: u16) -> Self {
        self.with(code::IA_NA, &ia(IAID, 0, 0, &[(code::IA_ADDRESS, ia_address(address(n), 1000, 2000, &[]))]))
    }

    fn bytes(&self) -> Vec<u8> {
        [&[self.kind][..], &self.transaction, &self.options].concat()
    }
}

fn ia(iaid: u32, t1: u32, t2: u32, options: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut body = [iaid.to_be_bytes(), t1.to_be_bytes(), t2.to_be_bytes()].concat();
    options.iter().for_each(|(code, value)| put(&mut body, *code, value));
    body
}

fn ia_address(address: Ipv6Addr, preferred: u32, valid: u32, options: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut body = [&address.octets()[..], &preferred.to_be_bytes(), &valid.to_be_bytes()].concat();
    options.iter().for_each(|(code, value)| put(&mut body, *code, value));
    body
}

fn ia_prefix(prefix: &str, preferred: u32, valid: u32) -> Vec<u8> {
    let prefix: ipnet::Ipv6Net = prefix.parse().unwrap();
    let numbers = [preferred.to_be_bytes(), valid.to_be_bytes()].concat();
    [&numbers[..], &[prefix.prefix_len()], &prefix.addr().octets()].concat()
}

fn status(code: u16, text: &str) -> (u16, Vec<u8>) {
    (code::STATUS, [&code.to_be_bytes()[..], text.as_bytes()].concat())
}

/// A client and the clock it lives by.
struct Bench {
    client: Client,
    now: Instant,
    /// Reported since last asked.
    events: Vec<Event>,
}

impl Bench {
    fn new(config: Config) -> Self {
        Self::of(Client::new(config, Instant::default()))
    }

    fn of(client: Client) -> Self {
        Self { client, now: Instant::default(), events: Vec::new() }
    }

    /// Polls until there is nothing to do; what was to be sent, and when to go on.
    fn drain(&mut self) -> (Vec<Vec<u8>>, Option<Instant>) {
        let mut sent = Vec::new();
        for _ in 0..100 {
            match self.client.poll() {
                Output::Transmit(transmit) => {
                    assert_eq!(transmit.destination, ALL_SERVERS);
                    sent.push(transmit.payload);
                }
                Output::Event(event) => self.events.push(event),
                Output::WaitUntil(until) => return (sent, until),
            }
        }
        panic!("the machine does not come to rest");
    }

    /// Goes on until something is sent, which must be one message of type `kind`.
    fn sends(&mut self, kind: u8) -> Vec<u8> {
        let message = self.sends_any();
        assert_eq!(message[0], kind, "at {:?}", self.now);
        message
    }

    /// Goes on until something is sent, which must be one message.
    fn sends_any(&mut self) -> Vec<u8> {
        for _ in 0..10 {
            let (mut sent, until) = self.drain();
            match sent.len() {
                0 => {
                    self.now = self.now.max(until.expect("a message to come"));
                    self.client.handle_timeout(self.now);
                }
                1 => return sent.remove(0),
                _ => panic!("{} messages at once", sent.len()),
            }
        }
        panic!("nothing is sent");
    }

    /// The same, and it must be at `at` milliseconds, give or take a tenth.
    fn sends_at(&mut self, at: u64, kind: u8) -> Vec<u8> {
        let message = self.sends(kind);
        let now = self.now.as_millis();
        assert!((at * 9 / 10..=at * 11 / 10).contains(&now), "sent at {now}, not {at}");
        message
    }

    fn receives(&mut self, message: &FromServer) {
        self.client.handle_packet(self.now, link_local(), &message.bytes());
    }

    /// Waits, with the time-outs that fall due.
    fn passes(&mut self, time: Duration) {
        let until = self.now + time;
        self.client.handle_timeout(until);
        self.now = until;
    }

    /// What was reported since last asked.
    fn events(&mut self) -> Vec<Event> {
        let (sent, _) = self.drain();
        assert!(sent.is_empty(), "sends when it should not");
        std::mem::take(&mut self.events)
    }

    /// Nothing is reported but that a message was put aside.
    fn ignores(&mut self, reason: Reason) {
        assert_eq!(self.events(), [Event::Ignored { reason }]);
    }

    fn bound(&mut self) -> Lease {
        let (sent, until) = self.drain();
        assert!(sent.is_empty() && until.is_none(), "a bound client is at rest");
        match self.events.pop() {
            Some(Event::Bound(lease)) => *lease,
            other => panic!("not bound but {other:?}"),
        }
    }
}

/// The value of the one option `code` of a message.
fn option(message: &[u8], code: u16) -> Option<Vec<u8>> {
    let mut all = Message::new(message).unwrap().options.filter(|&(c, _)| c == code);
    let found = all.next().map(|(_, value)| value.to_vec());
    assert_eq!(all.next(), None, "option {code} stands twice");
    found
}

/// A client that is bound to `address(1)` by the ordinary way of four messages.
fn bound() -> (Bench, Lease) {
    let mut bench = Bench::new(config());
    let solicit = bench.sends(kind::SOLICIT);
    bench.receives(&FromServer::advertise(&solicit).with_address(1).with(code::PREFERENCE, &[255]));
    let request = bench.sends(kind::REQUEST);
    bench.receives(&FromServer::reply(&request).with_address(1));
    let lease = bench.bound();
    bench.events.clear();
    (bench, lease)
}
