//! Events, as they happen.

use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use sunup::kernel::{Event, Monitor};

use super::{in_a_room, index, ip, kernel, pair, up};

/// A monitor, and what it said that was not asked for yet.
struct Listener(Monitor, VecDeque<Event>);

impl Listener {
    fn new() -> Self {
        Self(kernel().monitor().unwrap(), VecDeque::new())
    }

    /// Waits until an event fits; those before it are passed over.
    #[track_caller]
    fn wait(&mut self, fits: impl Fn(&Event) -> bool) -> Event {
        let end = Instant::now() + Duration::from_secs(5);
        let mut seen = Vec::new();
        while Instant::now() < end {
            while let Some(event) = self.1.pop_front() {
                if fits(&event) {
                    return event;
                }
                seen.push(event);
            }
            poll(&mut [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)], PollTimeout::from(100_u8)).unwrap();
            self.1.extend(self.0.receive());
        }
        panic!("it did not happen; what happened: {seen:#?}");
    }
}

#[test]
fn carrier_comes_and_goes() {
    in_a_room("events::carrier_comes_and_goes", || {
        let eth0 = pair();
        let mut kernel = kernel();
        let mut monitor = Listener::new();
        assert_eq!(kernel.apply(&[up(eth0)]).failures, []);
        monitor
            .wait(|event| matches!(event, Event::Link { ifindex, up: true, carrier: false, .. } if *ifindex == eth0));
        ip("link set peer0 up");
        monitor.wait(|event| matches!(event, Event::Link { ifindex, carrier: true, .. } if *ifindex == eth0));
        ip("link set peer0 down");
        monitor
            .wait(|event| matches!(event, Event::Link { ifindex, up: true, carrier: false, .. } if *ifindex == eth0));
    });
}

#[test]
fn links_appear_are_renamed_and_go() {
    in_a_room("events::links_appear_are_renamed_and_go", || {
        let mut monitor = Listener::new();
        let eth0 = pair();
        monitor.wait(|event| matches!(event, Event::Link { ifindex, .. } if *ifindex == eth0));
        ip("link set eth0 name lan0");
        monitor.wait(|event| matches!(event, Event::Link { name, .. } if name == "lan0"));
        ip("link add br0 type bridge");
        ip("link set lan0 master br0");
        ip("link set lan0 nomaster");
        ip("link del lan0");
        let gone = monitor.wait(|event| matches!(event, Event::LinkGone { .. }));
        assert!(matches!(gone, Event::LinkGone { ifindex } if ifindex == eth0 || ifindex + 1 == eth0), "{gone:?}");
    });
}

#[test]
fn a_probed_address_is_tentative_first_and_then_usable() {
    in_a_room("events::a_probed_address_is_tentative_first_and_then_usable", || {
        let eth0 = pair();
        ip("link set peer0 up");
        ip("link set eth0 up");
        let mut monitor = Listener::new();
        ip("address add 2001:db8::2/64 dev eth0");
        let net = "2001:db8::2/64".parse().unwrap();
        let is = |wanted: bool| move |event: &Event| matches!(event, Event::Address { ifindex, net: n, tentative, gone: false, .. } if *ifindex == eth0 && *n == net && *tentative == wanted);
        monitor.wait(is(true));
        monitor.wait(is(false));
        ip("address del 2001:db8::2/64 dev eth0");
        monitor.wait(|event| matches!(event, Event::Address { gone: true, .. }));
    });
}

#[test]
fn an_address_that_another_host_has_is_told() {
    in_a_room("events::an_address_that_another_host_has_is_told", || {
        ip("netns add other");
        ip("link add eth0 type veth peer name eth0 netns other");
        ip("-n other link set eth0 up");
        ip("-n other address add 2001:db8::2/64 dev eth0 nodad");
        ip("link set eth0 up");
        let mut monitor = Listener::new();
        std::thread::sleep(Duration::from_millis(100));
        ip("address add 2001:db8::2/64 dev eth0");
        monitor.wait(|event| matches!(event, Event::Address { dad_failed: true, .. }));
    });
}

#[test]
fn a_default_route_comes_and_goes() {
    in_a_room("events::a_default_route_comes_and_goes", || {
        let eth0 = pair();
        ip("link set eth0 up");
        ip("link set peer0 up");
        let mut monitor = Listener::new();
        ip("-6 route add default via fe80::1 dev eth0");
        ip("-6 route add 2001:db8::/32 dev eth0");
        ip("-6 route del default dev eth0");
        assert_eq!(
            monitor.wait(|event| matches!(event, Event::DefaultRoute { .. })),
            Event::DefaultRoute { ifindex: eth0, ipv6: true, gone: false }
        );
        assert_eq!(
            monitor.wait(|event| matches!(event, Event::DefaultRoute { .. })),
            Event::DefaultRoute { ifindex: eth0, ipv6: true, gone: true }
        );
        assert_eq!(index("eth0"), eth0);
    });
}

#[test]
fn more_events_than_there_is_room_for_are_an_overrun_and_not_the_end() {
    in_a_room("events::more_events_than_there_is_room_for_are_an_overrun_and_not_the_end", || {
        let eth0 = pair();
        let mut monitor = Listener::new();
        let script: String = (0..4000).map(|number| format!("link set eth0 mtu {}\n", 1000 + number % 400)).collect();
        std::fs::write("/tmp/batch", script).unwrap();
        ip("-batch /tmp/batch");
        monitor.wait(|event| *event == Event::Overrun);
        ip("link set eth0 up");
        monitor.wait(|event| matches!(event, Event::Link { ifindex, up: true, .. } if *ifindex == eth0));
    });
}
