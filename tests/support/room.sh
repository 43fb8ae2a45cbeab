# Makes the namespaces that `unshare` has just given us into a private room, tells the maker that it is ready, and
# holds it until standard input is closed. Run as process 1 of the room.
# Arguments: "ro" or "rw" for /sys, file to show as /proc/cmdline or "-", directories of the host to keep.
set -eu
sys=$1 cmdline=$2
shift 2
# /proc is still the maker's: this is our process id as the maker sees it.
read -r pid _ </proc/self/stat
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs -o mode=0755 room /mnt
mkdir /mnt/etc
mount -t tmpfs -o mode=0755 room-etc /mnt/etc
# Without root some files cannot be read: a room does without them.
cp -a /etc/. /mnt/etc/ 2>/dev/null || cp -a --no-preserve=ownership /etc/. /mnt/etc/ 2>/dev/null || :
number=0
for keep in "$@"; do
    number=$((number + 1))
    mkdir "/mnt/keep$number"
    mount --rbind "$keep" "/mnt/keep$number"
done
mount -t tmpfs -o mode=0755 room-run /run
mount -t tmpfs -o mode=1777 room-tmp /tmp
mount -t tmpfs -o mode=0755 room-lib /var/lib
mkdir -p /run/lock /var/lib/NetworkManager /var/lib/dhcp /var/lib/misc
number=0
for keep in "$@"; do
    number=$((number + 1))
    mkdir -p "$keep"
    mount --move "/mnt/keep$number" "$keep"
done
mount --move /mnt/etc /etc
# What the machine itself is told to do is no part of a test.
rm -rf /etc/NetworkManager/system-connections/* /etc/wireguard/* /etc/systemd/network/* /etc/cmdline /etc/cmdline.d
# The copy may be a link into the /run of the host, which is not here; a room starts without servers.
rm -f /etc/resolv.conf
: >/etc/resolv.conf
mount -t sysfs -o "$sys" sysfs /sys
if [ "$cmdline" != - ]; then
    cat "$cmdline" >/mnt/cmdline
    mount --bind /mnt/cmdline /proc/cmdline
fi
# Nothing of a test belongs into the kernel log of the host.
: >/mnt/kmsg
mount --bind /mnt/kmsg /dev/kmsg
# The name a kernel has before anybody gave it one.
{ echo '(none)' >/proc/sys/kernel/hostname; } 2>/dev/null || busybox hostname '(none)' 2>/dev/null || hostname localhost
echo "ready $pid"
read -r _ || :
