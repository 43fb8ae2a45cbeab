//! The demo: two private rooms, a cable between them, a small DHCP server and router in one, the real `sunup up` in the other.
//!
//! `cargo run --release --example demo` needs no root where user namespaces are allowed, and changes nothing on this
//! machine. `cargo run --release --example demo -- 'KERNEL COMMAND LINE'` tries another command line.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic ends a demo well enough"
)]
#![allow(clippy::disallowed_methods, reason = "the demo starts programs and waits")]

#[path = "support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use serde_json::Value;
use support::measure::measure;
use support::server::{Dhcp4, Manners, Router};
use support::{Lan, Process};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("--serve") => serve(&arguments[1]),
        Some("--measure") => {
            println!("{}", measure(&arguments[1..]));
            ExitCode::SUCCESS
        }
        Some(cmdline) => demo(cmdline),
        None => demo("ip=dhcp rd.neednet=1"),
    }
}

/// What this program does when it is started again inside the server's room.
fn serve(link: &str) -> ! {
    let mut server = Dhcp4::open(link, Manners::default()).expect("port 67");
    let router = Router::open(link).expect("an ICMPv6 socket");
    std::thread::spawn(move || router.serve().expect("router"));
    println!("serving");
    loop {
        server.serve_for(Duration::from_secs(3600)).expect("DHCP server");
    }
}

fn demo(cmdline: &str) -> ExitCode {
    let exe = std::env::current_exe().expect("the path of this program");
    let directory = exe.parent().and_then(Path::parent).expect("target/PROFILE/examples/demo").to_owned();
    let lan = Lan::new("demo", &sunup(&directory), &logs(&directory));
    let _server = start_server(&lan, &exe);
    println!("$ sunup up --cmdline '{cmdline}'");
    let up = ["--measure", lan.binary(), "up", "--cmdline", cmdline, "--timeout", "20"];
    let ran = lan.client.run(exe.to_str().unwrap(), &up);
    ran.exits(0);
    let (said, measured) = ran.stdout.trim_end().rsplit_once('\n').unwrap_or(("", ran.stdout.trim_end()));
    print!("{said}{}", ran.stderr);
    for (shown, program, arguments) in [
        ("sunup status", lan.binary(), &["status"][..]),
        ("ip route", "ip", &["route"]),
        ("cat /etc/resolv.conf", "cat", &["/etc/resolv.conf"]),
    ] {
        let ran = lan.client.run(program, arguments);
        println!("\n$ {shown}\n{}{}", ran.stdout.trim_end(), ran.stderr);
    }
    report(&serde_json::from_str(measured).expect("what was measured"))
}

/// The last lines: how long it took, and the exit code of `sunup up`.
fn report(measured: &Value) -> ExitCode {
    let milliseconds = |key: &str| measured[key].as_f64().map_or("never".to_owned(), |ms| format!("{ms:.2} ms"));
    println!("\ndefault route after {}, exit after {}", milliseconds("route"), milliseconds("exit"));
    match (measured["code"].as_u64(), measured["route"].as_f64()) {
        (Some(0), Some(_)) => ExitCode::SUCCESS,
        (code, _) => {
            println!("sunup ended with exit code {code:?}");
            ExitCode::FAILURE
        }
    }
}

/// Where the servers' logs go: beside the binary, or where this user may write.
fn logs(directory: &Path) -> PathBuf {
    let beside = directory.join("demo-logs");
    let probe = beside.join("probe");
    let writable = std::fs::create_dir_all(&beside).is_ok() && std::fs::write(&probe, "").is_ok();
    let _ = std::fs::remove_file(probe);
    if writable { beside } else { std::env::temp_dir().join(format!("sunup-demo-{}", std::process::id())) }
}

/// The binary: the one built beside this program, brought up to date first where there is a cargo.
fn sunup(directory: &Path) -> PathBuf {
    let binary = directory.join("sunup");
    if let Some(given) = std::env::var_os("SUNUP_BIN") {
        return given.into();
    }
    let mut build = Command::new(env!("CARGO"));
    build.args([
        "build",
        "--quiet",
        "--bin",
        "sunup",
        "--manifest-path",
        concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
    ]);
    if directory.ends_with("release") {
        build.arg("--release");
    }
    let built = build.status().is_ok_and(|status| status.success());
    assert!(built || binary.exists(), "{} is missing and cannot be built", binary.display());
    binary
}

fn start_server<'lan>(lan: &'lan Lan, exe: &Path) -> Process<'lan> {
    // The router speaks from its link-local address, which is to be usable at once.
    lan.server.sh("ip link set srv0 down; echo 0 >/proc/sys/net/ipv6/conf/srv0/accept_dad; ip link set srv0 up");
    let mut server = lan.server.spawn(exe.to_str().unwrap(), &["--serve", "srv0"]);
    server.wait_for("serving");
    server
}
