//! `sunup up`, then NetworkManager: the link goes on as it is, under the profile that was handed over.

use crate::lines::{LEASED, STATIC};
use crate::networkmanager::NetworkManager;
use crate::rig::{Adoption, one_link};
use crate::stand_in::wait_for_global6;
use crate::support::{DEFAULTS, Dnsmasq, Lan, Options};
use crate::the_rig_sees_what_goes_wrong::router;
use crate::verdict::Verdict;

/// The daemon starts on what is there.
fn adopt(adoption: &Adoption<'_>) -> Verdict {
    adoption.by(NetworkManager::prepare(&adoption.lan.client))
}

#[test]
fn a_lease_goes_on() {
    let lan = crate::lan("nm-dhcp4");
    let server = lan.serve(&[]);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    adopt(&one_link("NetworkManager, ip=dhcp", &lan, Some(&server))).print().is_clean();
}

#[test]
fn a_lease_of_a_named_link_goes_on_with_its_mtu() {
    let lan = crate::lan("nm-dhcp4-mtu");
    let server = lan.serve(&["--dhcp-option=26,1400"]);
    lan.up("ip=eth0:dhcp rd.neednet=1").exits(0);
    adopt(&one_link("NetworkManager, ip=eth0:dhcp, MTU 1400", &lan, Some(&server))).print().is_clean();
    assert_eq!(lan.client.ip_json("link show dev eth0")[0]["mtu"], 1400);
}

#[test]
fn a_static_address_stays() {
    let lan = crate::lan("nm-static4");
    lan.up("ip=10.77.0.50::10.77.0.1:24::eth0:none nameserver=10.77.0.1 rd.neednet=1").exits(0);
    adopt(&one_link("NetworkManager, ip=10.77.0.50::...:none", &lan, None)).print().is_clean();
}

#[test]
fn a_static_address_with_a_route_and_an_mtu_stays() {
    let lan = crate::lan("nm-static4-route");
    let line = "ip=10.77.0.50::10.77.0.1:24::eth0:none:1400 rd.route=192.0.2.0/24:10.77.0.7:eth0 nameserver=10.77.0.1";
    lan.up(&format!("{line} rd.neednet=1")).exits(0);
    adopt(&one_link("NetworkManager, static with route, MTU 1400", &lan, None)).print().is_clean();
    assert!(lan.route("192.0.2.0/24").is_some());
}

#[test]
fn an_address_that_the_link_gave_itself_stays() {
    let lan = crate::lan("nm-link-local4");
    lan.server.ip("address add 169.254.0.7/16 dev srv0");
    lan.up("ip=eth0:link-local rd.net.acd=short rd.neednet=1").exits(0);
    lan.sunup(&["verify-handover"]).exits(0);
    let adoption = Adoption {
        pings: &["169.254.0.7"],
        below: &["eth0"],
        ..one_link("NetworkManager, ip=eth0:link-local", &lan, None)
    };
    adopt(&adoption).print().is_clean();
}

#[test]
fn a_static_ipv6_address_stays() {
    let lan = crate::lan("nm-static6");
    lan.server.ip("address add fd77::1/64 dev srv0 nodad");
    lan.up("ip=[fd77::50]::[fd77::1]:64::eth0:none nameserver=fd77::1 rd.neednet=1").exits(0);
    let adoption = Adoption { pings: &["fd77::1"], ..one_link("NetworkManager, ip=[fd77::50]::...:none", &lan, None) };
    adopt(&adoption).print().is_clean();
}

#[test]
fn an_address_from_a_router_advertisement_stays() {
    let lan = crate::lan("nm-slaac");
    let _router = router(&lan);
    lan.up("ip=eth0:auto6 rd.neednet=1").exits(0);
    wait_for_global6(&lan);
    let adoption =
        Adoption { pings: &["fd77::1"], own_default: true, ..one_link("NetworkManager, ip=eth0:auto6", &lan, None) };
    adopt(&adoption).print().is_clean();
}

