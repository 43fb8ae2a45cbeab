use super::*;
use crate::kernel::message::{Batch, messages};
use crate::kernel::netlink::Encode as _;
use crate::kernel::request::Request;
use crate::profile::desired::NewLink;
use crate::profile::link::{Infiniband, Vlan};

fn options(text: &str) -> Vec<(String, String)> {
    let pair = |word: &str| word.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())).unwrap();
    text.split_whitespace().map(pair).collect()
}

fn bond(text: &str, names: &[(String, u32)]) -> Vec<Setting> {
    settings(&DesiredKind { kind: LinkKind::Bond { options: options(text) }, names: names.to_vec() })
}

fn value<'a>(settings: &'a [Setting], option: &str) -> &'a [u8] {
    &settings.iter().find(|setting| setting.option == option).unwrap_or_else(|| panic!("no {option}")).value
}

#[test]
fn a_bond_has_a_mode_and_watches_its_ports() {
    let plain = bond("", &[]);
    assert_eq!(value(&plain, "mode"), [0]);
    assert_eq!(value(&plain, "miimon"), 100_u32.to_ne_bytes());
    let arp = bond("mode=active-backup arp_interval=250 arp_ip_target=192.0.2.1,192.0.2.9", &[]);
    assert!(arp.iter().all(|setting| setting.option != "miimon"));
    // As `ip -d link` has it from the kernel: attribute 0 and 1 with four bytes each.
    assert_eq!(value(&arp, "arp_ip_target"), [8, 0, 0, 0, 192, 0, 2, 1, 8, 0, 1, 0, 192, 0, 2, 9]);
    let both = bond("mode=active-backup miimon=50 arp_interval=250 arp_ip_target=192.0.2.1", &[]);
    assert_eq!(both.iter().map(|setting| setting.option).collect::<Vec<_>>(), ["mode", "miimon"]);
}

#[test]
fn words_and_their_numbers_are_the_same_and_names_become_indices() {
    let by_word = bond("mode=802.3ad lacp_rate=fast xmit_hash_policy=layer3+4 ad_select=count", &[]);
    let by_number = bond("mode=4 lacp_rate=1 xmit_hash_policy=1 ad_select=2", &[]);
    let bytes = |all: &[Setting]| all.iter().map(|one| (one.attribute, one.value.clone())).collect::<Vec<_>>();
    assert_eq!(bytes(&by_word), bytes(&by_number));
    let options = "mode=active-backup primary=eth1";
    assert!(bond(options, &[]).iter().all(|setting| setting.option != "primary"), "eth1 is not there yet");
    assert_eq!(value(&bond(options, &[("eth1".to_owned(), 7)]), "primary"), 7_u32.to_ne_bytes());
}

#[test]
fn only_what_differs_is_sent_and_lists_that_are_not_shown_are_empty() {
    let wanted = bond("mode=active-backup miimon=100 updelay=200 num_unsol_na=3", &[]);
    // IFLA_BOND_MODE 1, IFLA_BOND_MIIMON 100, IFLA_BOND_UPDELAY 0, IFLA_BOND_NUM_PEER_NOTIF 3.
    let held = [
        &[5, 0, 1, 0, 1, 0, 0, 0][..],
        &[8, 0, 3, 0, 100, 0, 0, 0],
        &[8, 0, 4, 0, 0, 0, 0, 0],
        &[5, 0, 16, 0, 3, 0, 0, 0],
    ]
    .concat();
    let sent: Vec<_> = differing(wanted, &held).iter().map(|setting| setting.option).collect();
    assert_eq!(sent, ["updelay"]);
}

#[test]
fn a_vlan_says_id_protocol_and_flags_and_is_never_turned_into_another() {
    let vlan = Vlan {
        id: 5,
        flags: Some(3),
        egress_priority_map: vec!["7:2".into(), "1:3".into()],
        ingress_priority_map: vec!["0:0".into()],
        ..Vlan::default()
    };
    let wanted = DesiredKind { kind: LinkKind::Vlan(vlan), names: Vec::new() };
    let all = settings(&wanted);
    assert_eq!(value(&all, "vlan.id"), 5_u16.to_ne_bytes());
    assert_eq!(value(&all, "vlan.protocol"), [0x81, 0]);
    assert_eq!(value(&all, "vlan.flags"), [3, 0, 0, 0, 15, 0, 0, 0]);
    let pair = |from, to| [12, 0, 1, 0, from, 0, 0, 0, to, 0, 0, 0];
    assert_eq!(value(&all, "vlan.egress-priority-map"), [pair(1, 3), pair(7, 2)].concat());
    assert!(all.iter().all(|setting| setting.option != "vlan.ingress-priority-map"), "0 is what it is anyway");
    let mut link = Link { kind: Some("vlan".into()), data: vec![6, 0, 1, 0, 6, 0, 0, 0], ..Link::default() };
    assert_eq!(conflict(&wanted, &link).unwrap(), "it exists with another vlan.id, not 5");
    link.data = vec![6, 0, 1, 0, 5, 0, 0, 0, 6, 0, 5, 0, 0x81, 0, 0, 0];
    assert_eq!(conflict(&wanted, &link), None);
    link.kind = None;
    assert_eq!(conflict(&wanted, &link).unwrap(), "it exists as a link of type hardware, not vlan");
}

