//! Does a profile fit a device? The rules of a profile, in the order in which NetworkManager tries them.

use std::fmt;

use crate::profile::{Device, HwAddr, LinkKind, Profile};

use super::fnmatch::fnmatch;

/// What a profile can demand of a device. The order is that of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// `connection.type`: see [`compatible`].
    Type,
    /// `connection.interface-name`: equal, no wildcards.
    InterfaceName,
    /// `match.interface-name`.
    MatchInterfaceName,
    /// `match.kernel-command-line`.
    MatchKernelCommandLine,
    /// `match.driver`.
    MatchDriver,
    /// `match.path`.
    MatchPath,
    /// `ethernet.s390-subchannels`: each is one of the device's, which has no others.
    Subchannels,
    /// `ethernet.mac-address` or `infiniband.mac-address`: the permanent address.
    MacAddress,
    /// `ethernet.mac-address-denylist`.
    MacAddressDenylist,
}

impl Rule {
    /// The setting's name, as `nm-settings-keyfile(5)` writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Type => "connection.type",
            Self::InterfaceName => "connection.interface-name",
            Self::MatchInterfaceName => "match.interface-name",
            Self::MatchKernelCommandLine => "match.kernel-command-line",
            Self::MatchDriver => "match.driver",
            Self::MatchPath => "match.path",
            Self::Subchannels => "ethernet.s390-subchannels",
            Self::MacAddress => "ethernet.mac-address",
            Self::MacAddressDenylist => "ethernet.mac-address-denylist",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The first rule of a profile that a device does not satisfy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The rule.
    pub rule: Rule,
    /// What the profile asks for.
    pub patterns: Vec<String>,
    /// What the device (or the command line) has.
    pub seen: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns = self.patterns.join(";");
        match self.rule {
            Rule::Type | Rule::InterfaceName | Rule::MacAddress => {
                write!(f, "{}: wants '{patterns}', this is '{}'", self.rule, self.seen)
            }
            Rule::MacAddressDenylist => write!(f, "{}: '{}' is on the list", self.rule, self.seen),
            _ => write!(f, "{}: '{}' does not satisfy '{patterns}'", self.rule, self.seen),
        }
    }
}

/// Tries the rules of `profile` on `device`: the rules the profile has, all satisfied, or the first that is not.
///
/// `words` is the kernel command line, split by [`super::words::split`]. A rule the profile does not have is not in the
/// answer; [`Rule::Type`] always is. Every profile is tried on every device: what did not fit is put in words by [`Mismatch::of`].
pub fn matches(profile: &Profile, device: &Device, words: &[String]) -> Result<Vec<Rule>, Rule> {
    let verdicts = || Rule::ALL.into_iter().filter_map(|rule| Some((rule, rule.holds(profile, device, words)?)));
    match verdicts().find(|(_, holds)| !holds) {
        Some((rule, _)) => Err(rule),
        None => Ok(verdicts().map(|(rule, _)| rule).collect()),
    }
}

impl Rule {
    /// In the order of the checks.
    const ALL: [Self; 9] = [
        Self::Type,
        Self::InterfaceName,
        Self::MatchInterfaceName,
        Self::MatchKernelCommandLine,
        Self::MatchDriver,
        Self::MatchPath,
        Self::Subchannels,
        Self::MacAddress,
        Self::MacAddressDenylist,
    ];

    /// True if the device satisfies this rule of the profile; `None` if the profile has no such rule.
    fn holds(self, profile: &Profile, device: &Device, words: &[String]) -> Option<bool> {
        let rule = &profile.matching;
        let wildcards = |patterns: &[String], value| (!patterns.is_empty()).then(|| satisfies(patterns, value));
        // In a profile that makes its link the address is that of the parent.
        let (mac, made) = (device.match_mac(), profile.kind.is_virtual());
        match self {
            Self::Type => Some(compatible(&profile.kind, device)),
            Self::InterfaceName => profile.interface_name.as_ref().map(|name| *name == device.name),
            Self::MatchInterfaceName => wildcards(&rule.interface_name, &device.name),
            Self::MatchKernelCommandLine => kernel_command_line(&rule.kernel_command_line, words),
            Self::MatchDriver => wildcards(&rule.driver, &device.driver),
            Self::MatchPath => wildcards(&rule.path, &device.id_path),
            Self::Subchannels => {
                let wanted = &profile.link.s390_subchannels;
                let known = wanted.iter().all(|one| device.subchannels.contains(one));
                (!wanted.is_empty()).then_some(known && wanted.len() == device.subchannels.len())
            }
            // A device found by its subchannels may have any address: NetworkManager does not compare it then.
            Self::MacAddress if made || !profile.link.s390_subchannels.is_empty() => None,
            Self::MacAddress => rule.mac_address.map(|wanted| mac.is_some_and(|mac| same(mac, wanted))),
            Self::MacAddressDenylist => {
                let denied = |mac| rule.mac_address_denylist.iter().any(|one| same(mac, *one));
                (!made && !rule.mac_address_denylist.is_empty()).then(|| !mac.is_some_and(denied))
            }
        }
    }
}

