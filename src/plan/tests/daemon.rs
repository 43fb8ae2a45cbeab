//! A live daemon's answers, recorded by `tests/match_oracle --record tests/plan/daemon.jsonl`.

use super::*;
use serde_json::Value;

fn list(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|one| one.as_str().unwrap().to_owned()).collect()
}

fn recorded_profile(record: &Value) -> Profile {
    let mut profile = keyfile("recorded", 1);
    let (rules, ethernet) = (&record["match"], &record["ethernet"]);
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

#[test]
fn a_profile_fits_the_links_on_which_the_daemon_has_it_available() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plan/daemon.jsonl");
    let text = std::fs::read_to_string(std::env::var("SUNUP_DAEMON").unwrap_or_else(|_| path.to_owned())).unwrap();
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let machine = lines.next().unwrap();
    let devices = devices_file::read(&machine.to_string()).unwrap();
    let words = words::split(machine["cmdline"].as_str().unwrap());
    let (mut count, mut available) = (0, 0);
    for record in lines {
        let profile = recorded_profile(&record);
        let fits = |device: &&Device| matches(&profile, device, &words).is_ok();
        let ours: Vec<String> = devices.iter().filter(fits).map(|device| device.name.clone()).collect();
        assert_eq!(ours, list(&record["available"]), "{record}");
        (count, available) = (count + devices.len() - 1, available + ours.len());
    }
    assert!(count > 1000 && available > 100, "{available} of {count}");
}
