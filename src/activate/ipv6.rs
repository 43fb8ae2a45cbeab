//! IPv6 on one link. Router advertisements and duplicate address detection are the kernel's: sunup sets it right before
//! the link goes up, asks the router at once, and waits for what the kernel makes of the answer.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use ipnet::IpNet;

use super::event::{Action, AddressEvent};
use super::family::{Family, Progress};
use super::outcome::Reason;
use super::target::{self, FamilyTarget};
use crate::profile::ip::AddrGenMode;
use crate::profile::{Ip6Settings, Method6};
use crate::proto::Instant;

/// How long a router advertisement is waited for where the profile does not say: dracut's `rd.net.timeout.ipv6auto`.
const ROUTER_TIMEOUT: Duration = Duration::from_secs(40);

/// Router solicitations sent by sunup, from carrier on; the kernel's own follow after its duplicate address detection.
const SOLICITATIONS: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(250), Duration::from_millis(1000), Duration::from_millis(3000)];

/// IPv6 on one link.
pub(super) struct Ipv6 {
    settings: Ip6Settings,
    /// Addresses the kernel has now.
    known: Vec<AddressEvent>,
    applied: bool,
    carrier: Option<Instant>,
    solicited: usize,
    default_route: bool,
}

impl Ipv6 {
    /// IPv6 as `settings` ask for it, on a link that has these addresses already.
    pub(super) fn new(settings: Ip6Settings, known: Vec<AddressEvent>, default_route: bool) -> Self {
        Self { settings, known, applied: false, carrier: None, solicited: 0, default_route }
    }

    /// The settings.
    pub(super) fn settings(&self) -> &Ip6Settings {
        &self.settings
    }

    /// The kernel has taken what was last asked of it.
    pub(super) fn applied(&mut self) {
        self.applied = true;
    }

    /// The link has carrier, for the first time or again.
    pub(super) fn carrier(&mut self, now: Instant) {
        self.carrier = Some(now);
        self.solicited = 0;
    }

    /// A default route by this link appeared or went.
    pub(super) fn default_route(&mut self, there: bool) {
        self.default_route = there;
    }

    /// An address appeared, changed or went.
    pub(super) fn address(&mut self, event: AddressEvent) {
        self.known.retain(|known| known.net != event.net);
        if !event.gone {
            self.known.push(event);
        }
    }

    /// Global addresses that were formed from router advertisements.
    pub(super) fn autoconf(&self) -> Vec<IpNet> {
        let own = &self.settings.ip.addresses;
        self.known
            .iter()
            .filter(|known| known.is_global() && usable(known) && !own.contains(&known.net))
            .map(|k| k.net)
            .collect()
    }

    /// Asks the router, when it is time.
    pub(super) fn drive(&mut self, ifindex: u32, now: Instant, out: &mut Vec<Action>) {
        if self.next_solicitation().is_some_and(|at| now >= at) {
            out.push(Action::SolicitRouter { ifindex });
            self.solicited += 1;
        }
    }

    /// When to be woken.
    pub(super) fn deadline(&self, now: Instant) -> Option<Instant> {
        let give_up = self.give_up().filter(|&at| at > now);
        [self.next_solicitation(), give_up].into_iter().flatten().min()
    }

    fn next_solicitation(&self) -> Option<Instant> {
        let wanted = self.settings.method == Method6::Auto && !self.default_route && self.autoconf().is_empty();
        let delay = SOLICITATIONS.get(self.solicited).filter(|_| wanted)?;
        self.carrier.map(|at| at + *delay)
    }

    fn give_up(&self) -> Option<Instant> {
        let timeout = self.settings.ra_timeout.map_or(ROUTER_TIMEOUT, |s| Duration::from_secs(u64::from(s)));
        self.carrier.map(|at| at + timeout)
    }

    /// What the kernel shall hold now: what the profile asks for. Addresses from routers are the kernel's.
    pub(super) fn target(&self, metric: u32) -> FamilyTarget {
        let metric = self.settings.ip.route_metric.unwrap_or(metric);
        match self.settings.method {
            Method6::Disabled | Method6::Ignore | Method6::Shared => FamilyTarget::default(),
            _ => target::from_profile(&self.settings.ip, &self.autoconf(), metric),
        }
    }

