//! Teams: the options of the kernel's driver, over its own generic netlink family (`linux/if_team.h`).
//!
//! The driver sends and receives by a mode, which goes by the name of teamd's runner. What teamd itself does beyond that has
//! nobody to do it here: `lacp` cannot be had, and `activebackup` has the active port that sunup gives it. While sunup runs, that follows the
//! carrier; afterwards it stays, until a daemon comes.

use super::error::errno;
use super::generic::{self, HEADER, Header};
use super::kinds::team::runner;
use super::message::{Stream, attributes, text_of, u32_of};
use super::netlink::Netlink;
use super::snapshot::Link;
use super::{Kernel, KernelError, module};
use crate::profile::LinkKind;
use crate::profile::desired::{DesiredLink, NewLink};

const FAMILY: &str = "team";
const OPTIONS_SET: u8 = 1;
const OPTIONS_GET: u8 = 2;
/// `TEAM_ATTR_TEAM_IFINDEX`, `TEAM_ATTR_LIST_OPTION`; `TEAM_ATTR_ITEM_OPTION` in the list.
const IFINDEX: u16 = 1;
const LIST: u16 = 2;
const ITEM: u16 = 1;
/// `TEAM_ATTR_OPTION_*`.
const NAME: u16 = 1;
const TYPE: u16 = 3;
const DATA: u16 = 4;
/// `NLA_U32`, `NLA_STRING`.
const U32: u8 = 3;
const STRING: u8 = 5;
const NESTED: u16 = 0x8000;

/// What a team is set to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Options {
    mode: String,
    active_port: u32,
}

/// The family, on a socket of its own.
struct Team {
    netlink: Netlink,
    family: u16,
}

impl Team {
    fn open() -> Result<Self, KernelError> {
        let mut netlink = Netlink::open_generic()?;
        let family = generic::family(&mut netlink, FAMILY)?;
        Ok(Self { netlink, family })
    }

    fn options(&mut self, team: u32) -> Result<Options, KernelError> {
        let header = Header { command: OPTIONS_GET, version: 1 };
        let write = |batch: &mut super::message::Batch| batch.u32(IFINDEX, team);
        let flags = netlink_packet_core::NLM_F_ACK;
        let items = self.netlink.query("team options", self.family, flags, &header, &write, |payload, found| {
            found.extend(read(payload.get(HEADER..).unwrap_or_default()));
        })?;
        let mut options = Options::default();
        for (name, value) in items {
            match name.as_str() {
                "mode" => options.mode = text_of(&value),
                "activeport" => options.active_port = u32_of(&value).unwrap_or_default(),
                _ => {}
            }
        }
        Ok(options)
    }

    fn set(&mut self, team: u32, name: &str, kind: u8, value: &[u8]) -> Result<(), KernelError> {
        let header = Header { command: OPTIONS_SET, version: 1 };
        let list = one_option(name, kind, value);
        let write = |batch: &mut super::message::Batch| {
            batch.u32(IFINDEX, team);
            batch.bytes_of(LIST | NESTED, &list);
        };
        let flags = netlink_packet_core::NLM_F_ACK;
        match self.netlink.query::<()>("team options", self.family, flags, &header, &write, |_, _| {}) {
            // It is set; only nobody listened when the driver told the world of it.
            Err(error) if error.errno() == errno::ESRCH => Ok(()),
            other => other.map(drop),
        }
    }
}

/// A list of one option, as TEAM_CMD_OPTIONS_SET takes it.
fn one_option(name: &str, kind: u8, value: &[u8]) -> Vec<u8> {
    let mut option = Stream::default();
    option.put(NAME, &[name.as_bytes(), &[0]].concat());
    option.put(TYPE, &[kind]);
    option.put(DATA, value);
    let mut list = Stream::default();
    list.put(ITEM | NESTED, &option.into_bytes());
    list.into_bytes()
}

/// Name and value of every option in an answer.
fn read(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let lists = attributes(bytes).filter(|(kind, _)| *kind == LIST);
    let items = lists.flat_map(|(_, list)| attributes(list)).filter(|(kind, _)| *kind == ITEM);
    let option = |(_, item)| {
        let of = |wanted| attributes(item).find(|(kind, _)| *kind == wanted).map(|(_, value)| value);
        Some((text_of(of(NAME)?), of(DATA)?.to_vec()))
    };
    items.filter_map(option).collect()
}

impl Kernel {
    /// Gives a team that has just been made the mode of its runner: with the first port it would be too late.
    pub(super) fn set_team_mode(&mut self, link: &NewLink) -> Result<(), KernelError> {
        let LinkKind::Team { config } = &link.kind.kind else { return Ok(()) };
        let mode = runner(config.as_deref());
        let Some(ifindex) = self.index_of(&link.name)? else { return Ok(()) };
        let mut team = Team::open()?;
        if team.options(ifindex)?.mode == mode {
            return Ok(());
        }
        let value = [mode.as_bytes(), &[0]].concat();
        let set = team.set(ifindex, "mode", STRING, &value);
        // The kernel asks for `team-mode-NAME` by starting modprobe, which an image may lack.
        match set {
            Err(_) if module::load(&format!("team-mode-{mode}")).is_ok() => team.set(ifindex, "mode", STRING, &value),
            other => other,
        }
    }

