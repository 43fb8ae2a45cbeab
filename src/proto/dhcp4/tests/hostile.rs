//! Servers that peers were measured against: what a careful client refuses must be refused, what is harmless must not cost the
//! lease. A server does the same in OFFER and ACK. One row, one server.

use super::*;

/// What must come of a server.
enum Outcome {
    /// No lease, however long it goes on.
    Nothing,
    /// A lease, and this is true of it.
    Lease(fn(&Lease) -> bool),
}

use Outcome::{Lease as Gives, Nothing};

/// A row: what the server does, whether a peer was seen to accept it wrongly, the change to its replies, and the outcome.
type Row = (&'static str, bool, fn(Reply) -> Reply, Outcome);

const WRONG: bool = true;
const HARMLESS: bool = false;

const TABLE: &[Row] = &[
    ("wrong xid", HARMLESS, |r| r.header(4, &[1, 2, 3, 4]), Nothing),
    ("wrong chaddr", HARMLESS, |r| r.header(28, &[2, 9, 9, 9, 9, 9]), Nothing),
    ("yiaddr 0.0.0.0", WRONG, |r| r.yiaddr(Ipv4Addr::UNSPECIFIED), Nothing),
    ("yiaddr 255.255.255.255", WRONG, |r| r.yiaddr(Ipv4Addr::BROADCAST), Nothing),
    ("yiaddr 224.0.0.5", WRONG, |r| r.yiaddr(Ipv4Addr::new(224, 0, 0, 5)), Nothing),
    ("yiaddr 127.0.0.1", WRONG, |r| r.yiaddr(Ipv4Addr::LOCALHOST), Nothing),
    ("op is request", WRONG, |r| r.header(0, &[1]), Nothing),
    ("magic cookie zero", WRONG, |r| r.header(236, &[0; 4]), Nothing),
    ("no lease time", WRONG, |r| r.without(51), Nothing),
    ("lease time 0", WRONG, |r| r.with(51, &[0; 4]), Nothing),
    ("no mask", WRONG, |r| r.without(1), Nothing),
    ("mask of 3 bytes", WRONG, |r| r.with(1, &[255, 255, 255]), Nothing),
    (
        "no END option",
        WRONG,
        |r| r.tail(&[]),
        Gives(|l| l.dns == [SERVER] && l.hostname.is_none() && l.dropped.is_empty()),
    ),
    ("NAK then ACK in one", WRONG, |r| r.tail(&[53, 1, NAK, 255]), Nothing),
    ("mask with holes", HARMLESS, |r| r.with(1, &[255, 0, 255, 0]), Nothing),
    ("no server id", HARMLESS, |r| r.without(54), Gives(|l| l.server == SERVER)),
    ("server id of 3 bytes", HARMLESS, |r| r.with(54, &[1, 2, 3]), Gives(|l| l.server == SERVER)),
    ("121 with width 33", HARMLESS, |r| r.with(121, &[33, 1, 2, 3, 4, 5, 192, 0, 2, 1]), Gives(default_only)),
    ("121 cut off", HARMLESS, |r| r.with(121, &[24, 10, 0, 0, 192, 0]), Gives(default_only)),
    ("0/1 and 128/1", HARMLESS, |r| r.with(121, &HALVES), Gives(|l| l.routes().len() == 2)),
    (
        "last option over the end",
        HARMLESS,
        |r| r.tail(&[12, 200, b'a', b'b', b'c']),
        Gives(|l| l.hostname.is_none() && cut(l)),
    ),
    ("code without length at the end", HARMLESS, |r| r.tail(&[12]), Gives(cut)),
    ("valid overload", HARMLESS, |r| r.with(52, &[1]).header(108, b"\x0c\x01a\xff"), Gives(|l| named(l, "a"))),
    ("overload 7", HARMLESS, |r| r.with(52, &[7]).header(108, b"\x0c\x01a\xff"), Gives(|l| l.hostname.is_none())),
    (
        "overload of 2 bytes",
        HARMLESS,
        |r| r.with(52, &[1, 3]).header(108, b"\x0c\x01a\xff"),
        Gives(|l| l.hostname.is_none()),
    ),
    ("overload that overruns", HARMLESS, |r| r.with(52, &[1]).header(234, &[12, 9]), Gives(|l| l.hostname.is_none())),
    ("host name $(...)", HARMLESS, |r| r.with(12, b"$(reboot)"), Gives(|l| l.hostname.is_none() && noted(l, 12))),
    ("host name with newline", HARMLESS, |r| r.with(12, b"a\nb"), Gives(|l| l.hostname.is_none() && noted(l, 12))),
    ("domain with quotes", HARMLESS, |r| r.with(15, b"'; reboot; '"), Gives(|l| l.domain.is_none() && noted(l, 15))),
    (
        "root path with quotes",
        HARMLESS,
        |r| r.with(17, b"'; reboot; '"),
        Gives(|l| l.root_path.is_none() && noted(l, 17)),
    ),
    (
        "boot file with backquotes",
        HARMLESS,
        |r| r.with(67, b"`reboot`"),
        Gives(|l| l.boot_file.is_none() && noted(l, 67)),
    ),
    ("boot file in the header", HARMLESS, |r| r.header(108, b"a;b"), Gives(|l| l.boot_file.is_none() && noted(l, 67))),
    (
        "TFTP name with a pipe",
        HARMLESS,
        |r| r.with(66, b"a|b"),
        Gives(|l| l.tftp_server_name.is_none() && noted(l, 66)),
    ),
    (
        "search list that loops",
        HARMLESS,
        |r| r.with(119, b"\x01a\xc0\x00"),
        Gives(|l| l.search.is_empty() && noted(l, 119)),
    ),
    (
        "240 DNS servers",
        HARMLESS,
        |r| r.with(6, &SERVER.octets().repeat(240)),
        Gives(|l| l.dns.len() == 16 && noted(l, 6)),
    ),
    (
        "300 search domains",
        HARMLESS,
        |r| r.with(119, &b"\x01a\0".repeat(300)),
        Gives(|l| l.search.len() == 32 && noted(l, 119)),
    ),
    ("170 routes", HARMLESS, |r| r.with(121, &many_routes()), Gives(|l| l.routes().len() <= 64 && noted(l, 121))),
    ("DNS of 5 bytes", HARMLESS, |r| r.with(6, &[192, 0, 2, 1, 9]), Gives(|l| l.dns.is_empty() && default_only(l))),
    ("router 0.0.0.0", HARMLESS, |r| r.with(3, &[0; 4]), Gives(|l| l.routers.is_empty() && noted(l, 3))),
    ("router of 3 bytes", HARMLESS, |r| r.with(3, &[192, 0, 2]), Gives(|l| l.routers.is_empty() && l.dns == [SERVER])),
    ("MTU 0", HARMLESS, |r| r.with(26, &[0, 0]), Gives(|l| l.mtu.is_none() && noted(l, 26))),
    ("MTU of 1 byte", HARMLESS, |r| r.with(26, &[9]), Gives(|l| l.mtu.is_none() && noted(l, 26))),
    ("T1 after T2", HARMLESS, |r| r.with(58, &[0, 0, 9, 9]).with(59, &[0, 0, 1, 1]), Gives(|l| l.t1 < l.t2)),
    ("option 108 unasked", HARMLESS, |r| r.with(108, &[0, 0, 7, 8]), Gives(default_only)),
    ("siaddr 255.255.255.255", HARMLESS, |r| r.header(20, &[255; 4]), Gives(|l| l.next_server.is_none())),
    ("hlen 255", HARMLESS, |r| r.header(2, &[255]), Gives(default_only)),
    ("rapid commit of 9 bytes", HARMLESS, |r| r.with(80, &[0; 9]), Gives(default_only)),
    ("FQDN of 1 byte", HARMLESS, |r| r.with(81, &[0]), Gives(default_only)),
    ("empty option of every code", HARMLESS, every_code_empty, Gives(default_only)),
    ("mask sent twice", HARMLESS, |r| r.tail(&[1, 4, 255, 255, 255, 0, 255]), Gives(|l| l.prefix_len == 24)),
    ("two masks", HARMLESS, |r| r.tail(&[1, 4, 255, 255, 0, 0, 255]), Nothing),
    ("nothing but padding", HARMLESS, |r| Reply { options: Vec::new(), ..r }.tail(&[0; 300]), Nothing),
    ("yiaddr 0.1.2.3", HARMLESS, |r| r.yiaddr(Ipv4Addr::new(0, 1, 2, 3)), Nothing),
    ("yiaddr 240.0.0.1", HARMLESS, |r| r.yiaddr(Ipv4Addr::new(240, 0, 0, 1)), Nothing),
    ("lease time of 5 bytes", HARMLESS, |r| r.with(51, &[0, 0, 14, 16, 0]), Nothing),
    (
        "lease for ever",
        HARMLESS,
        |r| r.with(51, &[0xff; 4]),
        Gives(|l| l.lease_time.is_none() && l.expires().is_none()),
    ),
    ("server id twice, differing", HARMLESS, |r| r.tail(&[54, 4, 192, 0, 2, 66, 255]), Gives(|l| l.server == SERVER)),
    ("server id 255.255.255.255", HARMLESS, |r| r.with(54, &[255; 4]), Gives(|l| l.server == SERVER)),
    ("host name with a NUL inside", HARMLESS, |r| r.with(12, b"a\0b"), Gives(|l| l.hostname.is_none() && noted(l, 12))),
    ("host name like an option", HARMLESS, |r| r.with(12, b"-rf"), Gives(|l| l.hostname.is_none() && noted(l, 12))),
    ("host name of 300", HARMLESS, |r| r.with(12, &[b'a'; 300]), Gives(|l| l.hostname.is_none() && noted(l, 12))),
    ("root path like an option", HARMLESS, |r| r.with(17, b"-oexec"), Gives(|l| l.root_path.is_none() && noted(l, 17))),
    ("MTU 67", HARMLESS, |r| r.with(26, &[0, 67]), Gives(|l| l.mtu.is_none() && noted(l, 26))),
    ("MTU 68", HARMLESS, |r| r.with(26, &[0, 68]), Gives(|l| l.mtu == Some(68))),
    ("NTP of 3 bytes", HARMLESS, |r| r.with(42, &[192, 0, 2]), Gives(|l| l.ntp.is_empty() && noted(l, 42))),
    ("router 127.0.0.1", HARMLESS, |r| r.with(3, &[127, 0, 0, 1]), Gives(|l| l.routers.is_empty() && noted(l, 3))),
    (
        "name servers nobody can be",
        HARMLESS,
        |r| r.with(6, &[255, 255, 255, 255, 0, 0, 0, 0]),
        Gives(|l| l.dns.is_empty()),
    ),
    ("hops 255 and a relay", HARMLESS, |r| r.header(3, &[255]).header(24, &[10, 9, 8, 7]), Gives(default_only)),
    ("server name and file of ones", HARMLESS, |r| r.header(44, &[0xff; 192]), Gives(default_only)),
    ("vendor and agent noise", HARMLESS, |r| r.with(43, &[1, 250, 3]).with(82, &[9; 3]), Gives(default_only)),
    ("1500 bytes and one", HARMLESS, |r| r.tail(&[0; 1300]), Nothing),
];

const HALVES: [u8; 12] = [1, 0, 192, 0, 2, 1, 1, 128, 192, 0, 2, 1];

fn many_routes() -> Vec<u8> {
    (0..170).flat_map(|n| [16, 10, n, 192, 0, 2, 1]).collect()
}

/// Every code that has not got a value yet, with none.
fn every_code_empty(mut reply: Reply) -> Reply {
    for code in (1..=254).filter(|code| ![1, 3, 6, 51, 52, 53, 54, 61].contains(code)) {
        reply = reply.with(code, &[]);
    }
    reply
}

fn default_only(lease: &Lease) -> bool {
    lease.routes() == [(ipnet::Ipv4Net::default(), Some(SERVER))]
}

fn noted(lease: &Lease, code: u8) -> bool {
    lease.dropped.iter().any(|dropped| dropped.code == code)
}

fn cut(lease: &Lease) -> bool {
    noted(lease, 0)
}

fn named(lease: &Lease, name: &str) -> bool {
    lease.hostname.as_ref().is_some_and(|hostname| hostname.as_str() == name)
}

/// A server that answers every DISCOVER and REQUEST in its own way, at once, for a minute.
fn meet(change: fn(Reply) -> Reply) -> Bench {
    let mut bench = Bench::new(config());
    while bench.now < at(60_000) && bench.lease().is_none() {
        let kind = if bench.last().kind() == DISCOVER { OFFER } else { ACK };
        let said = bench.sent.len();
        send!(bench, change(Reply::new(kind)));
        if bench.sent.len() == said && bench.lease().is_none() {
            bench.next();
        }
    }
    bench
}

#[test]
fn none_of_the_twelve_wrong_accepts_and_every_harmless_server_gives_a_lease() {
    let mut wrong = 0;
    for (name, counts, change, outcome) in TABLE {
        let bench = meet(*change);
        match (outcome, bench.lease()) {
            (Nothing, None) => {}
            (Gives(check), Some(lease)) if check(lease) => {}
            (_, lease) => panic!("{name}: {lease:#?}"),
        }
        wrong += usize::from(*counts);
    }
    assert_eq!(wrong, 12);
}

#[test]
fn whatever_the_server_says_the_link_sees_at_most_four_packets_a_second() {
    for (name, _, change, _) in TABLE {
        let bench = meet(*change);
        let times: Vec<u64> = bench.sent.iter().map(|(time, _)| time.as_millis()).collect();
        assert!(times.windows(5).all(|five| five[4] - five[0] >= 1000), "{name}: {times:?}");
    }
}

#[test]
fn what_is_refused_is_said_but_not_each_time() {
    for (name, _, change, outcome) in TABLE {
        let foreign = matches!(*name, "wrong xid" | "wrong chaddr");
        let events = meet(*change).events;
        if let Nothing = outcome {
            assert_eq!(events.iter().any(|(_, event)| matches!(event, Event::Ignored { .. })), !foreign, "{name}");
        }
        assert!(events.len() < 60, "{name}: {} events in a minute", events.len());
    }
}
