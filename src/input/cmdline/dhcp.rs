//! `rd.net.dhcp.*`, `rd.peerdns` and `rd.net.timeout.*`.

use std::time::Duration;

use super::builder::Builder;
use super::dns::one_of;
use super::lex::{Interface, Value, boolean, number};
use super::reading::Timeouts;
use crate::profile::text::unescape;

/// The longest DHCP option, in bytes.
const MAX_OPTION: usize = 255;

/// The largest timeout in seconds that is not infinite.
const MAX_SECONDS: i64 = i32::MAX as i64;

/// The largest number of seconds whose milliseconds fit a daemon's 32 bits.
const MAX_SECONDS_OF_MILLIS: i64 = MAX_SECONDS / 1000;

/// `rd.peerdns=0`: no name servers from DHCP and router advertisements.
pub(super) fn peerdns<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    builder.defaults.ignore_auto_dns = !switch(builder, value, true);
}

/// A switch; `default` if the value is none, with a remark unless it is empty.
pub(super) fn switch(builder: &mut Builder<'_>, value: Value<'_>, default: bool) -> bool {
    let switch = boolean(value.text());
    if switch.is_none() && !value.text().is_empty() {
        builder
            .error(value.origin_of_value(), format!("'{}' is not a switch (0 or 1); {default} is taken", value.text()));
    }
    switch.unwrap_or(default)
}

/// `rd.net.timeout.dhcp`: seconds of one attempt.
pub(super) fn timeout<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    if let Some(seconds) = seconds(builder, value, 1, MAX_SECONDS) {
        builder.defaults.dhcp_timeout = seconds;
        builder.reading.timeouts.dhcp = Some(duration(seconds));
    }
}

/// `rd.net.dhcp.retry`: number of attempts.
pub(super) fn retry<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    match number(value.text(), 1, MAX_SECONDS) {
        Some(tries) => {
            builder.defaults.dhcp_tries = tries;
            builder.reading.timeouts.dhcp_tries = u32::try_from(tries).ok();
        }
        None => builder
            .error(value.origin_of_value(), format!("'{}' is no number of attempts; it is ignored", value.text())),
    }
}

/// `rd.net.timeout.carrier`: 0 is the default.
pub(super) fn carrier<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    let seconds = number(value.text(), 0, MAX_SECONDS).map(|seconds| seconds.min(MAX_SECONDS_OF_MILLIS));
    let Some(seconds) = seconds else {
        let text = format!("'{}' is no number of seconds from 0 to {MAX_SECONDS}; it is ignored", value.text());
        builder.reading.timeouts.carrier = None;
        return builder.error(value.origin_of_value(), text);
    };
    builder.reading.timeouts.carrier = Some(duration(seconds)).filter(|_| seconds > 0);
}

/// `rd.net.timeout.ip-required`.
pub(super) fn required<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    if let Some(seconds) = seconds(builder, value, 0, MAX_SECONDS_OF_MILLIS) {
        let infinite = seconds == MAX_SECONDS;
        builder.defaults.required_timeout = if infinite { MAX_SECONDS } else { seconds.saturating_mul(1000) };
        builder.reading.timeouts.ip_required = Some(duration(seconds));
    }
}

/// `rd.net.timeout.iflink` and the others that only sunup and dracut know.
pub(super) fn other<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    let Some(seconds) = seconds(builder, value, 0, MAX_SECONDS) else { return };
    let (name, _) = Value::of(value.word);
    if let Some(timeout) = place(&mut builder.reading.timeouts, name) {
        *timeout = Some(duration(seconds));
    }
}

/// Where a timeout is kept.
fn place<'t>(timeouts: &'t mut Timeouts, name: &str) -> Option<&'t mut Option<Duration>> {
    match name.rsplit('.').next()? {
        "iflink" => Some(&mut timeouts.iflink),
        "ifup" => Some(&mut timeouts.ifup),
        "route" => Some(&mut timeouts.route),
        "ipv6dad" => Some(&mut timeouts.ipv6dad),
        "ipv6auto" => Some(&mut timeouts.ipv6auto),
        _ => None,
    }
}

