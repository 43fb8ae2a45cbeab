//! Kinds of links that a test machine's kernel may lack, as NetworkManager makes them.

use crate::links_are_as_networkmanager_makes_them::{OFF, same};

/// A profile of this type with this section and no addresses.
fn bare(kind: &str, section: &str) -> String {
    format!("type={kind}\n[{kind}]\n{section}\n{OFF}")
}

#[test]
#[ignore = "open: differs from NetworkManager in LACP states that change with time, or it is late"]
fn bonds() {
    let port = "type=ethernet\nmaster=bond0\nslave-type=bond\n";
    for (number, options) in [
        "mode=active-backup\nprimary=eth0\nupdelay=200\nfail_over_mac=active",
        "mode=802.3ad\nlacp_rate=fast\nad_select=bandwidth\nxmit_hash_policy=layer3+4\nmin_links=1",
        "mode=balance-xor\narp_interval=200\narp_ip_target=10.77.0.1,10.77.0.2\narp_validate=all",
        "mode=balance-rr",
    ]
    .iter()
    .enumerate()
    {
        same(&format!("bond{number}"), &[("bond0", &bare("bond", options)), ("eth0", port)]);
    }
}

#[test]
#[ignore = "open: differs from NetworkManager, or it is late"]
fn vlans() {
    let eth0 = format!("type=ethernet\n{OFF}");
    let plain = bare("vlan", "id=5\nparent=eth0");
    let full = bare(
        "vlan",
        "id=6\nparent=eth0\nprotocol=802.1ad\nflags=3\ningress-priority-map=1:3;2:4;\negress-priority-map=6:5;4:2;",
    );
    same("vlan", &[("eth0", &eth0), ("eth0.5", &plain)]);
    same("vlan-full", &[("eth0", &eth0), ("v6", &full)]);
}

#[test]
fn vxlan_vrf_and_dummy() {
    let eth0 = "type=ethernet\n[ipv4]\nmethod=manual\naddress1=10.77.0.2/24\n[ipv6]\nmethod=disabled\n";
    let vxlan = bare("vxlan", "id=42\nparent=eth0\nlocal=10.77.0.2\nremote=10.77.0.1\ndestination-port=4789\nttl=5");
    same("vxlan", &[("eth0", eth0), ("vx0", &vxlan)]);
    same("vrf", &[("red", &bare("vrf", "table=1000"))]);
    same("dummy", &[("dum0", &format!("type=dummy\n{OFF}"))]);
}
