//! Look-ups as timetables, and hostile answers.

use std::net::IpAddr;
use std::time::Duration;

use proptest::prelude::*;

use super::message::{Answer, Kind, answer, query};
use super::*;
use crate::proto::Output;

const A: u16 = 1;
const AAAA: u16 = 28;

fn at(milliseconds: u64) -> Instant {
    Instant::from_millis(milliseconds)
}

fn config(servers: usize, search: &[&str]) -> Config {
    let servers = (1..=servers).map(|n| format!("192.0.2.{n}:53").parse().unwrap()).collect();
    Config { servers, search: search.iter().map(|s| (*s).to_owned()).collect(), deadline: at(10_000), seed: 7 }
}

/// All that is to be sent now.
fn sent(client: &mut Client) -> Vec<Transmit> {
    std::iter::from_fn(|| if let Output::Transmit(transmit) = client.poll() { Some(transmit) } else { None }).collect()
}

fn result(client: &mut Client) -> Result<Vec<String>, Failure> {
    match client.poll() {
        Output::Event(result) => result.map(|addresses| addresses.iter().map(IpAddr::to_string).collect()),
        other => panic!("not at its end: {other:?}"),
    }
}

fn deadline(client: &mut Client) -> u64 {
    match client.poll() {
        Output::WaitUntil(Some(at)) => at.as_millis(),
        other => panic!("does not wait: {other:?}"),
    }
}

/// The question's type.
fn kind(transmit: &Transmit) -> u16 {
    let bytes = &transmit.payload;
    u16::from_be_bytes([bytes[bytes.len() - 4], bytes[bytes.len() - 3]])
}

fn name(transmit: &Transmit) -> String {
    let mut rest = &transmit.payload[12..];
    let mut labels = Vec::new();
    while rest[0] != 0 {
        let length = usize::from(rest[0]);
        labels.push(String::from_utf8(rest[1..=length].to_vec()).unwrap());
        rest = &rest[length + 1..];
    }
    labels.join(".")
}

/// A reply to a question: flags, and records whose owner is the question's name.
fn reply(transmit: &Transmit, flags: u16, records: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = transmit.payload.clone();
    bytes[2..4].copy_from_slice(&(0x8180 | flags).to_be_bytes());
    bytes[6..8].copy_from_slice(&u16::try_from(records.len()).unwrap().to_be_bytes());
    for (kind, data) in records {
        bytes.extend([0xc0, 12]);
        bytes.extend([kind.to_be_bytes(), [0, 1]].concat());
        bytes.extend([0, 0, 0, 60]);
        bytes.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        bytes.extend(*data);
    }
    bytes
}

fn tell(client: &mut Client, now: u64, transmit: &Transmit, flags: u16, records: &[(u16, &[u8])]) {
    client.handle(at(now), Input::Answer(transmit.query, &reply(transmit, flags, records)));
}

const V6: [u8; 16] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];

#[test]
fn both_families_are_asked_for_at_once() {
    let mut client = Client::new("vpn.example", config(2, &[]), at(0));
    let out = sent(&mut client);
    assert_eq!(out.iter().map(kind).collect::<Vec<_>>(), [A, AAAA]);
    assert!(out.iter().all(|t| t.server.to_string() == "192.0.2.1:53" && name(t) == "vpn.example"));
    assert_ne!(out[0].payload[..2], out[1].payload[..2], "identifiers differ");
    tell(&mut client, 20, &out[0], 0, &[(A, &[198, 51, 100, 7])]);
    assert_eq!(deadline(&mut client), 270);
    tell(&mut client, 30, &out[1], 0, &[(AAAA, &V6)]);
    assert_eq!(result(&mut client).unwrap(), ["2001:db8::7", "198.51.100.7"]);
    assert_eq!(client.poll(), Output::WaitUntil(None));
}

#[test]
fn the_other_family_is_not_waited_for_for_long() {
    let mut client = Client::new("vpn.example", config(1, &[]), at(0));
    let out = sent(&mut client);
    tell(&mut client, 100, &out[0], 0, &[(A, &[198, 51, 100, 7])]);
    client.handle(at(349), Input::Timeout);
    assert_eq!(deadline(&mut client), 350);
    client.handle(at(350), Input::Timeout);
    assert_eq!(result(&mut client).unwrap(), ["198.51.100.7"]);
}

