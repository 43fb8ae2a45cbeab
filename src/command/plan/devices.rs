//! Devices of another machine, from JSON: `links` of `sunup status --json` or `devices` of `sunup plan --json`.

use std::fmt::Display;

use serde_json::{Map, Value};

use crate::profile::{Device, HwAddr};

/// Why a file does not say which devices there are.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DevicesError {
    /// It is not JSON.
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is JSON of something else.
    #[error("no array 'links' or 'devices': give the output of 'sunup status --json'")]
    NoLinks,
    /// A link has no name.
    #[error("{place}: 'ifname' is missing")]
    NoName {
        /// Which link, e.g. `links[2]`.
        place: String,
    },
    /// A value cannot be read.
    #[error("{place}.{key}: '{value}' is {problem}")]
    Value {
        /// Which link.
        place: String,
        /// The field.
        key: &'static str,
        /// Its value.
        value: String,
        /// What is wrong.
        problem: String,
    },
}

/// Kinds of virtual links, known by the driver name where the kind is not given.
const VIRTUAL: &[(&str, &str)] = &[
    ("802.1Q VLAN Support", "vlan"),
    ("bond", "bond"),
    ("bonding", "bond"),
    ("bridge", "bridge"),
    ("dummy", "dummy"),
    ("ifb", "ifb"),
    ("ipvlan", "ipvlan"),
    ("macvlan", "macvlan"),
    ("team", "team"),
    ("tun", "tun"),
    ("veth", "veth"),
    ("vlan", "vlan"),
    ("vrf", "vrf"),
    ("vxlan", "vxlan"),
    ("wireguard", "wireguard"),
];

/// Reads the devices. Fields may be missing or `null`, but for `ifname`:
///
/// | field | if missing |
/// | --- | --- |
/// | `ifindex` | counted on from the largest given |
/// | `arp_type` | 772 for `lo`, 32 with an address of 20 bytes, else 1 |
/// | `kind` | told from `driver`, else hardware |
/// | `mac`, `perm_mac`, `driver`, `id_path`, `subchannels`, `controller` | unknown or none |
/// | `addresses`, `default_route` | none |
///
/// Addresses (texts, or objects with `cidr`) count only under `devices` and where `origin` is `external`: the others
/// in a status are sunup's own work.
pub(crate) fn read(text: &str) -> Result<Vec<Device>, DevicesError> {
    let value: Value = serde_json::from_str(text)?;
    let (name, links) = match (&value, value.get("links"), value.get("devices")) {
        (_, Some(Value::Array(links)), _) => ("links", links),
        (_, _, Some(Value::Array(devices))) => ("devices", devices),
        (Value::Array(devices), ..) => ("devices", devices),
        _ => return Err(DevicesError::NoLinks),
    };
    let mut devices = Vec::with_capacity(links.len());
    for (at, link) in links.iter().enumerate() {
        let place = format!("{name}[{at}]");
        let empty = Map::new();
        let fields = link.as_object().unwrap_or(&empty);
        devices.push(Link { place, fields, own: name == "links" }.device()?);
    }
    let mut next = devices.iter().map(|device| device.ifindex).max().unwrap_or(0);
    for device in devices.iter_mut().filter(|device| device.ifindex == 0) {
        next = next.saturating_add(1);
        device.ifindex = next;
    }
    Ok(devices)
}

/// One link of the file.
struct Link<'a> {
    place: String,
    fields: &'a Map<String, Value>,
    /// Addresses are sunup's unless it says otherwise.
    own: bool,
}

impl Link<'_> {
    fn device(&self) -> Result<Device, DevicesError> {
        let name = self.text("ifname")?.ok_or_else(|| DevicesError::NoName { place: self.place.clone() })?;
        let (mac, perm_mac) = (self.mac("mac")?, self.mac("perm_mac")?);
        let driver = self.text("driver")?.unwrap_or_default();
        let kind = self.text("kind")?.or_else(|| virtual_kind(&driver));
        let arp_type = match self.number("arp_type")? {
            Some(number) => number,
            None if name == "lo" => 772,
            None if perm_mac.or(mac).is_some_and(|mac| mac.as_bytes().len() == HwAddr::MAX) => 32,
            None => 1,
        };
        let foreign = !self.own || self.text("origin")?.as_deref() == Some("external");
        Ok(Device {
            ifindex: self.number("ifindex")?.unwrap_or(0),
            name,
            arp_type,
            kind,
            mac,
            perm_mac,
            driver,
            id_path: self.text("id_path")?.unwrap_or_default(),
            subchannels: self.list("subchannels", |one| one.as_str().map(ToOwned::to_owned))?,
            controller: self.number("controller")?,
            addresses: if foreign { self.list("addresses", address)? } else { Vec::new() },
            default_route: foreign && self.fields.get("default_route") == Some(&Value::Bool(true)),
            ..Device::default()
        })
    }

    /// The field, unless it is missing or null.
    fn field(&self, key: &'static str) -> Option<&Value> {
        self.fields.get(key).filter(|value| !value.is_null())
    }

    fn wrong(&self, key: &'static str, value: &Value, problem: impl Display) -> DevicesError {
        let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        DevicesError::Value { place: self.place.clone(), key, value, problem: problem.to_string() }
    }

    /// A text; the empty one is none.
    fn text(&self, key: &'static str) -> Result<Option<String>, DevicesError> {
        match self.field(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(other) => Err(self.wrong(key, other, "not a text")),
        }
    }

    fn number<T: TryFrom<u64>>(&self, key: &'static str) -> Result<Option<T>, DevicesError> {
        let read = |value: &Value| T::try_from(value.as_u64()?).ok();
        let wrong = |value| self.wrong(key, value, "not a number of the right size");
        self.field(key).map(|value| read(value).ok_or_else(|| wrong(value))).transpose()
    }

    fn mac(&self, key: &'static str) -> Result<Option<HwAddr>, DevicesError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        text.parse().map(Some).map_err(|error| self.wrong(key, &Value::String(text), error))
    }

    fn list<T>(&self, key: &'static str, one: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>, DevicesError> {
        let Some(value) = self.field(key) else { return Ok(Vec::new()) };
        let items = value.as_array().ok_or_else(|| self.wrong(key, value, "not an array"))?;
        let read = |item| one(item).ok_or_else(|| self.wrong(key, item, "not understood"));
        items.iter().map(read).collect()
    }
}

/// `"192.0.2.1/24"`, or an object with that under `cidr`.
fn address(value: &Value) -> Option<ipnet::IpNet> {
    value.get("cidr").unwrap_or(value).as_str()?.parse().ok()
}

fn virtual_kind(driver: &str) -> Option<String> {
    VIRTUAL.iter().find(|(name, _)| *name == driver).map(|(_, kind)| (*kind).to_owned())
}
