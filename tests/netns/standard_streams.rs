//! Readers that go away, and an init that opens nothing.

#[test]
fn half_a_page_read_is_no_error() {
    let lan = crate::lan("half-read");
    let ran = lan.client.run("bash", &["-c", &format!("{} help cmdline | head -n 1", lan.binary())]);
    ran.exits(0);
    assert_eq!(ran.stdout.lines().count(), 1, "{ran}");
    assert!(ran.stderr.is_empty(), "{ran}");
}

#[test]
fn a_log_that_nobody_reads_does_not_stop_the_network() {
    let lan = crate::lan("log-unread");
    let _server = lan.serve(&[]);
    let up = format!("{{ sleep 0.2; {} up -v --cmdline ip=dhcp; echo $? >/run/code; }} 2>&1 | true", lan.binary());
    lan.client.sh(&up);
    assert_eq!(lan.client.read("/run/code").trim(), "0");
    assert!(lan.address("eth0", "10.77.0.1").is_some());
}

#[test]
fn with_all_streams_closed_no_socket_takes_the_place_of_one() {
    let lan = crate::lan("closed-streams");
    let _server = lan.serve(&[]);
    let up = format!("{} up --cmdline ip=dhcp", lan.binary());
    lan.client.sh(&format!("strace -o /run/trace -e trace=socket {up} <&- >&- 2>&-"));
    let trace = lan.client.read("/run/trace");
    let numbers: Vec<_> =
        trace.lines().filter_map(|line| line.rsplit_once(" = ")?.1.trim().parse::<i32>().ok()).collect();
    assert!(!numbers.is_empty() && numbers.iter().all(|number| *number > 2), "{trace}");
    assert!(lan.address("eth0", "10.77.0.1").is_some());
}
