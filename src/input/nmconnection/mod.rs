//! NetworkManager keyfile profiles (`*.nmconnection`): groups and keys to and from [`Profile`].
//!
//! The format is `nm-settings-keyfile(5)`. [`write()`] uses the spelling that daemons from 1.42 to the newest read.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use std::path::{Path, PathBuf};

use self::table::Notes;
use super::keyfile::{KeyFile, SyntaxError};
use crate::profile::{Profile, Warning};

mod address;
mod connection;
mod dns;
mod ip;
mod kept;
mod kind;
mod link;
mod link_rules;
mod options;
mod route_options;
mod rule;
mod table;
pub(in crate::input) mod value;
pub(in crate::input) mod verify;
mod wireguard;

/// The keyfile holds no profile that could be activated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyfileError {
    /// It is not even a keyfile.
    #[error("{}: {source}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong, and in which line.
        source: SyntaxError,
    },
    /// A value makes the whole profile invalid, as it does for the daemon.
    #[error("{}:{line}: {why}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1; 0 when something is missing from the file.
        line: usize,
        /// What is wrong and what to write instead.
        why: String,
    },
}

/// The family of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    V4,
    V6,
}

impl Family {
    fn group(self) -> &'static str {
        match self {
            Self::V4 => "ipv4",
            Self::V6 => "ipv6",
        }
    }

    fn bits(self) -> u8 {
        match self {
            Self::V4 => 32,
            Self::V6 => 128,
        }
    }

    fn unspecified(self) -> IpAddr {
        match self {
            Self::V4 => Ipv4Addr::UNSPECIFIED.into(),
            Self::V6 => Ipv6Addr::UNSPECIFIED.into(),
        }
    }

    /// The address in a text, if it is of this family.
    fn address(self, text: &str) -> Option<IpAddr> {
        match self {
            Self::V4 => text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
            Self::V6 => text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        }
    }

    /// `ADDRESS[/PREFIX]` of this family; without prefix it is one address.
    fn net(self, text: &str) -> Option<IpNet> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, u8::try_from(value::decimal(prefix)?).ok()?),
            None => (text, self.bits()),
        };
        IpNet::new(self.address(address)?, prefix).ok()
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// Reads a profile and what there is to say about it. `path` gives it its file name, and its id and uuid where the text has none.
///
/// A value that cannot be used is ignored with a warning, or refuses the profile, where NetworkManager does the same; what no field
/// holds goes to [`Profile::unknown`].
pub fn read(text: &[u8], path: &Path) -> Result<(Profile, Vec<Warning>), KeyfileError> {
    let file = KeyFile::parse(text).map_err(|source| KeyfileError::Syntax { path: path.to_owned(), source })?;
    let mut notes = Notes::new(path);
    let profile = kind::skeleton(&file, path, &mut notes).map(|mut profile| {
        connection::read_all(&mut profile, &file, &mut notes);
        link::read_all(&mut profile, &file, &mut notes);
        ip::read_all(&mut profile, &file, &mut notes);
        kind::keep_groups(&profile, &file, &mut notes);
        verify::verify(&mut profile, &file, &mut notes);
        ip::drop_of_port(&mut profile, &file, &mut notes);
        profile.raw = String::from_utf8(text.to_vec()).ok();
        profile.unknown = std::mem::take(&mut notes.unknown);
        profile
    });
    match (notes.refused, profile) {
        (None, Some(profile)) => Ok((profile, notes.warnings)),
        (refused, _) => {
            let (line, why) = refused.unwrap_or((0, "connection.type is missing".to_owned()));
            Err(KeyfileError::Invalid { path: path.to_owned(), line, why })
        }
    }
}

/// The uuid that the daemon knows a profile by, which the text need not have; `None` if it would not load it.
pub fn uuid(text: &[u8], path: &Path) -> Option<uuid::Uuid> {
    kind::uuid(&KeyFile::parse(text).ok()?, path).ok()
}

/// The profile as a keyfile. Values at their default are left out; unknown keys are written back as they were.
pub fn write(profile: &Profile) -> String {
    let mut file = KeyFile::default();
    connection::write_connection(profile, &mut file);
    link::write_all(profile, &mut file);
    connection::write_match_and_user(profile, &mut file);
    ip::write_all(profile.ipv4.as_ref(), profile.ipv6.as_ref(), &mut file);
    for (group, key, value) in &profile.unknown {
        let group = file.group_mut(group);
        if group.get(key).is_none() {
            group.set_raw(key, value.as_str());
        }
    }
    file.render()
}

#[cfg(test)]
mod tests;
