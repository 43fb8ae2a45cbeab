//! Settings of a device itself (ethtool), as options: what is asked for, what became of it, and how to give back what was.
//!
//! Options have NetworkManager's names: `[ethtool]`'s, and of `[ethernet]` `auto-negotiate`, `speed`, `duplex` and `wake-on-lan`. One more,
//! `advertise`, holds the modes that a negotiating link offered. An empty value is "it was not set".

use super::LinkKind;
use super::link::LinkSettings;

/// An option and its value.
pub type Pair = (String, String);

/// An option that has another value now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The option: `ring-rx`. Of a `feature-` that stands for several of the kernel's, those.
    pub option: String,
    /// The value before.
    pub old: String,
    /// The value now.
    pub new: String,
}

/// What became of the wishes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tuned {
    /// What is different now.
    pub changed: Vec<Change>,
    /// Options the device did not take, and why.
    pub refused: Vec<Pair>,
}

/// Options of how a link finds its speed.
pub const NEGOTIATION: [&str; 4] = ["auto-negotiate", "speed", "duplex", "advertise"];

/// The options a profile asks for. Only an Ethernet link negotiates and wakes.
pub fn wanted(kind: &LinkKind, settings: &LinkSettings) -> Vec<Pair> {
    let LinkSettings {
        mtu: _,
        cloned_mac: _,
        auto_negotiate,
        speed,
        full_duplex,
        wake_on_lan,
        s390_nettype: _,
        s390_subchannels: _,
        s390_options: _,
        ethtool,
    } = settings;
    let duplex = full_duplex.map(|full| if full { "full" } else { "half" }.to_owned());
    let own = [
        ("auto-negotiate", auto_negotiate.map(|on| on.to_string())),
        ("speed", speed.map(|speed| speed.to_string())),
        ("duplex", duplex),
        ("wake-on-lan", wake_on_lan.map(|flags| flags.to_string())),
    ];
    let own = own.into_iter().filter(|_| *kind == LinkKind::Ethernet);
    let mut wanted: Vec<Pair> = own.filter_map(|(option, value)| Some((option.to_owned(), value?))).collect();
    wanted.extend(ethtool.iter().cloned());
    wanted
}

/// What gives a device back what it had before these changes.
pub fn undo(changes: &[Change]) -> Vec<Pair> {
    changes.iter().map(|change| (change.option.clone(), change.old.clone())).collect()
}

/// What is to be asked for where `former` changes of another run, perhaps for another profile, are still there: they are taken back
/// unless the profile wants them. Of two values of an option the later one counts.
pub fn wanted_after(former: &[Change], wanted: Vec<Pair>) -> Vec<Pair> {
    // Without a speed, "no negotiation" asks for nothing.
    let negotiates =
        wanted.iter().any(|(option, value)| option == "speed" || (option == "auto-negotiate" && value == "true"));
    let mut all = undo(former);
    all.retain(|(option, _)| !(negotiates && NEGOTIATION.contains(&option.as_str())));
    all.extend(wanted);
    all
}

/// All changes since the device was first touched: later ones keep the oldest value, and one that led back to it is none.
pub fn merge(changes: &mut Vec<Change>, later: Vec<Change>) {
    for change in later {
        match changes.iter_mut().find(|known| known.option == change.option) {
            Some(known) => known.new = change.new,
            None => changes.push(change),
        }
    }
    changes.retain(|change| change.old != change.new);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(option: &str, old: &str, new: &str) -> Change {
        Change { option: option.to_owned(), old: old.to_owned(), new: new.to_owned() }
    }

    fn pair(option: &str, value: &str) -> Pair {
        (option.to_owned(), value.to_owned())
    }

    #[test]
    fn a_profile_says_what_it_wants() {
        let settings = LinkSettings {
            auto_negotiate: Some(false),
            speed: Some(100),
            full_duplex: Some(true),
            ethtool: vec![pair("ring-rx", "512")],
            ..LinkSettings::default()
        };
        let all =
            [pair("auto-negotiate", "false"), pair("speed", "100"), pair("duplex", "full"), pair("ring-rx", "512")];
        assert_eq!(wanted(&LinkKind::Ethernet, &settings), all);
        assert_eq!(wanted(&LinkKind::Bond { options: Vec::new() }, &settings), [pair("ring-rx", "512")]);
    }

    #[test]
    fn what_an_earlier_run_changed_is_taken_back_unless_it_is_wanted() {
        let former = [change("ring-rx", "256", "512"), change("auto-negotiate", "true", "false")];
        let back = wanted_after(&former, vec![pair("ring-tx", "512")]);
        assert_eq!(back, [pair("ring-rx", "256"), pair("auto-negotiate", "true"), pair("ring-tx", "512")]);
        let again = wanted_after(&former, vec![pair("speed", "10"), pair("duplex", "half")]);
        assert_eq!(again, [pair("ring-rx", "256"), pair("speed", "10"), pair("duplex", "half")]);
    }

    #[test]
    fn the_oldest_value_is_kept_and_the_way_back_leaves_nothing() {
        let mut changes = vec![change("ring-rx", "256", "512")];
        merge(&mut changes, vec![change("ring-rx", "512", "1024"), change("ring-tx", "256", "80")]);
        assert_eq!(changes, [change("ring-rx", "256", "1024"), change("ring-tx", "256", "80")]);
        merge(&mut changes, vec![change("ring-rx", "1024", "256")]);
        assert_eq!(changes, [change("ring-tx", "256", "80")]);
    }
}
