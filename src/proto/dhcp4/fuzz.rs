//! The fuzzers' way in: any bytes become a life of the real machine.
//!
//! A header of two bytes chooses the configuration; then come steps of one byte for what happens, one for a length, and that many
//! bytes. In most packets the transaction id, hardware address, `op` and cookie are put right, so that the bytes get past the
//! first checks; half of them in turn get a message type and a lease time.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::{Client, Config, Event, Lease, MAX_ROUTES, MAX_SEARCH, MAX_SERVERS, Transmit, frame};
use crate::profile::HwAddr;
use crate::proto::{Instant, Output};

const MAC: [u8; 6] = [2, 0, 0x5e, 0x10, 0, 1];
const COOKIE: [u8; 4] = [99, 130, 83, 99];

/// Drives a client with `data` and answers how many leases it got. Panics if something that must always hold does not.
pub fn drive(data: &[u8]) -> usize {
    let Some(([flags, seed], mut steps)) = data.split_first_chunk::<2>() else { return 0 };
    let mut life = Life::new(*flags, *seed);
    while let Some(([kind, length], rest)) = steps.split_first_chunk::<2>() {
        // Long packets are needed to reach the caps: the length counts in steps of four.
        let (bytes, rest) = rest.split_at(rest.len().min(usize::from(*length) * 4));
        life.step(*kind, bytes);
        steps = rest;
    }
    life.leases
}

struct Life {
    client: Client,
    now: Instant,
    wait: Option<Instant>,
    xid: [u8; 4],
    sent: Vec<Instant>,
    lease: Option<Lease>,
    leases: usize,
    config: Config,
}

impl Life {
    fn new(flags: u8, seed: u8) -> Self {
        let flag = |bit: u8| flags & (1 << bit) != 0;
        let (hwaddr, arp_type) = if flag(0) { (vec![7; 20], 32) } else { (MAC.to_vec(), 1) };
        let hwaddr = HwAddr::new(&hwaddr).expect("6 or 20 bytes");
        let config = Config {
            previous: flag(1).then_some(Ipv4Addr::new(192, 0, 2, 50)),
            want_ipv6_only: flag(2),
            rapid_commit: flag(3),
            anonymous: flag(4),
            hostname: flag(5).then(|| "node1.lab".to_owned()),
            ..Config::new(hwaddr, arp_type, u64::from(seed))
        };
        let now = Instant::from_millis(u64::from(seed));
        let client = Client::new(config.clone(), now);
        let mut life = Self { client, now, wait: None, xid: [0; 4], sent: Vec::new(), lease: None, leases: 0, config };
        life.drain();
        life
    }

    fn step(&mut self, kind: u8, bytes: &[u8]) {
        let source = Ipv4Addr::new(192, 0, 2, kind >> 4);
        match kind % 16 {
            0..=8 => self.client.handle_packet(self.now, source, &patched(self.xid, kind, bytes)),
            9 => self.client.handle_packet(self.now, source, bytes),
            10 => drop(frame::parse(bytes, kind & 16 == 0)),
            11 => self.client.carrier(self.now),
            12 => self.client.decline(self.now),
            13 => self.renew(),
            14 => self.sleep(Duration::from_secs(u64::from(bytes.first().copied().unwrap_or(0)) * 37)),
            _ => self.wake(),
        }
        self.drain();
    }

    fn sleep(&mut self, time: Duration) {
        self.now = self.now + time;
        self.client.handle_timeout(self.now);
    }

    fn wake(&mut self) {
        self.now = self.now.max(self.wait.unwrap_or(self.now));
        self.client.handle_timeout(self.now);
    }

    fn renew(&mut self) {
        if let Some(lease) = self.lease.take() {
            self.client = Client::renew(self.config.clone(), lease, self.now);
            // Another client has a pace of its own.
            self.sent.clear();
        }
    }

