//! The same profiles carried out by sunup and by NetworkManager: the links have the same settings.

use std::time::Duration;

use serde_json::Value;

use crate::daemon::{Daemon, fake_udev};
use crate::networkmanager::NetworkManager;
use crate::support::{Lan, wait_until};

const PLACE: &str = "/etc/NetworkManager/system-connections";
pub(crate) const OFF: &str = "[ipv4]\nmethod=disabled\n[ipv6]\nmethod=disabled\n";

/// Name of the link and its profile.
pub(crate) type Profiles<'a> = [(&'a str, &'a str)];

fn write(lan: &Lan, profiles: &Profiles<'_>) {
    for (number, (name, text)) in profiles.iter().enumerate() {
        let head = format!(
            "[connection]\nid={name}\nuuid=1b3c0f44-0d52-4b0e-9d8a-00000000000{number}\ninterface-name={name}\n"
        );
        let text = format!("{head}{text}");
        lan.client.sh(&format!("mkdir -p {PLACE}; umask 077; printf '%s' '{text}' >{PLACE}/{name}.nmconnection"));
    }
}

/// What `ip -d -j link` shows of the kind of each link, without what counts, measures or identifies.
fn shown(lan: &Lan, profiles: &Profiles<'_>) -> Vec<Value> {
    let one = |name: &str| {
        let mut link = lan.client.ip_json(&format!("link show dev {name}")).remove(0);
        let mut info = link["linkinfo"].take();
        for part in ["info_data", "info_slave_data"] {
            if let Some(data) = info[part].as_object_mut() {
                let passes = |key: &str| {
                    key.ends_with("timer") || key.ends_with("_id") || key.starts_with("topology") || key == "id"
                };
                data.retain(|key, _| !passes(key));
            }
        }
        serde_json::json!({"name": name, "mtu": link["mtu"], "master": link["master"], "up": link["flags"].to_string().contains("\"UP\""), "info": info})
    };
    profiles.iter().map(|(name, _)| one(name)).collect()
}

/// Both carry the profiles out, each in a room of its own.
#[track_caller]
pub(crate) fn same(name: &str, profiles: &Profiles<'_>) {
    let ours = crate::lan(&format!("same-{name}-sunup"));
    write(&ours, profiles);
    ours.up("rd.neednet=1 rd.net.timeout.carrier=2");
    let theirs = crate::lan(&format!("same-{name}-daemon"));
    write(&theirs, profiles);
    fake_udev(&theirs.client);
    let daemon = NetworkManager::prepare(&theirs.client)();
    let there =
        wait_until(Duration::from_secs(120), || profiles.iter().all(|(name, _)| daemon.connected_ms(name).is_some()));
    assert!(there, "the daemon did not bring them all up");
    let (ours, theirs) = (shown(&ours, profiles), shown(&theirs, profiles));
    assert_eq!(ours, theirs, "sunup, then NetworkManager");
}

#[test]
fn a_bridge_about_which_nothing_is_said() {
    let port = "type=ethernet\nmaster=br0\nslave-type=bridge\n";
    same("bridge", &[("br0", &format!("type=bridge\n[bridge]\nstp=false\n{OFF}")), ("eth0", port)]);
}

#[test]
fn a_bridge_with_every_option() {
    let bridge = "type=bridge\n[bridge]\nstp=false\nforward-delay=4\nhello-time=3\nmax-age=12\nageing-time=100\npriority=8192\n\
                  group-forward-mask=8\nmulticast-snooping=true\nmulticast-hash-max=1024\nmulticast-last-member-count=3\n\
                  multicast-last-member-interval=200\nmulticast-membership-interval=20000\nmulticast-querier=true\n\
                  multicast-querier-interval=20000\nmulticast-query-interval=10000\nmulticast-query-response-interval=900\n\
                  multicast-query-use-ifaddr=true\nmulticast-router=enabled\nmulticast-startup-query-count=3\n\
                  multicast-startup-query-interval=3000\n";
    let port =
        "type=ethernet\nmaster=br0\nslave-type=bridge\n[bridge-port]\npriority=10\npath-cost=7\nhairpin-mode=true\n";
    same("bridge-all", &[("br0", &format!("{bridge}{OFF}")), ("eth0", port)]);
}

#[test]
fn macvlans_and_a_pair() {
    let ethernet = format!("type=ethernet\n{OFF}");
    let macvlan = format!("type=macvlan\n[macvlan]\nmode=3\nparent=eth0\n{OFF}");
    same("macvlan", &[("eth0", &ethernet), ("mv0", &macvlan)]);
    let in0 = format!("type=veth\n[veth]\npeer=out0\n{OFF}");
    let out0 = format!("type=veth\n[veth]\npeer=in0\n{OFF}");
    same("veth", &[("in0", &in0), ("out0", &out0)]);
}

#[test]
fn a_stable_address_is_the_daemons() {
    let profile = format!("type=ethernet\n[ethernet]\ncloned-mac-address=stable\n{OFF}");
    let bridge = format!("type=bridge\n[bridge]\nstp=false\n[ethernet]\ncloned-mac-address=stable\n{OFF}");
    let profiles = [("eth0", profile.as_str()), ("br0", bridge.as_str())];
    let rooms = ["sunup", "daemon"].map(|who| {
        let lan = crate::lan(&format!("same-stable-{who}"));
        write(&lan, &profiles);
        lan.client
            .sh("umask 077; printf 'nm-v2:%s' 0123456789abcdef0123456789abcdef >/var/lib/NetworkManager/secret_key; \
                       echo 0123456789abcdef0123456789abcdef >/etc/machine-id");
        lan
    });
    rooms[0].up("rd.neednet=1 rd.net.timeout.carrier=2");
    fake_udev(&rooms[1].client);
    let daemon = NetworkManager::prepare(&rooms[1].client)();
    let there = wait_until(Duration::from_secs(120), || {
        daemon.connected_ms("eth0").is_some() && daemon.connected_ms("br0").is_some()
    });
    assert!(there, "the daemon did not bring them up");
    for link in ["eth0", "br0"] {
        let [ours, theirs] =
            [0, 1].map(|at| rooms[at].client.ip_json(&format!("link show dev {link}"))[0]["address"].clone());
        assert_eq!(ours, theirs, "{link}");
    }
}
