//! What is asked for, what is understood of the answers, and what is remembered.

use proptest::prelude::*;

use super::*;

/// The lease of a reply with one address and the options that `add` adds; and what was dropped of it.
fn lease_of(config: Config, add: impl Fn(FromServer) -> FromServer) -> (Lease, Vec<u16>) {
    let mut bench = Bench::new(Config { rapid_commit: true, ..config });
    let solicit = bench.sends(kind::SOLICIT);
    bench.receives(&add(FromServer::reply(&solicit).with(code::RAPID_COMMIT, &[])).with_address(1));
    let lease = bench.bound();
    let dropped = bench.events.iter().find_map(|event| match event {
        Event::OptionsDropped { codes } => Some(codes.clone()),
        _ => None,
    });
    (lease, dropped.unwrap_or_default())
}

fn with(code: u16, value: &[u8]) -> (Lease, Vec<u16>) {
    lease_of(config(), |reply| reply.with(code, value))
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[test]
fn r6_10_name_servers_search_list_time_servers_boot_file_and_name_are_read() {
    let ntp_address = [&[0, 1, 0, 16][..], &address(7).octets()].concat();
    let ntp_name = b"\0\x03\0\x06\x04time\0";
    let (lease, dropped) = lease_of(config(), |reply| {
        reply
            .with(code::DNS_SERVERS, &[address(53).octets(), address(54).octets()].concat())
            .with(code::DOMAIN_LIST, b"\x07example\x03org\0\x01b\0")
            .with(code::NTP_SERVER, &ntp_address)
            .with(code::NTP_SERVER, ntp_name)
            .with(code::SNTP_SERVERS, &address(8).octets())
            .with(code::BOOT_FILE_URL, b"tftp://[fd77::1]/boot.efi")
            .with(code::BOOT_FILE_PARAMETERS, b"\0\x07ip=auto\0\x01x")
            .with(code::FQDN, b"\x01\x04node\x07example\x03org\0")
    });
    assert!(dropped.is_empty());
    assert_eq!(lease.dns, [address(53), address(54)]);
    let texts = |names: &[crate::proto::names::DomainName]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(texts(&lease.search), ["example.org", "b"]);
    let ntp: Vec<_> = lease.ntp.iter().map(ToString::to_string).collect();
    assert_eq!(ntp, ["fd77::7", "time", "fd77::8"]);
    assert_eq!(lease.boot_file_url.unwrap().as_str(), "tftp://[fd77::1]/boot.efi");
    let parameters: Vec<_> = lease.boot_file_params.iter().map(ToString::to_string).collect();
    assert_eq!(parameters, ["ip=auto", "x"]);
    assert_eq!(lease.fqdn.unwrap().as_str(), "node.example.org");
}

#[test]
fn r6_10_a_bad_option_costs_that_option_and_never_the_lease() {
    let cases: [(u16, &[u8]); 18] = [
        (code::DNS_SERVERS, &[1; 5]),
        (code::DNS_SERVERS, &[]),
        (code::DNS_SERVERS, &[1; 17]),
        (code::DOMAIN_LIST, b"\x07exam"),
        (code::DOMAIN_LIST, b"\xc0\x00"),
        (code::NTP_SERVER, &[0, 1, 0, 16, 1]),
        (code::NTP_SERVER, &[0, 3, 0, 2, 9, 9]),
        (code::SNTP_SERVERS, &[1; 15]),
        (code::BOOT_FILE_URL, b"tftp://a/';reboot;'"),
        (code::BOOT_FILE_URL, b""),
        (code::BOOT_FILE_PARAMETERS, b"\0\x09short"),
        (code::BOOT_FILE_PARAMETERS, b"\0\x03$()"),
        (code::FQDN, b""),
        (code::FQDN, b"\x01\x05a';x'\0"),
        (code::PREFERENCE, &[]),
        (code::STATUS, &[0]),
        (code::SOL_MAX_RT, &[0, 60]),
        (code::IA_NA, &[0; 11]),
    ];
    for (code, value) in cases {
        let (lease, dropped) = with(code, value);
        assert_eq!((lease.addresses.len(), dropped), (1, vec![code]), "{code} {value:?}");
    }
    let (lease, dropped) = with(code::DNS_SERVERS, &[Ipv6Addr::UNSPECIFIED.octets(), address(53).octets()].concat());
    assert_eq!((lease.dns, dropped.len()), (vec![address(53)], 0));
}

#[test]
fn r6_06_an_ia_with_a_bad_status_or_t1_over_t2_or_of_another_is_ignored() {
    let good = (code::IA_ADDRESS, ia_address(address(9), 10, 20, &[]));
    let cases = [
        ia(IAID, 0, 0, &[good.clone(), status(6, "")]),
        ia(IAID, 0, 0, &[status(1, ""), good.clone()]),
        ia(IAID, 0, 0, &[(code::STATUS, vec![0]), good.clone()]),
        ia(IAID, 200, 100, std::slice::from_ref(&good)),
        ia(IAID, u32::MAX, 100, std::slice::from_ref(&good)),
        ia(IAID + 1, 0, 0, std::slice::from_ref(&good)),
        ia(IAID, 0, 0, &[]),
        ia(IAID, 0, 0, &[(code::IA_ADDRESS, ia_address(address(9), 10, 20, &[status(1, "")]))]),
    ];
    for case in cases {
        let (lease, _) = with(code::IA_NA, &case);
        assert_eq!(lease.addresses.len(), 1);
        assert_eq!(lease.addresses[0].address, address(1), "the good IA behind it counts: {case:?}");
    }
    let times = |t1, t2| {
        let lease =
            with(code::IA_NA, &ia(IAID, t1, t2, &[(code::IA_ADDRESS, ia_address(address(9), 1000, 2000, &[]))])).0;
        (lease.t1, lease.t2)
    };
    assert_eq!(times(100, 100), (seconds(100), seconds(100)));
    assert_eq!(times(900, 0), (seconds(900), seconds(900)), "T2 is ours to choose, but not before T1");
    assert_eq!(times(0, 300), (seconds(300), seconds(300)));
    assert_eq!(times(u32::MAX, u32::MAX), (seconds(2000), seconds(2000)), "never is when it expires");
}

#[test]
fn r6_12_nested_options_that_overrun_cost_what_stands_behind_them() {
    let mut body = ia(IAID, 0, 0, &[(code::IA_ADDRESS, ia_address(address(9), 10, 20, &[]))]);
    body.extend([0, 5, 0, 24, 0xfd]);
    assert_eq!(with(code::IA_NA, &body).0.addresses[0].address, address(9));
    let mut inner = ia_address(address(9), 10, 20, &[]);
    inner.extend([0, 13, 0xff, 0xff, 0]);
    let lease = with(code::IA_NA, &ia(IAID, 0, 0, &[(code::IA_ADDRESS, inner)])).0;
    assert_eq!(lease.addresses[0].address, address(9));
    let short = ia_address(address(9), 10, 20, &[])[..23].to_vec();
    let lease = with(code::IA_NA, &ia(IAID, 0, 0, &[(code::IA_ADDRESS, short)])).0;
    assert_eq!(lease.addresses[0].address, address(1));
}

#[test]
fn r6_12_what_the_codec_crate_panics_on_is_harmless() {
    for code in [code::STATUS, 16, 17] {
        for length in 0..8 {
            let (lease, _) = with(code, &[0; 8][..length]);
            assert_eq!(lease.addresses.len(), 1);
        }
    }
}

#[test]
fn r6_13_an_address_preferred_for_longer_than_valid_is_ignored() {
    let inner = [
        (code::IA_ADDRESS, ia_address(address(8), 21, 20, &[])),
        (code::IA_ADDRESS, ia_address(address(9), u32::MAX, 20, &[])),
        (code::IA_ADDRESS, ia_address(address(7), 0, 0, &[])),
        (code::IA_ADDRESS, ia_address(address(6), u32::MAX, u32::MAX, &[])),
        (code::IA_ADDRESS, ia_address(address(6), 1, 1, &[])),
        (code::IA_ADDRESS, ia_address(address(5), 0, 20, &[])),
    ];
    let (lease, _) = with(code::IA_NA, &ia(IAID, 0, 0, &inner));
    let kept: Vec<_> = lease.addresses.iter().map(|a| (a.address, a.preferred, a.valid)).collect();
    let expected = [(address(6), Duration::MAX, Duration::MAX), (address(5), Duration::ZERO, seconds(20))];
    assert_eq!(kept, expected);
    assert_eq!(lease.expires(), None, "0xffffffff is for ever");
}

#[test]
fn addresses_that_nobody_may_have_are_ignored() {
    for bad in ["::", "::1", "ff02::1", "ff0e::1", "fe80::1", "::ffff:192.0.2.1"] {
        let inner = [(code::IA_ADDRESS, ia_address(bad.parse().unwrap(), 10, 20, &[]))];
        let (lease, _) = with(code::IA_NA, &ia(IAID, 0, 0, &inner));
        assert_eq!(lease.addresses[0].address, address(1), "{bad}");
    }
}

#[test]
fn a_prefix_is_asked_for_and_taken_if_wanted() {
    let prefixes = |value: &[u8]| {
        let body = ia(IAID, 50, 60, &[(code::IA_PREFIX, value.to_vec())]);
        let reply = |reply: FromServer| reply.with(code::IA_PD, &body);
        assert_eq!(lease_of(config(), reply).0.prefixes, [], "not wanted");
        lease_of(Config { want_prefix: Some(56), ..config() }, reply).0
    };
    let lease = prefixes(&ia_prefix("fd78:0:0:5500::/56", 70, 80));
    let expected = Prefix { prefix: "fd78:0:0:5500::/56".parse().unwrap(), preferred: seconds(70), valid: seconds(80) };
    assert_eq!(lease.prefixes, [expected]);
    assert_eq!((lease.t1, lease.t2), (seconds(50), seconds(60)), "the earliest of both kinds");
    for bad in ["fe80::/64", "::/56", "ff00::/8", "fd78::/0"] {
        assert_eq!(prefixes(&ia_prefix(bad, 70, 80)).prefixes, [], "{bad}");
    }
    let mut overlong = ia_prefix("fd78::/56", 70, 80);
    overlong[8] = 129;
    assert_eq!(prefixes(&overlong).prefixes, []);
}

#[test]
fn the_length_of_a_wanted_prefix_is_a_hint() {
    let wish = |length| {
        let mut bench = Bench::new(Config { want_prefix: Some(length), ..config() });
        option(&bench.sends(kind::SOLICIT), code::IA_PD).unwrap()
    };
    assert_eq!(wish(0), ia(IAID, 0, 0, &[]));
    assert_eq!(wish(56), ia(IAID, 0, 0, &[(code::IA_PREFIX, ia_prefix("::/56", 0, 0))]));
    assert_eq!(wish(200), ia(IAID, 0, 0, &[]));
}

#[test]
fn the_name_and_the_hint_are_sent() {
    let sent = |fqdn: &str| {
        let mut bench = Bench::new(Config { fqdn: Some(fqdn.to_owned()), previous: vec![address(5)], ..config() });
        bench.sends(kind::SOLICIT)
    };
    let message = sent("node.example.org");
    assert_eq!(option(&message, code::FQDN).unwrap(), b"\x01\x04node\x07example\x03org\0");
    let hint = ia(IAID, 0, 0, &[(code::IA_ADDRESS, ia_address(address(5), 0, 0, &[]))]);
    assert_eq!(option(&message, code::IA_NA).unwrap(), hint);
    assert_eq!(option(&sent("node"), code::FQDN).unwrap(), b"\x01\x04node");
    assert_eq!(option(&sent("no de"), code::FQDN), None);
}

#[test]
fn counts_are_capped() {
    let addresses: Vec<_> = (1..1000).map(|n| (code::IA_ADDRESS, ia_address(address(n), 10, 20, &[]))).collect();
    assert_eq!(with(code::IA_NA, &ia(IAID, 0, 0, &addresses)).0.addresses.len(), Lease::MAX_ADDRESSES);
    let servers: Vec<u8> = (1..1000).flat_map(|n| address(n).octets()).collect();
    assert_eq!(with(code::DNS_SERVERS, &servers).0.dns.len(), Lease::MAX_SERVERS);
    assert_eq!(with(code::SNTP_SERVERS, &servers).0.ntp.len(), Lease::MAX_SERVERS);
    let parameters = [0, 1, b'x'].repeat(1000);
    assert_eq!(with(code::BOOT_FILE_PARAMETERS, &parameters).0.boot_file_params.len(), 32);
}

#[test]
fn the_duid_and_the_iaid_are_those_of_the_hardware_address() {
    let mac: HwAddr = "52:54:00:77:00:02".parse().unwrap();
    assert_eq!(duid_ll(1, &mac), [0, 3, 0, 1, 0x52, 0x54, 0, 0x77, 0, 2]);
    assert_eq!(iaid_from_mac(&mac), 0x0077_0002);
    let infiniband = HwAddr::new(&(1..=20).collect::<Vec<u8>>()).unwrap();
    assert_eq!((duid_ll(32, &infiniband).len(), iaid_from_mac(&infiniband)), (24, 0x1112_1314));
}

#[test]
fn a_lease_is_remembered_whole() {
    let prefix = ia(IAID, 50, 60, &[(code::IA_PREFIX, ia_prefix("fd78::/56", 70, u32::MAX))]);
    let ntp = b"\0\x03\0\x06\x04time\0";
    let (mut lease, _) = lease_of(Config { want_prefix: Some(0), ..config() }, |reply| {
        reply
            .with(code::IA_PD, &prefix)
            .with(code::DNS_SERVERS, &[address(53).octets(), address(54).octets()].concat())
            .with(code::DOMAIN_LIST, b"\x07example\x03org\0\x01b\0")
            .with(code::NTP_SERVER, ntp)
            .with(code::SNTP_SERVERS, &address(8).octets())
            .with(code::BOOT_FILE_URL, b"tftp://[fd77::1]/boot.efi")
            .with(code::BOOT_FILE_PARAMETERS, b"\0\x07ip=auto\0\x01x")
            .with(code::FQDN, b"\x01\x04node\0")
    });
    lease.refresh_time = Some(seconds(600));
    lease.acquired = Instant::from_millis(12_345);
    let pairs = lease.to_pairs();
    assert_eq!(pairs.len(), 15, "every field is written");
    assert_eq!(Lease::from_pairs(&pairs), Some(lease));
    let harmless = |b: u8| b.is_ascii_alphanumeric() || b" ,.:/-_[]=".contains(&b);
    for (key, value) in &pairs {
        assert!(key.bytes().chain(value.bytes()).all(harmless), "{key}={value}");
    }
}

#[test]
fn a_damaged_memory_is_no_lease_or_a_sane_one() {
    let pairs = bound().1.to_pairs();
    for key in ["acquired", "duid", "iaid", "server-duid"] {
        let without: Vec<_> = pairs.iter().filter(|(k, _)| k != key).cloned().collect();
        assert_eq!(Lease::from_pairs(&without), None, "{key}");
    }
    let with = |key: &str, value: &str| {
        let mut pairs = pairs.clone();
        pairs.retain(|(k, _)| k != key);
        pairs.push((key.to_owned(), value.to_owned()));
        Lease::from_pairs(&pairs)
    };
    for bad in ["fe80::1,1,1", "fd77::1,2,1", "fd77::1,0,0", "fd77::1,1", "fd77::1,1,1 ", "fd77::1,1,1,1", "x,1,1"] {
        assert_eq!(with("addresses", bad).unwrap().addresses, [], "{bad}");
    }
    for bad in ["", "0", "0g", "é", &"00".repeat(131)] {
        assert_eq!(with("duid", bad), None, "{bad}");
    }
    assert_eq!(with("t1", "infinite").unwrap().t1, seconds(800), "T1 is not after T2");
}

proptest! {
    #[test]
    fn no_memory_makes_it_panic(
        key in prop::sample::select(vec!["addresses", "prefixes", "duid", "t1", "acquired", "iaid", "dns", "search"]),
        value in "[0-9a-f:,./ einft]{0,60}|\\PC{0,20}",
    ) {
        let mut pairs = bound().1.to_pairs();
        pairs.push((key.to_owned(), value));
        if let Some(lease) = Lease::from_pairs(&pairs) {
            let far = Instant::from_millis(u64::MAX);
            prop_assert_eq!(Lease::from_pairs(&lease.to_pairs()), Some(lease.clone()));
            let _ = (lease.expires(), lease.remaining(far));
            Bench::of(Client::renew(config(), &lease, far)).drain();
        }
    }
}
