#!/bin/sh
# Sourced on every turn of the queue once udev has settled: takes the network that came up beside udev, or brings it up now, and hands
# each link to netroot.

# shellcheck source=/dev/null
type source_hook > /dev/null 2>&1 || . /lib/dracut-lib.sh

if [ -e /tmp/sunup.need ] && [ ! -e /tmp/sunup.done ]; then
    if [ -e /tmp/sunup.pid ]; then
        read -r sunup_pid < /tmp/sunup.pid
        while [ ! -e /tmp/sunup.code ] && kill -0 "$sunup_pid" 2> /dev/null; do sleep 0.05; done
    else
        /sbin/sunup-bring-up
    fi
    sunup_code=1
    [ ! -e /tmp/sunup.code ] || read -r sunup_code < /tmp/sunup.code
    rm -f /tmp/sunup.pid /tmp/sunup.code

    sunup_taken=
    # The names are of letters, digits and .-_@ only: sunup sees to it.
    # shellcheck disable=SC2013
    for sunup_iface in $(cat /tmp/sunup.ifaces 2> /dev/null); do
        source_hook initqueue/online "$sunup_iface"
        /sbin/netroot "$sunup_iface" && sunup_taken=yes
    done
    # Nothing came up, or nothing of it led to a root: twice more, in case a link, a switch or a server was not there yet.
    # shellcheck disable=SC2154  # netroot is set by the hooks for kinds of roots
    if [ "$sunup_code" = 1 ] || { [ -n "$netroot" ] && [ -z "$sunup_taken" ]; }; then
        sunup_tries=x$sunup_tries
    else
        sunup_tries=xxx
    fi
    [ "$sunup_tries" != xxx ] || : > /tmp/sunup.done
fi