#[test]
fn both_families_stay() {
    let lan = crate::lan("nm-both");
    let server = router(&lan);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    wait_for_global6(&lan);
    let adoption = Adoption {
        pings: &["10.77.0.1", "fd77::1"],
        own_default: true,
        ..one_link("NetworkManager, ip=dhcp and a router", &lan, Some(&server))
    };
    adopt(&adoption).print().is_clean();
}

/// Serves 10.77.0.0/24 on srv0 and 10.77.1.0/24 on srv1.
pub(crate) fn serve_two(lan: &Lan) -> Dnsmasq<'_> {
    let range = "--dhcp-range=10.77.1.100,10.77.1.150,255.255.255.0,1h";
    let mut options = vec!["--interface=srv0", "--interface=srv1", "--bind-interfaces", range];
    // Without the address of a router each network gets that of the server itself.
    options.extend(DEFAULTS.iter().filter(|option| !option.contains("router")));
    Dnsmasq::start(&lan.server, &options)
}

#[test]
fn several_links_are_adopted_each_with_its_profile() {
    let lan = crate::lan("nm-several");
    lan.link(1);
    let server = serve_two(&lan);
    lan.up("ip=eth0:dhcp ip=eth1:dhcp rd.neednet=1").exits(0);
    let adoption = Adoption {
        links: &["eth0", "eth1"],
        pings: &["10.77.0.1", "10.77.1.1"],
        ..one_link("NetworkManager, ip=eth0:dhcp ip=eth1:dhcp", &lan, Some(&server))
    };
    adopt(&adoption).print().is_clean();
}

/// One lease is enough for `ip=dhcp`: a second that comes late is the daemon's own. So this needs a run in which both came.
#[test]
fn one_profile_for_any_link_is_handed_over_once_for_each() {
    const LINKS: [&str; 2] = ["eth0", "eth1"];
    for attempt in 1..=9 {
        let lan = crate::lan(&format!("nm-any-{attempt}"));
        lan.link(1);
        let server = serve_two(&lan);
        lan.up("ip=dhcp rd.neednet=1").exits(0);
        if LINKS.iter().any(|link| lan.client.ip(&format!("-4 address show dev {link}")).is_empty()) {
            continue;
        }
        let pings = ["10.77.0.1", "10.77.1.1"];
        let one = one_link("NetworkManager, ip=dhcp", &lan, Some(&server));
        adopt(&Adoption { links: &LINKS, pings: &pings, ..one }).print().is_clean();
        return;
    }
    panic!("nine runs, and never two leases");
}

#[test]
fn a_second_run_before_the_daemon_changes_nothing_of_it() {
    let lan = crate::lan("nm-again");
    let server = lan.serve(&[]);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    adopt(&one_link("NetworkManager, ip=dhcp twice", &lan, Some(&server))).print().is_clean();
}

#[test]
fn whatever_is_said_of_static_addresses_stays() {
    for (name, line) in STATIC {
        let lan = crate::lan(&format!("nm-{name}"));
        lan.up(&format!("{line} rd.neednet=1")).exits(0);
        adopt(&one_link(&format!("NetworkManager, {name}"), &lan, None)).print().is_clean();
    }
}

#[test]
fn whatever_is_said_of_a_lease_stays() {
    for (name, line, options) in LEASED {
        let lan = crate::lan(&format!("nm-{name}"));
        let server = lan.serve(options);
        lan.up(&format!("{line} rd.neednet=1")).exits(0);
        adopt(&one_link(&format!("NetworkManager, {name}"), &lan, Some(&server))).print().is_clean();
    }
}

/// The daemon does not wait for udev where /sys cannot be written.
#[test]
fn a_lease_goes_on_in_a_container() {
    let lan = crate::container("nm-container");
    let server = lan.serve(&[]);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    adopt(&one_link("NetworkManager, ip=dhcp, read-only /sys", &lan, Some(&server))).print().is_clean();
}

