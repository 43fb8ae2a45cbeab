#!/bin/sh
# The init of the root that is booted into: says what network it finds, and switches the machine off.
PATH=/bin:/sbin
export PATH
mount -t proc proc /proc 2>/dev/null
mount -t sysfs sysfs /sys 2>/dev/null
{
    echo "REACHED $(cat /proc/uptime)"
    ip -4 -o addr | grep -v ' lo ' | while read -r line; do echo "FOUND addr $line"; done
    ip -6 -o addr | grep global | while read -r line; do echo "FOUND addr6 $line"; done
    ip route | while read -r line; do echo "FOUND route $line"; done
    ip -6 route | grep default | while read -r line; do echo "FOUND route6 $line"; done
    echo "FOUND lo $(cat /sys/class/net/lo/operstate) $(ip -o addr show lo | grep -c 127.0.0.1)"
    grep ' / ' /proc/mounts | while read -r line; do echo "FOUND root $line"; done
    echo "FOUND host $(cat /proc/sys/kernel/hostname)"
    [ ! -e /run/sunup/state.json ] || grep -E "_ms\"" /run/sunup/state.json | while read -r line; do echo "FOUND state $line"; done
    # The root must still be readable.
    sleep 1
    cat /sbin/init >/dev/null && ls /bin >/dev/null && echo "FOUND alive"
    echo "DONE"
} >/dev/ttyS0 2>&1
poweroff -f
