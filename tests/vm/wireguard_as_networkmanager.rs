//! The same keyfiles carried out by NetworkManager and by sunup: devices, addresses, routes and rules are equal, so that the daemon
//! has nothing to add when it adopts the links.
//!
//! All profiles are up side by side: each has its own link, networks and numbers.

use std::time::Duration;

use serde_json::Value;

use crate::support::{Lan, Options, Process, Room, wait_until};

const KEY: &str = "UOgOzWg9SSpo7EwdKiqhVSez9NLMwqPZX9OsH/yCBn4=";
const PEER: &str = "1xxpupmW4juuRzPa9g/OJDbBqD+UvXkmNX3z3VK0nHg=";
const OTHER: &str = "jUN54TBPCUPIjT+uOZGkZtFQb+/b3cEtIk+vJJRty3A=";

/// `[wireguard]`, `[wireguard-peer]`, `[ipv4]` and `[ipv6]` of a profile besides keys, port and endpoint. `N` is its number.
struct Case {
    link: &'static str,
    peer: &'static str,
    ipv4: &'static str,
    ipv6: &'static str,
}

const V4: &str = "method=manual\naddress1=10.N.0.2/24";
/// As the daemon's import of a wg-quick file writes it. Without the mode, the daemon would make an address from a MAC, which a tunnel
/// has not, and give up one that has no IPv4.
const V6: &str = "method=manual\naddress1=fd00:N::2/64\naddr-gen-mode=default";
const OFF: &str = "method=disabled";

const fn case(link: &'static str, peer: &'static str, ipv4: &'static str, ipv6: &'static str) -> Case {
    Case { link, peer, ipv4, ipv6 }
}

const CASES: [Case; 14] = [
    case("", "allowed-ips=0.0.0.0/0;", V4, OFF),
    case("", "allowed-ips=0.0.0.0/0;::/0;\npersistent-keepalive=25", V4, V6),
    case("fwmark=0x1234", "allowed-ips=0.0.0.0/0;", V4, OFF),
    case("", "allowed-ips=10.N.0.0/24;10.N.0.5/32;10.N.128.0/17;", V4, OFF),
    case("", "allowed-ips=0.0.0.0/0;10.N.128.0/17;", "method=manual\naddress1=10.N.0.2/24\nroute-table=1234", OFF),
    case("peer-routes=false", "allowed-ips=0.0.0.0/0;10.N.128.0/17;", V4, OFF),
    case("", "allowed-ips=0.0.0.0/0;10.N.128.0/17;", "method=manual\naddress1=10.N.0.2/24\nnever-default=true", OFF),
    case("ip4-auto-default-route=1", "allowed-ips=10.N.128.0/17;", V4, OFF),
    case("", "allowed-ips=fd00:N::/64;fd00:N:1::/64;fd00:N:2::7/128;", OFF, V6),
    case("", "allowed-ips=::/0;10.N.128.0/17;", V4, V6),
    case("mtu=1300\nfwmark=7", "allowed-ips=10.N.0.77/24;192.0.N.128/25;", V4, "method=ignore"),
    case("", "allowed-ips=0.0.0.0/0;", "method=manual\naddress1=10.N.0.2/32\nroute-metric=77", OFF),
    case("", "allowed-ips=10.N.0.0/24;fd00:N::/64;", OFF, V6),
    case("", "allowed-ips=::/0;10.N.128.0/17;", V4, OFF),
];

/// The uuid of a case: eight, four, ... times its hexadecimal digit.
fn uuid(number: usize) -> String {
    let one = |count: usize| format!("{number:x}").repeat(count);
    format!("{}-{}-4{}-8{}-{}", one(8), one(4), one(3), one(3), one(12))
}

