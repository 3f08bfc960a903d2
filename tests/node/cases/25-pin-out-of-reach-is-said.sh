#!/bin/bash
# A sandboxed unit that may not look through PID 1's root says so, and with --require it fails.
. "$(dirname "$0")/../case.sh"

pin
sandboxed() { # CAPABILITIES KUBENSENTER-OPTION
    unit demo <<END
User=daemon
PrivateTmp=yes
AmbientCapabilities=CAP_SYS_ADMIN CAP_SYS_CHROOT $1
ExecStart=/usr/bin/kubensenter ${2:-} readlink /proc/self/ns/mnt
END
}

sandboxed ''
systemctl start demo
has "what it says" "$(messages demo)" "Stale or mismatched namespace at $PIN"
has "what it says" "$(messages demo)" CAP_SYS_PTRACE
[[ $(output demo) == mnt:* && $(output demo) != "$(pinned)" ]] || fail "it runs in $(output demo)"

sandboxed '' --require
refuses demo

# It is this capability, and no other thing, that was lacking.
sandboxed CAP_SYS_PTRACE --require
systemctl start demo
is "its namespace" "$(output demo)" "$(pinned)"
