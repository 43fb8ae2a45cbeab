//! A card that goes while it is waited for, and comes back as another device: what stood on it is made again, a bond has its port
//! again, a tunnel goes by it again.

use std::time::Duration;

use crate::support::{Lan, wait_until};
use crate::wireguard::Tunnelled;

const LONG: Duration = Duration::from_secs(60);

/// Starts `up`, takes eth0 away once `link` carries, and brings it back with `after` done in the server's room.
fn gone_and_back(lan: &Lan, line: &str, link: &str, after: impl FnOnce()) {
    let mut running = lan.start(&["up", "--cmdline", line, "--timeout", "60"]);
    let carries = || lan.client.sh(&format!("ip link show {link} 2>&1 || true")).contains("LOWER_UP");
    assert!(wait_until(LONG, carries), "{}", running.log());
    lan.client.ip("link delete eth0");
    assert!(!wait_until(Duration::from_secs(1), || running.ended()), "{}", running.log());
    lan.link(0);
    after();
    assert!(wait_until(LONG, || running.ended()), "{}", running.log());
    assert_eq!(lan.state()["result"], "ok", "{}\n{}", running.log(), lan.state());
}

#[test]
fn a_vlan_is_made_again() {
    let lan = crate::lan("back-vlan");
    let line = "vlan=eth0.5:eth0 ip=eth0.5:dhcp rd.neednet=1";
    let mut server = None;
    gone_and_back(&lan, line, "eth0.5", || {
        lan.server.sh("ip link add link srv0 name srv0.5 type vlan id 5; ip address add 10.78.0.1/24 dev srv0.5; ip link set srv0.5 up");
        let range = "--dhcp-range=10.78.0.100,10.78.0.150,255.255.255.0,1h";
        server = Some(crate::support::Dnsmasq::start(&lan.server, &["--interface=srv0.5", range]));
    });
    assert!(lan.address("eth0.5", "10.78.0.1").is_some());
}

#[test]
fn a_bond_has_its_port_again() {
    let lan = crate::lan("back-bond");
    let line = "bond=bond7:eth0:mode=active-backup,miimon=100 vlan=bond7.5:bond7 ip=bond7:dhcp \
                ip=10.79.0.9:::24::bond7.5:none rd.neednet=1";
    let mut server = None;
    gone_and_back(&lan, line, "bond7", || server = Some(lan.serve(&[])));
    assert!(lan.address("bond7", "10.77.0.1").is_some());
    assert!(lan.address("bond7.5", "10.79.0.9").is_some());
    assert!(lan.client.ip("link show eth0").contains("master bond7"));
}

#[test]
fn a_tunnel_goes_by_it_again() {
    let it = Tunnelled::new("back-wg");
    let _server = it.lan.serve(&[]);
    it.lan.server.ip("link set wg0 down");
    it.file("/etc/wireguard/wg0.conf", "", "Endpoint = 10.77.0.1:51820\nAllowedIPs = 10.99.0.0/24, 198.51.100.0/24");
    let line = "ip=dhcp rd.neednet=1 rd.wireguard=wg0 rd.net.timeout.handshake=50";
    gone_and_back(&it.lan, line, "wg0", || {
        // The server's end has another index, which dnsmasq looks up anew.
        it.lan.server.sh("ip link set wg0 up; ip route add 10.99.0.2 dev wg0 || true");
    });
    it.lan.ping("10.99.0.1");
    assert!(it.lan.address("eth0", "10.77.0.1").is_some());
}
