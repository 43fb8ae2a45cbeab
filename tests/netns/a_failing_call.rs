//! A system call that fails once, anywhere in a run: no panic and no hang, success is said only of what is so, what is not so is
//! said, and `sunup down` undoes what was done. What passes in a moment (a machine short of memory) costs nothing at all.

use crate::support::look::{difference, look};
use crate::support::{Lan, Ran};

/// Calls, what each may say when the machine is short of something or broken, and whether that passes.
const FAULTS: [(&str, &str, bool); 14] = [
    ("socket", "ENOMEM", true),
    ("socket", "EMFILE", false),
    ("bind", "ENOMEM", true),
    ("sendto", "ENOBUFS", true),
    ("sendto", "EINTR", true),
    ("recvfrom", "ENOMEM", true),
    ("recvfrom", "EINTR", true),
    ("ppoll", "EINTR", true),
    ("openat", "EMFILE", false),
    ("write", "ENOSPC", false),
    ("mkdir", "EPERM", false),
    ("rename", "EIO", false),
    ("unlink", "EIO", false),
    ("sethostname", "EPERM", false),
];

/// `SUNUP_FAULTS`: at how many places for each call and error.
fn places() -> usize {
    std::env::var("SUNUP_FAULTS").ok().and_then(|text| text.parse().ok()).unwrap_or(2)
}

/// What is the same after every run: no times, no sums of files that have some, no numbers of links, and not what the kernel is late with.
fn lasting(look: &str) -> String {
    let sum = |line: &&str| line.split_once("  /").is_none_or(|(sum, _)| sum.len() != 32);
    let numbered = |line: &&str| line.contains("/run/sunup") || line.contains("/devices/");
    let plain = |line: &str| {
        let line = line.trim_start_matches(|sign: char| sign.is_ascii_digit() || sign == ':');
        // Without the machine's id, profiles of the command line have other uuids.
        let line = match line.split_once("internal-") {
            Some((folder, name)) => format!("{folder}internal{}", name.get(36..).unwrap_or_default()),
            None => line.to_owned(),
        };
        ["linkdown", "UNKNOWN", "DOWN", "UP"].iter().fold(line, |line, late| line.replace(&format!(" {late}"), ""))
    };
    look.lines().filter(sum).filter(|line| !numbered(line)).map(plain).collect::<Vec<_>>().join("\n")
}

/// Runs `up` with this call failing at this place.
fn up(lan: &Lan, line: &str, inject: &str) -> Ran {
    let arguments = ["-qq", "-o", "/dev/null", "-e", inject, lan.binary(), "up", "--timeout", "9", "--cmdline", line];
    lan.client.run("strace", &arguments)
}

/// What is left undone by one run is done by the next.
#[test]
fn of_a_run_that_takes_down() {
    let lan = crate::lan("failing-down");
    let _server = lan.serve(&["--dhcp-option=26,1400", "--dhcp-option=12,lark"]);
    lan.client.sh("echo 'nameserver 192.0.2.53' >/etc/resolv.conf");
    let before = look(&lan.client);
    let trace = lan.client.artifacts().join("calls.strace");
    let trace = trace.to_str().unwrap();
    let mut unfinished = 0;
    for (call, error, passes) in FAULTS {
        let traced = format!("trace={call}");
        lan.up("ip=eth0:dhcp rd.neednet=1").exits(0);
        lan.client.run("strace", &["-qq", "-o", trace, "-e", &traced, lan.binary(), "down"]).exits(0);
        let count = lan.client.read(trace).lines().count();
        for number in (1..=count).step_by((count / places()).max(1)) {
            lan.up("ip=eth0:dhcp rd.neednet=1").exits(0);
            let inject = format!("inject={call}:error={error}:when={number}");
            let ran = lan.client.run("strace", &["-qq", "-o", "/dev/null", "-e", &inject, lan.binary(), "down"]);
            assert!([0, 1].contains(&ran.code) && ran.elapsed.as_secs() < 8, "{inject}: {ran}");
            assert!(ran.code == 0 || !ran.stderr.is_empty(), "{inject}: nothing is said: {ran}");
            assert!(ran.code == 0 || !passes, "{inject}: {ran}");
            if ran.code != 0 {
                unfinished += 1;
                lan.sunup(&["down"]).exits(0);
            }
            let left = difference(&before, &look(&lan.client));
            assert!(left.is_empty(), "{inject}: left behind: {}\nafter {ran}", left.join("\n"));
        }
    }
    assert!(unfinished > 3, "{unfinished} runs were told to fail");
}

/// How often the run makes this call.
fn count(lan: &Lan, line: &str, call: &str) -> usize {
    let trace = lan.client.artifacts().join("calls.strace");
    let trace = trace.to_str().unwrap();
    let traced = format!("trace={call}");
    lan.client.run("strace", &["-qq", "-o", trace, "-e", &traced, lan.binary(), "up", "--cmdline", line]).exits(0);
    lan.sunup(&["down"]).exits(0);
    lan.client.read(trace).lines().count()
}

fn failing_anywhere(name: &str, line: &str) {
    let lan = crate::lan(name);
    let _server = lan.serve(&["--dhcp-option=26,1400", "--dhcp-option=12,lark"]);
    lan.client.sh("echo 'nameserver 192.0.2.53' >/etc/resolv.conf");
    let mut before = look(&lan.client);
    let usual = lan.up(line).exits(0).stderr.lines().count();
    let normal = lasting(&look(&lan.client));
    lan.sunup(&["down"]).exits(0);
    let (mut made, mut told) = (0, 0);
    for (call, error, passes) in FAULTS {
        let count = count(&lan, line, call);
        for number in (1..=count).step_by((count / places()).max(1)) {
            let inject = format!("inject={call}:error={error}:when={number}");
            let ran = up(&lan, line, &inject);
            let differs = difference(&normal, &lasting(&look(&lan.client)));
            let said = ran.stderr.lines().count() > usual || ran.code == 1 && !ran.stderr.is_empty();
            assert!([0, 1, 3].contains(&ran.code), "{inject}: {ran}");
            assert!(ran.elapsed.as_secs() < 8, "{inject}: hangs: {ran}");
            assert!(
                said || ran.code == 0 && differs.is_empty(),
                "{inject}: nothing is said: {ran}{}",
                differs.join("\n")
            );
            assert!(!passes || ran.code == 0 && differs.is_empty(), "{inject}: {ran}{}", differs.join("\n"));
            lan.sunup(&["down"]).exits(0);
            let after = look(&lan.client);
            let left = difference(&before, &after);
            let warned = ran.stderr.contains("cannot be kept") || ran.stderr.contains("/run/sunup/journal");
            assert!(left.is_empty() || warned, "{inject}: left behind: {}\nafter {ran}", left.join("\n"));
            before = after;
            (made, told) = (made + 1, told + usize::from(said));
        }
    }
    println!("{name}: {made} failures, {told} of them told");
    assert!(told > 5 && told < made, "{told} of {made} failures told");
}

#[test]
fn of_a_leasing_run() {
    failing_anywhere("failing-dhcp", "ip=eth0:dhcp rd.neednet=1");
}

#[test]
fn of_a_bridging_run() {
    failing_anywhere("failing-bridge", "bridge=br7:eth0 ip=10.77.0.9::10.77.0.1:255.255.255.0::br7:none rd.neednet=1");
}
