//! One test (or more) for each line of the conformance list 4-01 to 4-21, named by it. Lines about shape (4-09) and schedule
//! (4-10) have theirs beside `guard.rs` and `retry.rs` too.

use super::*;

/// A client that has just got this OFFER.
fn offered(config: Config, offer: &Reply) -> Bench {
    let mut bench = Bench::new(config);
    send!(bench, offer);
    bench
}

/// The lease that this ACK makes, if any.
fn lease_of(ack: &Reply) -> Option<Lease> {
    let mut bench = offered(config(), &Reply::new(OFFER));
    send!(bench, ack);
    bench.lease().cloned()
}

fn net(text: &str) -> ipnet::Ipv4Net {
    text.parse().unwrap()
}

fn address(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

#[test]
fn r4_01_only_replies_to_us_are_accepted() {
    let offer = || Reply::new(OFFER);
    let cases = [
        ("op is request", offer().header(0, &[1])),
        ("another xid", offer().header(4, &[9, 9, 9, 9])),
        ("another chaddr", offer().header(28, &[2, 0, 0, 0, 0, 9])),
        ("no cookie", offer().header(236, &[0, 0, 0, 0])),
        ("wrong cookie", offer().header(239, &[98])),
        ("no message type", offer().without(53)),
    ];
    for (name, reply) in cases {
        let mut bench = Bench::new(config());
        send!(bench, time 10, reply);
        recv!(bench, [DISCOVER]);
        assert_eq!(bench.lease(), None, "{name}");
    }
    let mut bench = Bench::new(config());
    send!(bench, time 10, offer());
    recv!(bench, [DISCOVER, REQUEST]);
}

#[test]
fn r4_02_discover_and_request_carry_what_the_rfc_says() {
    let mut bench = Bench::new(config());
    send!(bench, time 10, Reply::new(OFFER));
    let sent = recv!(bench, [DISCOVER, REQUEST]);
    let (discover, request) = (&sent[0].1, &sent[1].1);
    assert_eq!((discover.ciaddr(), discover.address(50), discover.address(54)), (Ipv4Addr::UNSPECIFIED, None, None));
    assert_eq!(request.ciaddr(), Ipv4Addr::UNSPECIFIED);
    assert_eq!((request.address(50), request.address(54)), (Some(ADDRESS), Some(SERVER)));
    assert_eq!(request.xid(), discover.xid());
    for sent in [discover, request] {
        assert_eq!((sent.source, sent.destination), (Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST));
        assert_eq!((&sent.bytes[..4], &sent.bytes[28..34]), (&[1, 1, 6, 0][..], &MAC[..]));
        assert_eq!(sent.bytes.len(), 300, "padded for old relays");
    }
}

#[test]
fn r4_03_addresses_that_no_host_can_have_are_ignored() {
    for bad in ["0.0.0.0", "0.1.2.3", "255.255.255.255", "224.0.0.5", "240.0.0.1", "127.0.0.1"] {
        let mut bench = Bench::new(config());
        send!(bench, time 10, Reply::new(OFFER).yiaddr(address(bad)));
        recv!(bench, [DISCOVER]);
        assert_eq!(bench.ignored(), [Reject::Address], "{bad}");
        assert_eq!(lease_of(&Reply::new(ACK).yiaddr(address(bad))), None, "{bad}");
    }
}

#[test]
fn r4_03_a_server_without_identifier_is_known_by_its_address() {
    let mut bench = Bench::new(config());
    send!(bench, time 10, Reply::new(OFFER).without(54));
    recv!(bench, [DISCOVER]);
    bench.next();
    let sent = recv!(bench, [REQUEST]);
    assert_eq!(sent[0].1.address(54), Some(SERVER), "taken at the retry, as nobody better came");
    send!(bench, Reply::new(ACK).without(54));
    assert_eq!(bench.lease().unwrap().server, SERVER);
}

#[test]
fn r4_03_an_offer_with_identifier_is_preferred() {
    let mut bench = Bench::new(config());
    send!(bench, time 10, Reply::new(OFFER).from(ROGUE).without(54));
    send!(bench, time 20, Reply::new(OFFER));
    let sent = recv!(bench, [DISCOVER, REQUEST]);
    assert_eq!(sent[1].1.address(54), Some(SERVER));
}

#[test]
fn r4_03_an_identifier_that_is_no_address_counts_as_none() {
    for bad in [&[255, 255, 255, 255][..], &[0, 0, 0, 0], &[224, 0, 0, 1], &[127, 0, 0, 1], &[192, 0, 2], &[]] {
        let mut bench = Bench::new(config());
        send!(bench, time 10, Reply::new(OFFER).with(54, bad));
        bench.next();
        assert_eq!(bench.last().address(54), Some(SERVER), "{bad:?}");
    }
    let mut bench = Bench::new(config());
    let mut nameless = Reply::new(OFFER).without(54);
    nameless.source = Ipv4Addr::UNSPECIFIED;
    send!(bench, time 10, nameless);
    assert_eq!(bench.ignored(), [Reject::NoServer]);
}

#[test]
fn r4_04_an_ack_without_lease_time_is_ignored() {
    for ack in [
        Reply::new(ACK).without(51),
        Reply::new(ACK).with(51, &[0, 0, 0, 0]),
        Reply::new(ACK).with(51, &[0, 1, 0]),
        Reply::new(ACK).with(51, &[]),
    ] {
        let mut bench = offered(config(), &Reply::new(OFFER));
        send!(bench, ack);
        assert_eq!((bench.lease(), bench.ignored()), (None, vec![Reject::LeaseTime]));
    }
}

#[test]
fn r4_04_times_are_the_servers_or_the_defaults_and_in_order() {
    let second = std::time::Duration::from_secs(1);
    let times = |lease: u32, t1: Option<u32>, t2: Option<u32>| {
        let mut ack = Reply::new(ACK).with(51, &lease.to_be_bytes());
        for (code, time) in [(58, t1), (59, t2)] {
            ack = time.map_or(ack.clone(), |time| ack.with(code, &time.to_be_bytes()));
        }
        let lease = lease_of(&ack).unwrap();
        assert!(lease.lease_time.is_none_or(|end| lease.t1 < lease.t2 && lease.t2 < end));
        assert!(!lease.t1.is_zero());
        (lease.lease_time, lease.t1, lease.t2)
    };
    assert_eq!(times(800, None, None), (Some(second * 800), second * 400, second * 700));
    assert_eq!(times(800, Some(100), Some(200)), (Some(second * 800), second * 100, second * 200));
    assert_eq!(times(800, Some(200), Some(100)), (Some(second * 800), second * 50, second * 100), "T1 after T2");
    assert_eq!(times(800, Some(900), Some(1000)), (Some(second * 800), second * 400, second * 700), "after the end");
    assert_eq!(times(800, Some(0), Some(0)), (Some(second * 800), second * 400, second * 700));
    assert_eq!(times(u32::MAX, Some(1), Some(2)).0, None, "for ever");
    times(1, None, None);
    times(u32::MAX - 1, None, None);
}

#[test]
fn r4_05_nak_starts_anew_with_growing_pauses() {
    let mut bench = Bench::new(config());
    let mut pauses = Vec::new();
    for _ in 0..10 {
        send!(bench, Reply::new(OFFER));
        while bench.last().kind() != REQUEST {
            bench.next();
        }
        let refused = bench.now;
        send!(bench, Reply::new(NAK).with(56, b"no\nlease"));
        while bench.last().kind() != DISCOVER {
            bench.next();
        }
        pauses.push(bench.now.since(refused).as_millis());
    }
    assert!(pauses[0] < 1000 && pauses[1..].iter().all(|&pause| pause >= 200), "{pauses:?}");
    assert!(pauses[6..].iter().all(|&pause| pause >= 800), "{pauses:?}");
    let nak = bench.events.iter().find_map(|(_, event)| match event {
        Event::Nak { server, message } => Some((*server, message.as_ref().unwrap().to_string())),
        _ => None,
    });
    assert_eq!(nak, Some((SERVER, "no?lease".to_owned())));
}

#[test]
fn r4_05_a_nak_of_another_server_or_an_old_transaction_changes_nothing() {
    let mut bench = offered(config(), &Reply::new(OFFER));
    let xid = bench.last().xid();
    send!(bench, Reply::new(NAK).from(ROGUE));
    assert_eq!(bench.ignored(), [Reject::OtherServer]);
    send!(bench, Reply::new(NAK));
    assert_ne!(bench.last().xid(), xid, "a new transaction");
    recv!(bench, [DISCOVER, REQUEST, DISCOVER]);
    send!(bench, time 300, Reply::new(OFFER));
    bench.packet(SERVER, &Reply::new(NAK).bytes(xid));
    send!(bench, time 1000, Reply::new(ACK));
    assert!(bench.lease().is_some());
}

#[test]
fn r4_06_every_message_has_the_same_identity_and_wishes() {
    let mut bench = Bench::new(Config { hostname: Some("node1".to_owned()), ..config() });
    recv_any_discovers(&mut bench, 3);
    send!(bench, Reply::new(OFFER));
    for _ in 0..2 {
        bench.next();
    }
    send!(bench, Reply::new(ACK));
    bench.run_to(at(1_900_000));
    let sent = std::mem::take(&mut bench.sent);
    assert!(sent.iter().any(|(_, sent)| sent.destination == SERVER), "a renewal is among them");
    for code in [12, 55, 57, 61] {
        let first = sent[0].1.option(code).unwrap();
        assert!(sent.iter().all(|(_, sent)| sent.option(code) == Some(first)), "option {code}");
    }
}

fn recv_any_discovers(bench: &mut Bench, count: usize) {
    while bench.sent.len() < count {
        bench.next();
    }
}

#[test]
fn r4_06_secs_of_request_is_that_of_discover() {
    let mut bench = Bench::new(config());
    bench.run_to(at(9_000));
    let discover = bench.last();
    assert!((5..=9).contains(&discover.secs()), "{}", discover.secs());
    bench.sent.clear();
    bench.run_to(at(9_001));
    bench.client.handle_packet(at(9_001), SERVER, &Reply::new(OFFER).bytes(discover.xid()));
    bench.drain();
    bench.run_to(at(12_000));
    let requests: Vec<_> = bench.sent.iter().filter(|(_, sent)| sent.kind() == REQUEST).collect();
    assert!(requests.len() >= 2);
    assert!(requests.iter().all(|(_, request)| request.secs() == discover.secs()));
}

#[test]
fn r4_07_the_broadcast_flag_is_set_where_unicast_cannot_arrive() {
    assert!(!Bench::new(config()).last().has_broadcast_flag());
    assert!(Bench::new(Config { broadcast: true, ..config() }).last().has_broadcast_flag());
    assert!(Bench::new(infiniband()).last().has_broadcast_flag());
}

#[test]
fn r4_08_the_longest_message_we_take_is_told_and_never_below_576() {
    for (mtu, told) in [(0, 576), (500, 576), (1400, 1400), (1500, 1500), (9000, 1500), (u32::MAX, 1500)] {
        let bench = Bench::new(Config { mtu, ..config() });
        assert_eq!(bench.last().option(57), Some(&u16::to_be_bytes(told)[..]), "{mtu}");
    }
    let long = Reply::new(ACK).with(224, &[0; 200]).with(225, &[0; 120]);
    assert!(long.bytes([1; 4]).len() > 548 && lease_of(&long).is_some());
}

#[test]
fn r4_09_options_in_file_and_sname_make_the_lease() {
    let file = [&[67, 4][..], b"boot", &[255]].concat();
    let sname = [12, 2, b'n', b'1', 255];
    let ack = Reply::new(ACK).with(52, &[3]).header(108, &file).header(44, &sname);
    let lease = lease_of(&ack).unwrap();
    assert_eq!(lease.boot_file.unwrap().as_str(), "boot");
    assert_eq!(lease.hostname.unwrap().as_str(), "n1");
}

#[test]
fn r4_09_a_long_option_in_several_parts_is_one() {
    let routes: Vec<u8> = (0..50).flat_map(|n| [24, 10, 0, n, 192, 0, 2, 1]).collect();
    let lease = lease_of(&Reply::new(ACK).with(121, &routes)).unwrap();
    assert_eq!((lease.classless_routes.len(), lease.dropped.len()), (50, 0));
}

#[test]
fn r4_10_silence_is_answered_by_retries_within_four_a_second() {
    for seed in 0..200 {
        let mut bench = Bench::new(Config { seed, ..config() });
        bench.run_to(at(60_000));
        let times: Vec<u64> = bench.sent.iter().map(|(time, _)| time.as_millis()).collect();
        assert!((50..=250).contains(&times[1]), "{times:?}");
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] <= 4000), "{times:?}");
        assert!(times.windows(5).all(|five| five[4] - five[0] >= 1000), "{times:?}");
        assert!(times.len() < 40, "{}", times.len());
    }
}

