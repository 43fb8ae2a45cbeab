//! Bonds, VLANs, teams and the other links that sunup makes, with a lease through each of them.

use std::time::Duration;

use serde_json::Value;

use crate::support::{DEFAULTS, Dnsmasq, Lan, Ran, wait_until};

/// Puts a keyfile where NetworkManager's are read, for root alone. `text` has its sections in one line each.
pub(crate) fn profile(lan: &Lan, name: &str, text: &str) {
    let text = format!("[connection]\nid={name}\ninterface-name={name}\n{}\n", text.replace(" | ", "\n"));
    let path = format!("/etc/NetworkManager/system-connections/{name}.nmconnection");
    let script = "mkdir -p \"${1%/*}\"; umask 077; printf '%s' \"$2\" >\"$1\"";
    lan.client.ok("sh", &["-euc", script, "sh", &path, &text]);
}

/// Both families off: a link that is there for what stands on it.
pub(crate) const BARE: &str = "[ipv4] | method=disabled | [ipv6] | method=disabled";
/// DHCPv4, which must succeed.
pub(crate) const DHCP: &str = "[ipv4] | method=auto | may-fail=false | [ipv6] | method=disabled";

fn link(lan: &Lan, name: &str) -> Value {
    lan.client.ip_json(&format!("link show dev {name}")).remove(0)
}

fn data(lan: &Lan, name: &str) -> Value {
    link(lan, name)["linkinfo"]["info_data"].clone()
}

/// A lan of two links that end in one bridge of the server's, which serves 10.77.0.0/24.
pub(crate) fn two(name: &str) -> Lan {
    let lan = crate::lan(name);
    lan.link(1);
    lan.server.sh(
        "ip link add lan type bridge forward_delay 0; ip link set lan up; ip address flush dev srv0; ip address flush dev srv1; \
         ip link set srv0 master lan; ip link set srv1 master lan; ip address add 10.77.0.1/24 dev lan",
    );
    lan
}

pub(crate) fn serve<'a>(lan: &'a Lan, link: &str) -> Dnsmasq<'a> {
    let interface = format!("--interface={link}");
    let options: Vec<&str> = [interface.as_str()].into_iter().chain(DEFAULTS.iter().copied()).collect();
    Dnsmasq::start(&lan.server, &options)
}

#[track_caller]
fn leased(lan: &Lan, link: &str, ran: &Ran, server: &Dnsmasq<'_>) {
    assert!(lan.address(link, "10.77.0.1").is_some(), "{ran}\n{}", server.log());
    lan.ping("10.77.0.1");
}

/// The modifying requests of a second run.
fn again(lan: &Lan, cmdline: &str) -> Vec<String> {
    let trace = lan.client.artifacts().join("again.strace");
    let trace = trace.to_str().unwrap();
    let strace = ["-f", "-e", "trace=%network", "-s", "4096", "-o", trace, lan.binary(), "up", "--cmdline", cmdline];
    lan.client.run("strace", &strace).exits(0);
    let text = lan.client.read(trace);
    assert!(text.contains("NETLINK_ROUTE"), "the trace shows the requests");
    let sent =
        |line: &&str| line.contains("send") && ["RTM_NEW", "RTM_DEL", "RTM_SET"].iter().any(|kind| line.contains(kind));
    text.lines().filter(sent).map(str::to_owned).collect()
}

#[track_caller]
fn unchanged(lan: &Lan, cmdline: &str) {
    let requests = again(lan, cmdline);
    assert!(requests.is_empty(), "{requests:#?}");
}

