//! From a configured device to a peer that has answered.

use super::contact::Contact;
use super::{Apart, LOOKS, Tunnel};
use crate::activate::event::Action;
use crate::activate::outcome::{LinkState, Reason};
use crate::profile::tunnel::TunnelChanges;
use crate::proto::Instant;
use std::time::Duration;

impl Tunnel {
    /// Provokes a handshake, looks for it, and tries other addresses.
    pub(super) fn shake(&mut self, now: Instant, out: &mut Vec<Action>) {
        if self.is_settled(now) {
            return;
        }
        let mut peers = Vec::new();
        let due = |contact: &Contact| contact.next_try().is_some_and(|at| now >= at);
        // Not yet told: `configure` comes first.
        let Some(want) = &self.wanted else { return };
        for contact in self.contacts.iter_mut().filter(|contact| due(contact)) {
            let Some(peer) = want.peer(contact.public_key) else { continue };
            peers.extend(contact.provoke(peer, &self.reaches, now));
        }
        if !peers.is_empty() {
            self.aims = self.aims();
            self.wanted = Some(self.want(&self.aims));
            self.send(TunnelChanges { peers, ..TunnelChanges::default() }, out);
        } else if now >= self.look_at && !self.asked {
            self.asked = true;
            out.push(Action::ReadTunnel { ifindex: self.ifindex });
            self.look_at = now + self.look_gap;
            self.look_gap = (self.look_gap * 3 / 2).min(LOOKS.1);
        }
    }

    fn is_settled(&self, now: Instant) -> bool {
        !matches!(self.state(now), LinkState::Pending(_))
    }

    /// Until when a handshake is waited for.
    fn shake_until(&self) -> Option<Instant> {
        self.applied.map(|applied| applied + self.patience)
    }

    /// How far it has come.
    pub(crate) fn state(&self, now: Instant) -> LinkState {
        if let Some(reason) = &self.failed {
            return LinkState::Failed(reason.clone());
        }
        if self.configured && self.apart == Apart::Before {
            return LinkState::Up;
        }
        let Some(until) = self.shake_until() else {
            return LinkState::Pending(Reason::Tunnel("the way to a peer is being looked for".to_owned()));
        };
        if self.shaken || self.contacts.is_empty() || self.patience.is_zero() {
            return LinkState::Up;
        }
        let tried: Vec<String> = self.contacts.iter().take(3).map(Contact::shown).collect();
        let text = format!("no handshake with {}", tried.join(", "));
        if now < until {
            return LinkState::Pending(Reason::Tunnel(text));
        }
        let hint = "is the peer there, do the keys fit, is this machine's clock not behind?";
        LinkState::Failed(Reason::Tunnel(format!("{text} within {} s: {hint}", self.patience.as_secs())))
    }

    /// When to be woken.
    pub(crate) fn deadline(&self, now: Instant) -> Option<Instant> {
        if self.failed.is_some() || self.setting || self.have.is_none() {
            return None;
        }
        let mut wakes = vec![self.names.deadline(), self.reaches.deadline()];
        if self.contacts.iter().any(|contact| contact.current(&self.reaches).is_none()) {
            wakes.push(Some(self.give_up_at()).filter(|&at| at < Instant::new(Duration::MAX)));
        }
        if self.applied.is_some() && !self.is_settled(now) {
            wakes.extend([Some(self.look_at), self.shake_until()]);
            wakes.extend(self.contacts.iter().map(|contact| contact.next_try()));
        }
        wakes.into_iter().flatten().min()
    }
}