#[test]
fn r4_11_an_address_in_use_is_declined_and_ten_seconds_pass() {
    let mut bench = offered(config(), &Reply::new(OFFER));
    send!(bench, Reply::new(ACK));
    bench.run_to(at(200));
    bench.client.decline(at(200));
    bench.drain();
    let sent = recv!(bench, [DISCOVER, REQUEST, 4]);
    let decline = &sent[2].1;
    assert_eq!((decline.address(50), decline.address(54)), (Some(ADDRESS), Some(SERVER)));
    assert_eq!((decline.ciaddr(), decline.destination), (Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST));
    assert_eq!(decline.option(61), sent[0].1.option(61));
    assert_eq!((decline.option(55), decline.option(57)), (None, None), "RFC 2131 table 5");
    recv!(bench, time 10_199, []);
    let sent = recv!(bench, time 10_200, [DISCOVER]);
    assert_eq!(sent[0].1.address(50), None);
}

#[test]
fn r4_11_without_a_lease_there_is_nothing_to_decline() {
    let mut bench = Bench::new(config());
    bench.client.decline(at(0));
    bench.drain();
    recv!(bench, [DISCOVER]);
}

#[test]
fn r4_12_classless_routes_replace_routers_and_static_routes() {
    let both = Reply::new(ACK).with(33, &[10, 9, 8, 7, 192, 0, 2, 9]);
    let plain = lease_of(&both).unwrap();
    assert_eq!(plain.routes(), [(net("10.9.8.7/32"), Some(address("192.0.2.9"))), (net("0.0.0.0/0"), Some(SERVER))]);
    let classless = lease_of(&both.with(121, &[24, 10, 1, 2, 192, 0, 2, 7, 16, 10, 2, 0, 0, 0, 0])).unwrap();
    assert_eq!(classless.routes(), [(net("10.1.2.0/24"), Some(address("192.0.2.7"))), (net("10.2.0.0/16"), None)]);
}

