//! Bonds and VLANs, made by `sunup up`, taken over by NetworkManager and by systemd-networkd: watched by the rig of
//! `tests/handover`, nothing flaps.

use crate::networkd::Networkd;
use crate::networkmanager::NetworkManager;
use crate::rig::{Adoption, one_link};
use crate::stacked_links::{BARE, DHCP, profile, serve, two};
use crate::support::Lan;

/// What is brought up, and what a daemon must take over of it.
struct Stack {
    name: &'static str,
    /// The command line.
    line: &'static str,
    /// Keyfiles: name and text.
    profiles: &'static [(&'static str, &'static str)],
    /// The link with the address.
    top: &'static str,
    below: &'static [&'static str],
    /// The link of the server's room that the lease comes from; empty: addresses are static.
    server: &'static str,
}

const BONDED: Stack = Stack {
    name: "bond",
    line: "bond=bond0:eth0,eth1:mode=active-backup,miimon=100 ip=bond0:dhcp",
    profiles: &[],
    top: "bond0",
    below: &["eth0", "eth1"],
    server: "lan",
};

const BONDED_STATIC: Stack = Stack {
    name: "bond-static",
    line: "bond=bond0:eth0,eth1:mode=balance-xor,miimon=50 ip=10.77.0.50::10.77.0.1:24::bond0:none nameserver=10.77.0.1",
    server: "",
    ..BONDED
};

const VLAN: Stack = Stack {
    name: "vlan",
    line: "vlan=lan.5:eth0 ip=lan.5:dhcp",
    profiles: &[],
    top: "lan.5",
    below: &["eth0"],
    server: "lan5",
};

const VLAN_STATIC: Stack = Stack {
    name: "vlan-static",
    line: "vlan=eth0.5:eth0 ip=10.77.0.50::10.77.0.1:24::eth0.5:none nameserver=10.77.0.1",
    top: "eth0.5",
    server: "",
    ..VLAN
};

/// Bonds, VLANs and a bridge as an administrator writes them.
const DEEP: Stack = Stack {
    name: "deep",
    line: "",
    profiles: &[
        ("br0", "type=bridge | uuid=1b3c0f44-0d52-4b0e-9d8a-000000000001 | [bridge] | stp=false"),
        (
            "vlan5",
            "type=vlan | uuid=1b3c0f44-0d52-4b0e-9d8a-000000000002 | master=br0 | slave-type=bridge | [vlan] | id=5 | parent=bond0",
        ),
        ("bond0", "type=bond | uuid=1b3c0f44-0d52-4b0e-9d8a-000000000003 | [bond] | mode=active-backup"),
        ("eth0", "type=ethernet | uuid=1b3c0f44-0d52-4b0e-9d8a-000000000004 | master=bond0 | slave-type=bond"),
        ("eth1", "type=ethernet | uuid=1b3c0f44-0d52-4b0e-9d8a-000000000005 | master=bond0 | slave-type=bond"),
    ],
    top: "br0",
    below: &["vlan5", "bond0", "eth0", "eth1"],
    server: "lan5",
};

/// Brings it up, for both daemons.
fn up(daemon: &str, stack: &Stack) -> Lan {
    let lan = two(&format!("{daemon}-adopts-{}", stack.name));
    if stack.below == ["eth0"] {
        // A card that is in no profile gets one of the daemon's own.
        lan.client.ip("link delete eth1");
    }
    if stack.top != "bond0" {
        lan.server.sh("ip address flush dev lan; ip link add link lan name lan5 type vlan id 5; ip link set lan5 up; \
             ip address add 10.77.0.1/24 dev lan5");
    }
    for (name, text) in stack.profiles {
        let ip = match *name {
            name if name == stack.top => DHCP,
            "bond0" => BARE,
            _ => "",
        };
        profile(&lan, name, &format!("{text} | {ip}"));
    }
    lan
}

#[track_caller]
fn adopted(daemon: &str, stack: &Stack) {
    let lan = up(daemon, stack);
    let server = (!stack.server.is_empty()).then(|| serve(&lan, stack.server));
    let line = format!("{} rd.neednet=1 rd.sunup.handover={}", stack.line, daemon.to_lowercase());
    lan.up(&line).exits(0);
    lan.sunup(&["verify-handover"]).exits(0);
    let name = format!("{daemon}, {}", stack.name);
    let adoption = Adoption { links: &[stack.top], below: stack.below, ..one_link(&name, &lan, server.as_ref()) };
    let verdict = match daemon {
        "networkd" => adoption.by(|| Networkd::start(&lan.client)),
        _ => adoption.by(NetworkManager::prepare(&lan.client)),
    };
    verdict.print().is_clean();
}

#[test]
fn a_bond_goes_on_under_networkmanager() {
    adopted("NetworkManager", &BONDED);
    adopted("NetworkManager", &BONDED_STATIC);
}

#[test]
fn a_bond_goes_on_under_networkd() {
    adopted("networkd", &BONDED);
    adopted("networkd", &BONDED_STATIC);
}

#[test]
fn a_vlan_goes_on_under_networkmanager() {
    adopted("NetworkManager", &VLAN);
    adopted("NetworkManager", &VLAN_STATIC);
}

#[test]
fn a_vlan_goes_on_under_networkd() {
    adopted("networkd", &VLAN);
    adopted("networkd", &VLAN_STATIC);
}

#[test]
fn a_bridge_on_a_vlan_on_a_bond_goes_on_under_networkmanager() {
    adopted("NetworkManager", &DEEP);
}

#[test]
fn a_bridge_on_a_vlan_on_a_bond_goes_on_under_networkd() {
    adopted("networkd", &DEEP);
}
