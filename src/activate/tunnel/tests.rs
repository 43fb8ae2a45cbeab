//! Tunnels as timetables: what is asked for at which time, and when the link counts as up.

use std::net::IpAddr;

use super::*;
use crate::profile::wireguard::{Key, Peer, PublicKey};
use crate::profile::{Ip4Settings, IpSettings, Method4, Origin};
use crate::proto::dns;

const OURS: u32 = 9;

fn at(milliseconds: u64) -> Instant {
    Instant::from_millis(milliseconds)
}

fn peer(number: u8, endpoint: &str) -> Peer {
    let mut peer = Peer::new(PublicKey::new([number; 32]));
    peer.endpoint = Some(endpoint.to_owned()).filter(|text| !text.is_empty());
    peer.allowed_ips = vec![format!("10.{number}.0.0/16").parse().unwrap()];
    peer
}

/// A tunnel, the device it talks to, and the network below.
struct World {
    tunnel: Tunnel,
    device: tunnel::Tunnel,
    /// Addresses with a way to them.
    ways: Vec<(IpAddr, u8)>,
    sets: Vec<TunnelChanges>,
    questions: Vec<(DnsTicket, dns::Transmit)>,
    ready: bool,
}

impl World {
    fn new(peers: Vec<Peer>, change: impl FnOnce(&mut WireGuard)) -> Self {
        let mut link = WireGuard { private_key: Some(Key::new([5; 32])), peers, ..WireGuard::default() };
        change(&mut link);
        let uuid = "11111111-1111-4111-8111-111111111111".parse().unwrap();
        let origin = Origin::Default { reason: "test".to_owned() };
        let mut profile = Profile::new("wg0", uuid, LinkKind::WireGuard(link), origin);
        let ip = IpSettings { addresses: vec!["10.99.0.2/24".parse().unwrap()], ..IpSettings::default() };
        profile.ipv4 = Some(Ip4Settings { method: Method4::Manual, ip, ..Ip4Settings::default() });
        let start =
            TunnelStart { metric: 50, apart: Apart::No, patience: Duration::from_secs(20), seed: 1, hosts: Vec::new() };
        Self {
            tunnel: Tunnel::new(OURS, &Rc::new(profile), &start, at(0)).unwrap(),
            device: tunnel::Tunnel::default(),
            ways: Vec::new(),
            sets: Vec::new(),
            questions: Vec::new(),
            ready: false,
        }
    }

    /// Drives it until there is nothing to do now. A link that is ready is set up at once.
    fn run(&mut self, now: u64) -> &mut Self {
        for _ in 0..50 {
            let mut out = Vec::new();
            if self.tunnel.drive(at(now), &mut out) {
                self.ready = true;
                self.tunnel.applied(at(now));
                continue;
            }
            if out.is_empty() {
                return self;
            }
            out.into_iter().for_each(|action| self.act(action, now));
        }
        panic!("it does not come to rest");
    }

    fn act(&mut self, action: Action, now: u64) {
        match action {
            Action::ReadTunnel { ifindex: OURS } => self.tunnel.read(Ok(self.device.clone())),
            Action::SetTunnel { ifindex: OURS, changes } => {
                self.carry_out(&changes);
                self.sets.push(*changes);
                self.tunnel.set(None);
            }
            Action::FindRoute { ifindex: OURS, address, .. } => {
                let way = self.ways.iter().find(|(to, _)| *to == address).map(|(_, prefix_len)| Underlay {
                    ifindex: 2,
                    gateway: Some("192.0.2.1".parse().unwrap()),
                    prefix_len: *prefix_len,
                    mtu: 1400,
                    metric: 100,
                });
                self.tunnel.route(address, way, at(now));
            }
            Action::SendDns { ticket, transmit, .. } => self.questions.push((ticket, *transmit)),
            other => panic!("{other:?}"),
        }
    }