#[test]
fn r4_12_a_bad_classless_option_is_dropped_and_the_lease_kept() {
    for bad in [&[33, 10, 0, 0, 0, 1, 192, 0, 2, 1][..], &[24, 10, 0], &[24, 10, 0, 0, 192, 0, 2], &[0], &[]] {
        let lease = lease_of(&Reply::new(ACK).with(121, bad)).unwrap();
        assert_eq!(lease.routes(), [(net("0.0.0.0/0"), Some(SERVER))], "{bad:?}");
        assert_eq!(lease.dropped[0].code, 121, "{bad:?}");
    }
}

#[test]
fn r4_12_121_is_asked_for_before_3_and_33() {
    let discover = Bench::new(config()).last();
    let wishes = discover.option(55).unwrap();
    let place = |code| wishes.iter().position(|&c| c == code).unwrap();
    assert!(place(121) < place(3) && place(121) < place(33));
    for code in [1, 3, 6, 12, 15, 17, 26, 28, 33, 42, 51, 54, 58, 59, 66, 67, 119, 121, 249] {
        place(code);
    }
}

#[test]
fn r4_12_option_249_stands_in_for_121_only() {
    let ack = Reply::new(ACK).with(249, &[8, 10, 192, 0, 2, 7]);
    assert_eq!(lease_of(&ack).unwrap().routes(), [(net("10.0.0.0/8"), Some(address("192.0.2.7")))]);
    let both = ack.with(121, &[8, 11, 192, 0, 2, 8]);
    assert_eq!(lease_of(&both).unwrap().routes(), [(net("11.0.0.0/8"), Some(address("192.0.2.8")))]);
}

