//! What stands in the way of sunup's own files: links, FIFOs, folders, nonsense. Nothing is followed, nothing hangs, nothing that is
//! damaged is believed.

use crate::support::Lan;

const LINE: &str = "ip=eth0:dhcp ip=[fd77::9]::[fd77::1]:64::eth1:none rd.net.dns=10.77.0.53 rd.neednet=1 \
                    rd.sunup.handover=networkmanager,networkd";

/// As in an initramfs, with everything that can be written.
fn up(lan: &Lan) -> crate::support::Ran {
    lan.sunup(&["up", "--dracut", "--cmdline", LINE])
}

/// Every file that `up` has written, but for the one that belongs to the host.
fn written(lan: &Lan) -> Vec<String> {
    lan.client.sh("touch /mnt/before; sleep 0.02");
    up(lan).exits(0);
    let found = lan.client.sh("find /run /tmp /etc -name target -prune -o -type f -newer /mnt/before -print | sort");
    let found: Vec<String> = found.lines().filter(|path| *path != "/etc/resolv.conf").map(str::to_owned).collect();
    for path in ["/run/sunup/state.json", "/run/sunup/journal", "/tmp/sunup.ifaces", "/run/net-eth0.conf"] {
        assert!(found.iter().any(|one| one == path), "{path} is not among {found:#?}");
    }
    found
}

/// Puts something in the place of each, and of the new file that each is written to at first.
fn plant(lan: &Lan, paths: &[String], how: &str) {
    for path in paths {
        let (folder, name) = path.rsplit_once('/').unwrap();
        lan.client
            .sh(&format!("mkdir -p {folder}; for path in {path} {folder}/.{name}.sunup; do rm -rf $path; {how}; done"));
    }
}

#[test]
fn links_and_fifos_at_every_path_are_replaced_not_followed() {
    let lan = crate::lan("planted-everywhere");
    lan.link(1);
    let _server = lan.serve(&[]);
    let paths = written(&lan);
    lan.client.sh("echo precious >/mnt/victim");
    for how in ["ln -s /mnt/victim $path", "ln -s /mnt/nowhere $path", "mkfifo $path"] {
        lan.sunup(&["down"]).exits(0);
        plant(&lan, &paths, how);
        up(&lan).exits(0);
        assert_eq!(lan.client.read("/mnt/victim"), "precious\n", "{how}");
        assert!(!lan.client.exists("/mnt/nowhere"), "{how}");
        for path in &paths {
            let kind = lan.client.sh(&format!("stat -c %F {path} || :"));
            assert!(kind.starts_with("regular"), "{how}: {path} is a {kind}");
        }
        assert_eq!(lan.sunup(&["status"]).exits(0).stderr, "", "{how}");
    }
}

#[test]
fn folders_at_every_path_cost_the_files_and_not_the_network() {
    let lan = crate::lan("planted-folders");
    lan.link(1);
    let _server = lan.serve(&[]);
    let paths = written(&lan);
    lan.sunup(&["down"]).exits(0);
    plant(&lan, &paths, "mkdir $path; echo theirs >$path/file");
    up(&lan).exits(3).says("/run/sunup/state.json");
    assert!(lan.address("eth0", "10.77.0.1").is_some() && lan.address("eth1", "fd77::9").is_some());
    lan.sunup(&["status"]).exits(1).says("state.json");
    assert_eq!(lan.client.read("/run/net-eth0.conf/file"), "theirs\n");
}

