//! Carries profiles out by sunup and by NetworkManager, each in rooms of its own, and compares what `ip -d -j link` shows.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::daemon::{Daemon, fake_udev};
use crate::networkmanager::NetworkManager;
use crate::support::{Lan, wait_until};

const PLACE: &str = "/etc/NetworkManager/system-connections";
pub(crate) const OFF: &str = "[ipv4]\nmethod=disabled\n[ipv6]\nmethod=disabled\n";

/// Name of the link and its profile.
pub(crate) type Profiles<'a> = [(&'a str, &'a str)];

/// Puts the profiles where NetworkManager's are read.
pub(crate) fn write(lan: &Lan, profiles: &Profiles<'_>) {
    let mut script = format!("mkdir -p {PLACE}; umask 077\n");
    for (number, (name, text)) in profiles.iter().enumerate() {
        let uuid = format!("1b3c0f44-0d52-4b0e-9d8a-{number:012}");
        let head = format!("[connection]\nid={name}\nuuid={uuid}\ninterface-name={name}\n");
        script.push_str(&format!("cat >{PLACE}/{name}.nmconnection <<'END'\n{head}{text}\nEND\n"));
    }
    lan.client.sh(&script);
}

/// True for what counts, measures, identifies, or is agreed upon with the other end in time: no settings.
fn passes(key: &str) -> bool {
    const AGREED: [&str; 6] = ["ad_info", "active_slave", "state", "mii_status", "link_failure_count", "perm_hwaddr"];
    // The number of a port among those of its bridge: by who came first.
    const NUMBER: [&str; 2] = ["no", "designated_port"];
    let partners = key.starts_with("ad_actor_oper") || key.starts_with("ad_partner_oper");
    key.ends_with("timer")
        || key.ends_with("_id")
        || key == "id"
        || key.starts_with("topology")
        || partners
        || AGREED.contains(&key)
        || NUMBER.contains(&key)
}

/// What `ip -d -j link` shows of each link's settings.
pub(crate) fn shown(lan: &Lan, links: &[&str]) -> Vec<Value> {
    let all = lan.client.ip_json("link show");
    let one = |name: &&str| {
        let found = all.iter().find(|link| link["ifname"] == **name);
        let mut link = found.unwrap_or_else(|| panic!("no {name} among {all:#?}")).clone();
        let mut info = link["linkinfo"].take();
        for part in ["info_data", "info_slave_data"] {
            // The number of a VLAN or tunnel is a setting.
            let kept = |key: &str| !passes(key) || (part == "info_data" && key == "id");
            info[part].as_object_mut().into_iter().for_each(|data: &mut Map<_, _>| data.retain(|key, _| kept(key)));
        }
        let up = link["flags"].to_string().contains("\"UP\"");
        serde_json::json!({"name": name, "mtu": link["mtu"], "master": link["master"], "link": link["link"], "up": up, "info": info})
    };
    links.iter().map(one).collect()
}

/// Lets NetworkManager carry out what is written, until these links are connected; it goes on running.
#[track_caller]
pub(crate) fn by_daemon<'lan>(lan: &'lan Lan, links: &[&str]) -> NetworkManager<'lan> {
    fake_udev(&lan.client);
    let daemon = NetworkManager::prepare(&lan.client)();
    let open = || links.iter().filter(|name| daemon.connected_ms(name).is_none()).collect::<Vec<_>>();
    let there = wait_until(Duration::from_secs(300), || open().is_empty());
    assert!(there, "the daemon did not bring up {:?}", open());
    daemon
}

/// Two rooms with as many links as the profiles name.
pub(crate) fn rooms(name: &str, profiles: &Profiles<'_>) -> Lan {
    let lan = crate::lan(name);
    let numbers = profiles.iter().filter_map(|(name, _)| name.strip_prefix("eth")?.parse::<u8>().ok());
    numbers.filter(|&number| number > 0).for_each(|number| lan.link(number));
    write(&lan, profiles);
    lan
}

/// Both carry the profiles out: what the links are then, sunup's first.
#[track_caller]
pub(crate) fn both(name: &str, profiles: &Profiles<'_>) -> [Vec<Value>; 2] {
    let links: Vec<&str> = profiles.iter().map(|(name, _)| *name).collect();
    let ours = rooms(&format!("same-{name}-sunup"), profiles);
    ours.up("rd.neednet=1 rd.net.timeout.carrier=2");
    let theirs = rooms(&format!("same-{name}-daemon"), profiles);
    let _daemon = by_daemon(&theirs, &links);
    [shown(&ours, &links), shown(&theirs, &links)]
}

/// Both make the same links.
#[track_caller]
pub(crate) fn same(name: &str, profiles: &Profiles<'_>) {
    let [ours, theirs] = both(name, profiles);
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs, "sunup, then NetworkManager");
    }
}