    /// How far it has come.
    pub(super) fn family(&self, since: Instant, now: Instant) -> Family {
        let ip = &self.settings.ip;
        Family::new(self.progress(now), ip.may_fail, since, ip.required_timeout)
    }

    fn progress(&self, now: Instant) -> Progress {
        if let Some(address) = self.duplicate() {
            return Progress::Failed(Reason::Duplicate(IpAddr::V6(address)));
        }
        let own_ready =
            self.settings.ip.addresses.iter().all(|net| self.known.iter().any(|k| k.net == *net && usable(k)));
        match self.settings.method {
            Method6::Disabled | Method6::Ignore => Progress::Off,
            Method6::Shared => {
                Progress::Failed(Reason::Unsupported("ipv6.method=shared cannot be carried out".to_owned()))
            }
            Method6::Manual if self.applied && own_ready => Progress::Up,
            Method6::LinkLocal if self.known.iter().any(|k| !k.is_global() && usable(k)) => Progress::Up,
            Method6::Manual | Method6::LinkLocal => Progress::Pending(Reason::NotReady),
            Method6::Auto | Method6::Dhcp if own_ready && !self.autoconf().is_empty() => Progress::Up,
            Method6::Auto | Method6::Dhcp => match self.give_up() {
                Some(at) if now >= at => Progress::Failed(Reason::NoRouter),
                _ => Progress::Pending(Reason::NoRouter),
            },
        }
    }

    /// An address of the profile that another host has.
    fn duplicate(&self) -> Option<Ipv6Addr> {
        let own = &self.settings.ip.addresses;
        let failed = |known: &&AddressEvent| known.dad_failed && (own.contains(&known.net) || !known.is_global());
        self.known.iter().find(failed).and_then(|known| match known.net.addr() {
            IpAddr::V6(address) => Some(address),
            IpAddr::V4(_) => None,
        })
    }
}

/// Probed, or allowed to be used while being probed.
fn usable(address: &AddressEvent) -> bool {
    !address.tentative && !address.dad_failed
}

/// The kernel settings (`net/ipv6/conf/IF/…`) a method wants, to be made before the link goes up.
pub(super) fn sysctls(settings: Option<&Ip6Settings>) -> Vec<(&'static str, String)> {
    let Some(settings) = settings else { return vec![("ipv6/disable_ipv6", "1".to_owned())] };
    let privacy = settings.privacy.unwrap_or(0).to_string();
    let router = |yes: &str| {
        let mut all = vec![
            ("ipv6/accept_ra", yes),
            ("ipv6/autoconf", yes),
            ("ipv6/accept_ra_pinfo", yes),
            ("ipv6/accept_ra_defrtr", yes),
        ];
        all.push(("ipv6/addr_gen_mode", addr_gen_mode(settings.addr_gen_mode)));
        all.extend([
            ("ipv6/optimistic_dad", "1"),
            ("ipv6/use_optimistic", "1"),
            ("ipv6/use_tempaddr", privacy.as_str()),
        ]);
        // Last: the link-local address is formed in this moment.
        all.push(("ipv6/disable_ipv6", "0"));
        all.into_iter().map(|(key, value)| (key, value.to_owned())).collect()
    };
    match settings.method {
        Method6::Disabled => vec![("ipv6/disable_ipv6", "1".to_owned())],
        Method6::Ignore | Method6::Shared => Vec::new(),
        Method6::Auto => router("1"),
        Method6::Dhcp | Method6::Manual | Method6::LinkLocal => router("0"),
    }
}

/// IFLA_INET6_ADDR_GEN_MODE. Where the daemon's default decides, EUI-64: it needs no secret that the initramfs has not.
fn addr_gen_mode(mode: AddrGenMode) -> &'static str {
    match mode {
        AddrGenMode::Eui64 | AddrGenMode::DefaultOrEui64 | AddrGenMode::Default => "0",
        AddrGenMode::StablePrivacy => "3",
    }
}
