#!/bin/bash
# A ProtectSystem=strict unit joins.
. "$(dirname "$0")/../case.sh"

pin
unit demo <<'END'
ProtectSystem=strict
ExecStartPre=sh -c '! touch /usr/of-the-sandbox'
ExecStart=/usr/bin/kubensenter readlink /proc/self/ns/mnt
END
systemctl start demo

is "the unit's namespace" "$(output demo)" "$(pinned)"