#[test]
fn without_its_files_the_rig_says_external() {
    let lan = crate::lan("nm-forgotten");
    let server = lan.serve(&[]);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    // The empty directory stays: without it the daemon takes this for its first start and guesses.
    lan.client.sh("cd /run/NetworkManager; rm devices/* system-connections/* internal-*");
    let adoption = one_link("NetworkManager, ip=dhcp, files removed", &lan, Some(&server));
    adopt(&adoption).print().has("external");
}

/// The uuid of the user's own profile.
const OFFICE: &str = "1b3c0f44-0d52-4b0e-9d8a-00000000abcd";

/// A room whose kernel command line has the word `dawn`, with this profile in /etc and the uuid [`OFFICE`].
fn with_keyfile(name: &str, sections: &str) -> Lan {
    let options = Options { cmdline: Some("rd.neednet=1 dawn".to_owned()), ..Options::default() };
    let lan = crate::lan_with(name, &options);
    let directory = "/etc/NetworkManager/system-connections";
    let text = format!("[connection]\nid=office\nuuid={OFFICE}\ntype=ethernet\n{sections}");
    lan.client.sh(&format!("mkdir -p {directory}; umask 077; printf '%s' '{text}' >{directory}/office.nmconnection"));
    lan
}

/// Brings the link up by the user's own profile and lets the daemon adopt it.
fn adopt_by_keyfile(name: &str, sections: &str) -> Verdict {
    let lan = with_keyfile(&format!("nm-keyfile-{name}"), sections);
    // What the daemon makes its identifiers of, as a real root has it.
    let key = "nm-v2:0123456789012345678901234567890123456789";
    lan.client.sh(&format!(
        "echo 114eb4dad3224aff9fc3308338a0ebb7 >/etc/machine-id; umask 077; mkdir -p /var/lib/NetworkManager; \
         printf '%s' '{key}' >/var/lib/NetworkManager/secret_key"
    ));
    let server = lan.serve(&[]);
    lan.sunup(&["up"]).exits(0);
    let devices = lan.client.sh("cat /run/NetworkManager/devices/*");
    // Without this, another profile on the same link would pass as well.
    assert!(devices.contains(&format!("connection-uuid={OFFICE}")), "{name}: not the user's profile: {devices}");
    adopt(&one_link(&format!("NetworkManager, keyfile {name}"), &lan, Some(&server)))
}

#[test]
fn the_profile_of_a_user_is_adopted_as_it_is() {
    let cases = [
        ("plain", "\n[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=disabled\n"),
        ("six", "interface-name=eth0\n\n[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=auto\n"),
        ("client-id", "\n[ipv4]\nmethod=auto\ndhcp-client-id=01:02:03:04:05:06:07\n\n[ipv6]\nmethod=disabled\n"),
        ("match", "\n[match]\nkernel-command-line=dawn\n\n[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=disabled\n"),
        ("metric", "\n[ethernet]\nmtu=1400\n\n[ipv4]\nmethod=auto\nroute-metric=77\n\n[ipv6]\nmethod=link-local\n"),
        ("multi-connect", "multi-connect=3\n\n[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=disabled\n"),
    ];
    for (name, sections) in cases {
        adopt_by_keyfile(name, sections).print().is_clean();
    }
}

/// The daemon makes one of the file's name, and does not care how letters are written.
#[test]
fn a_profile_may_lack_its_uuid_or_shout_it() {
    for (name, change) in [("no-uuid", "/^uuid=/d"), ("loud-uuid", "s/^uuid=.*/\\U&/; s/^UUID/uuid/")] {
        let lan = with_keyfile(&format!("nm-keyfile-{name}"), "\n[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=disabled\n");
        let profile = "/etc/NetworkManager/system-connections/office.nmconnection";
        lan.client.sh(&format!("sed -i '{change}' {profile}; ! grep -q ^uuid={OFFICE} {profile}"));
        let server = lan.serve(&[]);
        lan.sunup(&["up", "--handover", "networkmanager"]).exits(0);
        lan.sunup(&["verify-handover"]).exits(0);
        adopt(&one_link(&format!("NetworkManager, keyfile {name}"), &lan, Some(&server))).print().is_clean();
    }
}

