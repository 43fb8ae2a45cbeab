//! Links that sunup made, for systemd-networkd: `.netdev` files, and what the links below and beside them say of them.
//!
//! networkd takes a link that is there as it is; without the file it would not know of it, and would take ports from a
//! controller that their `.network` file does not name.

use super::file::StateFile;
use crate::activate::LinkOutcome;
use crate::profile::LinkKind;
use crate::profile::link::Vlan;

/// NetworkManager's option and networkd's key; `unit` is put behind the value.
struct Key(&'static str, &'static str, &'static str);

const BOND: [Key; 12] = [
    Key("mode", "Mode", ""),
    Key("miimon", "MIIMonitorSec", "ms"),
    Key("updelay", "UpDelaySec", "ms"),
    Key("downdelay", "DownDelaySec", "ms"),
    Key("xmit_hash_policy", "TransmitHashPolicy", ""),
    Key("lacp_rate", "LACPTransmitRate", ""),
    Key("ad_select", "AdSelect", ""),
    Key("min_links", "MinLinks", ""),
    Key("fail_over_mac", "FailOverMACPolicy", ""),
    Key("primary_reselect", "PrimaryReselectPolicy", ""),
    Key("arp_interval", "ARPIntervalSec", "ms"),
    Key("resend_igmp", "ResendIGMP", ""),
];

const BRIDGE: [Key; 6] = [
    Key("stp", "STP", ""),
    Key("forward-delay", "ForwardDelaySec", ""),
    Key("hello-time", "HelloTimeSec", ""),
    Key("max-age", "MaxAgeSec", ""),
    Key("ageing-time", "AgeingTimeSec", ""),
    Key("priority", "Priority", ""),
];

/// The `.netdev` file of a link that sunup made. A tunnel has none: its key would stand in it, and networkd leaves the tunnel as it
/// is without.
pub(super) fn file(link: &LinkOutcome, priority: u8) -> Option<StateFile> {
    let name = &link.device.name;
    let (kind, section) = match &link.profile.kind {
        LinkKind::Bridge { options } => ("bridge", section("Bridge", &BRIDGE, options)),
        LinkKind::Bond { options } => ("bond", section("Bond", &BOND, options)),
        LinkKind::Vlan(vlan) => ("vlan", vlan_section(vlan)),
        LinkKind::Other { name, .. } if name == "dummy" => ("dummy", String::new()),
        _ => return None,
    };
    let mac = link.device.mac.map(|mac| format!("MACAddress={mac}\n")).unwrap_or_default();
    let text = format!("[NetDev]\nName={name}\nKind={kind}\n{mac}{section}");
    Some(StateFile::public(format!("/run/systemd/network/{priority:02}-sunup-{name}.netdev"), text))
}

fn section(name: &str, keys: &[Key], options: &[(String, String)]) -> String {
    let value = |key: &Key| options.iter().find(|(option, _)| option == key.0).map(|(_, value)| value);
    // The values come from the command line or a keyfile: a line of their own is all they may be.
    let plain = |value: &&String| value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_+.,:".contains(&byte));
    let line = |key: &Key| value(key).filter(plain).map(|value| format!("{}={value}{}\n", key.1, key.2));
    let lines: String = keys.iter().filter_map(line).collect();
    if lines.is_empty() { lines } else { format!("\n[{name}]\n{lines}") }
}

fn vlan_section(vlan: &Vlan) -> String {
    let protocol = vlan.protocol.as_deref().filter(|protocol| *protocol == "802.1ad");
    let protocol = protocol.map(|_| "Protocol=802.1ad\n").unwrap_or_default();
    format!("\n[VLAN]\nId={}\n{protocol}", vlan.id)
}

/// The lines of `[Network]` that tie a link to others: its controller, and the links over it.
pub(super) fn ties(link: &LinkOutcome, all: &[&LinkOutcome]) -> String {
    let named = |ifindex: u32| all.iter().find(|other| other.device.ifindex == ifindex);
    let controller = link.target.controller.filter(|&index| index != 0).and_then(named).and_then(|controller| {
        let key = match controller.profile.kind.name() {
            "bridge" => "Bridge",
            // With `Bond=` it would set the port down to make it what it is already.
            "bond" => return Some("KeepMaster=yes\n".to_owned()),
            "vrf" => "VRF",
            _ => return None,
        };
        Some(format!("{key}={}\n", controller.device.name))
    });
    let is_over = |other: &&&LinkOutcome| other.device.parent == Some(link.device.ifindex);
    let vlans = all.iter().filter(is_over).filter(|other| matches!(other.profile.kind, LinkKind::Vlan(_)));
    controller.into_iter().chain(vlans.map(|other| format!("VLAN={}\n", other.device.name))).collect()
}
