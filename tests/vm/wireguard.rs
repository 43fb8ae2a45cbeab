//! Tunnels on the kernel's own WireGuard: a file of wg-quick's is enough, the peer has answered when sunup is done, and nothing is
//! sent a second time.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::{Dnsmasq, Lan, wait_until};

/// A pair of keys, made in a room.
struct Keys {
    private: String,
    public: String,
}

fn keys(lan: &Lan) -> Keys {
    let private = lan.server.ok("wg", &["genkey"]).trim().to_owned();
    let public = lan.server.sh(&format!("echo {private} | wg pubkey")).trim().to_owned();
    Keys { private, public }
}

/// A lan with a WireGuard peer in the server's room: 10.99.0.1/24 and fd99::1/64 on wg0, port 51820.
pub(crate) struct Tunnelled {
    pub(crate) lan: Lan,
    ours: Keys,
    theirs: Keys,
}

impl Tunnelled {
    pub(crate) fn new(name: &str) -> Self {
        let lan = crate::lan(name);
        let (ours, theirs) = (keys(&lan), keys(&lan));
        lan.server.ip("link add wg0 type wireguard");
        lan.server.sh(&format!(
            "umask 077; echo {} >/tmp/key
            wg set wg0 listen-port 51820 private-key /tmp/key peer {} allowed-ips 10.99.0.2/32,fd99::2/128",
            theirs.private, ours.public
        ));
        lan.server.sh("ip address add 10.99.0.1/24 dev wg0; ip address add fd99::1/64 dev wg0; ip link set wg0 up
            ip address add 198.51.100.1/32 dev lo");
        Self { lan, ours, theirs }
    }

    /// A file of wg-quick's for our end, root's alone; `peer` are more lines of the peer.
    pub(crate) fn file(&self, path: &str, interface: &str, peer: &str) {
        let (private, public) = (&self.ours.private, &self.theirs.public);
        let text = format!(
            "[Interface]\nPrivateKey = {private}\nAddress = 10.99.0.2/24, fd99::2/64\n{interface}\n\
             [Peer]\nPublicKey = {public}\n{peer}\n"
        );
        let source = self.lan.client.artifacts().join("file");
        std::fs::write(&source, text).unwrap();
        let source = source.display();
        self.lan.client.sh(&format!("umask 077; mkdir -p $(dirname {path}); cat {source} >{path}; rm {source}"));
    }

    fn dump(&self) -> String {
        self.lan.client.ok("wg", &["show", "all", "dump"])
    }

    fn tunnel(&self) -> Value {
        self.lan.link_state("wg0")["wireguard"].clone()
    }

    /// No file that others may read has a key in it.
    fn no_secret_is_told(&self) {
        // A checkout below /tmp is seen in the room too.
        let leaks = format!(
            "grep -rlF --exclude-dir=target -e '{}' /run /tmp /var/lib/ 2>/dev/null || true",
            self.ours.private
        );
        for file in self.lan.client.sh(&leaks).lines() {
            let mode = self.lan.client.sh(&format!("stat -c %a {file}"));
            let ours = file.contains("system-connections") || file.starts_with("/run/sunup/links/");
            assert!(ours && mode.trim() == "600", "{file} {mode}");
        }
    }
}

#[test]
fn a_file_of_wg_quicks_is_enough() {
    let it = Tunnelled::new("wg-file");
    let _server = it.lan.serve(&[]);
    let peer = "Endpoint = 10.77.0.1:51820\nAllowedIPs = 10.99.0.0/24, fd99::/64";
    it.file("/etc/wireguard/wg0.conf", "", peer);
    let ran = it.lan.up("ip=dhcp rd.neednet=1 rd.wireguard=wg0");
    ran.exits(0);
    it.lan.ping("10.99.0.1");
    it.lan.ping("fd99::1");
    let tunnel = it.tunnel();
    assert!(tunnel["peers"][0]["latest_handshake"].as_u64().is_some(), "{tunnel}");
    assert_eq!(tunnel["public_key"], it.ours.public.as_str());
    assert_eq!(it.lan.link_state("wg0")["mtu"], 1420);
    it.no_secret_is_told();
    assert!(!ran.stderr.contains(&it.ours.private));

    let (before, monitor) = (it.dump(), it.lan.monitor());
    it.lan.up("ip=dhcp rd.neednet=1 rd.wireguard=wg0").exits(0);
    let without_counters = |text: &str| -> Vec<Vec<String>> {
        let fields = |line: &str| {
            line.split('\t').enumerate().filter(|(at, _)| !(5..=7).contains(at)).map(|(_, f)| f.to_owned()).collect()
        };
        text.lines().map(fields).collect()
    };
    assert_eq!(without_counters(&it.dump()), without_counters(&before));
    let log = monitor.log();
    let said: Vec<&str> = log.lines().filter(|line| line.contains("wg0") || line.contains("lookup")).collect();
    assert!(said.is_empty(), "{said:#?}");
}

#[test]
fn everything_goes_through_a_full_tunnel_and_the_network_cannot_lead_past_it() {
    let it = Tunnelled::new("wg-full");
    // TunnelVision: two halves of everything by option 121.
    let _server = it.lan.serve(&[
        "--dhcp-option=option:classless-static-route,0.0.0.0/0,10.77.0.1,0.0.0.0/1,10.77.0.1,128.0.0.0/1,10.77.0.1",
    ]);
    it.lan.client.sh("echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter");
    let peer = "Endpoint = 10.77.0.1:51820\nAllowedIPs = 0.0.0.0/0, ::/0";
    it.file("/etc/wireguard/sunup.d/wg0.conf", "", peer);
    it.lan.up("ip=dhcp rd.neednet=1").exits(0).says("CVE-2024-3661");
    it.lan.ping("198.51.100.1");
    let way = it.lan.client.ip("route get 198.51.100.1");
    assert!(way.contains("dev wg0"), "{way}");
    assert!(it.lan.route("0.0.0.0/1").is_none() && it.lan.route("0.0.0.0/0").is_some());
    assert_eq!(it.lan.client.read("/proc/sys/net/ipv4/conf/all/src_valid_mark").trim(), "1");

    let it = Tunnelled::new("wg-full-bypass");
    let _server =
        it.lan.serve(&["--dhcp-option=option:classless-static-route,0.0.0.0/0,10.77.0.1,0.0.0.0/1,10.77.0.1"]);
    it.file("/etc/wireguard/sunup.d/wg0.conf", "", peer);
    it.lan.up("ip=dhcp rd.neednet=1 rd.wireguard.bypass=1").exits(0);
    assert!(it.lan.route("0.0.0.0/1").is_some());
}

/// LocalNet (CVE-2023-36672): the subnet of the lease covers what belongs into the tunnel.
#[test]
fn a_lease_cannot_make_neighbours_of_what_belongs_into_the_tunnel() {
    let it = Tunnelled::new("wg-localnet");
    it.lan.server.ip("address add 198.51.100.254/24 dev srv0");
    let _server = Dnsmasq::start(
        &it.lan.server,
        &[
            "--interface=srv0",
            "--dhcp-range=198.51.100.100,198.51.100.150,255.255.255.0,1h",
            "--dhcp-option=option:router,198.51.100.254",
        ],
    );
    it.file("/etc/wireguard/wg0.conf", "", "Endpoint = 10.77.0.1:51820\nAllowedIPs = 0.0.0.0/0");
    it.lan.up("ip=dhcp rd.neednet=1 rd.wireguard=wg0").exits(0).says("198.51.100.0/24 from the network is refused");
    let way = |to: &str| it.lan.client.ip(&format!("route get {to}"));
    assert!(way("198.51.100.1").contains("dev wg0"), "{}", way("198.51.100.1"));
    assert!(way("198.51.100.254").contains("dev eth0"), "{}", way("198.51.100.254"));
    it.lan.ping("198.51.100.1");
}

#[test]
fn in_a_namespace_of_its_own_the_tunnel_is_the_only_way_out() {
    let it = Tunnelled::new("wg-netns");
    let _server = it.lan.serve(&[]);
    let peer = "Endpoint = 10.77.0.1:51820\nAllowedIPs = 0.0.0.0/0, ::/0";
    it.file("/etc/wireguard/wg0.conf", "DNS = 10.99.0.1", peer);
    let up = ["up", "--netns", "blue", "--cmdline", "ip=dhcp rd.neednet=1 rd.wireguard=wg0"];
    it.lan.sunup(&up).exits(1).says("network namespace /run/netns/blue");
    it.lan.client.ip("netns add blue");
    it.lan.sunup(&up).exits(0);
    let inside = |command: &str| it.lan.client.sh(&format!("nsenter --net=/run/netns/blue {command}"));
    inside("ping -c1 -i0.2 -w10 -n 198.51.100.1");
    inside("ping -c1 -i0.2 -w10 -n fd99::1");
    let held = || {
        inside("sh -c 'ip -o address; ip route; ip -6 route; ip rule; wg showconf wg0; ls /sys/class/net >/dev/null'")
    };
    let before = held();
    assert!(before.contains("default dev wg0") && !before.contains("eth0") && !before.contains("fwmark"), "{before}");
    // Here there is no trace of it: no link, no rule, no route, no name server, and no daemon is told.
    assert!(it.lan.client.run("ip", &["link", "show", "wg0"]).code != 0);
    assert!(
        !it.lan.client.ip("rule show").contains("fwmark")
            && !it.lan.client.read("/etc/resolv.conf").contains("10.99.0.1")
    );
    assert!(!it.lan.client.exists("/run/NetworkManager/system-connections/wg0.nmconnection"));
    assert!(it.lan.client.read("/etc/netns/blue/resolv.conf").contains("nameserver 10.99.0.1"));
    let link = it.lan.link_state("wg0");
    assert_eq!((link["netns"].as_str(), link["state"].as_str()), (Some("blue"), Some("up")), "{link}");
    assert!(link["wireguard"]["peers"][0]["latest_handshake"].as_u64().is_some(), "{link}");
    it.no_secret_is_told();

    it.lan.sunup(&up).exits(0);
    assert_eq!(held(), before, "a second run");
    // Without the network below, nothing leaves another way.
    it.lan.client.ip("route del default");
    it.lan.client.ip("link set eth0 down");
    assert!(
        it.lan.client.run("nsenter", &["--net=/run/netns/blue", "ping", "-c1", "-w1", "-n", "198.51.100.1"]).code != 0
    );
}

#[test]
fn an_endpoint_of_ipv6_may_be_named_in_the_hosts_file() {
    let it = Tunnelled::new("wg-hosts");
    it.lan.server.ip("address add fd77::1/64 dev srv0 nodad");
    it.file("/etc/wireguard/wg0.conf", "", "Endpoint = Hub.Example:51820\nAllowedIPs = 10.99.0.0/24");
    it.lan.client.sh("echo 'fd77::1 hub hub.example # ours' >>/etc/hosts");
    it.lan.up("ip=[fd77::2]:::64::eth0:none rd.neednet=1 rd.wireguard=wg0").exits(0);
    it.lan.ping("10.99.0.1");
    assert_eq!(it.tunnel()["peers"][0]["endpoint"], "[fd77::1]:51820");
}

#[test]
fn an_answer_too_long_for_a_datagram_is_fetched_by_tcp() {
    let it = Tunnelled::new("wg-tcp");
    it.lan.server.sh("ip address add 10.77.0.53/24 dev srv0
        for n in $(seq 40); do ip address add 198.51.100.$((n + 100))/32 dev lo; done");
    let records: Vec<String> = (101..141).map(|n| format!("--host-record=hub.example,198.51.100.{n}")).collect();
    let options =
        ["--keep-in-foreground", "--conf-file=/dev/null", "--no-hosts", "--no-resolv", "--user=root", "--pid-file="];
    let options = options.into_iter().chain(["--log-facility=-", "--listen-address=10.77.0.53", "--bind-interfaces"]);
    let options: Vec<&str> = options.chain(records.iter().map(String::as_str)).collect();
    let mut names = it.lan.server.spawn("dnsmasq", &options);
    names.wait_for("started");
    let _server = it.lan.serve(&[]);
    it.file("/etc/wireguard/wg0.conf", "", "Endpoint = hub.example:51820\nAllowedIPs = 10.99.0.0/24");
    it.lan.up("ip=dhcp rd.neednet=1 rd.wireguard=wg0").exits(0);
    it.lan.ping("10.99.0.1");
    let opened =
        it.lan.client.sh("sed -n 's/^Tcp: [0-9]* [0-9]* [0-9]* -*[0-9]* \\([0-9]*\\) .*/\\1/p' /proc/net/snmp");
    assert!(opened.trim().parse::<u32>().unwrap() > 0, "no TCP: {}", names.log());
}

#[test]
fn an_endpoint_may_be_a_name_whose_server_comes_late_and_whose_first_address_is_dead() {
    let it = Tunnelled::new("wg-name");
    let _server = it.lan.serve(&["--dhcp-option=option:domain-search,vpn.example"]);
    let resolver = "
import socket, struct, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('10.77.0.53', 53))
print('ready', flush=True)
start = None
while True:
    data, peer = s.recvfrom(512)
    start = start or time.time()
    if time.time() - start < 3:
        continue
    kind = struct.unpack('>H', data[-4:-2])[0]
    name = data[12:-4]
    if not name.startswith(b'\\x03hub\\x03vpn'):
        s.sendto(data[:2] + b'\\x81\\x83' + data[4:], peer)
        continue
    answers = [bytes([10, 77, 0, 77]), bytes([10, 77, 0, 1])] if kind == 1 else []
    out = data[:2] + b'\\x81\\x80' + data[4:6] + struct.pack('>H', len(answers)) + data[8:]
    for a in answers:
        out += b'\\xc0\\x0c' + struct.pack('>HHIH', 1, 1, 60, 4) + a
    s.sendto(out, peer)
";
    it.lan.server.ip("address add 10.77.0.53/24 dev srv0");
    let mut resolving = it.lan.server.spawn("/usr/bin/python3", &["-c", resolver]);
    resolving.wait_for("ready");
    it.file("/etc/wireguard/wg0.conf", "", "Endpoint = hub:51820\nAllowedIPs = 10.99.0.0/24");
    it.lan.up("ip=dhcp rd.neednet=1 rd.wireguard=wg0").exits(0);
    it.lan.ping("10.99.0.1");
    let peer = it.tunnel()["peers"][0].clone();
    assert_eq!(
        (peer["endpoint"].as_str(), peer["endpoint_name"].as_str()),
        (Some("10.77.0.1:51820"), Some("hub:51820"))
    );
    let handed_over = it.lan.client.read("/run/NetworkManager/system-connections/wg0.nmconnection");
    assert!(handed_over.contains("endpoint=hub:51820") && handed_over.contains("mtu=1420"), "{handed_over}");
}

#[test]
fn a_peer_that_does_not_answer_fails_the_tunnel_and_nothing_else() {
    let it = Tunnelled::new("wg-dead");
    let _server = it.lan.serve(&[]);
    it.lan.server.ip("link set wg0 down");
    it.file("/etc/wireguard/wg0.conf", "", "Endpoint = 10.77.0.1:51820\nAllowedIPs = 10.99.0.0/24");
    let ran = it.lan.up("ip=dhcp rd.neednet=1 rd.wireguard=wg0 rd.net.timeout.handshake=4");
    ran.exits(3).says("no handshake with 10.77.0.1:51820");
    assert_eq!(it.lan.link_state("eth0")["state"], "up");
    // Not waited for, it is up as soon as it is configured.
    it.lan.up("ip=dhcp rd.neednet=1 rd.wireguard=wg0 rd.net.timeout.handshake=0").exits(0);
    // Nobody knows the name, and nobody can be asked for the other.
    it.file("/etc/wireguard/wg0.conf", "", "Endpoint = nowhere.example:51820\nAllowedIPs = 10.99.0.0/24");
    it.lan.client.ip("link delete wg0");
    let ran = it.lan.up("ip=dhcp rd.neednet=1 rd.wireguard=wg0 rd.net.timeout.handshake=4");
    ran.exits(3).says("endpoint nowhere.example:51820 is not used");
}

#[test]
fn a_default_route_that_would_swallow_the_tunnel_is_refused() {
    let it = Tunnelled::new("wg-loop");
    let _server = it.lan.serve(&[]);
    let keyfile = format!(
        "[connection]\nid=wg0\nuuid=11111111-1111-4111-8111-111111111111\ntype=wireguard\ninterface-name=wg0\n\
         [wireguard]\nprivate-key={}\nip4-auto-default-route=0\n[wireguard-peer.{}]\nendpoint=198.51.100.1:51820\n\
         allowed-ips=0.0.0.0/0;\n[ipv4]\nmethod=manual\naddress1=10.99.0.2/24\n[ipv6]\nmethod=disabled\n",
        it.ours.private, it.theirs.public
    );
    let place = "/etc/NetworkManager/system-connections/wg0.nmconnection";
    it.lan.client.sh(&format!("umask 077; mkdir -p $(dirname {place}); cat >{place} <<'X'\n{keyfile}X"));
    it.lan.up("ip=dhcp rd.neednet=1").exits(3).says("into itself");
    assert_eq!(it.lan.client.ip_json("-4 route show default").len(), 1);
    // With a route of its own for the endpoint it works.
    it.lan.up("ip=dhcp rd.neednet=1 rd.route=198.51.100.1:10.77.0.1:eth0").exits(0);
    it.lan.ping("10.99.0.1");
}

#[test]
fn an_endpoint_inside_the_networks_of_its_own_tunnel_is_pinned() {
    let it = Tunnelled::new("wg-pin");
    let _server = it.lan.serve(&[]);
    let peer = "Endpoint = 198.51.100.1:51820\nAllowedIPs = 10.99.0.0/24, 198.51.100.0/24\nPersistentKeepalive = 5";
    it.file("/etc/wireguard/wg0.conf", "", peer);
    it.lan.up("ip=dhcp rd.neednet=1 rd.wireguard=wg0").exits(0);
    it.lan.ping("10.99.0.1");
    assert_eq!(it.lan.route("198.51.100.1").expect("a pin")["gateway"], "10.77.0.1");
    assert_eq!(it.lan.route("198.51.100.0/24").expect("a route")["dev"], "wg0");
}

#[test]
fn a_thousand_peers_are_configured() {
    let it = Tunnelled::new("wg-thousand");
    let _server = it.lan.serve(&[]);
    let mut peers = String::from("Endpoint = 10.77.0.1:51820\nAllowedIPs = 10.99.0.1/32\n");
    for number in 0..1000_u32 {
        // Any 32 bytes name a peer.
        let mut bytes = [0x41; 24].to_vec();
        bytes.extend(format!("{number:08}").bytes());
        let key = base64(&bytes);
        let (high, low) = (number / 250, number % 250);
        let networks: Vec<String> = (0..8).map(|n| format!("10.{}.{high}.{low}/32", 100 + n)).collect();
        write!(
            peers,
            "[Peer]\nPublicKey = {key}\nAllowedIPs = {}\nEndpoint = 10.77.0.9:{}\n",
            networks.join(","),
            1000 + number
        )
        .unwrap();
    }
    it.file("/etc/wireguard/wg0.conf", "", &peers);
    // Beside others the emulated machine needs more than 20 s for eight thousand routes.
    it.lan.up("ip=dhcp rd.neednet=1 rd.wireguard=wg0 rd.net.timeout.handshake=90 rd.net.timeout.ifup=180").exits(0);
    it.lan.ping("10.99.0.1");
    let dump = it.dump();
    assert_eq!(dump.lines().count(), 1002);
    assert!(dump.contains("10.107.3.249/32") && dump.contains("10.77.0.9:1999"));
    let routes = it.lan.client.ip_json("-4 route show dev wg0");
    assert_eq!(routes.len(), 8002, "eight for each, one for the first peer, the prefix");
}

/// Base64 of 32 bytes.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = (0..3).fold(0_u32, |group, at| group << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * at) & 63) as usize];
            text.push(if at > chunk.len() { '=' } else { char::from(digit) });
        }
    }
    text
}

