#!/bin/bash
# User= without capabilities fails with 125 and says what it needs; it never runs on the host.
. "$(dirname "$0")/../case.sh"

pin
unit demo <<'END'
User=daemon
ExecStart=/usr/bin/kubensenter id -un
END

refuses demo
has "what it says" "$(messages demo)" "kubensenter: cannot join the mount namespace at $PIN: \
Operation not permitted (needs CAP_SYS_ADMIN and CAP_SYS_CHROOT; try sudo)"
