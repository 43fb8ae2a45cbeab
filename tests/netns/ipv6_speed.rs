//! How soon IPv6 is there, and DHCPv4 after a late carrier: read from the kernel's own announcements and from the wire. What is
//! asserted is generous, because the machine may be busy; what was measured is printed.

use std::time::Duration;

use crate::support::{Lan, Process, wait_until};

/// Two rooms whose ends of the link have different numbers, as links of different machines do. Ends of equal numbers are taken
/// for hardware that may flap, and the kernel waits up to a second before it lets IPv6 use the link.
fn lan(name: &str) -> Lan {
    let lan = crate::lan(&format!("speed-{name}"));
    lan.client.ip("link delete eth0");
    lan.client.ip("link add spare0 type veth peer name spare1");
    lan.link(0);
    lan
}

/// A router that answers at once.
fn radvd(lan: &Lan) -> Process<'_> {
    lan.server.sh("echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
    lan.server.sh("ip link set srv0 down; echo 0 >/proc/sys/net/ipv6/conf/srv0/accept_dad; ip link set srv0 up");
    // 2001:db8:99::1 is behind the router.
    lan.server.sh("ip -6 address add 2001:db8:77::1/64 dev srv0 nodad; ip -6 address add 2001:db8:99::1/128 dev lo");
    let text = "interface srv0 {\n AdvSendAdvert on;\n MinRtrAdvInterval 3;\n MaxRtrAdvInterval 4;\n\
        prefix 2001:db8:77::/64 { AdvOnLink on; AdvAutonomous on; };\n};\n";
    lan.server.sh(&format!("printf '%s' '{text}' >/run/radvd.conf"));
    let arguments = ["-n", "-m", "stderr", "-d", "1", "-C", "/run/radvd.conf", "-p", "/run/radvd.pid"];
    let mut radvd = lan.server.spawn("radvd", &arguments);
    radvd.wait_for("version");
    radvd
}

/// `ip -ts monitor`, listening.
fn watch(lan: &Lan) -> Process<'_> {
    let watch = lan.client.spawn("ip", &["-ts", "monitor", "link", "address", "route"]);
    let heard = || {
        lan.client.ip("link add ready0 type veth peer name ready1");
        lan.client.ip("link delete ready0");
        watch.log().contains("Deleted") && watch.log().contains("ready0")
    };
    assert!(wait_until(Duration::from_secs(10), heard), "ip monitor hears nothing");
    watch
}

/// Seconds of the day of the first line that has all these words, none of those, and comes at `from` or later.
fn when(log: &str, words: &[&str], without: &[&str], from: f64) -> Option<f64> {
    let of = |line: &str| {
        let (_, time) = line.strip_prefix('[')?.split_once(']')?.0.split_once('T')?;
        let mut parts = time.split(':').map(|part| part.parse::<f64>().unwrap());
        Some((parts.next()? * 60.0 + parts.next()?) * 60.0 + parts.next()?)
    };
    let fits = |line: &&str| words.iter().all(|w| line.contains(w)) && !without.iter().any(|w| line.contains(w));
    log.lines().filter(fits).filter_map(of).find(|at| *at >= from)
}

/// When eth0 could be used: it has carrier, and the kernel has taken note.
fn carrier(log: &str) -> f64 {
    when(log, &["eth0", "LOWER_UP", "state UP"], &[], 0.0).unwrap_or_else(|| panic!("no carrier: {log}"))
}

/// the route is there about a millisecond after the carrier, and what is behind the router can be reached at once.
#[test]
fn r_05_an_optimistic_address_and_its_route_are_there_at_once() {
    let lan = lan("optimistic");
    let _radvd = radvd(&lan);
    let watch = watch(&lan);
    lan.up("ip=eth0:auto6 rd.neednet=1").exits(0);
    // One packet, one answer.
    lan.client.ok("ping", &["-c1", "-W2", "-n", "2001:db8:99::1"]);
    // A neighbour that nobody has asked for yet: as soon as the link-local address is proved unique.
    lan.client.ok("ping", &["-c1", "-W5", "-n", "2001:db8:77::1"]);
    let log = watch.stop();
    let carrier = carrier(&log);
    let route = when(&log, &["default", "eth0", "proto ra"], &["Deleted"], 0.0).unwrap() - carrier;
    let address = when(&log, &["2001:db8:77:", "scope global"], &["Deleted"], 0.0).unwrap() - carrier;
    println!("default route {:.1} ms, address {:.1} ms after carrier", route * 1e3, address * 1e3);
    assert!(route < 0.5 && address < 0.5, "{log}");
}

