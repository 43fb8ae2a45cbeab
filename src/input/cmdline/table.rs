//! Every argument of the kernel command line that is about network, declared once: the reader, `sunup check`,
//! `sunup help cmdline` and sunup.cmdline(7) read this table.

use super::builder::Builder;
use super::lex::{Value, nearest};
use super::{anaconda, bootif, dhcp, dns, ethtool, firmware, ip, leave, links, need, route, wireguard, znet};

/// An argument.
pub struct Parameter {
    /// What stands before `=`.
    pub name: &'static str,
    /// What stands after it.
    pub form: &'static str,
    /// What holds without it; empty if nothing does.
    pub default: &'static str,
    /// What it means, in a sentence or a few.
    pub doc: &'static str,
    /// Who else knows it: K kernel, I klibc, L dracut's network-legacy, N NetworkManager, S systemd, A Anaconda.
    pub known_by: &'static str,
    /// When it is read.
    pub(super) pass: Pass,
    /// What reads it.
    pub(super) read: for<'a> fn(&mut Builder<'a>, Value<'a>),
}

/// When an argument is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// First: it applies to whatever the others make.
    Defaults,
    /// Second, in the order of the words.
    Profiles,
}

/// Starts of names that are ours to know: a word with such a name that is in no row is a slip.
const OUR_PREFIXES: [&str; 6] = ["rd.sunup.", "rd.net.", "rd.route", "rd.znet", "rd.neednet", "rd.ethtool"];

