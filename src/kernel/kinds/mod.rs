//! Kinds of links that can be made: from NetworkManager's settings to the attributes of IFLA_INFO_DATA.
//!
//! One table for each kind says which option is which attribute and how its value is written. What a link needs to come
//! into being (its VLAN id, the mode of a bond) goes with the request that makes it; the rest is compared with what the
//! link has, and sent one by one: an option that the kernel refuses costs no other.

mod bond;
mod bridge;
mod ip_tunnel;
mod others;
mod shape;
pub(super) mod team;

use super::message::{Stream, attributes, u32_of};
use super::snapshot::Link;
use crate::profile::LinkKind;
use crate::profile::desired::{DesiredKind, DesiredPort};
use shape::Shape;

/// An option of a section and its attribute.
#[derive(Debug, Clone, Copy)]
struct Row {
    option: &'static str,
    attribute: u16,
    shape: Shape,
    /// What the daemon sets where the profile says nothing; empty: what the kernel has.
    default: &'static str,
    /// True if the daemon takes 0 for "not given".
    zero_is_unset: bool,
    when: When,
}

/// When an option is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// After the link is there, if it differs.
    Later,
    /// With the request that makes the link; later too if it differs.
    Early,
    /// With the request that makes the link; later, if any differs, with all others: the kernel takes what is missing for zero.
    Whole,
    /// With the request that makes the link: it is what the link is, and cannot be changed.
    Identity,
}

const fn row(option: &'static str, attribute: u16, shape: Shape) -> Row {
    Row { option, attribute, shape, default: "", zero_is_unset: false, when: When::Later }
}

impl Row {
    const fn or(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    const fn early(self) -> Self {
        Self { when: When::Early, ..self }
    }

    const fn whole(self) -> Self {
        Self { when: When::Whole, ..self }
    }

    const fn nonzero(self) -> Self {
        Self { zero_is_unset: true, ..self }
    }

    const fn identity(self) -> Self {
        Self { when: When::Identity, ..self }
    }
}

/// One attribute, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The option it comes from, as the keyfile names it.
    pub option: &'static str,
    /// The option's value as text.
    pub text: String,
    /// Number of the attribute.
    pub attribute: u16,
    /// Its value.
    pub value: Vec<u8>,
    /// What is sent in its place where the kernel wants all settings at once: a stream of attributes.
    pub whole: Vec<u8>,
    when: When,
    /// The bits of a number that the kernel sets by itself.
    kernels: u32,
    /// How many bytes of the value are compared with what the link has.
    compared: usize,
}

impl Setting {
    /// The same setting with the value that the link has; nothing where it has none.
    pub(super) fn former(&self, held: &[u8]) -> Option<Self> {
        if self.when == When::Whole {
            return (!held.is_empty()).then(|| Self { whole: held.to_vec(), ..self.clone() });
        }
        let (_, value) = attributes(held).find(|(attribute, _)| *attribute == self.attribute)?;
        Some(Self { value: value.to_vec(), ..self.clone() })
    }

    fn new(row: &Row, text: &str, value: Vec<u8>) -> Self {
        let compared = value.len();
        let (option, attribute, when) = (row.option, row.attribute, row.when);
        Self { option, text: text.to_owned(), attribute, value, whole: Vec::new(), when, kernels: 0, compared }
    }
}

/// IFLA_INFO_KIND of the links that a profile of this type makes; `None` if sunup cannot make them.
pub(super) fn kind_of(kind: &LinkKind) -> Option<&'static str> {
    let LinkKind::Other { name, options } = kind else {
        return Some(match kind {
            LinkKind::Vlan(_) => "vlan",
            LinkKind::Bond { .. } => "bond",
            LinkKind::Bridge { .. } => "bridge",
            LinkKind::Team { .. } => "team",
            LinkKind::WireGuard(_) => "wireguard",
            LinkKind::Infiniband(_) => "ipoib",
            LinkKind::Ethernet | LinkKind::Other { .. } => return None,
        });
    };
    let tap = options.iter().any(|(key, value)| key == "tap" && value == "true");
    Some(match name.as_str() {
        "macvlan" if tap => "macvtap",
        "macvlan" => "macvlan",
        "dummy" => "dummy",
        "ipvlan" => "ipvlan",
        "veth" => "veth",
        "vrf" => "vrf",
        "vxlan" => "vxlan",
        "ip-tunnel" => return ip_tunnel::kind(options),
        _ => return None,
    })
}

