//! `[ip-tunnel]` to IFLA_IPTUN_*, IFLA_GRE_* and IFLA_VTI_* (`linux/if_tunnel.h`).

use super::shape::Shape;
use super::{Row, Setting, from_table, row};

/// Numbers of the attributes in one of the three families; 0: it has none.
struct Layout {
    local: u16,
    remote: u16,
    ttl: u16,
    tos: u16,
    pmtu: u16,
    limit: u16,
    flow: u16,
    flags: u16,
    fwmark: u16,
    /// The key of what comes in; that of what goes out is the next number.
    key: u16,
}

const IPTUN: Layout =
    Layout { local: 2, remote: 3, ttl: 4, tos: 5, pmtu: 10, limit: 6, flow: 7, flags: 8, fwmark: 20, key: 0 };
const GRE: Layout =
    Layout { local: 6, remote: 7, ttl: 8, tos: 9, pmtu: 10, limit: 11, flow: 12, flags: 13, fwmark: 20, key: 4 };
const VTI: Layout =
    Layout { local: 4, remote: 5, ttl: 0, tos: 0, pmtu: 0, limit: 0, flow: 0, flags: 0, fwmark: 6, key: 2 };

/// `IFLA_IPTUN_PROTO` of a tunnel of IPv6 that carries only one family; `IFLA_GRE_IFLAGS` with `GRE_KEY`.
const PROTO: u16 = 9;
const IFLAGS: u16 = 2;
const GRE_KEY: u16 = 0x2000;
/// `IP6_TNL_F_CAP_*`: whether a tunnel over IPv6 can send and receive, found out by the kernel.
const CAPABILITIES: u32 = 0xffff_0000;

/// A mode: IFLA_INFO_KIND, whether it goes over IPv6, its attributes, the protocol it carries (0: not asked).
type Mode = (&'static str, bool, &'static Layout, u8);

fn mode(options: &[(String, String)]) -> Option<Mode> {
    Some(match super::others::get(options, "mode")? {
        "1" => ("ipip", false, &IPTUN, 0),
        "2" => ("gre", false, &GRE, 0),
        "3" => ("sit", false, &IPTUN, 0),
        "5" => ("vti", false, &VTI, 0),
        "6" => ("ip6tnl", true, &IPTUN, 41),
        "7" => ("ip6tnl", true, &IPTUN, 4),
        "8" => ("ip6gre", true, &GRE, 0),
        "9" => ("vti6", true, &VTI, 0),
        "10" => ("gretap", false, &GRE, 0),
        "11" => ("ip6gretap", true, &GRE, 0),
        _ => return None,
    })
}

/// IFLA_INFO_KIND; `None` for a mode that sunup cannot make (ISATAP).
pub(super) fn kind(options: &[(String, String)]) -> Option<&'static str> {
    mode(options).map(|(kind, ..)| kind)
}

/// The settings of a tunnel.
pub(super) fn settings(options: &[(String, String)], names: &[(String, u32)]) -> Vec<Setting> {
    let Some((_, six, layout, protocol)) = mode(options) else { return Vec::new() };
    let Layout { local, remote, ttl, tos, pmtu, limit, flow, flags, fwmark, key } = layout;
    let only = |on: bool, attribute: &u16| if on { *attribute } else { 0 };
    let rows = [
        row("parent", 1, Shape::Index),
        row("local", *local, Shape::Address),
        row("remote", *remote, Shape::Address),
        row("ttl", *ttl, Shape::U8).or("0"),
        row("tos", only(!six, tos), Shape::U8),
        row("path-mtu-discovery", only(!six, pmtu), Shape::Flag).or("true"),
        row("encapsulation-limit", only(six, limit), Shape::U8),
        row("flags", only(six, flags), Shape::U32),
        row("fwmark", *fwmark, Shape::U32),
    ];
    let rows: Vec<Row> = rows.into_iter().filter(|row| row.attribute != 0).map(Row::whole).collect();
    let mut settings = from_table(&rows, options, names);
    settings.iter_mut().filter(|setting| setting.option == "flags").for_each(|flags| flags.kernels = CAPABILITIES);
    let mut put = |row: Row, text: &str, value: Vec<u8>| settings.push(Setting::new(&row.whole(), text, value));
    let number = |name: &str| super::others::get(options, name).and_then(|text| text.parse::<u32>().ok());
    if six && *flow != 0 {
        // Traffic class and flow label, as in the header.
        let both = number("tos").unwrap_or(0) << 20 & 0x0ff0_0000 | number("flow-label").unwrap_or(0) & 0xf_ffff;
        if both != 0 {
            put(row("flow-label", *flow, Shape::U32), &both.to_string(), both.to_be_bytes().to_vec());
        }
    }
    for (name, at) in [("input-key", 0), ("output-key", 1)] {
        let Some(value) = number(name).filter(|_| *key != 0) else { continue };
        put(row(name, key + at, Shape::U32), &value.to_string(), value.to_be_bytes().to_vec());
        if *key == GRE.key {
            put(row(name, IFLAGS + at, Shape::U16), "on", GRE_KEY.to_be_bytes().to_vec());
        }
    }
    if protocol != 0 {
        put(row("mode", PROTO, Shape::U8), &protocol.to_string(), vec![protocol]);
    }
    settings
}
