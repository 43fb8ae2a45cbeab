//! Settings of NetworkManager itself (`conf.d`), as far as the command line has something to say about them.

use super::file::StateFile;
use crate::input::cmdline::GlobalDns;

/// Where the daemon looks; it moves along into the real root.
const FOLDER: &str = "/run/NetworkManager/conf.d";

/// The files for `rd.net.dns*`; none where nothing is asked for.
pub fn files(asked: &GlobalDns) -> Vec<StateFile> {
    let file = |(name, text): (&str, String)| {
        StateFile::public(
            format!("{FOLDER}/{name}"),
            format!("# Written by sunup from the kernel command line\n\n{text}"),
        )
    };
    dns(asked).into_iter().map(file).collect()
}

/// The same by name and text.
pub fn dns(asked: &GlobalDns) -> Vec<(&'static str, String)> {
    let mut files = Vec::new();
    if !asked.servers.is_empty() || asked.resolve_mode.is_some() {
        let mode = asked.resolve_mode.as_ref().map(|mode| format!("resolve-mode={mode}\n")).unwrap_or_default();
        let servers = asked.servers.join(",");
        let domain =
            if servers.is_empty() { String::new() } else { format!("\n[global-dns-domain-*]\nservers={servers}\n") };
        files.push(("16-global-dns.conf", format!("[global-dns]\n{mode}{domain}")));
    }
    files.extend(asked.backend.as_ref().map(|backend| ("16-dns-backend.conf", format!("[main]\ndns={backend}\n"))));
    files
}
