#!/bin/bash
# A unit whose ExecStart= begins with kubensenter runs in the pinned namespace.
. "$(dirname "$0")/../case.sh"

pin
unit demo <<'END'
ExecStart=/usr/bin/kubensenter readlink /proc/self/ns/mnt
END
systemctl start demo

is "the unit's namespace" "$(output demo)" "$(pinned)"
is "what it says" "$(messages demo)" \
    "kubensenter: Autodetect: kubens.service namespace found at $PIN"
