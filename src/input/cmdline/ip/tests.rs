//! `ip=` by itself: forms, fields, and what is said about them.

use proptest::prelude::*;

use super::super::words::Word;
use super::*;
use crate::profile::link::ClonedMac;

/// Reads a value of `ip=`; what it is, and how many remarks there are.
fn argument(text: &str) -> (Option<Argument>, usize) {
    let word = Word { text: format!("ip={text}"), column: 1, quotes: Vec::new() };
    let (_, value) = Value::of(&word);
    let mut remarks = Vec::new();
    let is_link = |name: &str| name == "dchp0";
    let mut reader =
        Reader { value, is_link: &is_link, remarks: &mut remarks, hostname: None, swapped: None, mac_at: None };
    (reader.read(), remarks.len())
}

/// Reads one that can be used; in its long form.
fn long(text: &str) -> String {
    argument(text).0.map(|argument| argument.to_string()).unwrap_or_else(|| "nothing".to_owned())
}

#[test]
fn every_form_has_a_long_one() {
    for (text, form) in [
        ("dhcp", "::::::dhcp"),
        ("dhcp:", "::::::dhcp"),
        (":dhcp6,dhcp:1499", "::::::dhcp,dhcp6:1499"),
        ("eth0:off", ":::::eth0:none"),
        ("52-54-00-12-34-56:dhcp", ":::::52-54-00-12-34-56:dhcp"),
        ("[52:54:00:12:34:56]:dhcp", ":::::52-54-00-12-34-56:dhcp"),
        ("192.0.2.2::192.0.2.1:255.255.255.0:host:eth0:none", "192.0.2.2/24::192.0.2.1::host:eth0:none"),
        (
            "[2001:db8::2]/56::[2001:db8::1]:::eth0::[2001:db8::53]",
            "[2001:db8::2]/56::[2001:db8::1]:::eth0::[2001:db8::53]",
        ),
        ("[2001:db8::2/56]:::::eth0", "[2001:db8::2]/56:::::eth0:"),
        ("192.0.2.2:192.0.2.9:::::", "192.0.2.2/24:192.0.2.9:::::"),
        ("eth0:dhcp::00:53:00:00:00:01", ":::::eth0:dhcp::00:53:00:00:00:01"),
        ("[2001:db8::2]/56", "[2001:db8::2]/56::::::"),
        ("eth0:dhcp:1500:[52:54:00:12:34:56]", ":::::eth0:dhcp:1500:52:54:00:12:34:56"),
        ("eth0:auto:9000:random", ":::::eth0:auto:9000:random"),
    ] {
        assert_eq!(long(text), form, "{text}");
    }
}

#[test]
fn the_kernels_ten_fields_are_read() {
    let (argument, remarks) = argument("192.0.2.2:192.0.2.9:192.0.2.1:24:h:eth0:off:192.0.2.53:192.0.2.54:192.0.2.123");
    let argument = argument.unwrap();
    assert_eq!(argument.dns, ["192.0.2.53".parse::<IpAddr>().unwrap(), "192.0.2.54".parse().unwrap()]);
    assert_eq!((argument.peer.unwrap().to_string().as_str(), remarks), ("192.0.2.9", 1));
}

#[test]
fn an_empty_first_name_server_does_not_spoil_the_second() {
    assert_eq!(long("192.0.2.2:::24::eth0:none::192.0.2.54"), "192.0.2.2/24:::::eth0:none:192.0.2.54");
    assert_eq!(long("eth0:dhcp:192.0.2.999:192.0.2.54"), ":::::eth0:dhcp:192.0.2.54");
}

#[test]
fn addresses_without_brackets_and_macs_without_mtu_are_understood() {
    let mac = ClonedMac::Address("52:54:00:12:34:56".parse().unwrap());
    for (text, remarks) in [("eth0:dhcp:52:54:00:12:34:56", 1), ("eth0:dhcp::52:54:00:12:34:56", 0)] {
        let (argument, said) = argument(text);
        assert_eq!((argument.unwrap().mac, said), (Some(mac.clone()), remarks), "{text}");
    }
    assert_eq!(argument("eth0:dhcp:2001:db8::53").0.unwrap().dns, ["2001:db8::53".parse::<IpAddr>().unwrap()]);
}

