//! Which of profiles drawn by lot takes which link, as NetworkManager decides. A campaign:
//! `DRAWN_SEED=1000 DRAWN_COUNT=100 cargo test --test handover -- --ignored --nocapture profiles_drawn_by_lot`.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::addresses_drawn_by_lot::{campaign, difference};
use crate::chance::Chance;
use crate::daemon::fake_udev;
use crate::networkmanager::NetworkManager;
use crate::support::{Lan, wait_until};

/// What the kernel was told.
const CMDLINE: &str = "rd.neednet=1 quiet word=value root=UUID=a!b empty= twice=1 twice=2";

/// Settings of one section: with each its share of the cases and its values.
type Settings = &'static [(&'static str, f64, &'static [&'static str])];

const CONNECTION: Settings = &[
    ("interface-name", 0.25, &["eth0", "eth1", "eth2", "eth9"]),
    ("autoconnect", 0.15, &["false", "true"]),
    ("autoconnect-priority", 0.35, &["-999", "-1", "0", "5", "999"]),
    ("autoconnect-retries", 0.05, &["-1", "0", "1"]),
    ("permissions", 0.05, &["user:root:;"]),
];

const ETHERNET: Settings = &[
    ("mac-address", 0.15, &["52:54:00:77:00:02", "52:54:00:77:01:02", "52:54:00:AA:01:02"]),
    ("mac-address-blacklist", 0.1, &["52:54:00:77:00:02;", "52:54:00:77:01:02;52:54:00:77:02:02;"]),
];

const MATCH: Settings = &[
    (
        "interface-name",
        0.3,
        &[
            "eth*;",
            "!eth1;",
            "&eth0;",
            "|eth0;|eth2;",
            "e?h1;",
            "&!eth0;|eth*;",
            "eth[02];",
            "\\\\!eth0;",
            "!eth0;!eth1;",
            "eth0;!eth0;",
            "&eth*;&*1;",
            "*;",
            "&;",
            "|!eth0;eth0;",
        ],
    ),
    ("driver", 0.2, &["veth;", "!veth;", "virtio*;veth;", "v*;!x;", "VETH;", "&v*;&*h;", "|virtio;"]),
    (
        "path",
        0.2,
        &[
            "pci-0000:00:03.0;",
            "pci-*;",
            "!pci-*;",
            "pci-0000:00:0[34].0;",
            "platform-*;|pci-0000:00:04.0;",
            "&pci-*;!*.0;",
            "",
        ],
    ),
    (
        "kernel-command-line",
        0.2,
        &[
            "quiet;",
            "!quiet;",
            "word;",
            "word=value;",
            "word=other;",
            "!word=other;",
            "&quiet;!single;",
            "root=UUID=a!b;",
            "empty;",
            "empty=;",
            "twice=1;&twice=2;",
            "wor*;",
            "|single;|quiet;",
        ],
    ),
];

fn one(chance: &mut Chance, of: &[&'static str]) -> &'static str {
    of[chance.index(of.len())]
}

fn section(chance: &mut Chance, name: &str, settings: Settings) -> String {
    let mut text = format!("[{name}]\n");
    for (key, share, values) in settings {
        if chance.happens(*share) {
            text.push_str(&format!("{key}={}\n", one(chance, values)));
        }
    }
    text
}

/// Profiles with their uuids, and when each was last used, if ever.
fn draw(chance: &mut Chance) -> Vec<(String, String, Option<u64>)> {
    let count = 2 + chance.index(5);
    let profile = |number: usize| {
        let uuid = format!("{:08x}-0d52-4b0e-9d8a-{number:012}", chance.below(1 << 32));
        let mut head = section(chance, "connection", CONNECTION);
        // In which order the daemon takes links is not defined: what one of them gets must not hang on the others.
        if !head.contains("interface-name") {
            head.push_str("multi-connect=3\n");
        }
        let ethernet = section(chance, "ethernet", ETHERNET);
        let matched = section(chance, "match", MATCH);
        // The address tells which profile it is.
        let text = format!(
            "{head}id=p{number}\nuuid={uuid}\ntype=ethernet\n{ethernet}{matched}[ipv4]\nmethod=manual\naddress1=10.99.{number}.1/24\n\
             [ipv6]\nmethod=disabled\n"
        );
        let used = chance.happens(0.3).then(|| [1_000, 2_000][chance.index(2)]);
        (uuid, text, used)
    };
    (0..count).map(profile).collect()
}

fn lan(name: &str, profiles: &[(String, String, Option<u64>)]) -> Lan {
    let lan = crate::lan(name);
    (1..3).for_each(|number| lan.link(number));
    let place = "/etc/NetworkManager/system-connections";
    let mut script = format!("mkdir -p {place} /var/lib/NetworkManager; umask 077\n");
    let mut times = "[timestamps]\n".to_owned();
    for (number, (uuid, text, used)) in profiles.iter().enumerate() {
        script.push_str(&format!("cat >{place}/p{number}.nmconnection <<'END'\n{text}END\n"));
        used.iter().for_each(|used| times.push_str(&format!("{uuid}={used}\n")));
    }
    script.push_str(&format!("cat >/var/lib/NetworkManager/timestamps <<'END'\n{times}END\n"));
    script.push_str(&format!("printf '%s\\n' '{CMDLINE}' >/run/cmdline; mount --bind /run/cmdline /proc/cmdline\n"));
    lan.client.sh(&script);
    fake_udev(&lan.client);
    lan
}

/// The addresses of each link.
fn taken(lan: &Lan) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for link in lan.client.ip_json("-4 address show") {
        for address in link["addr_info"].as_array().into_iter().flatten().filter(|_| link["ifname"] != "lo") {
            lines.insert(format!("{} {}", link["ifname"], address["local"]));
        }
    }
    lines
}

fn compare(seed: u64) -> Option<String> {
    let profiles = draw(&mut Chance::new(seed));
    let lans = ["sunup", "daemon"].map(|who| lan(&format!("profiles-{seed}-{who}"), &profiles));
    let [ours, theirs] = &lans;
    let daemon = NetworkManager::prepare(&theirs.client)();
    let ran = ours.sunup(&["up", "--timeout", "6"]);
    let started = wait_until(Duration::from_secs(10), || daemon.has_started());
    let mut pair = [BTreeSet::new(), BTreeSet::new()];
    let same = wait_until(Duration::from_secs(3), || {
        pair = [taken(ours), taken(theirs)];
        pair[0] == pair[1]
    });
    eprintln!("seed {seed}: {} profiles, {:?}, started {started}", profiles.len(), pair[0]);
    let all = || profiles.iter().map(|(_, text, used)| format!("# used {used:?}\n{text}")).collect::<String>();
    (!same).then(|| format!("SEED {seed}: {}\n{}\n{}", difference(&pair), all(), ran.stderr))
}

#[test]
#[ignore = "a campaign: seconds for each seed"]
fn profiles_drawn_by_lot() {
    campaign(compare);
}
