//! Which files there are, and what is in them.

use crate::world::{contents, files, nic};

fn text(value: &str) -> Vec<u8> {
    value.as_bytes().to_vec()
}

#[test]
fn a_lease_is_told_under_dhclients_names() {
    let options = [
        (17, text("192.0.2.9:/srv/root,vers=3")),
        (12, text("node1")),
        (15, text("example.org")),
        (67, text("boot/kernel")),
        (6, vec![192, 0, 2, 3, 192, 0, 2, 4]),
        (7, vec![192, 0, 2, 5]),
    ];
    let files = files("root=dhcp ip=dhcp rd.neednet=1", &[nic(0)], &options);
    let options = contents(&files, "/tmp/dhclient.eth0.dhcpopts").unwrap();
    for line in [
        "new_ip_address='192.0.2.100'",
        "new_subnet_mask='255.255.255.0'",
        "new_routers='192.0.2.1'",
        "new_dhcp_server_identifier='192.0.2.1'",
        "new_next_server='192.0.2.2'",
        "new_root_path='192.0.2.9:/srv/root,vers=3'",
        "new_host_name='node1'",
        "new_domain_name='example.org'",
        "new_domain_name_servers='192.0.2.3 192.0.2.4'",
        "new_log_servers='192.0.2.5'",
        "filename='boot/kernel'",
        "new_dhcp_lease_time='3600'",
    ] {
        assert!(options.lines().any(|have| have == line), "{line} is not in\n{options}");
    }
    assert_eq!(contents(&files, "/tmp/net.ifaces").unwrap(), "eth0\n");
    assert_eq!(contents(&files, "/tmp/sunup.ifaces").unwrap(), "eth0\n");
    assert_eq!(contents(&files, "/tmp/net.bootdev"), None, "nobody has named one");
    for name in ["eth0.up", "eth0.did-setup", "52:54:00:12:ab:00.up", "52:54:00:12:ab:00.did-setup"] {
        assert_eq!(contents(&files, &format!("/tmp/net.{name}")).as_deref(), Some(""), "{name}");
    }
}

#[test]
fn a_hostile_root_path_is_not_there_at_all() {
    let files = files("root=dhcp ip=dhcp rd.neednet=1", &[nic(0)], &[(17, text("/srv/$(reboot)")), (12, text("a;b"))]);
    let options = contents(&files, "/tmp/dhclient.eth0.dhcpopts").unwrap();
    assert!(!options.contains("reboot") && !options.contains("host_name"), "{options}");
    assert!(options.contains("new_dhcp_server_identifier='192.0.2.1'"), "{options}");
}

#[test]
fn a_static_argument_names_its_server() {
    let line = "root=nfs:/srv/root ip=192.0.2.10:192.0.2.77:192.0.2.1:255.255.255.0:node1:eth0:none:1400";
    let files = files(line, &[nic(0)], &[]);
    let fields = contents(&files, "/tmp/net.eth0.override").unwrap();
    for line in ["ip='192.0.2.10'", "srv='192.0.2.77'", "gw='192.0.2.1'", "mask='255.255.255.0'", "mtu='1400'"] {
        assert!(fields.lines().any(|have| have == line), "{line} is not in\n{fields}");
    }
    assert_eq!(contents(&files, "/tmp/dhclient.eth0.dhcpopts"), None);
}

#[test]
fn bootdev_goes_first_by_name_or_by_mac() {
    for bootdev in ["bootdev=eth1", "bootdev=52:54:00:12:ab:01"] {
        let line = format!("root=dhcp ip=eth0:dhcp ip=eth1:dhcp {bootdev} rd.neednet=1");
        let files = files(&line, &[nic(0), nic(1)], &[]);
        assert_eq!(contents(&files, "/tmp/net.bootdev").unwrap(), "eth1\n", "{bootdev}");
        assert_eq!(contents(&files, "/tmp/sunup.ifaces").unwrap(), "eth1\neth0\n", "{bootdev}");
        assert_eq!(contents(&files, "/tmp/net.ifaces").unwrap(), "eth1 eth0\n", "{bootdev}");
    }
}

#[test]
fn bootif_is_the_boot_interface() {
    let files = files("root=dhcp ip=dhcp BOOTIF=01-52-54-00-12-ab-01 rd.neednet=1", &[nic(0), nic(1)], &[]);
    assert_eq!(contents(&files, "/tmp/net.bootdev").unwrap(), "eth1\n");
    assert_eq!(contents(&files, "/tmp/sunup.ifaces").unwrap().lines().next(), Some("eth1"));
}

#[test]
fn a_link_that_is_not_up_is_offered_to_nobody_but_waited_for() {
    let mut dead = nic(1);
    dead.carrier = false;
    let files =
        files("root=dhcp ip=eth0:dhcp ip=eth1:dhcp rd.neednet=1 rd.net.timeout.carrier=1", &[nic(0), dead], &[]);
    assert_eq!(contents(&files, "/tmp/sunup.ifaces").unwrap(), "eth0\n");
    assert_eq!(contents(&files, "/tmp/net.ifaces").unwrap(), "eth0 eth1\n");
    assert_eq!(contents(&files, "/tmp/net.eth1.did-setup"), None);
}
