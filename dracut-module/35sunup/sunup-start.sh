#!/bin/sh
# Sourced before udev is told of the devices: the network comes up beside udev, each link as soon as it has its name, not only
# when udev has settled with everything. With systemd that is sunup.service.

if [ -e /tmp/sunup.need ] && [ -z "$DRACUT_SYSTEMD" ]; then
    /sbin/sunup-bring-up &
fi