#[test]
fn a_bond_with_a_primary_port_and_a_jumbo_mtu() {
    let lan = two("bond-backup");
    lan.server.sh("ip link set srv0 mtu 9000; ip link set srv1 mtu 9000");
    let server = serve(&lan, "lan");
    let cmdline = "bond=bond0:eth0,eth1:mode=active-backup,primary=eth1,miimon=50,updelay=100,num_grat_arp=2:9000 ip=bond0:dhcp rd.neednet=1";
    let ran = lan.up(cmdline);
    ran.exits(0);
    leased(&lan, "bond0", &ran, &server);
    let bond = data(&lan, "bond0");
    assert_eq!(
        (&bond["mode"], &bond["primary"], &bond["miimon"]),
        (&"active-backup".into(), &"eth1".into(), &50.into()),
        "{bond}"
    );
    assert_eq!((&bond["updelay"], &bond["num_peer_notif"]), (&100.into(), &2.into()), "{bond}");
    for name in ["bond0", "eth0", "eth1"] {
        assert_eq!(link(&lan, name)["mtu"], 9000, "{name}");
    }
    let address = link(&lan, "bond0")["address"].as_str().unwrap().to_owned();
    assert_eq!(address, "52:54:00:77:00:02", "that of the first port");
    assert!(server.log().contains("DHCPREQUEST(lan) 10.77.0.1") && server.log().contains(&address));
    unchanged(&lan, cmdline);
    lan.server.sh("ip link set srv1 down");
    lan.ping("10.77.0.1");
}

#[test]
fn bond0_may_be_there_already() {
    let lan = two("bond-there");
    let server = serve(&lan, "lan");
    lan.client.ip("link add bond0 type bond");
    let ran = lan.up("bond=bond0:eth0,eth1:mode=balance-xor,xmit_hash_policy=layer3+4 ip=bond0:dhcp rd.neednet=1");
    ran.exits(0);
    leased(&lan, "bond0", &ran, &server);
    let bond = data(&lan, "bond0");
    assert_eq!((&bond["mode"], &bond["xmit_hash_policy"]), (&"balance-xor".into(), &"layer3+4".into()), "{bond}");
    assert_eq!(bond["miimon"], 100, "its ports are watched though nothing is said: {bond}");
}

#[test]
fn a_bond_whose_ports_are_up_already_takes_them() {
    let lan = two("bond-ports-up");
    let server = serve(&lan, "lan");
    lan.client.sh("ip link set eth0 up; ip link set eth1 up");
    let ran = lan.up("bond=bond0:eth0,eth1:mode=active-backup ip=bond0:dhcp rd.neednet=1");
    ran.exits(0);
    leased(&lan, "bond0", &ran, &server);
    assert!(["eth0", "eth1"].iter().all(|port| link(&lan, port)["master"] == "bond0"));
}

#[test]
fn every_option_of_a_bond_reaches_the_kernel() {
    let lan = two("bond-options");
    let _server = serve(&lan, "lan");
    let cases: [(&str, &[(&str, &str)]); 3] = [
        (
            "mode=active-backup,arp_interval=100,arp_ip_target=10.77.0.1;10.77.0.2,arp_validate=all,arp_all_targets=all,\
             arp_missed_max=3,primary_reselect=failure,fail_over_mac=none,resend_igmp=2,all_slaves_active=1,min_links=1,use_carrier=1",
            &[
                ("arp_interval", "100"),
                ("arp_validate", "\"all\""),
                ("arp_all_targets", "\"all\""),
                ("primary_reselect", "\"failure\""),
                ("resend_igmp", "2"),
                ("all_slaves_active", "1"),
                ("arp_missed_max", "3"),
                ("min_links", "1"),
            ],
        ),
        (
            "mode=balance-rr,packets_per_slave=3,lp_interval=5,downdelay=200,peer_notif_delay=300",
            &[("packets_per_slave", "3"), ("lp_interval", "5"), ("downdelay", "200"), ("peer_notify_delay", "300")],
        ),
        ("mode=balance-tlb,tlb_dynamic_lb=0", &[("tlb_dynamic_lb", "0")]),
    ];
    for (number, (options, expected)) in cases.iter().enumerate() {
        let name = format!("bond{number}");
        let ran = lan
            .up(&format!("bond={name}:eth9:{options} ip=10.9.{number}.2:::24::{name}:none rd.net.timeout.carrier=1"));
        let bond = data(&lan, &name);
        for (key, value) in *expected {
            assert_eq!(bond[key].to_string(), *value, "{key}: {bond}\n{ran}");
        }
        if number == 0 {
            assert_eq!(bond["arp_ip_target"].as_array().map(Vec::len), Some(2), "{bond}");
        }
    }
}

