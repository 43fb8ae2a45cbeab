//! A lease remembered as pairs.

use proptest::prelude::*;

use super::*;

/// A lease in which every field has a value.
fn full() -> Lease {
    let mut bench = Bench::new(config());
    send!(bench, time 7, Reply::new(OFFER));
    let routes = [24, 10, 1, 2, 192, 0, 2, 7, 0, 0, 0, 0, 0];
    let ack = Reply::new(ACK)
        .with(121, &routes)
        .with(33, &[10, 9, 8, 7, 192, 0, 2, 9])
        .with(42, &SERVER.octets().repeat(2))
        .with(7, &SERVER.octets())
        .with(12, b"node1")
        .with(15, b"lab.example")
        .with(119, b"\x01a\0\x01b\0")
        .with(40, b"nis.example")
        .with(26, &[5, 220])
        .with(17, b"192.0.2.1:/srv/root,vers=3")
        .with(66, b"tftp.example")
        .with(67, b"boot/efi")
        .header(20, &SERVER.octets());
    send!(bench, time 1234, ack);
    let lease = bench.lease().unwrap().clone();
    assert_eq!(lease.dropped, []);
    lease
}

fn without(pairs: &[(String, String)], key: &str) -> Vec<(String, String)> {
    pairs.iter().filter(|(k, _)| k != key).cloned().collect()
}

fn replaced(key: &str, value: &str) -> Option<Lease> {
    let mut pairs = without(&full().to_pairs(), key);
    pairs.push((key.to_owned(), value.to_owned()));
    Lease::from_pairs(&pairs)
}

#[test]
fn what_is_written_is_what_is_read() {
    let lease = full();
    assert_eq!(lease.to_pairs().len(), 23, "every field has a value");
    assert_eq!(Lease::from_pairs(&lease.to_pairs()), Some(lease.clone()));
    let for_ever = replaced("lease-time", "infinite").unwrap();
    assert_eq!(for_ever.lease_time, None);
    assert_eq!(Lease::from_pairs(&for_ever.to_pairs()), Some(for_ever));
}

#[test]
fn the_pairs_are_plain_words() {
    for (key, value) in full().to_pairs() {
        assert!(key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{key}");
        assert!(value.bytes().all(|b| (b' '..=b'~').contains(&b) && !b"'\"`$\\".contains(&b)), "{value}");
    }
}

#[test]
fn without_what_makes_a_lease_there_is_none() {
    let pairs = full().to_pairs();
    for key in ["address", "prefix", "server", "acquired", "lease-time"] {
        assert_eq!(Lease::from_pairs(&without(&pairs, key)), None, "{key}");
    }
    for key in ["dns", "t1", "routers", "host-name"] {
        assert!(Lease::from_pairs(&without(&pairs, key)).is_some(), "{key}");
    }
    assert_eq!(Lease::from_pairs(&[]), None);
}

#[test]
fn damaged_values_count_as_absent() {
    for (key, value) in [
        ("address", "224.0.0.1"),
        ("address", "192.0.2"),
        ("prefix", "33"),
        ("prefix", "0"),
        ("lease-time", "0"),
        ("lease-time", "-1"),
        ("lease-time", "99999999999999999999"),
        ("acquired", "x"),
    ] {
        assert_eq!(replaced(key, value), None, "{key}={value}");
    }
    assert_eq!(replaced("host-name", "$(reboot)").unwrap().hostname, None);
    assert_eq!(replaced("root-path", "';reboot;'").unwrap().root_path, None);
    assert_eq!(replaced("classless-routes", "10.0.0.0/33>192.0.2.1").unwrap().classless_routes, []);
    assert_eq!(replaced("client-id", "01zz").unwrap().client_id, None);
    assert_eq!(replaced("client-id", "0").unwrap().client_id, None);
    assert!(replaced("colour", "blue").is_some());
    let times = replaced("t1", "99999999").unwrap();
    assert!(times.t1 < times.t2);
}

proptest! {
    #[test]
    fn any_text_is_read_without_harm(pairs in prop::collection::vec(("[a-z0-9-]{0,12}", ".{0,40}"), 0..12), seed: u8) {
        let mut all = full().to_pairs();
        all.rotate_left(usize::from(seed) % 23);
        all.truncate(usize::from(seed) / 10);
        all.extend(pairs);
        if let Some(lease) = Lease::from_pairs(&all) {
            prop_assert_eq!(Lease::from_pairs(&lease.to_pairs()), Some(lease));
        }
    }
}
