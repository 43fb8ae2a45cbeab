//! The journal and what the kernel holds to the steps that undo it: a pure function.

use ipnet::IpNet;

use super::request::{Request, Target};
use super::snapshot::{Address, Link, Snapshot};
use super::undo::{address_name, link_name, message};
use crate::journal::{Entry, Sign, Undo};
use crate::profile::desired::{DesiredRoute, protocol};
use crate::profile::tuning::Pair;

/// Settings of IPv6 on a link.
const ADDR_GEN_MODE: &str = "ipv6/addr_gen_mode";
const DISABLE: &str = "ipv6/disable_ipv6";

/// One step. `index`: the entry it is of, if it is of one.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step<'a> {
    /// Send this message.
    Netlink { index: Option<usize>, kind: u16, payload: std::borrow::Cow<'a, [u8]> },
    /// Write this setting of a link.
    Sysctl { index: usize, ifindex: u32, key: &'a str, value: &'a str },
    /// Give the device these options.
    Tune { index: usize, ifindex: u32, wanted: Vec<Pair> },
    /// Set the host name.
    HostName { index: usize, name: Option<&'a str> },
}

impl Step<'_> {
    /// The entry it is of.
    pub(super) fn index(&self) -> Option<usize> {
        match self {
            Self::Netlink { index, .. } => *index,
            Self::Sysctl { index, .. } | Self::Tune { index, .. } | Self::HostName { index, .. } => Some(*index),
        }
    }
}

/// The steps, in order: the last entry first. `entries` are folded.
pub(super) fn plan<'a>(entries: &'a [Entry], have: &Snapshot) -> Vec<Step<'a>> {
    let mut steps: Vec<Step<'a>> = Vec::with_capacity(entries.len());
    // First, while the links are up: some devices answer only then. All options of a device at once, as some count together.
    steps.extend(links(entries).filter_map(|ifindex| tuned(entries, ifindex)));
    // With a link all that it has goes, and faster than piece by piece.
    let (first, rest): (Vec<_>, Vec<_>) =
        entries.iter().enumerate().rev().partition(|(_, entry)| is_link_without_ports(entry));
    for (index, entry) in first.into_iter().chain(rest) {
        match &entry.undo {
            // A link of that name that is of another kind now is somebody else's.
            Undo::Netlink { .. } if is_another_link(entry, have) => {}
            Undo::Netlink { kind, payload } => {
                steps.push(Step::Netlink { index: Some(index), kind: *kind, payload: payload.into() });
            }
            Undo::Sysctl(value) => {
                let (ifindex, key) = (entry.ifindex, entry.object.as_str());
                let mut set = |key, value| steps.push(Step::Sysctl { index, ifindex, key, value });
                set(key, value);
                // The kernel forms a link-local address in this moment, also on a link that is down again.
                if key == ADDR_GEN_MODE && has(entries, ifindex, "up") && !has(entries, ifindex, DISABLE) {
                    set(DISABLE, "1");
                    set(DISABLE, "0");
                }
            }
            Undo::HostName(name) => steps.push(Step::HostName { index, name: name.as_deref() }),
            Undo::Tuned(_) | Undo::File(_) | Undo::Directory | Undo::Wrote(_) => {}
        }
    }
    links(entries).filter(|&ifindex| listens_no_more(entries, ifindex)).for_each(|ifindex| {
        learned(have, ifindex, &mut steps);
    });
    steps
}

/// True if this of a link was changed.
fn has(entries: &[Entry], ifindex: u32, object: &str) -> bool {
    entries.iter().any(|entry| entry.ifindex == ifindex && entry.object == object)
}

/// True for an entry about a link that was made, where the link of this name is not of this kind.
fn is_another_link(entry: &Entry, have: &Snapshot) -> bool {
    entry.sign == Sign::Made && entry.object.starts_with("link ") && {
        let same = |link: &Link| entry.object == link_name(&link.name, link.kind.as_deref().unwrap_or_default());
        !have.links.iter().any(same)
    }
}

