//! Settings of a device that ethtool(8) shows: offloads, interrupt coalescing, rings, pause frames, channels, EEE, FEC,
//! negotiation of the link, wake-on-LAN.
//!
//! Settings go in and come out as options ([`crate::profile::tuning`]), so that what a device had before can be given back to it in
//! the same way. `advertise` is hexadecimal words of `ETHTOOL_LINK_MODE_*` bits, the lowest first, separated by commas.

mod access;
mod by_ioctl;
mod by_netlink;
mod table;

use self::access::{Access, Negotiate, Negotiation, Refused};
use self::table::{GROUPS, Group};
use super::Kernel;
use crate::journal::{Entry, Undo};
use crate::profile::tuning::{Change, NEGOTIATION, Pair, Tuned};

/// How the kernel is talked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Ethtool netlink, and the ioctl for what it does not know.
    Best,
    /// The ioctl only, as on kernels before 5.6.
    Ioctl,
}

const WAKE: &str = "wake-on-lan";
/// NetworkManager's wake-on-LAN flags that are no mode: 1 is its default, 0x8000 "leave it".
const WAKE_IGNORED: u32 = 0x8001;

impl Kernel {
    /// [`tune`], written down ahead in the journal.
    pub fn tune(&mut self, ifindex: u32, wanted: &[Pair]) -> Tuned {
        let mut note =
            |option: &str, old: &str| self.note(&[Entry::changed(ifindex, option, Undo::Tuned(old.to_owned()))]);
        tune(ifindex, wanted, Way::Best, &mut note)
    }
}

/// Sets options of a device. What it has already is not set again; one refused stops no other. `note` is told each option that is
/// about to be changed, and its value.
pub fn tune(ifindex: u32, wanted: &[Pair], way: Way, note: &mut dyn FnMut(&str, &str)) -> Tuned {
    let access = Access::new(ifindex, way == Way::Ioctl);
    let mut tuner = Tuner { access, wanted, note, tuned: Tuned::default() };
    tuner.negotiation();
    tuner.wake();
    tuner.features();
    GROUPS.iter().for_each(|group| tuner.group(group));
    tuner.unknown();
    tuner.tuned
}

struct Tuner<'a> {
    access: Access,
    wanted: &'a [Pair],
    note: &'a mut dyn FnMut(&str, &str),
    tuned: Tuned,
}

