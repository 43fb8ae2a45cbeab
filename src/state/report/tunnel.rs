//! What a WireGuard link came to. No secret is in here.

use serde::Serialize;

use crate::activate::LinkOutcome;
use crate::profile::LinkKind;

#[derive(Serialize)]
pub(super) struct Report {
    public_key: Option<String>,
    listen_port: u16,
    fwmark: u32,
    peers: Vec<Peer>,
}

#[derive(Serialize)]
struct Peer {
    public_key: String,
    endpoint: Option<String>,
    /// As the profile writes it.
    endpoint_name: Option<String>,
    allowed_ips: Vec<String>,
    persistent_keepalive: u16,
    /// In seconds since 1970; null: never.
    latest_handshake: Option<u64>,
}

pub(super) fn report(link: &LinkOutcome) -> Option<Report> {
    let (held, LinkKind::WireGuard(wanted)) = (link.tunnel.as_ref()?, &link.profile.kind) else { return None };
    let peer = |held: &crate::profile::tunnel::TunnelPeer| {
        let named = wanted.peers.iter().find(|peer| peer.public_key == held.public_key);
        Peer {
            public_key: held.public_key.to_string(),
            endpoint: held.endpoint.map(|endpoint| endpoint.to_string()),
            endpoint_name: named.and_then(|peer| peer.endpoint.as_deref()).map(crate::profile::text::one_line),
            allowed_ips: held.allowed_ips.iter().map(ToString::to_string).collect(),
            persistent_keepalive: held.keepalive,
            latest_handshake: Some(held.last_handshake).filter(|&at| at != 0),
        }
    };
    Some(Report {
        public_key: held.public_key.map(|key| key.to_string()),
        listen_port: held.listen_port,
        fwmark: held.fwmark,
        peers: held.peers.iter().map(peer).collect(),
    })
}
