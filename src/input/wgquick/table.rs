//! The keys of a wg-quick file, declared once.

use super::value::{any_base, decimal, net, words};
use super::{Reader, Table};
use crate::profile::wireguard::{Key as Secret, KeyError, split_endpoint};

/// The section a line is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// Before the first header.
    None,
    Interface,
    Peer,
}

/// What is wrong with a value.
pub(super) enum Wrong {
    Value,
    /// It is a secret and is not shown; why it is none.
    Secret(String),
}

type Read = fn(&mut Reader<'_>, &str) -> Result<(), Wrong>;

/// A key.
pub(super) struct Key {
    pub(super) section: Section,
    /// Its name; any case will do.
    pub(super) name: &'static str,
    /// What it may be.
    pub(super) form: &'static str,
    /// Known only in a boot.
    pub(super) at_boot: bool,
    pub(super) read: Read,
}

const fn interface(name: &'static str, form: &'static str, read: Read) -> Key {
    Key { section: Section::Interface, name, form, at_boot: false, read }
}

const fn peer(name: &'static str, form: &'static str, read: Read) -> Key {
    Key { section: Section::Peer, name, form, at_boot: false, read }
}

/// The largest number of a table or mark.
const I32: u32 = i32::MAX.unsigned_abs();

const HOOK: &str = "sunup runs no commands; see sunup.cmdline(7) for what it does itself";

/// Every key, by section.
#[rustfmt::skip]
pub(super) const KEYS: [Key; 19] = [
    interface("PrivateKey", "44 characters of base64", |reader, text| {
        reader.link.private_key = Some(secret(reader, text)?);
        Ok(())
    }),
    interface("Address", "ADDRESS[/PREFIX] with commas between several", address),
    interface("DNS", "addresses and search domains with commas between", |reader, text| {
        for word in words(text) {
            match word.parse() {
                Ok(server) if !reader.dns.contains(&server) => reader.dns.push(server),
                Err(_) if !reader.search.iter().any(|other| other == word) => reader.search.push(word.to_owned()),
                _ => {}
            }
        }
        Ok(())
    }),
    interface("MTU", "a number of bytes", |reader, text| number(&mut reader.mtu, any_base(text, u32::MAX))),
    interface("Table", "auto, off, or a number", table),
    interface("FwMark", "off, or a number up to 0x7fffffff", |reader, text| {
        reader.link.fwmark = off_or(text, |text| any_base(text, I32))?;
        Ok(())
    }),
    interface("ListenPort", "a port, 0 to 65535", |reader, text| {
        reader.link.listen_port = decimal(text, 65535).and_then(|port| u16::try_from(port).ok()).ok_or(Wrong::Value)?;
        Ok(())
    }),
    interface("PreUp", "", |reader, _| { reader.ignored("PreUp", HOOK); Ok(()) }),
    interface("PostUp", "", |reader, _| { reader.ignored("PostUp", HOOK); Ok(()) }),
    interface("PreDown", "", |reader, _| { reader.ignored("PreDown", HOOK); Ok(()) }),
    interface("PostDown", "", |reader, _| { reader.ignored("PostDown", HOOK); Ok(()) }),
    interface("SaveConfig", "true or false", |_, text| {
        if matches!(text, "true" | "false") { Ok(()) } else { Err(Wrong::Value) }
    }),
    Key { at_boot: true, ..interface("PrivateKeyFile", "the path of a file with the key", |reader, text| {
        reader.link.private_key = Some(reader.secrets.file(text).map_err(Wrong::Secret)?);
        Ok(())
    }) },
    peer("PublicKey", "44 characters of base64", |reader, text| {
        let key = text.parse().map_err(|_: KeyError| Wrong::Value)?;
        reader.peer.iter_mut().for_each(|peer| peer.public_key = Some(key));
        Ok(())
    }),
    peer("PresharedKey", "44 characters of base64", |reader, text| {
        let key = secret(reader, text)?;
        preshared(reader, key)
    }),
    Key { at_boot: true, ..peer("PresharedKeyFile", "the path of a file with the key", |reader, text| {
        let key = reader.secrets.file(text).map_err(Wrong::Secret)?;
        preshared(reader, key)
    }) },
    peer("AllowedIPs", "ADDRESS[/PREFIX] with commas between several", |reader, text| {
        for word in words(text) {
            let net = net(word).ok_or(Wrong::Value)?;
            reader.peer.iter_mut().for_each(|peer| peer.rest.allowed_ips.push(net));
        }
        Ok(())
    }),
    peer("Endpoint", "HOST:PORT or [IPv6]:PORT", |reader, text| {
        split_endpoint(text).ok_or(Wrong::Value)?;
        reader.peer.iter_mut().for_each(|peer| peer.rest.endpoint = Some(text.to_owned()));
        Ok(())
    }),
    peer("PersistentKeepalive", "off, or 0 to 65535 seconds", |reader, text| {
        let seconds = off_or(text, |text| decimal(text, 65535))?;
        reader.peer.iter_mut().for_each(|peer| peer.rest.persistent_keepalive = seconds);
        Ok(())
    }),
];

fn secret(reader: &Reader<'_>, text: &str) -> Result<Secret, Wrong> {
    reader.secrets.key(text).map_err(Wrong::Secret)
}

fn preshared(reader: &mut Reader<'_>, key: Secret) -> Result<(), Wrong> {
    if let Some(peer) = &mut reader.peer {
        peer.rest.preshared_key = Some(key.clone());
        peer.rest.preshared_key_flags = 0;
    }
    Ok(())
}

fn number(field: &mut Option<u32>, number: Option<u32>) -> Result<(), Wrong> {
    *field = Some(number.ok_or(Wrong::Value)?);
    Ok(())
}

fn off_or(text: &str, read: impl Fn(&str) -> Option<u32>) -> Result<u32, Wrong> {
    if text == "off" { Ok(0) } else { read(text).ok_or(Wrong::Value) }
}

fn address(reader: &mut Reader<'_>, text: &str) -> Result<(), Wrong> {
    for word in words(text) {
        let net = net(word).ok_or(Wrong::Value)?;
        if !reader.addresses.contains(&net) {
            reader.addresses.push(net);
        }
    }
    Ok(())
}

fn table(reader: &mut Reader<'_>, text: &str) -> Result<(), Wrong> {
    reader.table = match text {
        "auto" => Table::Auto,
        "off" => Table::Off,
        text => match any_base(text, I32).ok_or(Wrong::Value)? {
            0 => Table::Auto,
            table => Table::Number(table),
        },
    };
    Ok(())
}