/// True for a link that was made and has no ports: what was set of those can only be undone while they are its ports.
fn is_link_without_ports(entry: &Entry) -> bool {
    let controller = |kind: &str| matches!(kind, "bond" | "bridge" | "team" | "vrf");
    let name = entry.object.strip_prefix("link ").filter(|_| entry.sign == Sign::Made);
    name.and_then(|name| name.rsplit(' ').next()).is_some_and(|kind| !controller(kind))
}

/// What gives a device back the options it had; of the first of its entries.
fn tuned<'a>(entries: &[Entry], ifindex: u32) -> Option<Step<'a>> {
    let option = |(index, entry): (usize, &Entry)| match &entry.undo {
        Undo::Tuned(value) if entry.ifindex == ifindex => Some((index, (entry.object.clone(), value.clone()))),
        _ => None,
    };
    let (indexes, wanted): (Vec<usize>, Vec<Pair>) = entries.iter().enumerate().filter_map(option).unzip();
    Some(Step::Tune { index: *indexes.first()?, ifindex, wanted })
}

/// Every link, once.
fn links(entries: &[Entry]) -> impl Iterator<Item = u32> {
    let mut all: Vec<u32> = entries.iter().map(|entry| entry.ifindex).filter(|&ifindex| ifindex != 0).collect();
    crate::profile::sort::sort(&mut all);
    all.dedup();
    all.into_iter()
}

/// Links on which somebody else has an address in a network of ours.
pub(super) fn shared_links(entries: &[Entry], have: &Snapshot) -> Vec<u32> {
    links(entries).filter(|&ifindex| has_mates(entries, have, ifindex)).collect()
}

/// True if an address of somebody else is in the network of one that goes: the kernel would take it away too.
fn has_mates(entries: &[Entry], have: &Snapshot, ifindex: u32) -> bool {
    let ours = |net: IpNet| {
        let name = address_name(net);
        entries.iter().any(|entry| entry.sign == Sign::Made && entry.ifindex == ifindex && entry.object == name)
    };
    let on_link = || have.addresses.iter().filter(|held| held.ifindex == ifindex && matches!(held.net, IpNet::V4(_)));
    let mate = |held: &Address| on_link().any(|other| ours(other.net) && other.net.trunc() == held.net.trunc());
    on_link().any(|held| !ours(held.net) && mate(held))
}

/// True for a link that was up, and did not listen to routers before.
fn listens_no_more(entries: &[Entry], ifindex: u32) -> bool {
    let silent = |entry: &Entry| entry.object == "ipv6/accept_ra" && entry.undo == Undo::Sysctl("0".to_owned());
    entries.iter().any(|entry| entry.ifindex == ifindex && silent(entry)) && !has(entries, ifindex, "up")
}

