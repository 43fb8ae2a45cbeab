//! `sunup up`, then systemd-networkd, on the path that it takes where there is udev: the one that shows flaps.

use crate::lines::{LEASED, STATIC};
use crate::networkd::Networkd;
use crate::rig::{Adoption, one_link};
use crate::stand_in::wait_for_global6;
use crate::sunup_hands_over_to_networkmanager::serve_two;
use crate::the_rig_sees_what_goes_wrong::router;
use crate::verdict::Verdict;

/// The daemon starts on what is there.
fn adopt(adoption: &Adoption<'_>) -> Verdict {
    adoption.by(|| Networkd::start(&adoption.lan.client))
}

#[test]
fn a_lease_goes_on() {
    let lan = crate::lan("networkd-dhcp4");
    let server = lan.serve(&[]);
    lan.up("ip=dhcp rd.neednet=1 rd.sunup.handover=networkd").exits(0);
    adopt(&one_link("networkd, ip=dhcp", &lan, Some(&server))).print().is_clean();
}

#[test]
fn a_static_address_stays() {
    let lan = crate::lan("networkd-static4");
    let line = "ip=10.77.0.50::10.77.0.1:24::eth0:none rd.route=192.0.2.0/24:10.77.0.7:eth0 nameserver=10.77.0.1";
    lan.up(&format!("{line} rd.neednet=1 rd.sunup.handover=networkd")).exits(0);
    adopt(&one_link("networkd, static with route", &lan, None)).print().is_clean();
    assert!(lan.route("192.0.2.0/24").is_some());
}

/// The daemon takes several seconds to find out that the address is free; it stays all the while.
#[test]
fn an_address_that_the_link_gave_itself_stays() {
    let lan = crate::lan("networkd-link-local4");
    lan.server.ip("address add 169.254.0.7/16 dev srv0");
    lan.up("ip=eth0:link-local rd.net.acd=short rd.neednet=1 rd.sunup.handover=networkd").exits(0);
    lan.sunup(&["verify-handover"]).exits(0);
    let adoption =
        Adoption { pings: &["169.254.0.7"], below: &["eth0"], ..one_link("networkd, ip=eth0:link-local", &lan, None) };
    adopt(&adoption).print().is_clean();
}

/// Without udev the daemon configures a link before it has seen its addresses; a wrong broadcast address then makes it
/// send the same request for ever.
#[test]
fn nothing_is_sent_for_ever_in_a_container() {
    let lan = crate::container("networkd-container");
    let server = lan.serve(&[]);
    lan.up("ip=dhcp rd.neednet=1 rd.sunup.handover=networkd").exits(0);
    let verdict = adopt(&one_link("networkd, ip=dhcp, read-only /sys", &lan, Some(&server)));
    verdict.print().is_clean();
    assert!(verdict.events.len() < 50, "{} events", verdict.events.len());
}

#[test]
fn a_static_address_stays_in_a_container() {
    let lan = crate::container("networkd-container-static4");
    lan.up("ip=10.77.0.50::10.77.0.1:24::eth0:none nameserver=10.77.0.1 rd.neednet=1 rd.sunup.handover=networkd")
        .exits(0);
    let verdict = adopt(&one_link("networkd, static, read-only /sys", &lan, None));
    verdict.print().is_clean();
    assert!(verdict.events.len() < 50, "{} events", verdict.events.len());
}

#[test]
fn a_static_ipv6_address_stays() {
    let lan = crate::lan("networkd-static6");
    lan.server.ip("address add fd77::1/64 dev srv0 nodad");
    lan.up("ip=[fd77::50]::[fd77::1]:64::eth0:none nameserver=fd77::1 rd.neednet=1 rd.sunup.handover=networkd")
        .exits(0);
    let adoption = Adoption { pings: &["fd77::1"], ..one_link("networkd, ip=[fd77::50]::...:none", &lan, None) };
    adopt(&adoption).print().is_clean();
}

#[test]
fn an_address_from_a_router_advertisement_stays() {
    let lan = crate::lan("networkd-slaac");
    let _router = router(&lan);
    lan.up("ip=eth0:auto6 rd.neednet=1 rd.sunup.handover=networkd").exits(0);
    wait_for_global6(&lan);
    let adoption = Adoption { pings: &["fd77::1"], ..one_link("networkd, ip=eth0:auto6", &lan, None) };
    adopt(&adoption).print().is_clean();
}

#[test]
fn both_families_stay() {
    let lan = crate::lan("networkd-both");
    let server = router(&lan);
    lan.up("ip=dhcp rd.neednet=1 rd.sunup.handover=networkd").exits(0);
    wait_for_global6(&lan);
    let adoption = Adoption {
        pings: &["10.77.0.1", "fd77::1"],
        ..one_link("networkd, ip=dhcp and a router", &lan, Some(&server))
    };
    adopt(&adoption).print().is_clean();
}

