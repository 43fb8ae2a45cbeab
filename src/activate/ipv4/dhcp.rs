//! DHCPv4 on one link: when it begins, what its client reports, and why there is no lease.

use std::time::Duration;

use crate::activate::outcome::{Reason, Timing};
use crate::proto::dhcp4::{Client, Config, Event, Lease};
use crate::proto::{Instant, acd};

/// How long a server is asked to prolong a lease that holds anyway.
pub(super) const RENEWAL: Duration = Duration::from_secs(10);

/// DHCPv4 on one link.
pub(super) struct Dhcp {
    pub(super) config: Config,
    /// The link's broadcast address.
    pub(super) everybody: Vec<u8>,
    /// Not before this: DISCOVERs of many links at once would be lost at the server.
    pub(super) not_before: Instant,
    pub(super) client: Option<Client>,
    pub(super) started: Option<Instant>,
    pub(super) lease: Option<Lease>,
    /// A lease whose address may be another host's.
    pub(super) doubtful: Option<Lease>,
    /// A lease that is being prolonged; it holds until a server says no, or its time is over.
    pub(super) renewing: Option<Lease>,
    /// An address that is ours no more, to be taken from the link.
    pub(super) lost: Option<ipnet::Ipv4Net>,
    /// Why a lease that still holds was not prolonged.
    pub(super) unrenewed: Option<String>,
    pub(super) offered: bool,
    pub(super) last_refusal: Option<String>,
    pub(super) last_reject: Option<String>,
}

impl Dhcp {
    /// Starts the exchange, or notes when to.
    pub(super) fn begin(&mut self, now: Instant) {
        self.started.get_or_insert(now);
        if now >= self.not_before {
            self.client = Some(match self.renewing.clone() {
                Some(lease) => Client::renew(self.config.clone(), lease, now),
                None => Client::new(self.config.clone(), now),
            });
        }
    }

    /// The old lease may be used no more (RFC 2131 section 4.4.5).
    pub(super) fn lose(&mut self) {
        let Some(lease) = self.renewing.take() else { return };
        self.lost = ipnet::Ipv4Net::new(lease.address, lease.prefix_len).ok();
        // What follows is a new lease; it has its own time.
        self.started = None;
    }

    /// True if a renewal has taken too long, and the lease still holds.
    pub(super) fn is_patient_no_more(&self, now: Instant) -> bool {
        let late = self.started.is_some_and(|started| now >= started + RENEWAL);
        late && self.renewing.as_ref().is_some_and(|lease| lease.expires().is_none_or(|end| now < end))
    }

    /// Goes on with the lease as it is.
    pub(super) fn stay(&mut self) {
        let why = self.reason();
        self.lease = self.renewing.take();
        self.client = None;
        self.unrenewed = Some(format!("the lease was not renewed ({why}); it holds until its end"));
    }

    /// Takes note of whose the leased address is.
    pub(super) fn found(&mut self, event: acd::Event, now: Instant) {
        let (acd::Event::Free(found) | acd::Event::InUse { address: found, .. }) = event;
        let Some(lease) = self.doubtful.take_if(|lease| lease.address == found) else { return };
        match event {
            acd::Event::Free(_) => self.lease = Some(lease),
            acd::Event::InUse { address, by } => {
                self.last_refusal = Some(format!("{}, and was declined", Reason::InUse(address, by)));
                self.client.iter_mut().for_each(|client| client.decline(now));
            }
        }
    }

    /// Takes note of what the client reports.
    pub(super) fn note(&mut self, event: Event, now: Instant, timing: &mut Timing) {
        match event {
            Event::Offer { .. } => {
                self.offered = true;
                timing.offer.get_or_insert(now);
            }
            Event::Bound(lease) => {
                timing.lease = Some(now);
                if self.renewing.as_ref().is_some_and(|old| old.address != lease.address) {
                    self.lose();
                }
                self.renewing = None;
                self.lease = Some(*lease);
            }
            Event::Nak { server, message } => {
                let said = message.map(|text| format!(": {text}")).unwrap_or_default();
                self.last_refusal = Some(format!("server {server} answered NAK{said}"));
                self.lose();
            }
            Event::Expired { .. } => self.lose(),
            Event::Ignored { reason } => self.last_reject = Some(reason.to_string()),
            _ => {}
        }
    }

    /// Why there is no lease.
    pub(super) fn reason(&self) -> Reason {
        match (&self.last_refusal, self.offered, &self.last_reject) {
            (Some(text), ..) => Reason::Refused(text.clone()),
            (None, true, _) => {
                Reason::Refused("the server made an offer and then did not answer the request".to_owned())
            }
            (None, false, Some(text)) => Reason::BadOffer(text.clone()),
            (None, false, None) => Reason::NoOffer,
        }
    }
}
