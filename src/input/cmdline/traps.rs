//! Readings of `ip=` that are legal and hardly meant: a field too few shifts all that follow.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::ip::{Argument, Method};
use super::lex::{Value, is_interface_name, number};
use super::reading::Remark;

/// The fields of a value with their brackets.
fn fields(text: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    let (mut start, mut nested) = (0, 0_usize);
    for (at, character) in text.char_indices() {
        match character {
            '[' => nested += 1,
            ']' => nested = nested.saturating_sub(1),
            ':' if nested == 0 => {
                fields.push(text.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    fields.push(text.get(start..).unwrap_or_default());
    fields
}

/// What is odd about an `ip=` that was read as `argument`.
pub(super) fn ip(value: Value<'_>, argument: &Argument) -> Vec<Remark> {
    let parts = fields(value.text());
    [shifted(value, &parts), elsewhere(value, argument)].into_iter().flatten().collect()
}

/// A field is missing before the link or before the gateway, so that a word stands in the place of another.
fn shifted(value: Value<'_>, parts: &[&str]) -> Option<Remark> {
    let part = |index: usize| parts.get(index).copied().unwrap_or_default();
    let is_mask = |text: &str| text.parse::<Ipv4Addr>().is_ok_and(|mask| mask.octets().first() == Some(&255));
    let is_long = part(0).trim_matches(['[', ']']).split('/').next()?.parse::<IpAddr>().is_ok();
    let (text, at) = match () {
        () if is_long && is_mask(part(2)) && !is_mask(part(3)) => (
            format!(
                "the mask {} stands where the gateway belongs: the (mostly empty) field of the server is missing",
                part(2)
            ),
            1,
        ),
        () if is_long && Method::parse(part(5)).is_some() && Method::parse(part(6)).is_none() => (
            format!("'{}' stands where the link belongs: the (maybe empty) field of the host name is missing", part(5)),
            4,
        ),
        () => return None,
    };
    let mut whole = parts.to_vec();
    whole.insert(at.min(whole.len()), "");
    let instead = Some(format!("ip={}", whole.join(":")));
    Some(Remark { instead, ..Remark::error(value.origin(), text) })
}

/// A gateway that the address does not reach.
fn elsewhere(value: Value<'_>, argument: &Argument) -> Option<Remark> {
    let (client, gateway) = (argument.client?, argument.gateway?);
    let link_local = matches!(gateway, IpAddr::V6(gateway) if gateway.is_unicast_link_local());
    let reached = client.contains(&gateway) || gateway.is_unspecified() || link_local;
    let comparable = client.addr().is_ipv4() == gateway.is_ipv4() && client.prefix_len() < client.max_prefix_len();
    let text = format!("the gateway {gateway} is not in the network {}; it is taken to be on the link", client.trunc());
    (comparable && !reached).then(|| Remark::caution(value.origin(), text))
}

/// `CLIENT::GW:MASK:HOST:IFACE:METHOD` with IPv6 addresses that lack their brackets, put right.
pub(super) fn bracketed(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(':').collect();
    let at = parts.len().checked_sub(4)?;
    let (addresses, rest) = parts.split_at_checked(at)?;
    let [mask, _, link, method] = rest else { return None };
    let plausible = number(mask, 0, 128).is_some() || mask.is_empty();
    if !plausible || Method::parse(method).is_none() || !(link.is_empty() || is_interface_name(link)) {
        return None;
    }
    let joined = addresses.join(":");
    let address = |text: &str| text.parse::<Ipv6Addr>().is_ok();
    let split = joined.match_indices("::").find_map(|(at, _)| {
        let (client, gateway) = (joined.get(..at)?, joined.get(at + 2..)?);
        (address(client) && (gateway.is_empty() || address(gateway))).then_some((client, gateway))
    });
    let (client, gateway) = split?;
    let gateway = if gateway.is_empty() { String::new() } else { format!("[{gateway}]") };
    Some(format!("ip=[{client}]::{gateway}:{}", rest.join(":")))
}

#[cfg(test)]
mod tests {
    use super::super::words::CommandLine;
    use super::super::{Environment, read};

    /// The forms that are proposed in place of the words of a line.
    fn proposed(line: &str) -> Vec<String> {
        let sysfs = std::path::Path::new("/nonexistent");
        let environment = Environment { sysfs, persistent_profiles: false, machine_id: None };
        let reading = read(&CommandLine::parse(line.as_bytes()), &environment);
        reading.remarks.into_iter().filter_map(|remark| remark.instead).collect()
    }

    #[test]
    fn the_nearest_valid_form_of_a_shifted_line_is_proposed() {
        for (line, instead) in [
            ("ip=192.0.2.2::192.0.2.1:24:eth0:none", "ip=192.0.2.2::192.0.2.1:24::eth0:none"),
            ("ip=192.0.2.2::192.0.2.1:255.255.255.0:eth0:off", "ip=192.0.2.2::192.0.2.1:255.255.255.0::eth0:off"),
            ("ip=192.0.2.2:192.0.2.1:255.255.255.0:h:eth0:none", "ip=192.0.2.2::192.0.2.1:255.255.255.0:h:eth0:none"),
            ("ip=[2001:db8::2]::[2001:db8::1]:64:eth0:none", "ip=[2001:db8::2]::[2001:db8::1]:64::eth0:none"),
            ("ip=2001:db8::2::2001:db8::1:64::eth0:none", "ip=[2001:db8::2]::[2001:db8::1]:64::eth0:none"),
            ("ip=2001:db8::2:::64:h:eth0:off", "ip=[2001:db8::2]:::64:h:eth0:off"),
            ("ip=dhcp:eth0", "ip=eth0:dhcp"),
            ("ip=DHCP", "ip=dhcp"),
            ("ip=192.0.2.2/24:eth0", "ip=192.0.2.2/24:::::eth0:none"),
            ("ip=eth0:192.0.2.2/24", "ip=192.0.2.2/24:::::eth0:none"),
            ("ip=eth0;dhcp6", "ip=eth0:dhcp6"),
            ("nameserver=192.0.2.1,192.0.2.2", "nameserver=192.0.2.1 nameserver=192.0.2.2"),
            ("ip=eth0:Off", "ip=eth0:off"),
            ("ip=192.0.2.2::192.0.2.1:24:h:eth0:static", "ip=192.0.2.2::192.0.2.1:24:h:eth0:none"),
        ] {
            assert_eq!(proposed(line), [instead], "{line}");
            assert_eq!(proposed(instead), [""; 0], "{instead}");
            assert_ne!(line, instead);
        }
        assert_eq!(proposed("ip=192.0.2.2::192.0.2.1:24::none:dhcp"), [""; 0], "a link may have any name");
    }
}
