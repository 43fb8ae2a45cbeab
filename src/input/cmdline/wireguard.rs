//! `rd.wireguard=IFACE:FILE`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::builder::Builder;
use super::lex::{Value, boolean, is_interface_name, number};
use crate::input::wgquick::Asked;

/// Notes a tunnel; its file is read with the others.
pub(super) fn read<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    let text = value.text();
    let (name, path) = match text.split_once(':') {
        Some((name, path)) => (name, PathBuf::from(path)),
        None if text.starts_with('/') => (stem(text), PathBuf::from(text)),
        None => (text, Path::new("/etc/wireguard").join(format!("{text}.conf"))),
    };
    if !is_interface_name(name) || !path.is_absolute() {
        let text =
            "write rd.wireguard=IFACE:/PATH, as in rd.wireguard=wg0:/etc/wireguard/wg0.conf; the argument is ignored";
        return builder.error(value.origin_of_value(), text);
    }
    if builder.reading.wireguard.iter().any(|other| other.name == name) {
        return builder.error(value.origin(), format!("{name} has a file already; the argument is ignored"));
    }
    builder.reading.wireguard.push(Asked { name: name.to_owned(), path, origin: value.origin() });
}

/// `rd.net.timeout.handshake`.
pub(super) fn timeout<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    match number(value.text(), 0, 86_400) {
        Some(seconds) => builder.reading.timeouts.handshake = Some(Duration::from_secs(seconds.unsigned_abs())),
        None => {
            builder.error(value.origin_of_value(), "write a number of seconds, 0 to 86400; the argument is ignored")
        }
    }
}

/// `rd.wireguard.bypass`.
pub(super) fn bypass<'a>(builder: &mut Builder<'a>, value: Value<'a>) {
    match boolean(value.text()) {
        Some(on) => builder.reading.wireguard_bypass = on,
        None => builder.error(value.origin_of_value(), "write 0 or 1; the argument is ignored"),
    }
}

/// The name of the file, without `.conf`.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.strip_suffix(".conf").unwrap_or_default()
}
