# Shared by the scripts of tests/boot: where things are, and how a command is run in the chroot.
# shellcheck shell=bash disable=SC2034
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
export PATH=$PATH:/usr/sbin:/sbin
here=$PWD/tests/boot
work=${BOOT_WORK:-$PWD/target/boot}
chroot=$work/chroot
kernel=$work/vmlinuz
# Sockets and what is made for one run: two runs at once do not meet.
run=${BOOT_RUN:-$work}
mkdir -p "$work"

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# in_chroot COMMAND...: with /proc, /dev and this tree's dracut-module in a mount namespace of its own.
in_chroot() {
    # shellcheck disable=SC2016
    unshare --mount sh -euc 'mount --make-rprivate /; mount -t proc proc "$1/proc"; mount --bind /dev "$1/dev"
        mount -t tmpfs tmpfs "$1/run"; chroot=$1; shift; exec chroot "$chroot" "$@"' sh "$chroot" "$@"
}
