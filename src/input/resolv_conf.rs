//! `/etc/resolv.conf`, as somebody else left it: the last resort of look-ups.

use std::net::IpAddr;
use std::path::Path;

use super::file::contents;
use crate::profile::text::is_search_domain;

/// No such file is longer.
const LONGEST: u64 = 64 * 1024;

/// Its name servers and search domains (resolv.conf(5)). What is malformed is passed over.
pub fn read(root: &Path) -> (Vec<String>, Vec<String>) {
    read_file(&root.join("etc/resolv.conf"))
}

/// The same of any file of that format.
pub fn read_file(path: &Path) -> (Vec<String>, Vec<String>) {
    let text = contents(path, LONGEST).unwrap_or_default();
    parse(&String::from_utf8_lossy(&text))
}

fn parse(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut servers, mut search) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("nameserver") => servers.extend(words.next().filter(|word| is_server(word)).map(str::to_owned)),
            Some("search" | "domain") => {
                search = words.filter(|word| is_search_domain(word)).map(str::to_owned).collect();
            }
            _ => {}
        }
    }
    (servers, search)
}

fn is_server(word: &str) -> bool {
    word.split('%').next().is_some_and(|address| address.parse::<IpAddr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_add_up_and_the_last_search_list_counts() {
        let text = "# x\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver x\ndomain a\nsearch b.example c\noptions y\n";
        let expected = (vec!["192.0.2.1", "fe80::1%eth0"], vec!["b.example", "c"]);
        let (servers, search) = parse(text);
        assert_eq!(
            (servers.iter().map(String::as_str).collect(), search.iter().map(String::as_str).collect()),
            expected
        );
    }
}