/// The keyfile of a case; numbers begin with 1.
fn keyfile(number: usize, case: &Case) -> String {
    let Case { link, peer, ipv4, ipv6 } = case;
    let (uuid, port) = (uuid(number), 51820 + number);
    let rest = format!("{link}\n\n[wireguard-peer.{PEER}]\nendpoint=10.77.0.1:51820\n{peer}\n")
        .replace("N:", &format!("{number}:"))
        .replace("N.", &format!("{number}."));
    // With several tunnels, the daemon's own metric goes by who is first.
    let metric =
        |ip: &str| if ip.contains("route-metric") { String::new() } else { format!("route-metric={}", 50 + number) };
    let (metric4, metric6) = (metric(ipv4), metric(ipv6));
    let ip = format!("[ipv4]\n{ipv4}\n{metric4}\n\n[ipv6]\n{ipv6}\n{metric6}\n").replace("N:", &format!("{number}:"));
    let ip = ip.replace("N.", &format!("{number}."));
    format!(
        "[connection]\nid=case{number}\nuuid={uuid}\ntype=wireguard\ninterface-name=wg{number}\n\n[wireguard]\n\
         private-key={KEY}\nlisten-port={port}\n{rest}\n[wireguard-peer.{OTHER}]\nendpoint=10.77.0.1:51821\n\
         preshared-key={KEY}\npreshared-key-flags=0\nallowed-ips=172.16.{number}.0/24;\n\n{ip}"
    )
}

/// Writes all profiles.
fn write(room: &Room) {
    let mut script =
        "umask 077; mkdir -p /etc/NetworkManager/system-connections; cd /etc/NetworkManager/system-connections\n"
            .to_owned();
    for (number, case) in (1..).zip(&CASES) {
        script.push_str(&format!("cat >wg{number}.nmconnection <<'X'\n{}X\n", keyfile(number, case)));
    }
    room.sh(&script);
}

/// A running daemon that leaves eth0 alone and runs no scripts; and its bus, on which everybody may do everything.
fn daemon(room: &Room) -> [Process<'_>; 2] {
    room.sh(
        r#"mkdir -p /run/dbus; rm -rf /etc/NetworkManager/dispatcher.d
        printf '[main]\nplugins=keyfile\nauth-polkit=root-only\n[keyfile]\nunmanaged-devices=interface-name:eth0\n' >/run/nm.conf
        cat >/run/bus <<'X'
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
X"#,
    );
    let bus = room.spawn("dbus-daemon", &["--config-file=/run/bus", "--nofork", "--nopidfile"]);
    assert!(wait_until(Duration::from_secs(60), || room.exists("/run/dbus/system_bus_socket")), "{}", bus.log());
    let daemon = room.spawn("NetworkManager", &["--debug", "--config=/run/nm.conf", "--config-dir=/run/none"]);
    let done = || {
        let log = daemon.log();
        let up = |n: usize| log.contains(&format!("device (wg{n}): Activation: successful"));
        log.contains("Activation: failed") || (1..=CASES.len()).all(up)
    };
    let log = || daemon.log();
    assert!(wait_until(Duration::from_secs(300), done) && !log().contains("Activation: failed"), "{}", log());
    [daemon, bus]
}

