//! A configurator of known good bytes: `ip`, a DHCP client and handwritten files. What it leaves behind is what daemons
//! were seen to adopt, so the rig must pass it; and each sabotage of it must be seen.

use crate::daemon::ifindex;
use crate::support::{CLIENT_MAC, Lan};

/// The uuid of the handwritten profile.
pub(crate) const UUID: &str = "1b3c0f44-0d52-4b0e-9d8a-000000000001";

/// `eth0` of the client, configured by hand.
pub(crate) struct StandIn<'a>(pub(crate) &'a Lan);

impl StandIn<'_> {
    /// A lease taken with the client identifier `01:MAC`; the kernel holds what NetworkManager would have made of it, with
    /// this metric. Answers the address.
    pub(crate) fn dhcp4(&self, metric: u32) -> String {
        let room = &self.0.client;
        room.sh("echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6; ip link set eth0 up");
        let script = "#!/bin/sh\n[ \"$1\" = bound ] && echo $ip >/tmp/leased\nexit 0\n";
        room.sh(&format!("printf '%s' '{script}' >/tmp/script; chmod 755 /tmp/script"));
        room.ok("busybox", &["udhcpc", "-i", "eth0", "-q", "-n", "-f", "-s", "/tmp/script"]);
        let address = room.read("/tmp/leased").trim().to_owned();
        let with = format!("{address}/24 brd 10.77.0.255 dev eth0 noprefixroute valid_lft 3600 preferred_lft 3600");
        room.ip(&format!("address add {with}"));
        room.ip(&format!("route add 10.77.0.0/24 dev eth0 proto kernel scope link src {address} metric {metric}"));
        room.ip(&format!("route add default via 10.77.0.1 dev eth0 proto dhcp src {address} metric {metric}"));
        address
    }

    /// 10.77.0.50/24 with a default route, as NetworkManager makes them.
    pub(crate) fn static4(&self) {
        let room = &self.0.client;
        room.sh("echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6; ip link set eth0 up");
        room.ip("address add 10.77.0.50/24 brd 10.77.0.255 dev eth0 noprefixroute");
        room.ip("route add 10.77.0.0/24 dev eth0 proto kernel scope link src 10.77.0.50 metric 100");
        room.ip("route add default via 10.77.0.1 dev eth0 proto static metric 100");
    }

    /// What the kernel makes of a router advertisement; waits for the address and the route.
    pub(crate) fn slaac(&self) {
        let room = &self.0.client;
        room.sh("cd /proc/sys/net/ipv6/conf/eth0; echo 1 >accept_ra; echo 0 >addr_gen_mode; ip link set eth0 up");
        wait_for_global6(self.0);
    }

    /// What NetworkManager reads: the profile with these sections, the state of the device, and the lease if there is one.
    pub(crate) fn for_networkmanager(&self, sections: &str, leased: Option<&str>) {
        let room = &self.0.client;
        let profile =
            format!("[connection]\nid=early-eth0\nuuid={UUID}\ntype=ethernet\ninterface-name=eth0\n\n{sections}");
        let device = format!(
            "[device]\nmanaged=true\nperm-hw-addr-fake={CLIENT_MAC}\nconnection-uuid={UUID}\nnm-owned=false\n\
             route-metric-default-effective=100\n"
        );
        let directory = "/run/NetworkManager";
        room.sh(&format!("mkdir -p {directory}/devices {directory}/system-connections"));
        let path = format!("{directory}/system-connections/early-eth0.nmconnection");
        room.sh(&format!("umask 077; printf '%s' '{profile}' >{path}"));
        if let Some(address) = leased {
            room.sh(&format!("echo ADDRESS={address} >{directory}/internal-{UUID}-eth0.lease"));
        }
        room.sh(&format!("printf '%s' '{device}' >{directory}/devices/{}", ifindex(room, "eth0")));
    }

    /// What systemd-networkd reads: the file of the link with these sections.
    pub(crate) fn for_networkd(&self, sections: &str) {
        let text = format!("[Match]\nName=eth0\n{sections}");
        let directory = "/run/systemd/network";
        let path = format!("{directory}/10-sunup-eth0.network");
        self.0.client.sh(&format!("mkdir -p {directory}; printf '%s' '{text}' >{path}"));
    }
}

/// Waits until eth0 has a global IPv6 address that may be used, and a default route.
pub(crate) fn wait_for_global6(lan: &Lan) {
    let ready = || {
        let address = lan.address("eth0", "fd77:");
        address.is_some_and(|address| address["tentative"].is_null()) && lan.route("::/0").is_some()
    };
    let there = crate::support::wait_until(std::time::Duration::from_secs(10), ready);
    assert!(there, "no address from a router advertisement: {}", lan.client.ip("-6 address show dev eth0"));
}