#[test]
fn one_link_never_becomes_all_of_them() {
    for (text, form) in [
        ("eth0", ":::::eth0:auto"),
        ("eth0:", ":::::eth0:auto"),
        ("eth0::", ":::::eth0:auto"),
        ("dchp0", ":::::dchp0:auto"),
        ("eth0:foo", ":::::eth0:auto"),
        ("eth0:dchp", ":::::eth0:dhcp"),
        ("eth0:dchp:1500", ":::::eth0:dhcp:1500"),
        ("192.0.2.10", "192.0.2.10/24::::::"),
        ("192.0.2.10:eth0", "192.0.2.10/24:::::eth0:none"),
        ("192.0.2.10/25:eth0:dhcp", "192.0.2.10/25:::::eth0:dhcp"),
        ("eth0,dhcp", ":::::eth0:dhcp"),
        ("dhcp=eth0", ":::::eth0:dhcp"),
        ("dchp0,dhcp", ":::::dchp0:dhcp"),
        ("an-interface-name-too-long", "nothing"),
        ("an-interface-name-too-long:dhcp", "nothing"),
        ("192.0.2.2:::24::an-interface-name-too-long:none", "nothing"),
        ("all:dhcp", "nothing"),
        ("999.0.2.2::192.0.2.1:24::eth0:none", "nothing"),
        ("2001:db8::2::[2001:db8::1]:64::eth0:none", "nothing"),
    ] {
        let (argument, remarks) = argument(text);
        assert_eq!(argument.map_or("nothing".to_owned(), |argument| argument.to_string()), form, "{text}");
        assert!(remarks > 0, "{text}");
    }
}

#[test]
fn slips_in_a_method_alone_are_corrected() {
    assert_eq!(
        (long("dchp"), long("dhcp4"), long("atuo6"), long("dhcp,link6")),
        ("::::::dhcp".into(), "::::::dhcp".into(), "::::::dhcp6".into(), "::::::auto".into())
    );
    assert_eq!(argument("192.0.2.2:::24::eth0:nonw").0.unwrap().method, Some(Method::None));
}

#[test]
fn masks_have_many_spellings_and_a_default() {
    for (text, net, remarks) in [
        ("10.0.0.8:::::eth0", "10.0.0.8/8", 1),
        ("172.16.0.8:::::eth0", "172.16.0.8/16", 1),
        ("203.0.113.9:::::eth0", "203.0.113.9/24", 1),
        ("240.0.0.1:::::eth0", "240.0.0.1/24", 1),
        ("10.0.0.8/25:::::eth0", "10.0.0.8/25", 0),
        ("10.0.0.8/25:::26::eth0", "10.0.0.8/26", 1),
        ("10.0.0.8/26:::26::eth0", "10.0.0.8/26", 0),
        ("10.0.0.8/64:::26::eth0", "10.0.0.8/26", 1),
        ("10.0.0.8/25:::x::eth0", "10.0.0.8/8", 1),
        ("10.0.0.8:::33::eth0", "10.0.0.8/8", 1),
        ("10.0.0.8:::255.255.255.128::eth0", "10.0.0.8/25", 0),
        ("10.0.0.8:::255.0.255.0::eth0", "10.0.0.8/24", 1),
        ("10.0.0.8:::0.0.0.0::eth0", "10.0.0.8/0", 0),
        ("[2001:db8::8]:::::eth0", "2001:db8::8/64", 1),
        ("[2001:db8::8]:::255.255.255.0::eth0", "2001:db8::8/64", 1),
        ("[2001:db8::8]:::48::eth0", "2001:db8::8/48", 0),
    ] {
        let (argument, said) = argument(text);
        assert_eq!((argument.unwrap().client.unwrap().to_string().as_str(), said), (net, remarks), "{text}");
    }
}

#[test]
fn a_remark_names_the_column_of_the_field() {
    let word = Word { text: "ip=192.0.2.2::junk:24::eth0:none".to_owned(), column: 7, quotes: Vec::new() };
    let mut remarks = Vec::new();
    let (_, value) = Value::of(&word);
    Reader { value, is_link: &|_| false, remarks: &mut remarks, hostname: None, swapped: None, mac_at: None }.read();
    let columns: Vec<&Origin> = remarks.iter().map(|remark| &remark.warning.origin).collect();
    assert_eq!(columns, [&Origin::CommandLine { word: word.text.clone(), column: word.column, at: 21 }]);
}

/// Texts of the shape of an `ip=`, sensible or not.
fn shape() -> impl Strategy<Value = String> {
    let field = prop_oneof![
        Just(String::new()),
        prop::sample::select(vec![
            "192.0.2.2",
            "192.0.2.2/24",
            "[2001:db8::2]",
            "[2001:db8::2]/64",
            "[2001:db8::2/64]",
            "eth0",
            "dhcp",
            "dhcp6",
            "none",
            "either6",
            "single-dhcp",
            "link-local",
            "ibft",
            "dhcp,auto6",
            "255.255.255.0",
            "24",
            "1500",
            "host",
            "0.0.0.0",
            "52-54-00-12-34-56",
            "52:54:00:12:34:56",
            "random",
            "[52:54:00:12:34:56]",
            "dchp",
            "foo",
            "[",
        ])
        .prop_map(str::to_owned),
        "[a-z0-9./\\[\\]:-]{0,8}",
    ];
    prop::collection::vec(field, 0..11).prop_map(|fields| fields.join(":"))
}

proptest! {
    #[test]
    fn the_long_form_reads_as_the_same(text in shape()) {
        if let Some(first) = argument(&text).0 {
            let printed = first.to_string();
            prop_assert_eq!(argument(&printed).0, Some(first), "{} -> {}", text, printed);
        }
    }

    #[test]
    fn nothing_panics(text in ".{0,80}") {
        argument(&text);
    }
}