/// What a room holds because of the tunnels.
fn held(room: &Room) -> Vec<(String, String)> {
    let keep = |value: &Value, keys: &[&str]| -> String {
        keys.iter().filter(|key| !value[**key].is_null()).map(|key| format!("{key}={} ", value[*key])).collect()
    };
    let mut all = Vec::new();
    for family in ["-4", "-6"] {
        for route in room.ip_json(&format!("{family} -d route show table all")) {
            let (dst, dev) = (route["dst"].as_str().unwrap_or_default(), route["dev"].as_str().unwrap_or_default());
            // Link-local addresses are the kernel's or the daemon's own affair.
            if dev.starts_with("wg") && !dst.starts_with("fe80") && !dst.starts_with("ff00") {
                let keys = ["type", "dst", "gateway", "table", "protocol", "scope", "metric", "prefsrc"];
                all.push((format!("{dev} route {family}"), keep(&route, &keys)));
            }
        }
        let rules = room.ip_json(&format!("{family} -d rule show"));
        all.extend(rules.iter().map(|rule| (format!("rule {family}"), rule.to_string())));
    }
    for link in room.ip_json("address show").iter().filter(|link| link["link_type"] == "none") {
        let name = link["ifname"].as_str().unwrap();
        all.push((format!("{name} link"), keep(link, &["ifindex", "mtu", "flags"])));
        let addresses = link["addr_info"].as_array().cloned().unwrap_or_default();
        for address in addresses.iter().filter(|address| address["scope"] != "link") {
            let keys = ["local", "prefixlen", "broadcast", "scope", "noprefixroute", "valid_life_time"];
            all.push((format!("{name} address"), keep(address, &keys)));
        }
    }
    let devices = room.sh("for link in $(wg show interfaces); do echo \"@$link\"; wg showconf $link; done");
    for device in devices.split('@').filter(|device| !device.is_empty()) {
        let (name, text) = device.split_once('\n').unwrap();
        all.extend(text.split("\n\n").map(|block| (format!("{name} device"), block.trim().to_owned())));
    }
    all.sort();
    all
}

/// Two rooms with the profiles, in which /sys is that of a container: no daemon waits for udev there.
fn lan(name: &str) -> Lan {
    let options = Options { read_only_sys: true, ..Options::default() };
    let lan = Lan::with(name, &crate::sunup(), &crate::artifacts(), &options);
    lan.client.sh("ip address add 10.77.0.2/24 dev eth0; ip link set eth0 up; ip route add default via 10.77.0.1; ip link set lo up");
    write(&lan.client);
    lan
}

#[test]
fn the_kernel_holds_the_same_and_the_daemon_adopts_it_without_touching_it() {
    let (theirs, ours) = (lan("wg-same-theirs"), lan("wg-same-ours"));
    let expected = {
        let _daemon = daemon(&theirs.client);
        without_index(held(&theirs.client))
    };
    ours.up("rd.net.timeout.handshake=0").exits(0);
    let before = held(&ours.client);
    let found = without_index(before.clone());
    let missing: Vec<_> = expected.iter().filter(|line| !found.contains(line)).collect();
    let more: Vec<_> = found.iter().filter(|line| !expected.contains(line)).collect();
    assert!(missing.is_empty() && more.is_empty(), "only NetworkManager: {missing:#?}\nonly sunup: {more:#?}");

    let monitor = ours.monitor();
    let _daemon = daemon(&ours.client);
    let shown =
        ours.client.ok("nmcli", &["-t", "-f", "GENERAL.DEVICE,GENERAL.STATE,GENERAL.CON-UUID", "device", "show"]);
    for number in 1..=CASES.len() {
        let lines =
            format!("GENERAL.DEVICE:wg{number}\nGENERAL.STATE:100 (connected)\nGENERAL.CON-UUID:{}", uuid(number));
        assert!(shown.contains(&lines), "{lines}\n{shown}");
    }
    let after = held(&ours.client);
    assert!(after == before, "before {before:#?}\nafter {after:#?}");
    let log = monitor.log();
    // Of a link whose IPv6 is the kernel's affair the daemon says so once more, which changes nothing.
    let quiet = |line: &&str| ["fe80", "ff00", "wg11: <"].iter().all(|text| !line.contains(text));
    let events: Vec<&str> =
        log.lines().filter(|line| line.contains("wg") || line.contains("lookup")).filter(quiet).collect();
    assert!(events.is_empty(), "{events:#?}");
}

/// Interface indexes are not the same in two rooms.
fn without_index(held: Vec<(String, String)>) -> Vec<(String, String)> {
    let number =
        |text: &str| text.strip_prefix("ifindex=").and_then(|t| t.split_once(' ')).map(|(_, rest)| rest.to_owned());
    held.into_iter()
        .map(|(what, text)| {
            let rest = number(&text);
            (what, rest.unwrap_or(text))
        })
        .collect()
}
