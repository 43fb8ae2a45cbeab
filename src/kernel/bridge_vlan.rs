//! VLANs of a bridge and of its ports (`bridge.vlans`, `bridge-port.vlans`): what is missing is added, nothing is taken away.

use netlink_packet_route::AddressFamily;
use netlink_packet_route::link::LinkHeader;

use super::abi::{family, ifla, rtm};
use super::message::{Batch, attributes};
use super::{Kernel, KernelError};
use crate::profile::LinkKind;
use crate::profile::desired::DesiredLink;
use crate::profile::vlans::{self, Vlans};

/// `RTEXT_FILTER_BRVLAN`, a bit of IFLA_EXT_MASK.
const WITH_VLANS: u32 = 2;
/// `IFLA_BRIDGE_FLAGS` and its values: the bridge of the link, or the link itself (which is a bridge).
const FLAGS: u16 = 0;
const OF_BRIDGE: u16 = 1;
const ITSELF: u16 = 2;
/// `IFLA_BRIDGE_VLAN_INFO`, a `struct bridge_vlan_info`: flags, VLAN id.
const INFO: u16 = 2;
/// `BRIDGE_VLAN_INFO_*`.
const PVID: u16 = 2;
const UNTAGGED: u16 = 4;
const RANGE_BEGIN: u16 = 8;
const RANGE_END: u16 = 16;

/// A VLAN of a port or bridge, as the kernel holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BridgeVlan {
    /// Interface index.
    pub ifindex: u32,
    /// VLAN id.
    pub id: u16,
    /// `BRIDGE_VLAN_INFO_PVID`, `BRIDGE_VLAN_INFO_UNTAGGED`.
    pub flags: u16,
}

/// The list of a link, and whether the link is a bridge itself. NetworkManager looks at a bridge's only if it filters.
fn list(link: &DesiredLink) -> Option<(&str, bool)> {
    fn get<'a>(options: &'a [(String, String)], key: &str) -> Option<&'a str> {
        options.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
    if let Some(port) = link.port.as_ref().filter(|port| port.port_type == "bridge") {
        return get(&port.options, "vlans").map(|text| (text, false));
    }
    match link.kind.as_ref().map(|kind| &kind.kind) {
        Some(LinkKind::Bridge { options }) if get(options, "vlan-filtering") == Some("true") => {
            get(options, "vlans").map(|text| (text, true))
        }
        _ => None,
    }
}

fn flags(vlans: &Vlans) -> u16 {
    let Vlans { first: _, last: _, pvid, untagged } = vlans;
    let bit = |on: bool, bit| if on { bit } else { 0 };
    bit(*pvid, PVID) | bit(*untagged, UNTAGGED)
}

/// The VLANs that a link shall have and `held` lacks, and whether the link is a bridge itself.
pub(super) fn missing(link: &DesiredLink, held: &[BridgeVlan]) -> Option<(Vec<Vlans>, bool)> {
    let (text, own) = list(link)?;
    let there = |id, flags| held.contains(&BridgeVlan { ifindex: link.ifindex, id, flags });
    let lacks = |vlans: &Vlans| !(vlans.first..=vlans.last).all(|id| there(id, flags(vlans)));
    let missing: Vec<Vlans> = vlans::parse(text).flatten().filter(lacks).collect();
    (!missing.is_empty()).then_some((missing, own))
}

/// RTM_SETLINK of the bridge's family.
pub(super) fn encode(batch: &mut Batch, sequence: u32, ifindex: u32, vlans: &[Vlans], own: bool) {
    let interface_family = AddressFamily::from(family::BRIDGE);
    batch.begin(rtm::SETLINK, 0, sequence, &LinkHeader { interface_family, index: ifindex, ..LinkHeader::default() });
    let nest = batch.begin_nest(ifla::AF_SPEC);
    batch.bytes_of(FLAGS, &if own { ITSELF } else { OF_BRIDGE }.to_ne_bytes());
    let mut info = |flags: u16, id: u16| batch.bytes_of(INFO, [flags, id].map(u16::to_ne_bytes).as_flattened());
    for one in vlans {
        let flags = flags(one);
        if one.first == one.last {
            info(flags, one.first);
        } else {
            info(flags | RANGE_BEGIN, one.first);
            info(flags | RANGE_END, one.last);
        }
    }
    batch.end_nest(nest);
}

