//! A DHCPv6 lease under the daemons: the server sees one client with one address.

use crate::networkd::Networkd;
use crate::networkmanager::NetworkManager;
use crate::rig::{Adoption, one_link};
use crate::stand_in::wait_for_global6;
use crate::support::{Dnsmasq, Lan, wait_until};

/// A router that says M, and a server of fd77::/64.
fn served(lan: &Lan) -> Dnsmasq<'_> {
    lan.server.sh("echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
    lan.server.ip("address add fd77::1/64 dev srv0 nodad");
    let mut options = vec!["--interface=srv0", "--enable-ra", "--ra-param=srv0,10"];
    options.extend(["--dhcp-range=fd77::10,fd77::ff,64,1h", "--dhcp-option=option6:dns-server,[fd77::53]"]);
    Dnsmasq::start(&lan.server, &options)
}

/// The addresses the server has given, once the daemon has asked.
fn given(lan: &Lan, server: &Dnsmasq<'_>, before: usize) -> usize {
    let asked = || server.log().matches(" DHCPREPLY(").count() > before;
    assert!(wait_until(std::time::Duration::from_secs(10), asked), "the daemon did not ask: {}", server.log());
    let leases = lan.server.read("/run/dnsmasq.leases");
    leases.lines().filter(|line| line.contains(" fd77::")).count()
}

fn goes_on(name: &str, start: impl Fn(&Adoption<'_>) -> crate::verdict::Verdict) {
    let lan = crate::lan(name);
    let server = served(&lan);
    lan.up("ip=eth0:dhcp6 rd.neednet=1 rd.sunup.handover=networkmanager,networkd").exits(0);
    wait_for_global6(&lan);
    let before = server.log().matches(" DHCPREPLY(").count();
    let title = format!("{name}, ip=dhcp6");
    let adoption = Adoption { pings: &["fd77::1"], own_default: true, ..one_link(&title, &lan, None) };
    start(&adoption).print().is_clean();
    assert_eq!(given(&lan, &server, before), 1, "{}", server.log());
}

#[test]
fn under_networkmanager() {
    goes_on("nm-dhcp6", |adoption| adoption.by(NetworkManager::prepare(&adoption.lan.client)));
}

#[test]
fn under_networkd() {
    goes_on("networkd-dhcp6", |adoption| adoption.by(|| Networkd::start(&adoption.lan.client)));
}
