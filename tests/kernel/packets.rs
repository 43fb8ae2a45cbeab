//! The packet socket: what comes in, what goes out, and how it is left.

use std::io::Read;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use sunup::kernel::{Packet, PacketSocket};

use super::{in_a_room, index, ip, pair};

/// A pair with an address at the far end, both up.
fn lan() -> u32 {
    let eth0 = pair();
    ip("link set eth0 up");
    ip("link set peer0 up");
    ip("address add 192.0.2.1/24 dev peer0");
    carries();
    eth0
}

/// Waits until both ends carry frames: what is sent before the kernel's link watch has run is dropped ("qdisc noop").
fn carries() {
    let end = Instant::now() + Duration::from_secs(10);
    let carries = |link: &str| {
        let shown = Command::new("ip").args(["link", "show", "dev", link]).output().unwrap();
        let shown = String::from_utf8(shown.stdout).unwrap();
        shown.contains("LOWER_UP") && shown.contains("qdisc noqueue")
    };
    while !(carries("eth0") && carries("peer0")) {
        assert!(Instant::now() < end, "the pair carries nothing");
    }
}

fn receive(socket: &PacketSocket) -> Option<Packet> {
    poll(&mut [PollFd::new(socket.as_fd(), PollFlags::POLLIN)], PollTimeout::from(500_u16)).unwrap();
    socket.receive()
}

fn send(to_port: u16, bytes: &[u8]) {
    let socket = UdpSocket::bind((Ipv4Addr::new(192, 0, 2, 1), 0)).unwrap();
    socket.set_broadcast(true).unwrap();
    socket.send_to(bytes, (Ipv4Addr::new(192, 0, 2, 255), to_port)).unwrap();
}

#[test]
fn only_whole_packets_for_port_68_come_in() {
    in_a_room("packets::only_whole_packets_for_port_68_come_in", || {
        let socket = PacketSocket::open().unwrap();
        let eth0 = lan();
        send(67, b"not for us");
        send(68, &[7; 4000]);
        send(68, b"for us");
        let packet = receive(&socket).expect("nothing came");
        assert_eq!((packet.ifindex, packet.bytes.len()), (eth0, 20 + 8 + 6));
        assert!(packet.bytes.ends_with(b"for us"));
        assert!(!packet.checksum_ready, "a veth leaves the checksum out");
        assert_eq!(socket.receive(), None);
        ip("link set eth0 down");
        assert_eq!(receive(&socket), None);
        ip("link set eth0 up");
        carries();
        send(68, b"again");
        assert!(receive(&socket).unwrap().bytes.ends_with(b"again"));
    });
}

#[test]
fn a_broadcast_reaches_the_other_end() {
    in_a_room("packets::a_broadcast_reaches_the_other_end", || {
        let eth0 = lan();
        let (sender, receiver) = (PacketSocket::open().unwrap(), PacketSocket::open().unwrap());
        let mut packet = vec![0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255];
        packet.extend([0, 67, 0, 68, 0, 12, 0, 0, 1, 2, 3, 4]);
        sender.send4(eth0, &[0xff; 6], &packet).unwrap();
        let got = receive(&receiver).expect("nothing came");
        assert_eq!((got.ifindex, got.checksum_ready, got.bytes), (index("peer0"), true, packet));
        sender.send6(eth0, &[0x33, 0x33, 0, 0, 0, 2], &[0x60; 48]).unwrap();
        ip("link set eth0 down");
        let error = sender.send4(eth0, &[0xff; 6], &[0; 40]).unwrap_err();
        assert_eq!((error.ifindex(), error.errno()), (eth0, nix::errno::Errno::ENETDOWN as i32));
    });
}

/// What the program under test does in the next test: opens, receives, leaves.
#[test]
#[ignore = "the inner half of the test below"]
fn leaving() {
    let socket = PacketSocket::open().unwrap();
    let start = Instant::now();
    if std::env::var_os("SUNUP_KERNEL_TEST_PLAIN").is_some() {
        drop(socket)
    } else {
        socket.leave()
    }
    println!("left in {} us", start.elapsed().as_micros());
}

#[test]
fn leaving_does_not_wait_for_the_kernel() {
    in_a_room("packets::leaving_does_not_wait_for_the_kernel", || {
        lan();
        let run = |plain: bool| {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["--exact", "packets::leaving", "--nocapture", "--ignored"]).stdout(Stdio::piped());
            if plain {
                command.env("SUNUP_KERNEL_TEST_PLAIN", "1");
            }
            let mut child = command.spawn().unwrap();
            let mut text = String::new();
            // Also proves that no child keeps our standard output open: this ends at its end of file.
            child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
            assert!(child.wait().unwrap().success());
            let micros: u64 = text.split("left in ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
            Duration::from_micros(micros)
        };
        let mut times: Vec<_> = (0..5).map(|_| (run(false), run(true))).collect();
        times.sort();
        println!("left, closed: {times:?}");
        let (left, closed) = times[2];
        assert!(left < closed / 2 || closed < Duration::from_millis(1), "leaving takes {left:?}, closing {closed:?}");
    });
}