#[test]
fn r4_13_a_reply_with_another_client_id_is_dropped() {
    let ours = [&[1][..], &MAC].concat();
    let mut bench = Bench::new(config());
    send!(bench, time 10, Reply::new(OFFER).with(61, &[1, 9, 9, 9, 9, 9, 9]));
    recv!(bench, [DISCOVER]);
    assert_eq!(bench.ignored(), [Reject::ClientId]);
    send!(bench, time 20, Reply::new(OFFER).with(61, &ours));
    recv!(bench, [REQUEST]);
}

#[test]
fn r4_14_both_forms_of_client_id_are_there_and_sent_as_given() {
    assert_eq!(Bench::new(config()).last().option(61), Some(&[&[1][..], &MAC].concat()[..]));
    let duid = [0, 3, 0, 1, 2, 0, 0x5e, 0x10, 0, 1];
    let id = client_id_from_duid(0x5e10_0001, &duid);
    assert_eq!(id, [&[255, 0x5e, 0x10, 0, 1][..], &duid].concat());
    let mut bench = Bench::new(Config { client_id: Some(id.clone()), ..config() });
    assert_eq!(bench.last().option(61), Some(&id[..]));
    send!(bench, Reply::new(OFFER));
    send!(bench, Reply::new(ACK));
    assert_eq!(bench.lease().unwrap().client_id, Some(id));
    assert_eq!(Bench::new(Config { client_id: None, ..config() }).last().option(61), None);
}

