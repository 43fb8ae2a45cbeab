//! The DHCPv6 machine over a real socket, against dnsmasq, and against ISC dhcpd and Kea where they are installed.
//!
//! `SUNUP_SERVERS` names a directory with the tree of the packages `isc-dhcp-server` and `kea-dhcp6-server`, if not `/`.

use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sunup::profile::HwAddr;
use sunup::proto::dhcp6::{
    CLIENT_PORT, Client, Config, Event, Lease, Mode, SERVER_PORT, Timing, Transmit, duid_ll, iaid_from_mac,
};
use sunup::proto::{Instant, Output};

use crate::support::{CLIENT_MAC, Dnsmasq, Lan, Process, wait_until};

const SERVED: &[&str] = &[
    "--interface=srv0",
    "--dhcp-range=fd77::10,fd77::ff,64,1h",
    "--dhcp-option=option6:dns-server,[fd77::53],[fd77::54]",
    "--dhcp-option=option6:domain-search,dawn.example,lab.example",
    "--dhcp-option=option6:ntp-server,[fd77::123]",
    "--dhcp-option=option6:59,tftp://[fd77::1]/boot.efi",
];

fn config() -> Config {
    let mac: HwAddr = CLIENT_MAC.parse().unwrap();
    Config {
        duid: duid_ll(1, &mac),
        iaid: iaid_from_mac(&mac),
        mode: Mode::Stateful,
        rapid_commit: false,
        want_prefix: None,
        fqdn: Some("node1.dawn.example".to_owned()),
        previous: Vec::new(),
        timing: Timing::Prompt,
        seed: 77,
    }
}

/// A link with link-local addresses that are usable at once, and fd77::1 on the server's end.
fn lan(name: &str) -> Lan {
    let lan = crate::lan(&format!("dhcp6-{name}"));
    for (room, link) in [(&lan.server, "srv0"), (&lan.client, "eth0")] {
        room.sh(&format!(
            "ip link set {link} down; echo 0 >/proc/sys/net/ipv6/conf/{link}/accept_dad; ip link set {link} up"
        ));
    }
    lan.server.ip("-6 address add fd77::1/64 dev srv0 nodad");
    assert!(wait_until(Duration::from_secs(5), || lan.address("eth0", "fe80:").is_some()));
    lan
}

fn now() -> Instant {
    Instant::new(nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME).unwrap().into())
}

/// Drives a machine on eth0 until it is at rest; what happened, and how many messages it sent.
fn drive(lan: &Lan, begin: impl FnOnce(Instant) -> Client + Send) -> (Vec<Event>, usize) {
    on_eth0(lan, |socket, scope| exchange(socket, scope, &mut begin(now())))
}

/// Does something with a socket as a client has it.
fn on_eth0<T: Send>(lan: &Lan, act: impl FnOnce(&UdpSocket, u32) -> T + Send) -> T {
    let local = lan.address("eth0", "fe80:").unwrap()["local"].as_str().unwrap().parse::<Ipv6Addr>().unwrap();
    let index = lan.client.ip_json("link show dev eth0")[0]["ifindex"].as_u64().unwrap();
    lan.client.within(|| {
        let scope = u32::try_from(index).unwrap();
        let socket = UdpSocket::bind(SocketAddrV6::new(local, CLIENT_PORT, 0, scope)).unwrap();
        act(&socket, scope)
    })
}

fn exchange(socket: &UdpSocket, scope: u32, client: &mut Client) -> (Vec<Event>, usize) {
    let (mut events, mut sent, start) = (Vec::new(), 0, now());
    loop {
        assert!(now().since(start) < Duration::from_secs(20), "no end: {events:?}");
        match client.poll() {
            Output::Event(event) => events.push(event),
            Output::WaitUntil(None) => return (events, sent),
            Output::Transmit(Transmit { destination, payload }) => {
                socket.send_to(&payload, SocketAddrV6::new(destination, SERVER_PORT, 0, scope)).unwrap();
                sent += 1;
            }
            Output::WaitUntil(Some(until)) => {
                let wait = until.since(now()).max(Duration::from_millis(1));
                socket.set_read_timeout(Some(wait)).unwrap();
                let mut buffer = [0; 2048];
                match socket.recv_from(&mut buffer) {
                    Ok((length, SocketAddr::V6(from))) => client.handle_packet(now(), *from.ip(), &buffer[..length]),
                    _ => client.handle_timeout(now()),
                }
            }
        }
    }
}

