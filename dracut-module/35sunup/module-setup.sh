#!/bin/bash
# sunup as a network provider: for dracut 059 and dracut-ng, with and without systemd in the image.
# shellcheck disable=SC2154  # moddir, initdir, SYSTEMCTL and the like are dracut's, sunup_profiles is a setting
# Settings in dracut.conf: sunup_profiles+=" /etc/wireguard/wg0.conf ": profiles and wg-quick files that go into the image.

# True if dracut has a module of this name.
sunup_has_module() {
    [[ -d $(dracut_module_path "$1") ]]
}

# called by dracut
check() {
    require_binaries sunup || return 1
    # Only where another module or the administrator asks for it.
    return 255
}

# called by dracut
depends() {
    # Since dracut-ng 100 and 108 these are modules; before, all is in `network`.
    sunup_has_module net-lib && echo -n "net-lib "
    sunup_has_module initqueue && echo -n "initqueue "
    echo kernel-network-modules
    return 0
}

# called by dracut
installkernel() {
    hostonly='' instmods bonding 8021q bridge team ipvlan macvlan dummy veth af_packet ipv6 "=net/802"
    [[ -z $sunup_profiles ]] || hostonly='' instmods wireguard
    return 0
}

# called by dracut
install() {
    local _other _file _below
    for _other in network-manager systemd-networkd connman network-legacy network-wicked; do
        if dracut_module_included "$_other"; then
            dfatal "sunup and $_other are both in this image, and both would configure the network:" \
                "leave one out (--omit $_other)"
            return 1
        fi
    done

    inst_multiple sunup
    inst_hook cmdline 99 "$moddir/sunup-need.sh"
    inst_script "$moddir/sunup-bring-up.sh" /sbin/sunup-bring-up
    inst_hook pre-trigger 99 "$moddir/sunup-start.sh"
    inst_hook initqueue/settled 99 "$moddir/sunup-run.sh"
    inst_hook cleanup 95 "$moddir/sunup-leave.sh"

    if dracut_module_included "systemd"; then
        inst_simple "$moddir/sunup.service" "$systemdsystemunitdir/sunup.service"
        $SYSTEMCTL -q --root "$initdir" add-wants initrd.target sunup.service
    fi

    # What hangs on a network in 059 (netroot, net-lib) is in the module that chooses a provider.
    if ! sunup_has_module net-lib; then
        for _below in "${moddir%/*}"/[0-9][0-9]network; do
            [[ $_below == */39network || -e $initdir/sbin/netroot ]] || (
                # shellcheck disable=SC1091
                . "$_below/module-setup.sh"
                moddir=$_below install
            )
        done
        dracut_need_initqueue
    fi

    for _file in $sunup_profiles; do
        if [[ ! -f $dracutsysrootdir$_file ]]; then
            dfatal "sunup_profiles names $_file, which is not there"
            return 1
        fi
        inst_simple "$_file" || return 1
        # It may hold a key, whatever mode it has here.
        chmod 0600 "$initdir$_file"
    done
}
