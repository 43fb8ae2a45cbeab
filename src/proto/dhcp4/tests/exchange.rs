//! The exchange when all is well, and when packets get lost.

use super::*;

#[test]
fn four_packets_make_a_lease() {
    let mut bench = Bench::new(config());
    send!(bench, time 3, Reply::new(OFFER));
    send!(bench, time 5, Reply::new(ACK));
    let sent = recv!(bench, [DISCOVER, REQUEST]);
    assert_eq!((sent[0].0, sent[1].0), (at(0), at(3)), "no delay of our own");
    let lease = bench.lease().unwrap();
    assert_eq!((lease.address, lease.prefix_len, lease.server), (ADDRESS, 24, SERVER));
    assert_eq!(lease.acquired, at(5));
    assert_eq!(bench.events.len(), 2, "{:?}", bench.events);
    assert_eq!(bench.events[0], (at(3), Event::Offer { server: SERVER, address: ADDRESS }));
}
