//! Name servers and search domains of a link.

use std::net::{IpAddr, Ipv6Addr};

use super::Link;
use crate::activate::event::is_link_local6;
use crate::activate::outcome::Dns;
use crate::profile::IpSettings;
use crate::profile::ip::DnsServer;
use crate::profile::text::is_search_domain;
use crate::proto::Instant;

impl Link {
    /// A server of the profile for a plain resolver. A link-local one is of this link.
    fn zoned(&self, server: &DnsServer) -> Option<String> {
        let text = server.for_resolver()?;
        let bare = matches!(server.address, IpAddr::V6(address) if is_link_local6(address)) && !text.contains('%');
        Some(if bare { format!("{text}%{}", self.device.name) } else { text.to_owned() })
    }

    /// Name servers and search domains: the profile's first, then those that came by the link.
    pub(in crate::activate) fn dns(&self, now: Instant) -> Dns {
        let mut all = Dns::default();
        let sections = [self.profile.ipv4.as_ref().map(|s| &s.ip), self.profile.ipv6.as_ref().map(|s| &s.ip)];
        for section in sections.into_iter().flatten() {
            let servers = section.dns.iter().filter_map(|server| self.zoned(server)).collect();
            all.merge(&Dns { servers, search: search_domains(section), options: resolver_options(section) });
        }
        if let Some(lease) = self.v4.held(now).filter(|_| !self.v4.settings().ip.ignore_auto_dns) {
            let mut search: Vec<String> = lease.search.iter().map(ToString::to_string).collect();
            // The daemon searches the domain of the host where nobody said what is to be searched.
            if search.is_empty() && all.search.is_empty() {
                search.extend(lease.domain.iter().map(ToString::to_string));
            }
            let servers = lease.dns.iter().map(ToString::to_string).collect();
            all.merge(&Dns { servers, search, ..Dns::default() });
        }
        if self.v6.as_ref().is_some_and(|v6| !v6.settings().ip.ignore_auto_dns) {
            // A link-local server is one of this link: it needs the zone.
            let server = |address: Ipv6Addr| match is_link_local6(address) {
                true => format!("{address}%{}", self.device.name),
                false => address.to_string(),
            };
            let leased = self.v6.as_ref().and_then(|v6| v6.held(now)).into_iter();
            all.merge(&Dns {
                servers: leased.clone().flat_map(|lease| &lease.dns).map(|address| server(*address)).collect(),
                search: leased.flat_map(|lease| &lease.search).map(ToString::to_string).collect(),
                ..Dns::default()
            });
            let servers = self.learned.servers(now).map(|(address, _)| server(address)).collect();
            let search = self.learned.search(now).map(|(name, _)| name.to_string()).collect();
            all.merge(&Dns { servers, search, ..Dns::default() });
        }
        all
    }
}

/// The search domains of a profile that may stand in a file of words.
fn search_domains(section: &IpSettings) -> Vec<String> {
    section.dns_search.iter().filter(|domain| is_search_domain(domain)).cloned().collect()
}

/// The options of a profile that may stand in a file of words.
fn resolver_options(section: &IpSettings) -> Vec<String> {
    let word = |option: &&String| option.bytes().all(|byte| byte.is_ascii_graphic());
    section.dns_options.iter().filter(word).cloned().collect()
}
