//! The one loop: what happens goes to the session, what the session answers is carried out, the earliest deadline is waited for.

mod late;
mod lookup;
pub mod news;
mod tunnels;

use std::net::Ipv6Addr;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

use self::late::Late;
pub use self::lookup::look_up;
use self::tunnels::Answer;
use crate::activate::{Action, DnsTicket, Input, Session, Verdict};
use crate::journal::Journal;
use crate::kernel::{
    self, DnsSocket, Event, Kernel, KernelError, Monitor, PacketSocket, Snapshot, Udp4Socket, Udp6Socket,
};
use crate::profile::desired::{DesiredLink, NewLink};
use crate::proto::dhcp4::{self, frame};
use crate::proto::{Instant, Output, dhcp6, ndisc};

/// The longest single wait: a deadline without end does not fit what ppoll takes.
const LONGEST: Duration = Duration::from_secs(3600);

/// Where udevd has its socket and its records.
const UDEV: &str = "/run/udev";

/// How often it is looked whether udev has written a record that is missed; nothing tells.
const UDEV_LOOK: Duration = Duration::from_millis(5);

/// Everything that has a file descriptor while links are brought up.
pub struct Driver<'a> {
    kernel: &'a mut Kernel,
    monitor: Monitor,
    packets: Late<PacketSocket>,
    arp: Late<PacketSocket>,
    udp4: Vec<Udp4Socket>,
    udp6: Late<Udp6Socket>,
    sysfs: &'a Path,
    wanted: Vec<DesiredLink>,
    new: Vec<NewLink>,
    /// Questions to name servers.
    questions: Vec<(DnsTicket, DnsSocket)>,
    /// What was answered at once.
    answers: Vec<Answer>,
    /// Records of udev without which a link is not touched.
    missed: Vec<PathBuf>,
    /// It was looked for carriers that nobody had told of.
    looked: bool,
}

/// The time since boot.
pub fn now() -> Instant {
    Instant::new(kernel::clock::boottime())
}

impl<'a> Driver<'a> {
    /// A driver that hears of every change from now on.
    pub fn new(kernel: &'a mut Kernel, sysfs: &'a Path) -> Result<Self, KernelError> {
        let monitor = kernel.monitor()?;
        Ok(Self {
            kernel,
            monitor,
            packets: Late::new(),
            arp: Late::new(),
            udp4: Vec::new(),
            udp6: Late::new(),
            sysfs,
            wanted: Vec::new(),
            new: Vec::new(),
            questions: Vec::new(),
            answers: Vec::new(),
            missed: Vec::new(),
            looked: false,
        })
    }

    /// Runs the session to its end.
    pub fn run(&mut self, session: &mut Session) -> Result<Verdict, KernelError> {
        self.devices(session)?;
        loop {
            match session.poll() {
                Output::Transmit(action) => self.act(session, action),
                Output::Event(_) | Output::WaitUntil(_) if !self.wanted.is_empty() => self.apply(session),
                Output::Event(_) | Output::WaitUntil(_) if !self.new.is_empty() => self.create(session)?,
                Output::Event(_) if self.looks_again(session)? => {}
                Output::Event(verdict) => return Ok(verdict),
                Output::WaitUntil(_) if !self.answers.is_empty() => self.answer(session),
                Output::WaitUntil(until) => self.wait(session, until)?,
            }
        }
    }

    /// Where links come up in hundreds, the kernel tells of a carrier up to a second late. Before the run ends without, it is looked, once.
    fn looks_again(&mut self, session: &mut Session) -> Result<bool, KernelError> {
        if self.looked || !session.lacks_carrier() {
            return Ok(false);
        }
        self.looked = true;
        let links = self.kernel.links()?;
        links.into_iter().for_each(|link| news::tell(session, now(), link.into()));
        Ok(true)
    }

    /// What is about to be changed is noted here first.
    pub fn journal(&mut self) -> Option<&mut Journal> {
        self.kernel.journal.as_mut()
    }

    /// What is spoken with.
    pub fn kernel(&mut self) -> &mut Kernel {
        self.kernel
    }

    /// Ends the work without waiting for the kernel to let go of the packet sockets.
    pub fn leave(self) {
        let sockets = [self.packets, self.arp].map(Late::into_inner);
        sockets.into_iter().flatten().for_each(PacketSocket::leave);
    }

    /// Tells the session which devices there are, and what no event will tell because it is so already.
    fn devices(&mut self, session: &mut Session) -> Result<(), KernelError> {
        let survey = self.survey(session)?;
        news::standing(session, now(), &survey);
        Ok(())
    }

