//! What is run: the cases, and how each peer does them.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Lan, Options};

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

/// A network and a wish.
pub(crate) struct Case {
    /// Its name on the command line and in the table.
    pub(crate) name: String,
    /// How many links there are.
    pub(crate) links: u8,
    is_static: bool,
}

/// A program, or a shell line, that does the case.
pub(crate) struct Peer {
    /// Its name in the table.
    pub(crate) name: &'static str,
    command: Vec<String>,
}

impl Case {
    /// `dhcp`, `static` or `linksN`.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let links = match name {
            "dhcp" | "static" => 1,
            _ => name.strip_prefix("links").and_then(|n| n.parse().ok()).ok_or(format!("unknown case {name}"))?,
        };
        Ok(Self { name: name.to_owned(), links, is_static: name == "static" })
    }

    /// The kernel command line: the same for all who read one.
    fn cmdline(&self) -> String {
        if self.is_static {
            return "ip=10.77.0.9::10.77.0.1:255.255.255.0::eth0:none rd.neednet=1".to_owned();
        }
        if self.links == 1 {
            return "ip=dhcp rd.neednet=1".to_owned();
        }
        let words: Vec<String> = (0..self.links).map(|number| format!("ip=eth{number}:dhcp")).collect();
        format!("{} rd.neednet=1", words.join(" "))
    }

    /// Everybody installed here who can do it.
    pub(crate) fn peers(&self, sunup: &Path) -> Vec<Peer> {
        let shell = |name, line: String| Peer { name, command: vec!["sh".to_owned(), "-c".to_owned(), line] };
        let up = [&sunup.display().to_string(), "up", "--cmdline", &self.cmdline()].map(str::to_owned).to_vec();
        let mut peers = vec![Peer { name: "sunup", command: up }];
        let generators = ["/usr/libexec/nm-initrd-generator", "/usr/lib/NetworkManager/nm-initrd-generator"];
        if let Some(generator) = generators.iter().find(|path| Path::new(path).exists()) {
            let manager = "exec NetworkManager --no-daemon --configure-and-quit=initrd";
            peers.push(shell("nm", format!("{generator} -- {} && {manager}", self.cmdline())));
        }
        if self.is_static {
            let lines =
                "link set eth0 up\\naddress add 10.77.0.9/24 brd + dev eth0\\nroute add default via 10.77.0.1\\n";
            peers.push(shell("ip", format!("printf '{lines}' | ip -batch -")));
            return peers;
        }
        let each = |line: &str| {
            let one = |number| format!("{} &", line.replace("LINK", &format!("eth{number}")));
            format!("{} wait", (0..self.links).map(one).collect::<Vec<_>>().join(" "))
        };
        peers.push(shell("udhcpc", each("busybox udhcpc -i LINK -q -n -f -s /tmp/udhcpc")));
        if ["/sbin/dhclient", "/usr/sbin/dhclient"].iter().any(|path| Path::new(path).exists()) {
            peers.push(shell("dhclient", each("dhclient -1 -lf /tmp/LINK.leases -pf /tmp/LINK.pid LINK")));
        }
        peers
    }

    /// One run in fresh rooms, `how` = `--measure` or `--peak-rss` of this program inside.
    pub(crate) fn run(&self, peer: &Peer, how: &str) -> Value {
        let options = Options { read_only_sys: true, cmdline: Some(self.cmdline()) };
        let exe = std::env::current_exe().expect("the path of this program");
        let lan = Lan::with("bench", Path::new(&peer.command[0]), &artifacts(&exe), &options);
        (1..self.links).for_each(|number| lan.link(number));
        lan.client.sh(&format!("printf '%s' '{UDHCPC_SCRIPT}' >/tmp/udhcpc; chmod 755 /tmp/udhcpc"));
        let server = (!self.is_static).then(|| lan.serve_all(self.links - 1));
        let mut arguments = vec![how];
        arguments.extend(peer.command.iter().map(String::as_str));
        let ran = lan.client.run(exe.to_str().unwrap(), &arguments);
        drop(server);
        let last = ran.stdout.lines().next_back().and_then(|line| serde_json::from_str(line).ok());
        last.unwrap_or_else(|| panic!("{}: nothing measured: {ran}", peer.name))
    }
}

fn artifacts(exe: &Path) -> PathBuf {
    exe.parent().and_then(Path::parent).expect("target/PROFILE/examples").join("bench-logs")
}
