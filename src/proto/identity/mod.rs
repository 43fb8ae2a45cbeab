//! Who we say we are: the identifiers that NetworkManager sends for a profile on a link, so that a server gives the daemon that
//! adopts the link the same lease.
//!
//! Some are made of the machine's id, or of a key that the daemon keeps; where those are not at hand (an initramfs often has
//! neither) there is no such identifier, and the caller sends one made of the link's address instead and says so.

mod hash;
mod mac;

use std::fmt;

use hash::{sha256, siphash24};
pub use mac::random_mac;

use super::dhcp4::{client_id_from_address, client_id_from_duid};
use super::dhcp6::iaid_from_mac;
use super::names::HostName;
use crate::profile::{HwAddr, text};

/// The key that systemd and NetworkManager hash names and machine ids with.
const HASH_KEY: [u8; 16] =
    [0x80, 0x11, 0x8c, 0xc2, 0xfe, 0x4a, 0x03, 0xee, 0x3e, 0xd6, 0x0c, 0x6f, 0x36, 0x39, 0x14, 0x09];
/// The start of a key file of the second kind, and how many bytes must follow.
const KEY_V2: (&[u8], usize) = (b"nm-v2:", 32);
/// The least length of a key file of the first kind.
const KEY_V1: usize = 16;
/// ARPHRD_ETHER and ARPHRD_INFINIBAND.
const ETHERNET: u16 = 1;
const INFINIBAND: u16 = 32;

/// What the identifiers of a machine are made of.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Host {
    machine_id: Option<[u8; 16]>,
    /// NetworkManager's host id.
    host_id: Option<Vec<u8>>,
    name: Option<String>,
}

/// The key is nobody's business.
impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host {{ machine_id: {}, host_id: {} }}", self.machine_id.is_some(), self.host_id.is_some())
    }
}

impl Host {
    /// Of the contents of `/etc/machine-id` and of `/var/lib/NetworkManager/secret_key`.
    pub fn new(machine_id: Option<&str>, secret_key: Option<&[u8]>) -> Self {
        let text = machine_id.map(str::trim).filter(|text| text.len() == 32);
        let number = text.and_then(|text| u128::from_str_radix(text, 16).ok()).filter(|&number| number != 0);
        let host_id = secret_key.and_then(|key| match key.strip_prefix(KEY_V2.0) {
            Some(rest) if rest.len() >= KEY_V2.1 => {
                let machine = number.map_or_else(String::new, |number| format!("{number:032x}"));
                Some(sha256(&[format!("{} ", key.len()).as_bytes(), key, machine.as_bytes()]).to_vec())
            }
            _ => (key.len() >= KEY_V1).then(|| key.to_vec()),
        });
        Self { machine_id: number.map(u128::to_be_bytes), host_id, name: None }
    }

    /// With its host name, for DHCP servers to know it by. `localhost` and its like are no names, and what is none is not sent.
    #[must_use]
    pub fn named(mut self, name: Option<String>) -> Self {
        let own = |name: &String| {
            let nobody = matches!(name.split('.').next(), Some("localhost" | "localhost4" | "localhost6"));
            !nobody && HostName::parse(name.as_bytes()).is_ok()
        };
        self.name = name.filter(own);
        self
    }

    /// The host name that is sent to DHCP servers where the profile gives none.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// Who asks: a profile on a link of a machine.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// The machine.
    pub host: &'a Host,
    /// The name of the link.
    pub ifname: &'a str,
    /// Its ARPHRD type.
    pub arp_type: u16,
    /// Its address.
    pub mac: HwAddr,
    /// Its permanent address; where there is none, the one it had first.
    pub perm_mac: HwAddr,
    /// The profile's uuid, which `connection.stable-id` is by default; `None` if the profile has another stable-id.
    pub stable_id: Option<&'a str>,
}

