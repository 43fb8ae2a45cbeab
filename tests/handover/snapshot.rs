//! What must be the same before and after: addresses, MTU, default routes of a link.

use serde_json::Value;

use crate::support::Room;

/// A link as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// `ADDRESS/PREFIX` of global scope, sorted.
    pub(crate) addresses: Vec<String>,
    /// MTU in bytes.
    pub(crate) mtu: u64,
    /// Default routes by this link: `FAMILY via GATEWAY proto PROTO metric METRIC src SOURCE`, sorted.
    pub(crate) defaults: Vec<String>,
}

impl Snapshot {
    /// Looks at the link.
    pub(crate) fn of(room: &Room, link: &str) -> Self {
        let shown = room.ip_json(&format!("address show dev {link}"));
        let entry = shown.first().unwrap_or_else(|| panic!("no link {link}"));
        let all = entry["addr_info"].as_array().cloned().unwrap_or_default();
        let global = all.iter().filter(|address| address["scope"] == "global");
        let mut addresses: Vec<_> =
            global.map(|a| format!("{}/{}", a["local"].as_str().unwrap(), a["prefixlen"])).collect();
        addresses.sort();
        let mut defaults: Vec<_> = ["-4", "-6"].iter().flat_map(|family| default_routes(room, link, family)).collect();
        defaults.sort();
        Self { addresses, mtu: entry["mtu"].as_u64().unwrap(), defaults }
    }
}

fn default_routes(room: &Room, link: &str, family: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let one = |route: Value| {
        let [gateway, proto, metric, source] =
            ["gateway", "protocol", "metric", "prefsrc"].map(|key| text(&route[key]));
        format!("{family} via {gateway} proto {proto} metric {metric} src {source}")
    };
    let all = room.ip_json(&format!("{family} route show default dev {link}"));
    all.into_iter().map(one).collect()
}

/// The part of a default route that tells where packets go: family and gateway.
pub(crate) fn way(route: &str) -> &str {
    route.split(" proto ").next().unwrap()
}
