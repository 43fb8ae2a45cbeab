//! `[ethtool]` as data: which option is which number for the kernel. The options of a group are neighbours both in the C structure
//! of `linux/ethtool.h` (32-bit words) and among the attributes of `linux/ethtool_netlink.h`, in the same order.

/// A group of options that the kernel reads and writes together.
pub(super) struct Group {
    /// What the names of its options begin with.
    pub(super) prefix: &'static str,
    /// The rest of the names, from word `first` on.
    names: &'static [&'static str],
    first: usize,
    /// `ETHTOOL_MSG_*_GET` and `_SET`; `None` where the structure is the better way.
    pub(super) messages: Option<(u8, u8)>,
    /// What an attribute's number is above that of the word.
    pub(super) shift: u16,
    /// `ETHTOOL_G*` and `ETHTOOL_S*`.
    pub(super) commands: (u32, u32),
    /// Words of the structure, the command's included.
    pub(super) words: usize,
    /// True if the values are `true` and `false`.
    switches: bool,
    /// Words whose attribute is one byte long.
    narrow: &'static [usize],
}

impl Group {
    /// The word of an option of this group.
    pub(super) fn word(&self, option: &str) -> Option<usize> {
        let rest = option.strip_prefix(self.prefix)?;
        self.names.iter().position(|name| *name == rest).map(|at| self.first.saturating_add(at))
    }

    /// The option of a word.
    pub(super) fn option(&self, word: usize) -> String {
        let name = word.checked_sub(self.first).and_then(|at| self.names.get(at)).copied().unwrap_or_default();
        format!("{}{name}", self.prefix)
    }

    /// A value of the group as text.
    pub(super) fn text(&self, value: u32) -> String {
        if self.switches { (value != 0).to_string() } else { value.to_string() }
    }

    /// True if the attribute of this word is one byte long.
    pub(super) fn is_narrow(&self, word: usize) -> bool {
        self.narrow.contains(&word)
    }
}

/// The groups in the order in which they are set (NetworkManager's; the features go before them).
pub(super) const GROUPS: [Group; 6] = [
    Group {
        prefix: "coalesce-",
        names: &[
            "rx-usecs",
            "rx-frames",
            "rx-usecs-irq",
            "rx-frames-irq",
            "tx-usecs",
            "tx-frames",
            "tx-usecs-irq",
            "tx-frames-irq",
            "stats-block-usecs",
            "adaptive-rx",
            "adaptive-tx",
            "pkt-rate-low",
            "rx-usecs-low",
            "rx-frames-low",
            "tx-usecs-low",
            "tx-frames-low",
            "pkt-rate-high",
            "rx-usecs-high",
            "rx-frames-high",
            "tx-usecs-high",
            "tx-frames-high",
            "sample-interval",
        ],
        first: 1,
        messages: Some((19, 20)),
        shift: 1,
        commands: (0x0e, 0x0f),
        words: 23,
        switches: false,
        narrow: &[10, 11],
    },
    Group {
        prefix: "ring-",
        names: &["rx", "rx-mini", "rx-jumbo", "tx"],
        first: 5,
        messages: Some((15, 16)),
        shift: 1,
        commands: (0x10, 0x11),
        words: 9,
        switches: false,
        narrow: &[],
    },
    Group {
        prefix: "pause-",
        names: &["autoneg", "rx", "tx"],
        first: 1,
        messages: Some((21, 22)),
        shift: 1,
        commands: (0x12, 0x13),
        words: 4,
        switches: true,
        narrow: &[1, 2, 3],
    },
    Group {
        prefix: "channels-",
        names: &["rx", "tx", "other", "combined"],
        first: 5,
        messages: Some((17, 18)),
        shift: 1,
        commands: (0x3c, 0x3d),
        words: 9,
        switches: false,
        narrow: &[],
    },
    Group {
        prefix: "eee-",
        names: &["enabled"],
        first: 5,
        messages: Some((23, 24)),
        shift: 0,
        commands: (0x44, 0x45),
        words: 10,
        switches: true,
        narrow: &[5],
    },
    Group {
        // Its netlink form names link modes; the structure has the very bits of `fec-mode`.
        prefix: "fec-",
        names: &["mode"],
        first: 2,
        messages: None,
        shift: 0,
        commands: (0x50, 0x51),
        words: 4,
        switches: false,
        narrow: &[],
    },
];