impl Asker<'_> {
    /// `ipv4.dhcp-client-id`: option 61, type byte included. `Some(None)`: none is to be sent. `None`: it cannot be made here.
    ///
    /// `iaid` and `duid` are `ipv4.dhcp-iaid` or else `ipv6.dhcp-iaid`, and `ipv6.dhcp-duid`.
    pub fn client_id(
        &self,
        setting: Option<&str>,
        iaid: [Option<&str>; 2],
        duid: Option<&str>,
    ) -> Option<Option<Vec<u8>>> {
        let [iaid4, iaid6] = iaid;
        Some(Some(match setting {
            Some("none") => return Some(None),
            None | Some("mac") => client_id_from_address(self.arp_type, self.mac),
            Some("perm-mac") => client_id_from_address(self.arp_type, self.perm_mac),
            Some("duid") => client_id_from_duid(self.iaid(iaid4)?, &self.node_duid()?),
            Some("ipv6-duid") => client_id_from_duid(self.iaid(iaid4.or(iaid6))?, &self.duid(duid)?),
            Some("stable") => {
                let digest = self.stable_sha1(2_011_610_591, true)?;
                [&[0], digest.first_chunk::<15>()?.as_slice()].concat()
            }
            Some(text) => hexadecimal(text, 2).unwrap_or_else(|| [&[0], text.as_bytes()].concat()),
        }))
    }

    /// `dhcp-iaid`; by default a hash of the link's name.
    pub fn iaid(&self, setting: Option<&str>) -> Option<u32> {
        let by_name = || {
            let hash = siphash24(HASH_KEY, self.ifname.as_bytes());
            (hash as u32) ^ (hash >> 32) as u32
        };
        match setting {
            None | Some("ifname") => Some(by_name()),
            Some("mac") => Some(iaid_from_mac(&self.mac)),
            Some("perm-mac") => Some(iaid_from_mac(&self.perm_mac)),
            Some("stable") => self.stable_sha1(53_390_459, false)?.first_chunk().copied().map(u32::from_be_bytes),
            Some(number) => text::iaid(number),
        }
    }

    /// `ipv6.dhcp-duid`; by default one made of the machine's id.
    pub fn duid(&self, setting: Option<&str>) -> Option<Vec<u8>> {
        let uuid = |digest: [u8; 32]| Some([&[0, 4], digest.first_chunk::<16>()?.as_slice()].concat());
        let stable = || {
            let header = 670_531_087_u32.to_be_bytes();
            Some(sha256(&[&header, self.stable_id?.as_bytes(), self.host.host_id.as_deref()?]))
        };
        match setting {
            None | Some("lease") => uuid(sha256(&[&self.host.machine_id?])),
            Some("ll") => Some(self.duid_ll(&self.mac)),
            Some("stable-uuid") => uuid(stable()?),
            Some("stable-ll") if self.arp_type == ETHERNET => {
                HwAddr::new(stable()?.first_chunk::<6>()?).map(|mac| self.duid_ll(&mac))
            }
            // Made of the time at which the daemon's key was written.
            Some("llt" | "stable-llt" | "stable-ll") => None,
            Some(text) => hexadecimal(text, 3),
        }
    }

    /// RFC 8415 section 11.4; of an InfiniBand address the part that lasts.
    fn duid_ll(&self, mac: &HwAddr) -> Vec<u8> {
        let kept = match mac.as_bytes().last_chunk::<8>() {
            Some(tail) if self.arp_type == INFINIBAND => tail,
            _ => mac.as_bytes(),
        };
        [&[0, 3], &self.arp_type.to_be_bytes()[..], kept].concat()
    }

    /// The DUID-EN under systemd's number that systemd-networkd has by default: a hash of the machine's id.
    fn node_duid(&self) -> Option<Vec<u8>> {
        let hash = siphash24(HASH_KEY, &self.host.machine_id?);
        Some([&[0, 2, 0, 0, 0xab, 0x11][..], &hash.to_le_bytes()].concat())
    }

    /// The digest of what is stable, with the salt of its use: of the profile and the machine, or of its link as well.
    fn stable_sha1(&self, salt: u32, of_profile: bool) -> Option<[u8; 20]> {
        let (stable_id, host_id) = (self.stable_id?, self.host.host_id.as_deref()?);
        let mut digest = sha1_smol::Sha1::new();
        digest.update(&salt.to_be_bytes());
        digest.update(stable_id.as_bytes());
        digest.update(&[0]);
        if !of_profile {
            digest.update(self.ifname.as_bytes());
            digest.update(&[0]);
        }
        digest.update(host_id);
        Some(digest.digest().bytes())
    }
}

/// `aa:bb:…`, at least so many bytes; a byte may have one digit.
fn hexadecimal(text: &str, least: usize) -> Option<Vec<u8>> {
    let byte = |part: &str| match part.len() {
        1 | 2 if part.bytes().all(|b| b.is_ascii_hexdigit()) => u8::from_str_radix(part, 16).ok(),
        _ => None,
    };
    text.split(':').map(byte).collect::<Option<Vec<u8>>>().filter(|bytes| bytes.len() >= least)
}

#[cfg(test)]
mod tests;
