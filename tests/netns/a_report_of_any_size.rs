//! What a run reports can be read, however much it did.

use crate::support::Lan;

/// A profile for a link, by name, with this in `[ipv4]`.
fn profile(name: &str, link: &str, ipv4: &str) -> String {
    format!(
        "[connection]\nid={name}\ntype=ethernet\ninterface-name={link}\n[ipv4]\nmethod=manual\n{ipv4}\n[ipv6]\nmethod=disabled\n"
    )
}

/// Puts profiles where they are read: file name and text.
fn write(lan: &Lan, profiles: &[(String, String)]) {
    let folder = "/etc/NetworkManager/system-connections";
    lan.client.sh(&format!("mkdir -p {folder}"));
    for (name, text) in profiles {
        // What is in the folder of the logs is seen in the room.
        let file = lan.client.artifacts().join("profile");
        std::fs::write(&file, text).unwrap();
        lan.client.ok("install", &["-m600", file.to_str().unwrap(), &format!("{folder}/{name}.nmconnection")]);
    }
}

#[test]
fn thirty_thousand_routes_are_reported_and_taken_away() {
    let lan = crate::lan("report-routes");
    lan.link(1);
    // A file of a profile has at most a mebibyte.
    let one = |link: u32| {
        let mut ipv4 = format!("address1=10.77.{link}.9/24");
        for number in 0..15_000 {
            let (high, low) = (number / 256, number % 256);
            ipv4.push_str(&format!("\nroute{}=10.{}.{high}.{low}/32,10.77.{link}.1", number + 1, 128 + link));
        }
        let name = format!("eth{link}");
        (name.clone(), profile(&name, &name, &ipv4))
    };
    write(&lan, &[one(0), one(1)]);
    lan.up("rd.neednet=1").exits(0);
    assert!(lan.client.read("/run/sunup/state.json").len() > 4 << 20, "the report is a large one");
    let status = lan.sunup(&["status"]);
    status.exits(0);
    assert!(status.stdout.contains("eth1"), "{status}");
    lan.sunup(&["wait", "--timeout", "5"]).exits(0);
    lan.sunup(&["down"]).exits(0);
    assert!(lan.client.ip("route show").is_empty(), "no route is left");
}

#[test]
fn of_forty_profiles_that_take_no_link_the_nearest_are_named() {
    let lan = crate::lan("report-profiles");
    let mut profiles: Vec<(String, String)> = (0..39)
        .map(|number| (format!("p{number}"), profile(&format!("p{number}"), "other", "address1=10.77.0.9/24")))
        .collect();
    let near = profile("near", "eth0", "address1=10.77.0.9/24").replace("ipv4]", "match]\ndriver=none\n[ipv4]");
    profiles.push(("near".to_owned(), near));
    write(&lan, &profiles);
    lan.sunup(&["up", "--cmdline", "quiet", "--timeout", "1"]);
    let eth0 = lan.link_state("eth0");
    let named = eth0["rejected"].as_array().unwrap();
    assert_eq!((named.len(), &eth0["rejected_more"]), (8, &32.into()), "{eth0}");
    assert_eq!(named[0]["profile"], "near", "{eth0}");
    let plan = lan.sunup(&["plan", "--json", "--cmdline", "quiet"]);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    let device = plan["devices"].as_array().unwrap().iter().find(|one| one["ifname"] == "eth0").unwrap();
    assert_eq!(device["rejected"].as_array().unwrap().len(), 40, "the plan names all: {device}");
}
