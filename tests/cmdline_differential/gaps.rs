//! Words that are left out of the comparison: what version 1.42 cannot do, and what sunup reads otherwise without a word of warning.
//! A word about which `sunup check` reports an error is left out as well, and need not stand here.

/// A reason to leave a word out; `touches` is asked about a word and the whole line.
pub(crate) struct Gap {
    /// What it is.
    pub(crate) what: &'static str,
    /// True for a word that shows it.
    pub(crate) touches: fn(&str, &[String]) -> bool,
}

const fn gap(what: &'static str, touches: fn(&str, &[String]) -> bool) -> Gap {
    Gap { what, touches }
}

/// What the generator of Debian 12 (1.42) lacks, and the release that has it. That it writes DHCP settings also where there is no
/// DHCP (until 1.44), and the names of ports and gateways (until 1.46), are made equal in `Written`.
pub(crate) const GAPS_OF_1_42: &[Gap] = &[
    gap("1.46: rd.net.dhcp.dscp", |word, _| word.starts_with("rd.net.dhcp.dscp")),
    gap("1.52: rd.net.dns, rd.net.dns-backend, rd.net.dns-resolve-mode", |word, _| word.starts_with("rd.net.dns")),
    gap("1.54: the prefix length outside of the brackets", |word, _| word.starts_with("ip=") && word.contains("]/")),
    gap("1.54: a '/' and no prefix length", |word, _| {
        ip(word).is_some_and(|fields| fields.first().is_some_and(|client| client.trim_end_matches(']').ends_with('/')))
    }),
    gap("1.54: several ports, of which one is in brackets", |word, _| {
        ["bridge=", "team="].iter().any(|start| word.starts_with(start)) && word.contains('[')
    }),
    gap("1.54: bond options with several values or IPv6 addresses", |word, _| {
        word.starts_with("bond") && word.contains([';', '['])
    }),
    gap("1.54: the boot table of NVMe", |word, _| word.starts_with("rd.nvmf.nonbft=")),
    gap("1.56: rd.net.dhcp.client-id", |word, _| word.starts_with("rd.net.dhcp.client-id")),
    gap("1.60: rd.net.timeout.ip-required", |word, _| word.starts_with("rd.net.timeout.ip-required")),
    gap("later: the name of an InfiniBand partition is put right", |word, _| {
        let name = word.strip_prefix("ib.pkey=").map(|value| value.split(':').next().unwrap_or_default());
        name.is_some_and(|name| name.split_once('.').is_some_and(|(_, key)| key.len() != 4))
    }),
];

/// Rows of `sunup help cmdline`, "Where nm-initrd-generator differs", that come without a warning, or with one that is no error.
pub(crate) const DEVIATIONS: &[Gap] = &[
    gap("methods that are unknown there", |word, _| {
        let methods = ["either6", "link-local", "both", "auto,", ",auto"];
        word.starts_with("ip=") && methods.iter().any(|method| word.contains(method))
    }),
    gap("an address and nothing else", |word, _| {
        ip(word).is_some_and(|fields| {
            fields.iter().skip(1).all(|field| field.is_empty()) && fields.len() < 3 && is_address(fields.first())
        })
    }),
    gap("a gateway alone", |word, _| {
        ip(word).is_some_and(|fields| {
            fields.first().is_some_and(String::is_empty) && fields.get(5).is_none_or(String::is_empty)
        })
    }),
    gap("an IPv6 address beside link6", |word, line| {
        word.starts_with("ip=") && word.contains("link6") && line.iter().any(|other| other.starts_with("ip=["))
    }),
    gap("a gateway or a name server on a port", |word, line| {
        let link = ip(word).and_then(|fields| {
            let long = fields.first().is_none_or(String::is_empty) || is_address(fields.first());
            let more = fields.len() > if long { 7 } else { 2 }
                || long && fields.get(2).is_some_and(|gateway| !gateway.is_empty());
            fields.get(if long { 5 } else { 0 }).filter(|_| more).cloned()
        });
        let has_port = |other: &String, link: &str| {
            let kinds = ["bond", "bridge", "team"];
            kinds.iter().any(|kind| other.starts_with(kind)) && (other.contains(link) || link == "eth0")
        };
        link.is_some_and(|link| line.iter().any(|other| has_port(other, &link)))
    }),
    gap("bootdev= in brackets", |word, _| word.starts_with("bootdev=[")),
    gap("an empty DNS1 before DNS2", |word, _| {
        let empty = |fields: &[String], at: usize| {
            fields.get(at).is_some_and(String::is_empty) && is_address(fields.get(at + 1))
        };
        ip(word).is_some_and(|fields| empty(&fields, 2) || empty(&fields, 7))
    }),
    gap("MTU and MAC of InfiniBand", |word, _| {
        ip(word).is_some_and(|fields| fields.iter().any(|field| field.starts_with("ib")))
    }),
    gap("rd.ethtool and rd.znet on what is no Ethernet link", |word, line| {
        let named = word.strip_prefix("rd.ethtool=").or_else(|| word.strip_prefix("rd.znet_ifname="));
        let name = named.map(|value| value.split(':').next().unwrap_or_default());
        let made = |name: &str| {
            line.iter().any(|other| {
                let value = ["vlan=", "bond=", "bridge=", "team=", "ib.pkey="]
                    .iter()
                    .find_map(|start| other.strip_prefix(start));
                value.is_some_and(|value| value.split(':').next() == Some(name))
            })
        };
        name.is_some_and(|name| name.starts_with("ib") || made(name) || ["bond0", "br0", "team0"].contains(&name))
    }),
    gap("rd.route with the prefix length outside of the brackets", |word, _| {
        word.starts_with("rd.route") && word.contains("]/")
    }),
    gap("vlan= over a MAC", |word, _| {
        let parent = word.strip_prefix("vlan=").and_then(|value| value.split_once(':'));
        parent.is_some_and(|(_, parent)| parent.contains('-') || parent.starts_with('['))
    }),
    gap("rd.znet of type lcs", |word, _| word.starts_with("rd.znet=lcs")),
    gap("rd.net.timeout.carrier over 2147483", |word, _| {
        let seconds = word.strip_prefix("rd.net.timeout.carrier=").and_then(|value| value.trim().parse::<i64>().ok());
        seconds.is_some_and(|seconds| seconds > 2_147_483)
    }),
];

/// The fields of an `ip=`, brackets and all.
fn ip(word: &str) -> Option<Vec<String>> {
    let value = word.strip_prefix("ip=").or_else(|| word.strip_prefix("[ip]="))?;
    let (mut fields, mut nested) = (vec![String::new()], 0_i32);
    for c in value.chars() {
        match c {
            '[' => nested += 1,
            ']' => nested -= 1,
            _ => {}
        }
        match fields.last_mut() {
            Some(field) if c != ':' || nested > 0 => field.push(c),
            _ => fields.push(String::new()),
        }
    }
    Some(fields)
}

fn is_address(field: Option<&String>) -> bool {
    let text = field.map(|field| field.replace(['[', ']'], "")).unwrap_or_default();
    text.split('/').next().is_some_and(|text| text.parse::<std::net::IpAddr>().is_ok())
}
