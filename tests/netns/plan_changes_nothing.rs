//! `plan`, `check` and `generate` look, and leave the network as it is.

use serde_json::Value;

const CMDLINE: &str = "ip=eth0:dhcp rd.neednet=1";

#[test]
fn plan_names_the_link_and_the_profile() {
    let lan = crate::lan("plan");
    let before = lan.client.ip("address");
    let text = lan.sunup(&["plan", "--cmdline", CMDLINE]);
    text.exits(0);
    assert!(text.stdout.contains("eth0"), "{text}");
    let json = lan.sunup(&["plan", "--json", "--cmdline", CMDLINE]);
    json.exits(0);
    let plan: Value = serde_json::from_str(&json.stdout).unwrap_or_else(|error| panic!("{error}: {json}"));
    assert!(plan.to_string().contains("eth0"), "{json}");
    assert_eq!(lan.client.ip("address"), before);
    assert_eq!(lan.client.sh("find /run -newer /proc/1/cmdline -path '*sunup*'"), "");
}

#[test]
fn status_before_any_run_says_so() {
    let lan = crate::lan("status-none");
    let ran = lan.sunup(&["status"]);
    ran.exits(1);
    assert!(!ran.stderr.is_empty(), "{ran}");
}

#[test]
fn generate_writes_what_the_generator_would() {
    let lan = crate::lan("generate");
    let flags = ["-c", "/run/c", "-i", "/run/i", "-d", "/sys", "-r", "/run/r", "--", CMDLINE];
    lan.sunup(&[&["generate"], &flags[..8], &["--", "ip=eth0:dhcp", "rd.neednet=1"]].concat()).exits(0);
    assert_eq!(lan.client.sh("ls /run/c"), "eth0.nmconnection\n");
    assert_eq!(lan.client.sh("stat -c %a /run/c/*"), "600\n");
    let profile = lan.client.read("/run/c/eth0.nmconnection");
    assert!(profile.contains("interface-name=eth0") && profile.contains("method=auto"), "{profile}");
    assert_eq!(lan.client.ip_json("link show dev eth0")[0]["operstate"], "DOWN");
}

#[test]
fn the_status_of_one_machine_is_planned_for_on_another() {
    let lan = crate::lan("plan-from-status");
    lan.link(1);
    let _server = lan.serve(&[]);
    lan.up("ip=eth0:dhcp").exits(0);
    let profile = "[connection]\nid=by driver\nuuid=11111111-1111-4111-8111-111111111111\ntype=ethernet\n\
                   [match]\ninterface-name=eth*;!eth1;\ndriver=v?th;\n";
    lan.client.sh(&format!(
        "umask 077; mkdir -p /run/other/profiles; {} status --json >/run/other/devices.json; \
         printf %s '{profile}' >/run/other/profiles/a.nmconnection",
        lan.binary()
    ));
    let json = lan.sunup(&[
        "plan",
        "--json",
        "--devices",
        "/run/other/devices.json",
        "--profiles",
        "/run/other/profiles",
        "--cmdline",
        "quiet",
    ]);
    json.exits(0);
    let plan: Value = serde_json::from_str(&json.stdout).unwrap_or_else(|error| panic!("{error}: {json}"));
    let device =
        |name: &str| plan["devices"].as_array().unwrap().iter().find(|one| one["ifname"] == name).unwrap().clone();
    assert_eq!(device("eth0")["taken_by"]["id"], "by driver", "{json}");
    let refused = &device("eth1")["rejected"][0];
    assert_eq!((&refused["rule"], &refused["seen"]), (&"match.interface-name".into(), &"eth1".into()), "{json}");
}
