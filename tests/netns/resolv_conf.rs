//! /etc/resolv.conf as it is met: a file, a bind mount, a link.

const CMDLINE: &str = "ip=dhcp rd.neednet=1";

#[test]
fn a_bind_mount_is_written_in_place() {
    let lan = crate::lan("resolv-bind");
    let _server = lan.serve(&[]);
    lan.client.sh("echo old >/mnt/resolv; mount --bind /mnt/resolv /etc/resolv.conf");
    lan.up(CMDLINE).exits(0);
    let text = lan.client.read("/mnt/resolv");
    assert!(text.contains("nameserver 10.77.0.53") && !text.contains("old"), "{text}");
}

#[test]
fn a_longer_old_text_leaves_no_rest() {
    let lan = crate::lan("resolv-longer");
    let _server = lan.serve(&[]);
    lan.client.sh("seq 1000 >/mnt/resolv; mount --bind /mnt/resolv /etc/resolv.conf");
    lan.up(CMDLINE).exits(0);
    let text = lan.client.read("/mnt/resolv");
    assert!(text.contains("nameserver 10.77.0.53") && !text.contains("999"), "{text}");
}

#[test]
fn a_file_is_replaced_as_a_whole() {
    let lan = crate::lan("resolv-file");
    let _server = lan.serve(&[]);
    lan.client.sh("echo old >/etc/resolv.conf; ln /etc/resolv.conf /etc/resolv.before");
    lan.up(CMDLINE).exits(0);
    assert!(lan.client.read("/etc/resolv.conf").contains("nameserver 10.77.0.53"));
    assert_eq!(lan.client.read("/etc/resolv.before"), "old\n", "a reader sees the old file or the new one");
    assert_eq!(lan.client.sh("stat -c %a /etc/resolv.conf"), "644\n");
}

#[test]
fn what_a_living_link_leads_to_is_not_overwritten() {
    let lan = crate::lan("resolv-link");
    let _server = lan.serve(&[]);
    lan.client.sh("echo precious >/mnt/victim; rm /etc/resolv.conf; ln -s /mnt/victim /etc/resolv.conf");
    let ran = lan.up(CMDLINE);
    assert!(matches!(ran.code, 0 | 3), "{ran}");
    assert_eq!(lan.client.read("/mnt/victim"), "precious\n", "{ran}");
    assert!(lan.address("eth0", "10.77.0.1").is_some(), "{ran}");
}

#[test]
fn links_planted_in_run_are_not_followed() {
    let lan = crate::lan("planted");
    let _server = lan.serve(&[]);
    lan.client.sh("mkdir -p /run/sunup; echo precious >/mnt/victim; ln -s /mnt/victim /run/sunup/state.json");
    lan.up(CMDLINE).exits(0);
    assert_eq!(lan.client.read("/mnt/victim"), "precious\n");
    assert_eq!(lan.state()["result"], "ok");
}
