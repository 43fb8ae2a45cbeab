//! Links that sunup makes: bridge, macvlan, veth, and several of them upon each other.

use std::time::Duration;

use serde_json::Value;

use crate::support::Lan;

/// Puts a keyfile where NetworkManager's are read, for root alone.
pub(crate) fn profile(lan: &Lan, name: &str, text: &str) {
    let path = format!("/etc/NetworkManager/system-connections/{name}.nmconnection");
    let script = "mkdir -p \"${1%/*}\"; umask 077; printf '%s' \"$2\" >\"$1\"";
    lan.client.ok("sh", &["-euc", script, "sh", &path, text]);
}

fn link(lan: &Lan, name: &str) -> Value {
    lan.client.ip_json(&format!("link show dev {name}")).remove(0)
}

#[test]
fn a_bridge_gets_its_lease_through_its_port() {
    let lan = crate::lan("stack-bridge");
    let server = lan.serve(&[]);
    let ran = lan.up("bridge=br0:eth0 ip=br0:dhcp rd.neednet=1");
    ran.exits(0);
    assert!(ran.elapsed < Duration::from_secs(10), "nothing waits for a forward delay: {ran}");
    assert!(lan.address("br0", "10.77.0.1").is_some(), "{} {ran}", server.log());
    assert!(lan.address("eth0", "10.77.").is_none(), "a port has no address");
    let (bridge, port) = (link(&lan, "br0"), link(&lan, "eth0"));
    assert_eq!(bridge["linkinfo"]["info_data"]["stp_state"], 0, "{bridge}");
    assert_eq!(port["master"], "br0", "{port}");
    assert_eq!(port["linkinfo"]["info_slave_data"]["cost"], 100, "as the daemon sets it: {port}");
    assert_eq!(bridge["address"], port["address"], "a bridge has the address of its port");
    assert!(
        server.log().contains(port["address"].as_str().unwrap()),
        "which is the one it asks with: {}",
        server.log()
    );
    lan.ping("10.77.0.1");
    let route = lan.route("0.0.0.0/0").unwrap();
    assert_eq!((&route["dev"], &route["metric"]), (&"br0".into(), &425.into()), "{route}");
}

#[test]
fn a_second_run_leaves_a_stack_as_it_is() {
    let lan = crate::lan("stack-again");
    let _server = lan.serve(&[]);
    let cmdline = "bridge=br0:eth0 ip=br0:dhcp rd.neednet=1";
    lan.up(cmdline).exits(0);
    let (_, requests, events) = crate::a_second_run_changes_nothing::again(&lan, cmdline);
    assert!(requests.is_empty(), "{requests:#?}");
    assert_eq!(events, "");
    let memory = lan.client.sh("cat /run/sunup/links/*");
    assert_eq!(memory.matches("created=true").count(), 1, "only the bridge was made: {memory}");
}

#[test]
fn another_kind_of_link_with_the_name_is_an_error_that_names_both() {
    let lan = crate::lan("stack-kind");
    lan.client.ip("link add br0 type veth peer name other");
    let ran = lan.up("bridge=br0:eth0 ip=10.77.0.9::10.77.0.1:24::br0:none rd.neednet=1");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("br0").says("veth");
    assert_eq!(link(&lan, "br0")["linkinfo"]["info_kind"], "veth");
}

#[test]
fn macvlan_over_a_bridge_over_a_pair_whose_other_end_serves() {
    let lan = crate::lan("stack-deep");
    let _server = lan.serve(&[]);
    profile(
        &lan,
        "bridge",
        "[connection]\nid=bridge\ntype=bridge\ninterface-name=br0\n[bridge]\nstp=false\npriority=4096\nageing-time=60\n[ipv4]\nmethod=disabled\n[ipv6]\nmethod=disabled\n",
    );
    profile(
        &lan,
        "port",
        "[connection]\nid=port\ntype=ethernet\ninterface-name=eth0\nmaster=br0\nslave-type=bridge\n[bridge-port]\npath-cost=7\nhairpin-mode=true\n",
    );
    profile(
        &lan,
        "over",
        "[connection]\nid=over\ntype=macvlan\ninterface-name=mv0\n[macvlan]\nmode=2\nparent=br0\n[ethernet]\ncloned-mac-address=52:54:00:77:00:99\n[ipv4]\nmethod=auto\nmay-fail=false\n[ipv6]\nmethod=disabled\n",
    );
    let ran = lan.sunup(&["up", "--cmdline", "rd.neednet=1"]);
    ran.exits(0);
    assert!(lan.address("mv0", "10.77.0.1").is_some(), "{ran}");
    assert_eq!(link(&lan, "mv0")["address"], "52:54:00:77:00:99");
    assert_eq!(link(&lan, "mv0")["linkinfo"]["info_data"]["mode"], "bridge");
    let data = &link(&lan, "br0")["linkinfo"]["info_data"];
    assert_eq!((&data["priority"], &data["ageing_time"]), (&4096.into(), &6000.into()), "{data}");
    let port = &link(&lan, "eth0")["linkinfo"]["info_slave_data"];
    assert_eq!((&port["cost"], &port["hairpin"]), (&7.into(), &true.into()), "{port}");
    lan.ping("10.77.0.1");
    let (_, requests, _) = crate::a_second_run_changes_nothing::again(&lan, "rd.neednet=1");
    assert!(requests.is_empty(), "{requests:#?}");
}

