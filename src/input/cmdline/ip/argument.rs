//! The fields of `ip=`, and the forms they come in.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::super::lex::{Field, Fields, Interface, Value, is_host_name, number};
use super::super::reading::Remark;
use super::super::traps::bracketed;
use super::method::Method;
use super::print::dashed;
use crate::profile::link::ClonedMac;
use crate::profile::{HwAddr, Origin};

/// What an `ip=` says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in super::super) struct Argument {
    /// CLIENT with the prefix of `/P` or MASK, or the usual one.
    pub(in super::super) client: Option<IpNet>,
    /// PEER: the server.
    pub(in super::super) peer: Option<IpAddr>,
    /// GW; the unspecified address takes an earlier one away.
    pub(in super::super) gateway: Option<IpAddr>,
    /// HOST.
    pub(in super::super) hostname: Option<String>,
    /// IFACE. `None`: every link.
    pub(in super::super) interface: Option<Interface>,
    /// METHOD. `None`: not given.
    pub(in super::super) method: Option<Method>,
    /// DNS1, DNS2.
    pub(in super::super) dns: Vec<IpAddr>,
    /// MTU.
    pub(in super::super) mtu: Option<u32>,
    /// MAC, which the link shall have.
    pub(in super::super) mac: Option<ClonedMac>,
}

/// Reads one argument.
pub(in super::super) struct Reader<'r, 'a> {
    /// The argument.
    pub(in super::super) value: Value<'a>,
    /// True for the name of a link that is there.
    pub(in super::super) is_link: &'r dyn Fn(&str) -> bool,
    /// What there is to say about it.
    pub(in super::super) remarks: &'r mut Vec<Remark>,
    /// HOST, which is the machine's: it counts even if nothing else in the argument can be used.
    pub(in super::super) hostname: Option<String>,
    /// The link of `ip=METHOD:IFACE`.
    pub(in super::super) swapped: Option<Interface>,
    /// Where MAC stands.
    pub(in super::super) mac_at: Option<Origin>,
}