    fn survey(&mut self, session: &mut Session) -> Result<Snapshot, KernelError> {
        let survey = self.kernel.survey()?;
        let mut devices = kernel::device::devices(&survey, Some(self.sysfs));
        self.missed.clear();
        let udevd = kernel::udev::runs(Path::new(UDEV));
        devices.retain(|device| {
            let missing = udevd.then(|| kernel::udev::missing_record(Path::new(UDEV), self.sysfs, device)).flatten();
            let ready = missing.is_none();
            self.missed.extend(missing);
            ready
        });
        session.handle(now(), Input::Devices(&devices));
        Ok(survey)
    }

    fn act(&mut self, session: &mut Session, action: Action) {
        match action {
            Action::Sysctl { ifindex, ifname, key, value } => self.kernel.sysctl(ifindex, &ifname, key, &value),
            Action::Tune { ifindex, wanted } => {
                let tuned = self.kernel.tune(ifindex, &wanted);
                session.handle(now(), Input::Tuned { ifindex, tuned });
            }
            Action::Create(new) => self.new.push(*new),
            Action::Apply(wanted) => self.want(*wanted),
            Action::RemoveAddress { ifindex, net } => {
                if let Err(error) = self.kernel.remove_address(ifindex, net) {
                    log::warn!("{error}");
                }
            }
            Action::SendDhcp4 { ifindex, to, dscp, transmit } => self.send_dhcp4(ifindex, &to, dscp, &transmit),
            Action::SendArp { ifindex, packet, answers } => self.send_arp(ifindex, &packet, answers),
            Action::SendDhcp6 { ifindex, transmit } => self.send_dhcp6(ifindex, &transmit),
            Action::SolicitRouter { ifindex, to, source } => self.solicit_router(ifindex, &to, source),
            Action::ReadTunnel { ifindex } => self.read_tunnel(ifindex),
            Action::SetTunnel { ifindex, changes } => self.set_tunnel(ifindex, &changes),
            Action::FindRoute { ifindex, address, mark } => self.find_route(ifindex, address, mark),
            Action::SendDns { ticket, transmit, mark } => self.send_dns(ticket, &transmit, mark),
        }
    }

    /// Keeps the latest wish of a link until all are sent in one batch.
    fn want(&mut self, wanted: DesiredLink) {
        self.wanted.retain(|other| other.ifindex != wanted.ifindex);
        self.wanted.push(wanted);
    }

    fn apply(&mut self, session: &mut Session) {
        let wanted = std::mem::take(&mut self.wanted);
        let applied = self.kernel.apply(&wanted);
        for wanted in wanted {
            // What is about no link in particular (the kernel could not be read) is about all of them.
            let mine = || applied.failures.iter().filter(|failure| [0, wanted.ifindex].contains(&failure.ifindex()));
            let fatal = mine().find(|failure| failure.is_fatal()).map(ToString::to_string);
            let complaints = mine().filter(|failure| !failure.is_fatal()).map(ToString::to_string).collect();
            session.handle(now(), Input::Applied { ifindex: wanted.ifindex, fatal, complaints });
        }
    }

    /// Makes all links that were asked for, after what they stand on was applied; then the devices are others.
    fn create(&mut self, session: &mut Session) -> Result<(), KernelError> {
        let new = std::mem::take(&mut self.new);
        let failures = self.kernel.create(&new);
        for (link, failure) in new.iter().zip(failures) {
            let error = failure.map(|failure| failure.to_string());
            session.handle(now(), Input::Created { name: &link.name, error });
        }
        self.devices(session)
    }

    fn packets(&mut self) -> Option<&PacketSocket> {
        self.packets.open(PacketSocket::open)
    }

    /// Sends to one server from an address we have. False: that cannot be done.
    fn send_unicast(&mut self, ifindex: u32, transmit: &dhcp4::Transmit) -> bool {
        // The answer comes by the packet socket.
        if self.packets().is_none() {
            return false;
        }
        if !self.udp4.iter().any(|socket| socket.is_of(ifindex, transmit.source)) {
            match self.kernel.udp4(ifindex, transmit.source) {
                Ok(socket) => self.udp4.push(socket),
                Err(error) => log::debug!("{error}"),
            }
        }
        let socket = self.udp4.iter().find(|socket| socket.is_of(ifindex, transmit.source));
        let sent = socket.map(|socket| socket.send(transmit.destination, &transmit.payload));
        sent.is_some_and(|sent| sent.inspect_err(|error| log::debug!("{error}")).is_ok())
    }

    fn send_dhcp4(&mut self, ifindex: u32, to: &[u8], dscp: u8, transmit: &dhcp4::Transmit) {
        if !transmit.source.is_unspecified()
            && !transmit.destination.is_broadcast()
            && self.send_unicast(ifindex, transmit)
        {
            return;
        }
        let packet = frame::build(transmit.source, transmit.destination, dscp, &transmit.payload);
        let Some(socket) = self.packets() else { return };
        if let Err(error) = socket.send4(ifindex, to, &packet) {
            log::debug!("{error}");
        }
    }

