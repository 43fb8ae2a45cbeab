//! Link-layer addresses.

use std::fmt;
use std::str::FromStr;

/// A link-layer address of 1 to 20 bytes: Ethernet has 6, InfiniBand 20.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HwAddr {
    len: u8,
    bytes: [u8; Self::MAX],
}

impl HwAddr {
    /// The longest address, InfiniBand's.
    pub const MAX: usize = 20;

    /// An address of these bytes; `None` unless there are 1 to 20.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut all = [0; Self::MAX];
        all.get_mut(..bytes.len())?.copy_from_slice(bytes);
        let len = u8::try_from(bytes.len()).ok().filter(|&n| n > 0)?;
        Some(Self { len, bytes: all })
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// True if every byte is zero, as drivers report an address they do not have.
    pub fn is_zero(&self) -> bool {
        self.as_bytes().iter().all(|&b| b == 0)
    }
}

/// The text is not a link-layer address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a MAC address (6 or 20 pairs of hexadecimal digits, separated by ':' or '-')")]
pub struct HwAddrError;

impl FromStr for HwAddr {
    type Err = HwAddrError;

    /// Reads `00:53:…` or `00-53-…` with 6 (Ethernet) or 20 (InfiniBand) bytes of one or two digits each.
    fn from_str(text: &str) -> Result<Self, HwAddrError> {
        let separator = if text.contains(':') { ':' } else { '-' };
        let byte = |part: &str| match part.len() {
            1 | 2 if part.bytes().all(|b| b.is_ascii_hexdigit()) => u8::from_str_radix(part, 16).ok(),
            _ => None,
        };
        let bytes: Vec<u8> = text.split(separator).map(byte).collect::<Option<_>>().ok_or(HwAddrError)?;
        if !matches!(bytes.len(), 6 | 20) {
            return Err(HwAddrError);
        }
        Self::new(&bytes).ok_or(HwAddrError)
    }
}

impl fmt::Display for HwAddr {
    /// Upper case with colons, as NetworkManager writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.as_bytes().iter().enumerate() {
            write!(f, "{}{byte:02X}", if i == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for HwAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_separators_and_short_digits_are_read() {
        for text in ["00:53:06:66:ab:01", "00-53-06-66-AB-01", "0:53:6:66:ab:1"] {
            assert_eq!(text.parse::<HwAddr>().unwrap().to_string(), "00:53:06:66:AB:01");
        }
    }

    #[test]
    fn wrong_lengths_and_digits_are_refused() {
        for text in
            ["", ":", "00:53", "00:53:06:66:ab:0g", "00:53:06:66:ab:001", "00:53:06-66:ab:01", "+1:53:06:66:ab:01"]
        {
            assert_eq!(text.parse::<HwAddr>(), Err(HwAddrError), "{text}");
        }
    }
}