    fn drain(&mut self) {
        for _ in 0..100 {
            match self.client.poll() {
                Output::WaitUntil(wait) => {
                    assert!(wait.is_none_or(|wait| wait > self.now), "waits for the past");
                    return self.wait = wait;
                }
                Output::Transmit(transmit) => self.transmitted(&transmit),
                Output::Event(Event::Bound(lease)) => {
                    check(&lease);
                    self.lease = Some(*lease);
                    self.leases += 1;
                }
                Output::Event(Event::IpV6Only { wait }) => assert!(self.config.want_ipv6_only && wait.as_secs() >= 300),
                Output::Event(_) => {}
            }
        }
        panic!("poll does not end");
    }

    fn transmitted(&mut self, transmit: &Transmit) {
        assert!((300..=1500).contains(&transmit.payload.len()));
        self.xid.copy_from_slice(&transmit.payload[4..8]);
        self.sent.push(self.now);
        let fifth_last = self.sent.iter().rev().nth(4);
        assert!(
            fifth_last.is_none_or(|&at| self.now.since(at) >= Duration::from_secs(1)),
            "more than four in a second"
        );
    }
}

/// A reply to `xid` with these bytes for options; `kind` says how much of it is put right.
fn patched(xid: [u8; 4], kind: u8, bytes: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; 240];
    packet[..3].copy_from_slice(&[2, 1, 6]);
    packet[4..8].copy_from_slice(&xid);
    packet[16..20].copy_from_slice(&[192, 0, 2, 50 + (kind >> 7)]);
    if kind.is_multiple_of(2) {
        // The bytes go into file and sname as well, where option 52 may look for them.
        let part = bytes.len().min(192);
        packet[44..44 + part].copy_from_slice(&bytes[..part]);
    }
    packet[28..34].copy_from_slice(&MAC);
    packet[236..240].copy_from_slice(&COOKIE);
    match kind % 8 {
        0..=1 => packet.extend([53, 1, 2, 54, 4, 192, 0, 2, 1, 51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0]),
        2..=4 => packet.extend([53, 1, 5, 54, 4, 192, 0, 2, 1, 51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0]),
        5 => packet.extend([53, 1, 6, 54, 4, 192, 0, 2, 1]),
        _ => {}
    }
    packet.extend(bytes);
    packet
}

/// What is true of every lease, whoever granted it.
fn check(lease: &Lease) {
    let usable = |address: &Ipv4Addr| matches!(address.octets()[0], 1..=126 | 128..=223);
    assert!(usable(&lease.address) && usable(&lease.server) && (1..=32).contains(&lease.prefix_len));
    assert!(lease.lease_time.is_none_or(|end| !lease.t1.is_zero() && lease.t1 < lease.t2 && lease.t2 < end));
    for list in [&lease.routers, &lease.dns, &lease.ntp, &lease.log_servers] {
        assert!(list.len() <= MAX_SERVERS && list.iter().all(usable));
    }
    assert!(lease.search.len() <= MAX_SEARCH && lease.classless_routes.len() <= MAX_ROUTES);
    assert!(lease.mtu.is_none_or(|mtu| mtu >= 68) && lease.next_server.is_none_or(|server| usable(&server)));
    check_routes(lease);
    let pairs = lease.to_pairs();
    for (_, value) in &pairs {
        assert!(value.bytes().all(|b| (b' '..=b'~').contains(&b) && !b"'\"`$\\;&|<>(){}*!".contains(&b) || b == b'>'));
    }
    let read = Lease::from_pairs(&pairs).expect("what was written is read");
    assert_eq!(read.to_pairs(), pairs);
}

