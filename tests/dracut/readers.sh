# Sends every interface of a list through dracut's own readers: netroot with root=dhcp and the root handlers' hooks, the NFS
# helper with the server left to DHCP, the plain sourcing of both files; and sources what those hooks have written.
# Arguments: the directory of dracut's scripts, a directory of replaced programs, the list. Run in a room: it writes /tmp, /run, /etc.
# shellcheck shell=sh disable=SC1090,SC1091,SC2034,SC2154,SC3028
lib=$1
PATH=$2:$lib:$PATH
list=$3
NEWROOT=/tmp/newroot
export PATH NEWROOT
unset DRACUT_SYSTEMD
. "$lib/dracut-lib.sh"
. "$lib/fs-lib.sh"
. "$lib/net-lib.sh"
. "$lib/nfs-lib.sh"
mkdir -p "$hookdir/cmdline" "$hookdir/emergency" "$hookdir/initqueue/finished" "$hookdir/initqueue/online" \
    "$hookdir/initqueue/settled" "$hookdir/initqueue/timeout" "$NEWROOT"
for parser in nfs iscsi nbd; do cp "$lib/parse-${parser}root.sh" "$hookdir/cmdline/90-$parser.sh"; done
# Whatever goes wrong here must not reach the machine.
emergency_shell() { :; }
setdebug() { :; }
# busybox would take its own.
mount() { :; }
modprobe() { :; }
getcmdline() { printf '%s' "$line"; }

# written: the files that readers and hooks left to be sourced later.
written() {
    for file in "$hookdir"/emergency/*.sh "$hookdir"/initqueue/*.sh "$hookdir"/initqueue/*/*.sh; do
        [ -f "$file" ] || continue
        (. "$file")
        rm -f "$file"
    done
}

while read -r netif handlers; do
    # initramfs-tools reads this one, and uses these.
    [ ! -e "/tmp/net-$netif.conf" ] || (. "/tmp/net-$netif.conf" && : "$ROOTPATH" "$HOSTNAME" "$DNSDOMAIN" "$DOMAINSEARCH")
    [ ! -e "/tmp/net.$netif.override" ] || (. "/tmp/net.$netif.override")
    line='root=dhcp rd.neednet=1'
    (
        . "/tmp/dhclient.$netif.dhcpopts"
        : "$new_root_path" "$new_host_name" "$new_domain_name" "$new_domain_search"
    )
    # Without a root path of its own the handlers would do what they did for another.
    [ "$handlers" = handlers ] || continue
    (
        # As the hook for root=dhcp leaves them.
        netroot=dhcp
        unset root rootok
        set -- "$netif"
        . "$lib/netroot.sh"
    )
    written
    line='root=nfs:'
    (
        nfs='' server='' path='' options=''
        mount_nfs nfs: "$NEWROOT" "$netif"
    )
    # /dev/null may be a file that hooks have made; the list of interfaces must not grow.
    rm -f /tmp/net.ifaces
done <"$list" >/tmp/readers.log 2>&1
echo "$?" >/tmp/readers.end