#[test]
fn a_key_may_be_a_credential_and_a_file_that_others_may_read_is_refused() {
    let it = Tunnelled::new("wg-credential");
    let _server = it.lan.serve(&[]);
    let public = &it.theirs.public;
    it.lan.client.sh(&format!(
        "umask 077; mkdir -p /run/credentials/@system /etc/wireguard
        echo {} >/run/credentials/@system/network.wireguard.private.wg0
        umask 022; cat >/etc/wireguard/wg0.conf <<'X'
[Interface]
Address = 10.99.0.2/24
[Peer]
PublicKey = {public}
Endpoint = 10.77.0.1:51820
AllowedIPs = 10.99.0.0/24
X",
        it.ours.private
    ));
    it.lan.up("ip=dhcp rd.neednet=1 rd.wireguard=wg0").exits(0);
    it.lan.ping("10.99.0.1");
    it.lan.client.ip("link delete wg0");
    it.lan
        .client
        .sh(&format!("rm -r /run/credentials; sed -i '2iPrivateKey = {}' /etc/wireguard/wg0.conf", it.ours.private));
    let ran = it.lan.up("ip=dhcp rd.neednet=1 rd.wireguard=wg0");
    ran.says("others may read");
    assert!(!ran.stderr.contains(&it.ours.private));
    let there = || it.lan.client.run("ip", &["link", "show", "wg0"]).code == 0;
    assert!(!wait_until(std::time::Duration::from_millis(1), there));
}