impl Tuner<'_> {
    /// The last value given for an option.
    fn value(&self, option: &str) -> Option<&str> {
        self.wanted.iter().rfind(|(name, _)| name == option).map(|(_, value)| value.as_str())
    }

    fn refuse(&mut self, option: &str, why: impl ToString) {
        self.tuned.refused.push((option.to_owned(), why.to_string()));
    }

    fn change(&mut self, option: &str, old: String, new: String) {
        if old != new {
            self.tuned.changed.push(Change { option: option.to_owned(), old, new });
        }
    }

    fn group(&mut self, group: &Group) {
        let mut wishes: Vec<(usize, &str, u32)> = Vec::new();
        for (option, value) in self.wanted {
            let Some(word) = group.word(option) else { continue };
            match number(value) {
                Some(number) => {
                    wishes.retain(|(other, ..)| *other != word);
                    wishes.push((word, option, number));
                }
                None => self.refuse(option, format!("'{value}' is no value for it")),
            }
        }
        if wishes.is_empty() {
            return;
        }
        let before = match self.access.words(group) {
            Ok(words) => words,
            Err(refused) => return wishes.iter().for_each(|(_, option, _)| self.refuse(option, why(&refused))),
        };
        let now = |word: usize| before.get(word).copied().flatten();
        let changes = wishes.iter().filter(|(word, _, value)| now(*word) != Some(*value));
        let changes: Vec<(usize, u32)> = changes.map(|(word, _, value)| (*word, *value)).collect();
        if changes.is_empty() {
            return;
        }
        for (word, _) in &changes {
            (self.note)(&group.option(*word), &group.text(now(*word).unwrap_or_default()));
        }
        match self.access.set_words(group, &before, &changes) {
            Ok(()) => self.group_changes(group, &before, &changes),
            // One bad value must not cost the others.
            Err(_) if changes.len() > 1 => self.one_by_one(group, &before, &changes),
            Err(refused) => changes.iter().for_each(|(word, _)| self.refuse(&group.option(*word), why(&refused))),
        }
    }

    fn one_by_one(&mut self, group: &Group, before: &[Option<u32>], changes: &[(usize, u32)]) {
        let mut done = Vec::new();
        for change in changes {
            let now = self.access.words(group).unwrap_or_else(|_| before.to_vec());
            match self.access.set_words(group, &now, &[*change]) {
                Ok(()) => done.push(*change),
                Err(refused) => self.refuse(&group.option(change.0), why(&refused)),
            }
        }
        self.group_changes(group, before, &done);
    }

    /// Notes what a group's words are now: a device may round.
    fn group_changes(&mut self, group: &Group, before: &[Option<u32>], changes: &[(usize, u32)]) {
        let after = self.access.words(group).unwrap_or_default();
        let text = |value: u32| group.text(value);
        for (word, wanted) in changes {
            let read = |words: &[Option<u32>]| words.get(*word).copied().flatten();
            let (old, new) = (read(before).unwrap_or_default(), read(&after).unwrap_or(*wanted));
            let option = group.option(*word);
            if old == new {
                self.refuse(&option, format!("it stays {}", text(old)));
            }
            self.change(&option, text(old), text(new));
        }
    }

    fn features(&mut self) {
        let mut wishes: Vec<(&str, bool)> = Vec::new();
        for (option, value) in self.wanted {
            let Some(name) = option.strip_prefix("feature-") else { continue };
            for feature in table::features(name) {
                wishes.retain(|(other, _)| *other != feature);
                wishes.push((feature, value == "true" || value == "1"));
            }
        }
        if wishes.is_empty() {
            return;
        }
        let before = match self.access.features() {
            Ok(features) => features,
            Err(refused) => {
                let features = self.wanted.iter().filter(|(option, _)| option.starts_with("feature-"));
                return features.for_each(|(option, _)| self.refuse(option, why(&refused)));
            }
        };
        let state = |name: &str| before.iter().find(|feature| feature.name == name);
        self.fixed_features(&before);
        let changeable = |(name, on): &&(&str, bool)| state(name).is_some_and(|f| f.changeable && f.active != *on);
        let asked: Vec<(&str, bool)> = wishes.iter().filter(changeable).copied().collect();
        if asked.is_empty() {
            return;
        }
        for (name, on) in &asked {
            (self.note)(&format!("feature-{name}"), if *on { "false" } else { "true" });
        }
        if let Err(refused) = self.access.set_features(&asked) {
            return asked.iter().for_each(|(name, _)| self.refuse(&format!("feature-{name}"), why(&refused)));
        }
        let after = self.access.features().unwrap_or_default();
        for (name, on) in asked {
            let option = format!("feature-{name}");
            // What another feature needs, or excludes, the kernel sets aside.
            match after.iter().find(|feature| feature.name == name) {
                Some(feature) if feature.active == on => self.change(&option, (!on).to_string(), on.to_string()),
                _ => self.refuse(&option, format!("it stays {}", !on)),
            }
        }
    }

    /// Refuses each option of which nothing can be done: the kernel does not know it, or the device does not let it be changed.
    fn fixed_features(&mut self, before: &[access::Feature]) {
        for (option, value) in self.wanted {
            let Some(name) = option.strip_prefix("feature-") else { continue };
            let on = value == "true" || value == "1";
            let names = table::features(name);
            let known = || before.iter().filter(|feature| names.contains(&feature.name.as_str()));
            if known().count() == 0 {
                self.refuse(option, "the kernel has no such feature");
            } else if !known().any(|feature| feature.changeable || feature.active == on) {
                self.refuse(option, format!("it is fixed {} in this device", if on { "off" } else { "on" }));
            }
        }
    }

    fn negotiation(&mut self) {
        let given: Vec<&str> = NEGOTIATION.into_iter().filter(|option| self.value(option).is_some()).collect();
        let Some(first) = given.first() else { return };
        let refused = match self.access.negotiation() {
            Ok(now) => match self.negotiate(&now) {
                None => return,
                Some(wanted) => {
                    NEGOTIATION.into_iter().zip(now.values()).for_each(|(option, old)| (self.note)(option, &old));
                    match self.access.negotiate(&now, &wanted) {
                        Ok(()) => return self.negotiated(&now, &wanted),
                        Err(refused) => refused,
                    }
                }
            },
            Err(refused) => refused,
        };
        self.refuse(first, why(&refused));
    }

    /// What is to be set; `None` if nothing is. Without negotiation, a speed and a duplex are needed: a setting that is not given
    /// stays.
    fn negotiate(&self, now: &Negotiation) -> Option<Negotiate> {
        let speed = self.value("speed").and_then(number).filter(|&speed| speed != 0);
        let full = self.value("duplex").and_then(|duplex| match duplex {
            "full" => Some(true),
            "half" => Some(false),
            _ => None,
        });
        let offered = self.value("advertise").and_then(parse_modes);
        // What is given back of a link that went on negotiating is what it offered.
        let auto = self.value("auto-negotiate").map_or(offered.is_some(), |value| value == "true");
        if auto {
            let modes = match offered {
                Some(modes) => modes,
                None if speed.is_some() || full.is_some() => return Some(Negotiate::Only { speed, full }),
                None => now.all_speeds(),
            };
            let same = now.auto && now.advertised == modes;
            return (!same).then_some(Negotiate::Among(modes));
        }
        if speed.is_none() && full.is_none() {
            return None;
        }
        let fixed = Negotiate::Fixed { speed: speed.or(now.speed)?, full: full.or(now.full)? };
        let same =
            !now.auto && fixed == Negotiate::Fixed { speed: now.speed.unwrap_or(0), full: now.full.unwrap_or(false) };
        (!same).then_some(fixed)
    }

    /// Notes what negotiation was and is. What a negotiating link has for speed is agreed with its partner, and no setting.
    fn negotiated(&mut self, before: &Negotiation, wanted: &Negotiate) {
        let after = match wanted {
            // The link comes up again only now: its speed is not known yet.
            Negotiate::Fixed { speed, full } => {
                Negotiation { auto: false, speed: Some(*speed), full: Some(*full), ..Negotiation::default() }
            }
            _ => self.access.negotiation().unwrap_or_default(),
        };
        for (option, (old, new)) in NEGOTIATION.into_iter().zip(before.values().into_iter().zip(after.values())) {
            self.change(option, old, new);
        }
    }

    fn wake(&mut self) {
        let Some(value) = self.value(WAKE).map(str::to_owned) else { return };
        let Some(flags) = number(&value) else { return self.refuse(WAKE, format!("'{value}' is no value for it")) };
        if flags & WAKE_IGNORED != 0 {
            return;
        }
        let before = match self.access.wake() {
            Ok(bits) => bits,
            // A device that never wakes anybody does so no more.
            Err(_) if flags == 0 => return,
            Err(refused) => return self.refuse(WAKE, why(&refused)),
        };
        // NetworkManager's flags are the kernel's, one bit higher.
        let wanted = flags >> 1;
        if before == wanted {
            return;
        }
        (self.note)(WAKE, &(before << 1).to_string());
        match self.access.set_wake(wanted) {
            Ok(()) => self.change(WAKE, (before << 1).to_string(), flags.to_string()),
            Err(refused) => self.refuse(WAKE, why(&refused)),
        }
    }

    /// Refuses what no table knows.
    fn unknown(&mut self) {
        for (option, _) in self.wanted {
            let known = option == WAKE
                || NEGOTIATION.contains(&option.as_str())
                || option.starts_with("feature-")
                || GROUPS.iter().any(|group| group.word(option).is_some());
            if !known {
                self.refuse(option, "it is not known");
            }
        }
    }
}

