#!/bin/bash
# SystemCallFilter=, RestrictNamespaces=mnt and NoNewPrivileges= let it join, and still hold after.
. "$(dirname "$0")/../case.sh"

pin
unit demo <<'END'
NoNewPrivileges=yes
RestrictNamespaces=mnt
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
ExecStart=/usr/bin/kubensenter sh -c 'readlink /proc/self/ns/mnt; \
    grep NoNewPrivs /proc/self/status; unshare --net true || chroot / true || echo held'
END
systemctl start demo

is "what is in force inside" "$(output demo)" "$(pinned)"$'\nNoNewPrivs:\t1\nheld'
