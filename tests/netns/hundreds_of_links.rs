//! Hundreds of links at once: the kernel has more to tell than it has room for, and tells of carriers late.

/// So many stacks of a MACVLAN upon a bridge upon a card.
const STACKS: usize = 200;

#[test]
fn in_stacks_are_all_up_and_none_is_given_up() {
    let lan = crate::lan("hundreds");
    lan.client.sh(&format!(
        r#"folder=/etc/NetworkManager/system-connections; mkdir -p $folder; cd $folder; umask 077
        off='[ipv4]\nmethod=disabled\n[ipv6]\nmethod=disabled\n'
        for n in $(seq {STACKS}); do
            echo "link add card$n type veth peer name far$n"; echo "link set far$n up"
            head="[connection]\nid=%s\ninterface-name=%s\n"
            printf "$head""type=ethernet\nmaster=br$n\nslave-type=bridge\n" c$n card$n >c$n.nmconnection
            printf "$head""type=bridge\n[bridge]\nstp=false\n$off" br$n br$n >b$n.nmconnection
            printf "$head""type=macvlan\n[macvlan]\nparent=br$n\nmode=2\n[ipv4]\nmethod=manual\naddress1=10.7.$n.2/24\n[ipv6]\nmethod=disabled\n" \
                mac$n mac$n >m$n.nmconnection
        done >/tmp/batch; ip -batch /tmp/batch"#
    ));
    let ran = lan.sunup(&["up", "--cmdline", "quiet"]);
    ran.exits(0);
    assert!(!ran.stderr.contains("not waited for"), "{ran}");
    let up = ran.stderr.lines().filter(|line| line.contains(": up, 10.7.")).count();
    assert_eq!(up, STACKS, "{ran}");
}