/// The reason in the kernel's words, short.
fn why(refused: &Refused) -> String {
    use crate::kernel::error::errno;
    match refused {
        Refused::Read { explanation, .. } if !explanation.is_empty() => explanation.clone(),
        refused if refused.errno() == errno::EOPNOTSUPP => "the device has no such setting".to_owned(),
        refused => std::io::Error::from_raw_os_error(refused.errno()).to_string(),
    }
}

/// A number, or a switch as one.
fn number(value: &str) -> Option<u32> {
    match value {
        "true" => Some(1),
        "false" => Some(0),
        value => value.parse().ok(),
    }
}

/// `ethtool_cmd`'s speed: 0 and -1 are "not known".
fn known_speed(speed: u32) -> Option<u32> {
    Some(speed).filter(|&speed| speed != 0 && speed != u32::MAX)
}

/// `DUPLEX_HALF`, `DUPLEX_FULL`, anything else is "not known".
fn known_duplex(duplex: u32) -> Option<bool> {
    match duplex {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

fn parse_modes(text: &str) -> Option<Vec<u32>> {
    text.split(',').map(|word| u32::from_str_radix(word, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tuner(wanted: &[Pair]) -> Tuner<'_> {
        Tuner {
            access: Access::new(0, true),
            wanted,
            note: Box::leak(Box::new(|_: &str, _: &str| {})),
            tuned: Tuned::default(),
        }
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    /// A gigabit link that offers what it can, with pause frames.
    fn gigabit() -> Negotiation {
        Negotiation {
            auto: true,
            speed: Some(1000),
            full: Some(true),
            advertised: vec![0x202f, 0],
            supported: vec![0x20ef, 0],
        }
    }

    fn negotiate(now: &Negotiation, wanted: &[(&str, &str)]) -> Option<Negotiate> {
        tuner(&pairs(wanted)).negotiate(now)
    }

    #[test]
    fn negotiation_follows_networkmanagers_rules() {
        let now = gigabit();
        assert_eq!(negotiate(&now, &[("auto-negotiate", "false")]), None, "without a speed there is nothing to fix");
        assert_eq!(negotiate(&now, &[("auto-negotiate", "true")]), None, "it is so");
        let fixed = Negotiate::Fixed { speed: 100, full: true };
        assert_eq!(negotiate(&now, &[("speed", "100"), ("duplex", "full")]), Some(fixed.clone()));
        assert_eq!(negotiate(&now, &[("auto-negotiate", "false"), ("speed", "100"), ("duplex", "full")]), Some(fixed));
        let only = Negotiate::Only { speed: Some(100), full: Some(true) };
        assert_eq!(negotiate(&now, &[("auto-negotiate", "true"), ("speed", "100"), ("duplex", "full")]), Some(only));
    }

    #[test]
    fn turning_negotiation_on_offers_every_speed_and_what_was_offered_beside_speeds() {
        let forced = Negotiation { auto: false, speed: Some(100), advertised: vec![0x2000, 0], ..gigabit() };
        assert_eq!(negotiate(&forced, &[("auto-negotiate", "true")]), Some(Negotiate::Among(vec![0x202f, 0])));
        assert_eq!(negotiate(&forced, &[("speed", "100"), ("duplex", "full")]), None, "it is so");
        let old = [("auto-negotiate", "true"), ("speed", ""), ("duplex", ""), ("advertise", "2f,0")];
        assert_eq!(negotiate(&forced, &old), Some(Negotiate::Among(vec![0x2f, 0])), "given back");
        assert_eq!(
            negotiate(&gigabit(), &[("advertise", "f,0")]),
            Some(Negotiate::Among(vec![0xf, 0])),
            "offers given back"
        );
        assert_eq!(gigabit().only(Some(100), Some(true)), [0x2008, 0]);
    }

    #[test]
    fn what_is_not_known_is_refused_and_no_text_panics() {
        let wanted = pairs(&[("ring-rx", "x"), ("nonsense", "1"), ("wake-on-lan", "x"), ("pause-rx", "")]);
        let mut tuner = tuner(&wanted);
        tuner.wake();
        GROUPS.iter().for_each(|group| tuner.group(group));
        tuner.unknown();
        let refused: Vec<&str> = tuner.tuned.refused.iter().map(|(option, _)| option.as_str()).collect();
        assert_eq!(refused, ["wake-on-lan", "ring-rx", "pause-rx", "nonsense"]);
        assert_eq!((parse_modes("2f,zz"), parse_modes("ff,1")), (None, Some(vec![0xff, 1])));
    }
}
