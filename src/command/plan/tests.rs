//! What `sunup plan` prints and reads.

use super::{devices, json};
use crate::plan::tests::{argument, bond, for_any_link, keyfile, link, loopback, named, port, vlan};
use crate::plan::{Context, explain, plan};
use crate::profile::{Device, Profile};

/// A plan with everything in it.
fn rich() -> (Vec<Profile>, Vec<Device>) {
    let devices = vec![
        loopback(),
        link(2, "eth0", "virtio_net"),
        Device { default_route: true, ..link(3, "eth1", "veth") },
        link(4, "eth2", "e1000e"),
        link(5, "br9", "bridge"),
    ];
    let mut by_path = keyfile("by path", 9);
    by_path.matching.path = vec!["pci-*".into()];
    let profiles = vec![
        for_any_link(1),
        Profile { autoconnect_priority: 5, ..named("eth0", keyfile("eth0 static", 2)) },
        bond("bond0", 3),
        port("bond0", named("eth2", argument("eth2", 4))),
        vlan("vlan7", "eth7", 5),
        by_path,
        Profile { autoconnect: false, ..keyfile("by hand", 8) },
    ];
    (profiles, devices)
}

#[test]
fn the_text_says_who_takes_what_and_why_not() {
    let (profiles, devices) = rich();
    let plan = plan(&profiles, &devices, &Context::default());
    let text = explain::render(&plan, &profiles);
    let want = "\
lo  (index 1, loopback, 02:00:00:00:00:01)
  untouched: loopback
";
    assert!(text.starts_with(want), "{text}");
    for line in [
        "eth0  (index 2, ethernet, 02:00:00:00:00:02, driver virtio_net)",
        "  taken by 'eth0 static' (eth0 static.nmconnection) [connection.type, connection.interface-name]",
        "  not ip=dhcp  connection.autoconnect-priority: 'eth0 static' has 5, this -100",
        "  not by path  match.path: '' does not satisfy 'pci-*'",
        "  not by hand  connection.autoconnect: false",
        "  untouched: configured by others (default route) and not named by a profile",
        "  made by 'bond0' ('bond0' (column 1)), with ports eth2",
        "'vlan7' ('vlan7' (column 1)): its parent 'eth7' is not there; waited for 10 s",
        "'by hand' (by hand.nmconnection): unused: connection.autoconnect is false, or connection.permissions is for users who are logged in",
        "required: bond0  (named on the command line)",
    ] {
        assert!(text.lines().any(|found| found == line), "{line:?} is not in\n{text}");
    }
}

#[test]
fn the_json_has_every_decision_with_the_value_seen() {
    let (profiles, devices) = rich();
    let plan = plan(&profiles, &devices, &Context::default());
    let json = json::render(&plan, &profiles);
    let eth0 = &json["devices"][1];
    assert_eq!(eth0["taken_by"]["uuid"], profiles[1].uuid.to_string());
    assert_eq!(eth0["taken_by"]["file"], "eth0 static.nmconnection");
    assert_eq!(eth0["matched_by"][1], "connection.interface-name");
    let by_path = eth0["rejected"].as_array().unwrap().iter().find(|one| one["profile"] == "by path").unwrap();
    assert_eq!(by_path["rule"], "match.path");
    assert_eq!(by_path["pattern"], serde_json::json!(["pci-*"]));
    assert_eq!((&by_path["seen"], &by_path["uuid"]), (&"".into(), &profiles[5].uuid.to_string().into()));
    assert_eq!(json["devices"][2]["taken_by"], serde_json::Value::Null);
    assert_eq!(json["creations"][0]["ports"][0], "eth2");
    assert_eq!(json["waiting"][0]["profile"]["id"], "vlan7");
}

#[test]
fn a_printed_plan_read_as_devices_gives_the_same_plan() {
    let (profiles, devices) = rich();
    let there = plan(&profiles, &devices, &Context::default());
    let text = json::render(&there, &profiles).to_string();
    let read = devices::read(&text).unwrap();
    let again = plan(&profiles, &read, &Context::default());
    assert_eq!(json::render(&again, &profiles).to_string(), text);
}

#[test]
fn a_status_of_another_machine_may_leave_out_what_is_not_known() {
    let text = r#"{"schema":1,"links":[{"ifname":"lo"},
        {"ifname":"eth0","ifindex":7,"mac":"02:00:00:00:00:07","perm_mac":null,"driver":"e1000e","addresses":[{"cidr":"192.0.2.1/24"}]},
        {"ifname":"veth0","driver":"veth","origin":"external","addresses":[{"cidr":"192.0.2.1/24"}]},
        {"ifname":"br0","driver":"bridge"}]}"#;
    let read = devices::read(text).unwrap();
    let facts: Vec<_> = read.iter().map(|d| (d.ifindex, d.arp_type, d.kind.as_deref(), d.addresses.len())).collect();
    assert_eq!(facts, [(8, 772, None, 0), (7, 1, None, 0), (9, 1, Some("veth"), 1), (10, 1, Some("bridge"), 0)]);
}

#[test]
fn a_file_that_is_something_else_is_refused_with_the_place() {
    for (text, want) in [
        ("", "not JSON"),
        ("{}", "sunup status --json"),
        (r#"{"links":[{"ifindex":2}]}"#, "links[0]: 'ifname' is missing"),
        (r#"{"links":[3]}"#, "links[0]: 'ifname' is missing"),
        (r#"{"links":[{"ifname":"a","mac":"zz"}]}"#, "links[0].mac: 'zz' is not a MAC address"),
        (r#"[{"ifname":"a"},{"ifname":"b","ifindex":-1}]"#, "devices[1].ifindex: '-1' is not a number"),
    ] {
        let error = devices::read(text).unwrap_err().to_string();
        assert!(error.contains(want), "{error} for {text}");
    }
}

proptest::proptest! {
    #[test]
    fn whatever_is_given_as_devices_is_read_or_refused(
        key in proptest::sample::select(&["ifname", "ifindex", "mac", "addresses", "subchannels", "controller", "kind"] as &[&str]),
        value in proptest::sample::select(&["null", "\"x\"", "7", "-1", "[]", "[1]", "{}", "1e99", "true", "[\"1.2.3.4/99\"]"] as &[&str]),
        noise in "\\PC{0,20}",
    ) {
        let _ = devices::read(&noise);
        let text = format!(r#"{{"links":[{{"ifname":"a","{key}":{value}}},{{"ifname":"b"}}]}}"#);
        if let Ok(found) = devices::read(&text) {
            assert_eq!(found.len(), 2);
        }
    }
}
