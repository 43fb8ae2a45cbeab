//! Hand-over: a real NetworkManager, started afterwards as in the real root, goes on with the link as it finds it.

use crate::support::{Lan, Process, Ran};

/// The daemon after start-up, with what the kernel announced meanwhile.
struct Daemon<'lan> {
    lan: &'lan Lan,
    _bus: Process<'lan>,
    _daemon: Process<'lan>,
    monitor: Process<'lan>,
}

impl<'lan> Daemon<'lan> {
    /// Starts bus and daemon, and waits until the daemon says that start-up is complete.
    fn start(lan: &'lan Lan) -> Self {
        let room = &lan.client;
        // The daemon takes no link before udev has seen it; this is the trace that udev leaves.
        room.sh("mkdir -p /run/dbus /run/udev/data; cd /sys/class/net
            for link in *; do echo I:1000000 >/run/udev/data/n$(cat $link/ifindex); done");
        let monitor = lan.monitor();
        let bus = room.spawn("dbus-daemon", &["--system", "--nofork", "--nopidfile"]);
        let there = || room.exists("/run/dbus/system_bus_socket");
        assert!(crate::support::wait_until(std::time::Duration::from_secs(5), there), "{}", bus.log());
        let daemon = room.spawn("NetworkManager", &["--no-daemon", "--log-level=INFO"]);
        let online = room.run("nm-online", &["--wait-for-startup", "--quiet", "--timeout=30"]);
        assert!(online.code == 0, "{online}\n{}", daemon.log());
        Self { lan, _bus: bus, _daemon: daemon, monitor }
    }

    /// One field of `nmcli device show eth0`.
    fn field(&self, name: &str) -> String {
        let text = self.lan.client.ok("nmcli", &["-t", "-f", name, "device", "show", "eth0"]);
        text.trim().split_once(':').map(|(_, value)| value.to_owned()).unwrap_or_default()
    }

    /// Every address, route or link state that the kernel announced as gone from eth0.
    fn lost(&self) -> Vec<String> {
        let log = self.monitor.log();
        let eth0 = log.lines().filter(|line| line.contains("eth0"));
        eth0.filter(|line| line.contains("Deleted") || line.contains("state DOWN")).map(str::to_owned).collect()
    }
}

fn profile_uuid(lan: &Lan) -> String {
    let text = lan.client.sh("cat /run/NetworkManager/system-connections/*.nmconnection");
    text.lines().find_map(|line| line.strip_prefix("uuid=")).expect("a uuid in the profile").to_owned()
}

/// Starts the daemon and looks whether it took the link over without touching it.
fn adopted(lan: &Lan) -> Result<(), String> {
    let addresses =
        lan.client.ip("-4 -o address show dev eth0 scope global").split("valid_lft").next().unwrap().to_owned();
    let daemon = Daemon::start(lan);
    let (state, uuid) = (daemon.field("GENERAL.STATE"), daemon.field("GENERAL.CON-UUID"));
    let after = lan.client.ip("-4 -o address show dev eth0 scope global").split("valid_lft").next().unwrap().to_owned();
    let lost = daemon.lost();
    let same_profile = lan.client.run("sh", &["-c", "ls /run/NetworkManager/system-connections/*"]).code == 0;
    if !same_profile || uuid != profile_uuid(lan) {
        return Err(format!("another profile: '{uuid}', {state}"));
    }
    let untouched = state.starts_with("100") && lost.is_empty() && addresses == after;
    if untouched { Ok(()) } else { Err(format!("{state}; lost {lost:#?}; {addresses} -> {after}")) }
}

#[test]
fn a_dhcp_link_stays_up_and_keeps_its_lease() {
    let lan = crate::lan("adopt-dhcp");
    let server = lan.serve(&[]);
    lan.up("ip=dhcp rd.neednet=1").exits(0);
    adopted(&lan).unwrap();
    assert_eq!(server.count("DHCPNAK"), 0, "{}", server.log());
    assert_eq!(lan.client.ip_json("-4 route show default").len(), 1, "one default route, not two");
}

#[test]
fn a_static_link_stays_up_and_keeps_its_name_server() {
    let lan = crate::lan("adopt-static");
    lan.up("ip=10.77.0.9::10.77.0.1:255.255.255.0::eth0:none:10.77.0.53 rd.neednet=1").exits(0);
    adopted(&lan).unwrap();
    assert!(lan.client.read("/etc/resolv.conf").contains("10.77.0.53"));
    assert_eq!(lan.client.ip_json("-4 route show default").len(), 1, "one default route, not two");
}

/// NetworkManager's own initrd mode as the predecessor: if this fails, the scenario is wrong, not sunup.
#[test]
fn the_scenario_accepts_networkmanagers_own_predecessor() {
    let lan = crate::lan("adopt-itself");
    let _server = lan.serve(&[]);
    let script = "for path in /usr/libexec /usr/lib/NetworkManager; do
            [ ! -x $path/nm-initrd-generator ] || $path/nm-initrd-generator -- ip=eth0:dhcp rd.neednet=1
        done
        mount -o remount,ro /sys
        NetworkManager --no-daemon --configure-and-quit=initrd
        mount -o remount,rw /sys";
    let ran: Ran = lan.client.run("sh", &["-euc", script]);
    ran.exits(0);
    adopted(&lan).unwrap();
}

#[test]
fn the_scenario_refuses_addresses_without_state() {
    let lan = crate::lan("adopt-nothing");
    lan.client
        .sh("ip link set eth0 up; ip address add 10.77.0.9/24 brd + dev eth0; ip route add default via 10.77.0.1");
    assert!(adopted(&lan).is_err());
}
