//! Bonds and VLANs, made by `sunup up`, taken over by NetworkManager and by systemd-networkd: watched by the rig of
//! `tests/handover`, nothing flaps. They stand side by side in one room: a daemon takes its time to start under emulation.

use crate::daemon::Daemon;
use crate::networkd::Networkd;
use crate::networkmanager::NetworkManager;
use crate::rig::{Adoption, one_link};
use crate::stacked_links::{BARE, DHCP, profile};
use crate::support::{Dnsmasq, Lan};

/// What is brought up on cards of its own, and what a daemon must take over of it.
struct Stack {
    /// Its first card, and its network: 10.77.NUMBER.0/24.
    number: u8,
    /// Its words of the command line.
    line: &'static str,
    /// Keyfiles: name and text.
    profiles: &'static [(&'static str, &'static str)],
    /// The link with the address.
    top: &'static str,
    /// The links without, down to one card or two.
    below: &'static [&'static str],
    /// The network is that of VLAN 5.
    tagged: bool,
    /// The address comes from a server.
    leased: bool,
}

const STACKS: [Stack; 5] = [
    Stack {
        number: 0,
        line: "bond=bond0:eth0,eth1:mode=active-backup,miimon=100 ip=bond0:dhcp",
        profiles: &[],
        top: "bond0",
        below: &["eth0", "eth1"],
        tagged: false,
        leased: true,
    },
    Stack {
        number: 2,
        line: "bond=bond2:eth2,eth3:mode=balance-xor,miimon=50 ip=10.77.2.50::10.77.2.1:24::bond2:none nameserver=10.77.2.1",
        profiles: &[],
        top: "bond2",
        below: &["eth2", "eth3"],
        tagged: false,
        leased: false,
    },
    Stack {
        number: 4,
        line: "vlan=lan.5:eth4 ip=lan.5:dhcp",
        profiles: &[],
        top: "lan.5",
        below: &["eth4"],
        tagged: true,
        leased: true,
    },
    Stack {
        number: 5,
        line: "vlan=eth5.5:eth5 ip=10.77.5.50::10.77.5.1:24::eth5.5:none",
        profiles: &[],
        top: "eth5.5",
        below: &["eth5"],
        tagged: true,
        leased: false,
    },
    // A bridge on a VLAN on a bond, as an administrator writes them.
    Stack {
        number: 6,
        line: "",
        profiles: &[
            ("br6", "type=bridge | uuid=1b3c0f44-0d52-4b0e-9d8a-000000000001 | [bridge] | stp=false"),
            (
                "vlan6",
                "type=vlan | uuid=1b3c0f44-0d52-4b0e-9d8a-000000000002 | master=br6 | slave-type=bridge | [vlan] | id=5 | parent=bond6",
            ),
            ("bond6", "type=bond | uuid=1b3c0f44-0d52-4b0e-9d8a-000000000003 | [bond] | mode=active-backup"),
            ("eth6", "type=ethernet | uuid=1b3c0f44-0d52-4b0e-9d8a-000000000004 | master=bond6 | slave-type=bond"),
            ("eth7", "type=ethernet | uuid=1b3c0f44-0d52-4b0e-9d8a-000000000005 | master=bond6 | slave-type=bond"),
        ],
        top: "br6",
        below: &["vlan6", "bond6", "eth6", "eth7"],
        tagged: true,
        leased: true,
    },
];

impl Stack {
    /// The numbers of its cards.
    fn cards(&self) -> impl Iterator<Item = u8> {
        let count = self.below.iter().filter(|link| link.starts_with("eth")).count();
        (self.number..).take(count)
    }

    /// The link of the server's room with its network, upon the bridge between the other ends of its cards.
    fn served(&self) -> String {
        format!("net{}{}", self.number, if self.tagged { ".5" } else { "" })
    }

    /// What the server says that hands out its addresses.
    fn service(&self) -> [String; 4] {
        let Self { number, .. } = self;
        [
            format!("--interface={}", self.served()),
            format!("--dhcp-range=set:net{number},10.77.{number}.100,10.77.{number}.150,255.255.255.0,1h"),
            format!("--dhcp-option=tag:net{number},option:router,10.77.{number}.1"),
            format!("--dhcp-option=tag:net{number},option:dns-server,10.77.{number}.53"),
        ]
    }

    /// Makes its cards, what stands at their other ends, and its profiles.
    fn make(&self, lan: &Lan) {
        let (bridge, served) = (format!("net{}", self.number), self.served());
        let mut script = format!("ip link add {bridge} type bridge forward_delay 0; ip link set {bridge} up\n");
        for card in self.cards() {
            if card > 0 {
                lan.link(card);
            }
            script.push_str(&format!("ip address flush dev srv{card}; ip link set srv{card} master {bridge}\n"));
        }
        if self.tagged {
            script.push_str(&format!(
                "ip link add link {bridge} name {served} type vlan id 5; ip link set {served} up\n"
            ));
        }
        lan.server.sh(&format!("{script}ip address add 10.77.{}.1/24 dev {served}", self.number));
        for (name, text) in self.profiles {
            let ip = match *name {
                name if name == self.top => DHCP,
                "bond6" => BARE,
                _ => "",
            };
            profile(lan, name, &format!("{text} | {ip}"));
        }
    }
}

/// The stacks are up, with what this daemon is handed over.
fn up(daemon: &str) -> Lan {
    let lan = crate::lan(&format!("{daemon}-adopts-stacks"));
    STACKS.iter().for_each(|stack| stack.make(&lan));
    lan
}

#[track_caller]
fn adopted<D: Daemon>(lan: &Lan, daemon: &str, start: impl FnOnce() -> D) {
    let leased = STACKS.iter().filter(|stack| stack.leased);
    let options: Vec<String> = leased.clone().flat_map(Stack::service).collect();
    let server = Dnsmasq::start(&lan.server, &options.iter().map(String::as_str).collect::<Vec<_>>());
    let words: Vec<&str> = STACKS.iter().map(|stack| stack.line).collect();
    lan.up(&format!("{} rd.neednet=1 rd.sunup.handover={daemon}", words.join(" "))).exits(0);
    lan.sunup(&["verify-handover"]).exits(0);
    let links: Vec<&str> = STACKS.iter().map(|stack| stack.top).collect();
    let below: Vec<&str> = STACKS.iter().flat_map(|stack| stack.below).copied().collect();
    let pings: Vec<String> = STACKS.iter().map(|stack| format!("10.77.{}.1", stack.number)).collect();
    let pings: Vec<&str> = pings.iter().map(String::as_str).collect();
    let name = format!("{daemon}, bonds, VLANs and a bridge upon both");
    let one = one_link(&name, lan, Some(&server));
    let adoption =
        Adoption { links: &links, below: &below, pings: &pings, fixed: STACKS.len() - leased.count(), ..one };
    adoption.by(start).print().is_clean();
}

#[test]
fn bonds_and_vlans_go_on_under_networkmanager() {
    let lan = up("networkmanager");
    adopted(&lan, "networkmanager", || NetworkManager::prepare(&lan.client)());
}

#[test]
fn bonds_and_vlans_go_on_under_networkd() {
    let lan = up("networkd");
    adopted(&lan, "networkd", || Networkd::start(&lan.client));
}
