//! Another implementation of the format: what we write it reads, what it writes we read.

use dhcproto::v6::{
    DhcpOption, DhcpOptions, IAAddr, IANA, IAPD, IAPrefix, Message, MessageType, OptionCode, StatusCode,
};
use dhcproto::{Decodable, Encodable};

use super::*;

fn decoded(bytes: &[u8]) -> Message {
    let message = Message::decode(&mut dhcproto::Decoder::new(bytes)).unwrap();
    assert_eq!(message.to_vec().unwrap().len(), bytes.len(), "nothing is left over");
    message
}

#[test]
fn another_codec_reads_every_message_we_send() {
    let (mut bench, lease) = bound();
    bench.client.decline(&[address(1)], bench.now);
    let full = Config { want_prefix: Some(56), rapid_commit: true, fqdn: Some("a.b".into()), ..config() };
    let now = Instant::default();
    let cases = [
        (MessageType::Solicit, Bench::new(full.clone()).sends(kind::SOLICIT)),
        (MessageType::Renew, Bench::of(Client::renew(full.clone(), &lease, now)).sends(kind::RENEW)),
        (MessageType::Confirm, Bench::of(Client::reboot(full.clone(), &lease, now)).sends(kind::CONFIRM)),
        (MessageType::Release, Bench::of(Client::release(full.clone(), &lease, now)).sends(kind::RELEASE)),
        (MessageType::Decline, bench.sends(kind::DECLINE)),
        (
            MessageType::InformationRequest,
            Bench::new(Config { mode: Mode::StatelessInfo, ..full }).sends(kind::INFORMATION_REQUEST),
        ),
    ];
    for (expected, bytes) in cases {
        let message = decoded(&bytes);
        assert_eq!(message.msg_type(), expected);
        let options = message.opts();
        assert_eq!(options.get(OptionCode::ClientId), Some(&DhcpOption::ClientId(config().duid)));
        assert!(options.get(OptionCode::ElapsedTime).is_some());
        if let Some(DhcpOption::IANA(ia)) = options.get(OptionCode::IANA) {
            assert_eq!((ia.id, ia.t1, ia.t2), (IAID, 0, 0));
        }
        let has_server = matches!(expected, MessageType::Renew | MessageType::Release | MessageType::Decline);
        assert_eq!(options.get(OptionCode::ServerId).is_some(), has_server);
    }
}

#[test]
fn we_read_what_another_codec_writes() {
    let mut bench = Bench::new(Config { want_prefix: Some(0), rapid_commit: true, ..config() });
    let solicit = bench.sends(kind::SOLICIT);
    let id: [u8; 3] = solicit[1..4].try_into().unwrap();
    let inner = |option| [option].into_iter().collect::<DhcpOptions>();
    let address_option = IAAddr { addr: address(7), preferred_life: 100, valid_life: 200, opts: DhcpOptions::new() };
    let prefix = "fd78:0:0:100::".parse().unwrap();
    let prefix_option = IAPrefix {
        preferred_lifetime: 100,
        valid_lifetime: u32::MAX,
        prefix_len: 56,
        prefix_ip: prefix,
        opts: DhcpOptions::new(),
    };
    let mut reply = Message::new_with_id(MessageType::Reply, id);
    let name = "dawn.example.".parse().unwrap();
    for option in [
        DhcpOption::ClientId(config().duid),
        DhcpOption::ServerId(SERVER.to_vec()),
        DhcpOption::RapidCommit,
        DhcpOption::IANA(IANA { id: IAID, t1: 10, t2: 20, opts: inner(DhcpOption::IAAddr(address_option)) }),
        DhcpOption::IAPD(IAPD { id: IAID, t1: 15, t2: 25, opts: inner(DhcpOption::IAPrefix(prefix_option)) }),
        DhcpOption::DomainNameServers(vec![address(53)]),
        DhcpOption::DomainSearchList(vec![name]),
        DhcpOption::StatusCode(StatusCode { status: dhcproto::v6::Status::Success, msg: "fine".into() }),
    ] {
        reply.opts_mut().insert(option);
    }
    bench.client.handle_packet(bench.now, link_local(), &reply.to_vec().unwrap());
    let lease = bench.bound();
    assert_eq!((lease.addresses[0].address, lease.addresses[0].valid), (address(7), Duration::from_secs(200)));
    assert_eq!(
        (lease.prefixes[0].prefix.to_string(), lease.prefixes[0].valid),
        ("fd78:0:0:100::/56".into(), Duration::MAX)
    );
    assert_eq!((lease.t1, lease.t2), (Duration::from_secs(10), Duration::from_secs(20)));
    assert_eq!((lease.dns[0], lease.search[0].as_str()), (address(53), "dawn.example"));
}
