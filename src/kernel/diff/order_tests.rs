//! The order of IPv6 addresses: the kernel lists first what came last.

use super::tests::{ETH0, address, have, held, sent, want};
use crate::kernel::abi::ifa;
use crate::kernel::snapshot::{Address, Snapshot};
use crate::profile::desired::DesiredLink;

/// One that the kernel made of a router's prefix.
fn by_router(text: &str, flags: u32) -> Address {
    let made = held(ETH0, &address(text, Some(3600)));
    Address { flags: made.flags | ifa::F_MANAGETEMPADDR | flags, ..made }
}

/// The kernel lists these, first the one it speaks from.
fn listing(addresses: Vec<Address>) -> Snapshot {
    Snapshot { addresses, ..have() }
}

/// These of a profile; routers have told these prefixes.
fn wanted(own: &[&str], prefixes: Option<&[&str]>) -> DesiredLink {
    let order6 = prefixes.map(|all| all.iter().map(|text| text.parse().unwrap()).collect());
    DesiredLink { addresses: own.iter().map(|text| address(text, None)).collect(), order6, ..want() }
}

fn own(text: &str) -> Address {
    held(ETH0, &address(text, None))
}

#[test]
fn the_first_is_added_last_and_those_of_ipv4_as_they_come() {
    let want = wanted(&["192.0.2.2/24", "fd77::1/64", "192.0.2.3/24", "fd77::2/64"], None);
    let added = ["192.0.2.2/24", "192.0.2.3/24", "fd77::2/64", "fd77::1/64"];
    assert_eq!(sent(&have(), &want), added.map(|net| format!("add address {net} to eth0")));
}

#[test]
fn what_is_there_stays_where_it_is_unless_order_is_called_for() {
    let have = listing(vec![by_router("2001:db8::5/64", 0), own("fd77::2/64"), own("fd77::1/64")]);
    assert!(sent(&have, &wanted(&["fd77::1/64", "fd77::2/64"], None)).is_empty());
    let made = sent(&have, &wanted(&["fd77::1/64", "fd77::2/64"], Some(&[])));
    let add = |net| format!("add address {net} to eth0");
    let anew = |net| [format!("remove address {net} from eth0"), add(net), add(net)];
    assert_eq!(made, [anew("fd77::2/64"), anew("fd77::1/64")].concat());
}

#[test]
fn what_stands_right_up_to_the_end_is_left_alone() {
    let [first, second] = ["2001:db8:1::5/64", "2001:db8:2::5/64"].map(|text| by_router(text, 0));
    let order = |have: Vec<Address>| {
        sent(&listing(have), &wanted(&["fd77::1/64"], Some(&["2001:db8:1::/64", "2001:db8:2::/64"])))
    };
    assert!(order(vec![own("fd77::1/64"), first.clone(), second.clone()]).is_empty());
    // As the kernel has them of two prefixes in one advertisement, after an address of the profile.
    let made = order(vec![second.clone(), first.clone(), own("fd77::1/64")]);
    let moved: Vec<&str> = made.iter().filter_map(|text| text.strip_prefix("remove address ")).collect();
    assert_eq!(moved, ["2001:db8:1::5/64 from eth0", "fd77::1/64 from eth0"]);
    // One that is missing is added in its place.
    let made = order(vec![first, second]);
    assert_eq!(made, ["add address fd77::1/64 to eth0"]);
}

#[test]
fn link_local_temporary_and_lost_addresses_are_in_nobodys_way() {
    let local = Address { scope: 253, ..own("fe80::1/64") };
    let lost = by_router("2001:db8::9/64", ifa::F_DADFAILED | ifa::F_TENTATIVE);
    let temporary = Address { flags: 1, ..by_router("2001:db8::77/64", 0) };
    let have = listing(vec![temporary, own("fd77::1/64"), lost, by_router("2001:db8::5/64", 0), local]);
    assert!(sent(&have, &wanted(&["fd77::1/64"], Some(&[]))).is_empty());
}

#[test]
fn made_anew_it_is_what_it_was() {
    use crate::kernel::Request;
    for (flags, marks, optimistic) in [
        (0, &[true, false][..], false),
        (ifa::F_TENTATIVE, &[false], false),
        (ifa::F_TENTATIVE | ifa::F_OPTIMISTIC, &[false], true),
    ] {
        let have = listing(vec![by_router("2001:db8:2::5/64", 0), by_router("2001:db8:1::5/64", flags)]);
        let want = wanted(&[], Some(&["2001:db8:1::/64", "2001:db8:2::/64"]));
        let requests = super::diff(&have, std::slice::from_ref(&want));
        let made = requests.iter().filter_map(|request| match request {
            Request::AddAddress(_, made) => Some(made),
            _ => None,
        });
        let made: Vec<_> = made.collect();
        assert_eq!(made.iter().map(|made| made.no_dad).collect::<Vec<_>>(), marks);
        for made in made {
            assert_eq!((made.optimistic, made.leads_temporary), (optimistic, true));
            assert_eq!((made.valid, made.no_prefix_route), (have.addresses[1].valid, true));
        }
    }
}