    /// The device as the kernel would make it.
    fn carry_out(&mut self, changes: &TunnelChanges) {
        let device = &mut self.device;
        device.private_key = changes.private_key.clone().or(device.private_key.clone());
        device.fwmark = changes.fwmark.unwrap_or(device.fwmark);
        for change in &changes.peers {
            match change {
                tunnel::PeerChange::Set(peer) => {
                    let held = device.peer(peer.public_key).map_or(0, |held| held.last_handshake);
                    device.peers.retain(|other| other.public_key != peer.public_key);
                    device.peers.push(TunnelPeer { last_handshake: held, ..peer.clone() });
                }
                tunnel::PeerChange::Remove(key) => device.peers.retain(|peer| peer.public_key != *key),
                tunnel::PeerChange::Keepalive(..) => {}
            }
        }
    }

    /// Answers the open questions: A records, and no AAAA.
    fn resolve(&mut self, addresses: &[[u8; 4]], now: u64) {
        for (ticket, transmit) in std::mem::take(&mut self.questions) {
            let mut bytes = transmit.payload.clone();
            let a = bytes[bytes.len() - 3] == 1;
            bytes[2] = 0x81;
            bytes[7] = if a { u8::try_from(addresses.len()).unwrap() } else { 0 };
            for address in addresses.iter().filter(|_| a) {
                bytes.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4]);
                bytes.extend(address);
            }
            self.tunnel.dns(ticket, Some(&bytes), at(now));
        }
    }

    fn below(&mut self, servers: &[&str], pending: bool, up: usize, now: u64) -> &mut Self {
        let servers = servers.iter().map(|text| text.parse().unwrap()).collect();
        self.tunnel.below(&Below { servers, search: Vec::new(), pending, up }, at(now));
        self
    }

    fn state(&self, now: u64) -> &'static str {
        self.tunnel.state(at(now)).word()
    }

    fn deadline(&self, now: u64) -> Option<u64> {
        self.tunnel.deadline(at(now)).map(Instant::as_millis)
    }

    fn nudged(&self) -> bool {
        let nudge = |change: &tunnel::PeerChange| matches!(change, tunnel::PeerChange::Keepalive(_, 1));
        self.sets.iter().flat_map(|set| &set.peers).any(nudge)
    }

    fn endpoint(&self, peer: usize) -> String {
        self.device.peers[peer].endpoint.unwrap().to_string()
    }

    fn shake(&mut self, peer: usize) {
        self.device.peers[peer].last_handshake = 1_700_000_000;
    }
}

#[test]
fn a_peer_at_an_address_is_called_as_soon_as_there_is_a_way() {
    let mut world = World::new(vec![peer(1, "192.0.2.7:51820")], |_| {});
    world.below(&[], true, 0, 0).run(0);
    assert!(!world.ready && world.sets.is_empty());
    assert_eq!((world.state(0), world.deadline(0)), ("pending", Some(20)));
    world.ways.push(("192.0.2.7".parse().unwrap(), 0));
    world.below(&[], false, 1, 10).run(10);
    assert!(world.ready && world.nudged());
    assert_eq!((world.tunnel.mtu(), world.state(11)), (Some(1320), "pending"));
    world.shake(0);
    world.run(world.deadline(11).unwrap());
    assert_eq!(world.state(20), "up");
    assert_eq!(world.deadline(20), None);
}

#[test]
fn a_second_run_sends_nothing() {
    let mut world = World::new(vec![peer(1, "vpn.example:51820"), peer(2, "192.0.2.8:1")], |_| {});
    let mut held = world.tunnel.want(&world.tunnel.aims());
    held.peers[0].endpoint = Some("192.0.2.7:51820".parse().unwrap());
    held.peers[1].endpoint = Some("192.0.2.8:1".parse().unwrap());
    held.listen_port = 40000;
    world.device = held;
    world.shake(0);
    world.shake(1);
    world.ways = vec![("192.0.2.7".parse().unwrap(), 0), ("192.0.2.8".parse().unwrap(), 0)];
    world.below(&["192.0.2.53:53"], false, 1, 0).run(0);
    assert!(world.ready && world.questions.is_empty());
    world.run(1);
    assert!(
        world.sets.iter().all(|set| set.peers.iter().all(|c| matches!(c, tunnel::PeerChange::Keepalive(..)))),
        "{:?}",
        world.sets
    );
    assert_eq!(world.state(10), "up");
}

