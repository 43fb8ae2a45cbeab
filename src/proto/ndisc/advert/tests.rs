use super::super::option::{PrefixInformation, RouteInformation};
use super::super::{Learned, options};
use super::*;
use crate::proto::Instant;

fn router() -> Ipv6Addr {
    "fe80::a".parse().unwrap()
}

/// An option of type `kind`, filled up with zeros to eight bytes.
fn option(kind: u8, body: &[u8]) -> Vec<u8> {
    let units = (2 + body.len()).div_ceil(8);
    let mut option = [&[kind, u8::try_from(units).unwrap()], body].concat();
    option.resize(units * 8, 0);
    option
}

fn advert(flags: u8, options: &[Vec<u8>]) -> Vec<u8> {
    [&[134, 0, 0, 0, 64, flags, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0][..], &options.concat()].concat()
}

fn parse(options: &[Vec<u8>]) -> Vec<NdOption> {
    RouterAdvert::parse(router(), 255, &advert(0, options)).unwrap().options
}

/// Option 25.
fn rdnss(lifetime: u32, servers: &[&str]) -> Vec<u8> {
    let addresses: Vec<u8> = servers.iter().flat_map(|s| s.parse::<Ipv6Addr>().unwrap().octets()).collect();
    option(25, &[&[0, 0][..], &lifetime.to_be_bytes(), &addresses].concat())
}

/// Option 31.
fn dnssl(lifetime: u32, names: &[u8]) -> Vec<u8> {
    option(31, &[&[0, 0][..], &lifetime.to_be_bytes(), names].concat())
}

/// Option 3 with a prefix under fd77::.
fn pio(length: u8, flags: u8, valid: u32, preferred: u32, prefix: &str) -> Vec<u8> {
    let prefix: Ipv6Addr = prefix.parse().unwrap();
    let numbers = [valid.to_be_bytes(), preferred.to_be_bytes(), [0; 4]].concat();
    option(3, &[&[length, flags], &numbers[..], &prefix.octets()].concat())
}

#[test]
fn flags_lifetime_and_prefix_are_read() {
    let bytes = advert(0xc8, &[pio(64, 0xc0, 7200, 3600, "fd77::1"), option(5, &[0, 0, 0, 0, 0x05, 0xdc])]);
    let advert = RouterAdvert::parse(router(), 255, &bytes).unwrap();
    assert!(advert.managed && advert.other);
    assert_eq!((advert.preference, advert.lifetime), (Preference::High, Duration::from_secs(1800)));
    let prefix = PrefixInformation {
        prefix: "fd77::/64".parse().unwrap(),
        on_link: true,
        autonomous: true,
        preferred: Duration::from_secs(3600),
        valid: Duration::from_secs(7200),
    };
    assert_eq!(advert.options, [NdOption::Prefix(prefix), NdOption::Mtu(1500)]);
}

#[test]
fn prefixes_and_mtus_that_must_be_ignored_are() {
    let zeros = [0; 4];
    let options = [
        pio(64, 0xc0, 10, 20, "fd77::"),
        pio(64, 0xc0, 20, 10, "fe80::"),
        pio(64, 0xc0, 20, 10, "ff02::"),
        pio(129, 0xc0, 20, 10, "fd77::"),
        option(5, &[&[0, 0], &1279u32.to_be_bytes()[..]].concat()),
        option(3, &zeros),
        option(200, &zeros),
    ];
    assert_eq!(parse(&options), []);
}

#[test]
fn r_02_only_from_link_local_with_hop_limit_255() {
    let bytes = advert(0, &[]);
    let from = |source: &str, hops| RouterAdvert::parse(source.parse().unwrap(), hops, &bytes);
    assert!(from("fe80::1", 255).is_ok());
    assert_eq!(from("fe80::1", 254), Err(AdvertError::HopLimit));
    for source in ["fd77::1", "::", "2001:db8::1", "ff02::1"] {
        assert_eq!(from(source, 255), Err(AdvertError::Source), "{source}");
    }
    for (at, byte) in [(0, 133), (1, 1)] {
        let mut other = bytes.clone();
        other[at] = byte;
        assert_eq!(RouterAdvert::parse(router(), 255, &other), Err(AdvertError::NotAdvertisement));
    }
    assert_eq!(RouterAdvert::parse(router(), 255, &bytes[..15]), Err(AdvertError::NotAdvertisement));
}

#[test]
fn r_02_what_the_kernel_passes_up_is_read_whole_or_not_at_all() {
    let option = rdnss(600, &["fd77::53"]);
    let server =
        NdOption::NameServers { lifetime: Duration::from_secs(600), servers: vec!["fd77::53".parse().unwrap()] };
    assert_eq!(options(&option), [server]);
    assert_eq!(options(&option[..23]), []);
    assert_eq!(options(&[option, vec![25, 0]].concat()), []);
}

#[test]
fn r_02_a_whole_packet_is_checked_to_the_last_bit() {
    let destination: Ipv6Addr = "ff02::1".parse().unwrap();
    let mut message = advert(0x80, &[rdnss(600, &["fd77::53"])]);
    let sum = checksum(router(), destination, &message).to_be_bytes();
    message[2..4].copy_from_slice(&sum);
    let length = u16::try_from(message.len()).unwrap().to_be_bytes();
    let packet = [
        &[0x60, 0, 0, 0, length[0], length[1], 58, 255][..],
        &router().octets(),
        &destination.octets(),
        &message,
        b"padding of the link",
    ]
    .concat();
    assert!(RouterAdvert::from_packet(&packet).unwrap().managed);
    for byte in 8..40 + message.len() {
        let mut damaged = packet.clone();
        damaged[byte] ^= 0x10;
        assert!(RouterAdvert::from_packet(&damaged).is_err(), "byte {byte}");
    }
}

