//! What must be known before a request is sent so that it can be undone, and undoing it.

use std::path::Path;

use ipnet::IpNet;
use netlink_packet_route::link::LinkHeader;

use super::error::errno;
use super::kinds;
use super::message::{Batch, messages};
use super::netlink::{Encode, Refusal};
use super::request::{LinkChange, Request, Target};
use super::snapshot::Snapshot;
use super::undo_plan::{Step, plan, shared_links};
use super::unmake::alike;
use super::{Kernel, KernelError, abi, ethtool, sysctl};
use crate::journal::{Entry, Sign, Undo};
use crate::profile::desired::{DesiredAddress, DesiredLink, DesiredRoute, NewLink};
use crate::profile::ip::{RouteOptions, RoutingRule};

/// 127.0.0.1/8, which the kernel adds when the loopback link goes up and does not take away again.
const LOOPBACK: IpNet = IpNet::V4(ipnet::Ipv4Net::new_assert(std::net::Ipv4Addr::LOCALHOST, 8));

/// The entries of the journal for requests that are about to be sent. `have` is what the kernel holds, `want` what the requests
/// were made from.
pub(super) fn entries(have: &Snapshot, want: &[DesiredLink], requests: &[Request<'_>]) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(requests.len());
    for request in requests {
        match request {
            // Noted where links are made.
            Request::AddLink(_) => {}
            Request::SetKind(target, kind, setting) => {
                let held = have.link(target.ifindex).map_or(&[][..], |link| &link.data);
                entries.extend(setting.former(held).map(|was| {
                    let undo = by(&Request::SetKind(*target, kind, was));
                    Entry::changed(target.ifindex, format!("{kind} {}", setting.option), undo)
                }));
            }
            Request::SetPort(target, kind, setting) => {
                let held = have.link(target.ifindex).map_or(&[][..], |link| &link.port_data);
                entries.extend(setting.former(held).map(|was| {
                    let undo = by(&Request::SetPort(*target, kind, was));
                    Entry::changed(target.ifindex, format!("{kind} port {}", setting.option), undo)
                }));
            }
            // They go with the port's place in the bridge, or with the bridge.
            Request::AddVlans(..) => {}
            Request::SetLink(target, change) => link(have, *target, *change, &mut entries),
            // One that is taken away and made anew is noted already.
            Request::AddAddress(target, wanted) if is_removed(requests, *target, wanted.net) => {}
            Request::AddAddress(target, wanted) => entries.extend(address(have, *target, wanted)),
            Request::RemoveAddress(..) => {}
            Request::AddRoute(target, route) => {
                let undo = by(&Request::RemoveRoute(*target, route));
                entries.push(Entry { sign: Sign::Made, ifindex: target.ifindex, object: route_name(route), undo });
            }
            Request::RemoveRoute(target, route) => {
                let undo = by(&Request::AddRoute(*target, route));
                entries.push(Entry { sign: Sign::Removed, ifindex: target.ifindex, object: route_name(route), undo });
            }
            Request::AddRule(family, rule) => {
                let removal = Request::RemoveRule(*family, rule);
                let (object, undo) = (removal.to_string(), by(&removal));
                entries.push(Entry { sign: Sign::Made, ifindex: link_of(want, rule), object, undo });
            }
            Request::RemoveRule(family, rule) => {
                let (object, undo) = (request.to_string(), by(&Request::AddRule(*family, rule)));
                entries.push(Entry { sign: Sign::Removed, ifindex: link_of(want, rule), object, undo });
            }
        }
    }
    entries
}

/// A link that is made, by its name: it has no index yet.
pub(super) fn new_link(sign: Sign, link: &NewLink) -> Entry {
    let kind = kinds::kind_of(&link.kind.kind).unwrap_or_default();
    let mut batch = Batch::default();
    batch.begin(abi::rtm::DELLINK, 0, 0, &LinkHeader::default());
    batch.text(abi::ifla::IFNAME, &link.name);
    let payload = messages(batch.bytes()).next().map_or(Vec::new(), |message| message.payload.to_vec());
    let undo = Undo::Netlink { kind: abi::rtm::DELLINK, payload };
    Entry { sign, ifindex: 0, object: link_name(&link.name, kind), undo }
}

/// A link that was made, as an object. It is only taken away if it is still of this kind.
pub(super) fn link_name(name: &str, kind: &str) -> String {
    format!("link {name} {kind}")
}

/// A request as the message it is sent as: type and payload.
pub(super) fn message(request: &Request<'_>) -> (u16, Vec<u8>) {
    let mut batch = Batch::default();
    request.encode(&mut batch, 0);
    let first = messages(batch.bytes()).next();
    first.map_or((0, Vec::new()), |message| (message.kind, message.payload.to_vec()))
}

/// Undone by this request.
fn by(request: &Request<'_>) -> Undo {
    let (kind, payload) = message(request);
    Undo::Netlink { kind, payload }
}

/// The value a property of a link had; nothing for a link that is not known: it was just made.
fn link(have: &Snapshot, target: Target<'_>, change: LinkChange<'_>, entries: &mut Vec<Entry>) {
    let Some(held) = have.link(target.ifindex) else { return };
    let (name, former) = match change {
        LinkChange::Up(_) => ("up", Some(LinkChange::Up(held.up))),
        LinkChange::Name(_) | LinkChange::NameAside => ("name", Some(LinkChange::Name(&held.name))),
        LinkChange::Mtu(_) => ("mtu", Some(LinkChange::Mtu(held.mtu))),
        LinkChange::Mac(_) => ("mac", held.mac.map(LinkChange::Mac)),
        LinkChange::Controller(_) => ("controller", Some(LinkChange::Controller(held.controller.unwrap_or(0)))),
        LinkChange::Token(_) => ("token", held.token.map(LinkChange::Token)),
        LinkChange::AddrGenMode(_) => ("addr-gen-mode", held.addr_gen_mode.map(LinkChange::AddrGenMode)),
    };
    // The loopback link is nobody's in particular.
    let ifindex = if held.is_loopback() { 0 } else { held.ifindex };
    let Some(former) = former else { return };
    if held.is_loopback() && change == LinkChange::Up(true) && !holds(have, held.ifindex, LOOPBACK) {
        let undo = by(&Request::RemoveAddress(target, LOOPBACK));
        entries.push(Entry { sign: Sign::Made, ifindex, object: address_name(LOOPBACK), undo });
    }
    entries.push(Entry::changed(ifindex, name, by(&Request::SetLink(target, former))));
}

fn holds(have: &Snapshot, ifindex: u32, net: IpNet) -> bool {
    have.addresses.iter().any(|held| held.ifindex == ifindex && held.net == net)
}

/// True if it is made anew.
fn is_removed(requests: &[Request<'_>], target: Target<'_>, net: IpNet) -> bool {
    let removes = |request: &Request<'_>| matches!(request, Request::RemoveAddress(from, removed) if (from.ifindex, *removed) == (target.ifindex, net));
    requests.iter().any(removes)
}

/// An address that is added; or one that is there for ever, and gets an end.
fn address(have: &Snapshot, target: Target<'_>, wanted: &DesiredAddress) -> Option<Entry> {
    let held = have.addresses.iter().find(|held| held.ifindex == target.ifindex && held.net == wanted.net);
    let Some(held) = held else {
        let undo = by(&Request::RemoveAddress(target, wanted.net));
        return Some(Entry { sign: Sign::Made, ifindex: target.ifindex, object: address_name(wanted.net), undo });
    };
    if held.valid.is_some() {
        return None;
    }
    let former = DesiredAddress {
        net: held.net,
        broadcast: held.broadcast,
        valid: None,
        preferred: held.preferred,
        no_prefix_route: held.no_prefix_route(),
        no_dad: true,
        optimistic: false,
        leads_temporary: false,
    };
    let object = format!("lifetime {}", held.net);
    Some(Entry::changed(target.ifindex, object, by(&Request::AddAddress(target, former))))
}

/// An address as an object of its link.
pub(super) fn address_name(net: IpNet) -> String {
    format!("address {net}")
}

/// A route as an object of its link: all that tells it from others, the same whether it is wanted or read from the kernel.
fn route_name(route: &DesiredRoute) -> String {
    let DesiredRoute { destination, gateway, metric, protocol, options } = route;
    let RouteOptions { table, src, from, tos, .. } = options;
    let metric =
        if *metric == 0 && matches!(destination, IpNet::V6(_)) { abi::route::IPV6_DEFAULT_METRIC } else { *metric };
    let table = table.unwrap_or(abi::route::TABLE_MAIN);
    format!("route {destination} {gateway:?} {metric} {protocol} {table} {src:?} {from:?} {}", tos.unwrap_or(0))
}

/// The link whose profile has the rule.
pub(super) fn link_of(want: &[DesiredLink], rule: &RoutingRule) -> u32 {
    let has = |wanted: &&DesiredLink| wanted.rules.iter().chain(&wanted.rules6).any(|one| std::ptr::eq(one, rule));
    want.iter().find(has).map_or(0, |wanted| wanted.ifindex)
}

/// A message as it stands in the journal.
struct Raw<'a> {
    kind: u16,
    payload: &'a [u8],
}

impl<'a> Raw<'a> {
    fn of(step: &'a Step<'_>) -> Option<Self> {
        match step {
            Step::Netlink { kind, payload, .. } => Some(Self { kind: *kind, payload }),
            Step::Sysctl { .. } | Step::Tune { .. } | Step::HostName { .. } => None,
        }
    }
}

impl Encode for Raw<'_> {
    fn encode(&self, batch: &mut Batch, sequence: u32) {
        batch.raw(self.kind, abi::flags_to_put_back(self.kind), sequence, self.payload);
    }
}

