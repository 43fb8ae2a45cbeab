//! The kernel of the simulated machine: links, addresses and routes, changed by the requests that the real comparison asks for. It tells
//! what happens as the real one does: by events, in order.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv6Net};
use sunup::kernel::{self, Address, Link, LinkChange, Request, Route, Snapshot, diff};
use sunup::profile::desired::{DesiredAddress, DesiredLink, DesiredRoute};
use sunup::profile::{Device, HwAddr};

/// IFA_F_TENTATIVE, IFA_F_OPTIMISTIC, IFA_F_DADFAILED, IFA_F_NOPREFIXROUTE.
const TENTATIVE: u32 = 0x40;
const OPTIMISTIC: u32 = 0x04;
const DAD_FAILED: u32 = 0x08;
const NO_PREFIX_ROUTE: u32 = 0x200;

/// Something the kernel tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Told {
    Link { ifindex: u32, name: String, up: bool, carrier: bool },
    Gone { ifindex: u32 },
    Address { ifindex: u32, net: IpNet, tentative: bool, dad_failed: bool, gone: bool },
    DefaultRoute { ifindex: u32 },
    Flags { ifindex: u32, managed: bool, other: bool },
    NameServer { ifindex: u32 },
}

/// What a request changes, without borrowing what it is compared with.
enum Change {
    Up(bool),
    Name(String),
    Mtu(u32),
    Mac(HwAddr),
    Address(DesiredAddress),
    NoAddress(IpNet),
    Route(DesiredRoute),
    NoRoute(DesiredRoute),
    Else,
}

/// The kernel.
pub(crate) struct Machine {
    pub(crate) snapshot: Snapshot,
    settings: BTreeMap<(u32, &'static str), String>,
    optimistic: bool,
}

pub(crate) fn mac_of(number: usize) -> HwAddr {
    let number = u16::try_from(number).expect("few").to_be_bytes();
    HwAddr::new(&[2, 0, 0x5e, 0, number[0], number[1]]).expect("6 bytes")
}

/// The interface identifier of RFC 4291 appendix A behind a prefix.
pub(crate) fn eui64(prefix: Ipv6Net, mac: HwAddr) -> Ipv6Addr {
    let [a, b, c, d, e, f] = mac.as_bytes().try_into().expect("6 bytes");
    let id = u64::from_be_bytes([a ^ 2, b, c, 0xff, 0xfe, d, e, f]);
    Ipv6Addr::from_bits(prefix.network().to_bits() | u128::from(id))
}

impl Machine {
    pub(crate) fn new(optimistic: bool) -> Self {
        Self { snapshot: Snapshot::default(), settings: BTreeMap::new(), optimistic }
    }

    pub(crate) fn add_link(&mut self, ifindex: u32, name: &str, mac: HwAddr) {
        let broadcast = HwAddr::new(&[0xff; 6]);
        let (name, mac) = (name.to_owned(), Some(mac));
        self.snapshot.links.push(Link { ifindex, name, arp_type: 1, mtu: 1500, mac, broadcast, ..Link::default() });
    }

    pub(crate) fn remove_link(&mut self, ifindex: u32) {
        self.snapshot.links.retain(|link| link.ifindex != ifindex);
        self.snapshot.addresses.retain(|address| address.ifindex != ifindex);
        self.snapshot.routes.retain(|route| route.ifindex != ifindex);
        self.settings.retain(|(of, _), _| *of != ifindex);
    }

    pub(crate) fn link(&mut self, ifindex: u32) -> Option<&mut Link> {
        self.snapshot.links.iter_mut().find(|link| link.ifindex == ifindex)
    }

    /// What there is to tell of a link as it is now.
    pub(crate) fn tell_link(&self, ifindex: u32) -> Option<Told> {
        let Link { name, up, carrier, .. } = self.snapshot.link(ifindex)?.clone();
        Some(Told::Link { ifindex, name, up, carrier })
    }

    /// The same of an address.
    pub(crate) fn tell_address(&self, ifindex: u32, net: IpNet) -> Option<Told> {
        let held = self.snapshot.addresses.iter().find(|held| (held.ifindex, held.net) == (ifindex, net))?;
        let (tentative, dad_failed) = (held.is_tentative(), held.is_duplicate());
        Some(Told::Address { ifindex, net, tentative, dad_failed, gone: false })
    }

    pub(crate) fn devices(&self) -> Vec<Device> {
        kernel::device::devices(&self.snapshot, None)
    }

    pub(crate) fn set(&mut self, ifindex: u32, key: &'static str, value: String) {
        self.settings.insert((ifindex, key), value);
    }

    pub(crate) fn setting(&self, ifindex: u32, key: &'static str) -> Option<&str> {
        self.settings.get(&(ifindex, key)).map(String::as_str)
    }

    pub(crate) fn has_ipv6(&self, ifindex: u32) -> bool {
        self.setting(ifindex, "ipv6/disable_ipv6") != Some("1")
    }

    /// Carries a wish out; `None` if the link is gone. Answers what there is to tell, and which addresses are now to be probed.
    pub(crate) fn apply(&mut self, wanted: &DesiredLink) -> Option<(Vec<Told>, Vec<IpNet>)> {
        self.link(wanted.ifindex)?;
        let have = self.snapshot.clone();
        let requests = diff(&have, std::slice::from_ref(wanted));
        let changes: Vec<Change> = requests.iter().map(change).collect();
        let (mut told, mut probed) = (Vec::new(), Vec::new());
        for change in changes {
            self.carry_out(wanted.ifindex, change, &mut told, &mut probed);
        }
        Some((told, probed))
    }

