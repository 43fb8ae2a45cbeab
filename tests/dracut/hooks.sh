# The two hooks, sourced as dracut sources them, with dracut's functions replaced. Every line that is printed is compared.
# shellcheck shell=sh disable=SC1090,SC1091,SC2034,SC2317
hooks=$1
hookdir=/tmp/hooks
PATH=/tmp/bin:$PATH
mkdir -p "$hookdir/initqueue/finished"
getargbool() { [ "$neednet" = yes ]; }
source_hook() { echo "hook $*"; }
finished() { for hook in "$hookdir"/initqueue/finished/*.sh; do [ -e "$hook" ] || continue; (. "$hook") || return 1; done; }
say_finished() { if finished; then echo finished; else echo waiting; fi; }
fresh() { rm -rf /tmp/sunup.* /etc/cmdline.d "$hookdir"/initqueue/finished/*; unset netroot sunup_tries; neednet=no; }

echo '-- not needed'
fresh
. "$hooks/sunup-need.sh"
. "$hooks/sunup-run.sh"
say_finished

echo '-- for a root, two links'
fresh
netroot=nfs:192.0.2.1:/srv
# In dracut the word is read back from the file just written.
getargbool() { [ "$neednet" = yes ] || grep -qs rd.neednet /etc/cmdline.d/*.conf; }
. "$hooks/sunup-need.sh"
say_finished
printf 'eth1\nlan@0.5-a_b\n' >/tmp/ifaces
echo 0 >/tmp/code
. "$hooks/sunup-run.sh"
. "$hooks/sunup-run.sh"
say_finished

echo '-- begun beside udev, before it is asked for'
fresh
neednet=yes
. "$hooks/sunup-need.sh"
echo eth0 >/tmp/ifaces
echo 0 >/tmp/code
. "$hooks/sunup-start.sh"
wait
echo begun
. "$hooks/sunup-run.sh"
. "$hooks/sunup-run.sh"
say_finished

echo '-- with systemd its unit begins it, not the hook; one that died is begun anew'
fresh
neednet=yes
. "$hooks/sunup-need.sh"
DRACUT_SYSTEMD=1
. "$hooks/sunup-start.sh"
wait
DRACUT_SYSTEMD=
echo 4194304 >/tmp/sunup.pid
. "$hooks/sunup-run.sh"
. "$hooks/sunup-run.sh"
say_finished

echo '-- a link came up that leads to no root, then another'
fresh
netroot=dhcp
neednet=yes
. "$hooks/sunup-need.sh"
echo noroot0 >/tmp/ifaces
. "$hooks/sunup-run.sh"
printf 'noroot0\neth1\n' >/tmp/ifaces
. "$hooks/sunup-run.sh"
. "$hooks/sunup-run.sh"
say_finished

echo '-- nothing came up, then one link did'
fresh
neednet=yes
. "$hooks/sunup-need.sh"
: >/tmp/ifaces
echo 1 >/tmp/code
. "$hooks/sunup-run.sh"
say_finished
echo eth0 >/tmp/ifaces
echo 3 >/tmp/code
. "$hooks/sunup-run.sh"
say_finished
. "$hooks/sunup-run.sh"

echo '-- nothing ever came up'
fresh
neednet=yes
. "$hooks/sunup-need.sh"
: >/tmp/ifaces
echo 1 >/tmp/code
for turn in 1 2 3 4 5; do . "$hooks/sunup-run.sh"; done
say_finished

echo '-- the program cannot be started'
fresh
neednet=yes
. "$hooks/sunup-need.sh"
rm -f /tmp/ifaces
echo 127 >/tmp/code
for turn in 1 2 3; do . "$hooks/sunup-run.sh"; done
say_finished
