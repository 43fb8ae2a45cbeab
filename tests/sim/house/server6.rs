//! DHCPv6 servers: sane ones and others. They speak in bytes they make themselves, not with the code under test.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;

use crate::chance::Chance;

const SOLICIT: u8 = 1;
const ADVERTISE: u8 = 2;
const REQUEST: u8 = 3;
const CONFIRM: u8 = 4;
const DECLINE: u8 = 9;
const REPLY: u8 = 7;
const INFORMATION_REQUEST: u8 = 11;

/// What a server is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nature6 {
    /// Does what RFC 8415 says.
    Sane,
    /// Sane, and takes two messages where it may.
    Rapid,
    /// Advertises, then says nothing.
    Silent,
    /// Has no addresses.
    Empty,
    /// Advertises, then refuses.
    Refusing,
    /// Gives addresses that nobody can have.
    BadAddress,
    /// Answers others.
    OtherClient,
    /// Answers with noise after a correct header.
    Noise,
}

impl Nature6 {
    pub(crate) const ALL: [Self; 9] = [
        Self::Sane,
        Self::Sane,
        Self::Rapid,
        Self::Silent,
        Self::Empty,
        Self::Refusing,
        Self::BadAddress,
        Self::OtherClient,
        Self::Noise,
    ];

    pub(crate) fn is_sane(self) -> bool {
        matches!(self, Self::Sane | Self::Rapid)
    }
}

/// A server on a link.
pub(crate) struct Server6 {
    pub(crate) nature: Nature6,
    number: u8,
    chance: Chance,
    pub(crate) granted: BTreeSet<Ipv6Addr>,
    declined: u16,
}

fn put(to: &mut Vec<u8>, code: u16, value: &[u8]) {
    to.extend(code.to_be_bytes());
    to.extend(u16::try_from(value.len()).expect("short").to_be_bytes());
    to.extend(value);
}

fn option(mut options: &[u8], wanted: u16) -> Option<&[u8]> {
    loop {
        let (head, rest) = options.split_first_chunk::<4>()?;
        let [a, b, c, d] = *head;
        let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([c, d])))?;
        if u16::from_be_bytes([a, b]) == wanted {
            return Some(value);
        }
        options = rest;
    }
}

impl Server6 {
    pub(crate) fn new(nature: Nature6, number: u8, chance: Chance) -> Self {
        Self { nature, number, chance, granted: BTreeSet::new(), declined: 0 }
    }

    /// Where it speaks from.
    pub(crate) fn source(&self) -> Ipv6Addr {
        Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 1, u16::from(self.number))
    }

    fn address(&self) -> Ipv6Addr {
        match self.nature {
            Nature6::BadAddress => Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1),
            _ => Ipv6Addr::new(0x2001, 0xdb8, 0x66, 0, 0, 0, u16::from(self.number), 0x100 + self.declined),
        }
    }

    /// The message with which it answers.
    pub(crate) fn answer(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        let (head, options) = message.split_first_chunk::<4>()?;
        let kind = head[0];
        let own = [0, 3, 0, 1, 2, 0, 0, 0, 0, self.number];
        if option(options, 2).is_some_and(|server| server != own) {
            return None;
        }
        if kind == DECLINE {
            self.declined += 1;
        }
        let rapid = self.nature == Nature6::Rapid && kind == SOLICIT && option(options, 14).is_some();
        let answer = match (kind, self.nature) {
            (REQUEST, Nature6::Silent) => return None,
            (SOLICIT, _) if !rapid => ADVERTISE,
            (SOLICIT | REQUEST | CONFIRM | DECLINE | INFORMATION_REQUEST, _) => REPLY,
            _ => return None,
        };
        let mut reply = vec![answer, head[1], head[2], head[3]];
        if self.nature == Nature6::Noise {
            reply.extend((0..self.chance.below(200)).map(|_| self.chance.byte()));
            return Some(reply);
        }
        let mut client = option(options, 1)?.to_vec();
        if self.nature == Nature6::OtherClient {
            client.push(0);
        }
        put(&mut reply, 1, &client);
        put(&mut reply, 2, &own);
        if rapid {
            put(&mut reply, 14, &[]);
        }
        if matches!(kind, SOLICIT | REQUEST) {
            let iaid = option(options, 3)?.get(..4)?;
            self.grant(&mut reply, iaid, kind == REQUEST || rapid);
        }
        put(&mut reply, 23, &Ipv6Addr::new(0x2001, 0xdb8, 0x66, 0, 0, 0, 0, 0x53).octets());
        Some(reply)
    }

    fn grant(&mut self, reply: &mut Vec<u8>, iaid: &[u8], firmly: bool) {
        let mut ia = [iaid, &[0; 8]].concat();
        if self.nature == Nature6::Empty || self.nature == Nature6::Refusing && firmly {
            // NoAddrsAvail.
            put(&mut ia, 13, &[0, 2]);
        } else {
            let address = self.address();
            let lifetimes = [3_600_u32.to_be_bytes(), 7_200_u32.to_be_bytes()].concat();
            put(&mut ia, 5, &[&address.octets()[..], &lifetimes].concat());
            if firmly {
                self.granted.insert(address);
            }
        }
        put(reply, 3, &ia);
    }
}
