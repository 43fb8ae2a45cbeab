//! Networks drawn by lot, set up, set up once more (which changes nothing), and undone to the last line; also after a run that was killed
//! before a system call drawn by lot. A campaign:
//! `DRAWN_SEED=1000 DRAWN_COUNT=100 cargo test --test handover -- --ignored --nocapture undone_drawn_by_lot`.

use crate::addresses_drawn_by_lot::campaign;
use crate::adoptions_drawn_by_lot::{Case, draw};
use crate::chance::Chance;
use crate::support::look::{difference, look};
use crate::support::{Lan, Ran};

const LINE: &str = "rd.neednet=1 rd.net.timeout.carrier=2 rd.sunup.handover=networkmanager,networkd";

/// Calls by which something changes.
const CALLS: [&str; 6] = ["sendto", "write", "openat", "rename", "unlink", "mkdir"];

/// What a run says that it does to the kernel.
fn doings(ran: &Ran) -> Vec<&str> {
    let does = |line: &&str| ["add ", "remove ", "set ", "make ", "rename "].iter().any(|verb| line.starts_with(verb));
    ran.stderr.lines().filter_map(|line| line.strip_prefix("sunup: ")).filter(does).collect()
}

fn up(lan: &Lan) -> Ran {
    lan.sunup(&["up", "-v", "--timeout", "12", "--cmdline", LINE])
}

/// Kills a run before some call; answers before which.
fn killed(lan: &Lan, chance: &mut Chance) -> String {
    let call = CALLS[chance.index(CALLS.len())];
    let inject = format!("inject={call}:signal=KILL:when={}", 1 + chance.index(if call == "mkdir" { 6 } else { 60 }));
    let arguments = ["-qq", "-o", "/dev/null", "-e", &inject, lan.binary(), "up", "--timeout", "12", "--cmdline", LINE];
    let ran = lan.client.run("strace", &arguments);
    format!("{inject}: exit code {}", ran.code)
}

/// What went wrong.
fn faults(lan: &Lan, mtu_told: bool, chance: &mut Chance) -> Vec<String> {
    let before = look(&lan.client);
    let mut faults = Vec::new();
    let mut told = String::new();
    let kills = chance.happens(0.5);
    if kills {
        told = killed(lan, chance);
    }
    if !kills || chance.happens(0.5) {
        let first = up(lan);
        told.push_str(&format!("\nexit code {}", first.code));
        // What was refused is tried again; what had not come yet may have come since.
        let again = up(lan);
        let done = doings(&again);
        if first.code == 0 && again.code == 0 && !done.is_empty() {
            faults.push(format!("the second run: {done:#?}\nafter the first:\n{}", first.stderr));
        }
    }
    let down = lan.sunup(&["down"]);
    if down.code != 0 {
        faults.push(format!("down: {down}"));
    }
    let mut left = difference(&before, &look(&lan.client));
    // Of a router's word, until the link goes up again.
    left.retain(|line| !line.contains("ipv6/conf/eth0/mtu:") || !mtu_told);
    if !left.is_empty() {
        faults.push(format!("left: {left:#?}"));
    }
    if !faults.is_empty() {
        faults.push(told);
    }
    faults
}

fn compare(seed: u64) -> Option<String> {
    let chance = &mut Chance::new(seed);
    let case: Case = draw(chance);
    let head = case.to_string();
    eprintln!("seed {seed}: {head}");
    let lan = case.lan(&format!("undone-{seed}"));
    let _served = case.serve(&lan);
    let faults = faults(&lan, head.contains("AdvLinkMTU"), chance);
    (!faults.is_empty()).then(|| format!("SEED {seed}: {head}\n{}", faults.join("\n")))
}

#[test]
#[ignore = "a campaign: seconds for each seed"]
fn undone_drawn_by_lot() {
    campaign(compare);
}
