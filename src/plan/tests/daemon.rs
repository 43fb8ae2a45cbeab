//! A live daemon's answers, recorded by `tests/match_oracle --record tests/plan/daemon.jsonl`.

use super::*;
use serde_json::Value;

fn list(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|one| one.as_str().unwrap().to_owned()).collect()
}

fn recorded_profile(record: &Value) -> Profile {
    let mut profile = keyfile("recorded", 1);
    let (rules, ethernet) = (&record["match"], &record["ethernet"]);
    let connection = &record["connection"];
    profile.uuid = connection["uuid"].as_str().unwrap().parse().unwrap();
    profile.autoconnect = connection["autoconnect"].is_null();
    profile.autoconnect_priority = i32::try_from(connection["autoconnect-priority"].as_i64().unwrap_or(0)).unwrap();
    profile.timestamp = connection["timestamp"].as_u64().unwrap_or(0);
    if connection["multi-connect"] == 3 {
        profile.multi_connect = crate::profile::MultiConnect::Multiple;
    }
    profile.interface_name = record["connection"]["interface-name"].as_str().map(ToOwned::to_owned);
    profile.matching.interface_name = list(&rules["interface-name"]);
    profile.matching.driver = list(&rules["driver"]);
    profile.matching.path = list(&rules["path"]);
    profile.matching.kernel_command_line = list(&rules["kernel-command-line"]);
    profile.matching.mac_address = ethernet["mac-address"].as_str().map(|mac| mac.parse().unwrap());
    profile.matching.mac_address_denylist =
        list(&ethernet["mac-address-blacklist"]).iter().map(|mac| mac.parse().unwrap()).collect();
    profile
}

fn recorded_link(record: &Value) -> Device {
    let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
    let ifindex = u32::try_from(record["ifindex"].as_u64().unwrap()).unwrap();
    let mac = text("mac").parse().ok();
    let found = Device { mac, id_path: text("id_path"), ..link(ifindex, &text("ifname"), &text("driver")) };
    if found.name == "lo" { Device { arp_type: 772, ..found } } else { found }
}

/// The machine, its command line, and the lines that have `key`.
fn recorded(key: &str) -> (Vec<Device>, Context, Vec<Value>) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plan/daemon.jsonl");
    let text = std::fs::read_to_string(std::env::var("SUNUP_DAEMON").unwrap_or_else(|_| path.to_owned())).unwrap();
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let machine = lines.next().unwrap();
    let devices = machine["links"].as_array().unwrap().iter().map(recorded_link).collect();
    let words = words::split(machine["cmdline"].as_str().unwrap());
    (devices, Context { words, ..Context::default() }, lines.filter(|line| line.get(key).is_some()).collect())
}

#[test]
fn a_profile_fits_the_links_on_which_the_daemon_has_it_available() {
    let (devices, context, records) = recorded("available");
    let (mut count, mut available) = (0, 0);
    for record in records {
        let profile = recorded_profile(&record);
        let fits = |device: &&Device| matches(&profile, device, &context.words).is_ok();
        let ours: Vec<String> = devices.iter().filter(fits).map(|device| device.name.clone()).collect();
        assert_eq!(ours, list(&record["available"]), "{record}");
        (count, available) = (count + devices.len() - 1, available + ours.len());
    }
    assert!(count > 1000 && available > 100, "{available} of {count}");
}

#[test]
fn each_link_goes_to_the_profile_that_the_daemon_activates() {
    let (devices, context, records) = recorded("active");
    assert!(records.len() > 10);
    for record in records {
        let profiles: Vec<Profile> = record["profiles"].as_array().unwrap().iter().map(recorded_profile).collect();
        for report in plan(&profiles, &devices, &context).devices {
            let ours = report.taken_by.map(|index| profiles[index].uuid.to_string());
            assert_eq!(
                ours.as_deref(),
                record["active"][&report.device.name].as_str(),
                "{} {record}",
                report.device.name
            );
        }
    }
}