#[test]
fn lacp_with_a_bond_at_the_other_end() {
    let lan = crate::lan("bond-lacp");
    lan.link(1);
    lan.server.sh(
        "ip address flush dev srv0; ip address flush dev srv1; ip link set srv0 down; ip link set srv1 down; \
         ip link add lan type bond mode 802.3ad lacp_rate fast miimon 100; ip link set srv0 master lan; ip link set srv1 master lan; \
         ip link set lan up; ip address add 10.77.0.1/24 dev lan",
    );
    let server = serve(&lan, "lan");
    let options = "mode=802.3ad,lacp_rate=fast,ad_select=count,ad_actor_sys_prio=1000,ad_user_port_key=7,xmit_hash_policy=layer2+3";
    let cmdline = format!("bond=bond0:eth0,eth1:{options} ip=bond0:dhcp rd.neednet=1");
    let ran = lan.up(&cmdline);
    ran.exits(0);
    leased(&lan, "bond0", &ran, &server);
    // The other port may take its time to agree with its partner.
    let together = || data(&lan, "bond0")["ad_info"]["num_ports"] == 2;
    assert!(wait_until(Duration::from_secs(60), together), "{}", data(&lan, "bond0"));
    let bond = data(&lan, "bond0");
    assert_eq!((&bond["ad_lacp_rate"], &bond["ad_select"]), (&"fast".into(), &"count".into()), "{bond}");
    assert_eq!((&bond["ad_actor_sys_prio"], &bond["ad_user_port_key"]), (&1000.into(), &7.into()), "{bond}");
    unchanged(&lan, &cmdline);
}

#[test]
fn lacp_without_an_answer_from_the_switch_works_over_one_port() {
    let lan = two("bond-lacp-alone");
    let server = serve(&lan, "lan");
    let ran = lan.up("bond=bond0:eth0,eth1:mode=802.3ad,lacp_rate=fast ip=bond0:dhcp rd.neednet=1");
    ran.exits(0);
    leased(&lan, "bond0", &ran, &server);
}

#[test]
fn vlans_by_their_four_styles_of_names() {
    let lan = crate::lan("vlan-names");
    lan.server.sh("ip link add link srv0 name srv0.5 type vlan id 5; ip link set srv0.5 up; ip address add 10.77.5.1/24 dev srv0.5");
    for (number, name) in ["vlan5", "vlan0005", "eth0.5", "eth0.0005"].iter().enumerate() {
        let ran = lan.up(&format!("vlan={name}:eth0 ip=10.77.5.{}:::24::{name}:none rd.neednet=1", number + 2));
        ran.exits(0);
        let vlan = link(&lan, name);
        assert_eq!(vlan["linkinfo"]["info_data"]["id"], 5, "{vlan}");
        assert_eq!(vlan["linkinfo"]["info_data"]["protocol"], "802.1Q");
        lan.ping("10.77.5.1");
        lan.client.ip(&format!("link delete {name}"));
    }
}

