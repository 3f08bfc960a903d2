#!/bin/bash
# A sandboxed unit that could join and may not look through PID 1's root says so, and its command does not run.
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

for option in '' --require; do
    sandboxed '' "$option"
    refuses demo
    has "what it says" "$(messages demo)" "cannot see whether a mount namespace is pinned at $PIN"
    has "what it says" "$(messages demo)" CAP_SYS_PTRACE
done

# It is this capability, and no other thing, that was lacking.
sandboxed CAP_SYS_PTRACE --require
systemctl start demo
is "its namespace" "$(output demo)" "$(pinned)"
