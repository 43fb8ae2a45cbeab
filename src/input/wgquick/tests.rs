//! The verdicts and values of NetworkManager's import, on recorded cases; tests/oracle asks the importer itself.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::input::credentials::Credentials;
use crate::input::keyfile::KeyFile;
use crate::input::nmconnection;

const KEY: &str = "UOgOzWg9SSpo7EwdKiqhVSez9NLMwqPZX9OsH/yCBn4=";
const PEER: &str = "1xxpupmW4juuRzPa9g/OJDbBqD+UvXkmNX3z3VK0nHg=";

fn import(text: &str, file: &str) -> Result<(Profile, Vec<Warning>), String> {
    read(text.as_bytes(), Path::new(file), &Secrets::INLINE).map_err(|error| error.to_string())
}

fn good(text: &str) -> (Profile, Vec<Warning>) {
    import(text, "wg0.conf").unwrap_or_else(|error| panic!("{error}"))
}

fn warnings(text: &str) -> Vec<String> {
    good(text).1.iter().map(ToString::to_string).collect()
}

/// The groups and keys of the profile, without what is different in every import.
fn groups(profile: &Profile) -> BTreeMap<String, BTreeMap<String, String>> {
    let file = KeyFile::parse(nmconnection::write(profile).as_bytes()).unwrap();
    let keys = |group: &crate::input::keyfile::Group| {
        group.entries.iter().filter(|e| e.key != "uuid").map(|e| (e.key.clone(), e.value.clone())).collect()
    };
    file.groups().iter().map(|group| (group.name.clone(), keys(group))).collect()
}

/// Without groups that say nothing.
fn recorded(keyfile: &Value) -> BTreeMap<String, BTreeMap<String, String>> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let keys = |group: &Value| group.as_object().unwrap().iter().map(|(k, v)| (k.clone(), text(v))).collect();
    keyfile.as_object().unwrap().iter().map(|(name, group)| (name.clone(), keys(group))).collect()
}

fn compare(case: &Value) -> Result<(), String> {
    let ours = import(case["conf"].as_str().unwrap(), case["file"].as_str().unwrap());
    match (case["nm"].as_str().unwrap(), ours) {
        ("ok", Ok((profile, _))) => {
            let (mut ours, mut theirs) = (groups(&profile), recorded(&case["keyfile"]));
            ours.retain(|_, keys| !keys.is_empty());
            theirs.retain(|_, keys| !keys.is_empty());
            let LinkKind::WireGuard(link) = &profile.kind else { return Err("no tunnel".to_owned()) };
            let order: Vec<String> = link.peers.iter().map(|peer| peer.public_key.to_string()).collect();
            let their_order: Vec<String> = serde_json::from_value(case["peer_order"].clone()).unwrap_or_default();
            let same = ours == theirs && (order == their_order || case["peer_order"].is_null());
            if same { Ok(()) } else { Err(format!("theirs {theirs:#?}\nours {ours:#?} {order:?}")) }
        }
        ("ok", Err(why)) => Err(format!("refused: {why}")),
        (_, Ok(_)) => Err("accepted".to_owned()),
        (_, Err(why)) => {
            let theirs = case["error"].as_str().unwrap_or_default();
            let file_name = theirs.contains("must be a valid interface name") && why.contains("the link's name");
            if why.starts_with(theirs) || file_name { Ok(()) } else { Err(format!("'{why}' is not '{theirs}'")) }
        }
    }
}

