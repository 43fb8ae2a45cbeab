//! Many stacks of links at once: what one waits for, all wait for together.

use std::time::Duration;

use crate::stacked_links::{BARE, DHCP, profile};
use crate::support::{Dnsmasq, Lan};

/// VLAN upon bond upon card, that often, with a server behind each.
fn stacks(name: &str, number: u8) -> Lan {
    let lan = crate::lan(name);
    for at in 0..number {
        if at > 0 {
            lan.link(at);
        }
        let (card, bond, vlan) = (format!("eth{at}"), format!("bond{at}"), format!("vlan{at}"));
        lan.server.sh(&format!(
            "ip address flush dev srv{at}; ip link add link srv{at} name tag{at} type vlan id 5; \
             ip address add 10.77.{at}.1/24 dev tag{at}; ip link set tag{at} up"
        ));
        profile(&lan, &card, &format!("type=ethernet | master={bond} | slave-type=bond"));
        profile(&lan, &bond, &format!("type=bond | [bond] | mode=active-backup | miimon=100 | {BARE}"));
        profile(&lan, &vlan, &format!("type=vlan | [vlan] | parent={bond} | id=5 | {DHCP}"));
    }
    lan
}

/// How long it takes until every VLAN has its lease.
fn time(lan: &Lan, number: u8) -> Duration {
    let each = (0..number).flat_map(|at| {
        [format!("--interface=tag{at}"), format!("--dhcp-range=10.77.{at}.100,10.77.{at}.150,255.255.255.0,1h")]
    });
    let options: Vec<String> = each.chain(["--no-ping".to_owned()]).collect();
    let _server = Dnsmasq::start(&lan.server, &options.iter().map(String::as_str).collect::<Vec<_>>());
    let ran = lan.up("quiet");
    ran.exits(0);
    for at in 0..number {
        let address = lan.address(&format!("vlan{at}"), &format!("10.77.{at}.1"));
        assert!(address.is_some(), "vlan{at}: {ran}");
    }
    ran.elapsed
}

#[test]
fn thirty_three_links_in_eleven_stacks_have_their_leases() {
    let one = time(&stacks("side-one", 1), 1);
    let many = time(&stacks("side-many", 11), 11);
    println!("one stack of three links: {one:?}; eleven: {many:?}");
}
