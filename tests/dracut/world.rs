//! One run of the activation on a made-up machine with a made-up DHCP server: no kernel, no socket.

use std::net::Ipv4Addr;
use std::path::Path;

use sunup::activate::{Action, Input, LinkEvent, Outcome, Session, Settings, Verdict};
use sunup::input::{self, Sources};
use sunup::profile::{Device, HwAddr};
use sunup::proto::{Instant, Output};
use sunup::run;
use sunup::state::dracut::Asked;
use sunup::state::{self, StateFile};

/// The server, and what it gives out to link `n`: 192.0.2.(100 + n).
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const OFFER: u8 = 2;
const ACK: u8 = 5;

/// Ethernet link number `n` (eth0 is 0), up, with carrier.
pub(crate) fn nic(n: u8) -> Device {
    let mac = HwAddr::new(&[0x52, 0x54, 0, 0x12, 0xAB, n]);
    Device {
        ifindex: u32::from(n) + 2,
        name: format!("eth{n}"),
        arp_type: 1,
        mac,
        perm_mac: mac,
        driver: "virtio_net".to_owned(),
        mtu: 1500,
        up: true,
        carrier: true,
        ..Device::default()
    }
}

/// What `up --dracut` with this command line writes under /tmp, and klibc's files, with these options in every lease.
pub(crate) fn files(cmdline: &str, devices: &[Device], options: &[(u8, Vec<u8>)]) -> Vec<StateFile> {
    let gathered = input::gather(&Sources {
        root: Path::new("/nonexistent"),
        cmdline: Some(cmdline),
        profiles: None,
        container: None,
        credentials: None,
    });
    let bootif = gathered.reading.bootif.map(|mac| mac.to_string());
    let asked =
        Asked { bootdev: gathered.reading.bootdev.clone().or(bootif), servers: gathered.reading.servers.clone() };
    let outcome = outcome(cmdline, gathered, devices, options);
    let klibc = outcome.links.iter().flat_map(state::klibc::files);
    state::dracut::files(&outcome, &asked).into_iter().chain(klibc).collect()
}

/// The contents of the file at `path`, if it is there.
pub(crate) fn contents(files: &[StateFile], path: &str) -> Option<String> {
    let file = files.iter().find(|file| file.path == Path::new(path))?;
    Some(String::from_utf8(file.contents.clone()).unwrap())
}

fn outcome(cmdline: &str, gathered: input::Gathered, devices: &[Device], options: &[(u8, Vec<u8>)]) -> Outcome {
    let settings = Settings {
        context: run::context(&gathered, Some(cmdline), Vec::new()),
        profiles: gathered.profiles,
        ..Settings::default()
    };
    let mut now = Instant::from_millis(1000);
    let mut session = Session::new(settings, now);
    session.handle(now, Input::Devices(devices));
    for device in devices {
        let (ifindex, name) = (device.ifindex, device.name.clone());
        let (up, carrier) = (device.up, device.carrier);
        session.handle(
            now,
            Input::Link(LinkEvent { ifindex, name, up, carrier, running: carrier, ..LinkEvent::default() }),
        );
    }
    for _ in 0..10_000 {
        match session.poll() {
            Output::Transmit(action) => act(&mut session, now, action, options),
            Output::Event(verdict) => return session.outcome(verdict),
            Output::WaitUntil(until) => {
                now = until.unwrap_or(now).max(now);
                session.handle(now, Input::Timeout);
            }
        }
    }
    session.outcome(Verdict::Failed)
}

fn act(session: &mut Session, now: Instant, action: Action, options: &[(u8, Vec<u8>)]) {
    match action {
        Action::Apply(wanted) => {
            session.handle(now, Input::Applied { ifindex: wanted.ifindex, fatal: None, complaints: Vec::new() });
        }
        Action::SendDhcp4 { ifindex, transmit, .. } => {
            let reply = reply(ifindex, &transmit.payload, options);
            session.handle(now, Input::Dhcp4 { ifindex, source: SERVER, payload: &reply });
        }
        _ => {}
    }
}

/// OFFER for DISCOVER, ACK for REQUEST: bytes made by hand.
fn reply(ifindex: u32, question: &[u8], options: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let kind = if question[242] == 1 { OFFER } else { ACK };
    let mut reply = question[..240].to_vec();
    reply[0] = 2;
    reply[16..20].copy_from_slice(&[192, 0, 2, u8::try_from(98 + ifindex).unwrap()]);
    reply[20..24].copy_from_slice(&[192, 0, 2, 2]);
    let mut list = vec![
        (53, vec![kind]),
        (54, SERVER.octets().to_vec()),
        (51, vec![0, 0, 14, 16]),
        (1, vec![255, 255, 255, 0]),
        (3, SERVER.octets().to_vec()),
    ];
    list.extend_from_slice(options);
    for (code, value) in list {
        // RFC 3396: a long option is split.
        for piece in value.chunks(255) {
            reply.extend([code, u8::try_from(piece.len()).unwrap()]);
            reply.extend(piece);
        }
    }
    reply.push(255);
    reply
}
