//! Links as devices.

use std::path::Path;

use sunup::kernel::device;
use sunup::profile::Device;

use super::{in_a_room, index, ip, ip_json, kernel};

fn find<'a>(devices: &'a [Device], name: &str) -> &'a Device {
    devices.iter().find(|device| device.name == name).unwrap()
}

#[test]
fn devices_say_what_ip_says() {
    in_a_room("devices::devices_say_what_ip_says", || {
        ip("link add eth0 address 02:00:00:00:00:01 type veth peer name eth1 address 02:00:00:00:00:02");
        ip("link add link eth0 name eth0.5 type macvlan");
        ip("link add br0 type bridge");
        ip("link set eth1 master br0");
        ip("link set eth0 up");
        ip("link set eth1 up");
        ip("address add 192.0.2.2/24 dev eth0");
        ip("route add default via 192.0.2.1 dev eth0");
        ip("link set eth0.5 mtu 1400");
        let mut kernel = kernel();
        let devices = kernel.devices(Path::new("/sys")).unwrap();
        let shown = ip_json("link show");
        assert_eq!(devices.len(), shown.len());
        for link in &shown {
            let device = find(&devices, link["ifname"].as_str().unwrap());
            assert_eq!(
                (u64::from(device.ifindex), u64::from(device.mtu)),
                (link["ifindex"].as_u64().unwrap(), link["mtu"].as_u64().unwrap())
            );
            assert_eq!(device.kind.as_deref(), link["linkinfo"]["info_kind"].as_str());
            if !device.is_loopback() {
                assert_eq!(device.broadcast, Some("ff:ff:ff:ff:ff:ff".parse().unwrap()));
                assert_eq!(device.mac.unwrap().to_string().to_lowercase(), link["address"].as_str().unwrap());
            }
            let flags: Vec<_> = link["flags"].as_array().unwrap().iter().map(|flag| flag.as_str().unwrap()).collect();
            assert_eq!((device.up, device.carrier), (flags.contains(&"UP"), flags.contains(&"LOWER_UP")));
        }
        let eth0 = find(&devices, "eth0");
        assert_eq!((eth0.driver.as_str(), eth0.default_route, eth0.parent), ("veth", true, Some(index("eth1"))));
        assert_eq!(eth0.addresses, ["192.0.2.2/24".parse().unwrap()]);
        assert_eq!(find(&devices, "eth1").controller, Some(index("br0")));
        assert_eq!(find(&devices, "eth0.5").parent, Some(index("eth0")));
        assert!(find(&devices, "lo").is_loopback());
        let bare = device::devices(&kernel.survey().unwrap(), None);
        assert_eq!(find(&bare, "eth0").driver, "");
    });
}

#[test]
fn a_peer_in_another_namespace_is_no_parent() {
    in_a_room("devices::a_peer_in_another_namespace_is_no_parent", || {
        ip("netns add other");
        ip("link add eth0 type veth peer name eth0 netns other");
        let devices = kernel().devices(Path::new("/sys")).unwrap();
        assert_eq!(find(&devices, "eth0").parent, None);
    });
}

#[test]
fn hundreds_of_links_are_read_whole() {
    in_a_room("devices::hundreds_of_links_are_read_whole", || {
        let script: String = (0..300).map(|number| format!("link add d{number} type bridge\n")).collect();
        std::fs::write("/tmp/batch", script).unwrap();
        ip("-batch /tmp/batch");
        let start = std::time::Instant::now();
        let devices = kernel().devices(Path::new("/sys")).unwrap();
        println!("{} devices with sysfs in {:?}", devices.len(), start.elapsed());
        assert_eq!(devices.len(), ip_json("link show").len());
        let start = std::time::Instant::now();
        let count = kernel().survey().unwrap().links.len();
        println!("{count} links without sysfs in {:?}", start.elapsed());
    });
}
