//! The client against scripted servers. Tests read as timetables: at this time the server says this, at that time the
//! client has said exactly that.

mod exchange;
mod hostile;
mod rules;
mod text;

use std::net::Ipv4Addr;

use super::*;
use crate::profile::HwAddr;
use crate::proto::{Instant, Output};

pub(super) const MAC: [u8; 6] = [0x02, 0x00, 0x5e, 0x10, 0x00, 0x01];
pub(super) const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 50);
pub(super) const OTHER_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 51);
pub(super) const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
pub(super) const ROGUE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 66);

pub(super) const DISCOVER: u8 = 1;
pub(super) const OFFER: u8 = 2;
pub(super) const REQUEST: u8 = 3;
pub(super) const ACK: u8 = 5;
pub(super) const NAK: u8 = 6;

pub(super) fn config() -> Config {
    Config::new(HwAddr::new(&MAC).unwrap(), 1, 1)
}

pub(super) fn at(milliseconds: u64) -> Instant {
    Instant::from_millis(milliseconds)
}

/// A message the client sent, taken apart by hand: not by the code under test.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) source: Ipv4Addr,
    pub(super) destination: Ipv4Addr,
    pub(super) bytes: Vec<u8>,
}

impl Sent {
    pub(super) fn option(&self, code: u8) -> Option<&[u8]> {
        let mut rest = &self.bytes[240..];
        loop {
            match rest {
                [0, tail @ ..] => rest = tail,
                [255, ..] | [] => return None,
                [c, length, tail @ ..] if *c == code => return Some(&tail[..usize::from(*length)]),
                [_, length, tail @ ..] => rest = &tail[usize::from(*length)..],
                [_] => panic!("option without length"),
            }
        }
    }

    pub(super) fn kind(&self) -> u8 {
        self.option(53).unwrap()[0]
    }

    pub(super) fn address(&self, code: u8) -> Option<Ipv4Addr> {
        self.option(code).map(|value| <[u8; 4]>::try_from(value).unwrap().into())
    }

    pub(super) fn ciaddr(&self) -> Ipv4Addr {
        <[u8; 4]>::try_from(&self.bytes[12..16]).unwrap().into()
    }

    pub(super) fn secs(&self) -> u16 {
        u16::from_be_bytes(self.bytes[8..10].try_into().unwrap())
    }

    pub(super) fn xid(&self) -> [u8; 4] {
        self.bytes[4..8].try_into().unwrap()
    }

    pub(super) fn has_broadcast_flag(&self) -> bool {
        self.bytes[10] & 0x80 != 0
    }
}

/// A reply, built byte by byte so that any of it can be wrong.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) source: Ipv4Addr,
    pub(super) header: Vec<u8>,
    pub(super) options: Vec<(u8, Vec<u8>)>,
    pub(super) tail: Vec<u8>,
}

impl Reply {
    /// What an ordinary server sends for `ADDRESS`; transaction and hardware address are filled in on sending.
    pub(super) fn new(kind: u8) -> Self {
        let mut header = vec![0; 240];
        header[..3].copy_from_slice(&[2, 1, 6]);
        header[236..].copy_from_slice(&[99, 130, 83, 99]);
        let reply = Self { source: SERVER, header, options: Vec::new(), tail: vec![255] };
        let reply = reply.with(53, &[kind]).with(54, &SERVER.octets());
        if kind == NAK {
            return reply;
        }
        reply
            .yiaddr(ADDRESS)
            .with(51, &3600_u32.to_be_bytes())
            .with(1, &[255, 255, 255, 0])
            .with(3, &SERVER.octets())
            .with(6, &SERVER.octets())
    }

    /// Option `code` with this value, in the place where it stood or else at the end.
    pub(super) fn with(mut self, code: u8, value: &[u8]) -> Self {
        match self.options.iter_mut().find(|(c, _)| *c == code) {
            Some((_, old)) => *old = value.to_vec(),
            None => self.options.push((code, value.to_vec())),
        }
        self
    }

    pub(super) fn without(mut self, code: u8) -> Self {
        self.options.retain(|(c, _)| *c != code);
        self
    }

    pub(super) fn header(mut self, offset: usize, bytes: &[u8]) -> Self {
        self.header[offset..offset + bytes.len()].copy_from_slice(bytes);
        self
    }

    pub(super) fn yiaddr(self, address: Ipv4Addr) -> Self {
        self.header(16, &address.octets())
    }

    /// From another server.
    pub(super) fn from(mut self, server: Ipv4Addr) -> Self {
        self.source = server;
        self.with(54, &server.octets())
    }

    /// Bytes in place of the END option.
    pub(super) fn tail(mut self, tail: &[u8]) -> Self {
        self.tail = tail.to_vec();
        self
    }

