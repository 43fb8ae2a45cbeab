//! The fuzzers' way in: any bytes become a life of the real machine.
//!
//! The first byte chooses how it begins; then come steps of one byte for what happens, one for a length, and that many bytes. In
//! most packets transaction id, client and server are put right, or else nothing would get past the door.

use std::net::Ipv6Addr;
use std::time::Duration;

use super::guard::{code, kind, put};
use super::{Address, Client, Config, Event, Lease, Mode, Output, Timing};
use crate::proto::Instant;

const DUID: [u8; 10] = [0, 3, 0, 1, 2, 0, 5, 0, 0, 1];
const SERVER: [u8; 10] = [0, 3, 0, 1, 2, 0, 0, 0, 0, 0xaa];
const IAID: u32 = 0x0500_0001;
const ADDRESS: Ipv6Addr = Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 1);
const ROUTER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);

/// Drives a client with `data` and answers how many leases it got. Panics if something that must always hold does not.
pub fn drive(data: &[u8]) -> usize {
    let Some((&flags, mut steps)) = data.split_first() else { return 0 };
    let mut life = Life::new(flags);
    while let Some((&[what, length], rest)) = steps.split_first_chunk() {
        // Long packets are needed to reach the caps: the length counts in steps of four.
        let (bytes, rest) = rest.split_at(rest.len().min(usize::from(length) * 4));
        life.step(what, bytes);
        steps = rest;
    }
    life.leases
}

struct Life {
    client: Client,
    config: Config,
    now: Instant,
    wait: Option<Instant>,
    /// The latest message of the client.
    question: Vec<u8>,
    sent: Vec<Instant>,
    lease: Lease,
    leases: usize,
}

impl Life {
    fn new(flags: u8) -> Self {
        let config = Config {
            duid: DUID.to_vec(),
            iaid: IAID,
            mode: if flags & 15 == 15 { Mode::StatelessInfo } else { Mode::Stateful },
            rapid_commit: flags & 2 != 0,
            want_prefix: (flags & 4 != 0).then_some(56),
            fqdn: Some("node1.lab".to_owned()),
            previous: Vec::new(),
            timing: if flags & 8 == 0 { Timing::Prompt } else { Timing::Rfc8415 },
            seed: flags.into(),
        };
        let lease = remembered();
        let now = Instant::from_millis(1);
        let client = match flags >> 4 {
            0 => Client::renew(config.clone(), &lease, now),
            1 => Client::reboot(config.clone(), &lease, now),
            2 => Client::release(config.clone(), &lease, now),
            _ => Client::new(config.clone(), now),
        };
        let (question, sent) = (vec![0; 4], Vec::new());
        let mut life = Self { client, config, now, wait: None, question, sent, lease, leases: 0 };
        life.drain();
        life
    }

    fn step(&mut self, what: u8, bytes: &[u8]) {
        match what % 16 {
            0..=8 => self.client.handle_packet(self.now, ROUTER, &self.patched(what, bytes)),
            9 => self.client.handle_packet(self.now, ROUTER, bytes),
            10 => self.client.carrier(self.now),
            11 => self.client.decline(&[ADDRESS], self.now),
            12 => self.renew(),
            13 => self.wait_until(self.now + Duration::from_millis(u64::from(what) << (bytes.len() % 24))),
            _ => self.wait_until(self.wait.unwrap_or(self.now)),
        }
        self.drain();
    }

    fn wait_until(&mut self, then: Instant) {
        self.now = self.now.max(then);
        self.client.handle_timeout(self.now);
    }

    fn renew(&mut self) {
        self.client = Client::renew(self.config.clone(), &self.lease, self.now);
        // Another client has a pace of its own.
        self.sent.clear();
    }

    /// A message that answers the latest question, with these bytes for options; `what` says how much else is in it.
    fn patched(&self, what: u8, bytes: &[u8]) -> Vec<u8> {
        let is_advertise = self.question.first() == Some(&kind::SOLICIT) && what & 128 == 0;
        let mut message = vec![if is_advertise { kind::ADVERTISE } else { kind::REPLY }];
        message.extend(self.question.iter().skip(1).take(3));
        put(&mut message, code::CLIENT_ID, &DUID);
        put(&mut message, code::SERVER_ID, &SERVER);
        if what & 64 != 0 {
            put(&mut message, code::RAPID_COMMIT, &[]);
        }
        if what % 16 < 4 {
            let mut body = [&IAID.to_be_bytes()[..], &[0; 8], &[0, 5, 0, 24], &ADDRESS.octets()].concat();
            body.extend([0, 0, 0, 60, 0, 0, 0, 120]);
            put(&mut message, code::IA_NA, &body);
            put(&mut message, code::PREFERENCE, &[255]);
        }
        message.extend(bytes);
        message
    }

    fn drain(&mut self) {
        for _ in 0..100 {
            match self.client.poll() {
                Output::WaitUntil(wait) => return self.wait = wait,
                Output::Transmit(transmit) => self.transmitted(transmit.payload),
                Output::Event(Event::Bound(lease) | Event::Unconfirmed(lease)) => self.bound(*lease),
                Output::Event(_) => {}
            }
        }
        panic!("poll does not end");
    }

