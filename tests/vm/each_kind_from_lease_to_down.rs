//! Every kind of link that sunup makes, side by side: each is made, has a lease through it, is what NetworkManager makes of the same
//! profile, and is gone after `down`.

use serde_json::Value;

use crate::same_links::{OFF, by_daemon, shown, write};
use crate::support::{Dnsmasq, Lan, wait_until};

/// DHCPv4, which must succeed.
const DHCP: &str = "[ipv4]\nmethod=auto\nmay-fail=false\n[ipv6]\nmethod=disabled\n";

/// The links that get a lease, each from the server at the end of ethN: that N, and the link's name there.
const LEASED: [(u8, &str, &str); 9] = [
    (0, "bond0", "srv0"),
    (1, "eth1.5", "srv1.5"),
    (2, "br2", "srv2"),
    (3, "team3", "srv3"),
    (4, "mv4", "srv4"),
    (5, "mt5", "srv5"),
    (7, "vx7", "vx"),
    (8, "eth8", "srv8"),
    (9, "in9", "srv9"),
];

/// What the installed daemon cannot make: a team without teamd; ipvlan only since 1.52.
const OURS_ALONE: [&str; 3] = ["team3", "eth3", "ipv6"];

fn profiles() -> Vec<(&'static str, String)> {
    let port = |of: &str, kind: &str| format!("type=ethernet\nmaster={of}\nslave-type={kind}\n");
    let fixed = |address: &str| format!("[ipv4]\nmethod=manual\naddress1={address}\n[ipv6]\nmethod=disabled\n");
    let with = |kind: &str, section: &str, ip: &str| format!("type={kind}\n[{kind}]\n{section}\n{ip}");
    let team = r#"config={"runner": {"name": "activebackup"}, "link_watch": {"name": "ethtool"}}"#;
    let vxlan = "id=42\nparent=eth7\nlocal=10.99.7.2\nremote=10.99.7.1\ndestination-port=4789";
    let filtering = "vlan-filtering=true\nvlan-default-pvid=7\nvlans=1 untagged, 20-30";
    vec![
        ("bond0", with("bond", "mode=active-backup\nmiimon=50", DHCP)),
        ("eth0", port("bond0", "bond")),
        ("eth1", format!("type=ethernet\n{OFF}")),
        ("eth1.5", with("vlan", "id=5\nparent=eth1", DHCP)),
        ("br2", with("bridge", &format!("stp=false\npriority=4096\n{filtering}"), DHCP)),
        ("eth2", format!("{}[bridge-port]\npriority=7\npath-cost=9\nvlans=40-45 untagged,50\n", port("br2", "bridge"))),
        ("team3", with("team", team, DHCP)),
        ("eth3", port("team3", "team")),
        ("eth4", format!("type=ethernet\n{OFF}")),
        ("mv4", with("macvlan", "mode=2\nparent=eth4", DHCP)),
        ("eth5", format!("type=ethernet\n{OFF}")),
        ("mt5", with("macvlan", "mode=1\ntap=true\nparent=eth5", DHCP)),
        ("ipv6", with("ipvlan", "mode=1\nparent=eth6", &fixed("10.77.6.9/24"))),
        ("eth7", format!("type=ethernet\n{}", fixed("10.99.7.2/24"))),
        ("vx7", with("vxlan", vxlan, DHCP)),
        ("red", with("vrf", "table=1000", OFF)),
        ("eth8", format!("{}{DHCP}", port("red", "vrf"))),
        ("br9", with("bridge", "stp=false", OFF)),
        ("eth9", port("br9", "bridge")),
        ("in9", with("veth", "peer=out9", DHCP)),
        ("out9", "type=veth\nmaster=br9\nslave-type=bridge\n[veth]\npeer=in9\n".to_owned()),
        ("dum0", with("dummy", "", &fixed("192.0.2.1/32"))),
    ]
}

