//! `rd.wireguard=IFACE:FILE`.

use std::path::{Path, PathBuf};

use super::builder::Builder;
use super::lex::{Value, is_interface_name};
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
        return builder.error(value.origin(), text);
    }
    if builder.reading.wireguard.iter().any(|other| other.name == name) {
        return builder.error(value.origin(), format!("{name} has a file already; the argument is ignored"));
    }
    builder.reading.wireguard.push(Asked { name: name.to_owned(), path, origin: value.origin() });
}

/// The name of the file, without `.conf`.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.strip_suffix(".conf").unwrap_or_default()
}