fn infiniband() -> Config {
    let hwaddr: Vec<u8> = (1..=20).collect();
    Config::new(HwAddr::new(&hwaddr).unwrap(), 32, 1)
}

#[test]
fn r4_15_infiniband_sends_no_hardware_address_but_a_client_id() {
    for config in [infiniband(), Config { client_id: None, ..infiniband() }] {
        let mut bench = Bench::new(config);
        let discover = bench.last();
        assert_eq!(&discover.bytes[..3], [1, 32, 0]);
        assert_eq!(discover.bytes[28..44], [0; 16]);
        assert_eq!(discover.option(61), Some(&[32, 13, 14, 15, 16, 17, 18, 19, 20][..]));
        send!(bench, time 10, Reply::new(OFFER).with(61, &[32, 1]));
        assert_eq!(bench.ignored(), [Reject::ClientId], "the identifier stands in for the address");
        send!(bench, time 10, Reply::new(OFFER).with(61, discover.option(61).unwrap()));
        recv!(bench, [DISCOVER, REQUEST]);
    }
}

#[test]
fn r4_16_ipv6_only_is_asked_for_and_believed_only_when_ipv6_is_wanted() {
    let offer = Reply::new(OFFER).with(108, &1800_u32.to_be_bytes());
    let wishes = |bench: &Bench| bench.last().option(55).unwrap().contains(&108);
    let mut bench = Bench::new(config());
    assert!(!wishes(&bench));
    send!(bench, time 10, offer);
    recv!(bench, [DISCOVER, REQUEST]);

    let mut bench = Bench::new(Config { want_ipv6_only: true, ..config() });
    assert!(wishes(&bench));
    send!(bench, time 10, offer);
    assert_eq!(bench.events, [(at(10), Event::IpV6Only { wait: Duration::from_secs(1800) })]);
    recv!(bench, time 1_800_009, [DISCOVER]);
    recv!(bench, time 1_800_010, [DISCOVER]);
}

