#!/bin/bash
# dracut's module `network` chooses a provider from a fixed list of names. This one stands before it (dracut takes the first
# directory of a name) and chooses sunup where that is asked for; in all other cases it is the one behind it.

# The directory this one hides.
sunup_hidden() {
    local _dir
    # shellcheck disable=SC2154  # dracut's own
    for _dir in "$dracutbasedir"/modules.d/[0-9][0-9]network; do
        [[ $_dir == */39network ]] || echo "$_dir"
    done
}

# Calls the hidden directory's function of that name, if it has one.
sunup_pass_on() {
    local _function=$1 _dir
    _dir=$(sunup_hidden)
    unset -f "$_function"
    # shellcheck disable=SC1091
    . "$_dir/module-setup.sh"
    ! declare -F "$_function" > /dev/null || moddir=$_dir "$_function"
}

sunup_is_asked_for() {
    # shellcheck disable=SC2154  # settings
    [[ " $dracutmodules $add_dracutmodules $force_add_dracutmodules " == *\ sunup\ * ]] || dracut_module_included sunup
}

# called by dracut
check() {
    return 255
}

# called by dracut
depends() {
    if sunup_is_asked_for; then
        # 059 asks for it here, dracut-ng elsewhere.
        declare -F is_qemu_virtualized > /dev/null && is_qemu_virtualized && echo -n "qemu-net "
        echo sunup
        return 0
    fi
    sunup_pass_on depends
}

# called by dracut
installkernel() {
    sunup_pass_on installkernel
}

# called by dracut
install() {
    sunup_pass_on install
}
