//! Everything of a room that could be left behind.

use super::Room;

/// As one text. Not the queueing discipline, which a link gets when it first goes up.
const LOOK: &str = r#"
ip -o -d link show | sed 's/ qdisc [a-z]*//; s/ promiscuity.*//; s/^\([0-9]*\): /\1 /'
ip -o address show | sed 's/valid_lft [0-9]*sec/valid_lft N/g; s/preferred_lft [0-9]*sec/preferred_lft N/g'
ip -4 route show table all | sort; ip -6 route show table all | sed 's/ expires [0-9]*sec//' | sort
ip -4 rule show; ip -6 rule show
cd /proc/sys/net; grep -rs '' ipv4/conf ipv6/conf | sort
cat /proc/sys/kernel/hostname
find /run /etc /tmp -name target -prune -o -printf '%p %y %m %l\n' | sort
find /run /etc /tmp -name target -prune -o -type f ! -path '*/netns/*' -exec md5sum {} + | sort -k 2
"#;

/// The room as it is. Settings that the kernel derives from router advertisements are left out, and a secret that it makes once and
/// never forgets.
pub(crate) fn look(room: &Room) -> String {
    let text = room.sh(LOOK);
    let derived = |line: &&str| !["/hop_limit:", "/stable_secret:"].iter().any(|name| line.contains(name));
    text.lines().filter(derived).collect::<Vec<_>>().join("\n")
}

/// The lines in which two rooms differ.
pub(crate) fn difference(before: &str, after: &str) -> Vec<String> {
    let missing = before.lines().filter(|line| !after.lines().any(|one| one == *line)).map(|line| format!("- {line}"));
    let surplus = after.lines().filter(|line| !before.lines().any(|one| one == *line)).map(|line| format!("+ {line}"));
    missing.chain(surplus).collect()
}
