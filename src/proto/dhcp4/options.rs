//! The options a lease is read from: one table, in the order in which they are asked for.

use std::net::Ipv4Addr;

use dhcproto::Decoder;
use ipnet::Ipv4Net;

use super::code;
use super::guard::{Message, one};
use super::lease::{Dropped, Lease, Problem};
use crate::proto::names::{BootFile, DomainName, HostName, NameError, RootPath, ServerName};

/// The most routes kept of one option.
pub const MAX_ROUTES: usize = 64;
/// The most addresses kept of one list of servers or routers.
pub const MAX_SERVERS: usize = 16;
/// The most domains kept of the search list.
pub const MAX_SEARCH: usize = 32;
/// The smallest MTU that IPv4 works with (RFC 791 section 3.2, RFC 2132 section 5.1).
pub const MIN_MTU: u16 = 68;

type Read = fn(&mut Lease, &[u8]) -> Result<(), Problem>;

/// One option: its code, the name people know it by, and how it enters the lease.
struct Row {
    code: u8,
    name: &'static str,
    read: Read,
}

const fn row(code: u8, name: &'static str, read: Read) -> Row {
    Row { code, name, read }
}

/// RFC 3442 wants 121 before 3 and 33 in the parameter request list.
const TABLE: &[Row] = &[
    row(code::MASK, "subnet mask", mask),
    row(code::CLASSLESS_ROUTES, "classless static routes", classless_routes),
    row(code::CLASSLESS_ROUTES_MICROSOFT, "classless static routes (Microsoft)", microsoft_routes),
    row(33, "static routes", static_routes),
    row(3, "routers", |lease, value| addresses(&mut lease.routers, value)),
    row(6, "DNS servers", |lease, value| addresses(&mut lease.dns, value)),
    row(12, "host name", |lease, value| set(&mut lease.hostname, HostName::parse(value))),
    row(15, "domain name", domain),
    row(119, "domain search list", search),
    row(26, "interface MTU", mtu),
    row(28, "broadcast address", elsewhere),
    row(17, "root path", |lease, value| set(&mut lease.root_path, RootPath::parse(value))),
    row(66, "TFTP server name", |lease, value| set(&mut lease.tftp_server_name, ServerName::parse(value))),
    row(code::BOOT_FILE, "boot file name", |lease, value| set(&mut lease.boot_file, BootFile::parse(value))),
    row(42, "NTP servers", |lease, value| addresses(&mut lease.ntp, value)),
    row(7, "log servers", |lease, value| addresses(&mut lease.log_servers, value)),
    row(40, "NIS domain", |lease, value| set(&mut lease.nis_domain, DomainName::parse(value))),
    // The last four steer the exchange itself and are read where it is checked. The broadcast address follows from the mask.
    row(code::LEASE_TIME, "lease time", elsewhere),
    row(code::T1, "renewal time", elsewhere),
    row(code::T2, "rebinding time", elsewhere),
    row(code::SERVER_ID, "server identifier", elsewhere),
];

/// The codes of the parameter request list (option 55), the same in every message.
pub(super) fn requested(ipv6_only: bool) -> impl Iterator<Item = u8> {
    TABLE.iter().map(|row| row.code).chain(ipv6_only.then_some(code::IPV6_ONLY))
}

/// Reads every option of the table into `lease`. An option that cannot be used is noted and costs nothing else.
pub(super) fn read_all(lease: &mut Lease, message: &Message<'_>) {
    for row in TABLE {
        let Some(value) = message.option(row.code) else { continue };
        if let Err(problem) = (row.read)(lease, value) {
            lease.dropped.push(Dropped { code: row.code, name: row.name, problem });
        }
    }
}

/// An address that a host can have: not of "this network", loopback, multicast, reserved or broadcast.
pub(super) fn is_usable(address: Ipv4Addr) -> bool {
    let [first, ..] = address.octets();
    matches!(first, 1..=126 | 128..=223)
}

/// An option of one address; `None` if it has another length or no host could have it.
pub(super) fn usable_address(value: &[u8]) -> Option<Ipv4Addr> {
    one(value).map(Ipv4Addr::from).filter(|&address| is_usable(address))
}

fn elsewhere(_: &mut Lease, _: &[u8]) -> Result<(), Problem> {
    Ok(())
}

fn set<T>(field: &mut Option<T>, value: Result<T, NameError>) -> Result<(), Problem> {
    *field = Some(value.map_err(Problem::Name)?);
    Ok(())
}

/// Keeps the usable ones of a list, at most `most`, and says if some were left out.
fn keep<T>(field: &mut Vec<T>, values: impl Iterator<Item = Option<T>>, most: usize) -> Result<(), Problem> {
    let mut problem = Ok(());
    for value in values {
        match value {
            Some(_) if field.len() == most => return Err(Problem::TooMany { kept: most }),
            Some(value) => field.push(value),
            None => problem = Err(Problem::Value),
        }
    }
    problem
}

/// The elements of a list whose elements have `N` bytes. A list that does not divide evenly is damaged as a whole.
fn elements<const N: usize>(value: &[u8]) -> Result<impl Iterator<Item = [u8; N]>, Problem> {
    let (elements, rest) = value.as_chunks::<N>();
    if elements.is_empty() || !rest.is_empty() { Err(Problem::Length) } else { Ok(elements.iter().copied()) }
}

