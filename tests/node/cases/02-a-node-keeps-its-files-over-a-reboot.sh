#!/bin/bash
# reboots
# A reboot is one: another boot of the same files, with nothing left in /run.
. "$(dirname "$0")/../case.sh"

if [[ $(boots) == 0 ]]; then
    echo here >/var/lib/before
    touch /run/before
    next_boot
fi
[[ -e /var/lib/before ]] || fail "the file is gone"
[[ ! -e /run/before ]] || fail "/run is as it was"
