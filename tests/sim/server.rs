//! Servers: sane ones, and all kinds of others. They speak in bytes they make themselves, not with the code under test.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::chance::Chance;

const DISCOVER: u8 = 1;
const OFFER: u8 = 2;
const REQUEST: u8 = 3;
const ACK: u8 = 5;
const NAK: u8 = 6;

/// What a server is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nature {
    /// Does what RFC 2131 says.
    Sane,
    /// Sane, but never names itself (option 54).
    Nameless,
    /// Sane, but every string is an attack.
    HostileStrings,
    /// Sane, but the ACK is for another address than the OFFER.
    Fickle,
    /// Offers, then says nothing.
    Silent,
    /// Offers, then refuses.
    Refusing,
    /// Refuses everything, a hundred times.
    Storm,
    /// Offers and grants addresses that nobody can have.
    BadAddress,
    /// Leaves out the lease time.
    Timeless,
    /// Has a mask with holes.
    BadMask,
    /// Puts two message types into every reply.
    TwoTypes,
    /// Answers with noise after a correct header.
    Noise,
}

impl Nature {
    /// Those that must never be bound to, and must not keep us from others.
    pub(crate) const ROGUES: [Self; 8] = [
        Self::Silent,
        Self::Refusing,
        Self::Storm,
        Self::BadAddress,
        Self::Timeless,
        Self::BadMask,
        Self::TwoTypes,
        Self::Noise,
    ];
    /// Those whose lease is good.
    pub(crate) const TOLERABLE: [Self; 4] = [Self::Sane, Self::Nameless, Self::HostileStrings, Self::Fickle];
}

/// A server on the link.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) nature: Nature,
    pub(crate) id: Ipv4Addr,
    /// How long it thinks.
    pub(crate) latency: Duration,
    /// It leaves the UDP checksum out, so nobody notices damage.
    pub(crate) without_checksum: bool,
    chance: Chance,
    /// What it has offered and granted.
    pub(crate) offered: BTreeSet<Ipv4Addr>,
    pub(crate) granted: BTreeSet<Ipv4Addr>,
}

/// What matters of a client's message.
struct Question {
    kind: u8,
    head: Vec<u8>,
    requested: Option<Ipv4Addr>,
    server: Option<Ipv4Addr>,
}

impl Question {
    /// `None` if the packet is damaged: servers verify checksums.
    fn read(packet: &[u8]) -> Option<Self> {
        let udp = packet.get(20..)?;
        let sound = checksum(&[&packet[..20]]) == 0 && checksum(&[&packet[12..20], &[0, 17], udp.get(4..6)?, udp]) == 0;
        let payload = udp.get(8..).filter(|payload| sound && payload.len() >= 300)?;
        let value = |code| option(&payload[240..], code);
        let address = |code| value(code).and_then(|v| <[u8; 4]>::try_from(v).ok()).map(Ipv4Addr::from);
        let kind = *value(53)?.first()?;
        Some(Self { kind, head: payload[..240].to_vec(), requested: address(50), server: address(54) })
    }
}

fn option(mut options: &[u8], code: u8) -> Option<&[u8]> {
    loop {
        match options {
            [255, ..] | [] | [_] => return None,
            [0, rest @ ..] => options = rest,
            [c, length, rest @ ..] => {
                let (value, rest) = rest.split_at_checked(usize::from(*length))?;
                if *c == code {
                    return Some(value);
                }
                options = rest;
            }
        }
    }
}

/// The Internet checksum over several pieces, each of even length but the last.
fn checksum(pieces: &[&[u8]]) -> u16 {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
    let mut sum: u32 = pieces.iter().flat_map(|piece| piece.chunks(2)).map(word).sum();
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    !u16::try_from(sum).expect("folded")
}

impl Server {
    pub(crate) fn new(number: u8, nature: Nature, latency: Duration, without_checksum: bool, chance: Chance) -> Self {
        let id = Ipv4Addr::new(192, 0, 2, 1 + number);
        Self { nature, id, latency, without_checksum, chance, offered: BTreeSet::new(), granted: BTreeSet::new() }
    }

    fn address(&self) -> Ipv4Addr {
        let [.., number] = self.id.octets();
        Ipv4Addr::new(192, 0, 2, 100 + number)
    }