#[test]
fn a_silent_server_costs_a_second_and_its_late_answer_counts() {
    let mut client = Client::new("vpn.example", config(2, &[]), at(0));
    let first = sent(&mut client);
    assert_eq!(deadline(&mut client), 1000);
    client.handle(at(1000), Input::Timeout);
    let second = sent(&mut client);
    assert!(second.len() == 2 && second.iter().all(|t| t.server.to_string() == "192.0.2.2:53"));
    assert_eq!(deadline(&mut client), 2000);
    client.handle(at(2000), Input::Timeout);
    assert_eq!(sent(&mut client)[0].server.to_string(), "192.0.2.1:53");
    assert_eq!(deadline(&mut client), 4000);
    tell(&mut client, 3000, &first[0], 0, &[(A, &[1, 2, 3, 4])]);
    tell(&mut client, 3000, &first[1], 0, &[]);
    assert_eq!(result(&mut client).unwrap(), ["1.2.3.4"]);
}

#[test]
fn a_refusal_or_an_unreachable_server_brings_the_next_at_once() {
    let mut client = Client::new("vpn.example", config(3, &[]), at(0));
    let out = sent(&mut client);
    tell(&mut client, 5, &out[0], 5, &[]);
    assert_eq!(sent(&mut client), []);
    tell(&mut client, 6, &out[1], 2, &[]);
    let out = sent(&mut client);
    assert_eq!((out.len(), out[0].server.to_string().as_str()), (2, "192.0.2.2:53"));
    client.handle(at(7), Input::Failed(out[0].query));
    client.handle(at(7), Input::Failed(out[1].query));
    let out = sent(&mut client);
    assert_eq!((out.len(), out[0].server.to_string().as_str()), (2, "192.0.2.3:53"));
    // All have failed: no storm.
    client.handle(at(8), Input::Failed(out[0].query));
    client.handle(at(8), Input::Failed(out[1].query));
    assert_eq!((sent(&mut client), deadline(&mut client)), (vec![], 1007));
}

#[test]
fn a_cut_answer_is_asked_for_by_tcp() {
    let mut client = Client::new("vpn.example", config(1, &[]), at(0));
    let out = sent(&mut client);
    tell(&mut client, 5, &out[0], 0x200, &[]);
    let again = sent(&mut client);
    assert_eq!((again.len(), again[0].transport, kind(&again[0])), (1, Transport::Tcp, A));
    tell(&mut client, 6, &out[1], 0, &[]);
    tell(&mut client, 9, &again[0], 0, &[(A, &[1, 2, 3, 4])]);
    assert_eq!(result(&mut client).unwrap(), ["1.2.3.4"]);
}

#[test]
fn names_are_tried_as_resolv_conf_has_it() {
    for (text, search, expected) in [
        ("vpn", &["a.example", "b.example"][..], &["vpn.a.example", "vpn.b.example", "vpn"][..]),
        ("vpn.x", &["a.example"], &["vpn.x", "vpn.x.a.example"]),
        ("vpn.", &["a.example"], &["vpn"]),
        ("vpn", &["~", "~corp."], &["vpn.corp", "vpn"]),
    ] {
        let mut client = Client::new(text, config(1, search), at(0));
        for name_expected in expected {
            let out = sent(&mut client);
            assert_eq!((out.len(), name(&out[0]).as_str()), (2, *name_expected));
            tell(&mut client, 1, &out[0], 3, &[]);
        }
        assert_eq!(result(&mut client), Err(Failure::NoName));
    }
}

#[test]
fn a_name_without_address_says_so() {
    let mut client = Client::new("vpn.example", config(1, &[]), at(0));
    let out = sent(&mut client);
    out.iter().for_each(|one| tell(&mut client, 1, one, 0, &[]));
    assert_eq!(result(&mut client), Err(Failure::NoAddress));
}

#[test]
fn there_is_an_end() {
    let mut client = Client::new("vpn.example", config(2, &[]), at(0));
    let (mut now, mut count) = (0, 0);
    while let Output::WaitUntil(Some(_)) = {
        count += sent(&mut client).len();
        client.poll()
    } {
        now = deadline(&mut client);
        client.handle(at(now), Input::Timeout);
    }
    assert!(now == 10_000 && count <= 20, "{now} {count}");
    for (text, servers, failure) in
        [("a b", 1, Failure::NotAName), ("", 1, Failure::NotAName), ("a", 0, Failure::NoServer)]
    {
        let mut client = Client::new(text, config(servers, &[]), at(0));
        assert_eq!(result(&mut client), Err(failure));
    }
}

