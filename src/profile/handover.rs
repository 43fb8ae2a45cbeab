//! Who gets the network after sunup, and what becomes of each link.

/// The daemons that are prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Handover {
    /// NetworkManager.
    pub networkmanager: bool,
    /// systemd-networkd.
    pub networkd: bool,
}

impl Handover {
    /// Every daemon.
    pub const ALL: Self = Self { networkmanager: true, networkd: true };

    /// `networkmanager`, `networkd`, separated by commas, or `none`. `Err`: the word that is neither.
    pub fn parse(text: &str) -> Result<Self, &str> {
        let mut handover = Self::default();
        for word in text.split(',') {
            match word.trim() {
                "networkmanager" => handover.networkmanager = true,
                "networkd" => handover.networkd = true,
                "none" => {}
                other => return Err(other),
            }
        }
        Ok(handover)
    }
}

/// What becomes of a link when sunup's work is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExitPolicy {
    /// It stays as it is, with addresses for ever: the root file system is behind it, and perhaps nobody renews a lease.
    Keep,
    /// A daemon takes it over; addresses end with their leases.
    #[default]
    Adopt,
    /// It was for the boot only (to unlock a disk): no daemon is told of it, and `sunup down --flush` takes it down.
    Flush,
}

impl ExitPolicy {
    /// As the command line names it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Adopt => "adopt",
            Self::Flush => "flush",
        }
    }

    /// The policy of this name.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Keep, Self::Adopt, Self::Flush].into_iter().find(|policy| policy.word() == word)
    }
}

/// `[IFACE:]POLICY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExitRule {
    /// The link; `None` is every link that no other rule names.
    pub link: Option<String>,
    /// What becomes of it.
    pub policy: ExitPolicy,
}

impl ExitRule {
    /// Reads `[IFACE:]POLICY`.
    pub fn parse(text: &str) -> Option<Self> {
        let (link, word) = text.rsplit_once(':').map_or((None, text), |(link, word)| (Some(link), word));
        let link = link.map(str::to_owned).filter(|link| !link.is_empty());
        Some(Self { link, policy: ExitPolicy::parse(word)? })
    }

    /// The policy for a link: the last rule that names it, else the last that names none.
    pub fn of(rules: &[Self], ifname: &str) -> ExitPolicy {
        let last = |wanted: Option<&str>| rules.iter().rev().find(|rule| rule.link.as_deref() == wanted);
        last(Some(ifname)).or_else(|| last(None)).map(|rule| rule.policy).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn daemons_are_named_in_a_list() {
        assert_eq!(Handover::parse("networkmanager,networkd"), Ok(Handover::ALL));
        assert_eq!(Handover::parse("none"), Ok(Handover::default()));
        assert_eq!(Handover::parse("networkd"), Ok(Handover { networkd: true, ..Handover::default() }));
        assert_eq!(Handover::parse("networkd,wicked"), Err("wicked"));
    }

    #[test]
    fn a_rule_for_the_link_goes_before_one_for_all() {
        let rules: Vec<ExitRule> =
            ["eth1:keep", "flush", "eth0:adopt"].iter().map(|text| ExitRule::parse(text).unwrap()).collect();
        assert_eq!(ExitRule::of(&rules, "eth0"), ExitPolicy::Adopt);
        assert_eq!(ExitRule::of(&rules, "eth1"), ExitPolicy::Keep);
        assert_eq!(ExitRule::of(&rules, "eth2"), ExitPolicy::Flush);
        assert_eq!(ExitRule::of(&[], "eth2"), ExitPolicy::Adopt);
        assert_eq!(ExitRule::parse("eth0:stay"), None);
    }
}