#[test]
fn r_03_lifetimes_are_kept_and_zero_removes() {
    let at = Instant::from_millis;
    let servers = |learned: &Learned, t| learned.servers(at(t)).map(|(s, _)| s.to_string()).collect::<Vec<_>>();
    let mut learned = Learned::default();
    learned.apply(&parse(&[rdnss(10, &["fd77::1", "fd77::2"]), rdnss(u32::MAX, &["fd77::3"])]), at(0));
    assert_eq!(servers(&learned, 9_999), ["fd77::1", "fd77::2", "fd77::3"]);
    assert_eq!(servers(&learned, 10_000), ["fd77::3"], "the last one is for ever");
    learned.apply(&parse(&[rdnss(10, &["fd77::1"])]), at(5_000));
    assert_eq!(servers(&learned, 12_000), ["fd77::1", "fd77::3"], "prolonged");
    learned.apply(&parse(&[rdnss(0, &["fd77::3"]), dnssl(60, b"\x01a\0\x01b\0")]), at(6_000));
    assert_eq!(servers(&learned, 12_000), ["fd77::1"]);
    let first = learned.search(at(6_000)).next().unwrap();
    assert_eq!((first.0.as_str(), first.1), ("a", Some(at(66_000))));
    learned.apply(&parse(&[dnssl(0, b"\x01a\0")]), at(6_000));
    assert_eq!(learned.search(at(6_000)).map(|(n, _)| n.as_str()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn r_03_a_flood_of_servers_pushes_out_those_that_expire_first_and_no_more_than_needed() {
    let mut learned = Learned::default();
    learned.apply(&parse(&[rdnss(u32::MAX, &["fd77::53"])]), Instant::default());
    for n in 0..1000u32 {
        let server = Ipv6Addr::from(0xfd78_u128 << 112 | u128::from(n)).to_string();
        learned.apply(&parse(&[rdnss(60, &[&server])]), Instant::default());
    }
    let servers: Vec<_> = learned.servers(Instant::default()).collect();
    assert_eq!(servers.len(), 32);
    assert_eq!(servers[0], ("fd77::53".parse().unwrap(), None));
}

#[test]
fn r_04_search_names_are_validated() {
    let names = |bytes: &[u8]| match &parse(&[dnssl(60, bytes)])[..] {
        [NdOption::SearchList { names, .. }] => names.iter().map(ToString::to_string).collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    assert_eq!(names(b"\x07example\x03org\0"), ["example.org"]);
    assert_eq!(names(b"\x05a';x'\0\x01b\0"), ["b"]);
    for bad in [&b"\x3fabc"[..], b"\xc0\x08", b"\x01a\xc0\x00\x01b\0"] {
        assert_eq!(names(bad), [""; 0], "{bad:?}");
    }
}

#[test]
fn name_servers_that_are_no_hosts_or_do_not_fill_the_option_are_left_out() {
    assert_eq!(parse(&[rdnss(60, &["::", "::1", "ff02::1"])]), []);
    assert_eq!(parse(&[option(25, &[0; 14])]), []);
    assert_eq!(parse(&[rdnss(60, &["fe80::1"])]).len(), 1);
}

#[test]
fn a_nat64_prefix_is_read_with_each_length() {
    let body = |code: u8| {
        let prefix: Ipv6Addr = "64:ff9b::".parse().unwrap();
        option(38, &[&[0x03, 0x80 | code], &prefix.octets()[..12]].concat())
    };
    for (code, length) in [(0, 96), (1, 64), (2, 56), (3, 48), (4, 40), (5, 32)] {
        let prefix = ipnet::Ipv6Net::new("64:ff9b::".parse().unwrap(), length).unwrap();
        assert_eq!(parse(&[body(code)]), [NdOption::Nat64 { lifetime: Duration::from_secs(896), prefix }]);
    }
    assert_eq!(parse(&[body(6), body(7)]), []);
}

#[test]
fn r_09_the_reserved_preference_makes_a_route_void_and_a_router_medium() {
    let rio = |flags: u8| option(24, &[&[64, flags, 0, 0, 0, 60][..], &[0xfd, 0x77, 0, 0, 0, 0, 0, 0]].concat());
    let preferences = |flags: u8| {
        let route = match parse(&[rio(flags)])[..] {
            [NdOption::Route(RouteInformation { preference, .. })] => Some(preference),
            _ => None,
        };
        (route, RouterAdvert::parse(router(), 255, &advert(flags, &[])).unwrap().preference)
    };
    assert_eq!(preferences(0x00), (Some(Preference::Medium), Preference::Medium));
    assert_eq!(preferences(0x08), (Some(Preference::High), Preference::High));
    assert_eq!(preferences(0x18), (Some(Preference::Low), Preference::Low));
    assert_eq!(preferences(0x10), (None, Preference::Medium));
}

#[test]
fn a_route_with_less_prefix_than_it_claims_is_left_out() {
    let rio = |length: u8, bytes: usize| option(24, &[&[length, 0, 0, 0, 0, 60][..], &vec![0xfd; bytes]].concat());
    assert_eq!(parse(&[rio(0, 0), rio(64, 8), rio(128, 16)]).len(), 3);
    assert_eq!(parse(&[rio(1, 0), rio(65, 8)]), []);
}

#[test]
fn options_of_length_zero_or_that_overrun_put_the_advertisement_aside() {
    for tail in [&[1, 0, 0, 0, 0, 0, 0, 0][..], &[25, 2, 0, 0, 0, 0, 0, 0], &[25]] {
        let bytes = [advert(0, &[rdnss(60, &["fd77::1"])]), tail.to_vec()].concat();
        assert_eq!(RouterAdvert::parse(router(), 255, &bytes), Err(AdvertError::Options));
    }
}