/// Every argument, by subject.
#[rustfmt::skip]
pub const PARAMETERS: [Parameter; 55] = [
    profiles("ip", "METHOD | IFACE:METHOD[:MTU[:MAC]] | CLIENT[/P]:PEER:GW:MASK:HOST:IFACE:METHOD[:MTU[:MAC] | :DNS1[:DNS2]]", "", "KILNSA", ip::read,
        "Addresses of one link, or of every wired link without IFACE. METHOD: none or off (CLIENT only), dhcp, dhcp6 or auto6, \
         either6 (also DHCPv6 that no router announces), dhcp,dhcp6, auto or on or any or nothing (whatever there is), link6, \
         link-local, single-dhcp (the first link with a lease is enough), ibft or fw (the firmware's table). IFACE is a name, or a MAC with \
         '-'. IPv6 addresses stand in brackets. MASK is a prefix length or a mask; without it the class of the address counts, /64 for IPv6. \
         Several ip= for one link add up."),
    defaults("ifname", "NAME:MAC", "", "LNS", bootif::ifname,
        "The link with this MAC gets this name before anything is matched by name. Avoid the kernel's own names (eth0)."),
    profiles("bootdev", "IFACE", "", "LN", need::bootdev,
        "The link that the boot depends on. It gets automatic addresses unless an ip= says otherwise, and takes routes without a link."),
    profiles("BOOTIF", "[01-]MAC", "", "LN", bootif::read,
        "The link the boot loader used, as pxelinux writes it; the name may be in any case. It is the link of an ip= without IFACE, else gets \
         automatic addresses."),
    profiles("rd.bootif", "0 | 1", "1", "LN", bootif::switch, "0: BOOTIF= is not used."),
    profiles("rd.neednet", "0 | 1", "0", "LN", need::neednet,
        "Network is needed. Without any other argument every wired link gets automatic addresses."),
    profiles("root", "PLACE", "", "KL", need::root, "Network is needed if PLACE is reached by it (nfs:, iscsi:, dhcp, …)."),
    profiles("netroot", "PLACE", "", "L", need::netroot, "Network is needed to reach PLACE."),
    profiles("nfsroot", "[SERVER:]DIR[,OPTIONS]", "", "KI", need::netroot, "Network is needed for the root file system."),
    profiles("nameserver", "ADDRESS", "", "LNS", dns::nameserver,
        "A name server for every link with addresses of its family. May be repeated; one address each."),
    defaults("rd.peerdns", "0 | 1", "1", "LNS", dhcp::peerdns, "0: name servers from DHCP and router advertisements are not used."),
    profiles("rd.net.dns", "ADDRESS[#NAME] | dns+udp://ADDRESS[:PORT] | dns+tls://ADDRESS[:PORT][#NAME]", "", "N", dns::global,
        "A name server for everything, in place of those of the links. May be repeated. sunup itself uses those without TLS on port 53; all go to the daemon."),
    profiles("rd.net.dns-resolve-mode", "backup | prefer | exclusive", "", "N", dns::resolve_mode,
        "How the servers of rd.net.dns go together with those of the links: backup: those of the links are used as well; else they are not."),
    profiles("rd.net.dns-backend", "none | default | systemd-resolved | dnsmasq | dnsconfd", "", "N", dns::backend,
        "Which resolver the daemon talks to (main.dns of NetworkManager.conf). Only passed on."),
    profiles("rd.route", "NET[/P]:GW[:IFACE]", "", "LNS", route::read,
        "A static route; on-link without GW, to one host without P. Without IFACE it goes to the link of bootdev=, else to the first link."),
    profiles("vlan", "NAME:PARENT", "", "LNS", links::vlan,
        "A VLAN over PARENT; its id is the number at the end of NAME. PARENT has no addresses unless an ip= gives it some."),
    profiles("bond", "NAME[:PORTS[:OPTIONS[:MTU]]]", "bond0:eth0:mode=balance-rr", "LNS", links::bond,
        "A bond. PORTS are separated by ','; OPTIONS are NAME=VALUE of the kernel's driver, separated by ',', several values of one by ';'."),
    profiles("bridge", "NAME[:PORTS]", "br0:eth0", "LNS", links::bridge, "A bridge, without spanning tree."),
    profiles("team", "NAME[:PORTS]", "team0:eth0", "LN", links::team, "A team of links, which send in turn (roundrobin, the default of teamd)."),
    profiles("ib.pkey", "PARENT.PKEY", "", "N", links::partition, "An InfiniBand partition; PKEY is hexadecimal."),
    profiles("rd.wireguard", "IFACE:/FILE | /DIR/IFACE.conf | IFACE", "", "", wireguard::read,
        "A WireGuard tunnel from a wg-quick file (default /etc/wireguard/IFACE.conf). The boot waits until the tunnel's peer has answered. \
         The network it goes over needs its own argument (ip=dhcp). PrivateKey=@NAME is a credential, PrivateKeyFile=/FILE a file; \
         files that others may read are refused."),
    profiles("rd.ethtool", "IFACE:[on | off][:SPEED]", "", "N", ethtool::read,
        "Negotiation of an Ethernet link; SPEED in Mbit/s, full duplex. off needs a SPEED."),
    profiles("rd.net.dhcp.client-id", "IFACE:HEX-HEX… | IFACE:@TEXT", "", "N", dhcp::client_id, "The DHCPv4 client identifier (option 61), 2 bytes or more."),
    defaults("rd.net.dhcp.vendor-class", "TEXT", "", "N", dhcp::vendor_class, "The DHCPv4 vendor class (option 60), at most 255 bytes."),
    defaults("rd.net.dhcp.dscp", "CS0 | CS4 | CS6", "", "N", dhcp::dscp, "The DSCP of DHCPv4 packets: 0, 32 or 48."),
    defaults("rd.net.dhcp.retry", "NUMBER", "1", "LN", dhcp::retry, "How often DHCP is tried; multiplies rd.net.timeout.dhcp."),
    defaults("rd.net.acd", "off | short | full | MILLISECONDS", "off", "", dhcp::acd,
        "How long IPv4 addresses are looked for at other hosts before they are used (RFC 5227, ipv4.dad-timeout): short: 0.2 s at most, full: the \
         RFC's own times, 5 to 7 s. A leased address that another host has is declined; one of an ip= is not used."),
    defaults("rd.net.timeout.dhcp", "SECONDS | infinity", "90", "LN", dhcp::timeout, "How long DHCP is tried once."),
    defaults("rd.net.timeout.carrier", "SECONDS", "10", "LN", dhcp::carrier, "How long a link may take to find carrier once it is up."),
    defaults("rd.net.timeout.ip-required", "SECONDS | infinity", "20", "N", dhcp::required,
        "How long each family of ip=auto and ip=dhcp,dhcp6 is waited for when the other is there."),
    defaults("rd.net.timeout.handshake", "SECONDS", "20", "", wireguard::timeout,
        "How long a WireGuard peer may take to answer; 0: it is not waited for."),
    profiles("rd.wireguard.bypass", "0 | 1", "0", "", wireguard::bypass,
        "1: routes from DHCP and routers may lead past WireGuard tunnels. Otherwise those that are more specific than a tunnel's are refused, and \
         so is a leased subnet of public addresses that belong into one."),
    defaults("rd.net.timeout.iflink", "SECONDS", "60", "L", dhcp::other, "How long a link that is needed may take to appear (10 if it is not named). A keyfile says it with wait-device-timeout."),
    defaults("rd.net.timeout.ifup", "SECONDS", "20", "L", dhcp::other, "How long a link may take to be up once it was told to."),
    defaults("rd.net.timeout.route", "SECONDS", "", "L", dhcp::other,
        "How long an IPv6 default route is waited for once a router has given addresses. Without it a router that announces none costs no time."),
    defaults("rd.net.timeout.ipv6dad", "SECONDS", "50", "L", dhcp::other, "How long static and link-local IPv6 addresses may take to be proved unique."),
    defaults("rd.net.timeout.ipv6auto", "SECONDS", "40", "L", dhcp::other, "How long a router may take to answer, where the profile does not say (ra-timeout)."),
    profiles("rd.znet", "TYPE,SUBCHANNEL,SUBCHANNEL[,SUBCHANNEL][,OPTION=VALUE]…", "", "LN", znet::read,
        "A network device of s390: qeth (three subchannels), lcs or ctc (two). For a link that an ip= names."),
    profiles("rd.znet_ifname", "NAME:SUBCHANNELS", "", "LN", znet::name, "The name of the link with these subchannels."),
    defaults("net.ifnames", "0 | 1", "1", "LNS", znet::names, "0: links keep the kernel's names."),
    profiles("rd.iscsi.ibft", "0 | 1", "0", "LN", firmware::iscsi, "The same as ip=ibft."),
    defaults("rd.nvmf.nonbft", "0 | 1", "0", "LN", firmware::nonbft, "1: the NVMe boot firmware table is not read."),
    defaults("ksdevice", "IFACE | MAC | link | bootif | ibft", "", "LA", anaconda::read,
        "The link of an ip= that is an address and nothing else. link: the first that comes up; bootif: that of BOOTIF=; ibft: the firmware's table."),
    defaults("netmask", "MASK", "", "LA", anaconda::read, "Beside ip=ADDRESS: its mask."),
    defaults("gateway", "ADDRESS", "", "LA", anaconda::read, "Beside ip=ADDRESS: the gateway."),
    defaults("dns", "ADDRESS[,ADDRESS]", "", "A", anaconda::read, "Beside ip=ADDRESS: name servers."),
    defaults("hostname", "HOST", "", "LA", anaconda::read, "Beside ip=ADDRESS: the host name."),
    defaults("mtu", "BYTES", "", "LA", anaconda::read, "Beside ip=ADDRESS: the MTU."),
    defaults("rd.sunup.handover", "networkmanager,networkd | none", "", "", leave::handover,
        "The daemon that takes the network over, or several. Default: what the real root has, or the image; both if neither shows one."),
    defaults("rd.sunup.exit", "[IFACE:]keep | adopt | flush", "adopt", "", leave::exit,
        "What becomes of a link (of every link without IFACE). adopt: a daemon takes it over. keep: its addresses never end, for a \
         root file system behind it. flush: no daemon is told of it, and 'sunup down --flush' takes it down. May be repeated."),
    profiles("nfsaddrs", "as of ip=", "", "K", ip::read, "The kernel's old name of ip=."),
    profiles("rd.iscsi.firmware", "0 | 1", "0", "L", elsewhere, "iSCSI targets from the firmware; the iSCSI handler reads it. For addresses: ip=ibft."),
    profiles("rd.nvmf.discover", "…", "", "L", elsewhere, "An NVMe target; the NVMe handler reads it."),
    profiles("net.ifname_policy", "POLICY,…[,MAC]", "", "S", elsewhere, "How udev names links; udev reads it."),
    profiles("biosdevname", "0 | 1", "", "L", elsewhere, "How udev names links; udev reads it."),
];

