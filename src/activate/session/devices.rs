//! Devices that come and go: what has become possible is started, and what lost its device waits for the next one.

use super::{Session, Slot};
use crate::activate::mac;
use crate::activate::stack::{self, Made, Making};
use crate::plan::{self, Requirement};
use crate::profile::Device;
use crate::proto::Instant;

/// A link of ours that others take away is made again so many times.
const MADE_AGAIN: usize = 3;

impl Session {
    /// These devices are there.
    pub(super) fn devices(&mut self, devices: &[Device]) {
        self.devices = devices.to_vec();
        self.plan_anew();
    }

    /// Plans anew and starts what has become possible. What runs already goes on.
    pub(super) fn plan_anew(&mut self) {
        self.outdated = false;
        let (here, gone): (Vec<&Slot>, Vec<&Slot>) = self.links.iter().partition(|slot| slot.link.gone_at().is_none());
        self.settings.context.kept = here.iter().map(|slot| (slot.link.ifindex(), slot.profile)).collect();
        self.settings.context.lost = gone.iter().map(|slot| slot.profile).collect();
        self.plan = plan::plan(&self.settings.profiles, &self.devices, &self.settings.context);
        self.forget_unmade();
        let mut out = Vec::new();
        stack::lift(&self.plan, &self.settings.profiles, &self.devices, &mut self.lifted, &mut out);
        self.actions.extend(out);
        for step in stack::steps(&self.plan) {
            self.begin(&step);
        }
        let mut out = Vec::new();
        let source = mac::Source { host: &self.settings.host, seed: self.settings.seed };
        stack::make(&self.plan, &self.settings.profiles, &self.devices, source, &mut self.making, &mut out);
        self.actions.extend(out);
    }

    /// What became of a link that was asked for. Whether it is what was wanted is seen when the devices are read again.
    pub(super) fn created(&mut self, name: &str, error: Option<String>) {
        for one in self.making.iter_mut().filter(|one| one.name == name && one.state == Made::Asked) {
            one.state = error.clone().map_or(Made::Done, Made::Failed);
        }
        self.forget_unmade();
    }

    /// What could not be made because what it stands on was gone is made when that is back.
    fn forget_unmade(&mut self) {
        let planned = |one: &Making| self.plan.creations.iter().any(|creation| creation.profile == one.profile);
        self.making.retain(|one| !matches!(one.state, Made::Failed(_)) || planned(one));
    }

    /// A device went, and may come back as another: a driver that starts its card anew, a USB adapter that changes its mode. Its
    /// profile is free for another device.
    pub(super) fn gone(&mut self, ifindex: u32) {
        let count = self.devices.len();
        self.devices.retain(|device| device.ifindex != ifindex);
        let here = |slot: &&mut Slot| slot.link.ifindex() == ifindex && slot.link.gone_at().is_none();
        if let Some(slot) = self.links.iter_mut().find(here) {
            slot.touch().gone(self.now);
            let (profile, name) = (slot.profile, slot.link.name().to_owned());
            let went = |slot: &&Slot| slot.profile == profile && slot.link.gone_at().is_some();
            let for_good = self.links.iter().filter(went).count() > MADE_AGAIN;
            self.making.retain(|one| one.name != name || one.profile != profile || for_good);
        } else if count == self.devices.len() {
            return;
        }
        // Many may go at once.
        self.outdated = true;
    }

    /// When a device of the requirement went last: another one is waited for from then on.
    pub(super) fn lost(&self, requirement: &Requirement) -> Option<Instant> {
        let ours = self.links.iter().filter(|slot| requirement.profiles.contains(&slot.profile));
        ours.filter_map(|slot| slot.link.gone_at()).max()
    }

    /// True if a link of this name went.
    pub(super) fn went(&self, name: &str) -> bool {
        self.links.iter().any(|slot| slot.link.gone_at().is_some() && slot.link.name() == name)
    }

    /// True for a link that went and came back.
    pub(super) fn is_replaced(&self, slot: &Slot) -> bool {
        let later = self.links.iter().rev().take_while(|one| one.link.ifindex() != slot.link.ifindex());
        let mut later = later.filter(|one| one.profile == slot.profile);
        slot.link.gone_at().is_some() && later.any(|one| one.link.is_again(&slot.link))
    }
}
