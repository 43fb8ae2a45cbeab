//! What is run: the cases, and how each peer does them.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::stacks::{SHAPES, Stacks};
use crate::support::{Dnsmasq, Lan, Options, Process};

/// Does with `ip` what a lease asks for, and nothing else.
const UDHCPC_SCRIPT: &str = "#!/bin/sh
case $1 in
deconfig) ip link set $interface up ;;
bound)
    ip address add $ip/$mask broadcast + dev $interface
    ip route add default via $router dev $interface metric $((100 + ${interface#eth}))
    echo nameserver $dns >/etc/resolv.conf ;;
esac
";

/// Routes of the case with many, and its addresses.
const ROUTES: usize = 10_000;
const ADDRESSES: usize = 100;

/// A network and a wish.
pub(crate) struct Case {
    /// Its name on the command line and in the table.
    pub(crate) name: String,
    kind: Kind,
}

/// What there is and what is wished.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// So many links, each with a server.
    Dhcp { links: u8 },
    /// One link with a server, configured already: nothing is left to do.
    Again,
    /// A link with a server and one without, where any will do.
    Dead,
    /// A router that answers at once; addresses may be used while they are probed (RFC 4429), or not.
    Slaac { optimistic: bool },
    /// An address and a default route.
    Static,
    /// The same many times, from a keyfile.
    Routes,
    /// Links upon links.
    Stacks,
}

/// What a run must show to count.
pub(crate) struct Wanted {
    /// Addresses announced.
    pub(crate) addresses: usize,
    /// A default route announced.
    pub(crate) route: bool,
}

/// A program, or a shell line, that does the case.
pub(crate) struct Peer {
    /// Its name in the table.
    pub(crate) name: &'static str,
    command: Vec<String>,
}

impl Case {
    /// One of the names in the manual of this program.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let links = |text: &str| text.strip_prefix("links")?.parse().ok();
        let kind = match name {
            "dhcp" => Kind::Dhcp { links: 1 },
            "again" => Kind::Again,
            "dead" => Kind::Dead,
            "slaac" => Kind::Slaac { optimistic: true },
            "dad" => Kind::Slaac { optimistic: false },
            "static" => Kind::Static,
            "routes" => Kind::Routes,
            "stacks" => Kind::Stacks,
            _ => Kind::Dhcp { links: links(name).ok_or(format!("unknown case {name}"))? },
        };
        Ok(Self { name: name.to_owned(), kind })
    }

    /// What a run must show to count.
    pub(crate) fn wanted(&self, peer: &Peer) -> Wanted {
        let (addresses, route) = match self.kind {
            Kind::Dhcp { links } => (usize::from(links), true),
            Kind::Again => (0, false),
            Kind::Dead | Kind::Slaac { .. } | Kind::Static => (1, true),
            Kind::Routes => (ADDRESSES, true),
            Kind::Stacks => (Stacks::named(peer.name).map_or(0, Stacks::addresses), true),
        };
        Wanted { addresses, route }
    }

    /// How many links the client has.
    fn links(&self, peer: &Peer) -> u8 {
        match self.kind {
            Kind::Dhcp { links } => links,
            Kind::Stacks => Stacks::named(peer.name).map_or(1, |stacks| stacks.cards),
            Kind::Dead => 2,
            Kind::Again | Kind::Slaac { .. } | Kind::Static | Kind::Routes => 1,
        }
    }

    /// The kernel command line: the same for all who read one.
    fn cmdline(&self) -> String {
        let words = match self.kind {
            Kind::Dhcp { links: 1 } | Kind::Again => "ip=dhcp".to_owned(),
            Kind::Dhcp { links } => (0..links).map(|number| format!("ip=eth{number}:dhcp ")).collect(),
            // Without a limit NetworkManager waits for 90 seconds.
            Kind::Dead => "ip=dhcp rd.net.timeout.dhcp=5".to_owned(),
            Kind::Slaac { .. } => "ip=auto6".to_owned(),
            Kind::Static => "ip=10.77.0.9::10.77.0.1:255.255.255.0::eth0:none".to_owned(),
            Kind::Routes | Kind::Stacks => return "quiet".to_owned(),
        };
        format!("{words} rd.neednet=1")
    }

    /// Everybody installed here who can do it.
    pub(crate) fn peers(&self, sunup: &Path) -> Vec<Peer> {
        if self.kind == Kind::Stacks {
            return SHAPES.iter().flat_map(|shape| stacks(*shape, sunup)).collect();
        }
        let up = [&sunup.display().to_string(), "up", "--cmdline", &self.cmdline()].map(str::to_owned).to_vec();
        let mut peers = vec![Peer { name: "sunup", command: up }];
        let generators = ["/usr/libexec/nm-initrd-generator", "/usr/lib/NetworkManager/nm-initrd-generator"];
        if let Some(generator) = generators.iter().find(|path| Path::new(path).exists()) {
            let manager = "exec NetworkManager --no-daemon --configure-and-quit=initrd";
            peers.push(shell("nm", format!("{generator} -- {} && {manager}", self.cmdline())));
        }
        match self.kind {
            Kind::Static | Kind::Routes => peers.push(shell("ip", "ip -batch /tmp/batch".to_owned())),
            Kind::Dhcp { links } => peers.extend(dhcp_clients(links)),
            Kind::Again | Kind::Dead | Kind::Slaac { .. } | Kind::Stacks => {}
        }
        peers
    }

    /// One run in fresh rooms, `how` = `--measure` or `--peak-rss` of this program inside.
    pub(crate) fn run(&self, peer: &Peer, how: &str) -> Value {
        let options = Options { read_only_sys: true, cmdline: Some(self.cmdline()) };
        let exe = std::env::current_exe().expect("the path of this program");
        let lan = Lan::with("bench", Path::new(&peer.command[0]), &artifacts(&exe), &options);
        (1..self.links(peer)).for_each(|number| lan.link(number));
        let server = self.prepare(&lan, peer);
        let mut arguments = vec![how];
        arguments.extend(peer.command.iter().map(String::as_str));
        if self.kind == Kind::Again {
            lan.client.run(&peer.command[0], &arguments[2..]);
        }
        let ran = lan.client.run(exe.to_str().unwrap(), &arguments);
        drop(server);
        let all_there = self.kind != Kind::Routes
            || lan.client.sh("ip -4 route | wc -l").trim().parse::<usize>().is_ok_and(|n| n >= ROUTES);
        let last = ran.stdout.lines().next_back().and_then(|line| serde_json::from_str(line).ok());
        last.filter(|_| all_there).unwrap_or_else(|| panic!("{}: not done: {ran}", peer.name))
    }

    /// Starts the servers and writes the files of the case.
    fn prepare<'a>(&self, lan: &'a Lan, peer: &Peer) -> Option<Box<dyn Running + 'a>> {
        lan.client.sh(&format!("printf '%s' '{UDHCPC_SCRIPT}' >/tmp/udhcpc; chmod 755 /tmp/udhcpc"));
        match self.kind {
            Kind::Dhcp { links } => return Some(Box::new(lan.serve_all(links - 1))),
            Kind::Again | Kind::Dead => return Some(Box::new(lan.serve_all(0))),
            Kind::Stacks => Stacks::named(peer.name).into_iter().for_each(|stacks| stacks.prepare(lan)),
            Kind::Slaac { optimistic } => {
                if !optimistic {
                    lan.client.sh("echo 0 >/run/0; mount --bind /run/0 /proc/sys/net/ipv6/conf/eth0/optimistic_dad");
                }
                return Some(Box::new(radvd(lan)));
            }
            Kind::Static => {
                let lines =
                    "link set eth0 up\\naddress add 10.77.0.9/24 brd + dev eth0\\nroute add default via 10.77.0.1\\n";
                lan.client.sh(&format!("printf '{lines}' >/tmp/batch"));
            }
            Kind::Routes => many_routes(lan),
        }
        None
    }
}

