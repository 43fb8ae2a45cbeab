use super::*;

const MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];
const OTHER: [u8; 6] = [2, 0, 0, 0, 0, 9];
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 5);

fn at(milliseconds: u64) -> Instant {
    Instant::from_millis(milliseconds)
}

fn acd(longest: u64, seed: u64) -> Acd {
    Acd::new(HwAddr::new(&MAC).unwrap(), Duration::from_millis(longest), seed).unwrap()
}

/// An ARP packet as another host sends it, written by hand.
fn said(operation: u8, sender: Ipv4Addr, target: Ipv4Addr) -> Vec<u8> {
    let mut packet = vec![0, 1, 8, 0, 6, 4, 0, operation];
    packet.extend(OTHER);
    packet.extend(sender.octets());
    packet.extend([0; 6]);
    packet.extend(target.octets());
    packet.extend([0; 18]); // Ethernet's padding
    packet
}

/// What leaves and what is found out, with the times, until it waits for nothing.
fn run(acd: &mut Acd) -> (Vec<u64>, Vec<(u64, Event)>) {
    let (mut now, mut sent, mut events) = (at(0), Vec::new(), Vec::new());
    for _ in 0..100 {
        match acd.poll() {
            Output::Transmit(packet) => {
                let sender = if events.is_empty() { [0; 4] } else { ADDRESS.octets() };
                assert_eq!(packet[..8], [0, 1, 8, 0, 6, 4, 0, 1]);
                assert_eq!((&packet[8..14], &packet[14..18], &packet[18..24]), (&MAC[..], &sender[..], &[0; 6][..]));
                assert_eq!((&packet[24..], packet.len()), (&ADDRESS.octets()[..], 28));
                sent.push(now.as_millis());
            }
            Output::Event(event) => events.push((now.as_millis(), event)),
            Output::WaitUntil(None) => return (sent, events),
            Output::WaitUntil(Some(next)) => {
                now = next;
                acd.handle_timeout(now);
            }
        }
    }
    panic!("it does not end");
}

#[test]
fn r4_11_full_keeps_the_times_of_the_rfc_and_shorter_ones_their_proportions() {
    for seed in 0..200 {
        for (longest, part) in [(9000, 1000), (180, 20)] {
            let mut acd = acd(longest, seed);
            acd.probe(ADDRESS, at(0));
            let (sent, events) = run(&mut acd);
            let [first, second, third] = sent[..] else { panic!("{sent:?}") };
            assert!(first <= part && second >= first + part && second <= first + 2 * part + 1, "{sent:?}");
            assert!(third >= second + part && third <= second + 2 * part + 1, "{sent:?}");
            let [(end, Event::Free(ADDRESS))] = events[..] else { panic!("{events:?}") };
            assert!(end >= third + 2 * part && end <= longest, "{sent:?} {end}");
        }
    }
}

#[test]
fn whoever_says_it_is_his_or_probes_it_too_has_it() {
    let by = HwAddr::new(&OTHER).unwrap();
    let nobody = Ipv4Addr::UNSPECIFIED;
    for packet in [said(1, ADDRESS, nobody), said(2, ADDRESS, ADDRESS), said(1, nobody, ADDRESS)] {
        let mut acd = acd(200, 1);
        acd.probe(ADDRESS, at(0));
        acd.handle_packet(at(0), &packet);
        assert_eq!(run(&mut acd), (vec![], vec![(0, Event::InUse { address: ADDRESS, by })]));
    }
}

#[test]
fn what_is_no_claim_changes_nothing() {
    let mut own = said(2, ADDRESS, ADDRESS);
    own[8..14].copy_from_slice(&MAC);
    let mut group = said(2, ADDRESS, ADDRESS);
    group[8] |= 1;
    let mut nobody = said(2, ADDRESS, ADDRESS);
    nobody[8..14].fill(0);
    let elsewhere = Ipv4Addr::new(192, 0, 2, 6);
    let mut packets = vec![own, group, nobody, said(1, elsewhere, ADDRESS), said(1, Ipv4Addr::UNSPECIFIED, elsewhere)];
    packets.extend([said(3, ADDRESS, ADDRESS), said(2, ADDRESS, ADDRESS)[..27].to_vec(), Vec::new()]);
    let whole = said(2, ADDRESS, ADDRESS);
    packets.extend((0..6).map(|spoilt| {
        let mut packet = whole.clone();
        packet[spoilt] ^= 3;
        packet
    }));
    for packet in packets {
        let mut acd = acd(200, 1);
        acd.probe(ADDRESS, at(0));
        acd.handle_packet(at(0), &packet);
        let (sent, events) = run(&mut acd);
        assert_eq!((sent.len(), events.len()), (3, 1), "{packet:?}");
        assert_eq!(events[0].1, Event::Free(ADDRESS));
    }
}

#[test]
fn an_address_that_is_ours_is_announced_and_defended_once_in_ten_seconds() {
    let mut acd = acd(200, 1);
    acd.announce(ADDRESS);
    let announcement = Output::Transmit(packet::request(MAC, ADDRESS, ADDRESS));
    assert_eq!(acd.poll(), announcement);
    let mut defended = Vec::new();
    for second in 0..25 {
        acd.handle_packet(at(1000 * second), &said(2, ADDRESS, ADDRESS));
        acd.handle_packet(at(1000 * second), &said(1, Ipv4Addr::UNSPECIFIED, ADDRESS));
        while let Output::Transmit(packet) = acd.poll() {
            assert_eq!(Output::Transmit(packet), announcement);
            defended.push(second);
        }
    }
    assert_eq!(defended, [0, 10, 20]);
    assert_eq!(acd.poll(), Output::WaitUntil(None));
}

#[test]
fn a_carrier_that_returns_is_a_new_beginning() {
    let mut acd = acd(900, 1);
    acd.probe(ADDRESS, at(0));
    acd.handle_timeout(at(100));
    acd.handle_timeout(at(300));
    while let Output::Transmit(_) = acd.poll() {}
    acd.probe(ADDRESS, at(301));
    let (sent, _) = run(&mut acd);
    assert_eq!(sent.len(), 3);
}

#[test]
fn infiniband_has_no_conflict_detection() {
    assert!(Acd::new(HwAddr::new(&[1; 20]).unwrap(), FULL, 1).is_none());
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_harmless(bytes in proptest::collection::vec(0_u8..=255, 0..64), flip in 0_usize..46) {
        let mut acd = acd(200, 1);
        acd.probe(ADDRESS, at(0));
        acd.handle_packet(at(1), &bytes);
        let mut near = said(2, ADDRESS, ADDRESS);
        near[flip] ^= bytes.first().copied().unwrap_or(1);
        acd.handle_packet(at(2), &near);
        let (_, events) = run(&mut acd);
        proptest::prop_assert_eq!(events.len(), 1);
    }
}