    /// The reply to `xid`; header bytes that a test has set stay.
    pub(super) fn bytes(&self, xid: [u8; 4]) -> Vec<u8> {
        let mut bytes = self.header.clone();
        let fill = |bytes: &mut Vec<u8>, offset: usize, value: &[u8]| {
            let field = &mut bytes[offset..offset + value.len()];
            if field.iter().all(|&b| b == 0) {
                field.copy_from_slice(value);
            }
        };
        fill(&mut bytes, 4, &xid);
        fill(&mut bytes, 28, &MAC);
        for (code, value) in &self.options {
            for part in if value.is_empty() { vec![&value[..]] } else { value.chunks(255).collect() } {
                bytes.extend([*code, u8::try_from(part.len()).unwrap()]);
                bytes.extend(part);
            }
        }
        bytes.extend(&self.tail);
        bytes
    }
}

/// A client and what it has said.
pub(super) struct Bench {
    pub(super) client: Client,
    pub(super) sent: Vec<(Instant, Sent)>,
    pub(super) events: Vec<(Instant, Event)>,
    pub(super) now: Instant,
    pub(super) wait: Option<Instant>,
    last: Option<Sent>,
}

impl Bench {
    pub(super) fn new(config: Config) -> Self {
        Self::with(Client::new(config, at(0)))
    }

    pub(super) fn with(client: Client) -> Self {
        let mut bench = Self { client, sent: Vec::new(), events: Vec::new(), now: at(0), wait: None, last: None };
        bench.drain();
        bench
    }

    pub(super) fn drain(&mut self) {
        for _ in 0..100 {
            match self.client.poll() {
                Output::WaitUntil(wait) => {
                    self.wait = wait;
                    return;
                }
                Output::Transmit(Transmit { source, destination, payload }) => {
                    let sent = Sent { source, destination, bytes: payload };
                    self.last = Some(sent.clone());
                    self.sent.push((self.now, sent));
                }
                Output::Event(event) => self.events.push((self.now, event)),
            }
        }
        panic!("poll does not end");
    }

    /// Lets the time pass to `time`, waking the client whenever it asked for it.
    pub(super) fn run_to(&mut self, time: Instant) {
        while let Some(wait) = self.wait.filter(|&wait| wait <= time) {
            self.now = self.now.max(wait);
            self.client.handle_timeout(self.now);
            self.drain();
        }
        self.now = time;
    }

    /// Lets the time pass to the next time-out the client asked for.
    pub(super) fn next(&mut self) {
        let wait = self.wait.expect("the client waits for nothing");
        self.run_to(wait);
    }

    /// Lets a reply arrive now.
    pub(super) fn reply(&mut self, reply: &Reply) {
        let bytes = reply.bytes(self.last().xid());
        self.packet(reply.source, &bytes);
    }

    pub(super) fn packet(&mut self, source: Ipv4Addr, bytes: &[u8]) {
        self.client.handle_packet(self.now, source, bytes);
        self.drain();
    }

    pub(super) fn carrier(&mut self) {
        self.client.carrier(self.now);
        self.drain();
    }

    /// The latest message, whether `recv!` has seen it or not.
    pub(super) fn last(&self) -> Sent {
        self.last.clone().expect("nothing sent yet")
    }

    pub(super) fn kinds(&self) -> Vec<u8> {
        self.sent.iter().map(|(_, sent)| sent.kind()).collect()
    }

    /// The lease of the last `Bound`.
    pub(super) fn lease(&self) -> Option<&Lease> {
        self.events.iter().rev().find_map(|(_, event)| match event {
            Event::Bound(lease) => Some(&**lease),
            _ => None,
        })
    }

    pub(super) fn ignored(&self) -> Vec<Reject> {
        let reason = |(_, event): &(Instant, Event)| match event {
            Event::Ignored { reason } => Some(*reason),
            _ => None,
        };
        self.events.iter().filter_map(reason).collect()
    }
}

/// `send!(bench, time 20, reply)`: at 20 ms this reply arrives; without a time, now.
macro_rules! send {
    ($bench:ident, time $time:expr, $reply:expr) => {{
        $bench.run_to(crate::proto::dhcp4::tests::at($time));
        send!($bench, $reply);
    }};
    ($bench:ident, $reply:expr) => {
        $bench.reply(&$reply)
    };
}

/// `recv!(bench, time 20, [DISCOVER])`: by 20 ms the client has sent just these since the last `recv!`; without a time, by now.
macro_rules! recv {
    ($bench:ident, time $time:expr, [$($kind:expr),*]) => {{
        $bench.run_to(crate::proto::dhcp4::tests::at($time));
        recv!($bench, [$($kind),*])
    }};
    ($bench:ident, [$($kind:expr),*]) => {{
        let expected: &[u8] = &[$($kind),*];
        assert_eq!($bench.kinds(), expected, "at {} ms", $bench.now.as_millis());
        std::mem::take(&mut $bench.sent)
    }};
}

pub(super) use {recv, send};