#[test]
fn both_ends_of_a_pair_are_profiles() {
    let lan = crate::lan("stack-veth");
    for (name, peer, address) in [("in0", "out0", "192.0.2.1"), ("out0", "in0", "192.0.2.2")] {
        profile(
            &lan,
            name,
            &format!(
                "[connection]\nid={name}\ntype=veth\ninterface-name={name}\n[veth]\npeer={peer}\n[ipv4]\nmethod=manual\naddress1={address}/24\nmay-fail=false\n[ipv6]\nmethod=disabled\n"
            ),
        );
    }
    let ran = lan.sunup(&["up", "--cmdline", "rd.neednet=1"]);
    ran.exits(0);
    assert!(lan.address("in0", "192.0.2.1").is_some() && lan.address("out0", "192.0.2.2").is_some(), "{ran}");
}

#[test]
fn a_link_the_kernel_has_no_driver_for_is_said_and_costs_no_other() {
    let lan = crate::lan("stack-absent");
    let _server = lan.serve(&[]);
    // Not every kernel lacks it; where it is there, the link is made.
    let ran = lan.up("vlan=eth0.5:eth0 ip=eth0:dhcp ip=192.0.2.5::192.0.2.1:24::eth0.5:none rd.neednet=1");
    if lan.client.run("ip", &["link", "show", "eth0.5"]).code == 0 {
        ran.exits(0);
    } else {
        ran.exits(3).says("eth0.5").says("8021q");
    }
    assert!(lan.address("eth0", "10.77.0.1").is_some(), "{ran}");
}

/// A bridge over a macvlan over a pair, with an address: three links to be made upon each other, `count` times.
fn stacks(count: usize) -> Duration {
    let lan = crate::lan(&format!("stacks-{count}"));
    let pairs = (0..count)
        .map(|number| format!("ip link add p{number} type veth peer name q{number}; ip link set q{number} up"));
    lan.client.sh(&pairs.collect::<Vec<_>>().join("\n"));
    for number in 0..count {
        let bare = "[ipv4]\nmethod=disabled\n[ipv6]\nmethod=disabled\n";
        let (low, bridge, top) = (format!("l{number}"), format!("r{number}"), format!("t{number}"));
        profile(
            &lan,
            &low,
            &format!(
                "[connection]\nid={low}\ntype=macvlan\ninterface-name={low}\nmaster={bridge}\nslave-type=bridge\n[macvlan]\nmode=2\nparent=p{number}\n"
            ),
        );
        profile(
            &lan,
            &bridge,
            &format!("[connection]\nid={bridge}\ntype=bridge\ninterface-name={bridge}\n[bridge]\nstp=false\n{bare}"),
        );
        profile(
            &lan,
            &top,
            &format!(
                "[connection]\nid={top}\ntype=macvlan\ninterface-name={top}\n[macvlan]\nmode=2\nparent={bridge}\n[ipv4]\nmethod=manual\naddress1=10.9.{number}.2/24\nmay-fail=false\n[ipv6]\nmethod=disabled\n"
            ),
        );
    }
    let ran = lan.sunup(&["up", "--cmdline", "rd.neednet=1"]);
    ran.exits(0);
    (0..count).for_each(|number| assert!(lan.address(&format!("t{number}"), "10.9.").is_some(), "t{number}: {ran}"));
    let state = lan.state();
    let took = state["finished_ms"].as_u64().unwrap() - state["started_ms"].as_u64().unwrap();
    Duration::from_millis(took)
}

#[test]
fn stacks_of_three_are_made_side_by_side() {
    let (one, many) = (stacks(1), stacks(32));
    println!("one stack of three {one:?}, thirty-two {many:?}");
    // One after the other they would take 32 times as long; a busy machine gets some slack.
    assert!(many < one * 16 + Duration::from_secs(2), "one {one:?}, thirty-two {many:?}");
}