type Read = for<'a> fn(&mut Builder<'a>, Value<'a>);

/// A row that applies to whatever the others make.
const fn defaults(
    name: &'static str,
    form: &'static str,
    default: &'static str,
    known_by: &'static str,
    read: Read,
    doc: &'static str,
) -> Parameter {
    Parameter { name, form, default, doc, known_by, pass: Pass::Defaults, read }
}

/// A row that is read in the order of the words.
const fn profiles(
    name: &'static str,
    form: &'static str,
    default: &'static str,
    known_by: &'static str,
    read: Read,
    doc: &'static str,
) -> Parameter {
    Parameter { name, form, default, doc, known_by, pass: Pass::Profiles, read }
}

/// The argument with this name. `BOOTIF` is the only one that may be in any case: boot loaders write it as they like.
pub fn find(name: &str) -> Option<&'static Parameter> {
    PARAMETERS.iter().find(|parameter| {
        parameter.name == name || parameter.name == "BOOTIF" && name.eq_ignore_ascii_case(parameter.name)
    })
}

/// The argument whose name is nearest to one that is unknown, by at most `limit` edits.
pub(super) fn nearest_name(name: &str, limit: usize) -> Option<&'static str> {
    nearest(name, PARAMETERS.iter().map(|parameter| parameter.name), limit)
}

/// True for a name that is ours to know, known or not.
pub(super) fn is_ours(name: &str) -> bool {
    OUR_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// A word with a name that is in no row.
pub(super) fn unknown(builder: &mut Builder<'_>, name: &str, value: Value<'_>) {
    if !is_ours(name) {
        return;
    }
    let near = nearest_name(name, 2).map(|near| format!("; did you mean {near}=?")).unwrap_or_default();
    builder.error(value.origin(), format!("there is no argument {name}=; it is ignored{near}"));
}

/// An argument that says nothing to us.
fn elsewhere<'a>(_builder: &mut Builder<'a>, _value: Value<'a>) {}