/// A number of seconds, or [`MAX_SECONDS`] for `infinity`.
fn seconds(builder: &mut Builder<'_>, value: Value<'_>, min: i64, max: i64) -> Option<i64> {
    let seconds = if value.text() == "infinity" { Some(MAX_SECONDS) } else { number(value.text(), min, max) };
    if seconds.is_none() {
        let text =
            format!("'{}' is no number of seconds from {min} to {max}, nor 'infinity'; it is ignored", value.text());
        builder.error(value.origin_of_value(), text);
    }
    seconds
}

/// Seconds as a duration.
fn duration(seconds: i64) -> Duration {
    if seconds >= MAX_SECONDS { Duration::MAX } else { Duration::from_secs(seconds.unsigned_abs()) }
}

/// `rd.net.dhcp.vendor-class`: option 60.
pub(super) fn vendor_class<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    let bytes = unescape(value.text());
    if (1..=MAX_OPTION).contains(&bytes.len()) && !bytes.contains(&0) {
        builder.defaults.vendor_class = Some(value.text().to_owned());
    } else {
        builder.error(value.origin_of_value(), "a vendor class has 1 to 255 bytes, none of them NUL; it is ignored");
    }
}

/// `rd.net.dhcp.dscp`.
pub(super) fn dscp<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    if let Some(word) = one_of(builder, value, &["CS0", "CS4", "CS6"]) {
        builder.defaults.dscp = Some(word);
    }
}

/// `rd.net.acd`: how long addresses are looked for at other hosts.
pub(super) fn acd<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    let milliseconds = match value.text() {
        "off" => Some(0),
        "short" => Some(200),
        "full" => Some(9_000),
        text => number(text, 0, 30_000),
    };
    match milliseconds {
        Some(time) => builder.defaults.dad_timeout = Some(Duration::from_millis(time.unsigned_abs())),
        None => {
            let text = format!("'{}' is none of off, short, full, 0 to 30000 (ms); it is ignored", value.text());
            builder.error(value.origin(), text);
        }
    }
}

/// `rd.net.dhcp.client-id=IFACE:ID`: option 61.
pub(super) fn client_id<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    let mut fields = value.fields();
    let field = fields.next(':');
    let Some(interface) = Interface::parse(field.text) else {
        let text = format!("'{}' is neither an interface name nor a MAC; the client id is ignored", field.text);
        return builder.error(value.origin_of(field), text);
    };
    let id = fields.rest();
    let Some(bytes) = client_id_bytes(id.text).filter(|bytes| bytes.len() >= 2) else {
        let text = format!(
            "'{}' is no client id: at least two hexadecimal bytes separated by '-', or '@' and a text; it is ignored",
            id.text
        );
        return builder.error(value.origin_of(id), text);
    };
    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    builder.link(&interface, None, value).ipv4().dhcp_client_id = Some(hex.join(":"));
}

/// `@TEXT` is a zero byte and the text; else hexadecimal, with or without hyphens between the bytes.
fn client_id_bytes(text: &str) -> Option<Vec<u8>> {
    if let Some(text) = text.strip_prefix('@') {
        let bytes = std::iter::once(0).chain(text.bytes()).collect();
        return Some(bytes).filter(|_| !text.is_empty());
    }
    let byte = |pair: &str| {
        let legal = (1..=2).contains(&pair.len()) && pair.bytes().all(|b| b.is_ascii_hexdigit());
        u8::from_str_radix(pair, 16).ok().filter(|_| legal)
    };
    if text.contains('-') {
        return text.split('-').map(byte).collect();
    }
    let pairs: Vec<&[u8]> = text.as_bytes().chunks(2).filter(|pair| pair.len() == 2 || text.len() == 1).collect();
    let whole = pairs.iter().map(|pair| pair.len()).sum::<usize>() == text.len();
    pairs.iter().map(|pair| byte(std::str::from_utf8(pair).ok()?)).collect::<Option<_>>().filter(|_| whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_ids_are_hexadecimal_or_text() {
        for (text, bytes) in [
            ("01-aa-BB", Some(vec![1, 0xaa, 0xbb])),
            ("1-a", Some(vec![1, 10])),
            ("01aabb", Some(vec![1, 0xaa, 0xbb])),
            ("@1", Some(vec![0, b'1'])),
            ("1", Some(vec![1])),
            ("@", None),
            ("", Some(vec![])),
            ("01a", None),
            ("01-", None),
            ("01:02", None),
            ("+1-02", None),
            ("ä", None),
        ] {
            assert_eq!(client_id_bytes(text), bytes, "{text}");
        }
    }
}