#[test]
fn r4_16_the_wait_is_never_below_five_minutes() {
    let mut bench = Bench::new(Config { want_ipv6_only: true, ..config() });
    send!(bench, time 10, Reply::new(OFFER).with(108, &[0, 0, 0, 1]));
    recv!(bench, time 300_009, [DISCOVER]);
    recv!(bench, time 300_010, [DISCOVER]);
}

#[test]
fn r4_16_a_malformed_option_108_is_none() {
    let mut bench = Bench::new(Config { want_ipv6_only: true, ..config() });
    send!(bench, time 10, Reply::new(OFFER).with(108, &[0, 0, 1]));
    recv!(bench, [DISCOVER, REQUEST]);
}

#[test]
fn r4_17_two_packets_do_when_both_sides_agree() {
    let rapid = || Bench::new(Config { rapid_commit: true, ..config() });
    let mut bench = rapid();
    assert_eq!(bench.last().option(80), Some(&[][..]));
    send!(bench, time 10, Reply::new(ACK));
    assert_eq!((bench.lease(), bench.ignored()), (None, vec![Reject::Unexpected]), "an ACK without option 80");
    send!(bench, time 11, Reply::new(ACK).with(80, &[]));
    assert_eq!(bench.lease().unwrap().address, ADDRESS);

    let mut bench = rapid();
    send!(bench, time 10, Reply::new(OFFER));
    assert_eq!(bench.last().option(80), None, "a REQUEST does not repeat it");

    let mut bench = Bench::new(config());
    assert_eq!(bench.last().option(80), None);
    send!(bench, time 10, Reply::new(ACK).with(80, &[]));
    assert_eq!(bench.lease(), None, "we did not ask for it");
}

#[test]
fn r4_18_a_dotted_name_goes_as_option_81_and_a_plain_one_as_12() {
    let names = |name: &str| {
        let sent = Bench::new(Config { hostname: Some(name.to_owned()), ..config() }).last();
        (sent.option(12).map(<[u8]>::to_vec), sent.option(81).map(<[u8]>::to_vec))
    };
    assert_eq!(names("node1"), (Some(b"node1".to_vec()), None));
    assert_eq!(names("node1.lab"), (None, Some(b"\x05\0\0\x05node1\x03lab\0".to_vec())));
    assert_eq!(names("a..b"), (None, None));
    assert_eq!(names(&"a".repeat(64)), (None, None));
}