/// The settings of a link. An option that names a link which is not known yet is left out.
pub(super) fn settings(wanted: &DesiredKind) -> Vec<Setting> {
    match &wanted.kind {
        LinkKind::Bond { options } => from_table(&bond::rows(options), options, &wanted.names),
        LinkKind::Bridge { options } => from_table(&bridge::rows(options), options, &wanted.names),
        LinkKind::Vlan(vlan) => others::vlan(vlan),
        LinkKind::Infiniband(infiniband) => others::infiniband(infiniband),
        LinkKind::Other { name, options } => others::other(name, options, &wanted.names),
        LinkKind::Ethernet | LinkKind::Team { .. } | LinkKind::WireGuard(_) => Vec::new(),
    }
}

/// The settings of a port.
pub(super) fn port_settings(wanted: &DesiredPort) -> Vec<Setting> {
    let table = match wanted.port_type.as_str() {
        "bond" => bond::PORT,
        "bridge" => bridge::PORT,
        _ => return Vec::new(),
    };
    from_table(table, &wanted.options, &[])
}

/// Reads options by a table: in the order of the table, which is one in which the kernel can take them.
fn from_table(table: &[Row], options: &[(String, String)], names: &[(String, u32)]) -> Vec<Setting> {
    let mut settings: Vec<Setting> = Vec::new();
    for row in table {
        let given = options.iter().find(|(key, _)| key == row.option).map(|(_, value)| value.as_str());
        let given = given.filter(|text| !(row.zero_is_unset && *text == "0"));
        let Some(text) = given.or(Some(row.default).filter(|text| !text.is_empty())) else { continue };
        // Two names of one option (`num_grat_arp`, `num_unsol_na`): the first that is given counts.
        if settings.iter().any(|other| other.attribute == row.attribute) {
            continue;
        }
        settings.extend(row.shape.bytes(text, names).map(|value| Setting::new(row, text, value)));
    }
    settings
}

/// What goes with the request that makes the link.
pub(super) fn at_creation(wanted: &DesiredKind) -> Vec<Setting> {
    settings(wanted).into_iter().filter(|setting| setting.when != When::Later).collect()
}

/// What differs from what the link has and can be changed.
pub(super) fn differing(settings: Vec<Setting>, held: &[u8]) -> Vec<Setting> {
    let mut whole = Stream::default();
    settings.iter().for_each(|setting| whole.put(setting.attribute, &setting.value));
    let differs = |setting: &Setting| setting.when != When::Identity && !same(setting, held);
    let mut differing: Vec<_> = settings.into_iter().filter(differs).collect();
    if let [first, ..] = differing.as_mut_slice()
        && first.when == When::Whole
    {
        first.whole = whole.into_bytes();
        differing.truncate(1);
    }
    differing
}

fn same(setting: &Setting, held: &[u8]) -> bool {
    let wanted = setting.value.get(..setting.compared).unwrap_or_default();
    match attributes(held).find(|(kind, _)| *kind == setting.attribute) {
        Some((_, value)) if setting.kernels != 0 => u32_of(value).map(|held| held & !setting.kernels) == u32_of(wanted),
        Some((_, value)) => value.get(..setting.compared.min(value.len())) == Some(wanted),
        // A list or a link that is not there is not shown.
        None => wanted.is_empty() || (wanted.len() == 4 && u32_of(wanted) == Some(0)),
    }
}

/// The bond of a port, and whether the port may send: 0 in IFLA_BOND_SLAVE_STATE, and no partner is waited for that may yet
/// change everything (the flag "expired" in IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE, IEEE 802.1AX section 6.4.2.3).
pub(super) fn bond_port(link: &Link) -> Option<(u32, bool)> {
    const STATE: u16 = 1;
    const ACTOR_STATE: u16 = 7;
    const EXPIRED: u8 = 0x80;
    let controller = link.controller.filter(|_| link.port_kind.as_deref() == Some("bond"))?;
    let byte = |wanted| attributes(&link.port_data).find(|(kind, _)| *kind == wanted)?.1.first().copied();
    let waits = byte(ACTOR_STATE).is_some_and(|flags| flags & EXPIRED != 0);
    Some((controller, byte(STATE)? == 0 && !waits))
}

/// Why a link that is there cannot become what is wanted: the setting that makes it another one, with both values.
pub(super) fn conflict(wanted: &DesiredKind, link: &Link) -> Option<String> {
    let kind = kind_of(&wanted.kind)?;
    let found = link.kind.as_deref().unwrap_or("hardware");
    if found != kind {
        return Some(format!("it exists as a link of type {found}, not {kind}"));
    }
    let differs = |setting: &&Setting| setting.when == When::Identity && !same(setting, &link.data);
    let settings = settings(wanted);
    let setting = settings.iter().find(differs)?;
    Some(format!("it exists with another {}, not {}", setting.option, setting.text))
}

#[cfg(test)]
mod tests;
