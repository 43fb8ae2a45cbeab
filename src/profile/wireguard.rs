//! `[wireguard]` and `[wireguard-peer.KEY]`.

use std::fmt;
use std::str::FromStr;

use ipnet::IpNet;

/// `[wireguard]` with its peers. The MTU is in [`super::LinkSettings::mtu`], as for every link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireGuard {
    /// `private-key`. `None`: not in the file, or not usable; see `private_key_flags`.
    pub private_key: Option<Key>,
    /// `private-key-flags`: 0 the key is in the file, 1 an agent has it, 2 it is asked for each time.
    pub private_key_flags: u32,
    /// `listen-port`; 0 is any.
    pub listen_port: u16,
    /// `fwmark`; 0 is none, or the one that automatic default routes need.
    pub fwmark: u32,
    /// `peer-routes`: make routes of the allowed IPs.
    pub peer_routes: bool,
    /// `ip4-auto-default-route`: `None` (-1) is "if a peer has 0.0.0.0/0 and `ipv4.never-default` is not set".
    pub ip4_auto_default_route: Option<bool>,
    /// `ip6-auto-default-route`: the same for ::/0.
    pub ip6_auto_default_route: Option<bool>,
    /// The peers in file order.
    pub peers: Vec<Peer>,
}

impl Default for WireGuard {
    fn default() -> Self {
        Self {
            private_key: None,
            private_key_flags: 0,
            listen_port: 0,
            fwmark: 0,
            peer_routes: true,
            ip4_auto_default_route: None,
            ip6_auto_default_route: None,
            peers: Vec::new(),
        }
    }
}

/// `[wireguard-peer.KEY]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The public key, in the section's name.
    pub public_key: PublicKey,
    /// `preshared-key`.
    pub preshared_key: Option<Key>,
    /// `preshared-key-flags`: 0 the key is in the file; 4, the default, is "not required": the daemon then uses none.
    pub preshared_key_flags: u32,
    /// `endpoint`: `host:port` or `[v6]:port`; the host may be a name.
    pub endpoint: Option<String>,
    /// `allowed-ips`, host bits kept.
    pub allowed_ips: Vec<AllowedIp>,
    /// `persistent-keepalive`, in seconds; 0 is off. The daemon and the kernel use the lower 16 bits.
    pub persistent_keepalive: u32,
}

impl Peer {
    /// A peer with NetworkManager's defaults.
    pub fn new(public_key: PublicKey) -> Self {
        Self {
            public_key,
            preshared_key: None,
            preshared_key_flags: 4,
            endpoint: None,
            allowed_ips: Vec::new(),
            persistent_keepalive: 0,
        }
    }
}

/// A network that a peer may send from and is sent to, host bits kept as written.
pub type AllowedIp = IpNet;

/// Host and port of an endpoint: `host:port`, `[v6]:port` or `v6:port`. The host is not looked at.
pub fn split_endpoint(text: &str) -> Option<(&str, u16)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, rest.strip_prefix(':')?)
        }
        None => text.rsplit_once(':')?,
    };
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|&port| port > 0 && digits)?;
    (!host.is_empty()).then_some((host, port))
}

/// A secret of 32 bytes: a private or preshared key. Never printed by `Debug`; overwritten when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The secret as text, for a file that only root can read.
    pub fn to_base64(&self) -> String {
        encode(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Overwrites what held a secret.
pub fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    // Keeps the writes from being left out as dead.
    std::hint::black_box(bytes);
}

/// A public key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key of these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The text is not a WireGuard key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a WireGuard key: 44 characters of base64 that make 32 bytes, as `wg genkey` prints them")]
pub struct KeyError;

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        decode(text).map(Self)
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        decode(text).map(Self)
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 (RFC 4648) of 32 bytes: 43 characters and one `=`.
fn encode(bytes: &[u8; 32]) -> String {
    let mut text = String::with_capacity(44);
    for chunk in bytes.chunks(3) {
        let group =
            (0..3).fold(0_u32, |group, index| group << 8 | u32::from(chunk.get(index).copied().unwrap_or_default()));
        for index in 0..4_u32 {
            let digit = usize::try_from(group >> (18 - 6 * index) & 63).unwrap_or_default();
            let padding = usize::try_from(index).unwrap_or_default() > chunk.len();
            text.push(if padding { '=' } else { char::from(ALPHABET.get(digit).copied().unwrap_or_default()) });
        }
    }
    text
}

/// Base64 of exactly 32 bytes in its one canonical form.
fn decode(text: &str) -> Result<[u8; 32], KeyError> {
    let digits = text.strip_suffix('=').filter(|digits| digits.len() == 43).ok_or(KeyError)?;
    let mut bytes = [0; 32];
    let mut slots = bytes.iter_mut();
    let (mut bits, mut count) = (0_u32, 0_u32);
    for digit in digits.bytes() {
        let value = ALPHABET.iter().position(|&letter| letter == digit).ok_or(KeyError)?;
        bits = bits << 6 | u32::try_from(value).map_err(|_| KeyError)?;
        count = count.saturating_add(6);
        if count >= 8 {
            count = count.saturating_sub(8);
            *slots.next().ok_or(KeyError)? = u8::try_from(bits >> count & 0xff).map_err(|_| KeyError)?;
            bits &= (1 << count) - 1;
        }
    }
    if bits == 0 { Ok(bytes) } else { Err(KeyError) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_written_in_base64() {
        let bytes: [u8; 32] = std::array::from_fn(|index| u8::try_from(index * 7).unwrap());
        let text = "AAcOFRwjKjE4P0ZNVFtiaXB3foWMk5qhqK+2vcTL0tk=";
        assert_eq!(Key::new(bytes).to_base64(), text);
        assert_eq!(text.parse::<PublicKey>().unwrap().as_bytes(), &bytes);
        assert_eq!("//////////////////////////////////////////8=".parse::<Key>().unwrap().as_bytes(), &[0xff; 32]);
    }

    #[test]
    fn what_is_not_the_canonical_form_is_refused() {
        for text in [
            "",
            "AAcOFRwjKjE4P0ZNVFtiaXB3foWMk5qhqK+2vcTL0tk",
            "AAcOFRwjKjE4P0ZNVFtiaXB3foWMk5qhqK+2vcTL0tl=",
            "AAcOFRwjKjE4P0ZNVFtiaXB3foWMk5qhqK+2vcTL0t==",
            "AAcOFRwjKjE4P0ZNVFtiaXB3foWMk5qhqK-2vcTL0tk=",
            "AAcOFRwjKjE4P0ZNVFtiaXB3foWMk5qhqK+2vcTL0tkA",
        ] {
            assert_eq!(text.parse::<Key>(), Err(KeyError), "{text}");
        }
    }

    #[test]
    fn no_secret_is_printed() {
        let mut wireguard = WireGuard { private_key: Some(Key::new([7; 32])), ..WireGuard::default() };
        let mut peer = Peer::new(PublicKey::new([1; 32]));
        peer.preshared_key = Some(Key::new([7; 32]));
        wireguard.peers.push(peer);
        let text = format!("{wireguard:?}");
        assert!(!text.contains(&Key::new([7; 32]).to_base64()) && !text.contains("7, 7"), "{text}");
        assert!(text.contains(&PublicKey::new([1; 32]).to_string()), "{text}");
    }
}
