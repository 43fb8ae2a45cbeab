#!/bin/sh
# Brings the network up, then hands each link to netroot. Started by a rule of udev as a job of the queue when a link has come, and
# sourced on every turn of the queue once udev has settled.

# shellcheck source=/dev/null
type source_hook > /dev/null 2>&1 || . /lib/dracut-lib.sh

if [ -e /tmp/sunup.need ] && [ ! -e /tmp/sunup.done ]; then
    sunup up --dracut
    # Nothing came up (1): twice more, in case a switch or a server was not there yet. Else there is nothing to repeat.
    case $? in
        1) sunup_tries=x$sunup_tries ;;
        *) sunup_tries=xxx ;;
    esac
    # The names are of letters, digits and .-_@ only: sunup sees to it.
    # shellcheck disable=SC2013
    for sunup_iface in $(cat /tmp/sunup.ifaces); do
        source_hook initqueue/online "$sunup_iface"
        /sbin/netroot "$sunup_iface"
    done
    [ "$sunup_tries" != xxx ] || : > /tmp/sunup.done
fi