fn addresses(field: &mut Vec<Ipv4Addr>, value: &[u8]) -> Result<(), Problem> {
    let usable = |bytes: [u8; 4]| Some(Ipv4Addr::from(bytes)).filter(|&address| is_usable(address));
    keep(field, elements(value)?.map(usable), MAX_SERVERS)
}

/// A mask with holes, of another length, or of no bits is no mask, and none is guessed from the address's class.
fn mask(lease: &mut Lease, value: &[u8]) -> Result<(), Problem> {
    let mask = Ipv4Addr::from(one(value).ok_or(Problem::Length)?);
    let prefix_len = ipnet::ipv4_mask_to_prefix(mask).map_err(|_| Problem::Value)?;
    if prefix_len == 0 {
        return Err(Problem::Value);
    }
    lease.prefix_len = prefix_len;
    Ok(())
}

fn mtu(lease: &mut Lease, value: &[u8]) -> Result<(), Problem> {
    let mtu = u16::from_be_bytes(one(value).ok_or(Problem::Length)?);
    if mtu < MIN_MTU {
        return Err(Problem::Value);
    }
    lease.mtu = Some(mtu);
    Ok(())
}

/// Some servers put a whole search list here, separated by blanks. The first is the domain.
fn domain(lease: &mut Lease, value: &[u8]) -> Result<(), Problem> {
    let names: Result<Vec<_>, _> = value.split(|&b| b == b' ').take(MAX_SEARCH).map(DomainName::parse).collect();
    let names = names.map_err(Problem::Name)?;
    lease.domain = names.first().cloned();
    if names.len() > 1 {
        lease.search = names;
    }
    Ok(())
}

/// RFC 3397: names with compression. The codec refuses pointers that do not lead backwards.
fn search(lease: &mut Lease, value: &[u8]) -> Result<(), Problem> {
    let names = Decoder::new(value).read_domains(value.len()).map_err(|_| Problem::Length)?;
    if names.is_empty() {
        return Err(Problem::Value);
    }
    // A dot inside a label would be read as a border between two.
    let whole = |labels: &[&[u8]]| !labels.iter().any(|label| label.contains(&b'.'));
    let dotted = |labels: Vec<&[u8]>| DomainName::parse(&labels.join(&b'.')).ok().filter(|_| whole(&labels));
    lease.search.clear();
    keep(&mut lease.search, names.iter().map(|name| dotted(name.iter().collect())), MAX_SEARCH)
}

/// RFC 2132 section 5.8: pairs of destination and router. A destination with no host part in its class is that network.
fn static_routes(lease: &mut Lease, value: &[u8]) -> Result<(), Problem> {
    let route = |bytes: [u8; 8]| {
        let [a, b, c, d, router @ ..] = bytes;
        let (destination, router) = (Ipv4Addr::new(a, b, c, d), Ipv4Addr::from(router));
        let usable = is_usable(destination) && is_usable(router);
        usable.then(|| classful(destination)).flatten().map(|net| (net, router))
    };
    keep(&mut lease.static_routes, elements(value)?.map(route), MAX_ROUTES)
}

fn classful(destination: Ipv4Addr) -> Option<Ipv4Net> {
    let [first, ..] = destination.octets();
    let class = match first {
        0..=127 => 8,
        128..=191 => 16,
        _ => 24,
    };
    let network = Ipv4Net::new(destination, class).ok()?;
    if network.network() == destination { Some(network) } else { Ipv4Net::new(destination, 32).ok() }
}

fn classless_routes(lease: &mut Lease, value: &[u8]) -> Result<(), Problem> {
    let usable = |router: Ipv4Addr| router.is_unspecified() || is_usable(router);
    let routes = classless(value)?.into_iter().map(|route| usable(route.1).then_some(route));
    keep(&mut lease.classless_routes, routes, MAX_ROUTES)
}

/// Option 249 is 121 from before it was a standard; 121 wins.
fn microsoft_routes(lease: &mut Lease, value: &[u8]) -> Result<(), Problem> {
    if lease.classless_routes.is_empty() { classless_routes(lease, value) } else { Ok(()) }
}

/// RFC 3442: width, significant bytes of the destination, router (0.0.0.0: on the link). After a bad one the rest cannot be
/// told apart, so the option is dropped as a whole.
fn classless(mut value: &[u8]) -> Result<Vec<(Ipv4Net, Ipv4Addr)>, Problem> {
    let mut routes = Vec::new();
    while let Some((&width, rest)) = value.split_first() {
        let significant = usize::from(width.div_ceil(8));
        let (significant, rest) = rest.split_at_checked(significant).ok_or(Problem::Length)?;
        let (router, rest) = rest.split_first_chunk::<4>().ok_or(Problem::Length)?;
        let mut destination = [0; 4];
        destination.iter_mut().zip(significant).for_each(|(to, from)| *to = *from);
        let network = Ipv4Net::new(destination.into(), width).map_err(|_| Problem::Value)?;
        routes.push((network.trunc(), Ipv4Addr::from(*router)));
        value = rest;
    }
    if routes.is_empty() { Err(Problem::Length) } else { Ok(routes) }
}