    /// True if every address and route of a wish is there.
    pub(crate) fn holds(&self, wanted: &DesiredLink) -> bool {
        let of = |ifindex: u32| ifindex == wanted.ifindex;
        let address =
            |one: &DesiredAddress| self.snapshot.addresses.iter().any(|held| of(held.ifindex) && held.net == one.net);
        let route = |one: &DesiredRoute| self.snapshot.routes.iter().any(|held| of(held.ifindex) && held.route == *one);
        wanted.addresses.iter().all(address) && wanted.routes.iter().all(route)
    }

    /// The IPv6 addresses of a link.
    pub(crate) fn addresses6(&self, ifindex: u32) -> Vec<IpNet> {
        let held = self.snapshot.addresses.iter().filter(|held| held.ifindex == ifindex);
        held.map(|held| held.net).filter(|net| matches!(net, IpNet::V6(_))).collect()
    }

    fn carry_out(&mut self, ifindex: u32, change: Change, told: &mut Vec<Told>, probed: &mut Vec<IpNet>) {
        let link = self.link(ifindex).expect("looked up before");
        match change {
            Change::Up(up) => link.up = up,
            Change::Name(name) => link.name = name,
            Change::Mtu(mtu) => link.mtu = mtu,
            Change::Mac(mac) => link.mac = Some(mac),
            Change::Address(wanted) => {
                let flags = if wanted.no_prefix_route { NO_PREFIX_ROUTE } else { 0 };
                let lifetimes = (wanted.valid, wanted.preferred);
                self.add_address(ifindex, wanted.net, flags, lifetimes, wanted.optimistic);
                told.extend(self.tell_address(ifindex, wanted.net));
                probed.extend(Some(wanted.net).filter(|net| matches!(net, IpNet::V6(_))));
                return;
            }
            Change::NoAddress(net) => {
                self.snapshot.addresses.retain(|held| (held.ifindex, held.net) != (ifindex, net));
                told.push(Told::Address { ifindex, net, tentative: false, dad_failed: false, gone: true });
                return;
            }
            Change::Route(route) => return self.snapshot.routes.push(Route { ifindex, route }),
            Change::NoRoute(route) => return self.snapshot.routes.retain(|held| held.route != route),
            Change::Else => return,
        }
        told.extend(self.tell_link(ifindex));
    }

    /// Adds an address; an IPv6 one is tentative.
    pub(crate) fn add_address(
        &mut self,
        ifindex: u32,
        net: IpNet,
        flags: u32,
        (valid, preferred): (Option<std::time::Duration>, Option<std::time::Duration>),
        may_be_optimistic: bool,
    ) {
        let optimistic = may_be_optimistic
            && self.optimistic
            && self.setting(ifindex, "ipv6/optimistic_dad") == Some("1")
            && self.setting(ifindex, "ipv6/use_optimistic") == Some("1");
        let probing = match net {
            IpNet::V6(_) if optimistic => TENTATIVE | OPTIMISTIC,
            IpNet::V6(_) => TENTATIVE,
            IpNet::V4(_) => 0,
        };
        let local = matches!(net.addr(), IpAddr::V6(address) if address.is_unicast_link_local());
        let scope = if local { 253 } else { 0 };
        self.snapshot.addresses.retain(|held| (held.ifindex, held.net.addr()) != (ifindex, net.addr()));
        let flags = flags | probing;
        let address = Address { ifindex, net, scope, broadcast: None, flags, valid, preferred };
        // The last one of IPv6 stands first.
        let at = if matches!(net, IpNet::V6(_)) { 0 } else { self.snapshot.addresses.len() };
        self.snapshot.addresses.insert(at, address);
    }

    /// Probing is over. Answers whether the address is still there.
    pub(crate) fn probed(&mut self, ifindex: u32, net: IpNet, duplicate: bool) -> bool {
        let held = self.snapshot.addresses.iter_mut().find(|held| (held.ifindex, held.net) == (ifindex, net));
        let Some(held) = held.filter(|held| held.flags & TENTATIVE != 0) else { return false };
        held.flags &= !(TENTATIVE | OPTIMISTIC);
        if duplicate {
            held.flags |= DAD_FAILED | TENTATIVE;
        }
        true
    }

    pub(crate) fn add_route(&mut self, ifindex: u32, route: DesiredRoute) {
        self.snapshot.routes.push(Route { ifindex, route });
    }

    /// A link-local address that may be spoken from.
    pub(crate) fn can_speak6(&self, ifindex: u32) -> bool {
        let local = |held: &&Address| matches!(held.net.addr(), IpAddr::V6(a) if a.is_unicast_link_local());
        let mut held = self.snapshot.addresses.iter().filter(|held| held.ifindex == ifindex).filter(local);
        held.any(|held| !held.is_tentative() && !held.is_duplicate())
    }
}

fn change(request: &Request<'_>) -> Change {
    match request {
        Request::SetLink(_, LinkChange::Up(up)) => Change::Up(*up),
        Request::SetLink(_, LinkChange::Name(name)) => Change::Name((*name).to_owned()),
        Request::SetLink(_, LinkChange::Mtu(mtu)) => Change::Mtu(*mtu),
        Request::SetLink(_, LinkChange::Mac(mac)) => Change::Mac(*mac),
        Request::AddAddress(_, wanted) => Change::Address(*wanted),
        Request::RemoveAddress(_, net) => Change::NoAddress(*net),
        Request::AddRoute(_, wanted) => Change::Route((*wanted).clone()),
        Request::RemoveRoute(_, held) => Change::NoRoute((*held).clone()),
        _ => Change::Else,
    }
}
