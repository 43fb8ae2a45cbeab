//! The kernel takes what is missing in a change of a tunnel for zero: all of its settings go together.

use crate::same_links::{OFF, shown, write};

#[test]
fn a_tunnel_that_is_there_is_changed_as_a_whole() {
    let lan = crate::lan("tunnel-changed");
    let there = "six0 type ip6tnl mode ip6ip6 local fd77::2 remote fd77:9::1 ttl 9";
    lan.client.ip(&format!("link add {there}"));
    let info = || shown(&lan, &["six0"])[0]["info"]["info_data"].clone();
    let before = info();
    let section = "mode=6\nlocal=fd77::2\nremote=fd77:9::1\nttl=64\nflags=1";
    write(&lan, &[("six0", &format!("type=ip-tunnel\n[ip-tunnel]\n{section}\n{OFF}"))]);
    lan.up("");
    let now = info();
    assert_eq!(
        (&now["local"], &now["remote"], &now["ttl"]),
        (&before["local"], &before["remote"], &64.into()),
        "{now}"
    );
    assert!(lan.up("").stderr.contains("six0: up"));
    assert_eq!(info(), now);
    lan.sunup(&["down"]);
    assert_eq!(info(), before, "as it was");
}
