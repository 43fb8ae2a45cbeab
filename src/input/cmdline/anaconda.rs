//! The old spelling of Anaconda: `ip=ADDRESS`, with `netmask=`, `gateway=`, `dns=`, `hostname=`, `mtu=`, `ksdevice=` beside it.
//! They count only together with an `ip=` that is an address and nothing else.

use std::net::IpAddr;

use super::builder::{Builder, DEFAULT};
use super::firmware;
use super::lex::{Interface, Value};
use super::words::Word;
use crate::profile::MultiConnect;

/// The words beside `ip=ADDRESS`; of each the last.
#[derive(Default)]
pub(super) struct Cluster<'a> {
    pub(super) netmask: Option<Value<'a>>,
    pub(super) gateway: Option<Value<'a>>,
    pub(super) dns: Option<Value<'a>>,
    pub(super) hostname: Option<Value<'a>>,
    pub(super) mtu: Option<Value<'a>>,
    pub(super) ksdevice: Option<Value<'a>>,
}

/// Keeps one of the words.
pub(super) fn read<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    let cluster = &mut builder.collected.anaconda;
    let (name, _) = Value::of(value.word);
    match name {
        "netmask" => cluster.netmask = Some(value),
        "gateway" => cluster.gateway = Some(value),
        "dns" => cluster.dns = Some(value),
        "hostname" => cluster.hostname = Some(value),
        "mtu" => cluster.mtu = Some(value),
        _ => cluster.ksdevice = Some(value),
    }
}

/// `ksdevice=` when all profiles exist: `link` is the first link that comes up, `bootif` that of `BOOTIF=`, `ibft` those of
/// the firmware's table.
pub(super) fn apply(builder: &mut Builder<'_>) {
    let Some(value) = builder.collected.anaconda.ksdevice else { return };
    match value.text() {
        "link" => {
            let one = builder.find(DEFAULT).is_some_and(|entry| entry.profile.multi_connect != MultiConnect::Multiple);
            builder.reading.single_dhcp |= !one;
            if one {
                let text =
                    "an address for any link goes to the first one there is, with a cable or without; name the link";
                builder.caution(value.origin(), text);
            }
        }
        "bootif" if builder.collected.bootif.is_some() && builder.switches.bootif => {}
        "bootif" => {
            builder.error(value.origin_of_value(), "there is no BOOTIF=, so that no link is meant; it is ignored")
        }
        "ibft" => firmware::read(builder, value),
        text if Interface::parse(text).is_some() => {}
        text => {
            let text =
                format!("'{text}' is neither an interface name nor a MAC, nor link, bootif, ibft; it is ignored");
            builder.error(value.origin_of_value(), text);
        }
    }
}

impl Cluster<'_> {
    /// True for a value of `ip=` that the cluster goes with, if there is one.
    pub(super) fn goes_with(&self, value: Value<'_>) -> bool {
        let text = value.text();
        let address = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
        address && (self.netmask.is_some() || self.gateway.is_some() || self.ksdevice.is_some())
    }

    /// `ip=ADDRESS` with its cluster, as one `ip=` in the long form.
    pub(super) fn word(&self, value: Value<'_>) -> Word {
        let text = |value: Option<Value<'_>>| bracket(value.map(|value| value.text()).unwrap_or_default());
        let link = self.interface().map(|link| link.to_string().replace(':', "-")).unwrap_or_default();
        let client = bracket(value.text());
        let servers = self.dns.map(|dns| dns.text().split(',').map(bracket).collect::<Vec<_>>().join(":"));
        let servers = servers.unwrap_or_default();
        let tail = if servers.is_empty() { text(self.mtu) } else { servers };
        let (gateway, netmask, host) = (text(self.gateway), text(self.netmask), text(self.hostname));
        let text = format!("ip={client}::{gateway}:{netmask}:{host}:{link}:none:{tail}");
        Word { text, column: value.word.column, quotes: Vec::new() }
    }

    /// The link that `ksdevice=` names; see [`apply`] for the words that name none.
    pub(super) fn interface(&self) -> Option<Interface> {
        let text = self.ksdevice?.text();
        Interface::parse(text).filter(|_| !matches!(text, "link" | "bootif" | "ibft"))
    }

    /// True for `ksdevice=bootif`.
    pub(super) fn is_bootif(&self) -> bool {
        self.ksdevice.is_some_and(|value| value.text() == "bootif")
    }
}

/// A text as one field of `ip=`: with a colon in it, it stands in brackets.
fn bracket(text: &str) -> String {
    if text.contains(':') && !text.starts_with('[') { format!("[{text}]") } else { text.to_owned() }
}
