//! The messages that a client sends (RFC 8415 sections 18.2.1 to 18.2.8).

use std::net::Ipv6Addr;

use ipnet::Ipv6Net;

use super::guard::{code, kind, put};
use super::ia::{put_addresses, put_prefixes};
use super::{Config, Mode};
use crate::proto::domains;

/// What is asked for with addresses.
const WANTED: [u16; 8] = [
    code::DNS_SERVERS,
    code::DOMAIN_LIST,
    code::SNTP_SERVERS,
    code::FQDN,
    code::NTP_SERVER,
    code::BOOT_FILE_URL,
    code::BOOT_FILE_PARAMETERS,
    code::SOL_MAX_RT,
];

/// What is asked for without.
const WANTED_STATELESS: [u16; 8] = [
    code::DNS_SERVERS,
    code::DOMAIN_LIST,
    code::SNTP_SERVERS,
    code::REFRESH_TIME,
    code::NTP_SERVER,
    code::BOOT_FILE_URL,
    code::BOOT_FILE_PARAMETERS,
    code::INF_MAX_RT,
];

/// The S flag of the Client FQDN option: the server is to make the AAAA record (RFC 4704 section 4.1).
const FQDN_SERVER_UPDATES: u8 = 1;

/// One message; what is `None` or empty is left out.
#[derive(Debug, Clone)]
pub(super) struct Draft<'a> {
    pub(super) kind: u8,
    pub(super) transaction: u32,
    pub(super) elapsed: u16,
    /// Left out of messages to any server.
    pub(super) server: Option<&'a [u8]>,
    /// Of the IA_NA. `None`: no IA_NA.
    pub(super) addresses: Option<Vec<Ipv6Addr>>,
    /// Of the IA_PD. `None`: no IA_PD.
    pub(super) prefixes: Option<Vec<Ipv6Net>>,
}

impl Draft<'_> {
    pub(super) fn write(&self, config: &Config) -> Vec<u8> {
        let [_, a, b, c] = self.transaction.to_be_bytes();
        let mut to = vec![self.kind, a, b, c];
        put(&mut to, code::CLIENT_ID, &config.duid);
        if let Some(server) = self.server {
            put(&mut to, code::SERVER_ID, server);
        }
        if self.kind == kind::SOLICIT && config.rapid_commit {
            put(&mut to, code::RAPID_COMMIT, &[]);
        }
        put(&mut to, code::ELAPSED_TIME, &self.elapsed.to_be_bytes());
        if let Some(addresses) = &self.addresses {
            put_addresses(&mut to, config.iaid, addresses);
        }
        if let Some(prefixes) = &self.prefixes {
            put_prefixes(&mut to, config.iaid, prefixes);
        }
        if self.asks_for_configuration() {
            put_wishes(&mut to, config);
        }
        to
    }

    fn asks_for_configuration(&self) -> bool {
        !matches!(self.kind, kind::CONFIRM | kind::RELEASE | kind::DECLINE)
    }
}

/// The option request option, and our name.
fn put_wishes(to: &mut Vec<u8>, config: &Config) {
    let stateless = config.mode == Mode::StatelessInfo;
    let wanted = if stateless { WANTED_STATELESS } else { WANTED };
    let codes: Vec<u8> = wanted.iter().flat_map(|code| code.to_be_bytes()).collect();
    put(to, code::OPTION_REQUEST, &codes);
    let mut name = vec![FQDN_SERVER_UPDATES];
    if !stateless && config.fqdn.as_deref().is_some_and(|fqdn| domains::write(fqdn, &mut name)) {
        put(to, code::FQDN, &name);
    }
}