#[test]
fn a_vlan_with_everything_on_a_link_that_nobody_takes() {
    let lan = crate::lan("vlan-all");
    lan.server.sh(
        "ip address flush dev srv0; ip link add link srv0 name s type vlan protocol 802.1ad id 7; ip link set s up; ip address add 10.77.0.1/24 dev s",
    );
    let server = serve(&lan, "s");
    let vlan = "type=vlan | [vlan] | id=7 | parent=eth0 | protocol=802.1ad | flags=3 | ingress-priority-map=1:3;2:4; | egress-priority-map=6:5;4:2;";
    profile(&lan, "v7", &format!("{vlan} | {DHCP}"));
    let ran = lan.up("rd.neednet=1");
    ran.exits(0);
    leased(&lan, "v7", &ran, &server);
    let vlan = data(&lan, "v7");
    assert_eq!((&vlan["protocol"], &vlan["id"]), (&"802.1ad".into(), &7.into()));
    assert_eq!(vlan["flags"].to_string(), r#"["REORDER_HDR","GVRP"]"#, "{vlan}");
    assert_eq!(
        (vlan["ingress_qos"].as_array().unwrap().len(), vlan["egress_qos"].as_array().unwrap().len()),
        (2, 2),
        "{vlan}"
    );
    unchanged(&lan, "rd.neednet=1");
    // Another VLAN of that name is not what was asked for.
    lan.client.sh("ip link delete v7; ip link add link eth0 name v7 type vlan id 8");
    let ran = lan.up("rd.neednet=1");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("v7").says("another vlan.id, not 7");
}

#[test]
fn a_bridge_on_a_vlan_on_a_bond() {
    let lan = two("deep");
    lan.server.sh("ip address flush dev lan; ip link add link lan name lan5 type vlan id 5; ip link set lan5 up; ip address add 10.77.0.1/24 dev lan5");
    let server = serve(&lan, "lan5");
    profile(&lan, "br0", &format!("type=bridge | [bridge] | stp=false | {DHCP}"));
    profile(&lan, "vlan5", "type=vlan | master=br0 | slave-type=bridge | [vlan] | id=5 | parent=bond0");
    profile(&lan, "bond0", &format!("type=bond | [bond] | mode=active-backup | {BARE}"));
    profile(&lan, "eth0", "type=ethernet | master=bond0 | slave-type=bond");
    profile(&lan, "eth1", "type=ethernet | master=bond0 | slave-type=bond | [bond-port] | queue-id=3");
    let ran = lan.up("rd.neednet=1");
    ran.exits(0);
    leased(&lan, "br0", &ran, &server);
    assert_eq!(link(&lan, "eth1")["linkinfo"]["info_slave_data"]["queue_id"], 3);
    assert_eq!(link(&lan, "br0")["address"], link(&lan, "bond0")["address"]);
    unchanged(&lan, "rd.neednet=1");
}

#[test]
fn a_team_of_each_runner_of_the_kernel() {
    for runner in ["activebackup", "roundrobin", "broadcast", "loadbalance", "random"] {
        let lan = two(&format!("team-{runner}"));
        let server = serve(&lan, "lan");
        let config = format!(r#"config={{"runner": {{"name": "{runner}"}}, "link_watch": {{"name": "ethtool"}}}}"#);
        profile(&lan, "team0", &format!("type=team | [team] | {config} | {DHCP}"));
        profile(&lan, "eth0", "type=ethernet | master=team0 | slave-type=team");
        profile(&lan, "eth1", "type=ethernet | master=team0 | slave-type=team");
        if matches!(runner, "broadcast" | "roundrobin" | "loadbalance" | "random") {
            // Copies and spread frames confuse a bridge that learns: one port is enough to see the lease come.
            lan.client.sh("rm /etc/NetworkManager/system-connections/eth1.nmconnection");
        }
        let ran = lan.sunup(&["up", "-v", "--cmdline", "rd.neednet=1", "--timeout", "20"]);
        assert_eq!(ran.code, 0, "{runner}: {ran}\n{}", lan.client.ip("-s -d link"));
        leased(&lan, "team0", &ran, &server);
        unchanged(&lan, "rd.neednet=1");
    }
}

#[test]
fn a_team_takes_the_port_that_gets_a_cable_later() {
    let lan = two("team-later");
    let server = serve(&lan, "lan");
    let config = r#"config={"runner": {"name": "activebackup"}, "link_watch": {"name": "ethtool"}}"#;
    profile(&lan, "team0", &format!("type=team | [team] | {config} | {DHCP}"));
    profile(&lan, "eth0", "type=ethernet | master=team0 | slave-type=team");
    profile(&lan, "eth1", "type=ethernet | master=team0 | slave-type=team");
    lan.server.sh("ip link set srv0 down; ip link set srv1 down");
    let cmdline = "rd.neednet=1 rd.net.timeout.carrier=60";
    let mut running = lan.start(&["up", "-v", "--cmdline", cmdline]);
    running.wait_for("active port");
    lan.server.sh("ip link set srv1 up");
    let leased = || lan.client.ip("address show team0").contains("10.77.0.1");
    assert!(wait_until(Duration::from_secs(60), leased), "{}\n{}", running.log(), server.log());
}

#[test]
fn a_team_with_lacp_is_refused_by_name() {
    let lan = two("team-lacp");
    profile(&lan, "team0", &format!(r#"type=team | [team] | config={{"runner": {{"name": "lacp"}}}} | {DHCP}"#));
    profile(&lan, "eth0", "type=ethernet | master=team0 | slave-type=team");
    let ran = lan.up("rd.neednet=1");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("lacp").says("802.3ad");
}

#[test]
fn a_port_of_a_vrf_keeps_its_addresses_and_its_routes_are_in_the_table() {
    let lan = crate::lan("vrf");
    let server = lan.serve(&[]);
    profile(&lan, "red", &format!("type=vrf | [vrf] | table=1000 | {BARE}"));
    profile(&lan, "eth0", &format!("type=ethernet | master=red | slave-type=vrf | {DHCP}"));
    let ran = lan.up("rd.neednet=1");
    ran.exits(0);
    assert!(lan.address("eth0", "10.77.0.1").is_some(), "{ran}\n{}", server.log());
    let default = lan.client.ip_json("-4 route show table 1000 default");
    assert_eq!(default[0]["gateway"], "10.77.0.1", "{default:?}");
    assert!(lan.client.ip_json("-4 route show table main default").is_empty());
    lan.client.ok("ping", &["-c1", "-w10", "-I", "red", "10.77.0.1"]);
    unchanged(&lan, "rd.neednet=1");
}

#[test]
fn a_vxlan_carries_a_lease_and_dummies_have_addresses() {
    let lan = crate::lan("vxlan");
    lan.server.sh(
        "ip address flush dev srv0; ip address add 10.99.0.1/24 dev srv0; \
         ip link add vx type vxlan id 42 local 10.99.0.1 remote 10.99.0.2 dstport 4789; ip link set vx up; ip address add 10.77.0.1/24 dev vx",
    );
    let server = serve(&lan, "vx");
    profile(&lan, "eth0", "type=ethernet | [ipv4] | method=manual | address1=10.99.0.2/24 | [ipv6] | method=disabled");
    let vxlan =
        "type=vxlan | [vxlan] | id=42 | parent=eth0 | local=10.99.0.2 | remote=10.99.0.1 | destination-port=4789";
    profile(&lan, "vx0", &format!("{vxlan} | {DHCP}"));
    profile(
        &lan,
        "dummy0",
        "type=dummy | [ipv4] | method=manual | address1=192.0.2.1/32 | may-fail=false | [ipv6] | method=disabled",
    );
    let ran = lan.up("rd.neednet=1");
    ran.exits(0);
    leased(&lan, "vx0", &ran, &server);
    assert!(lan.address("dummy0", "192.0.2.1").is_some(), "{ran}");
    let vxlan = data(&lan, "vx0");
    assert_eq!((&vxlan["id"], &vxlan["port"], &vxlan["link"]), (&42.into(), &4789.into(), &"eth0".into()), "{vxlan}");
    unchanged(&lan, "rd.neednet=1");
}

#[test]
fn ipvlan_and_macvtap() {
    let lan = crate::lan("ipvlan");
    // A link has ipvlans or macvlans on it, not both.
    lan.link(1);
    profile(
        &lan,
        "ipv0",
        "type=ipvlan | [ipvlan] | mode=1 | private=true | parent=eth0 | [ipv4] | method=manual | address1=10.77.0.9/24 | may-fail=false | [ipv6] | method=disabled",
    );
    profile(&lan, "tap0", &format!("type=macvlan | [macvlan] | mode=1 | tap=true | parent=eth1 | {BARE}"));
    let ran = lan.up("rd.neednet=1");
    ran.exits(0);
    lan.ping("10.77.0.1");
    assert_eq!(data(&lan, "ipv0")["mode"], "l2");
    assert_eq!(link(&lan, "tap0")["linkinfo"]["info_kind"], "macvtap");
    assert_eq!(data(&lan, "tap0")["mode"], "vepa");
}