#[test]
fn r4_18_search_lists_are_uncompressed_and_loops_end() {
    let search = |value: &[u8]| {
        let lease = lease_of(&Reply::new(ACK).with(119, value)).unwrap();
        lease.search.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(search(b"\x03eng\x05apple\x03com\0\x09marketing\xc0\x04"), ["eng.apple.com", "marketing.apple.com"]);
    for bad in [&b"\xc0\x00"[..], b"\x01a\xc0\x00", b"\xc0\x02\xc0\x00", b"\x05ab", b"\x02$(\0", b"\0", b""] {
        assert!(search(bad).is_empty(), "{bad:?}");
    }
    assert_eq!(search(b"\x02;a\0\x03a.b\0\x01b\0"), ["b"], "one bad name costs itself");
}

#[test]
fn r4_18_several_words_in_option_15_are_a_search_list() {
    let lease = lease_of(&Reply::new(ACK).with(15, b"a.example b.example")).unwrap();
    assert_eq!(lease.domain.unwrap().as_str(), "a.example");
    assert_eq!(lease.search.len(), 2);
}

#[test]
fn r4_19_anonymous_tells_nothing_about_the_machine() {
    let bench = Bench::new(Config {
        anonymous: true,
        hostname: Some("node1.lab".to_owned()),
        vendor_class: Some(b"vendor".to_vec()),
        client_id: Some(b"\0secret".to_vec()),
        ..config()
    });
    let sent = bench.last();
    assert_eq!((sent.option(12), sent.option(81), sent.option(60)), (None, None, None));
    assert_eq!(sent.option(61), Some(&[&[1][..], &MAC].concat()[..]));
}

#[test]
fn r4_20_a_router_outside_the_prefix_gets_a_route_of_its_own() {
    let lease = |mask: [u8; 4], router: &str| {
        lease_of(&Reply::new(ACK).with(1, &mask).with(3, &address(router).octets())).unwrap()
    };
    let single = lease([255, 255, 255, 255], "198.51.100.1");
    let expected = [(net("198.51.100.1/32"), None), (net("0.0.0.0/0"), Some(address("198.51.100.1")))];
    assert_eq!((single.prefix_len, single.broadcast, single.routes()), (32, None, expected.to_vec()));
    let pair = lease([255, 255, 255, 254], "192.0.2.51");
    let default = vec![(net("0.0.0.0/0"), Some(address("192.0.2.51")))];
    assert_eq!((pair.prefix_len, pair.broadcast, pair.routes()), (31, None, default));
    assert_eq!(lease([255, 255, 255, 0], "192.0.2.1").broadcast, Some(address("192.0.2.255")));
    assert_eq!(lease([255, 255, 255, 0], "192.0.2.50").routes(), [(net("0.0.0.0/0"), None)], "our own address");
}

#[test]
fn r4_20_an_on_link_classless_route_makes_its_routers_reachable() {
    let value = [32, 10, 0, 0, 1, 0, 0, 0, 0, 0, 10, 0, 0, 1, 8, 11, 10, 0, 0, 2];
    let lease = lease_of(&Reply::new(ACK).with(121, &value)).unwrap();
    let expected = [
        (net("10.0.0.1/32"), None),
        (net("0.0.0.0/0"), Some(address("10.0.0.1"))),
        (net("10.0.0.2/32"), None),
        (net("11.0.0.0/8"), Some(address("10.0.0.2"))),
    ];
    assert_eq!(lease.routes(), expected);
}

#[test]
fn r4_21_a_mask_is_never_guessed() {
    let masks = [&[255, 0, 255, 0][..], &[255, 255, 255], &[255, 255, 255, 0, 0], &[0, 0, 0, 0], &[0, 0, 0, 255], &[]];
    for bad in masks {
        let mut bench = offered(config(), &Reply::new(OFFER));
        send!(bench, Reply::new(ACK).with(1, bad));
        assert_eq!((bench.lease(), bench.ignored()), (None, vec![Reject::Mask]), "{bad:?}");
    }
    assert_eq!(lease_of(&Reply::new(ACK).without(1)), None);
    for (length, mask) in [(1, [128, 0, 0, 0]), (8, [255, 0, 0, 0]), (22, [255, 255, 252, 0])] {
        assert_eq!(lease_of(&Reply::new(ACK).with(1, &mask)).unwrap().prefix_len, length);
    }
}

#[test]
fn r4_20_a_static_route_to_the_router_does_not_cost_the_default_route() {
    let both =
        Reply::new(ACK).with(3, &[192, 0, 2, 1]).with(33, &[192, 0, 2, 1, 192, 0, 2, 9, 10, 9, 8, 7, 192, 0, 2, 9]);
    let other = (net("10.9.8.7/32"), Some(address("192.0.2.9")));
    let lease = lease_of(&both).unwrap();
    assert_eq!(lease.routes(), [other, (net("0.0.0.0/0"), Some(address("192.0.2.1")))]);
}

#[test]
fn r4_20_a_router_behind_another_router_is_no_gateway() {
    let behind = [32, 10, 0, 0, 1, 192, 0, 2, 7, 8, 11, 10, 0, 0, 1];
    let lease = lease_of(&Reply::new(ACK).with(121, &behind)).unwrap();
    assert_eq!(lease.routes(), [(net("10.0.0.1/32"), Some(address("192.0.2.7")))]);
    let itself = [32, 10, 0, 0, 1, 10, 0, 0, 1];
    let lease = lease_of(&Reply::new(ACK).with(121, &itself)).unwrap();
    assert_eq!(lease.routes(), [(net("10.0.0.1/32"), None)]);
}