#[test]
fn several_links_are_adopted_each_with_its_file() {
    let lan = crate::lan("networkd-several");
    lan.link(1);
    let server = serve_two(&lan);
    lan.up("ip=eth0:dhcp ip=eth1:dhcp rd.neednet=1 rd.sunup.handover=networkd").exits(0);
    let adoption = Adoption {
        links: &["eth0", "eth1"],
        pings: &["10.77.0.1", "10.77.1.1"],
        ..one_link("networkd, ip=eth0:dhcp ip=eth1:dhcp", &lan, Some(&server))
    };
    adopt(&adoption).print().is_clean();
}

#[test]
fn whatever_is_said_of_static_addresses_stays() {
    for (name, line) in STATIC {
        let lan = crate::lan(&format!("networkd-{name}"));
        lan.up(&format!("{line} rd.neednet=1 rd.sunup.handover=networkd")).exits(0);
        adopt(&one_link(&format!("networkd, {name}"), &lan, None)).print().is_clean();
    }
}

#[test]
fn whatever_is_said_of_a_lease_stays() {
    for (name, line, options) in LEASED {
        let lan = crate::lan(&format!("networkd-{name}"));
        let server = lan.serve(options);
        lan.up(&format!("{line} rd.neednet=1 rd.sunup.handover=networkd")).exits(0);
        adopt(&one_link(&format!("networkd, {name}"), &lan, Some(&server))).print().is_clean();
    }
}

#[test]
fn a_bridge_and_its_port_stay() {
    for (name, line, leased) in crate::sunup_hands_over_to_networkmanager::BRIDGES {
        let lan = crate::lan(&format!("networkd-{name}"));
        let server = leased.then(|| lan.serve(&[]));
        lan.up(&format!("{line} rd.neednet=1 rd.sunup.handover=networkd")).exits(0);
        lan.sunup(&["verify-handover"]).exits(0);
        let title = format!("networkd, {name}");
        let adoption = Adoption { links: &["br0"], below: &["eth0"], ..one_link(&title, &lan, server.as_ref()) };
        adopt(&adoption).print().is_clean();
        assert!(lan.client.ip("link show eth0").contains("master br0"));
    }
}

/// The server hears the same name and class from the daemon as from sunup: it may choose by them.
#[test]
fn the_daemon_says_who_it_is_as_sunup_did() {
    const NAME: &str = "client provides name: lark";
    const CLASS: &str = "vendor class: acme 7";
    for (name, settings, says_name) in
        [("says-name", "dhcp-hostname=lark", true), ("hides-name", "dhcp-send-hostname=false", false)]
    {
        let lan = crate::lan(&format!("networkd-{name}"));
        let server = lan.serve(&[]);
        let profile = format!("type=ethernet\n[ipv4]\nmethod=auto\ndhcp-vendor-class-identifier=acme 7\n{settings}\n");
        crate::same_links::write(&lan, &[("eth0", &profile)]);
        lan.up("rd.neednet=1 rd.sunup.handover=networkd").exits(0);
        let before = server.log();
        adopt(&one_link(&format!("networkd, {name}"), &lan, Some(&server))).print().is_clean();
        for (who, log) in [("sunup", &before[..]), ("the daemon", &server.log()[before.len()..])] {
            assert!(log.contains(CLASS) && log.contains("client provides name") == says_name, "{name}, {who}: {log}");
            assert_eq!(log.contains(NAME), says_name, "{name}, {who}: {log}");
        }
    }
}

/// With an address by a router sunup does not wait for a DHCPv4 server that is slow; the daemon goes on asking.
#[test]
fn a_lease_that_sunup_did_not_wait_for_comes_later() {
    let lan = crate::lan("networkd-late-lease");
    lan.server.sh("echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
    lan.server.ip("address add fd77::1/64 dev srv0 nodad");
    let prefix =
        "interface srv0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; prefix fd77::/64 { }; };\n";
    let _router = crate::routes_of_routers::radvd(&lan, prefix);
    lan.up("ip=eth0:dhcp,auto6 rd.neednet=1 rd.sunup.handover=networkd").exits(0);
    wait_for_global6(&lan);
    assert!(lan.address("eth0", "10.77.").is_none());
    let _server = lan.serve(&[]);
    let adoption = Adoption { pings: &["fd77::1"], fixed: 1, ..one_link("networkd, a late lease", &lan, None) };
    adopt(&adoption);
    let leased =
        crate::support::wait_until(std::time::Duration::from_secs(10), || lan.address("eth0", "10.77.0.1").is_some());
    assert!(leased, "{}", lan.client.read("/run/systemd/network/10-sunup-eth0.network"));
}