impl<'a> Reader<'_, 'a> {
    /// Reads the argument; `None` if nothing in it can be used.
    pub(in super::super) fn read(&mut self) -> Option<Argument> {
        let mut fields = self.value.fields();
        let first = fields.next(':');
        if fields.is_empty() {
            return self.bare(first);
        }
        let after_first = fields;
        let second = fields.next(':');
        let method = second.get().and_then(Method::parse);
        if let Some(method) = method.or_else(|| self.misspelt(first, second, fields)) {
            let mut argument = Argument { method: Some(method), ..Argument::default() };
            argument.interface = match self.swapped.take() {
                Some(link) => Some(link),
                None => self.interface(first)?,
            };
            self.tail(fields, &mut argument);
            return Some(argument);
        }
        match self.short(first, after_first) {
            Some(argument) => Some(argument),
            None => self.long(first, after_first),
        }
    }

    /// `ip=METHOD`. Anything else here is taken for DHCP on every link by others; that is never meant.
    fn bare(&mut self, field: Field<'a>) -> Option<Argument> {
        let text = field.get()?;
        if let Some(method) = Method::parse(text) {
            return Some(Argument { method: Some(method), ..Argument::default() });
        }
        if field.fields().next('/').text.parse::<IpAddr>().is_ok() {
            return self.long(field, Fields::default());
        }
        if let Some(word) = Method::guess(text).filter(|_| !(self.is_link)(text)) {
            let text = format!("'{text}' is no method; '{word}' is taken instead");
            self.error(field, text, Some(format!("ip={word}")));
            return Some(Argument { method: Method::parse(word), ..Argument::default() });
        }
        if let Some(argument) = (!(self.is_link)(text)).then(|| self.joined(field)).flatten() {
            return Some(argument);
        }
        let Some(interface) = Interface::parse(text) else {
            let text =
                format!("'{text}' is neither a method nor an interface name nor an address; the argument is ignored");
            self.error(field, text, Some("ip=dhcp".to_owned()));
            return None;
        };
        let (spelled, method) = (dashed(&interface), Some(Method::Auto));
        let text = format!("an interface alone is no method; automatic addresses for {interface} only are taken");
        self.error(field, text, Some(format!("ip={spelled}:auto")));
        Some(Argument { interface: Some(interface), method, ..Argument::default() })
    }

    /// `CLIENT[/P]:PEER:GW:MASK:HOST:IFACE:METHOD:…`; `fields` are those after CLIENT.
    fn long(&mut self, first: Field<'a>, mut fields: Fields<'a>) -> Option<Argument> {
        let mut parts = first.fields();
        let client = parts.next('/');
        let address = match client.get().map(str::parse::<IpAddr>) {
            None => None,
            Some(Ok(address)) => Some(address),
            Some(Err(_)) => {
                let text =
                    format!("'{}' is no address (IPv6 goes into brackets); the argument is ignored", client.text);
                self.error(client, text, bracketed(self.value.text()));
                return None;
            }
        };
        let peer = fields.next(':');
        let gateway = fields.next(':');
        let mask = fields.next(':');
        let host = fields.next(':');
        let interface = fields.next(':');
        let method = fields.next(':');
        let mut argument = Argument {
            client: address.map(|address| self.network(address, client, parts.rest(), mask)),
            peer: self.peer(peer),
            gateway: self.gateway(gateway),
            hostname: self.hostname(host),
            method: self.method(method),
            ..Argument::default()
        };
        self.hostname.clone_from(&argument.hostname);
        argument.interface = self.interface(interface)?;
        self.tail(fields, &mut argument);
        Some(argument)
    }

    /// CLIENT with its prefix length: MASK, else `/P`, else what is usual.
    pub(super) fn network(&mut self, address: IpAddr, client: Field<'a>, prefix: Field<'a>, mask: Field<'a>) -> IpNet {
        let limit = if address.is_ipv4() { 32 } else { 128 };
        let length = |text: &str| number(text, 0, limit).and_then(|length| u8::try_from(length).ok());
        let (field, given) = match (mask.get(), prefix.get()) {
            (Some(text), _) if address.is_ipv4() => (mask, dotted_mask(text).or_else(|| length(text))),
            (Some(text), _) => (mask, length(text)),
            (None, Some(text)) => (prefix, length(text)),
            (None, None) => (client, None),
        };
        let usual = usual_prefix(address);
        match prefix.get().map(length).filter(|_| mask.get().is_some()) {
            Some(None) => self.error(prefix, format!("'{}' is no prefix length; the mask counts", prefix.text), None),
            Some(other) if other != given && given.is_some() => {
                self.caution(prefix, format!("not used: the mask counts, '{}'", mask.text));
            }
            _ => {}
        }
        if given.is_none() && field != client {
            let text = format!("'{}' is no prefix length or mask; /{usual} is taken instead", field.text);
            self.error(field, text, None);
        } else if given.is_none() {
            let text = format!("no prefix length; /{usual} is taken");
            self.caution(client, text);
        } else if field.text.parse::<Ipv4Addr>().is_ok_and(|mask| !is_contiguous(mask)) {
            let text = format!("the mask has holes; /{} is taken", given.unwrap_or(usual));
            self.error(field, text, None);
        }
        IpNet::new(address, given.unwrap_or(usual)).unwrap_or_else(|_| IpNet::from(address))
    }

    /// PEER.
    fn peer(&mut self, field: Field<'a>) -> Option<IpAddr> {
        let address = field.get()?.parse().ok();
        if address.is_none() {
            self.caution(field, format!("'{}' is no address of a server; it is not used", field.text));
        }
        address
    }

    /// GW.
    fn gateway(&mut self, field: Field<'a>) -> Option<IpAddr> {
        let text = field.get()?;
        let address = text.parse::<IpAddr>();
        if address.is_err() {
            self.error(field, format!("'{text}' is no address; there is no gateway"), None);
        }
        address.ok()
    }

    /// HOST.
    fn hostname(&mut self, field: Field<'a>) -> Option<String> {
        let text = field.get()?;
        if !is_host_name(text) {
            self.error(field, format!("'{text}' is no host name (letters, digits, '-', '.'); it is ignored"), None);
            return None;
        }
        Some(text.to_owned())
    }

    /// IFACE; the outer `None` if it cannot be one: a setting for one link must not become one for all.
    #[expect(clippy::option_option, reason = "absent and unusable are different")]
    fn interface(&mut self, field: Field<'a>) -> Option<Option<Interface>> {
        let Some(text) = field.get() else { return Some(None) };
        let interface = Interface::parse(text);
        if interface.is_none() {
            self.error(
                field,
                format!("'{text}' is neither an interface name nor a MAC; the argument is ignored"),
                None,
            );
        }
        interface.map(Some)
    }

    /// METHOD of the long form: an unknown one is `auto`, as an absent one.
    fn method(&mut self, field: Field<'a>) -> Option<Method> {
        let text = field.get()?;
        if let Some(method) = Method::parse(text) {
            return Some(method);
        }
        let word = Method::guess(text).unwrap_or("auto");
        let whole = self.value.word.text.clone();
        let end = whole.get(field.at + text.len()..).unwrap_or_default();
        // Addresses alone are "none"; what is taken is what others take for an unknown word.
        let meant = if text == "static" { "none" } else { word };
        let instead = format!("{}{meant}{end}", whole.get(..field.at).unwrap_or_default());
        self.error(field, format!("'{text}' is no method; '{word}' is taken instead"), Some(instead));
        Method::parse(word)
    }

    /// What follows METHOD: `MTU:MAC`, or `DNS1:DNS2:NTP`.
    fn tail(&mut self, mut fields: Fields<'a>, argument: &mut Argument) {
        let whole = fields.rest();
        if self.unseparated(whole, argument) {
            return;
        }
        let first = fields.next(':');
        let next = {
            let mut ahead = fields;
            ahead.next(':')
        };
        match first.get() {
            Some(text) if text.parse::<IpAddr>().is_ok() => {
                argument.dns.extend(text.parse::<IpAddr>());
                self.more_dns(fields, argument);
            }
            text if next.text.parse::<IpAddr>().is_ok() && text.and_then(|mtu| number(mtu, 0, i64::MAX)).is_none() => {
                if let Some(text) = text {
                    self.error(first, format!("'{text}' is no address of a name server; it is ignored"), None);
                }
                self.more_dns(fields, argument);
            }
            _ => {
                argument.mtu = self.mtu(first);
                self.mac_at = Some(self.value.origin_of(fields.rest()));
                argument.mac = self.mac(fields.rest());
            }
        }
    }

    /// A MAC without MTU before it, or an IPv6 name server without brackets: neither can be anything else.
    fn unseparated(&mut self, whole: Field<'a>, argument: &mut Argument) -> bool {
        if let Ok(mac) = whole.text.parse::<HwAddr>() {
            self.error(whole, "the MTU before the MAC is missing; the MAC is taken", None);
            self.mac_at = Some(self.value.origin_of(whole));
            argument.mac = Some(ClonedMac::Address(mac)).filter(|_| mac.as_bytes().len() == 6);
        } else if let (true, Ok(address)) = (whole.text.contains(':'), whole.text.parse::<IpAddr>()) {
            self.error(whole, "an IPv6 address goes into brackets; it is taken as name server", None);
            argument.dns.push(address);
        } else {
            return false;
        }
        true
    }

    /// DNS2 and NTP.
    fn more_dns(&mut self, mut fields: Fields<'a>, argument: &mut Argument) {
        let second = fields.next(':');
        match second.get().map(str::parse::<IpAddr>) {
            Some(Ok(address)) => argument.dns.push(address),
            Some(Err(_)) => {
                self.error(second, format!("'{}' is no address of a name server; it is ignored", second.text), None)
            }
            None => {}
        }
        let rest = fields.rest();
        if !rest.is_empty() {
            self.caution(rest, format!("'{}' (an NTP server) is not used", rest.text));
        }
    }

    /// MTU; 0 is the default.
    fn mtu(&mut self, field: Field<'a>) -> Option<u32> {
        let text = field.get()?;
        let mtu = number(text, 0, i64::from(u32::MAX)).and_then(|mtu| u32::try_from(mtu).ok());
        if mtu.is_none() {
            self.error(field, format!("'{text}' is neither an MTU nor an address; it is ignored"), None);
        }
        mtu
    }

    /// MAC: all the rest of the argument.
    fn mac(&mut self, field: Field<'a>) -> Option<ClonedMac> {
        match field.get()? {
            "preserve" => Some(ClonedMac::Preserve),
            "permanent" => Some(ClonedMac::Permanent),
            "random" => Some(ClonedMac::Random),
            "stable" => Some(ClonedMac::Stable),
            text => {
                let mac = field.fields().next('\0').text.parse::<HwAddr>().ok().filter(|mac| mac.as_bytes().len() == 6);
                if mac.is_none() {
                    self.error(field, format!("'{text}' is no MAC; the link keeps its own"), None);
                }
                mac.map(ClonedMac::Address)
            }
        }
    }

    pub(super) fn error(&mut self, field: Field<'_>, text: impl Into<String>, instead: Option<String>) {
        let remark = Remark::error(self.value.origin_of(field), text.into());
        self.remarks.push(Remark { instead, ..remark });
    }

    pub(super) fn caution(&mut self, field: Field<'_>, text: impl Into<String>) {
        self.remarks.push(Remark::caution(self.value.origin_of(field), text.into()));
    }
}

impl Argument {
    /// True if there is a gateway and nothing that says for which link.
    pub(in super::super) fn is_only_gateway(&self) -> bool {
        let nothing = Self { gateway: None, hostname: None, peer: None, ..self.clone() };
        self.gateway.is_some_and(|gateway| !gateway.is_unspecified()) && nothing == Self::default()
    }
}

/// The prefix length of a dotted mask: where its lowest one stands.
fn dotted_mask(text: &str) -> Option<u8> {
    let mask = u32::from(text.parse::<Ipv4Addr>().ok()?);
    u8::try_from(32 - mask.trailing_zeros()).ok()
}

/// True if no zero stands before a one.
fn is_contiguous(mask: Ipv4Addr) -> bool {
    let mask = u32::from(mask);
    mask.leading_ones() + mask.trailing_zeros() >= 32
}

/// The prefix length where none is given: the class of an IPv4 address, 64 for IPv6.
fn usual_prefix(address: IpAddr) -> u8 {
    match address {
        IpAddr::V6(_) => 64,
        IpAddr::V4(address) => match address.octets() {
            [..128, _, _, _] => 8,
            [128..192, _, _, _] => 16,
            _ => 24,
        },
    }
}
