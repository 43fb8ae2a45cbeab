//! Links taken away together, as one group: the kernel then waits for its readers once, and not for some 20 ms with each link.

use netlink_packet_route::link::LinkHeader;

use super::Kernel;
use super::abi::{ifla, rtm};
use super::message::Batch;
use super::netlink::Encode;
use super::random;
use super::undo_plan::Step;

/// One link alone is taken away as it is.
const TOGETHER: usize = 2;
/// Above the numbers that people give to groups.
const OURS: u32 = 1 << 30;

/// How many steps from the first on are sent as one: messages that take links away, or messages that do not.
pub(super) fn alike(steps: &[Step<'_>]) -> usize {
    let takes_away = |step: &Step<'_>| match step {
        Step::Netlink { kind, .. } => Some(*kind == rtm::DELLINK),
        _ => None,
    };
    let Some(first) = steps.first().and_then(takes_away) else { return 0 };
    steps.iter().take_while(|step| takes_away(step) == Some(first)).count()
}

/// Puts the link that a message would take away into a group.
struct Join<'a> {
    link: &'a [u8],
    group: u32,
}

impl Encode for Join<'_> {
    fn encode(&self, batch: &mut Batch, sequence: u32) {
        batch.raw(rtm::SETLINK, 0, sequence, self.link);
        batch.u32(ifla::GROUP, self.group);
    }
}

/// Takes a group away.
struct Group(u32);

impl Encode for Group {
    fn encode(&self, batch: &mut Batch, sequence: u32) {
        batch.begin(rtm::DELLINK, 0, sequence, &LinkHeader::default());
        batch.u32(ifla::GROUP, self.0);
    }
}

impl Kernel {
    /// Takes the links of these steps away, as far as that can be done at once. The steps are sent all the same: what is gone is
    /// undone, what is left goes then.
    pub(super) fn unmake(&mut self, steps: &[Step<'_>]) {
        let links = steps.iter().filter_map(|step| match step {
            Step::Netlink { kind, payload, .. } if *kind == rtm::DELLINK => Some(payload.as_ref()),
            _ => None,
        });
        let group = random::seed().to_ne_bytes().first_chunk().map_or(OURS, |bytes| OURS | u32::from_ne_bytes(*bytes));
        let members: Vec<Join<'_>> = links.map(|link| Join { link, group }).collect();
        if members.len() >= TOGETHER {
            self.netlink.send(&members);
            self.netlink.send(&[Group(group)]);
        }
    }
}
