//! Arguments that nothing but a run can show: what `up` makes of them.

use std::time::Duration;

use crate::support::server::Manners;

#[test]
fn the_kernels_old_name_of_ip_is_read() {
    let lan = crate::lan("nfsaddrs");
    lan.up("nfsaddrs=10.77.0.50::10.77.0.1:255.255.255.0::eth0:off").exits(0);
    assert_eq!(lan.address("eth0", "10.77.0.50").unwrap()["prefixlen"], 24);
    assert_eq!(lan.route("0.0.0.0/0").unwrap()["gateway"], "10.77.0.1");
}

#[test]
fn name_servers_for_everything_take_the_place_of_those_of_the_lease() {
    let lan = crate::lan("global-dns");
    let _server =
        lan.serve(&["--dhcp-option=option:dns-server,10.77.0.1", "--dhcp-option=option:domain-search,lan.example"]);
    let ours = "rd.net.dns=192.0.2.53 rd.net.dns=dns+udp://192.0.2.54:53 rd.net.dns=dns+tls://192.0.2.55#dot.example";
    lan.up(&format!("ip=eth0:dhcp {ours} rd.net.dns-backend=dnsmasq")).exits(0).says("TLS");
    let text = lan.client.read("/etc/resolv.conf");
    let servers: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(servers, ["nameserver 192.0.2.53", "nameserver 192.0.2.54"]);
    let daemon = lan.client.read("/run/NetworkManager/conf.d/16-global-dns.conf");
    let all = "servers=192.0.2.53,dns+udp://192.0.2.54:53,dns+tls://192.0.2.55#dot.example\n";
    assert!(daemon.contains("[global-dns]\n") && daemon.ends_with(all), "{daemon}");
    assert!(lan.client.read("/run/NetworkManager/conf.d/16-dns-backend.conf").ends_with("[main]\ndns=dnsmasq\n"));
    // With `backup` those of the links are used as well.
    lan.up("ip=eth0:dhcp rd.net.dns=192.0.2.53 rd.net.dns-resolve-mode=backup").exits(0);
    let text = lan.client.read("/etc/resolv.conf");
    assert!(text.contains("search lan.example") && text.contains("nameserver 10.77.0.1"), "{text}");
}

#[test]
fn nobody_hears_of_an_error_of_a_link_that_nobody_waited_for() {
    let lan = crate::lan("quiet-dead-link");
    lan.link(1);
    lan.server.ip("link set srv1 down");
    let _server = lan.serve_own(Manners { lose_discovers: 4, ..Manners::default() });
    let ran = lan.up("ip=eth0:dhcp ip=eth1:dhcp bootdev=eth0 rd.net.timeout.carrier=1");
    ran.exits(0);
    assert!(ran.elapsed > Duration::from_secs(1), "its carrier was given up before the end: {ran}");
    ran.says("eth1: not needed, and not up: no carrier");
}

#[test]
fn a_link_that_is_renamed_while_it_waits_for_a_lease_is_followed() {
    let lan = crate::lan("renamed-in-dhcp");
    let _server = lan.serve_own(Manners { lose_discovers: 3, ..Manners::default() });
    let mut running = lan.start(&["up", "--cmdline", "ip=52-54-00-77-00-02:dhcp"]);
    std::thread::sleep(Duration::from_millis(150));
    // Kernels before 6.2 rename only a link that is down; then it is set up again by whoever renamed it.
    lan.client.sh(
        "ip link set eth0 name lan0 || { ip link set eth0 down; ip link set eth0 name lan0; ip link set lan0 up; }",
    );
    assert!(crate::support::wait_until(Duration::from_secs(20), || running.ended()), "{}", running.log());
    assert!(lan.address("lan0", "10.77.0.").is_some(), "{}", running.log());
    assert_eq!(lan.link_state("lan0")["state"], "up");
    assert!(lan.client.read("/run/net-lan0.conf").contains("lan0"));
}