/// How each file of /run/sunup is spoilt; `$f` is the file.
const SPOILT: [(&str, &str); 9] = [
    ("empty", ": >$f"),
    ("half", "truncate -s $(($(stat -c %s $f) / 2)) $f"),
    ("noise", "head -c 5000 /dev/urandom >$f"),
    ("zeros", "head -c 5000 /dev/zero >$f"),
    ("giant", "truncate -s 200M $f"),
    ("other JSON", "echo '[{\"links\": 7}]' >$f"),
    (
        "other types",
        "echo '{\"links\":[1,{\"ifindex\":-1,\"addresses\":[[]]}],\"result\":[],\"dns\":3,\"routes\":{},\"handed_over\":[{\"to\":1,\"files\":[7]}]}' >$f",
    ),
    ("bytes flipped", "sed -i 's/[0-9]/9/g; s/=/==/' $f"),
    ("unreadable words", "sed -i 's/[a-z]/\\xff/g' $f"),
];

#[test]
fn what_is_damaged_is_no_state() {
    let lan = crate::lan("corrupt");
    lan.link(1);
    let _server = lan.serve(&[]);
    for (name, spoil) in SPOILT {
        up(&lan).exits(0);
        lan.client.sh(&format!("find /run/sunup -type f | while read -r f; do {spoil}; done"));
        for arguments in [
            &["status"][..],
            &["status", "--json"],
            &["verify-handover"],
            &["wait", "--timeout", "0.1"],
            &["renew", "--timeout", "5"],
            &["down", "eth0"],
        ] {
            let ran = lan.sunup(arguments);
            assert!((0..=3).contains(&ran.code) && !ran.stderr.contains("panicked"), "{name}: {arguments:?}: {ran}");
        }
        up(&lan).exits(0);
        assert!(lan.address("eth0", "10.77.0.1").is_some() && lan.address("eth1", "fd77::9").is_some(), "{name}");
        assert_eq!(lan.sunup(&["status"]).code, 0, "{name}");
        let ran = lan.sunup(&["down"]);
        assert!((0..=1).contains(&ran.code), "{name}: {ran}");
        // What the damaged journal did not tell any more.
        lan.client.sh("rm -rf /run/sunup /run/NetworkManager; for l in eth0 eth1; do ip address flush dev $l; ip link set $l down; done");
    }
}

/// All that a machine can be told of at once: links up, failed, missing and foreign, both kinds of lease.
#[test]
fn status_prints_the_report_and_it_is_as_its_schema_says() {
    let lan = crate::lan("schema");
    lan.link(1);
    lan.link(2);
    lan.server.ip("link set srv1 down");
    lan.client.ip("link add foreign type bridge");
    lan.server.sh("echo 1 >/proc/sys/net/ipv6/conf/all/forwarding; ip address add fd77::1/64 dev srv0 nodad");
    let options =
        ["--enable-ra", "--dhcp-range=fd77::10,fd77::ff,64,1h", "--dhcp-option=option6:dns-server,[fd77::53]"];
    let _server = lan.serve(&options);
    let line = "ip=eth0:dhcp,dhcp6 ip=eth1:dhcp ip=eth9:dhcp bridge=br7:eth2 ip=10.77.2.9:::24::br7:none rd.neednet=1 rd.nosuch";
    let ran = lan.sunup(&["up", "--timeout", "4", "--cmdline", line]);
    ran.exits(3);
    let state = lan.state();
    let words = |key: &str| -> Vec<&str> {
        state["links"].as_array().unwrap().iter().filter_map(|link| link[key].as_str()).collect()
    };
    let states = words("state");
    assert!(["up", "untouched"].iter().all(|word| states.contains(word)), "{states:?}");
    assert!(states.contains(&"failed") || states.contains(&"pending"), "{states:?}");
    assert_eq!(state["missing"].as_array().map(Vec::len), Some(1), "{state}");
    let eth0 = lan.link_state("eth0");
    assert!(eth0["lease"].is_object() && eth0["lease6"].is_object(), "{eth0}");
    let printed = lan.sunup(&["status", "--json"]).exits(3).stdout.clone();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&printed).unwrap(), state);
    lan.sunup(&["renew", "eth0"]);
    lan.state();
    lan.sunup(&["down", "eth0"]).exits(0);
    assert_eq!(lan.link_state("eth0")["lease6"], serde_json::Value::Null);
}
