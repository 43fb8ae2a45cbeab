//! Servers that mean no good, and bytes that mean nothing.

use proptest::prelude::*;

use super::*;
use crate::proto::random::Random;

#[test]
fn r6_07_a_reconfigure_is_ignored_in_every_state() {
    let (bound, lease) = bound();
    let mut benches = [
        Bench::new(config()),
        Bench::of(Client::renew(config(), &lease, Instant::default())),
        Bench::new(Config { mode: Mode::StatelessInfo, ..config() }),
    ];
    let mut questions: Vec<Vec<u8>> = benches.iter_mut().map(|bench| bench.drain().0.remove(0)).collect();
    questions.push(vec![0; 4]);
    for (mut bench, question) in benches.into_iter().chain([bound]).zip(questions) {
        let message = FromServer::answer(kind::RECONFIGURE, &question).with(19, &[5]);
        let before = bench.drain().1;
        bench.receives(&message);
        bench.ignores(Reason::Reconfigure);
        assert_eq!(bench.drain().1, before);
    }
}

#[test]
fn an_answer_before_the_question_is_put_aside() {
    let mut bench = Bench::new(config());
    let mut twin = Bench::new(config());
    let solicit = twin.sends(kind::SOLICIT);
    bench.receives(&FromServer::advertise(&solicit).with_address(1));
    let Output::Event(event) = bench.client.poll() else { panic!("no event") };
    assert_eq!(event, Event::Ignored { reason: Reason::OtherTransaction });
}

#[test]
fn a_flood_is_told_once_in_ten_seconds_and_answered_by_nothing() {
    let mut bench = Bench::new(config());
    let solicit = bench.sends(kind::SOLICIT);
    let (code, value) = status(2, "no");
    let refusal = FromServer::advertise(&solicit).with(code, &value);
    let mut told = 0;
    for n in 0..900u16 {
        bench.receives(&refusal);
        bench.receives(&FromServer { transaction: [9, 9, 9], ..refusal.clone() });
        bench.now = Instant::from_millis(n.into());
        told += bench.events().len();
    }
    assert_eq!(told, 2);
}

#[test]
fn a_flood_of_servers_is_compared_up_to_a_limit_and_the_best_is_kept() {
    let mut bench = Bench::new(config());
    let solicit = bench.sends(kind::SOLICIT);
    for n in 0..1000u16 {
        let preference = if n == 500 { 200 } else { u8::try_from(n % 100).unwrap() };
        let advertise = FromServer::advertise(&solicit).with_address(1).with(code::PREFERENCE, &[preference]);
        bench.receives(&advertise.from_server(&n.to_be_bytes()));
    }
    assert!(bench.drain().0.is_empty());
    assert!(bench.events.len() <= 32);
    assert_eq!(option(&bench.sends(kind::REQUEST), code::SERVER_ID).unwrap(), 500u16.to_be_bytes());
}

/// Bytes into the machine through every door: `script` picks what happens next.
///
/// The same entry is for a fuzzer and for the fixed run below. Identifiers are patched in, or else nothing would get past the door.
fn drive(script: &[u8]) {
    let mut script = script.iter().copied();
    let mut next = || script.next();
    let flags = next().unwrap_or_default();
    let mut client = start(flags);
    let mut now = Instant::default();
    let mut question = vec![0; 4];
    while let Some(step) = next() {
        let amount = next().unwrap_or_default();
        match step % 8 {
            0 => now = now + Duration::from_millis(u64::from(amount) << (step / 8 % 24)),
            1 => client.carrier(now),
            2 => client.decline(&[address(1)], now),
            3 => client.handle_packet(now, link_local(), &(0..amount).map_while(|_| next()).collect::<Vec<_>>()),
            _ => {
                let options: Vec<u8> = (0..amount).map_while(|_| next()).collect();
                let mut message =
                    FromServer::answer([kind::ADVERTISE, kind::REPLY][usize::from(step / 8 % 2)], &question);
                message = if step & 64 == 0 { message } else { message.with(code::RAPID_COMMIT, &[]) };
                message = if step & 128 == 0 { message } else { message.with_address(u16::from(amount % 4)) };
                message.options.extend(options);
                client.handle_packet(now, link_local(), &message.bytes());
            }
        }
        client.handle_timeout(now);
        question = rest(&mut client).unwrap_or(question);
    }
}

