#!/bin/busybox sh
# shellcheck shell=dash
# The server's init. Three links: the first and the third are one bridged network (192.168.50.0/24, fd50::/64), the second another
# (192.168.51.0/24). On the bridge there is VLAN 17 (192.168.67.0/24), and a WireGuard peer.
/bin/busybox --install -s /bin
PATH=/bin:/sbin:/usr/bin:/usr/sbin
export PATH
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2>/dev/null
ln -sf kmod /bin/modprobe
for module in virtio_pci virtio_net virtio_rng af_packet bridge 8021q nfsd loop ext4 wireguard; do modprobe "$module"; done
hostname server
ln -s ../run /var/run
mkdir -p /run/tgtd /run/rpcbind
printf 'root:x:0:0::/:/bin/sh\n_rpc:x:101:65534::/:/bin/sh\nstatd:x:102:65534::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >/etc/passwd
printf 'root:x:0:\nnogroup:x:65534:\n' >/etc/group
printf 'passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\nrpc: files\n' >/etc/nsswitch.conf
/bin/ip link set lo up
n=0
while [ $n -lt 50 ] && [ ! -e /sys/class/net/eth2 ]; do usleep 100000; n=$((n + 1)); done
/bin/ip link add br0 type bridge forward_delay 0 stp_state 0
for link in eth0 eth2; do /bin/ip link set "$link" master br0 up; done
/bin/ip link set eth1 up
/bin/ip addr add 192.168.51.1/24 dev eth1
/bin/ip addr add 192.168.50.1/24 dev br0
/bin/ip addr add fd50::1/64 dev br0 nodad
/bin/ip link set br0 up
/bin/ip link add link br0 name v17 type vlan id 17
/bin/ip addr add 192.168.67.1/24 dev v17
/bin/ip link set v17 up
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
cat >/etc/dnsmasq.conf <<END
port=0
# An address is offered at once, whoever asks: three seconds of pinging it first are no provider's own.
no-ping
log-dhcp
log-facility=/tmp/dnsmasq.log
user=root
enable-ra
dhcp-range=192.168.50.100,192.168.50.150,255.255.255.0,1h
dhcp-range=192.168.51.100,192.168.51.150,255.255.255.0,1h
dhcp-range=192.168.67.100,192.168.67.150,255.255.255.0,1h
dhcp-range=fd50::100,fd50::150,64,1h
dhcp-option=option:root-path,nfs:192.168.50.1:/srv/root
dhcp-option=option6:bootfile-url,nfs:[fd50::1]:/srv/root
dhcp-authoritative
dhcp-rapid-commit
END
dnsmasq
mount -t tmpfs tmpfs /srv/root
cp -a /offered/. /srv/root/
mount -t nfsd nfsd /proc/fs/nfsd
rpcbind
echo '/srv/root *(rw,no_root_squash,insecure,no_subtree_check,fsid=1)' >/etc/exports
exportfs -ra
rpc.nfsd 4
# No client of a former life has anything to claim back.
echo Y >/proc/fs/nfsd/v4_end_grace
rpc.mountd
tgtd && sleep 1 && {
    tgtadm --lld iscsi --op new --mode target --tid 1 -T iqn.2026-01.org.example:root
    tgtadm --lld iscsi --op new --mode logicalunit --tid 1 --lun 1 -b /srv/root.ext4
    tgtadm --lld iscsi --op bind --mode target --tid 1 -I ALL
}
cp /srv/root.ext4 /srv/nbd.ext4
printf '[generic]\n[root]\nexportname = /srv/nbd.ext4\n' >/etc/nbd.conf
nbd-server -C /etc/nbd.conf
busybox httpd -p 80 -h /srv
/bin/ip link add wg0 type wireguard
wg setconf wg0 /etc/wg.conf
/bin/ip addr add 10.99.0.1/24 dev wg0
/bin/ip link set wg0 up
echo "SERVING $(cat /proc/uptime)" >/dev/ttyS0
while :; do sleep 1000; done
