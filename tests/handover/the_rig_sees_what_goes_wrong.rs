//! The rig by itself: known good bytes pass, each sabotage is seen.

use crate::networkd::Networkd;
use crate::networkmanager::NetworkManager;
use crate::rig::{Adoption, one_link};
use crate::stand_in::StandIn;
use crate::support::{Dnsmasq, Lan};
use crate::verdict::Verdict;

/// The profile of a lease.
pub(crate) const AUTO4: &str = "[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=disabled\n";

/// Options with which a server also advertises fd77::/64 with a name server.
pub(crate) const ADVERTISE: &[&str] =
    &["--enable-ra", "--dhcp-range=fd77::,ra-only,64,1h", "--dhcp-option=option6:dns-server,[fd77::53]"];

/// A router that advertises fd77::/64.
pub(crate) fn router(lan: &Lan) -> Dnsmasq<'_> {
    // A neighbour that does not forward says so, and the kernel then drops its default route (RFC 4861, 7.2.5).
    lan.server.sh("echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
    lan.server.ip("address add fd77::1/64 dev srv0 nodad");
    lan.serve(ADVERTISE)
}

/// A lease with files for NetworkManager, sabotaged by a script that is run in the room (`$index` is that of eth0).
fn sabotaged(name: &str, profile: &str, sabotage: &str) -> Verdict {
    let lan = crate::lan(name);
    let server = lan.serve(&[]);
    let stand_in = StandIn(&lan);
    let address = stand_in.dhcp4(100);
    stand_in.for_networkmanager(profile, Some(&address));
    lan.client.sh(&format!("cd /run/NetworkManager; index=$(cat /sys/class/net/eth0/ifindex); {sabotage}"));
    let title = format!("NetworkManager, {name}");
    one_link(&title, &lan, Some(&server)).by(NetworkManager::prepare(&lan.client))
}

#[test]
fn good_bytes_of_a_lease_pass() {
    sabotaged("stand-in-dhcp4", AUTO4, ":").print().is_clean();
}

#[test]
fn good_bytes_of_a_static_address_pass() {
    let lan = crate::lan("stand-in-static4");
    let stand_in = StandIn(&lan);
    stand_in.static4();
    let ipv4 = "[ipv4]\nmethod=manual\naddress1=10.77.0.50/24,10.77.0.1\ndns=10.77.0.1;\n\n[ipv6]\nmethod=disabled\n";
    stand_in.for_networkmanager(ipv4, None);
    let name = "NetworkManager, stand-in-static4";
    one_link(name, &lan, None).by(NetworkManager::prepare(&lan.client)).print().is_clean();
}

#[test]
fn good_bytes_of_a_router_advertisement_pass() {
    let lan = crate::lan("stand-in-slaac");
    let _router = router(&lan);
    let stand_in = StandIn(&lan);
    stand_in.slaac();
    let sections = "[ipv4]\nmethod=disabled\n\n[ipv6]\nmethod=auto\naddr-gen-mode=eui64\n";
    stand_in.for_networkmanager(sections, None);
    let name = "NetworkManager, stand-in-slaac";
    let adoption = Adoption { pings: &["fd77::1"], own_default: true, ..one_link(name, &lan, None) };
    adoption.by(NetworkManager::prepare(&lan.client)).print().is_clean();
}

#[test]
fn addresses_without_files_are_reported_as_external() {
    sabotaged("no-files", AUTO4, "rm -r devices system-connections internal-*").print().has("external");
}

#[test]
fn a_wrong_uuid_is_reported_as_external() {
    let wrong = "sed -i s/000000000001/000000000009/ devices/$index";
    sabotaged("wrong-uuid", AUTO4, wrong).print().has("external").has("other profile");
}

#[test]
fn a_missing_device_file_is_reported_as_external() {
    sabotaged("no-device-file", AUTO4, "rm devices/$index").print().has("external");
}

#[test]
fn another_client_identifier_is_reported_as_another_lease() {
    let profile = AUTO4.replace("method=auto", "method=auto\ndhcp-client-id=01:02:03:04:05:06:07");
    sabotaged("other-client-id", &profile, ":").print().has("lease").has("changed");
}

#[test]
fn a_missing_lease_file_is_reported_as_a_discover() {
    sabotaged("no-lease-file", AUTO4, "rm internal-*").print().has("lease");
}

/// The stand-in for systemd-networkd: its own metric, its own words.
#[test]
fn good_bytes_for_networkd_pass() {
    let lan = crate::lan("stand-in-networkd");
    let server = lan.serve(&[]);
    let stand_in = StandIn(&lan);
    stand_in.dhcp4(1024);
    let sections = "[Network]\nDHCP=ipv4\nIPv6AcceptRA=no\nKeepConfiguration=yes\n[DHCPv4]\nClientIdentifier=mac\n";
    stand_in.for_networkd(sections);
    let name = "networkd, stand-in-dhcp4";
    one_link(name, &lan, Some(&server)).by(|| Networkd::start(&lan.client)).print().is_clean();
}

/// networkd as its own predecessor, with what its generator writes.
fn networkd_by_itself(lan: &Lan, sections: &str) {
    StandIn(lan).for_networkd(sections);
    crate::daemon::fake_udev(&lan.client);
    // The sign of an initramfs, where the daemon keeps a lease when it ends.
    lan.client.sh("touch /etc/initrd-release");
    let first = Networkd::start(&lan.client);
    first.wait("eth0");
    first.stop();
    lan.client.sh("rm /etc/initrd-release");
}

/// What sunup is better than.
#[test]
fn networkd_does_not_adopt_a_static_address_from_itself_without_a_flap() {
    let lan = crate::lan("networkd-itself-static4");
    let address = "[Network]\nGateway=10.77.0.1\nDNS=10.77.0.1\nIPv6AcceptRA=no\n[Address]\nAddress=10.77.0.50/24\n";
    networkd_by_itself(&lan, address);
    let adoption = one_link("BASELINE: networkd, static from itself", &lan, None);
    adoption.by(|| Networkd::start(&lan.client)).print().has("removed");
}

/// The same for a lease.
#[test]
fn networkd_does_not_adopt_a_lease_from_itself_without_a_flap() {
    let lan = crate::lan("networkd-itself-dhcp4");
    let server = lan.serve(&[]);
    networkd_by_itself(&lan, "[Network]\nDHCP=ipv4\n");
    let adoption = one_link("BASELINE: networkd, lease from itself", &lan, Some(&server));
    adoption.by(|| Networkd::start(&lan.client)).print().has("removed");
}