/// Options `feature-X` that stand for kernel features of other names (`netdev_features_strings`), as the ethtool program has them.
/// Every other `feature-X` is the kernel's feature X.
const FEATURES: [(&str, &[&str]); 11] = [
    ("sg", &["tx-scatter-gather", "tx-scatter-gather-fraglist"]),
    (
        "tso",
        &["tx-tcp-segmentation", "tx-tcp-ecn-segmentation", "tx-tcp-mangleid-segmentation", "tx-tcp6-segmentation"],
    ),
    (
        "tx",
        &["tx-checksum-ipv4", "tx-checksum-ip-generic", "tx-checksum-ipv6", "tx-checksum-fcoe-crc", "tx-checksum-sctp"],
    ),
    ("gro", &["rx-gro"]),
    ("gso", &["tx-generic-segmentation"]),
    ("lro", &["rx-lro"]),
    ("ntuple", &["rx-ntuple-filter"]),
    ("rx", &["rx-checksum"]),
    ("rxhash", &["rx-hashing"]),
    ("rxvlan", &["rx-vlan-hw-parse"]),
    ("txvlan", &["tx-vlan-hw-insert"]),
];

/// The kernel's features that `feature-NAME` stands for.
pub(super) fn features(name: &str) -> Vec<&str> {
    let row = FEATURES.iter().find(|(option, _)| *option == name);
    row.map_or_else(|| vec![name], |(_, features)| features.to_vec())
}

/// Bits of `ETHTOOL_LINK_MODE_*` that are no speed: ports, pause, error correction, negotiation itself.
const NO_SPEED: [u32; 13] = [6, 7, 8, 9, 10, 11, 13, 14, 16, 49, 50, 51, 74];

/// True if the bit is a way to send: a speed with a duplex.
pub(super) fn is_speed(bit: u32) -> bool {
    !NO_SPEED.contains(&bit)
}

/// Twisted-pair modes for kernels without ethtool netlink: (bit, Mbit/s, full duplex).
pub(super) const TWISTED_PAIR: [(u32, u32, bool); 9] = [
    (0, 10, false),
    (1, 10, true),
    (2, 100, false),
    (3, 100, true),
    (4, 1000, false),
    (5, 1000, true),
    (47, 2500, true),
    (48, 5000, true),
    (12, 10000, true),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_names_are_each_others_inverse() {
        let mut count = 0;
        for group in &GROUPS {
            for word in 1..group.words {
                let option = group.option(word);
                if option != group.prefix {
                    assert_eq!(group.word(&option), Some(word), "{option}");
                    count += 1;
                }
            }
        }
        // NetworkManager 1.52 has 88 options, 53 of them features.
        assert_eq!(count, 35);
    }

    #[test]
    fn known_numbers_of_the_kernel() {
        let word = |option: &str| GROUPS.iter().find_map(|group| Some((group.word(option)?, group.shift)));
        // `struct ethtool_coalesce` and ETHTOOL_A_COALESCE_RATE_SAMPLE_INTERVAL, and so on.
        assert_eq!(word("coalesce-sample-interval"), Some((22, 1)));
        assert_eq!(word("ring-tx"), Some((8, 1)));
        assert_eq!(word("channels-combined"), Some((8, 1)));
        assert_eq!(word("pause-tx"), Some((3, 1)));
        assert_eq!(word("eee-enabled"), Some((5, 0)));
        assert_eq!(word("ring-nonsense"), None);
        assert_eq!(features("gro"), ["rx-gro"]);
        assert_eq!(features("tx-udp_tnl-segmentation"), ["tx-udp_tnl-segmentation"]);
    }
}
