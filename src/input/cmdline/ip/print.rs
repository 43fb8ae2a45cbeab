//! An `ip=` in its long form.

use std::fmt;
use std::net::IpAddr;

use super::super::lex::Interface;
use super::argument::Argument;
use crate::profile::link::ClonedMac;

/// An interface as `ip=` takes it: a colon would end the field.
pub(super) fn dashed(interface: &Interface) -> String {
    interface.to_string().replace(':', "-")
}

impl fmt::Display for Argument {
    /// The argument in its long form, which reads as the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = |address: IpAddr| match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        if let Some(client) = self.client {
            write!(f, "{}/{}", address(client.addr()), client.prefix_len())?;
        }
        write!(f, ":{}", self.peer.map(address).unwrap_or_default())?;
        write!(f, ":{}:", self.gateway.map(address).unwrap_or_default())?;
        write!(f, ":{}", self.hostname.as_deref().unwrap_or_default())?;
        write!(f, ":{}", self.interface.as_ref().map(dashed).unwrap_or_default())?;
        write!(f, ":{}", self.method.map(|method| method.to_string()).unwrap_or_default())?;
        if !self.dns.is_empty() {
            return self.dns.iter().try_for_each(|&server| write!(f, ":{}", address(server)));
        }
        if self.mtu.is_some() || self.mac.is_some() {
            write!(f, ":{}", self.mtu.map(|mtu| mtu.to_string()).unwrap_or_default())?;
        }
        match &self.mac {
            None => Ok(()),
            Some(ClonedMac::Address(mac)) => write!(f, ":{mac}"),
            Some(ClonedMac::Preserve) => f.write_str(":preserve"),
            Some(ClonedMac::Permanent) => f.write_str(":permanent"),
            Some(ClonedMac::Random) => f.write_str(":random"),
            Some(ClonedMac::Stable) => f.write_str(":stable"),
            Some(ClonedMac::Other(word)) => write!(f, ":{word}"),
        }
    }
}