/// Every router is on the link by the time its route is set, and no destination is there twice.
fn check_routes(lease: &Lease) {
    let routes = lease.routes();
    assert!(routes.len() <= 2 * MAX_ROUTES);
    for (index, (destination, router)) in routes.iter().enumerate() {
        let before = &routes[..index];
        assert!(before.iter().all(|(net, _)| net != destination), "{destination} twice");
        let Some(router) = router else { continue };
        let longest = |on_link: bool| {
            let nets = before.iter().filter(|(_, via)| via.is_none() == on_link).map(|(net, _)| *net);
            let nets = nets.chain(lease.network().filter(|_| on_link));
            nets.filter(|net| net.contains(router)).map(|net| net.prefix_len()).max()
        };
        assert!(longest(true).is_some() && longest(true) >= longest(false), "nobody knows where {router} is");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::proto::random::Random;

    /// Codes and the lengths they should have, to make inputs that get far.
    const SHAPES: [(u8, usize); 32] = [
        (0, 0),
        (1, 4),
        (3, 4),
        (3, 8),
        (6, 4),
        (6, 64),
        (7, 4),
        (12, 5),
        (15, 9),
        (17, 12),
        (26, 2),
        (28, 4),
        (33, 8),
        (40, 4),
        (42, 4),
        (51, 4),
        (52, 1),
        (53, 1),
        (54, 4),
        (56, 9),
        (58, 4),
        (59, 4),
        (61, 7),
        (66, 5),
        (67, 7),
        (80, 0),
        (81, 3),
        (108, 4),
        (119, 12),
        (121, 8),
        (249, 8),
        (255, 0),
    ];
    const BYTES: &[u8] =
        b"\0\0\0\x01\x02\x03\x04\x05\x08\x10\x18\x20\x21\x3f\x40\x7f\x80\xa0\xc0\xc0\xff\xff..--aaz09_/:'\"$`\n";

    struct Generator(Random);

    impl Generator {
        fn below(&mut self, bound: u32) -> u32 {
            self.0.next_u32() % bound
        }

        fn byte(&mut self) -> u8 {
            let any = u8::try_from(self.below(256)).unwrap();
            let index = usize::try_from(self.below(2 * u32::try_from(BYTES.len()).unwrap())).unwrap();
            BYTES.get(index).copied().unwrap_or(any)
        }

        fn option(&mut self, out: &mut Vec<u8>) {
            let (code, usual) = SHAPES[usize::try_from(self.below(32)).unwrap()];
            let code = if self.below(8) == 0 { self.byte() } else { code };
            let length = match self.below(8) {
                0 => usize::from(self.byte()),
                1 => usual.saturating_sub(1),
                2 => usual + 1,
                3 => usual * 3,
                _ => usual,
            };
            out.extend([code, u8::try_from(length.min(255)).unwrap()]);
            let shown = if self.below(32) == 0 { length / 2 } else { length.min(255) };
            // Text or address bytes for the most part, so that some values are accepted.
            let text = self.below(2) == 0;
            out.extend((0..shown).map(|_| if text { b"ab1.-/:c"[usize::from(self.byte() % 8)] } else { self.byte() }));
        }

        fn input(&mut self) -> Vec<u8> {
            let mut data = vec![self.byte(), self.byte()];
            // Half the lives begin as an exchange should: with a packet that is made an OFFER, then one made an ACK.
            let mut usual = [0, 2].into_iter().filter(|_| data[1] % 2 == 0).collect::<Vec<u8>>().into_iter();
            for _ in 0..1 + self.below(8) {
                let mut options = Vec::new();
                (0..self.below(12)).for_each(|_| self.option(&mut options));
                options.truncate(1020);
                options.resize(options.len().next_multiple_of(4), 0);
                let kind = usual.next().unwrap_or(u8::try_from(self.below(256)).unwrap());
                data.extend([kind, u8::try_from(options.len() / 4).unwrap()]);
                data.extend(options);
            }
            data
        }
    }

    /// `SUNUP_FUZZ_RUNS` lives instead of 20,000 (a million take minutes without optimisation).
    #[test]
    fn no_bytes_from_the_network_break_the_machine() {
        let runs = std::env::var("SUNUP_FUZZ_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(20_000_u64);
        let mut leases = 0_u64;
        for seed in 0..runs {
            let data = Generator(Random::new(seed)).input();
            match std::panic::catch_unwind(|| drive(&data)) {
                Ok(count) => leases += u64::from(count > 0),
                Err(_) => panic!("seed {seed}: {data:?}"),
            }
        }
        println!("{runs} lives, of which {leases} got a lease");
        assert!(leases > runs / 10, "only {leases} of {runs} lives got a lease: the generator is blunt");
    }

    proptest! {
        #[test]
        fn plain_noise_is_harmless(data in prop::collection::vec(any::<u8>(), 0..600)) {
            drive(&data);
        }
    }
}
