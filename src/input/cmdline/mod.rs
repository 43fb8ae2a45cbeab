//! The kernel command line: what dracut.cmdline(7), the kernel's `nfsroot`, klibc and Anaconda call for, as profiles.
//!
//! Words are read twice. The first pass takes what applies to every profile, so that order does not matter; the second
//! makes profiles in the order of the words. What refers to profiles that a later word may make is collected and done at
//! the end. `table` names every argument; a file per family reads them.
//!
//! The reading of NetworkManager's `nm-initrd-generator` is the base. Where it loses a working configuration to one bad
//! field, or widens one link to all, sunup drops the field and says so; `deviations` lists each case.

use std::path::Path;

mod anaconda;
#[cfg(test)]
mod any_line_tests;
mod bond;
mod bootif;
mod builder;
pub mod deviations;
mod dhcp;
mod dns;
mod ethtool;
mod explain;
mod firmware;
mod ip;
mod leave;
mod lex;
mod links;
pub mod manual;
mod need;
mod reading;
mod route;
mod settle;
pub mod table;
#[cfg(test)]
mod tests;
mod traps;
mod wireguard;
mod words;
mod znet;

pub use explain::{Explained, explain};
pub use reading::{GlobalDns, NeedNetwork, NeedReason, Reading, Remark, Timeouts};
pub use words::{CommandLine, Word, is_the_hosts};

use builder::Builder;
use lex::Value;
use table::Pass;

/// What the reading depends on besides the command line.
#[derive(Debug, Clone, Copy)]
pub struct Environment<'a> {
    /// `/sys`: MACs and types of links that are there, firmware tables.
    pub sysfs: &'a Path,
    /// True if the administrator has a directory of profiles: then `rd.neednet` makes no default profile.
    pub persistent_profiles: bool,
    /// `/etc/machine-id`, which keeps the uuids of two machines with the same command line apart.
    pub machine_id: Option<&'a str>,
}

/// Reads the command line. Never fails: what cannot be used is left out with a warning.
pub fn read(line: &CommandLine, environment: &Environment<'_>) -> Reading {
    let mut builder = Builder::new(environment);
    for pass in [Pass::Defaults, Pass::Profiles] {
        for word in &line.words {
            let (name, value) = Value::of(word);
            match table::find(name) {
                Some(parameter) if parameter.pass == pass => (parameter.read)(&mut builder, value),
                None if pass == Pass::Profiles => table::unknown(&mut builder, name, value),
                _ => {}
            }
        }
    }
    repeated(&mut builder, line);
    anaconda::apply(&mut builder);
    firmware::read_nbft(&mut builder);
    links::vlan_parents(&mut builder);
    bootif::apply(&mut builder);
    need::apply_bootdev(&mut builder);
    need::apply_neednet(&mut builder);
    ip::give_gateways(&mut builder);
    route::apply(&mut builder);
    dns::apply(&mut builder);
    znet::apply(&mut builder);
    need::check(&mut builder);
    builder.finish()
}

/// Says so if a word is there twice: nobody means anything by that.
fn repeated(builder: &mut Builder<'_>, line: &CommandLine) {
    for (index, word) in line.words.iter().enumerate() {
        let known = table::find(Value::of(word).0).is_some();
        if known && line.words.iter().take(index).any(|earlier| earlier.text == word.text) {
            builder.caution(word.origin(), "this word is there already; once is enough");
        }
    }
}