#[test]
fn a_name_is_looked_up_and_its_addresses_are_tried_in_turn() {
    let mut world = World::new(vec![peer(1, "vpn.example:51820")], |_| {});
    world.below(&[], true, 0, 0).run(0);
    assert!(world.questions.is_empty());
    world.ways = vec![("192.0.2.7".parse().unwrap(), 0), ("192.0.2.8".parse().unwrap(), 0)];
    world.below(&["192.0.2.53:53"], false, 1, 100).run(100);
    assert_eq!(world.questions.len(), 2);
    world.resolve(&[[192, 0, 2, 7], [192, 0, 2, 8], [198, 51, 100, 1]], 150);
    world.run(150);
    assert_eq!((world.ready, world.endpoint(0)), (true, "192.0.2.7:51820".to_owned()));
    world.run(2149);
    assert_eq!(world.endpoint(0), "192.0.2.7:51820");
    world.run(2150);
    assert_eq!(world.endpoint(0), "192.0.2.8:51820");
    world.run(5150);
    assert_eq!(world.endpoint(0), "192.0.2.7:51820");
    world.shake(0);
    world.run(5400);
    assert_eq!(world.state(5400), "up");
}

#[test]
fn without_an_answer_there_is_an_end_and_a_reason() {
    let mut world = World::new(vec![peer(1, "192.0.2.7:51820")], |_| {});
    world.ways.push(("192.0.2.7".parse().unwrap(), 0));
    world.below(&[], false, 1, 0).run(0);
    let mut now = 0;
    while world.state(now) == "pending" {
        now = world.deadline(now).expect("it waits for something").max(now + 1);
        world.run(now);
    }
    assert_eq!((now, world.state(now)), (20_000, "failed"));
    let text = world.tunnel.state(at(now)).reason().unwrap().to_string();
    assert!(text.starts_with("no handshake with 192.0.2.7:51820 within 20 s"), "{text}");
}

#[test]
fn no_way_and_no_name_end_when_nothing_more_can_come() {
    let rows =
        [("192.0.2.7:1", "there is no route to it"), ("vpn.example:1", "no name server"), ("bad name:1", "host name")];
    for (endpoint, expected) in rows {
        let mut world = World::new(vec![peer(1, endpoint)], |_| {});
        world.below(&[], true, 0, 0).run(60_000);
        assert_eq!(world.state(60_000), "pending");
        let servers: &[&str] = if endpoint.starts_with("bad") { &["192.0.2.53:53"] } else { &[] };
        world.below(servers, false, 0, 60_000).run(60_000);
        world.run(62_999);
        assert_eq!(world.state(62_999), "pending");
        world.run(63_000);
        let state = world.tunnel.state(at(63_000));
        let text = state.reason().unwrap().to_string();
        assert!(state.word() == "failed" && text.contains(expected), "{text}");
    }
}

#[test]
fn one_peer_is_enough_and_a_lost_one_is_told() {
    let mut world = World::new(vec![peer(1, "192.0.2.7:1"), peer(2, "198.51.100.1:1")], |_| {});
    world.ways.push(("192.0.2.7".parse().unwrap(), 0));
    world.below(&[], false, 1, 0).run(0);
    world.shake(0);
    world.run(20);
    assert_eq!((world.ready, world.state(20)), (true, "up"));
    world.run(3000);
    let said = world.tunnel.complaints();
    assert!(said.len() == 1 && said[0].contains("198.51.100.1:1 is not used"), "{said:?}");
}

#[test]
fn who_is_called_by_others_is_up_when_configured() {
    let mut world = World::new(vec![peer(1, ""), peer(2, "")], |link| link.listen_port = 51820);
    world.run(0);
    assert_eq!((world.ready, world.state(0), world.sets.len()), (true, "up", 1));
    assert_eq!(world.deadline(0), None);
}