#[test]
fn a_bridge_runs_stp_unless_told_otherwise_and_counts_seconds() {
    let bridge =
        |text: &str| settings(&DesiredKind { kind: LinkKind::Bridge { options: options(text) }, names: Vec::new() });
    assert_eq!(value(&bridge(""), "stp"), [1, 0, 0, 0]);
    let all = bridge("forward-delay=4 stp=false vlan-protocol=802.1ad multicast-router=enabled priority=4096");
    assert_eq!(all[0].option, "stp", "before the delay that only goes without it");
    assert_eq!(value(&all, "forward-delay"), 400_u32.to_ne_bytes());
    assert_eq!(value(&all, "vlan-protocol"), [0x88, 0xa8]);
    assert_eq!(value(&all, "multicast-router"), [2]);
    let port = DesiredPort { port_type: "bridge".into(), options: options("path-cost=7 hairpin-mode=true") };
    let port: Vec<_> = port_settings(&port).into_iter().map(|one| (one.attribute, one.value[0])).collect();
    assert_eq!(port, [(2, 32), (3, 7), (4, 1)]);
}

#[test]
fn a_port_of_a_bond_may_send_when_it_is_active_and_its_partner_is_known() {
    let port = |state: u8, flags: u8| Link {
        controller: Some(7),
        port_kind: Some("bond".into()),
        port_data: vec![5, 0, 1, 0, state, 0, 0, 0, 5, 0, 7, 0, flags, 0, 0, 0],
        ..Link::default()
    };
    assert_eq!(bond_port(&port(0, 0x3d)), Some((7, true)));
    assert_eq!(bond_port(&port(1, 0x3d)), Some((7, false)));
    assert_eq!(bond_port(&port(0, 0xbd)), Some((7, false)), "expired");
    assert_eq!(bond_port(&port(0, 0x7d)), Some((7, true)), "nobody speaks LACP there");
    assert_eq!(bond_port(&Link { port_kind: None, ..port(0, 0) }), None);
}

/// No machine of ours has the hardware: the request as `ip link add link ib0 name ib0.8001 type ipoib pkey 0x8001 mode connected` makes it.
#[test]
fn a_partition_of_infiniband_is_asked_for_as_iproute_does() {
    let infiniband =
        Infiniband { transport_mode: Some("connected".into()), p_key: Some(1), parent: Some("ib0".into()) };
    let kind = DesiredKind { kind: LinkKind::Infiniband(infiniband), names: Vec::new() };
    let link = NewLink { name: "ib0.0001".into(), kind, parent: Some(5), mac: None };
    let mut batch = Batch::default();
    Request::AddLink(&link).encode(&mut batch, 1);
    let message = messages(batch.bytes()).next().unwrap();
    assert_eq!((message.kind, message.flags), (16, 0x601), "RTM_NEWLINK: request, exclusive, create");
    let expected: &[&[u8]] = &[
        &[0; 16],
        // IFLA_IFNAME, IFLA_LINK
        &[13, 0, 3, 0],
        b"ib0.0001\0\0\0\0",
        &[8, 0, 5, 0, 5, 0, 0, 0],
        // IFLA_LINKINFO: IFLA_INFO_KIND, IFLA_INFO_DATA: IFLA_IPOIB_PKEY, IFLA_IPOIB_MODE
        &[36, 0, 18, 0x80, 10, 0, 1, 0],
        b"ipoib\0\0\0",
        &[20, 0, 2, 0x80, 6, 0, 1, 0, 1, 0x80, 0, 0, 6, 0, 2, 0, 1, 0, 0, 0],
    ];
    assert_eq!(message.payload, expected.concat());
}

fn other(name: &str, text: &str) -> DesiredKind {
    let names = vec![("eth0".into(), 2)];
    DesiredKind { kind: LinkKind::Other { name: name.into(), options: options(text) }, names }
}