    /// Gives a team in mode `activebackup` an active port: one with carrier where there is one. `failures` gets what went wrong.
    pub(super) fn settle_teams(&mut self, want: &[DesiredLink], failures: &mut Vec<KernelError>) {
        let is_port = |wanted: &&DesiredLink| wanted.port.as_ref().is_some_and(|port| port.port_type == FAMILY);
        let mut teams: Vec<u32> = want.iter().filter(is_port).filter_map(|wanted| wanted.controller).collect();
        crate::profile::sort::sort(&mut teams);
        teams.dedup();
        if teams.is_empty() {
            return;
        }
        let links = self.survey().map(|snapshot| snapshot.links).unwrap_or_default();
        for team in teams {
            let refused = |error: KernelError| KernelError::Refused {
                request: format!("choose the active port of link {team}"),
                ifindex: team,
                device: String::new(),
                fatal: false,
                errno: error.errno(),
                explanation: String::new(),
            };
            failures.extend(activate(team, &links).map_err(refused).err());
        }
    }
}

fn activate(index: u32, links: &[Link]) -> Result<(), KernelError> {
    let mut team = Team::open()?;
    let options = team.options(index)?;
    let chosen = choose(index, options.active_port, links).filter(|_| options.mode == "activebackup");
    if let Some(port) = chosen {
        log::debug!("make link {port} the active port of link {index}");
        team.set(index, "activeport", U32, &port.to_ne_bytes())?;
    }
    Ok(())
}

/// The port that shall be the active one instead: the first with carrier; without any, the first where there is none yet.
fn choose(team: u32, active: u32, links: &[Link]) -> Option<u32> {
    let ports = || links.iter().filter(|link| link.controller == Some(team));
    let good = |link: &&Link| link.carrier;
    if ports().filter(good).any(|link| link.ifindex == active) {
        return None;
    }
    let first = || ports().next().filter(|_| active == 0);
    ports().find(good).or_else(first).map(|link| link.ifindex).filter(|&port| port != active)
}

/// Why a team cannot be had as its profile asks for it.
pub(super) fn refusal(link: &NewLink) -> Option<KernelError> {
    const MODES: [&str; 5] = ["activebackup", "broadcast", "loadbalance", "random", "roundrobin"];
    let LinkKind::Team { config } = &link.kind.kind else { return None };
    let runner = runner(config.as_deref());
    let why = match runner.as_str() {
        "lacp" => "the runner 'lacp' needs teamd; a bond with mode=802.3ad does the same in the kernel".to_owned(),
        known if MODES.contains(&known) => return None,
        other => format!("there is no runner '{other}' in the kernel's driver; it has {}", MODES.join(", ")),
    };
    Some(KernelError::NoDriver { device: link.name.clone(), kind: FAMILY.to_owned(), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_written_and_read_as_the_kernel_does_it() {
        let list = one_option("mode", STRING, b"random\0");
        let bytes: Vec<u8> = [
            // TEAM_ATTR_ITEM_OPTION, nested
            &[40, 0, 1, 0x80][..],
            // name, type, data
            &[9, 0, 1, 0, b'm', b'o', b'd', b'e', 0, 0, 0, 0],
            &[5, 0, 3, 0, 5, 0, 0, 0],
            &[11, 0, 4, 0, b'r', b'a', b'n', b'd', b'o', b'm', 0, 0],
        ]
        .concat();
        let bytes = [&[u8::try_from(bytes.len()).unwrap()], &bytes[1..]].concat();
        assert_eq!(list, bytes);
        let mut answer = Stream::default();
        answer.put(LIST, &list);
        assert_eq!(read(&answer.into_bytes()), [("mode".to_owned(), b"random\0".to_vec())]);
    }

    #[test]
    fn the_active_port_is_one_with_carrier() {
        let port = |ifindex, carrier| Link { ifindex, carrier, controller: Some(9), ..Link::default() };
        let other = Link { ifindex: 1, carrier: true, ..Link::default() };
        let links = |a, b| [other.clone(), port(2, a), port(3, b)];
        assert_eq!(choose(9, 0, &links(false, false)), Some(2));
        assert_eq!(choose(9, 2, &links(false, false)), None, "none is better");
        assert_eq!(choose(9, 2, &links(false, true)), Some(3));
        assert_eq!(choose(9, 3, &links(true, true)), None, "it stays");
        assert_eq!(choose(9, 0, std::slice::from_ref(&other)), None);
    }

    proptest::proptest! {
        #[test]
        fn any_answer_is_read_without_panic(bytes in proptest::collection::vec(0_u8.., 0..80)) {
            read(&bytes);
        }
    }
}