/// What the kernel has learned from routers on a link.
fn learned(have: &Snapshot, ifindex: u32, steps: &mut Vec<Step<'_>>) {
    let target = Target { ifindex, name: "" };
    let mut send = |request: &Request<'_>| {
        let (kind, payload) = message(request);
        steps.push(Step::Netlink { index: None, kind, payload: payload.into() });
    };
    let is_learned =
        |held: &&Address| held.ifindex == ifindex && held.valid.is_some() && matches!(held.net, IpNet::V6(_));
    let addresses: Vec<IpNet> = have.addresses.iter().filter(is_learned).map(|held| held.net).collect();
    addresses.iter().for_each(|&net| send(&Request::RemoveAddress(target, net)));
    let is_learned = |route: &DesiredRoute| match route.protocol {
        protocol::RA => true,
        protocol::KERNEL => addresses.iter().any(|net| net.trunc() == route.destination),
        _ => false,
    };
    let routes = have.routes.iter().filter(|held| held.ifindex == ifindex && is_learned(&held.route));
    routes.for_each(|held| send(&Request::RemoveRoute(target, &held.route)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(ifindex: u32, object: &str) -> Entry {
        let undo = Undo::Netlink { kind: 21, payload: vec![u8::try_from(ifindex).unwrap()] };
        Entry { sign: Sign::Made, ifindex, object: object.into(), undo }
    }

    fn held(ifindex: u32, net: &str, valid: Option<u64>) -> Address {
        let net = net.parse().unwrap();
        let valid = valid.map(std::time::Duration::from_secs);
        Address { ifindex, net, scope: 0, broadcast: None, flags: 0, valid, preferred: valid }
    }

    #[test]
    fn the_last_is_undone_first() {
        let entries = [
            Entry::changed(3, "ipv6/accept_ra", Undo::Sysctl("2".into())),
            made(3, "address 192.0.2.1/24"),
            Entry::changed(0, "hostname", Undo::HostName(None)),
            Entry::changed(0, "/etc/x", Undo::Directory),
        ];
        let indexes: Vec<_> = plan(&entries, &Snapshot::default()).iter().map(Step::index).collect();
        assert_eq!(indexes, [Some(2), Some(1), Some(0)]);
    }

    #[test]
    fn a_device_gets_its_options_back_before_its_link_goes_down() {
        let entries = [
            Entry::changed(3, "ring-rx", Undo::Tuned("256".into())),
            made(3, "address 192.0.2.1/24"),
            Entry::changed(3, "speed", Undo::Tuned(String::new())),
        ];
        let have = Snapshot::default();
        let steps = plan(&entries, &have);
        let wanted = vec![("ring-rx".to_owned(), "256".to_owned()), ("speed".to_owned(), String::new())];
        assert_eq!(steps.first(), Some(&Step::Tune { index: 0, ifindex: 3, wanted }));
        assert_eq!(steps.len(), 2);
    }

    #[test]
    fn no_address_is_formed_by_undoing() {
        let mode = Entry::changed(3, ADDR_GEN_MODE, Undo::Sysctl("0".into()));
        let disabled = Entry::changed(3, DISABLE, Undo::Sysctl("1".into()));
        let up = Entry::changed(3, "up", Undo::HostName(None));
        let written = |entries: &[Entry]| {
            let value = |step: &Step<'_>| match step {
                Step::Sysctl { key, value, .. } => Some(format!("{key} {value}")),
                _ => None,
            };
            plan(entries, &Snapshot::default()).iter().filter_map(value).collect::<Vec<_>>()
        };
        let [formed, off, on] =
            ["ipv6/addr_gen_mode 0", "ipv6/disable_ipv6 1", "ipv6/disable_ipv6 0"].map(str::to_owned);
        assert_eq!(written(&[mode.clone(), up.clone()]), [formed.clone(), off.clone(), on]);
        assert_eq!(written(&[mode.clone(), disabled, up]), [off, formed.clone()]);
        assert_eq!(written(&[mode]), [formed], "a link that stays up has its address");
    }

    #[test]
    fn a_foreign_address_in_a_network_of_ours_is_seen() {
        let entries = [made(3, "address 192.0.2.1/24")];
        let have = |net: &str, ifindex| Snapshot {
            addresses: vec![held(3, "192.0.2.1/24", None), held(ifindex, net, None)],
            ..Snapshot::default()
        };
        assert_eq!(shared_links(&entries, &have("192.0.2.9/24", 3)), [3]);
        assert!(shared_links(&entries, &have("192.0.2.9/24", 4)).is_empty());
        assert!(shared_links(&entries, &have("192.0.2.9/25", 3)).is_empty());
    }

    #[test]
    fn what_routers_told_goes_only_where_nobody_listened_before() {
        let learned = Snapshot { addresses: vec![held(3, "2001:db8::1/64", Some(9))], ..Snapshot::default() };
        let entries = |former: &str| [Entry::changed(3, "ipv6/accept_ra", Undo::Sysctl(former.into()))];
        assert_eq!(plan(&entries("0"), &learned).len(), 2);
        assert_eq!(plan(&entries("1"), &learned).len(), 1);
    }
}