/// without optimistic detection both detections run side by side, and up waits for their end.
#[test]
fn r_05_detection_that_is_kept_costs_one_round_and_not_two() {
    let lan = lan("kept");
    let _radvd = radvd(&lan);
    lan.client.sh("echo 0 >/run/zero; mount --bind /run/zero /proc/sys/net/ipv6/conf/eth0/optimistic_dad");
    let watch = watch(&lan);
    lan.up("ip=eth0:auto6 rd.neednet=1").exits(0);
    let address = lan.address("eth0", "2001:db8:77:").expect("an address of the prefix");
    assert!(address["tentative"].is_null() && address["dadfailed"].is_null(), "{address}");
    let log = watch.stop();
    let ready = when(&log, &["2001:db8:77:", "scope global"], &["tentative", "Deleted"], 0.0).unwrap() - carrier(&log);
    println!("address proved unique {:.0} ms after carrier", ready * 1e3);
    // NetworkManager takes 3.3 s on the same link, two rounds one after the other: 0.65 of it.
    assert!(ready < 2.15, "{ready}: {log}");
}

/// another host has the address that would be formed.
#[test]
fn r_05_an_address_of_another_host_is_reported() {
    let lan = lan("duplicate");
    let _radvd = radvd(&lan);
    lan.client.sh("echo 0 >/run/zero; mount --bind /run/zero /proc/sys/net/ipv6/conf/eth0/optimistic_dad");
    lan.server.ip("-6 address add 2001:db8:77:0:5054:ff:fe77:2/128 dev srv0 nodad");
    let ran = lan.sunup(&["up", "--cmdline", "ip=eth0:auto6 rd.neednet=1", "--timeout", "20"]);
    ran.exits(1).says("2001:db8:77:0:5054:ff:fe77:2 is in use by another host");
}

/// a machine that forwards takes advertisements all the same.
#[test]
fn r_01_a_machine_that_forwards_listens_to_routers() {
    let lan = lan("forwarding");
    let _radvd = radvd(&lan);
    lan.client.sh("echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
    lan.up("ip=eth0:auto6 rd.neednet=1").exits(0);
    assert!(lan.route("::/0").is_some());
    assert_eq!(lan.client.read("/proc/sys/net/ipv6/conf/eth0/accept_ra").trim(), "2");
}

/// The carrier comes two seconds late: the first DISCOVER leaves within moments of it.
#[test]
fn a_late_carrier_is_noticed_at_once() {
    let lan = lan("carrier");
    let _server = lan.serve(&[]);
    lan.server.ip("link set srv0 down");
    let mut capture = lan
        .client
        .spawn("tcpdump", &["-U", "-l", "-n", "--time-stamp-precision=micro", "-tttt", "-i", "any", "udp port 67"]);
    capture.wait_for("listening");
    let watch = watch(&lan);
    let mut ran = lan.start(&["up", "--cmdline", "ip=eth0:dhcp rd.neednet=1"]);
    std::thread::sleep(Duration::from_secs(2));
    lan.server.ip("link set srv0 up");
    assert!(wait_until(Duration::from_secs(20), || ran.ended()));
    assert_eq!(lan.link_state("eth0")["state"], "up");
    assert!(wait_until(Duration::from_secs(5), || capture.log().contains("BOOTP/DHCP, Request")));
    let (log, packets) = (watch.stop(), capture.stop());
    let carrier = when(&log, &["eth0", "LOWER_UP"], &["NO-CARRIER"], 0.0).expect("carrier");
    let first = packets.lines().filter(|line| line.contains("BOOTP/DHCP, Request")).find_map(|line| {
        let time = line.split_whitespace().nth(1)?;
        when(&format!("[xT{time}]"), &[], &[], carrier - 0.01)
    });
    let after = first.unwrap_or_else(|| panic!("no DISCOVER after the carrier: {packets}")) - carrier;
    println!("DISCOVER {:.1} ms after the carrier", after * 1e3);
    assert!(after < 0.25, "{after}: {packets}");
}
