//! resolv.conf(5), for the programs of the initramfs or container itself.

use super::file::{StateFile, Write};
use crate::activate::Dns;

/// glibc reads three servers; the rest is for programs that read more.
const SERVERS: usize = 8;

/// `/run/sunup/resolv.conf` and `/etc/resolv.conf`; nothing where there is nothing to say.
pub fn files(dns: &Dns) -> Vec<StateFile> {
    if dns.servers.is_empty() && dns.search.is_empty() {
        return Vec::new();
    }
    let text = render(dns);
    let own = StateFile::public("/run/sunup/resolv.conf", text.clone());
    vec![own, StateFile { write: Write::ReplaceOrFill, ..StateFile::public("/etc/resolv.conf", text) }]
}

/// What `ip netns exec` shows as `/etc/resolv.conf` in a namespace that has a name.
pub fn of_namespace(name: &str, dns: &Dns) -> Vec<StateFile> {
    let nothing = dns.servers.is_empty() && dns.search.is_empty();
    let file = || StateFile::public(format!("/etc/netns/{name}/resolv.conf"), render(dns));
    if nothing || name.contains('/') || name.starts_with('.') { Vec::new() } else { vec![file()] }
}

/// The text of the file.
fn render(dns: &Dns) -> String {
    let mut text = String::from("# Written by sunup\n");
    // `~example` only tells a resolver daemon where to ask.
    let search: Vec<&str> = dns.search.iter().map(String::as_str).filter(|domain| !domain.starts_with('~')).collect();
    if !search.is_empty() {
        text.push_str(&format!("search {}\n", search.join(" ")));
    }
    for server in dns.servers.iter().take(SERVERS) {
        text.push_str(&format!("nameserver {server}\n"));
    }
    if !dns.options.is_empty() {
        text.push_str(&format!("options {}\n", dns.options.join(" ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_comes_before_servers_and_options_last() {
        let dns = Dns {
            servers: vec!["10.0.0.1".into(), "fe80::1%eth0".into()],
            search: vec!["a.example".into(), "b.example".into()],
            options: vec!["rotate".into(), "timeout:1".into()],
        };
        assert_eq!(
            render(&dns),
            "# Written by sunup\nsearch a.example b.example\nnameserver 10.0.0.1\nnameserver fe80::1%eth0\noptions rotate timeout:1\n"
        );
    }

    #[test]
    fn without_servers_the_file_of_others_stays() {
        assert!(files(&Dns::default()).is_empty());
    }
}
