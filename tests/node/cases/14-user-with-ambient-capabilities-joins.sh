#!/bin/bash
# User= with CAP_SYS_ADMIN and CAP_SYS_CHROOT as ambient capabilities joins, and keeps the two.
. "$(dirname "$0")/../case.sh"

pin
unit demo <<'END'
User=daemon
AmbientCapabilities=CAP_SYS_ADMIN CAP_SYS_CHROOT
ExecStart=/usr/bin/kubensenter sh -c 'id -un; readlink /proc/self/ns/mnt; grep CapEff /proc/self/status'
END
systemctl start demo

is "user, namespace and capabilities" "$(output demo)" "daemon
$(pinned)
$(printf 'CapEff:\t%016x' $((1 << 21 | 1 << 18)))"
