//! The bench: `sunup up` beside its peers, in interleaved rounds, each run in fresh rooms with a real server.
//!
//! `cargo run --example bench -- --sunup target/static/.../sunup --rounds 11 --assert 'sunup.route <= 0.2*nm.route'`
//!
//! * `--case NAME` (repeatable): `dhcp` (one link), `linksN` (N links, all served), `again` (a second run), `dead` (two links, one without
//!   a server), `slaac`, `dad` (the same on a kernel without optimistic detection), `static` (one link), `routes` (100 addresses and
//!   10,000 routes), `stacks` (a MACVLAN upon a bridge upon a card as `sunup-one`, 30 upon it as `sunup-wide`, 150 as
//!   `sunup-widest`, eleven such stacks as `sunup-many`; the same by `ip`); default: `dhcp` and `static`.
//! * `--peer NAME` (repeatable): `sunup`, `nm`, `udhcpc`, `dhclient`, `ip`; default: all that are installed and can do the case.
//! * `--rounds N`; `--assert '[CASE:]NAME.FIGURE <= FACTOR*NAME.FIGURE'` (or `<= NUMBER`), on medians; the figures are `route`,
//!   `address` (the last one that was wanted), `exit`, `cpu` in milliseconds and `rss` in KiB. Exit code 1 when one does not hold.
//!
//! Quote ratios: the milliseconds belong to a machine. The clock starts just before the program does and stops at the kernel's
//! own announcement. /sys is read-only in the client's room, so no daemon waits for udev.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic ends a bench well enough"
)]
#![allow(clippy::disallowed_methods, reason = "the bench starts programs and waits")]

#[path = "../support/mod.rs"]
mod support;

mod bars;
mod cases;
mod figures;
mod stacks;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bars::Bar;
use cases::{Case, Peer};
use figures::Figures;
use support::measure::{measure, peak_rss};

/// What was asked for.
struct Wishes {
    sunup: PathBuf,
    rounds: usize,
    cases: Vec<Case>,
    peers: Vec<String>,
    bars: Vec<Bar>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("--measure") => println!("{}", measure(&arguments[1..])),
        Some("--peak-rss") => println!("{}", peak_rss(&arguments[1..])),
        _ => match wishes(arguments.into_iter()) {
            Ok(wishes) => return bench(&wishes),
            Err(error) => {
                eprintln!("bench: {error}");
                return ExitCode::from(2);
            }
        },
    }
    ExitCode::SUCCESS
}

fn wishes(mut arguments: impl Iterator<Item = String>) -> Result<Wishes, String> {
    let sunup = std::env::current_exe().map_err(|error| error.to_string())?;
    let sunup = sunup.parent().and_then(Path::parent).ok_or("no target directory")?.join("sunup");
    let mut wishes = Wishes { sunup, rounds: 11, cases: Vec::new(), peers: Vec::new(), bars: Vec::new() };
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{option} needs a value"))?;
        match option.as_str() {
            "--sunup" => wishes.sunup = std::path::absolute(&value).map_err(|error| format!("{value}: {error}"))?,
            "--rounds" => wishes.rounds = value.parse().map_err(|_| format!("--rounds {value}: not a number"))?,
            "--case" => wishes.cases.push(Case::named(&value)?),
            "--peer" => wishes.peers.push(value),
            "--assert" => wishes.bars.push(value.parse()?),
            _ => return Err(format!("unknown option {option}")),
        }
    }
    if wishes.cases.is_empty() {
        wishes.cases = vec![Case::named("dhcp")?, Case::named("static")?];
    }
    Ok(wishes)
}

fn bench(wishes: &Wishes) -> ExitCode {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("load at the start: {}", load.split(' ').next().unwrap_or_default());
    let mut good = true;
    for case in &wishes.cases {
        let figures = run_case(case, wishes);
        print!("{figures}");
        good &= figures.complete();
        for bar in wishes.bars.iter().filter(|bar| bar.is_about(&case.name)) {
            let (text, holds) = bar.judge(&figures);
            println!("{} {text}", if holds { "holds  " } else { "BROKEN " });
            good &= holds;
        }
    }
    for bar in &wishes.bars {
        let seen = wishes.cases.iter().any(|case| bar.is_about(&case.name));
        if !seen {
            println!("BROKEN  {bar}: its case was not run");
        }
        good &= seen;
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Interleaved rounds: what disturbs the machine disturbs all alike. One more round for the memory, apart.
fn run_case(case: &Case, wishes: &Wishes) -> Figures {
    let chosen = |peer: &Peer| wishes.peers.is_empty() || wishes.peers.iter().any(|name| *name == peer.name);
    let peers: Vec<Peer> = case.peers(&wishes.sunup).into_iter().filter(chosen).collect();
    let mut figures = Figures::new(&case.name);
    for _ in 0..wishes.rounds {
        for peer in &peers {
            figures.add(peer.name, &case.run(peer, "--measure"), &case.wanted(peer));
        }
    }
    for peer in &peers {
        figures.add_rss(peer.name, &case.run(peer, "--peak-rss"));
    }
    figures
}