    fn transmitted(&mut self, message: Vec<u8>) {
        assert!((4..1232).contains(&message.len()), "fits into the smallest packet of IPv6");
        self.question = message;
        self.sent.push(self.now);
        let fifth_last = self.sent.iter().rev().nth(4);
        assert!(
            fifth_last.is_none_or(|&at| self.now.since(at) >= Duration::from_secs(1)),
            "more than four in a second"
        );
    }

    fn bound(&mut self, lease: Lease) {
        check(&lease);
        self.leases += 1;
        self.lease = lease;
    }
}

fn remembered() -> Lease {
    let mut lease = Lease::bare();
    let (preferred, valid) = (Duration::from_secs(60), Duration::MAX);
    lease.addresses.push(Address { address: ADDRESS, preferred, valid });
    (lease.duid, lease.server_duid, lease.iaid) = (DUID.to_vec(), SERVER.to_vec(), IAID);
    (lease.t1, lease.t2) = (Duration::from_secs(30), Duration::from_secs(48));
    lease
}

/// What is true of every lease, whoever granted it.
fn check(lease: &Lease) {
    assert!(!lease.is_empty() && lease.t1 <= lease.t2);
    assert!(lease.addresses.len() <= Lease::MAX_ADDRESSES && lease.prefixes.len() <= Lease::MAX_ADDRESSES);
    assert!(lease.dns.len() <= Lease::MAX_SERVERS && lease.ntp.len() <= Lease::MAX_SERVERS);
    for address in &lease.addresses {
        assert!(address.preferred <= address.valid && !address.valid.is_zero());
        assert!(!address.address.is_multicast() && !address.address.is_unspecified());
    }
    for prefix in &lease.prefixes {
        assert!(prefix.preferred <= prefix.valid && !prefix.valid.is_zero() && prefix.prefix.trunc() == prefix.prefix);
    }
    let pairs = lease.to_pairs();
    for (_, value) in &pairs {
        assert!(value.bytes().all(|b| (b' '..=b'~').contains(&b) && !b"'\"`$\\;&|<>(){}*!".contains(&b)));
    }
    let read = Lease::from_pairs(&pairs).map(|lease| lease.to_pairs());
    assert_eq!(read, Some(pairs), "what was written is read");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::proto::random::Random;

    /// Codes and the lengths they should have, to make inputs that get far.
    const SHAPES: [(u16, usize); 24] = [
        (1, 10),
        (2, 10),
        (3, 12),
        (5, 24),
        (7, 1),
        (13, 2),
        (13, 9),
        (14, 0),
        (16, 6),
        (17, 4),
        (23, 16),
        (23, 64),
        (24, 8),
        (25, 12),
        (26, 25),
        (31, 16),
        (32, 4),
        (39, 6),
        (56, 20),
        (59, 12),
        (60, 8),
        (82, 4),
        (83, 4),
        (200, 3),
    ];

    struct Generator(Random);

    impl Generator {
        fn below(&mut self, bound: usize) -> usize {
            usize::try_from(self.0.next_u32()).unwrap() % bound
        }

        fn byte(&mut self) -> u8 {
            const USUAL: &[u8] = b"\0\0\0\0\x01\x02\x03\x05\x10\x40\x7f\x80\xc0\xfd\xfe\xffab1.-/:'$";
            USUAL.get(self.below(2 * USUAL.len())).copied().unwrap_or_else(|| self.0.next_u32().to_be_bytes()[3])
        }

        fn bytes(&mut self, length: usize) -> Vec<u8> {
            (0..length).map(|_| self.byte()).collect()
        }

        /// An option with others inside it, as deep as three levels.
        fn option(&mut self, depth: usize, out: &mut Vec<u8>) {
            let (code, usual) = SHAPES[self.below(SHAPES.len())];
            let code = if self.below(8) == 0 { self.byte().into() } else { code };
            let length = match self.below(8) {
                0 => usize::from(self.byte()),
                1 => usual.saturating_sub(1),
                2 => usual + 1,
                3 => usual * 4,
                _ => usual,
            };
            let mut value = self.bytes(length);
            if matches!(code, 3 | 25) && value.len() >= 12 {
                self.ia(depth, &mut value);
            }
            put(out, code, &value);
            if self.below(16) == 0 {
                out.truncate(out.len() - out.len().min(3));
            }
        }

        fn ia(&mut self, depth: usize, value: &mut Vec<u8>) {
            if self.below(8) > 0 {
                value[..4].copy_from_slice(&IAID.to_be_bytes());
            }
            if depth < 3 {
                (0..self.below(3)).for_each(|_| self.option(depth + 1, value));
            }
        }

        fn life(&mut self) -> Vec<u8> {
            let mut data = vec![self.0.next_u32().to_be_bytes()[2]];
            for _ in 0..2 + self.below(8) {
                let mut options = Vec::new();
                (0..self.below(6)).for_each(|_| self.option(1, &mut options));
                options.truncate(1020);
                options.resize(options.len().next_multiple_of(4), 0);
                data.extend([self.0.next_u32().to_be_bytes()[1], u8::try_from(options.len() / 4).unwrap()]);
                data.extend(options);
            }
            data
        }
    }

    /// `SUNUP_FUZZ_RUNS` lives instead of 20,000.
    #[test]
    fn r6_12_no_bytes_from_the_network_break_the_machine() {
        let runs = std::env::var("SUNUP_FUZZ_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(20_000_u64);
        let mut leases = 0_u64;
        for seed in 0..runs {
            let data = Generator(Random::new(seed)).life();
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