#[test]
fn every_recorded_case_agrees() {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures");
    let folder = std::env::var_os("SUNUP_FIXTURES").map_or_else(beside, PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join("wireguard-import.jsonl")) else {
        eprintln!("NOT RUN: no reference cases; set SUNUP_FIXTURES to their directory");
        return;
    };
    let cases: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let wrong = |case: &Value| compare(case).err().map(|why| format!("{}: {why}", case["name"]));
    let wrong: Vec<String> = cases.iter().filter_map(wrong).collect();
    assert!(!cases.is_empty() && wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn a_file_becomes_the_profile_that_networkmanager_makes_of_it() {
    let text = format!(
        "[interface]\r\nPriv ate Key={KEY} # ours\nAddress = 10.9.0.2/24, fd00::2/64\nAddress=10.9.0.2/24\nDNS=10.9.0.1\n\
         MTU=0x500\nTable=0\nFwMark=off\nListenPort=51820\n[PEER]\nPublicKey={PEER}\nPresharedKey={KEY}\n\
         AllowedIPs=10.9.0.0/24\nAllowedIPs=fd00::/64,\nEndpoint=vpn.example:51820\nPersistentKeepalive=25\n"
    );
    let expected = format!(
        "[connection]\nid=wg0\nuuid=UUID\ntype=wireguard\ninterface-name=wg0\n\n\
         [wireguard]\nprivate-key={KEY}\nlisten-port=51820\nmtu=1280\n\n\
         [wireguard-peer.{PEER}]\npreshared-key={KEY}\nendpoint=vpn.example:51820\npreshared-key-flags=0\n\
         allowed-ips=10.9.0.0/24;fd00::/64;\npersistent-keepalive=25\n\n\
         [ipv4]\nmethod=manual\naddress1=10.9.0.2/24\ndns=10.9.0.1;\ndns-search=~;\n\n\
         [ipv6]\nmethod=manual\naddress1=fd00::2/64\naddr-gen-mode=default\n"
    );
    let (profile, warnings) = good(&text);
    let sorted = |text: &str| {
        let file = KeyFile::parse(text.as_bytes()).unwrap();
        let keys =
            |g: &crate::input::keyfile::Group| g.entries.iter().map(|e| format!("{}={}", e.key, e.value)).collect();
        file.groups()
            .iter()
            .map(|g| (g.name.clone(), keys(g)))
            .collect::<Vec<(String, std::collections::BTreeSet<String>)>>()
    };
    let expected = expected.replace("UUID", &profile.uuid.to_string());
    assert_eq!(sorted(&nmconnection::write(&profile)), sorted(&expected));
    assert_eq!(warnings, []);
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let rows = [
        ("PrivateKey=x", "unrecognized line at wg0.conf:1"),
        ("[Interface]\n\nPrivateKey=x", "invalid secret 'PrivateKey' at wg0.conf:3"),
        ("[Interface]\nPeer=1", "unrecognized line at wg0.conf:2"),
        ("[Peers]", "unrecognized line at wg0.conf:1"),
        ("[Interface]\n; x", "unrecognized line at wg0.conf:2"),
        ("[Interface]\nPrivateKey=@a", "invalid secret 'PrivateKey' at wg0.conf:2"),
        ("[Interface]\nPrivateKeyFile=/a", "unrecognized line at wg0.conf:2"),
        ("[Interface]\nAddress=10.0.0.1,,10.0.0.2", "invalid value for 'Address' at wg0.conf:2"),
        ("[Interface]\nTable=main", "invalid value for 'Table' at wg0.conf:2"),
        ("[Interface]\nTable=OFF", "invalid value for 'Table' at wg0.conf:2"),
        ("[Interface]\nSaveConfig=yes", "invalid value for 'SaveConfig' at wg0.conf:2"),
        ("[Interface]\nMTU=-1", "invalid value for 'MTU' at wg0.conf:2"),
        ("[Peer]\n[Peer]", "Invalid peer starting at wg0.conf:1"),
        ("[Interface]\n[Peer]", "Invalid peer starting at wg0.conf:2"),
        ("\u{feff}[Interface]", "unrecognized line at wg0.conf:1"),
    ];
    for (text, expected) in rows {
        let error = import(text, "wg0.conf").unwrap_err();
        assert!(error.starts_with(expected), "{text:?}: {error}");
    }
    for file in ["wg0.CONF", "wg0", ".conf", "all.conf", "sixteen-letters-.conf", "a b.conf", "a:b.conf", "dir/..conf"]
    {
        assert!(import("", file).unwrap_err().contains("the link's name"), "{file}");
    }
    assert!(import("", "/etc/wireguard/wg0.conf").is_ok() && import("[Interface]\n\0[rubbish]", "wg0.conf").is_ok());
}

#[test]
fn no_message_shows_a_key() {
    let almost = KEY.replace('=', "");
    let text = format!("[Interface]\nPrivateKey={almost}\n");
    let error = import(&text, "wg0.conf").unwrap_err();
    assert!(!error.contains(&almost), "{error}");
}

#[test]
fn what_is_left_out_is_said() {
    let head = "[Interface]\nAddress=10.0.0.1\n";
    assert_eq!(warnings(head), [""; 0]);
    for key in ["PreUp", "PostUp", "PreDown", "PostDown"] {
        let said = warnings(&format!("{head}{key}=iptables -A x\n"));
        assert!(said.len() == 1 && said[0].starts_with(&format!("wg0.conf:3: {key} is left out")), "{said:?}");
    }
    let dropped = warnings(&format!("{head}DNS=1.1.1.1, fd00::1, a.example\n"));
    assert!(dropped.len() == 1 && dropped[0].contains("fd00::1 is left out: the link has no IPv6"), "{dropped:?}");
    assert_eq!(warnings("[Interface]\nDNS=1.1.1.1, a.example\n").len(), 2);
    let full = format!("[Peer]\nPublicKey={PEER}\nAllowedIPs=::/0\n");
    for (table, count) in [("off", 1), ("1234", 1), ("auto", 0)] {
        assert_eq!(warnings(&format!("{head}Table={table}\n{full}")).len(), count, "{table}");
    }
    assert_eq!(warnings(&format!("{head}Table=1234\n{}", full.replace("::/0", "::/1"))).len(), 0);
    assert!(warnings(&format!("{full}{full}"))[0].contains("stands here again"));
}

#[test]
fn a_keyfile_whose_keys_an_agent_has_finds_them_among_the_credentials() {
    let root = std::env::temp_dir().join(format!("sunup-wgagent-{}", std::process::id()));
    let folder = root.join("run/credentials/@system");
    std::fs::create_dir_all(&folder).unwrap();
    let keyfile = format!(
        "[connection]\nid=office\nuuid=11111111-1111-4111-8111-111111111111\ntype=wireguard\ninterface-name=wg0\n[wireguard]\n\
         private-key-flags=1\n[wireguard-peer.{PEER}]\npreshared-key-flags=1\n"
    );
    let read = || {
        let (profile, _) = nmconnection::read(keyfile.as_bytes(), Path::new("office.nmconnection")).unwrap();
        let mut profiles = [profile];
        let said = find_keys(&mut profiles, &Credentials::new(&root, None));
        let LinkKind::WireGuard(link) = &profiles[0].kind else { panic!("no tunnel") };
        let peer = &link.peers[0];
        (link.private_key.is_some(), peer.preshared_key.is_some(), peer.preshared_key_flags, said.len())
    };
    assert_eq!(read(), (false, false, 1, 1));
    for name in ["network.wireguard.private.office", "network.wireguard.preshared.wg0"] {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::write(folder.join(name), KEY).unwrap();
        std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(0o400)).unwrap();
    }
    assert_eq!(read(), (true, true, 1, 0));
    std::fs::remove_dir_all(root).unwrap();
}

#[test]
fn at_boot_keys_come_from_elsewhere_too() {
    let root = std::env::temp_dir().join(format!("sunup-wgquick-{}", std::process::id()));
    let folder = root.join("run/credentials/@system");
    std::fs::create_dir_all(&folder).unwrap();
    let private = |name: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::write(folder.join(name), KEY).unwrap();
        std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(0o400)).unwrap();
    };
    private("key");
    private("network.wireguard.private.wg0");
    private("sunup.wg.wg7");
    let credentials = Credentials::new(&root, None);
    let key = |text: &str, exposed| {
        let read = read(text.as_bytes(), Path::new("wg0.conf"), &Secrets::at_boot(&credentials, exposed))?;
        let LinkKind::WireGuard(link) = read.0.kind else { panic!("no tunnel") };
        Ok::<_, WgQuickError>(link.private_key.is_some())
    };
    assert_eq!(key("[Interface]\nPrivateKey=@key\n", true), Ok(true));
    assert_eq!(key("[Interface]\nPrivateKeyFile=/run/credentials/@system/key\n", true), Ok(true));
    assert_eq!(key("[Interface]\n", true), Ok(true));
    assert_eq!(key(&format!("[Interface]\nPrivateKey={KEY}\n"), false), Ok(true));
    assert!(
        key(&format!("[Interface]\nPrivateKey={KEY}\n"), true).unwrap_err().to_string().contains("others may read")
    );
    let preshared = |text: &str| {
        let read = read(text.as_bytes(), Path::new("wg0.conf"), &Secrets::at_boot(&credentials, false)).unwrap().0;
        let LinkKind::WireGuard(link) = read.kind else { panic!("no tunnel") };
        link.peers.iter().map(|peer| (peer.preshared_key.is_some(), peer.preshared_key_flags)).collect::<Vec<_>>()
    };
    let (one, other) = (format!("[Peer]\nPublicKey={PEER}\n"), format!("[Peer]\nPublicKey={KEY}\n"));
    assert_eq!(preshared(&one), [(false, 4)]);
    private("network.wireguard.preshared.wg0");
    assert_eq!(preshared(&one), [(true, 0)]);
    assert_eq!(preshared(&format!("{one}{other}")), [(false, 4), (false, 4)], "whose would it be?");
    let origin = Origin::CommandLine { word: "rd.wireguard=wg9:/none".to_owned(), column: 1, at: 1 };
    let asked = Asked { name: "wg9".to_owned(), path: "/none".into(), origin };
    let (profiles, said) = at_boot(&root, &[asked], &credentials);
    assert_eq!((profiles.len(), said.len()), (0, 2), "{said:?}");
    std::fs::remove_dir_all(root).unwrap();
}