/// RTM_NEWLINK of the bridge's family.
fn read(payload: &[u8], found: &mut Vec<BridgeVlan>) {
    let Ok(header) = LinkHeader::parse(payload) else { return };
    let rest = payload.get(16..).unwrap_or_default();
    let spec = attributes(rest).filter(|(kind, _)| *kind == ifla::AF_SPEC);
    for (_, value) in spec.flat_map(|(_, spec)| attributes(spec)).filter(|(kind, _)| *kind == INFO) {
        if let Some(&[a, b, c, d]) = value.first_chunk() {
            let [flags, id] = [[a, b], [c, d]].map(u16::from_ne_bytes);
            found.push(BridgeVlan { ifindex: header.index, id, flags: flags & (PVID | UNTAGGED) });
        }
    }
}

impl Kernel {
    /// The VLANs of all bridges and ports, if any link shall have some.
    pub(super) fn bridge_vlans(&mut self, want: &[DesiredLink]) -> Result<Vec<BridgeVlan>, KernelError> {
        if want.iter().all(|link| list(link).is_none()) {
            return Ok(Vec::new());
        }
        let interface_family = AddressFamily::from(family::BRIDGE);
        let header = LinkHeader { interface_family, ..LinkHeader::default() };
        self.netlink.dump("VLANs of bridges", rtm::GETLINK, &header, &[(ifla::EXT_MASK, WITH_VLANS)], read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::message::messages;
    use crate::profile::desired::DesiredPort;

    fn port(list: &str) -> DesiredLink {
        let options = vec![("vlans".to_owned(), list.to_owned())];
        let port = DesiredPort { port_type: "bridge".to_owned(), options };
        DesiredLink { ifindex: 7, port: Some(Box::new(port)), ..DesiredLink::default() }
    }

    #[test]
    fn what_is_sent_is_read_back_and_then_nothing_is_missing() {
        let link = port("1 pvid untagged, 10, 20-22 untagged");
        let (missing, own) = missing(&link, &[]).unwrap();
        assert!(!own);
        let mut batch = Batch::default();
        encode(&mut batch, 1, 7, &missing, own);
        let message = messages(batch.bytes()).next().unwrap();
        let mut sent = Vec::new();
        read(message.payload, &mut sent);
        let flat: Vec<_> = sent.iter().map(|vlan| (vlan.id, vlan.flags)).collect();
        assert_eq!(flat, [(1, PVID | UNTAGGED), (10, 0), (20, UNTAGGED), (22, UNTAGGED)]);
        // The kernel tells each of a range.
        sent.push(BridgeVlan { ifindex: 7, id: 21, flags: UNTAGGED });
        assert_eq!(super::missing(&link, &sent), None);
        sent.retain(|vlan| vlan.id != 10);
        assert_eq!(super::missing(&link, &sent).unwrap().0.len(), 1);
    }

    #[test]
    fn a_bridge_that_does_not_filter_has_no_list() {
        let kind = |filters: &str| {
            let options = [("vlan-filtering", filters), ("vlans", "5")];
            let options = options.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
            crate::profile::desired::DesiredKind { kind: LinkKind::Bridge { options }, names: Vec::new() }
        };
        let link = |filters: &str| DesiredLink { kind: Some(Box::new(kind(filters))), ..DesiredLink::default() };
        assert_eq!(list(&link("true")), Some(("5", true)));
        assert_eq!(list(&link("false")), None);
    }

    proptest::proptest! {
        #[test]
        fn any_message_is_read_without_panic(bytes in proptest::collection::vec(0_u8.., 0..80)) {
            read(&bytes, &mut Vec::new());
        }
    }
}
