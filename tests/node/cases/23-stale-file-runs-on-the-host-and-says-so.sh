#!/bin/bash
# A plain file where the pin should be is reported, and the unit runs on the host.
. "$(dirname "$0")/../case.sh"

mkdir "${PIN%/*}"
touch "$PIN"
unit demo <<'END'
ExecStart=/usr/bin/kubensenter readlink /proc/self/ns/mnt
END
systemctl start demo

is "the unit's namespace" "$(output demo)" "$(host)"
is "what it says" "$(messages demo)" \
    "kubensenter: Autodetect: Stale or mismatched namespace at $PIN"