    /// The packets with which this server answers.
    pub(crate) fn answer(&mut self, packet: &[u8]) -> Vec<Vec<u8>> {
        let Some(question) = Question::read(packet) else { return Vec::new() };
        let for_me = question.server.is_none_or(|server| server == self.id);
        let kinds: Vec<u8> = match (question.kind, self.nature) {
            (_, Nature::Storm) => vec![NAK; 100],
            (DISCOVER, _) => vec![OFFER],
            (REQUEST, Nature::Silent) => Vec::new(),
            (REQUEST, Nature::Refusing) if for_me => vec![NAK],
            // INIT-REBOOT: a server that does not know the address keeps quiet (RFC 2131 section 4.3.2).
            (REQUEST, _) if question.server.is_none() && question.requested != Some(self.address()) => Vec::new(),
            (REQUEST, _) if for_me => vec![ACK],
            _ => Vec::new(),
        };
        kinds.into_iter().map(|kind| self.reply(&question, kind)).collect()
    }

    fn reply(&mut self, question: &Question, kind: u8) -> Vec<u8> {
        let address = match self.nature {
            Nature::Fickle if kind == ACK => Ipv4Addr::new(192, 0, 2, 200),
            Nature::BadAddress => *[[0; 4], [255; 4], [127, 0, 0, 1], [224, 0, 0, 5]]
                .map(Ipv4Addr::from)
                .get(self.chance.index(4))
                .expect("one of four"),
            _ => self.address(),
        };
        match kind {
            OFFER => drop(self.offered.insert(address)),
            ACK => drop(self.granted.insert(address)),
            _ => {}
        }
        let mut payload = question.head.clone();
        payload[0] = 2;
        payload[10..16].fill(0);
        if kind != NAK {
            payload[16..20].copy_from_slice(&address.octets());
        }
        payload.extend(self.options(kind));
        self.framed(&payload)
    }

    fn options(&mut self, kind: u8) -> Vec<u8> {
        let id = self.id.octets();
        let mut list: Vec<(u8, Vec<u8>)> = vec![(53, vec![kind]), (54, id.to_vec())];
        if kind != NAK {
            list.extend([(51, vec![0, 0, 14, 16]), (1, vec![255, 255, 255, 0]), (3, id.to_vec()), (6, id.to_vec())]);
        }
        match self.nature {
            Nature::Nameless => list.retain(|(code, _)| *code != 54),
            Nature::Timeless => list.retain(|(code, _)| *code != 51),
            Nature::BadMask => list.iter_mut().filter(|(code, _)| *code == 1).for_each(|(_, mask)| mask[1] = 0),
            Nature::TwoTypes => list.push((53, vec![if kind == NAK { ACK } else { NAK }])),
            Nature::HostileStrings => {
                list.extend([12, 15, 17, 66, 67].map(|code| (code, b"';reboot;'$(reboot)`reboot`\n".to_vec())))
            }
            Nature::Noise => return (0..self.chance.below(300)).map(|_| self.chance.byte()).collect(),
            _ => {}
        }
        let encode =
            |(code, value): (u8, Vec<u8>)| [vec![code, u8::try_from(value.len()).expect("short")], value].concat();
        list.into_iter().flat_map(encode).chain([255]).collect()
    }

    /// IPv4 and UDP around a payload, by hand.
    fn framed(&self, payload: &[u8]) -> Vec<u8> {
        let size = |extra: usize| u16::try_from(payload.len() + extra).expect("one frame").to_be_bytes();
        let mut ip = vec![0x45, 0];
        ip.extend(size(28));
        ip.extend([0, 0, 0, 0, 64, 17, 0, 0]);
        ip.extend(self.id.octets());
        ip.extend([255; 4]);
        let sum = checksum(&[&ip]).to_be_bytes();
        ip[10..12].copy_from_slice(&sum);
        let mut udp = [&[0, 67, 0, 68], &size(8)[..], &[0, 0], payload].concat();
        if !self.without_checksum {
            let sum = checksum(&[&ip[12..20], &[0, 17], &size(8), &udp]);
            udp[6..8].copy_from_slice(&if sum == 0 { 0xffff } else { sum }.to_be_bytes());
        }
        [ip, udp].concat()
    }
}