fn start(flags: u8) -> Client {
    let config = Config {
        mode: if flags & 1 == 0 { Mode::Stateful } else { Mode::StatelessInfo },
        rapid_commit: flags & 2 != 0,
        want_prefix: (flags & 4 != 0).then_some(56),
        timing: if flags & 8 == 0 { Timing::Prompt } else { Timing::Rfc8415 },
        ..config()
    };
    let mut lease = Lease::bare();
    lease.addresses.push(Address { address: address(1), preferred: Duration::from_secs(9), valid: Duration::MAX });
    (lease.duid, lease.server_duid, lease.iaid) = (config.duid.clone(), SERVER.to_vec(), IAID);
    match flags >> 4 {
        0 => Client::renew(config, &lease, Instant::default()),
        1 => Client::reboot(config, &lease, Instant::default()),
        2 => Client::release(config, &lease, Instant::default()),
        _ => Client::new(config, Instant::default()),
    }
}

/// Polls to the end, holding the machine to its contract; the last message it sent.
fn rest(client: &mut Client) -> Option<Vec<u8>> {
    let mut sent = None;
    for _ in 0..100 {
        match client.poll() {
            Output::Transmit(transmit) => {
                assert!(sent.is_none(), "two messages at one time");
                assert!(transmit.payload.len() < 1200);
                sent = Some(transmit.payload);
            }
            Output::Event(Event::Bound(lease) | Event::Unconfirmed(lease)) => assert_sane(&lease),
            Output::Event(_) => {}
            Output::WaitUntil(_) => return sent,
        }
    }
    panic!("the machine does not come to rest");
}

fn assert_sane(lease: &Lease) {
    assert!(!lease.is_empty() && lease.t1 <= lease.t2);
    assert!(lease.addresses.len() <= 16 && lease.prefixes.len() <= 16 && lease.dns.len() <= 32);
    for address in &lease.addresses {
        assert!(address.preferred <= address.valid && !address.valid.is_zero());
        assert!(!address.address.is_multicast() && !address.address.is_unspecified());
    }
    assert_eq!(Lease::from_pairs(&lease.to_pairs()).as_ref(), Some(lease));
}

/// Bytes that look like options of a server, and then are damaged.
fn script(random: &mut Random) -> Vec<u8> {
    let mut byte = || random.next_u32().to_be_bytes()[3];
    let mut script = vec![byte()];
    for _ in 0..1 + byte() % 8 {
        let mut options = Vec::new();
        for _ in 0..byte() % 4 {
            options.extend(plausible_option(&mut byte));
        }
        for _ in 0..byte() % 3 {
            let at = usize::from(byte()) % options.len().max(1);
            if let Some(damaged) = options.get_mut(at) {
                *damaged = byte();
            }
        }
        options.truncate(255);
        script.extend([byte(), u8::try_from(options.len()).unwrap()]);
        script.extend(options);
    }
    script
}

fn plausible_option(byte: &mut impl FnMut() -> u8) -> Vec<u8> {
    const CODES: [u16; 20] = [1, 2, 3, 3, 3, 7, 13, 14, 16, 17, 23, 24, 25, 25, 31, 32, 39, 56, 60, 82];
    let code = CODES[usize::from(byte()) % CODES.len()];
    let times: [u32; 4] = std::array::from_fn(|_| [0, 1, 60, u32::MAX][usize::from(byte()) % 4]);
    let value = match code {
        3 => {
            let inner = ia_address(address(u16::from(byte() % 4)), times[2], times[3], &[]);
            ia(IAID, times[0], times[1], &[(code::IA_ADDRESS, inner), status(u16::from(byte() % 12), "")])
        }
        25 => ia(IAID, times[0], times[1], &[(code::IA_PREFIX, ia_prefix("fd78::/56", times[2], times[3]))]),
        13 => status(u16::from(byte() % 8), "text").1,
        _ => (0..byte() % 33).map(|_| byte()).collect(),
    };
    let mut option = Vec::new();
    put(&mut option, code, &value);
    option
}

/// How many scripts are run; SUNUP_FUZZ_RUNS says otherwise.
fn runs(default: u32) -> u32 {
    std::env::var("SUNUP_FUZZ_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(default)
}

#[test]
fn r6_12_no_server_makes_it_panic_or_loop() {
    let mut random = Random::new(0x6c62_272e_07bb_0142);
    for _ in 0..runs(20_000) {
        drive(&script(&mut random));
    }
}

proptest! {
    #[test]
    fn r6_12_no_bytes_make_it_panic_or_loop(script in prop::collection::vec(any::<u8>(), 0..600)) {
        drive(&script);
    }
}