#[test]
fn what_is_no_answer_to_the_question_is_passed_over() {
    let mut client = Client::new("vpn.example", config(1, &[]), at(0));
    let out = sent(&mut client);
    let good = reply(&out[0], 0, &[(A, &[1, 2, 3, 4])]);
    let forgeries: [fn(&mut Vec<u8>); 6] = [
        |bytes| bytes[0] ^= 1,
        |bytes| bytes[2] &= 0x7f,
        |bytes| bytes[2] |= 0x08,
        |bytes| bytes[5] = 2,
        |bytes| bytes[13] = b'x',
        |bytes| bytes.truncate(20),
    ];
    for forge in forgeries {
        let mut bytes = good.clone();
        forge(&mut bytes);
        client.handle(at(1), Input::Answer(out[0].query, &bytes));
        client.handle(at(1), Input::Answer(Query(99), &good));
        assert_eq!(deadline(&mut client), 1000);
    }
    // The case of the name may be another (0x20 mixing).
    let mut bytes = good;
    bytes[13] = b'V';
    client.handle(at(2), Input::Answer(out[0].query, &bytes));
    assert_eq!(deadline(&mut client), 252);
}

#[test]
fn aliases_are_followed_and_strangers_records_are_not_taken() {
    let question = query(1, "a.example", Kind::A);
    let mut bytes = question.clone();
    bytes[2] = 0x80;
    bytes[7] = 3;
    // a.example CNAME b.example; b.example A; x.example A.
    bytes.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 0, 0, 4, 1, b'b', 0xc0, 14]);
    bytes.extend([1, b'B', 0xc0, 14, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 1, 1, 1]);
    bytes.extend([1, b'x', 0xc0, 14, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 6, 6, 6, 6]);
    let read = answer(&bytes, 1, "a.example", Kind::A);
    assert_eq!(read, Some(Answer::Addresses(vec!["1.1.1.1".parse().unwrap()])));
    // An alias for itself ends.
    let mut bytes = question;
    (bytes[2], bytes[7]) = (0x80, 1);
    bytes.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 0, 0, 2, 0xc0, 12]);
    assert_eq!(answer(&bytes, 1, "a.example", Kind::A), Some(Answer::Addresses(vec![])));
}

#[test]
fn a_name_that_points_at_itself_or_forward_is_malformed() {
    for pointer in [[0xc0, 27], [0xc0, 29], [0xff, 0xff]] {
        let mut bytes = query(1, "a.example", Kind::A);
        (bytes[2], bytes[7]) = (0x80, 1);
        bytes.extend(pointer);
        bytes.extend([0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 1, 1, 1]);
        assert_eq!(answer(&bytes, 1, "a.example", Kind::A), None);
    }
}

#[test]
fn only_names_are_asked_for() {
    assert!(["a", "a.b.", "_a-1.example"].into_iter().all(is_name));
    let long = "a".repeat(64);
    assert!(!["", ".", "a..b", ".a", "ü", "a b", long.as_str()].into_iter().any(is_name));
    assert!(!is_name(&vec!["a".repeat(60); 5].join(".")));
}

proptest! {
    #[test]
    fn any_bytes_are_an_answer_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..300), tail in any::<bool>()) {
        let mut client = Client::new("vpn.example", config(2, &["a"]), at(0));
        for one in sent(&mut client) {
            let text = if tail { [reply(&one, 0, &[]), bytes.clone()].concat() } else { bytes.clone() };
            let mut text = text;
            if tail { text[7] = 9; }
            client.handle(at(1), Input::Answer(one.query, &text));
        }
        let mut steps = 0;
        while !matches!(client.poll(), Output::WaitUntil(_)) {
            steps += 1;
            prop_assert!(steps < 100);
        }
    }

    #[test]
    fn whole_lives_end(steps in proptest::collection::vec((0_u64..3000, 0_u16..16, 0_usize..4), 0..60)) {
        let mut client = Client::new("vpn", config(3, &["a", "b"]), at(0));
        let (mut now, mut all) = (0, Vec::new());
        for (wait, code, pick) in steps {
            all.extend(sent(&mut client));
            now += wait;
            if let Some(one) = all.get(all.len().saturating_sub(1 + pick)) {
                let flags = if code == 9 { 0x200 } else { code };
                client.handle(at(now), Input::Answer(one.query, &reply(one, flags, &[])));
            }
        }
        client.handle(at(now.max(10_000)), Input::Timeout);
        while let Output::Transmit(_) = client.poll() {}
        prop_assert!(matches!(client.poll(), Output::Event(_) | Output::WaitUntil(None)));
        prop_assert!(all.len() < 400);
        let _ = Duration::ZERO;
    }
}
