//! A stop-watch inside a room: starts a program and notes, from the kernel's own announcements, when addresses and routes are there.

use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use nix::sys::resource::{UsageWho, getrusage};
use serde_json::{Value, json};

/// Multicast groups of rtnetlink as bits: IPv4 addresses and routes, IPv6 addresses and routes.
const GROUPS: u32 = 0x10 | 0x40 | 0x100 | 0x400;
const RTM_NEWADDR: u16 = 20;
const RTM_NEWROUTE: u16 = 24;
const TENTATIVE: u8 = 0x40;
const OPTIMISTIC: u8 = 0x04;

/// What the kernel announced.
enum Event {
    /// A default route in the main table.
    DefaultRoute,
    /// A usable address of more than link or host scope.
    Address,
}

/// Runs the program and answers, in milliseconds from just before its start: `route` (first default route or null), `addresses` (all of
/// them, in order), `exit`; further `code`, and `cpu` of it and its children.
pub(crate) fn measure(program: &[String]) -> Value {
    let events = watch();
    let before = cpu();
    let start = Instant::now();
    let mut command = Command::new(&program[0]);
    let mut child = command.args(&program[1..]).stdin(Stdio::null()).spawn().expect("the program starts");
    let status = child.wait().expect("the program ends");
    let exit = start.elapsed();
    let (mut route, mut addresses) = (None, Vec::new());
    while let Ok((at, event)) = events.recv_timeout(Duration::from_millis(30)) {
        let at = milliseconds(at.saturating_duration_since(start));
        match event {
            Event::DefaultRoute => route = route.or(Some(at)),
            Event::Address => addresses.push(at),
        }
    }
    let cpu = milliseconds(cpu().saturating_sub(before));
    json!({ "route": route, "addresses": addresses, "exit": milliseconds(exit), "code": status.code(), "cpu": cpu })
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// User and system time of all children that have ended.
fn cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("rusage");
    let micros = |time: nix::sys::time::TimeVal| {
        use nix::sys::time::TimeValLike;
        Duration::from_micros(u64::try_from(time.num_microseconds()).unwrap_or(0))
    };
    micros(usage.user_time()) + micros(usage.system_time())
}

/// Listens to the kernel in a thread of its own; everything after the return of this function is heard.
fn watch() -> Receiver<(Instant, Event)> {
    let mut socket = Socket::new(NETLINK_ROUTE).expect("a netlink socket");
    socket.bind(&SocketAddr::new(0, GROUPS)).expect("the groups of rtnetlink");
    socket.set_rx_buf_sz(4 << 20).expect("a receive buffer");
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut buffer = Vec::with_capacity(65536);
        loop {
            buffer.clear();
            if socket.recv(&mut buffer, 0).is_err() {
                continue;
            }
            let at = Instant::now();
            for event in events(&buffer) {
                let _ = sender.send((at, event));
            }
        }
    });
    receiver
}

/// The events in a datagram of netlink messages (`struct nlmsghdr`, then `rtmsg` or `ifaddrmsg`).
fn events(mut bytes: &[u8]) -> Vec<Event> {
    let mut found = Vec::new();
    while bytes.len() >= 24 {
        let length = usize::try_from(u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).unwrap();
        let body = &bytes[16..];
        match u16::from_ne_bytes([bytes[4], bytes[5]]) {
            // Destination length 0, table main, type unicast.
            RTM_NEWROUTE if body[1] == 0 && body[4] == 254 && body[7] == 1 => found.push(Event::DefaultRoute),
            // Scope universe; duplicate address detection is done, or the address is usable in the meantime.
            RTM_NEWADDR if body[3] == 0 && (body[2] & TENTATIVE == 0 || body[2] & OPTIMISTIC != 0) => {
                found.push(Event::Address)
            }
            _ => {}
        }
        bytes = bytes.get(length.next_multiple_of(4).max(16)..).unwrap_or_default();
    }
    found
}

/// Runs the program with every exit delayed, and answers the peak resident size of its largest process, in KiB.
///
/// `ru_maxrss` would not do: it counts what a process had before it became another program.
pub(crate) fn peak_rss(program: &[String]) -> Value {
    let delayed =
        ["-f", "-qq", "-o", "/dev/null", "-e", "trace=exit_group", "-e", "inject=exit_group:delay_enter=100ms"];
    let mut command = Command::new("strace");
    command.args(delayed).args(program).stdin(Stdio::null());
    let mut child = command.spawn().expect("strace starts");
    let others = [1, child.id(), std::process::id()];
    let mut peak = 0;
    while child.try_wait().expect("strace ends").is_none() {
        peak = peak.max(largest(&others));
        std::thread::sleep(Duration::from_millis(10));
    }
    json!(peak)
}

/// The largest VmHWM of all processes here but these, and but strace before it has become the program.
fn largest(others: &[u32]) -> u64 {
    let ids = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).filter(|id| !others.contains(id));
    let size = |id: u32| {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let name = status.lines().next()?.split_whitespace().nth(1)?.to_owned();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let size = line.split_whitespace().next()?.parse().ok()?;
        (!matches!(name.as_str(), "strace" | "timeout" | "sh")).then_some(size)
    };
    ids.filter_map(size).max().unwrap_or(0)
}
