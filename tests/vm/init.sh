#!/bin/busybox sh
# First program of the guest: this machine's root directory, read-only below a tmpfs, becomes the guest's.
PATH=/bin
busybox() { /bin/busybox "$@"; }
mount() { busybox mount "$@"; }
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
repository='' share=''
# Sets them.
# shellcheck source=/dev/null
. /config
while read -r module; do
    busybox insmod "/modules/$module"
done </modules/order
mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=500000,cache=loose root /lower || exit 1
mount -t tmpfs -o mode=0755 upper /upper
busybox mkdir /upper/new /upper/work
mount -t overlay -o lowerdir=/lower,upperdir=/upper/new,workdir=/upper/work root /root || exit 1
mount --move /dev /root/dev
mount --move /proc /root/proc
mount --move /sys /root/sys
mount -t 9p -o trans=virtio,version=9p2000.L,msize=500000,cache=none share "/root$share" || exit 1
exec busybox switch_root /root /bin/bash "$repository/tests/vm/guest.sh" "$share"