/// Ten links, and at their other ends what the profiles expect.
fn rooms(name: &str) -> Lan {
    let lan = crate::lan(name);
    (1..10).for_each(|number| lan.link(number));
    lan.server.sh(
        "ip address flush dev srv1; ip link add link srv1 name srv1.5 type vlan id 5; ip link set srv1.5 up; \
         ip address add 10.77.1.1/24 dev srv1.5; \
         ip address flush dev srv7; ip address add 10.99.7.1/24 dev srv7; \
         ip link add vx type vxlan id 42 local 10.99.7.1 remote 10.99.7.2 dstport 4789; ip link set vx up; \
         ip address add 10.77.7.1/24 dev vx",
    );
    lan
}

fn serve(lan: &Lan) -> Dnsmasq<'_> {
    let one = |(number, _, link): &(u8, &str, &str)| {
        [format!("--interface={link}"), format!("--dhcp-range=10.77.{number}.100,10.77.{number}.150,255.255.255.0,1h")]
    };
    let options: Vec<String> = LEASED.iter().flat_map(one).collect();
    Dnsmasq::start(&lan.server, &options.iter().map(String::as_str).collect::<Vec<_>>())
}

/// What links are, for a person or a daemon that comes later.
fn look(lan: &Lan) -> Vec<Value> {
    let links = lan.client.ip_json("address show");
    let one = |link: &Value| {
        let addresses =
            link["addr_info"].as_array().unwrap().iter().map(|one| one["local"].clone()).collect::<Vec<_>>();
        let up = link["flags"].to_string().contains("\"UP\"");
        serde_json::json!([link["ifname"], link["mtu"], link["address"], link["master"], up, addresses])
    };
    links.iter().map(one).collect()
}

#[test]
fn made_leased_compared_and_gone() {
    let profiles = profiles();
    let all: Vec<(&str, &str)> = profiles.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let theirs: Vec<(&str, &str)> = all.iter().filter(|(name, _)| !OURS_ALONE.contains(name)).copied().collect();
    let names: Vec<&str> = theirs.iter().map(|(name, _)| *name).collect();

    let ours = rooms("each-kind-sunup");
    let server = serve(&ours);
    write(&ours, &all);
    let before = look(&ours);
    let ran = ours.up("rd.neednet=1");
    ran.exits(0);
    for (number, link, _) in LEASED {
        assert!(ours.address(link, &format!("10.77.{number}.1")).is_some(), "{link}: {ran}\n{}", server.log());
    }
    for (link, address) in [("ipv6", "10.77.6.9"), ("dum0", "192.0.2.1")] {
        assert!(ours.address(link, address).is_some(), "{link}: {ran}");
    }
    ["10.77.6.1", "10.77.7.1", "10.77.9.1"].iter().for_each(|address| ours.ping(address));
    let made = shown(&ours, &names);
    let vlans = |lan: &Lan| lan.client.ok("bridge", &["vlan", "show"]);
    let made_vlans = vlans(&ours);
    assert!(made_vlans.contains("45 Egress Untagged"), "{made_vlans}");
    let again = ours.sunup(&["up", "-v", "--cmdline", "rd.neednet=1"]);
    again.exits(0);
    let changes = ["add VLANs", "set bridge", "set bond", "make "];
    assert!(changes.iter().all(|change| !again.stderr.contains(change)), "{again}");
    ours.sunup(&["down"]).exits(0);
    assert_eq!(look(&ours), before, "after down");

    let daemons = rooms("each-kind-daemon");
    let server = serve(&daemons);
    write(&daemons, &theirs);
    let _daemon = by_daemon(&daemons, &names);
    let leased = |link: &str, number: u8| daemons.address(link, &format!("10.77.{number}.1")).is_some();
    let there = LEASED.iter().filter(|(_, link, _)| !OURS_ALONE.contains(link));
    for (number, link, _) in there {
        let in_time = wait_until(std::time::Duration::from_secs(30), || leased(link, *number));
        assert!(in_time, "the daemon has no lease on {link}: {}", server.log());
    }
    assert_eq!(made_vlans, vlans(&daemons), "sunup, then NetworkManager");
    for (ours, theirs) in made.iter().zip(shown(&daemons, &names)) {
        assert_eq!(*ours, theirs, "sunup, then NetworkManager");
    }
}