/// A server that runs until it is dropped.
trait Running {}

impl Running for Dnsmasq<'_> {}

impl Running for Process<'_> {}

/// A router that answers at once, and has nothing to wait for itself.
fn radvd(lan: &Lan) -> Process<'_> {
    let text = "interface srv0 {\n AdvSendAdvert on;\n MinRtrAdvInterval 3;\n MaxRtrAdvInterval 4;\n\
        prefix 2001:db8:77::/64 { AdvOnLink on; AdvAutonomous on; };\n};\n";
    lan.server.sh("echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
    lan.server.sh("ip link set srv0 down; echo 0 >/proc/sys/net/ipv6/conf/srv0/accept_dad; ip link set srv0 up");
    lan.server
        .sh(&format!("ip -6 address add 2001:db8:77::1/64 dev srv0 nodad; printf '%s' '{text}' >/run/radvd.conf"));
    let arguments = ["-n", "-m", "stderr", "-d", "1", "-C", "/run/radvd.conf", "-p", "/run/radvd.pid"];
    let mut radvd = lan.server.spawn("radvd", &arguments);
    radvd.wait_for("version");
    radvd
}

/// The keyfile with many routes and addresses, and the same for `ip -batch`.
fn many_routes(lan: &Lan) {
    let mut keyfile = "[connection]\nid=many\nuuid=6f0a1c1e-3b8e-4a53-9d55-1f9a0c3e77aa\ntype=ethernet\n\
        interface-name=eth0\n[ipv6]\nmethod=disabled\n[ipv4]\nmethod=manual\ngateway=10.77.0.1\n"
        .to_owned();
    let mut batch = "link set eth0 up\n".to_owned();
    for number in 0..ADDRESSES {
        keyfile += &format!("address{}=10.77.{number}.9/24\n", number + 1);
        batch += &format!("address add 10.77.{number}.9/24 brd + dev eth0\n");
    }
    batch += "route add default via 10.77.0.1\n";
    for number in 0..ROUTES {
        let net = format!("172.{}.{}.{}/28", 16 + number / 4096, number / 16 % 256, number % 16 * 16);
        keyfile += &format!("route{}={net},10.77.0.1\n", number + 1);
        batch += &format!("route add {net} via 10.77.0.1\n");
    }
    // What is in the folder of the logs is seen in the room.
    for (name, text, place) in [
        ("batch", batch, "/tmp/batch"),
        ("keyfile", keyfile, "/etc/NetworkManager/system-connections/many.nmconnection"),
    ] {
        let file = lan.client.artifacts().join(name);
        std::fs::write(&file, text).expect("the folder of the logs can be written");
        lan.client.sh(&format!("install -D -m 600 '{}' {place}", file.display()));
    }
}

