//! One name, looked up while nothing else is done: for `sunup wait`.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd as _;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

use super::now;
use crate::kernel::{DnsSocket, random};
use crate::proto::Output;
use crate::proto::dns::{Client, Config, Failure, Input, Query, Transmit, Transport};

/// A question on its way.
pub(super) fn question(transmit: &Transmit, mark: u32) -> io::Result<DnsSocket> {
    match transmit.transport {
        Transport::Udp => DnsSocket::datagram(transmit.server, mark, &transmit.payload),
        Transport::Tcp => DnsSocket::stream(transmit.server, mark, &transmit.payload),
    }
}

/// What a question waits for.
pub(super) fn interest(socket: &DnsSocket) -> PollFd<'_> {
    let flags = if socket.wants_to_send() { PollFlags::POLLOUT } else { PollFlags::POLLIN };
    PollFd::new(socket.as_fd(), flags)
}

/// Asks these servers for the addresses of a name, at most so long.
pub fn look_up(
    name: &str,
    servers: Vec<SocketAddr>,
    search: Vec<String>,
    within: Duration,
) -> Result<Vec<IpAddr>, Failure> {
    let config = Config { servers, search, deadline: now() + within, seed: random::seed() };
    let mut client = Client::new(name, config, now());
    let mut questions: Vec<(Query, DnsSocket)> = Vec::new();
    loop {
        match client.poll() {
            Output::Event(result) => return result,
            Output::Transmit(transmit) => match question(&transmit, 0) {
                Ok(socket) => questions.push((transmit.query, socket)),
                Err(error) => {
                    log::debug!("cannot ask the name server {}: {error}", transmit.server);
                    client.handle(now(), Input::Failed(transmit.query));
                }
            },
            Output::WaitUntil(until) => {
                wait(&questions, until.map_or(Duration::ZERO, |until| until.since(now())));
                questions.retain_mut(|(query, socket)| told(&mut client, *query, socket));
                client.handle(now(), Input::Timeout);
            }
        }
    }
}

/// Waits for an answer, at most so long.
fn wait(questions: &[(Query, DnsSocket)], longest: Duration) {
    let mut fds: Vec<PollFd<'_>> = questions.iter().map(|(_, socket)| interest(socket)).collect();
    let _ = ppoll(&mut fds, Some(TimeSpec::from(longest)), None);
}

/// Tells what came on a socket; false when nothing more can come.
fn told(client: &mut Client, query: Query, socket: &mut DnsSocket) -> bool {
    match socket.advance() {
        None => true,
        Some(Ok(message)) => {
            client.handle(now(), Input::Answer(query, &message));
            // A forged datagram must not keep the true one out.
            socket.is_datagram()
        }
        Some(Err(error)) => {
            log::debug!("name server: {error}");
            client.handle(now(), Input::Failed(query));
            false
        }
    }
}
