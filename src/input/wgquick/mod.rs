//! wg-quick files (`wg0.conf`, wg-quick(8)) to profiles, with the verdicts and values of NetworkManager's own import.
//!
//! White space counts nowhere, `#` begins a comment, keys and headers may be in any case and values may not. What
//! `wg-quick` would run as a command is never run: it is left out with a warning.
//!
//! For a boot, two more things may be written ([`Secrets::at_boot`]): `PrivateKey=@NAME` and `PresharedKey=@NAME` for a
//! credential, and `PrivateKeyFile=` and `PresharedKeyFile=` for a file. A key that is left out may be a credential
//! `network.wireguard.private.IFACE`; of a single peer also `network.wireguard.preshared.IFACE`.

use std::path::{Path, PathBuf};

use ipnet::IpNet;
use uuid::Uuid;

mod boot;
mod table;
mod value;

pub use self::boot::{Asked, at_boot, find_keys};
use self::table::{KEYS, Key, Section, Wrong};
use super::credentials::Secrets;
use super::nmconnection::verify::is_interface_name;
use crate::profile::ip::{AddrGenMode, DnsServer};
use crate::profile::wireguard::{Peer, PublicKey, WireGuard, wipe};
use crate::profile::{
    Ip4Settings, Ip6Settings, IpSettings, LinkKind, Method4, Method6, Origin, Profile, Warning, text::one_line,
};

/// A file may be no longer.
pub const LARGEST: u64 = 10 << 20;

/// The file cannot be used. The words are NetworkManager's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WgQuickError {
    /// The file name does not give the link a name.
    #[error("{}: the name of the file must be the link's name followed by '.conf', as in wg0.conf", path.display())]
    FileName {
        /// The file.
        path: PathBuf,
    },
    /// A line that is neither a header nor a known key of its section.
    #[error("unrecognized line at {}:{line}; {hint}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What may stand there.
        hint: &'static str,
    },
    /// A key with a value it cannot have.
    #[error("invalid value for '{key}' at {}:{line}; write {form}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The key.
        key: &'static str,
        /// What it may be.
        form: &'static str,
    },
    /// A key that is none. It is not shown.
    #[error("invalid secret '{key}' at {}:{line}; {why}", path.display())]
    Secret {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The key.
        key: &'static str,
        /// What is wrong.
        why: String,
    },
    /// A peer without a public key.
    #[error("Invalid peer starting at {}:{line}: it has no PublicKey", path.display())]
    Peer {
        /// The file.
        path: PathBuf,
        /// The line of its header.
        line: usize,
    },
}

/// Where the routes go: `Table`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Table {
    #[default]
    Auto,
    Off,
    Number(u32),
}

/// A peer that is being read: all but its name.
struct OpenPeer {
    line: usize,
    public_key: Option<PublicKey>,
    rest: Peer,
}

/// What has been read so far.
struct Reader<'a> {
    path: &'a Path,
    line: usize,
    section: Section,
    secrets: &'a Secrets<'a>,
    link: WireGuard,
    mtu: Option<u32>,
    table: Table,
    addresses: Vec<IpNet>,
    dns: Vec<std::net::IpAddr>,
    search: Vec<String>,
    peer: Option<OpenPeer>,
    warnings: Vec<Warning>,
}

/// Reads a file. The link's name is that of the file without `.conf`.
///
/// The profile's uuid follows from that name, so that a daemon finds the same numbers in every boot.
pub fn read(text: &[u8], path: &Path, secrets: &Secrets<'_>) -> Result<(Profile, Vec<Warning>), WgQuickError> {
    let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".conf"));
    match name.filter(|name| is_interface_name(name)) {
        Some(name) => read_named(text, name, path, secrets),
        None => Err(WgQuickError::FileName { path: path.to_owned() }),
    }
}