/// sunup and `ip` with the same stacks.
fn stacks(shape: Stacks, sunup: &Path) -> [Peer; 2] {
    let up = [&sunup.display().to_string(), "up", "--profiles", &shape.folder()].map(str::to_owned).to_vec();
    let ip = ["ip", "-batch", &shape.batch()].map(str::to_owned).to_vec();
    [Peer { name: shape.name, command: up }, Peer { name: shape.ip, command: ip }]
}

/// Clients that do DHCP and nothing else, one for each link, at the same time.
fn dhcp_clients(links: u8) -> Vec<Peer> {
    let each = |name, line: &str| {
        let one = |number| format!("{} &", line.replace("LINK", &format!("eth{number}")));
        let all = (0..links).map(one).collect::<Vec<_>>().join(" ");
        shell(name, format!("{all} wait"))
    };
    let mut clients = vec![each("udhcpc", "busybox udhcpc -i LINK -q -n -f -s /tmp/udhcpc")];
    if ["/sbin/dhclient", "/usr/sbin/dhclient"].iter().any(|path| Path::new(path).exists()) {
        clients.push(each("dhclient", "dhclient -1 -lf /tmp/LINK.leases -pf /tmp/LINK.pid LINK"));
    }
    clients
}

fn shell(name: &'static str, line: String) -> Peer {
    Peer { name, command: vec!["sh".to_owned(), "-c".to_owned(), line] }
}

fn artifacts(exe: &Path) -> PathBuf {
    exe.parent().and_then(Path::parent).expect("target/PROFILE/examples").join("bench-logs")
}
