//! Servers that mean no good: what a careful client refuses is refused, what is harmless does not cost the lease. A server does the
//! same in Advertise and Reply. One row, one server.

use super::*;

/// What must come of a server.
enum Outcome {
    /// No lease, however long it goes on.
    Nothing,
    /// A lease, and this is true of it.
    Lease(fn(&Lease) -> bool),
}

use Outcome::{Lease as Gives, Nothing};

type Row = (&'static str, fn(FromServer) -> FromServer, Outcome);

const TABLE: &[Row] = &[
    ("nothing wrong", |m| m, Gives(whole)),
    ("another transaction", |m| FromServer { transaction: [9, 9, 9], ..m }, Nothing),
    ("another client", |m| put_in(m, code::CLIENT_ID, &[OTHER_SERVER]), Nothing),
    ("no client", |m| put_in(m, code::CLIENT_ID, &[]), Nothing),
    ("two clients", |m| put_in(m, code::CLIENT_ID, &[&config().duid, OTHER_SERVER]), Nothing),
    ("no server", |m| put_in(m, code::SERVER_ID, &[]), Nothing),
    ("a server without name", |m| put_in(m, code::SERVER_ID, &[&[]]), Nothing),
    ("a server's name of 131 bytes", |m| put_in(m, code::SERVER_ID, &[&[1; 131]]), Nothing),
    ("two servers", |m| put_in(m, code::SERVER_ID, &[SERVER, OTHER_SERVER]), Nothing),
    ("a client's message", |m| FromServer { kind: kind::SOLICIT, ..m }, Nothing),
    ("a relay's message", |m| FromServer { kind: 13, ..m }, Nothing),
    ("a reconfigure", |m| FromServer { kind: kind::RECONFIGURE, ..m }, Nothing),
    ("a type that is none", |m| FromServer { kind: 255, ..m }, Nothing),
    ("no IA", |m| put_in(m, code::IA_NA, &[]), Nothing),
    ("an IA of 11 bytes", |m| put_in(m, code::IA_NA, &[&[0; 11]]), Nothing),
    ("another IA", |m| ia_of(m, IAID + 1, 0, 0, &[good(1)]), Nothing),
    ("an IA of prefixes", |m| swap_ia(m, &[(code::IA_PREFIX, ia_prefix("fd77::/64", 10, 20))]), Nothing),
    ("T1 after T2", |m| ia_of(m, IAID, 200, 100, &[good(1)]), Nothing),
    ("an empty IA", |m| swap_ia(m, &[]), Nothing),
    ("no addresses to give", |m| swap_ia(m, &[good(1), status(2, "none")]), Nothing),
    ("a status of 1 byte in the IA", |m| swap_ia(m, &[(code::STATUS, vec![0]), good(1)]), Nothing),
    ("a message that fails", |m| put_in(m, code::STATUS, &[&[0, 1]]), Nothing),
    ("::", |m| one(m, "::", 10, 20), Nothing),
    ("::1", |m| one(m, "::1", 10, 20), Nothing),
    ("ff02::1", |m| one(m, "ff02::1", 10, 20), Nothing),
    ("fe80::7", |m| one(m, "fe80::7", 10, 20), Nothing),
    ("::ffff:192.0.2.1", |m| one(m, "::ffff:192.0.2.1", 10, 20), Nothing),
    ("preferred for longer than valid", |m| one(m, "fd77::1", 21, 20), Nothing),
    ("valid for no time", |m| one(m, "fd77::1", 0, 0), Nothing),
    ("an address of 23 bytes", |m| swap_ia(m, &[(code::IA_ADDRESS, good(1).1[..23].to_vec())]), Nothing),
    ("an address that overruns the IA", overrun, Nothing),
    ("an address that is refused inside", |m| swap_ia(m, &[refused()]), Nothing),
    ("a bad address before a good one", |m| swap_ia(m, &[refused(), good(1)]), Gives(whole)),
    ("the address twice", |m| swap_ia(m, &[good(1), good(1)]), Gives(whole)),
    ("300 addresses", |m| swap_ia(m, &many()), Gives(|l| l.addresses.len() == Lease::MAX_ADDRESSES)),
    ("for ever", |m| one(m, "fd77::1", u32::MAX, u32::MAX), Gives(|l| l.addresses[0].valid == Duration::MAX)),
    ("T1 and T2 for ever", |m| ia_of(m, IAID, u32::MAX, u32::MAX, &[good(1)]), Gives(|l| l.t1 <= l.t2 && whole(l))),
    ("preference of 2 bytes", |m| put_in(m, code::PREFERENCE, &[&[255, 0]]), Gives(whole)),
    (
        "240 name servers",
        |m| put_in(m, code::DNS_SERVERS, &[&servers(240)]),
        Gives(|l| l.dns.len() == Lease::MAX_SERVERS),
    ),
    (
        "name servers of 17 bytes",
        |m| put_in(m, code::DNS_SERVERS, &[&[1; 17]]),
        Gives(|l| l.dns.is_empty() && leased(l)),
    ),
    (
        "name servers nobody can be",
        |m| put_in(m, code::DNS_SERVERS, &[&[0; 16]]),
        Gives(|l| l.dns.is_empty() && leased(l)),
    ),
    (
        "a search list that loops",
        |m| m.with(code::DOMAIN_LIST, b"\x01a\xc0\x00"),
        Gives(|l| l.search.is_empty() && whole(l)),
    ),
    (
        "a search list with quotes",
        |m| m.with(code::DOMAIN_LIST, b"\x06';id;'\0"),
        Gives(|l| l.search.is_empty() && whole(l)),
    ),
    ("a search list of 300", |m| m.with(code::DOMAIN_LIST, &b"\x01a\0".repeat(300)), Gives(|l| l.search.len() == 1)),
    (
        "a boot file with backquotes",
        |m| m.with(code::BOOT_FILE_URL, b"`id`"),
        Gives(|l| l.boot_file_url.is_none() && whole(l)),
    ),
    ("a boot parameter with $()", |m| m.with(60, b"\0\x04$(id"), Gives(|l| l.boot_file_params.is_empty() && whole(l))),
    ("our name with a newline", |m| m.with(code::FQDN, b"\x01\x03a\nb\0"), Gives(|l| l.fqdn.is_none() && whole(l))),
    (
        "a time server without end",
        |m| m.with(code::NTP_SERVER, b"\0\x01\0\xff\x20"),
        Gives(|l| l.ntp.is_empty() && whole(l)),
    ),
    ("a retransmission of 1 s", |m| m.with(code::SOL_MAX_RT, &[0, 0, 0, 1]), Gives(whole)),
    (
        "a last option that overruns",
        |m| FromServer { options: [m.options, vec![0, 23, 9, 9, 1]].concat(), ..m },
        Gives(whole),
    ),
    ("half an option header", |m| FromServer { options: [m.options, vec![0, 23, 9]].concat(), ..m }, Gives(whole)),
    ("an empty option of every code", every_code, Gives(leased)),
    ("what the codec panics on", |m| m.with(16, &[0; 3]).with(17, &[0; 3]), Gives(whole)),
];

/// The address and the name server of the good answer.
fn whole(lease: &Lease) -> bool {
    leased(lease) && lease.dns == [address(53)]
}

fn leased(lease: &Lease) -> bool {
    lease.addresses.len() == 1 && lease.addresses[0].address == address(1)
}

/// The message with these values in place of all of `wanted`, at its end.
fn put_in(message: FromServer, wanted: u16, values: &[&[u8]]) -> FromServer {
    let mut other = FromServer { options: Vec::new(), ..message };
    for (code, value) in guard::Options::new(&message.options).filter(|(code, _)| *code != wanted) {
        put(&mut other.options, code, value);
    }
    values.iter().fold(other, |message, value| message.with(wanted, value))
}

fn ia_of(message: FromServer, iaid: u32, t1: u32, t2: u32, options: &[(u16, Vec<u8>)]) -> FromServer {
    put_in(message, code::IA_NA, &[&ia(iaid, t1, t2, options)])
}

fn swap_ia(message: FromServer, options: &[(u16, Vec<u8>)]) -> FromServer {
    ia_of(message, IAID, 0, 0, options)
}

/// One address in place of the good one.
fn one(message: FromServer, text: &str, preferred: u32, valid: u32) -> FromServer {
    swap_ia(message, &[(code::IA_ADDRESS, ia_address(text.parse().unwrap(), preferred, valid, &[]))])
}

fn good(n: u16) -> (u16, Vec<u8>) {
    (code::IA_ADDRESS, ia_address(address(n), 1000, 2000, &[]))
}

fn refused() -> (u16, Vec<u8>) {
    (code::IA_ADDRESS, ia_address(address(9), 1000, 2000, &[status(1, "no")]))
}

fn many() -> Vec<(u16, Vec<u8>)> {
    (1..=300).map(good).collect()
}

fn servers(count: u16) -> Vec<u8> {
    (1..=count).flat_map(|n| address(n).octets()).collect()
}

fn overrun(message: FromServer) -> FromServer {
    let mut body = ia(IAID, 0, 0, &[]);
    body.extend([0, 5, 0, 24, 0xfd, 0x77]);
    put_in(message, code::IA_NA, &[&body])
}

/// Every code that the good answer has not got, with nothing in it.
fn every_code(message: FromServer) -> FromServer {
    let had: Vec<u16> = guard::Options::new(&message.options).map(|(code, _)| code).collect();
    (1..=150).filter(|code| !had.contains(code) && *code != code::STATUS).fold(message, |m, code| m.with(code, &[]))
}

/// A server that answers every message in its own way, at once, for two minutes: the lease, and how many messages there were.
fn meet(change: fn(FromServer) -> FromServer) -> (Option<Lease>, Vec<u64>) {
    let mut bench = Bench::new(Config { timing: Timing::Prompt, ..config() });
    let mut times = Vec::new();
    while bench.now < Instant::from_millis(120_000) {
        let (messages, until) = bench.drain();
        for question in &messages {
            times.push(bench.now.as_millis());
            let kind = if question[0] == kind::SOLICIT { kind::ADVERTISE } else { kind::REPLY };
            let answer = FromServer::answer(kind, question).with_address(1);
            let answer = answer.with(code::DNS_SERVERS, &address(53).octets()).with(code::PREFERENCE, &[255]);
            bench.receives(&change(answer));
        }
        let bound = std::mem::take(&mut bench.events).into_iter().find_map(|event| match event {
            Event::Bound(lease) => Some(*lease),
            _ => None,
        });
        match until {
            _ if bound.is_some() => return (bound, times),
            Some(until) if messages.is_empty() => {
                bench.now = until;
                bench.client.handle_timeout(until);
            }
            None if messages.is_empty() => break,
            _ => {}
        }
    }
    (None, times)
}

#[test]
fn nothing_wrong_is_accepted_and_every_harmless_server_gives_a_lease() {
    for (name, change, outcome) in TABLE {
        match (outcome, meet(*change).0) {
            (Nothing, None) => {}
            (Gives(check), Some(lease)) if check(&lease) => {}
            (_, lease) => panic!("{name}: {lease:#?}"),
        }
    }
}

#[test]
fn whatever_the_server_says_at_most_four_messages_leave_in_a_second() {
    for (name, change, _) in TABLE {
        let (_, times) = meet(*change);
        assert!(times.windows(5).all(|five| five[4] - five[0] >= 1000), "{name}: {times:?}");
    }
}