impl Mismatch {
    /// What the profile asks for by this rule, and what there is.
    pub fn of(rule: Rule, profile: &Profile, device: &Device, words: &[String]) -> Self {
        let asked = &profile.matching;
        let mac = || device.match_mac().map_or_else(|| "no address".to_owned(), |mac| mac.to_string());
        let (patterns, seen) = match rule {
            Rule::Type => (vec![profile.kind.name().to_owned()], type_of(device).to_owned()),
            Rule::InterfaceName => (profile.interface_name.iter().cloned().collect(), device.name.clone()),
            Rule::MatchInterfaceName => (asked.interface_name.clone(), device.name.clone()),
            Rule::MatchKernelCommandLine => (asked.kernel_command_line.clone(), words.join(" ")),
            Rule::MatchDriver => (asked.driver.clone(), device.driver.clone()),
            Rule::MatchPath => (asked.path.clone(), device.id_path.clone()),
            Rule::Subchannels => (profile.link.s390_subchannels.clone(), device.subchannels.join(",")),
            Rule::MacAddress => (asked.mac_address.iter().map(HwAddr::to_string).collect(), mac()),
            Rule::MacAddressDenylist => (asked.mac_address_denylist.iter().map(HwAddr::to_string).collect(), mac()),
        };
        Self { rule, patterns, seen }
    }
}

/// True if a profile of type `kind` may take `device`.
///
/// | profile | device |
/// | --- | --- |
/// | `ethernet` | ARPHRD 1 without IFLA_INFO_KIND (hardware), and `veth` |
/// | `infiniband` | ARPHRD 32 |
/// | `loopback` | ARPHRD 772 |
/// | any other | a link of the kernel's kind for that type |
///
/// So a profile of type `ethernet` for any device never takes a bridge, bond, vlan, dummy, tun, …
pub fn compatible(kind: &LinkKind, device: &Device) -> bool {
    let found = device.kind.as_deref();
    match kind {
        LinkKind::Ethernet => device.arp_type == 1 && matches!(found, None | Some("veth")),
        LinkKind::Infiniband(_) => device.arp_type == 32,
        LinkKind::Other { name, .. } => match name.as_str() {
            "loopback" => device.is_loopback(),
            "macvlan" => matches!(found, Some("macvlan" | "macvtap")),
            "ip-tunnel" => matches!(
                found,
                Some("gre" | "gretap" | "ip6gre" | "ip6gretap" | "ip6tnl" | "ipip" | "sit" | "vti" | "vti6")
            ),
            name => found == Some(name),
        },
        LinkKind::Vlan(_)
        | LinkKind::Bond { .. }
        | LinkKind::Bridge { .. }
        | LinkKind::Team { .. }
        | LinkKind::WireGuard(_) => found == Some(kind.name()),
    }
}

/// What kind of link it is, in the words of `connection.type`.
pub fn type_of(device: &Device) -> &str {
    match (device.kind.as_deref(), device.arp_type) {
        (Some(kind), _) => kind,
        (None, 1) => "ethernet",
        (None, 32) => "infiniband",
        (None, 772) => "loopback",
        (None, _) => "unknown",
    }
}

/// True if `value` satisfies a list of patterns with wildcards (`match.interface-name`, `match.driver`, `match.path`).
///
/// A pattern may begin with `&` (must hold), `|` (one of these must hold; the same as nothing) or `!` (must not hold),
/// or `&!`, `|!`; one `\` behind that takes the meaning from what follows. The empty list holds.
pub fn satisfies(patterns: &[String], value: &str) -> bool {
    all_and_any(patterns, |pattern| fnmatch(pattern, value))
}

/// True if the words of the kernel command line satisfy a list of patterns without wildcards
/// (`match.kernel-command-line`): `name=value` is a whole word, `name` a whole word or what stands before its `=`.
pub fn satisfies_words(patterns: &[String], words: &[String]) -> bool {
    let has = |pattern: &str| {
        let begins = |word: &String| word.strip_prefix(pattern).is_some_and(|rest| rest.starts_with('='));
        words.iter().any(|word| word == pattern || (!pattern.contains('=') && begins(word)))
    };
    all_and_any(patterns, has)
}

/// All mandatory patterns hold, and one of the optional ones if there are any.
fn all_and_any(patterns: &[String], holds: impl Fn(&str) -> bool) -> bool {
    let (mut optional, mut one) = (false, false);
    for pattern in patterns {
        let pattern = Pattern::read(pattern);
        let verdict = holds(pattern.text) != pattern.inverted;
        if pattern.mandatory && !verdict {
            return false;
        }
        optional |= !pattern.mandatory;
        one |= !pattern.mandatory && verdict;
    }
    one || !optional
}

/// A pattern without its prefixes.
pub(super) struct Pattern<'a> {
    mandatory: bool,
    pub(super) inverted: bool,
    pub(super) text: &'a str,
}

impl<'a> Pattern<'a> {
    pub(super) fn read(text: &'a str) -> Self {
        let (sign, rest) = match text.strip_prefix('&') {
            Some(rest) => (Some(true), rest),
            None => text.strip_prefix('|').map_or((None, text), |rest| (Some(false), rest)),
        };
        let (inverted, rest) = rest.strip_prefix('!').map_or((false, rest), |rest| (true, rest));
        let text = rest.strip_prefix('\\').unwrap_or(rest);
        Self { mandatory: sign.unwrap_or(inverted), inverted, text }
    }
}

/// The rule on the kernel command line alone: no device can change its verdict. `None`: the profile has no such rule.
pub fn kernel_command_line(patterns: &[String], words: &[String]) -> Option<bool> {
    (!patterns.is_empty()).then(|| satisfies_words(patterns, words))
}

/// Equal; of two InfiniBand addresses only the last 8 bytes count, the port's GUID: the rest changes from boot to boot.
pub(super) fn same(a: HwAddr, b: HwAddr) -> bool {
    let guid = |mac: HwAddr| -> Option<[u8; 8]> { mac.as_bytes().get(12..20)?.try_into().ok() };
    a == b || guid(a).is_some_and(|one| guid(b) == Some(one))
}
