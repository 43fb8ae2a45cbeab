//! `sunup verify-handover` foretells what the real daemon then does, case by case: nothing, an addition, or a flap (or that it does
//! not take the link over at all).

use crate::networkd::Networkd;
use crate::networkmanager::NetworkManager;
use crate::rig::one_link;
use crate::support::{Lan, Ran};
use crate::verdict::{Fault, Verdict};

/// Runs `up`, then a script in /run/NetworkManager (`$index` and `$uuid` are those of eth0's profile).
fn sabotaged(name: &str, line: &str, sabotage: &str) -> (Lan, Ran) {
    let lan = crate::lan(name);
    let server = lan.serve(&[]);
    lan.up(&format!("{line} rd.neednet=1 rd.sunup.handover=networkmanager,networkd")).exits(0);
    let prelude = "cd /run/NetworkManager; index=$(cat /sys/class/net/eth0/ifindex); \
                   uuid=$(sed -n s/connection-uuid=//p devices/$index); profile=$(ls system-connections/*)";
    lan.client.sh(&format!("{prelude}; {sabotage}"));
    drop(server);
    let foretold = lan.sunup(&["verify-handover"]);
    (lan, foretold)
}

/// True for a fault that is an addition only: nothing went away, and the daemon has the link.
fn is_addition(fault: &Fault) -> bool {
    matches!(fault, Fault::DefaultRoute(_) | Fault::NoDns(_) | Fault::Lease(_) | Fault::Changed(_))
}

/// Foretold and seen must be of one kind.
#[track_caller]
fn agree(name: &str, expected: i32, foretold: &Ran, seen: &Verdict) {
    seen.print();
    assert_eq!(foretold.code, expected, "{name}: foretold:\n{}{}", foretold.stdout, foretold.stderr);
    let faults = &seen.faults;
    let right = match expected {
        0 => faults.is_empty(),
        3 => !faults.is_empty() && faults.iter().all(is_addition),
        _ => faults.iter().any(|fault| !is_addition(fault)),
    };
    assert!(right, "{name}: foretold {expected}:\n{}\nseen: {faults:#?}", foretold.stdout);
}

const LEASE: &str = "ip=eth0:dhcp";
const STATIC: &str = "ip=10.77.0.50::10.77.0.1:24::eth0:none nameserver=10.77.0.1";

/// Name, line, what is spoilt, exit code of `verify-handover`.
const NETWORKMANAGER: [(&str, &str, &str, i32); 17] = [
    ("nothing", LEASE, ":", 0),
    ("nothing-static", STATIC, ":", 0),
    ("no-device-file", LEASE, "rm devices/$index", 1),
    ("not-managed", LEASE, "sed -i /managed/d devices/$index", 1),
    ("no-uuid", LEASE, "sed -i /connection-uuid/d devices/$index", 1),
    ("upper-case", LEASE, "sed -i s/$uuid/$(echo $uuid | tr a-f A-F)/ devices/$index", 1),
    ("no-profile", LEASE, "rm $profile", 1),
    ("open-profile", LEASE, "chmod 644 $profile", 1),
    ("foreign-profile", LEASE, "chown 1 $profile", 1),
    ("other-suffix", LEASE, "mv $profile system-connections/eth0.conf", 1),
    ("match", LEASE, "printf '\\n[match]\\nkernel-command-line=nosuch\\n' >>$profile", 1),
    ("client-id", LEASE, "sed -i 's/dhcp-client-id=.*/dhcp-client-id=01:02:03:04:05:06:07/' $profile", 1),
    ("no-lease-file", LEASE, "rm internal-*", 3),
    ("other-lease", LEASE, "echo ADDRESS=10.77.0.149 >$(ls internal-*)", 3),
    ("mtu", LEASE, "printf '\\n[ethernet]\\nmtu=1400\\n' >>$profile", 3),
    ("mtu-static", STATIC, "printf '\\n[ethernet]\\nmtu=1400\\n' >>$profile", 0),
    ("no-dns", STATIC, "sed -i /^dns=/d $profile", 3),
];

#[test]
fn what_networkmanager_does_is_foretold() {
    for (name, line, sabotage, expected) in NETWORKMANAGER {
        let (lan, foretold) =
            sabotaged(&format!("foretold-{name}"), line, &format!("rm -r /run/systemd/network; {sabotage}"));
        let foretold = only("NetworkManager", &foretold);
        let server = lan.serve(&[]);
        let title = format!("NetworkManager, foretold {name}");
        let leased = (line == LEASE).then_some(&server);
        let seen = one_link(&title, &lan, leased).by(NetworkManager::prepare(&lan.client));
        agree(name, expected, &foretold, &seen);
    }
}

const NETWORKD: [(&str, &str, &str, i32); 6] = [
    ("nothing", LEASE, ":", 0),
    ("nothing-static", STATIC, ":", 0),
    ("no-file", LEASE, "rm /run/systemd/network/*", 1),
    (
        "shadowed",
        LEASE,
        "printf '[Match]\\nName=e*\\n[Network]\\nDHCP=yes\\n' >/run/systemd/network/05-admin.network",
        1,
    ),
    ("not-kept", LEASE, "sed -i /KeepConfiguration/d /run/systemd/network/*", 1),
    ("client-id", LEASE, "sed -i /ClientIdentifier/d /run/systemd/network/*", 3),
];

#[test]
fn what_networkd_does_is_foretold() {
    for (name, line, sabotage, expected) in NETWORKD {
        let (lan, foretold) = sabotaged(&format!("foretold-networkd-{name}"), line, sabotage);
        let foretold = only("systemd-networkd", &foretold);
        let server = lan.serve(&[]);
        let title = format!("networkd, foretold {name}");
        let leased = (line == LEASE).then_some(&server);
        let seen = one_link(&title, &lan, leased).by(|| Networkd::start(&lan.client));
        agree(name, expected, &foretold, &seen);
    }
}

/// What was foretold of one daemon, with the exit code that this part would have.
fn only(daemon: &str, foretold: &Ran) -> Ran {
    let lines: Vec<&str> = foretold.stdout.lines().filter(|line| line.contains(daemon)).collect();
    let code = match lines.as_slice() {
        [] => 0,
        lines if lines.iter().any(|line| line.contains(&format!("{daemon} flaps"))) => 1,
        _ => 3,
    };
    Ran { code, stdout: lines.join("\n"), stderr: foretold.stderr.clone(), elapsed: foretold.elapsed }
}

#[test]
fn it_says_so_in_json_and_when_there_is_nothing() {
    let lan = crate::lan("foretold-json");
    lan.sunup(&["verify-handover"]).exits(1).says("nothing was handed over");
    lan.up(&format!("{STATIC} rd.neednet=1 rd.sunup.handover=networkmanager,networkd")).exits(0);
    assert!(lan.sunup(&["verify-handover"]).exits(0).stdout.contains("nothing would change"));
    lan.client.sh("rm /run/NetworkManager/devices/*");
    let ran = lan.sunup(&["verify-handover", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (ran.code, &found["findings"][0]["effect"], &found["findings"][0]["ifname"]),
        (1, &"flaps".into(), &"eth0".into())
    );
}