    fn send_dhcp6(&mut self, ifindex: u32, transmit: &dhcp6::Transmit) {
        let Some(socket) = self.udp6.open(|| Udp6Socket::open(dhcp6::CLIENT_PORT)) else { return };
        if let Err(error) = socket.send(ifindex, transmit.destination, dhcp6::SERVER_PORT, &transmit.payload) {
            log::debug!("{error}");
        }
    }

    fn send_arp(&mut self, ifindex: u32, packet: &[u8], answers: bool) {
        if answers {
            self.arp.open(PacketSocket::open_arp);
        }
        let Some(socket) = self.packets() else { return };
        if let Err(error) = socket.send_arp(ifindex, packet) {
            log::debug!("{error}");
        }
    }

    fn solicit_router(&mut self, ifindex: u32, to: &[u8], source: Option<Ipv6Addr>) {
        // Without our link-layer address: the source may be optimistic (RFC 4429 section 2.2).
        let packet = ndisc::solicitation(source, None);
        let Some(socket) = self.packets() else { return };
        if let Err(error) = socket.send6(ifindex, to, &packet) {
            log::debug!("{error}");
        }
    }

    /// Waits for the earliest of all things that may happen, and tells the session.
    fn wait(&mut self, session: &mut Session, until: Option<Instant>) -> Result<(), KernelError> {
        let until =
            if self.missed.is_empty() { until } else { Some(until.unwrap_or(now() + LONGEST).min(now() + UDEV_LOOK)) };
        let timeout = until.map(|until| TimeSpec::from(until.since(now()).min(LONGEST)));
        let (changes, packets, arp, datagrams) = {
            let [packets, arp] = [&self.packets, &self.arp].map(|socket| socket.get().map(AsFd::as_fd));
            let udp6 = self.udp6.get().map(AsFd::as_fd);
            let mut fds = vec![PollFd::new(self.monitor.as_fd(), PollFlags::POLLIN)];
            let [packets, arp, udp6] = [packets, arp, udp6].map(|fd| {
                fds.extend(fd.map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
                fd.map(|_| fds.len() - 1)
            });
            fds.extend(self.questions.iter().map(|(_, socket)| lookup::interest(socket)));
            // A signal is no more than an early wake-up.
            let _ = ppoll(&mut fds, timeout, None);
            let ready = |at: Option<usize>| at.and_then(|at| fds.get(at)?.any()).unwrap_or(false);
            (ready(Some(0)), ready(packets), ready(arp), ready(udp6))
        };
        if arp {
            self.receive_arp(session);
        }
        if packets {
            self.receive(session);
        }
        if datagrams {
            self.receive6(session);
        }
        self.receive_dns(session);
        if changes {
            self.changes(session)?;
        }
        if self.missed.iter().any(|record| record.exists()) {
            self.devices(session)?;
        }
        session.handle(now(), Input::Timeout);
        Ok(())
    }

    fn receive(&mut self, session: &mut Session) {
        let Some(socket) = self.packets.get() else { return };
        while let Some(packet) = socket.receive() {
            match frame::parse(&packet.bytes, packet.checksum_ready) {
                Ok(datagram) => {
                    let (source, payload) = (datagram.source, datagram.payload);
                    session.handle(now(), Input::Dhcp4 { ifindex: packet.ifindex, source, payload });
                }
                Err(error) => log::debug!("packet dropped: {error}"),
            }
        }
    }

    fn receive_arp(&mut self, session: &mut Session) {
        let Some(socket) = self.arp.get() else { return };
        while let Some(packet) = socket.receive() {
            session.handle(now(), Input::Arp { ifindex: packet.ifindex, packet: &packet.bytes });
        }
    }

    fn receive6(&mut self, session: &mut Session) {
        let Some(socket) = self.udp6.get() else { return };
        while let Some(datagram) = socket.receive() {
            let (ifindex, source, payload) = (datagram.ifindex, datagram.source, &datagram.payload[..]);
            session.handle(now(), Input::Dhcp6 { ifindex, source, payload });
        }
    }

    fn changes(&mut self, session: &mut Session) -> Result<(), KernelError> {
        let (mut unknown, mut overrun) = (false, false);
        for event in self.monitor.receive() {
            unknown |= matches!(&event, Event::Link { ifindex, name, .. } if !session.knows(*ifindex, name));
            overrun |= matches!(&event, Event::Overrun);
            news::tell(session, now(), event);
        }
        if overrun {
            let survey = self.survey(session)?;
            news::catch_up(session, now(), &survey);
        } else if unknown {
            self.devices(session)?;
        }
        Ok(())
    }
}