impl Kernel {
    /// Undoes `entries` (folded, in the order of the journal), the last one first. Answers what could not be undone: index and
    /// error. What is gone already is undone.
    pub fn undo(&mut self, entries: &[Entry]) -> Result<Vec<(usize, KernelError)>, KernelError> {
        let have = self.snapshot()?;
        let shared: Vec<u32> = shared_links(entries, &have);
        let promoted: Vec<_> = shared.iter().map(|&ifindex| (ifindex, self.promote(ifindex, "1"))).collect();
        let steps = plan(entries, &have);
        let mut failures = Vec::new();
        let mut rest = steps.as_slice();
        while let Some(first) = rest.first() {
            let messages = alike(rest);
            if messages == 0 {
                failures.extend(self.one_step(first));
                rest = rest.get(1..).unwrap_or_default();
            } else {
                let (now, later) = rest.split_at(messages);
                self.unmake(now);
                self.undo_messages(now, entries, &mut failures);
                rest = later;
            }
        }
        for (ifindex, former) in promoted {
            former.and_then(|former| self.promote(ifindex, &former));
        }
        Ok(failures)
    }

    fn undo_messages(&mut self, steps: &[Step<'_>], entries: &[Entry], failures: &mut Vec<(usize, KernelError)>) {
        let messages: Vec<Raw<'_>> = steps.iter().filter_map(Raw::of).collect();
        for refusal in self.netlink.send(&messages) {
            let (Some(step), Some(message)) = (steps.get(refusal.index), messages.get(refusal.index)) else { continue };
            let again = refusal.errno == errno::EBUSY && message.kind == abi::rtm::SETLINK;
            let refusal = if again { self.while_down(message) } else { Some(refusal) };
            let Some(refusal) = refusal.filter(|refusal| !is_settled(refusal.errno, message.kind)) else { continue };
            let index = step.index().unwrap_or(usize::MAX);
            failures.push((index, not_undone(entries.get(index), refusal)));
        }
    }

    /// Sends a change of a link while the link is down.
    fn while_down(&mut self, change: &Raw<'_>) -> Option<Refusal> {
        let ifindex =
            change.payload.get(4..8).and_then(|bytes| bytes.first_chunk().copied()).map_or(0, u32::from_ne_bytes);
        let target = Target { ifindex, name: "" };
        let set = |up| Request::SetLink(target, LinkChange::Up(up));
        self.netlink.send(&[set(false)]);
        let refusal = self.netlink.send(std::slice::from_ref(change)).pop();
        self.netlink.send(&[set(true)]);
        refusal
    }

    fn one_step(&mut self, step: &Step<'_>) -> Option<(usize, KernelError)> {
        match step {
            Step::Netlink { .. } => None,
            Step::Sysctl { index, ifindex, key, value } => {
                let name = self.name_of(*ifindex)?;
                let error = sysctl::set(Path::new("/"), &name, key, value, |_| {}).err()?;
                (!error.is_gone()).then_some((*index, error))
            }
            Step::Tune { index, ifindex, wanted } => {
                let tuned = ethtool::tune(*ifindex, wanted, ethtool::Way::Best, &mut |_, _| {});
                let (option, why) = tuned.refused.into_iter().next().filter(|_| self.name_of(*ifindex).is_some())?;
                Some((*index, KernelError::Option { ifindex: *ifindex, option, why }))
            }
            Step::HostName { index, name } => Some((*index, super::hostname::set(name.unwrap_or("(none)")).err()?)),
        }
    }

    /// Lets the other addresses of a network stay when the first one goes; answers the value before, if it was another.
    fn promote(&mut self, ifindex: u32, value: &str) -> Option<String> {
        let name = self.name_of(ifindex)?;
        let mut former = None;
        sysctl::set(Path::new("/"), &name, PROMOTE, value, |value| former = Some(value.to_owned())).ok()?;
        former
    }
}

/// A setting of a link that keeps the other addresses of a network when the first one goes.
const PROMOTE: &str = "ipv4/promote_secondaries";

/// What could not be undone.
fn not_undone(entry: Option<&Entry>, refusal: Refusal) -> KernelError {
    KernelError::Refused {
        request: entry.map_or_else(|| "undo".to_owned(), |entry| format!("undo '{}'", entry.object)),
        ifindex: entry.map_or(0, |entry| entry.ifindex),
        device: String::new(),
        fatal: false,
        errno: refusal.errno,
        explanation: refusal.explanation,
    }
}

/// What was to be taken away is gone, or its link is, or the kernel cannot have such a thing; what was to be put back is there.
fn is_settled(errno: i32, kind: u16) -> bool {
    use errno::{EADDRNOTAVAIL, EAFNOSUPPORT, EEXIST, ENODEV, ENOENT, EOPNOTSUPP, ESRCH};
    let unknown = matches!(kind, abi::rtm::DELADDR | abi::rtm::DELROUTE | abi::rtm::DELRULE);
    matches!(errno, EADDRNOTAVAIL | EEXIST | ENODEV | ENOENT | ESRCH)
        || unknown && matches!(errno, EOPNOTSUPP | EAFNOSUPPORT)
}