fn leased((events, _): (Vec<Event>, usize)) -> Lease {
    let unexpected = |event: &Event| !matches!(event, Event::Advertise { .. } | Event::Bound(_));
    assert!(!events.iter().any(unexpected), "{events:?}");
    match events.into_iter().next_back() {
        Some(Event::Bound(lease)) => *lease,
        other => panic!("no lease but {other:?}"),
    }
}

fn lease_from(lan: &Lan, config: Config) -> Lease {
    leased(drive(lan, |now| Client::new(config, now)))
}

fn installed(name: &str) -> PathBuf {
    let tree = std::env::var_os("SUNUP_SERVERS").map_or_else(|| PathBuf::from("/"), PathBuf::from);
    tree.join("usr/sbin").join(name)
}

/// Starts a server of the system, or of the tree that `SUNUP_SERVERS` names.
pub(crate) fn serve<'lan>(lan: &'lan Lan, name: &str, arguments: &[&str]) -> Process<'lan> {
    let program = installed(name);
    assert!(
        program.exists(),
        "{} is missing: apt-get install isc-dhcp-server kea-dhcp4-server kea-dhcp6-server",
        program.display()
    );
    let libraries = program.parent().and_then(Path::parent).unwrap().join("lib/x86_64-linux-gnu");
    let libraries = format!("LD_LIBRARY_PATH={}", libraries.display());
    let all: Vec<&str> = [&libraries, program.to_str().unwrap()].into_iter().chain(arguments.iter().copied()).collect();
    lan.server.spawn("env", &all)
}

/// ISC dhcpd with addresses of fd77::/64 and prefixes of fd78::/32.
pub(crate) fn isc_dhcpd(lan: &Lan) -> Process<'_> {
    let text = "default-lease-time 600; subnet6 fd77::/64 { range6 fd77::10 fd77::ff; prefix6 fd78:0:0:100:: fd78:0:0:f00:: /56;\n\
        option dhcp6.name-servers fd77::53; option dhcp6.domain-search \"dawn.example\"; }\n";
    lan.server.sh(&format!("printf '%s' '{text}' >/run/dhcpd6.conf; : >/run/dhcpd6.leases"));
    let arguments =
        ["-6", "-f", "-d", "-cf", "/run/dhcpd6.conf", "-lf", "/run/dhcpd6.leases", "-pf", "/run/d.pid", "srv0"];
    let mut server = serve(lan, "dhcpd", &arguments);
    server.wait_for("Server starting service");
    server
}

/// Kea with the same.
pub(crate) fn kea(lan: &Lan) -> Process<'_> {
    let text = r#"{"Dhcp6":{"interfaces-config":{"interfaces":["srv0"]},
        "lease-database":{"type":"memfile","persist":false},"valid-lifetime":600,"preferred-lifetime":400,
        "renew-timer":100,"rebind-timer":200,
        "option-data":[{"name":"dns-servers","data":"fd77::53"},{"name":"domain-search","data":"dawn.example"}],
        "subnet6":[{"subnet":"fd77::/64","interface":"srv0","pools":[{"pool":"fd77::10-fd77::ff"}],
        "pd-pools":[{"prefix":"fd78::","prefix-len":32,"delegated-len":56}],"rapid-commit":true}],
        "loggers":[{"name":"kea-dhcp6","output_options":[{"output":"stdout"}],"severity":"INFO"}]}}"#;
    lan.server.sh(&format!("mkdir -p /run/kea /var/lib/kea; printf '%s' '{text}' >/run/kea.json"));
    let mut server = serve(lan, "kea-dhcp6", &["-c", "/run/kea.json"]);
    server.wait_for("DHCP6_STARTED");
    server
}

