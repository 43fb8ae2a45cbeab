use uuid::Uuid;

use super::*;
use crate::profile::ip::{DnsServer, Route, RouteOptions};
use crate::profile::{Controller, Ip4Settings, Ip6Settings, LinkKind, Method4, Origin};

fn profile(kind: LinkKind) -> Profile {
    let origin = Origin::Default { reason: "test".to_owned() };
    Profile::new("eth0", Uuid::from_u128(0x1b3c_0f44_0d52_4b0e_9d8a_0000_0000_0001), kind, origin)
}

#[test]
fn a_dhcp_profile_is_written_as_daemons_adopt_it() {
    let mut profile = profile(LinkKind::Ethernet);
    profile.interface_name = Some("eth0".to_owned());
    profile.ipv4 = Some(Ip4Settings { method: Method4::Auto, ..Ip4Settings::default() });
    profile.ipv6 = Some(Ip6Settings::default());
    assert_eq!(
        write(&profile),
        "[connection]\nid=eth0\nuuid=1b3c0f44-0d52-4b0e-9d8a-000000000001\ntype=ethernet\ninterface-name=eth0\n\n\
         [ipv4]\nmethod=auto\n\n[ipv6]\nmethod=auto\n"
    );
}

#[test]
fn the_gateway_stands_with_the_first_address() {
    let mut profile = profile(LinkKind::Ethernet);
    let mut ip = Ip4Settings { method: Method4::Manual, ..Ip4Settings::default() };
    ip.ip.addresses = vec!["10.77.0.50/24".parse().unwrap(), "10.77.0.51/24".parse().unwrap()];
    ip.ip.gateway = Some("10.77.0.1".parse().unwrap());
    ip.ip.dns = vec![DnsServer::plain("10.77.0.1".parse().unwrap())];
    ip.ip.routes = vec![Route {
        destination: "192.0.2.0/24".parse().unwrap(),
        gateway: None,
        metric: Some(7),
        options: RouteOptions { table: Some(5), onlink: Some(true), ..RouteOptions::default() },
    }];
    profile.ipv4 = Some(ip);
    let text = write(&profile);
    assert!(
        text.ends_with(
            "[ipv4]\nmethod=manual\naddress1=10.77.0.50/24,10.77.0.1\naddress2=10.77.0.51/24\n\
             route1=192.0.2.0/24,0.0.0.0,7\nroute1_options=onlink=true,table=5\ndns=10.77.0.1;\n"
        ),
        "{text}"
    );
}

#[test]
fn a_port_is_written_with_the_spelling_that_old_daemons_read() {
    let mut profile = profile(LinkKind::Ethernet);
    profile.controller = Some(Controller {
        name: "br0".to_owned(),
        port_type: "bridge".to_owned(),
        port_options: vec![("priority".to_owned(), "3".to_owned())],
    });
    let text = write(&profile);
    assert!(text.ends_with("type=ethernet\nmaster=br0\nslave-type=bridge\n\n[bridge-port]\npriority=3\n"), "{text}");
}

#[test]
fn unknown_groups_and_keys_are_written_back() {
    let mut profile = profile(LinkKind::Ethernet);
    profile.unknown = vec![
        ("connection".to_owned(), "zone".to_owned(), "home\\s".to_owned()),
        ("proxy".to_owned(), "method".to_owned(), "1".to_owned()),
    ];
    let text = write(&profile);
    assert!(text.ends_with("type=ethernet\nzone=home\\s\n\n[proxy]\nmethod=1\n"), "{text}");
}

#[test]
fn an_unknown_key_does_not_bring_back_what_a_port_cannot_have() {
    let text = "[connection]\nid=x\nuuid=1b3c0f44-0d52-4b0e-9d8a-000000000001\ntype=ethernet\nmaster=br0\n\
                slave-type=bridge\n\n[ipv4]\nmethod=auto\nno-such-key=1\n";
    let (profile, warnings) = read(text.as_bytes(), std::path::Path::new("x.nmconnection")).unwrap();
    assert!(!write(&profile).contains("[ipv4]"), "{}", write(&profile));
    assert_eq!(warnings.iter().filter(|warning| warning.text.contains("[ipv4] is left out")).count(), 1);
}

/// The daemon leaves them out in silence; the kernel would refuse them.
#[test]
fn options_that_the_mode_of_a_bond_has_not_are_left_out_and_said() {
    let text = "[connection]\nid=b\ntype=bond\ninterface-name=bond0\n[bond]\nmode=1\ntlb_dynamic_lb=1\n\
                xmit_hash_policy=layer2\nlacp_rate=slow\npackets_per_slave=5\n[ipv4]\nmethod=auto\n";
    let (profile, warnings) = read(text.as_bytes(), std::path::Path::new("b.nmconnection")).unwrap();
    let LinkKind::Bond { options } = profile.kind else { panic!("a bond") };
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(options, [pair("mode", "active-backup"), pair("xmit_hash_policy", "layer2")]);
    let said: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    for (line, key) in [(7, "tlb_dynamic_lb"), (9, "lacp_rate"), (10, "packets_per_slave")] {
        let start = format!("b.nmconnection:{line}: bond.{key}: mode active-backup has no such option");
        assert!(said.iter().any(|text| text.contains(&start)), "{start}: {said:?}");
    }
}