#[test]
fn a_default_route_into_itself_is_refused_unless_the_endpoint_has_its_own_way() {
    let plain = |link: &mut WireGuard| {
        link.ip4_auto_default_route = Some(false);
        link.peers[0].allowed_ips = vec!["0.0.0.0/0".parse().unwrap()];
    };
    let mut world = World::new(vec![peer(1, "198.51.100.1:1")], plain);
    world.ways.push(("198.51.100.1".parse().unwrap(), 0));
    world.below(&[], false, 1, 0).run(0);
    assert!(!world.ready);
    world.run(3000);
    let text = world.tunnel.state(at(3000)).reason().unwrap().to_string();
    assert!(text.contains("into itself") && world.sets.is_empty(), "{text}");
    let mut world = World::new(vec![peer(1, "198.51.100.1:1")], plain);
    world.ways.push(("198.51.100.1".parse().unwrap(), 32));
    assert!(world.below(&[], false, 1, 0).run(0).ready);
}

#[test]
fn an_endpoint_inside_a_routed_network_is_pinned() {
    let mut world = World::new(vec![peer(1, "10.1.0.7:1")], |_| {});
    world.ways.push(("10.1.0.7".parse().unwrap(), 0));
    world.below(&[], false, 1, 0).run(0);
    let pins = world.tunnel.pins();
    assert_eq!((pins.len(), pins[0].0, pins[0].1.destination.to_string()), (1, 2, "10.1.0.7/32".to_owned()));
}

#[test]
fn without_a_key_the_tunnel_says_where_it_was_looked_for() {
    let world = World::new(vec![peer(1, "192.0.2.7:1")], |link| link.private_key = None);
    let text = world.tunnel.state(at(0)).reason().unwrap().to_string();
    assert!(text.contains("private-key is missing") && text.contains("network.wireguard.private.wg0"), "{text}");
}

#[test]
fn a_network_of_two_peers_belongs_to_the_last() {
    let mut twice = [peer(1, ""), peer(2, "")];
    twice[1].allowed_ips = twice[0].allowed_ips.clone();
    let mut world = World::new(twice.to_vec(), |_| {});
    world.run(0);
    assert_eq!(world.device.peers.iter().map(|peer| peer.allowed_ips.len()).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn a_slow_machine_is_no_reason_to_give_up() {
    let mut world = World::new(vec![peer(1, "198.51.100.1:51820")], |_| {});
    world.ways.push(("198.51.100.1".parse().unwrap(), 24));
    // It took ten seconds to come to the first question.
    assert!(world.run(10_000).ready);
    let mut world = World::new(vec![peer(1, "198.51.100.1:51820")], |_| {});
    world.run(10_000).ways.push(("198.51.100.1".parse().unwrap(), 24));
    assert!(!world.ready && world.run(12_000).ready, "three seconds from there");
}

#[test]
fn a_name_of_the_hosts_file_is_not_looked_up() {
    let mut world = World::new(vec![peer(1, "Hub.example:51820")], |_| {});
    world.tunnel.hosts = vec![("hub.example".to_owned(), "198.51.100.1".parse().unwrap())];
    world.ways.push(("198.51.100.1".parse().unwrap(), 24));
    assert!(world.run(0).ready && world.questions.is_empty());
    assert_eq!(world.device.peers[0].endpoint, Some("198.51.100.1:51820".parse().unwrap()));
}

#[test]
fn many_peers_are_called_a_few_at_a_time() {
    let mut world = World::new((1..=100).map(|number| peer(number, "198.51.100.1:51820")).collect(), |_| {});
    world.ways.push(("198.51.100.1".parse().unwrap(), 24));
    let called = |world: &World| world.sets.iter().skip(1).map(|set| set.peers.len() / 2).sum::<usize>();
    assert_eq!(called(world.run(0)), AT_ONCE);
    assert_eq!(called(world.run(100)), 2 * AT_ONCE);
    assert!(world.tunnel.deadline(at(100)).is_some_and(|next| next <= at(200)));
}
