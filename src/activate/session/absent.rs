//! What a run left alone, and what did not come.

use std::cmp::Reverse;

use super::Session;
use crate::activate::outcome::{Missing, Untouched};
use crate::activate::stack::Made;
use crate::plan;
use crate::profile::Device;

/// Of so many profiles it is said why they did not take a link that none took; `sunup plan` says it of all. Where there are hundreds of
/// both, the report would grow with their product.
const NAMED: usize = 8;

impl Session {
    pub(super) fn untouched(&self) -> Vec<Untouched> {
        let taken = |ifindex: u32| self.links.iter().any(|slot| slot.link.ifindex() == ifindex);
        let reports = self.plan.devices.iter().filter(|report| !taken(report.device.ifindex));
        let (profiles, words) = (&self.settings.profiles, &self.plan.words);
        let rejected = |device: &Device, rejection: &plan::Rejection| {
            let id = profiles.get(rejection.profile).map(|profile| profile.id.clone());
            (id.unwrap_or_default(), plan::explain::refusal(rejection, device, profiles, words))
        };
        let nearest = |report: &plan::DeviceReport| {
            let mut all: Vec<&plan::Rejection> = report.rejected.iter().collect();
            all.sort_by_key(|one| Reverse(one.refusal.nearness()));
            all.into_iter().take(NAMED).map(|one| rejected(&report.device, one)).collect()
        };
        let one = |report: &plan::DeviceReport| Untouched {
            device: report.device.clone(),
            reason: match &report.untouched {
                Some(untouched) => untouched.to_string(),
                None if report.taken_by.is_some() => "what it is to be a port of was not made".to_owned(),
                None => "no profile takes it".to_owned(),
            },
            rejected: nearest(report),
            rejected_more: report.rejected.len().saturating_sub(NAMED),
        };
        reports.map(one).collect()
    }

    /// True if a link is to be up, and has no carrier as far as is known.
    pub fn lacks_carrier(&self) -> bool {
        self.links.iter().any(|slot| slot.link.lacks_carrier())
    }

    pub(super) fn missing(&self) -> Vec<Missing> {
        let required = |index: usize| self.plan.requirements.iter().any(|one| one.profiles.contains(&index));
        let one = |waiting: &plan::Waiting| {
            let profile = self.shared.get(waiting.profile)?.clone();
            Some(Missing { profile, what: waiting.missing.to_string(), required: required(waiting.profile) })
        };
        let unmade = self.plan.creations.iter().filter(|creation| creation.existing.is_none()).filter_map(|creation| {
            let profile = self.shared.get(creation.profile)?.clone();
            let what = match self.making.iter().find(|one| one.profile == creation.profile).map(|one| &one.state) {
                Some(Made::Failed(error)) => error.clone(),
                Some(_) if self.went(&creation.name) => {
                    format!("'{}' was made, and taken away by others each time", creation.name)
                }
                Some(_) => format!("'{}' is the alternative name of another link", creation.name),
                None => format!("'{}' was not made: what it stands on is not there", creation.name),
            };
            Some(Missing { profile, what, required: creation.required })
        });
        let mistaken = self.plan.unused.iter().filter(|unused| unused.because.is_mistake()).filter_map(|unused| {
            let profile = self.shared.get(unused.profile)?.clone();
            Some(Missing { profile, what: unused.because.to_string(), required: required(unused.profile) })
        });
        self.plan.waiting.iter().filter_map(one).chain(unmade).chain(mistaken).collect()
    }
}