#[test]
fn dnsmasq_gives_keeps_confirms_and_takes_back() {
    let lan = lan("dnsmasq");
    let server = Dnsmasq::start(&lan.server, SERVED);
    let lease = lease_from(&lan, config());
    let address = lease.addresses[0].address;
    assert!(address.to_string().starts_with("fd77::"));
    assert_eq!(lease.addresses[0].valid, Duration::from_secs(3600));
    assert_eq!(lease.dns, ["fd77::53".parse::<Ipv6Addr>().unwrap(), "fd77::54".parse().unwrap()]);
    let search: Vec<_> = lease.search.iter().map(ToString::to_string).collect();
    assert_eq!(search, ["dawn.example", "lab.example"]);
    assert_eq!(lease.ntp[0].to_string(), "fd77::123");
    assert_eq!(lease.boot_file_url.as_ref().unwrap().as_str(), "tftp://[fd77::1]/boot.efi");

    let remembered = Lease::from_pairs(&lease.to_pairs()).unwrap();
    let renewed = leased(drive(&lan, |now| Client::renew(config(), &remembered, now)));
    let confirmed = leased(drive(&lan, |now| Client::reboot(config(), &renewed, now)));
    assert_eq!((renewed.addresses[0].address, confirmed.addresses[0].address), (address, address));
    let (events, sent) = drive(&lan, |now| Client::release(config(), &confirmed, now));
    assert_eq!((events, sent), (vec![Event::Released], 1));
    for message in ["DHCPSOLICIT", "DHCPREQUEST", "DHCPRENEW", "DHCPCONFIRM", "DHCPRELEASE"] {
        assert_eq!(server.count(message), 1, "{message}: {}", server.log());
    }
    assert!(server.log().contains("00:03:00:01:52:54:00:77:00:02"), "our DUID");
}

#[test]
fn a_rapid_commit_takes_two_messages_and_an_address_in_use_is_replaced() {
    let lan = lan("rapid");
    let server = Dnsmasq::start(&lan.server, &[SERVED, &["--dhcp-rapid-commit"]].concat());
    let (events, sent) = drive(&lan, |now| Client::new(Config { rapid_commit: true, ..config() }, now));
    assert_eq!((server.count("DHCPREQUEST"), sent), (0, 1));
    let first = leased((events, sent));
    let second = on_eth0(&lan, |socket, scope| {
        let mut client = Client::renew(config(), &first, now());
        let renewed = leased(exchange(socket, scope, &mut client));
        client.decline(&[renewed.addresses[0].address], now());
        leased(exchange(socket, scope, &mut client))
    });
    assert_ne!(second.addresses[0].address, first.addresses[0].address);
    assert_eq!(server.count("DHCPDECLINE"), 1);
}

#[test]
fn information_comes_without_an_address() {
    let lan = lan("information");
    let stateless = [&["--interface=srv0", "--dhcp-range=fd77::,ra-stateless"], &SERVED[2..]].concat();
    let _server = Dnsmasq::start(&lan.server, &stateless);
    let (events, _) = drive(&lan, |now| Client::new(Config { mode: Mode::StatelessInfo, ..config() }, now));
    let [Event::Information(lease)] = &events[..] else { panic!("{events:?}") };
    assert!(lease.is_empty() && lease.dns.len() == 2 && lease.refresh_time.is_some());
}

#[test]
fn isc_dhcpd_gives_an_address_and_a_prefix() {
    let lan = lan("isc");
    let _server = isc_dhcpd(&lan);
    exchange_with_prefix(&lan, "fd78::/32");
}

#[test]
fn kea_gives_an_address_and_a_prefix() {
    let lan = lan("kea");
    let _server = kea(&lan);
    let lease = exchange_with_prefix(&lan, "fd78::/32");
    assert_eq!((lease.t1, lease.t2), (Duration::from_secs(100), Duration::from_secs(200)));
}

/// Four messages, then Renew, Rebind in place of Confirm, Release, and a rapid commit if the server can.
fn exchange_with_prefix(lan: &Lan, pool: &str) -> Lease {
    let config = Config { want_prefix: Some(56), ..config() };
    let lease = lease_from(lan, config.clone());
    let prefix = lease.prefixes[0].prefix;
    assert!(prefix.prefix_len() == 56 && pool.parse::<ipnet::Ipv6Net>().unwrap().contains(&prefix), "{prefix}");
    assert_eq!(lease.dns, ["fd77::53".parse::<Ipv6Addr>().unwrap()]);
    let renewed = leased(drive(lan, |now| Client::renew(config.clone(), &lease, now)));
    let recalled = leased(drive(lan, |now| Client::reboot(config.clone(), &renewed, now)));
    for other in [&renewed, &recalled] {
        assert_eq!(other.addresses[0].address, lease.addresses[0].address);
        assert_eq!(other.prefixes[0].prefix, prefix);
    }
    let (events, _) = drive(lan, |now| Client::release(config.clone(), &recalled, now));
    assert_eq!(events, [Event::Released]);
    let again = lease_from(lan, Config { rapid_commit: true, ..config });
    assert_eq!(again.prefixes.len(), 1);
    lease
}