#[test]
fn other_kinds() {
    assert_eq!(kind_of(&other("macvlan", "tap=true").kind), Some("macvtap"));
    assert_eq!(value(&settings(&other("macvlan", "mode=2")), "macvlan.mode"), [4, 0, 0, 0]);
    assert_eq!(value(&settings(&other("vrf", "table=1000")), "table"), 1000_u32.to_ne_bytes());
    let vxlan = settings(&other("vxlan", "id=42 remote=2001:db8::1 parent=eth0 source-port-min=1 source-port-max=2"));
    assert_eq!(vxlan.iter().find(|one| one.option == "remote").unwrap().attribute, 16);
    assert_eq!(value(&vxlan, "destination-port"), [0x21, 0x18]);
    assert_eq!(value(&vxlan, "source-port-min"), [0, 1, 0, 2]);
    assert_eq!(value(&vxlan, "parent"), [2, 0, 0, 0]);
    let peer = settings(&other("veth", "peer=in0"));
    assert_eq!(peer[0].value, [&[0; 16][..], &[8, 0, 3, 0], b"in0\0"].concat());
    assert!(differing(peer, &[]).is_empty(), "what the kernel does not show is not compared");
    assert_eq!(kind_of(&other("macsec", "").kind), None);
    let gre = other("ip-tunnel", "mode=10 parent=eth0 remote=192.0.2.1 input-key=7");
    assert_eq!(kind_of(&gre.kind), Some("gretap"));
    let sent: Vec<_> = settings(&gre).into_iter().map(|one| (one.attribute, one.value)).collect();
    let expected: [(u16, &[u8]); 6] =
        [(1, &[2, 0, 0, 0]), (7, &[192, 0, 2, 1]), (8, &[0]), (10, &[1]), (4, &[0, 0, 0, 7]), (2, &[0x20, 0])];
    assert_eq!(sent, expected.map(|(attribute, value)| (attribute, value.to_vec())));
    let six = other("ip-tunnel", "mode=7 local=2001:db8::1 remote=2001:db8::2 tos=4 flow-label=9");
    assert_eq!(kind_of(&six.kind), Some("ip6tnl"));
    assert_eq!(value(&settings(&six), "flow-label"), [0, 0x40, 0, 9]);
    assert_eq!(value(&settings(&six), "mode"), [4], "carries IPv4");
    assert_eq!(kind_of(&other("ip-tunnel", "mode=4").kind), None, "ISATAP");
}

#[test]
fn a_tunnel_is_changed_as_a_whole_for_the_kernel_takes_what_is_missing_for_zero() {
    let six = other("ip-tunnel", "mode=7 local=2001:db8::1 remote=2001:db8::2 ttl=9 flags=1");
    let stream = |ttl: u8, flags: u32| {
        let mut held = Stream::default();
        for Setting { attribute, value, option, .. } in settings(&six) {
            match option {
                "ttl" => held.put(attribute, &[ttl]),
                "flags" => held.put(attribute, &flags.to_ne_bytes()),
                _ => held.put(attribute, &value),
            }
        }
        held.into_bytes()
    };
    // The kernel adds whether the tunnel can send and receive.
    assert_eq!(differing(settings(&six), &stream(9, 0x3_0001)), []);
    let held = stream(5, 0x3_0001);
    let [changed] = &differing(settings(&six), &held)[..] else { panic!("one request") };
    assert_eq!((changed.option, &changed.whole), ("ttl", &stream(9, 1)));
    assert_eq!(changed.former(&held).map(|former| former.whole), Some(held), "and undone so");
    let others = [8, 0, 1, 0, 2, 0, 0, 0];
    assert_eq!(
        changed.former(&others).map(|former| former.whole),
        Some(others.to_vec()),
        "also where it had no such value"
    );
    assert_eq!(changed.former(&[]), None, "a link that was just made");
}

#[test]
fn what_the_daemon_takes_for_not_given() {
    let port = |text: &str| port_settings(&DesiredPort { port_type: "bridge".into(), options: options(text) });
    let sent = |text: &str| port(text).into_iter().map(|one| one.value).collect::<Vec<_>>();
    assert_eq!(sent("priority=0 path-cost=0"), sent("priority=32 path-cost=100"));
    let bridge = |text: &str| {
        let wanted = DesiredKind { kind: LinkKind::Bridge { options: options(text) }, names: Vec::new() };
        settings(&wanted).iter().map(|one| one.option).collect::<Vec<_>>()
    };
    assert!(!bridge("vlan-default-pvid=7 stp=false").contains(&"vlan-default-pvid"), "it does not filter");
    assert!(bridge("vlan-default-pvid=7 vlan-filtering=true").contains(&"vlan-default-pvid"));
}

proptest::proptest! {
    #[test]
    fn any_text_and_any_held_bytes_are_taken_without_panic(
        key in "[a-z_-]{1,20}", text in ".{0,12}", held in proptest::collection::vec(0_u8.., 0..60)
    ) {
        for name in ["vrf", "vxlan", "macvlan", "ipvlan", "veth", "ip-tunnel"] {
            let options = vec![(key.clone(), text.clone()), ("mode".into(), text.clone()), ("peer".into(), text.clone())];
            let wanted = DesiredKind { kind: LinkKind::Other { name: name.into(), options }, names: Vec::new() };
            differing(settings(&wanted), &held);
        }
        let options = vec![("primary".into(), text.clone()), ("arp_ip_target".into(), text.clone()), (key, text)];
        differing(settings(&DesiredKind { kind: LinkKind::Bond { options }, names: Vec::new() }), &held);
    }
}
