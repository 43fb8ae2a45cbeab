//! The METHOD field of `ip=`.

use std::fmt;

use super::super::lex::nearest;

/// How a link gets its addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Method {
    /// The addresses in the argument, or none.
    None,
    /// DHCPv4, required; IPv6 as routers announce it.
    Dhcp,
    /// The same on several links, of which the first with a lease is enough.
    SingleDhcp,
    /// Router advertisements and the DHCPv6 they announce, required; no IPv4.
    Dhcp6,
    /// The same, and DHCPv6 also where no router announces it.
    Either6,
    /// DHCPv4 and [`Method::Dhcp6`], both waited for.
    DhcpAndDhcp6,
    /// Whatever there is.
    Auto,
    /// Only an IPv6 link-local address, required.
    Link6,
    /// Only link-local addresses of both families.
    LinkLocal,
    /// The firmware's table.
    Ibft,
}

/// Every word for a method, what it means, and whether it is the word printed.
const WORDS: [(&str, Method, bool); 19] = [
    ("dhcp", Method::Dhcp, true),
    ("auto", Method::Auto, true),
    ("none", Method::None, true),
    ("off", Method::None, false),
    ("on", Method::Auto, false),
    ("any", Method::Auto, false),
    ("dhcp6", Method::Dhcp6, true),
    ("auto6", Method::Dhcp6, false),
    ("either6", Method::Either6, true),
    ("link6", Method::Link6, true),
    ("link-local", Method::LinkLocal, true),
    ("single-dhcp", Method::SingleDhcp, true),
    ("ibft", Method::Ibft, true),
    ("fw", Method::Ibft, false),
    ("both", Method::Auto, false),
    ("bootp", Method::Auto, false),
    ("rarp", Method::Auto, false),
    ("dhcp,dhcp6", Method::DhcpAndDhcp6, true),
    ("dhcp,auto6", Method::DhcpAndDhcp6, false),
];

impl Method {
    /// Reads a method, or a comma-separated list of them; `None` if it is unknown.
    pub(in super::super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim_ascii();
        let word = WORDS.iter().find(|(word, ..)| *word == text);
        word.map(|(_, method, _)| *method).or_else(|| if text.contains(',') { Self::parse_list(text) } else { None })
    }

    /// A list means the one thing left in it, DHCPv4 with DHCPv6, or, with `auto` among them, `auto`.
    fn parse_list(text: &str) -> Option<Self> {
        let words = text.split(',').map(str::trim_ascii).filter(|word| !word.is_empty());
        let mut methods: Vec<Self> = words.map(Self::parse).collect::<Option<_>>()?;
        if methods.len() > 1 {
            methods.iter_mut().for_each(|method| *method = method.in_list());
        }
        let first = *methods.first()?;
        let has = |method| methods.contains(&method);
        match () {
            () if methods.iter().all(|method| *method == first) => Some(first),
            () if has(Self::Auto) => Some(Self::Auto),
            () if methods.iter().all(|method| matches!(method, Self::Dhcp | Self::Dhcp6)) => Some(Self::DhcpAndDhcp6),
            () => None,
        }
    }

    /// What the method adds to a list.
    fn in_list(self) -> Self {
        match self {
            Self::SingleDhcp => Self::Dhcp,
            Self::Either6 => Self::Dhcp6,
            other => other,
        }
    }

    /// The known word that was probably meant. A different digit at the end is no slip of the finger but another link.
    pub(in super::super) fn guess(text: &str) -> Option<&'static str> {
        if let Some((word, ..)) = WORDS.iter().find(|(word, ..)| word.eq_ignore_ascii_case(text)) {
            return Some(word);
        }
        // A list that makes no known combination, or a word that others use for addresses without DHCP.
        let known = |part: &str| part.is_empty() || Self::parse(part).is_some() || Self::guess(part).is_some();
        if text == "static" || (text.contains(',') && text.split(',').all(known)) {
            return Some("auto");
        }
        let limit = match text.len() {
            0..4 => return None,
            4..6 => 1,
            _ => 2,
        };
        let last_digit = |text: &str| text.chars().last().filter(char::is_ascii_digit);
        let digit = last_digit(text).filter(|_| text != "dhcp4");
        let words = WORDS.iter().map(|(word, ..)| *word).filter(|word| digit.is_none() || last_digit(word) == digit);
        nearest(text, words, limit)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = WORDS.iter().find(|(_, method, printed)| method == self && *printed);
        f.write_str(word.map_or("auto", |(word, ..)| word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_as_its_method_and_prints_as_one_that_does() {
        for (word, method, _) in WORDS {
            assert_eq!(Method::parse(word), Some(method), "{word}");
            assert_eq!(Method::parse(&method.to_string()), Some(method), "{word}");
        }
    }

    #[test]
    fn lists_are_sets() {
        for (list, method) in [
            ("dhcp,dhcp6", Some(Method::DhcpAndDhcp6)),
            ("auto6, dhcp", Some(Method::DhcpAndDhcp6)),
            ("dhcp,dhcp", Some(Method::Dhcp)),
            (",dhcp,,dhcp6,dhcp", Some(Method::DhcpAndDhcp6)),
            ("auto,dhcp6", Some(Method::Auto)),
            ("off,none,", Some(Method::None)),
            ("dhcp,link6", None),
            ("dhcp,foo", None),
            (",", None),
        ] {
            assert_eq!(Method::parse(list), method, "{list}");
        }
    }

    #[test]
    fn slips_are_recognised_and_link_names_are_not() {
        for (slip, word) in
            [("dchp", "dhcp"), ("dhcp4", "dhcp"), ("atuo", "auto"), ("dhpc6", "dhcp6"), ("noen", "none")]
        {
            assert_eq!(Method::guess(slip), Some(word), "{slip}");
        }
        for odd in ["dhcp,link6", "dhcp,dhpc6", "static"] {
            assert_eq!(Method::guess(odd), Some("auto"), "{odd}");
        }
        for name in [
            "eth0",
            "eno1",
            "link1",
            "enp1s0",
            "ens6",
            "br0",
            "on1",
            "auto1",
            "foo",
            "wlan0",
            "lan6",
            "eth0,dhcp",
            "dhcp,foo",
        ] {
            assert_eq!(Method::guess(name), None, "{name}");
        }
    }
}
