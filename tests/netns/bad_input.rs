//! What cannot be understood is named; the rest works.

#[test]
fn a_malformed_argument_is_named_with_its_text_and_column_and_the_rest_works() {
    let lan = crate::lan("malformed");
    let _server = lan.serve(&[]);
    let ran = lan.up("ip=dhcp nameserver=10.77.0.300 rd.neednet=1");
    ran.exits(0).says("nameserver=10.77.0.300").says("(column 9").says("column 20");
    assert!(lan.address("eth0", "10.77.0.1").is_some());
}

#[test]
fn an_unknown_argument_of_ours_is_named() {
    let lan = crate::lan("unknown");
    let _server = lan.serve(&[]);
    let ran = lan.up("rd.net.timeout.dchp=5 ip=dhcp rd.neednet=1");
    ran.exits(0).says("rd.net.timeout.dchp=5").says("column 1");
}

#[test]
fn a_malformed_ip_word_does_not_stop_another() {
    let lan = crate::lan("malformed-ip");
    let ran =
        lan.up("ip=999.1.1.1::10.77.0.1:255.255.255.0::eth0:none ip=10.77.0.9::10.77.0.1:255.255.255.0::eth0:none");
    ran.exits(0).says("999.1.1.1").says("(column 1").says("column 4");
    assert!(lan.address("eth0", "10.77.0.9").is_some(), "{ran}");
}

#[test]
fn words_of_other_programs_are_passed_over_in_silence() {
    let lan = crate::lan("others");
    let _server = lan.serve(&[]);
    let ran = lan.up("BOOT_IMAGE=/vmlinuz root=/dev/vda1 ro quiet console=ttyS0 ip=dhcp rd.neednet=1");
    ran.exits(0);
    assert!(lan.address("eth0", "10.77.0.1").is_some());
    assert!(!ran.stderr.contains("BOOT_IMAGE") && !ran.stderr.contains("console"), "{ran}");
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let lan = crate::lan("usage");
    lan.sunup(&["up", "--no-such-option"]).exits(2).says("--no-such-option");
    lan.sunup(&["up", "--cmdline", "ip=dhcp", "--timeout", "soon"]).exits(2).says("timeout");
    assert!(!lan.client.exists("/run/sunup"), "nothing was done");
}

/// Files of the host that have no end, and one that nobody writes to.
#[test]
fn files_that_are_none_are_not_read() {
    let lan = crate::lan("bad-files");
    let _server = lan.serve(&[]);
    lan.client.sh("mkdir -p -m 700 /etc/NetworkManager/system-connections /etc/cmdline.d; mkfifo /etc/cmdline.d/a.conf
        mkfifo /etc/NetworkManager/system-connections/a.nmconnection
        for file in machine-id hostname hosts cmdline NetworkManager/system-connections/b.nmconnection; do
            rm -f /etc/$file; ln -s /dev/zero /etc/$file
        done");
    let ran = lan.up("ip=eth0:dhcp rd.neednet=1");
    ran.exits(0).says("a.nmconnection").says("b.nmconnection");
    assert!(ran.elapsed.as_secs() < 3, "{ran}");
    assert!(lan.address("eth0", "10.77.0.1").is_some());
}