/// Every identifier that the daemon can make is made as it makes it: the server sees one client and keeps one lease.
#[test]
fn rfc_4_14_the_profile_of_a_user_is_one_client_before_and_after() {
    for id in ["mac", "perm-mac", "duid", "ipv6-duid", "stable", "none", "01:02:03", "text", "aa"] {
        let sections = format!("\n[ipv4]\nmethod=auto\ndhcp-client-id={id}\n\n[ipv6]\nmethod=disabled\n");
        adopt_by_keyfile(&format!("id-{id}"), &sections).print().is_clean();
    }
    for more in ["dhcp-iaid=mac", "dhcp-iaid=perm-mac", "dhcp-iaid=4711", "dhcp-iaid=stable", "dhcp-iaid=ifname"] {
        let sections = format!("\n[ipv4]\nmethod=auto\ndhcp-client-id=duid\n{more}\n\n[ipv6]\nmethod=disabled\n");
        adopt_by_keyfile(more, &sections).print().is_clean();
    }
    for duid in ["ll", "stable-uuid", "stable-ll", "00:03:00:01:aa:bb:cc:dd:ee:ff"] {
        let sections =
            format!("\n[ipv4]\nmethod=auto\ndhcp-client-id=ipv6-duid\n\n[ipv6]\nmethod=link-local\ndhcp-duid={duid}\n");
        adopt_by_keyfile(&format!("duid-{duid}"), &sections).print().is_clean();
    }
}

/// A bridge over eth0, with a lease or a static address: what is said of it, and whether a server is needed.
pub(crate) const BRIDGES: [(&str, &str, bool); 2] = [
    ("bridge-dhcp", "bridge=br0:eth0 ip=br0:dhcp", true),
    ("bridge-static", "bridge=br0:eth0 ip=10.77.0.50::10.77.0.1:24::br0:none nameserver=10.77.0.1", false),
];

#[test]
fn a_bridge_and_its_port_stay() {
    for (name, line, leased) in BRIDGES {
        let lan = crate::lan(&format!("nm-{name}"));
        let server = leased.then(|| lan.serve(&[]));
        lan.up(&format!("{line} rd.neednet=1")).exits(0);
        lan.sunup(&["verify-handover"]).exits(0);
        let title = format!("NetworkManager, {name}");
        let adoption = Adoption { links: &["br0"], below: &["eth0"], ..one_link(&title, &lan, server.as_ref()) };
        adopt(&adoption).print().is_clean();
        assert!(lan.client.ip("link show eth0").contains("master br0"));
    }
}

#[test]
fn a_macvlan_over_a_bridge_goes_on() {
    let lan = crate::lan("nm-macvlan");
    let server = lan.serve(&[]);
    let place = "/etc/NetworkManager/system-connections";
    let bare = "[ipv4]\nmethod=disabled\n[ipv6]\nmethod=disabled\n";
    let profiles = [
        ("br0", format!("type=bridge\n[bridge]\nstp=false\n{bare}")),
        ("eth0", "type=ethernet\nmaster=br0\nslave-type=bridge\n".to_owned()),
        ("mv0", "type=macvlan\n[macvlan]\nmode=2\nparent=br0\n[ipv4]\nmethod=auto\ndhcp-client-id=mac\nmay-fail=false\n[ipv6]\nmethod=disabled\n".to_owned()),
    ];
    for (number, (name, text)) in profiles.iter().enumerate() {
        let uuid = format!("1b3c0f44-0d52-4b0e-9d8a-00000000000{number}");
        let text = format!("[connection]\nid={name}\nuuid={uuid}\ninterface-name={name}\n{text}");
        lan.client.sh(&format!("mkdir -p {place}; umask 077; printf '%s' '{text}' >{place}/{name}.nmconnection"));
    }
    lan.up("rd.neednet=1").exits(0);
    lan.sunup(&["verify-handover"]).exits(0);
    let one = one_link("NetworkManager, macvlan over a bridge", &lan, Some(&server));
    adopt(&Adoption { links: &["mv0"], ..one }).print().is_clean();
}
