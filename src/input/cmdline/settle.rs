//! What a daemon refuses in `[ipv4]` and `[ipv6]`: single fields are dropped, so that the rest still works.

use std::net::IpAddr;

use super::lex::Value;
use super::reading::Remark;
use super::words::Word;
use crate::profile::{IpSettings, Method4, Method6, Origin, Profile};

/// Brings both families into a form a daemon accepts.
pub(super) fn ip(profile: &mut Profile, origin: &Origin, remarks: &mut Vec<Remark>) {
    if let Some(ipv4) = &mut profile.ipv4 {
        if ipv4.method != Method4::Auto {
            no_dhcp(&mut ipv4.ip);
            ipv4.dhcp_client_id = None;
            ipv4.dhcp_vendor_class = None;
            ipv4.dhcp_dscp = None;
        }
        ipv4.ip.may_fail |= ipv4.method == Method4::Disabled;
        let dns = matches!(ipv4.method, Method4::Auto | Method4::Manual);
        family(&mut ipv4.ip, "IPv4", dns, origin, remarks);
    }
    if let Some(ipv6) = &mut profile.ipv6 {
        if !matches!(ipv6.method, Method6::Auto | Method6::Dhcp) {
            no_dhcp(&mut ipv6.ip);
        }
        ipv6.ip.may_fail |= ipv6.method == Method6::Disabled;
        let dns = matches!(ipv6.method, Method6::Auto | Method6::Dhcp | Method6::Manual);
        family(&mut ipv6.ip, "IPv6", dns, origin, remarks);
    }
}

/// Without DHCP its settings say nothing.
fn no_dhcp(ip: &mut IpSettings) {
    ip.dhcp_hostname = None;
    ip.dhcp_timeout = None;
}

/// Drops name servers where the family has no use for them (`dns`), and a gateway without address.
fn family(ip: &mut IpSettings, name: &str, dns: bool, origin: &Origin, remarks: &mut Vec<Remark>) {
    if !dns {
        for server in ip.dns.drain(..) {
            let text = format!("{name} is not used here, so its name server {} is ignored", server.text);
            remarks.push(Remark::error(at(origin, server.address), text));
        }
    }
    if let Some(gateway) = ip.gateway.filter(|_| ip.addresses.is_empty()) {
        ip.gateway = None;
        let text = format!("there is no static {name} address for the gateway {gateway}, so it is ignored");
        remarks.push(Remark::error(at(origin, gateway), text));
    }
}

/// Where in the word the address stands, as it may be spelled there.
fn at(origin: &Origin, address: IpAddr) -> Origin {
    let mut origin = origin.clone();
    if let Origin::CommandLine { word, column, at } = &mut origin {
        let whole = Word { text: word.clone(), column: *column, quotes: Vec::new() };
        let (_, value) = Value::of(&whole);
        let mut fields = value.fields();
        while !fields.is_empty() {
            let field = fields.next(':');
            if let Origin::CommandLine { at: found, .. } = value.origin_of(field)
                && field.text.parse() == Ok(address)
            {
                *at = found;
            }
        }
    }
    origin
}
