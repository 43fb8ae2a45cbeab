#!/bin/bash
# Process 1 of the guest once it has its root directory: readies the kernel, runs the scenarios or a shell, turns off.
# Argument: the directory shared with the machine outside.
share=$1
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root TERM=${TERM:-linux}
exec </dev/ttyS1 >/dev/ttyS1 2>&1
stty -F /dev/ttyS1 115200 -opost 2>/dev/null
# Sets VM_TESTS, SUNUP_BIN, VM_MODULES, VM_THREADS, CARGO_MANIFEST_DIR, arguments.
arguments=()
# shellcheck source=/dev/null
. "$share/job"
# Logs are written and read again all the time: into memory, and out of the guest at the end.
export VM_TESTS SUNUP_BIN CARGO_MANIFEST_DIR SUNUP_VM=/opt/logs

# What the machine outside runs with does not exist here.
covered() { case $CARGO_MANIFEST_DIR/ in "$1"/*) return 0 ;; *) return 1 ;; esac }
covered /run || mount -t tmpfs -o mode=0755 run /run
covered /tmp || mount -t tmpfs -o mode=1777 tmp /tmp
mkdir -p /dev/pts /dev/shm /run/lock
mount -t devpts devpts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t cgroup2 cgroup /sys/fs/cgroup 2>/dev/null
# Every room copies /etc: from memory rather than from outside, and without what nothing here reads.
mkdir /run/etc
unread='ssl ca-certificates* java* .java maven X11 xdg fonts apt dpkg postgresql* mysql perl xml sgml groff gdb skel security pam.d cron* logcheck logrotate.d
    lighttpd apparmor* init.d rc?.d default alternatives/*.gz alternatives/j* systemd/system'
# shellcheck disable=SC2086  # a list of words
(cd /etc && set -f && printf '%s\n' $unread | sed 's#^#./#' >/run/unread && tar -c --exclude-from=/run/unread . | tar -x -C /run/etc)
mount --bind /run/etc /etc
# Programs that are built anew outside while they run here would come to a bad end.
mkdir -p /opt/programs "$SUNUP_VM"
cp "$VM_TESTS" "$SUNUP_BIN" /opt/programs/
VM_TESTS=/opt/programs/${VM_TESTS##*/} SUNUP_BIN=/opt/programs/${SUNUP_BIN##*/}
mkdir -p /lib/modules
mount --bind "$VM_MODULES" /lib/modules

# Tunnels make no links unasked in any namespace.
echo 2 >/proc/sys/net/core/fb_tunnels_only_for_init_net
# Without the links that bonding and dummy make of themselves as soon as they are there.
modprobe bonding max_bonds=0
modprobe dummy numdummies=0
modprobe ifb numifbs=0
modprobe -a veth 8021q wireguard bridge vrf vxlan macvlan macvtap ipvlan sch_netem af_packet \
    team team_mode_activebackup team_mode_roundrobin team_mode_broadcast team_mode_loadbalance team_mode_random &
kinds=$!
ip link set lo up

# The network cards wait in a namespace of their own, under names by the last byte of their address.
modprobe -a virtio_net e1000 e1000e xhci_pci cdc_ether
ip netns add nics
for _ in $(seq 100); do
    for device in /sys/class/net/*/device; do
        [ -e "$device" ] || continue
        link=${device%/device}
        ip link set "${link##*/}" netns nics name "nic$(sed 's/.*://' "$link/address")"
    done
    # USB comes last.
    ! ip -n nics link show nic08 >/dev/null 2>&1 || break
    sleep 0.1
done
wait "$kinds"
cd "$CARGO_MANIFEST_DIR" || exit 1
if [ "${arguments[0]:-}" = --shell ]; then
    setsid -c bash -i
    code=0
else
    "$VM_TESTS" --color=never --test-threads="$VM_THREADS" "${arguments[@]}"
    code=$?
fi
dmesg >"$share/dmesg.log"
cp -r "$SUNUP_VM"/. "$share/"
echo "$code" >"$share/status"
sync
# Not `reboot`, which would ask a service manager. No program can be started when devices are off already.
echo o >/proc/sysrq-trigger
read -rt 60 _
