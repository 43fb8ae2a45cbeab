#!/bin/sh
# Sourced last of the command line's hooks: now it is known whether the root needs a network.
# shellcheck disable=SC2154  # netroot is set by the hooks for kinds of roots, hookdir by dracut

# shellcheck source=/dev/null
type getargbool > /dev/null 2>&1 || . /lib/dracut-lib.sh

if [ -n "$netroot" ] || [ -e /tmp/net.ifaces ]; then
    mkdir -p /etc/cmdline.d
    echo rd.neednet > /etc/cmdline.d/20-sunup.conf
fi

if getargbool 0 rd.neednet; then
    : > /tmp/sunup.need
    # Without such a file the queue would end before anything has run. What was true once stays true.
    mkdir -p "$hookdir/initqueue/finished"
    echo '[ -e /tmp/sunup.done ]' > "$hookdir/initqueue/finished/sunup.sh"
fi