/// Reads a file for the link `name`, whatever the file is called.
pub fn read_named(
    text: &[u8],
    name: &str,
    path: &Path,
    secrets: &Secrets<'_>,
) -> Result<(Profile, Vec<Warning>), WgQuickError> {
    if !is_interface_name(name) || text.len() as u64 > LARGEST {
        return Err(WgQuickError::FileName { path: path.to_owned() });
    }
    let mut reader = Reader {
        path,
        line: 0,
        section: Section::None,
        secrets,
        link: WireGuard::default(),
        mtu: None,
        table: Table::Auto,
        addresses: Vec::new(),
        dns: Vec::new(),
        search: Vec::new(),
        peer: None,
        warnings: Vec::new(),
    };
    let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
    for line in String::from_utf8_lossy(text).split('\n') {
        reader.line += 1;
        reader.read_line(line)?;
    }
    reader.close_peer()?;
    reader.find_keys(name)?;
    Ok(reader.finish(name))
}

impl Reader<'_> {
    fn read_line(&mut self, line: &str) -> Result<(), WgQuickError> {
        let line = line.split('#').next().unwrap_or_default();
        let line: String = line.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let read = if line.is_empty() { Ok(()) } else { self.read_text(&line) };
        wipe(&mut line.into_bytes());
        read
    }

    /// Reads a line without white space and comment.
    fn read_text(&mut self, line: &str) -> Result<(), WgQuickError> {
        if line.starts_with('[') {
            return self.header(line);
        }
        let found = line.split_once('=').and_then(|(name, value)| Some((self.key(name)?, value)));
        let Some((key, value)) = found else {
            let hint = match self.section {
                Section::None => "the first line is [Interface] or [Peer]",
                _ => "see wg-quick(8) for the keys of its section; comments begin with '#'",
            };
            return Err(self.unrecognized(hint));
        };
        (key.read)(self, value).map_err(|wrong| {
            let (path, line, key, form) = (self.path.to_owned(), self.line, key.name, key.form);
            match wrong {
                Wrong::Value => WgQuickError::Value { path, line, key, form },
                Wrong::Secret(why) => WgQuickError::Secret { path, line, key, why },
            }
        })
    }

    fn unrecognized(&self, hint: &'static str) -> WgQuickError {
        WgQuickError::Line { path: self.path.to_owned(), line: self.line, hint }
    }

    fn header(&mut self, line: &str) -> Result<(), WgQuickError> {
        self.section = match line.to_ascii_lowercase().as_str() {
            "[interface]" => Section::Interface,
            "[peer]" => Section::Peer,
            _ => return Err(self.unrecognized("the headers are [Interface] and [Peer]")),
        };
        self.close_peer()?;
        if self.section == Section::Peer {
            let rest = Peer::new(PublicKey::new([0; 32]));
            self.peer = Some(OpenPeer { line: self.line, public_key: None, rest });
        }
        Ok(())
    }

    fn key(&self, name: &str) -> Option<&'static Key> {
        let ours = |key: &&Key| key.section == self.section && (!key.at_boot || self.secrets.is_boot());
        KEYS.iter().filter(ours).find(|key| key.name.eq_ignore_ascii_case(name))
    }

    /// Adds the peer that was being read. A second one with the same key takes the place of the first, at the end.
    fn close_peer(&mut self) -> Result<(), WgQuickError> {
        let Some(open) = self.peer.take() else { return Ok(()) };
        let Some(public_key) = open.public_key else {
            return Err(WgQuickError::Peer { path: self.path.to_owned(), line: open.line });
        };
        let before = self.link.peers.len();
        self.link.peers.retain(|peer| peer.public_key != public_key);
        if self.link.peers.len() < before {
            self.warn(open.line, format!("peer {public_key} stands here again; only this one counts"));
        }
        self.link.peers.push(Peer { public_key, ..open.rest });
        Ok(())
    }

    /// Names as systemd's for keys that the file leaves out.
    fn find_keys(&mut self, name: &str) -> Result<(), WgQuickError> {
        if !self.secrets.is_boot() {
            return Ok(());
        }
        let wrong = |key, why| WgQuickError::Secret { path: self.path.to_owned(), line: 0, key, why };
        boot::find_private(&mut self.link, self.secrets, name).map_err(|why| wrong("PrivateKey", why))?;
        boot::find_preshared(&mut self.link, self.secrets, name).map_err(|why| wrong("PresharedKey", why))
    }

    fn warn(&mut self, line: usize, text: impl Into<String>) {
        let origin = Origin::File { path: self.path.to_owned(), line };
        self.warnings.push(Warning { origin, text: text.into() });
    }

    /// A key that is read and not carried out.
    fn ignored(&mut self, key: &str, why: &str) {
        self.warn(self.line, format!("{key} is left out: {why}"));
    }

    fn finish(mut self, name: &str) -> (Profile, Vec<Warning>) {
        self.remarks();
        if self.table == Table::Off {
            self.link.peer_routes = false;
        }
        let uuid: Uuid = super::uuids::stable_uuid(&["wgquick", name]);
        let origin = Origin::File { path: self.path.to_owned(), line: 0 };
        let [v4, v6] = [true, false].map(|v4| self.ip(v4));
        let method = |ip: &IpSettings| !ip.addresses.is_empty();
        let method4 = if method(&v4) { Method4::Manual } else { Method4::Disabled };
        let method6 = if method(&v6) { Method6::Manual } else { Method6::Disabled };
        let mut profile = Profile::new(name, uuid, LinkKind::WireGuard(self.link), origin);
        profile.interface_name = Some(name.to_owned());
        profile.link.mtu = self.mtu.filter(|&mtu| mtu != 0);
        profile.ipv4 = Some(Ip4Settings { method: method4, ip: v4, ..Ip4Settings::default() });
        let addr_gen_mode = AddrGenMode::Default;
        profile.ipv6 = Some(Ip6Settings { method: method6, ip: v6, addr_gen_mode, ..Ip6Settings::default() });
        (profile, self.warnings)
    }

    /// One family: its addresses, and name servers where there are any.
    fn ip(&self, v4: bool) -> IpSettings {
        let addresses: Vec<IpNet> = self.addresses.iter().filter(|net| net.addr().is_ipv4() == v4).copied().collect();
        let route_table = if let Table::Number(table) = self.table { table } else { 0 };
        let mut ip = IpSettings { addresses, route_table, ..IpSettings::default() };
        if !ip.addresses.is_empty() {
            ip.dns = self.dns.iter().filter(|server| server.is_ipv4() == v4).map(|&a| DnsServer::plain(a)).collect();
            ip.dns_search = self.search.iter().filter(|word| !word.is_empty()).cloned().collect();
            // All names go to the tunnel's servers, as wg-quick has it.
            if !ip.dns.is_empty() && self.search.is_empty() {
                ip.dns_search.push("~".to_owned());
            }
        }
        ip
    }

    /// What is lost, or is not what wg-quick does.
    fn remarks(&mut self) {
        for v4 in [true, false] {
            let has_address = self.addresses.iter().any(|net| net.addr().is_ipv4() == v4);
            let lost: Vec<String> =
                self.dns.iter().filter(|dns| dns.is_ipv4() == v4 && !has_address).map(ToString::to_string).collect();
            if !lost.is_empty() {
                let family = if v4 { "IPv4" } else { "IPv6" };
                let text = format!("DNS {} is left out: the link has no {family} Address", lost.join(", "));
                self.warn(0, text);
            }
        }
        if self.addresses.is_empty() && !self.search.is_empty() {
            let words = one_line(&self.search.join(", "));
            self.warn(0, format!("DNS {words} is left out: the link has no Address"));
        }
        let full = self.link.peers.iter().flat_map(|peer| &peer.allowed_ips).any(|net| net.prefix_len() == 0);
        let text = match self.table {
            Table::Off if full => {
                "Table=off with AllowedIPs of everything: as in NetworkManager an fwmark and rules are set, and no route; \
                 wg-quick sets nothing"
            }
            Table::Number(_) if full => {
                "Table with AllowedIPs of everything: as in NetworkManager all traffic goes into the tunnel; wg-quick only \
                 fills the table"
            }
            _ => return,
        };
        self.warn(0, text);
    }
}

#[cfg(test)]
mod tests;
