//! Kinds of links that a test machine's kernel may lack, with all their options, as NetworkManager makes them.

use crate::same_links::{OFF, both, same};

/// A profile of this type with this section and no addresses.
fn bare(kind: &str, section: &str) -> String {
    format!("type={kind}\n[{kind}]\n{section}\n{OFF}")
}

#[test]
fn bonds() {
    let port = |number: usize| format!("type=ethernet\nmaster=bond{number}\nslave-type=bond\n");
    let bonds = [
        "mode=active-backup\nprimary=eth0\nupdelay=200\nfail_over_mac=active",
        "mode=802.3ad\nlacp_rate=fast\nad_select=bandwidth\nxmit_hash_policy=layer3+4\nmin_links=1",
        "mode=balance-xor\narp_interval=200\narp_ip_target=10.77.2.1,10.77.2.2\narp_validate=all",
        "mode=balance-rr",
    ];
    let bonds = bonds.iter().enumerate().flat_map(|(number, options)| {
        [(format!("bond{number}"), bare("bond", options)), (format!("eth{number}"), port(number))]
    });
    let profiles: Vec<_> = bonds.collect();
    same("bonds", &profiles.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>());
}

#[test]
fn vlans_and_vxlans() {
    let eth0 = "type=ethernet\n[ipv4]\nmethod=manual\naddress1=10.77.0.2/24\n[ipv6]\nmethod=disabled\n";
    let plain = bare("vlan", "id=5\nparent=eth0");
    let full = bare(
        "vlan",
        "id=6\nparent=eth0\nprotocol=802.1ad\nflags=3\ningress-priority-map=1:3;2:4;\negress-priority-map=6:5;4:2;",
    );
    let vxlan = bare("vxlan", "id=42\nparent=eth0\nlocal=10.77.0.2\nremote=10.77.0.1\ndestination-port=4789\nttl=5");
    let [mut ours, mut theirs] = both("vlans", &[("eth0", eth0), ("eth0.5", &plain), ("v6", &full), ("vx0", &vxlan)]);
    // NetworkManager numbers the entries of a map, and kernels since 6.1.75 take only those numbered 1: one of each map is lost.
    for map in ["ingress_qos", "egress_qos"] {
        let [ours, theirs] = [&mut ours, &mut theirs].map(|all| all[2]["info"]["info_data"][map].take());
        let (ours, theirs) = (ours.as_array().unwrap(), theirs.as_array().unwrap());
        assert_eq!(ours.len(), 2, "{ours:?}");
        assert!(theirs.iter().all(|pair| ours.contains(pair)), "{ours:?}, {theirs:?}");
    }
    assert_eq!(ours, theirs, "sunup, then NetworkManager");
}
