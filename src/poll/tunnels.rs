//! What tunnels ask of the outside: their device, ways to endpoints, name servers.

use std::net::IpAddr;

use super::lookup::question;
use super::{Driver, now};
use crate::activate::{DnsTicket, Input, Session, Underlay};
use crate::kernel::Way;
use crate::profile::tunnel::{Tunnel, TunnelChanges};
use crate::proto::dns::Transmit;

/// Questions under way; the oldest are dropped.
const MOST_QUESTIONS: usize = 64;

/// What is known at once, to be told when the session has said all.
pub(super) enum Answer {
    Tunnel(u32, Result<Box<Tunnel>, String>),
    Set(u32, Option<String>),
    Route(u32, IpAddr, Option<Underlay>),
    NotSent(DnsTicket),
}

impl Driver<'_> {
    pub(super) fn read_tunnel(&mut self, ifindex: u32) {
        let held = self.kernel.tunnel(ifindex).map(Box::new).map_err(|error| error.to_string());
        self.answers.push(Answer::Tunnel(ifindex, held));
    }

    pub(super) fn set_tunnel(&mut self, ifindex: u32, changes: &TunnelChanges) {
        let error = self.kernel.set_tunnel(ifindex, changes).err().map(|error| error.to_string());
        self.answers.push(Answer::Set(ifindex, error));
    }

    pub(super) fn find_route(&mut self, ifindex: u32, address: IpAddr, mark: u32) {
        let found = self.kernel.way_to(address, mark).map(|way| {
            let Way { ifindex, gateway, prefix_len, mtu, metric } = way;
            Underlay { ifindex, gateway, prefix_len, mtu, metric }
        });
        self.answers.push(Answer::Route(ifindex, address, found));
    }

    pub(super) fn send_dns(&mut self, ticket: DnsTicket, transmit: &Transmit, mark: u32) {
        match question(transmit, mark) {
            Ok(socket) => {
                if self.questions.len() >= MOST_QUESTIONS {
                    self.questions.remove(0);
                }
                self.questions.push((ticket, socket));
            }
            Err(error) => {
                log::debug!("cannot ask the name server {}: {error}", transmit.server);
                self.answers.push(Answer::NotSent(ticket));
            }
        }
    }

    /// Tells the session what was known at once.
    pub(super) fn answer(&mut self, session: &mut Session) {
        for answer in std::mem::take(&mut self.answers) {
            let input = match answer {
                Answer::Tunnel(ifindex, held) => Input::Tunnel { ifindex, held },
                Answer::Set(ifindex, error) => Input::TunnelSet { ifindex, error },
                Answer::Route(ifindex, address, found) => Input::Route { ifindex, address, found },
                Answer::NotSent(ticket) => Input::Dns { ticket, answer: None },
            };
            session.handle(now(), input);
        }
    }

    /// Looks at every question for an answer.
    pub(super) fn receive_dns(&mut self, session: &mut Session) {
        let mut open = Vec::with_capacity(self.questions.len());
        for (ticket, mut socket) in std::mem::take(&mut self.questions) {
            match socket.advance() {
                None => open.push((ticket, socket)),
                Some(Ok(message)) => {
                    session.handle(now(), Input::Dns { ticket, answer: Some(&message) });
                    // A forged datagram must not keep the true one out; a stream has said all.
                    if socket.is_datagram() {
                        open.push((ticket, socket));
                    }
                }
                Some(Err(error)) => {
                    log::debug!("name server: {error}");
                    session.handle(now(), Input::Dns { ticket, answer: None });
                }
            }
        }
        self.questions = open;
    }
}
