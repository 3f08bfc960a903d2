#!/bin/bash
# A ProtectProc=invisible unit joins, although its /proc is another one.
. "$(dirname "$0")/../case.sh"

pin
unit demo <<'END'
ProtectProc=invisible
ExecStartPre=grep hidepid=invisible /proc/self/mountinfo
ExecStart=/usr/bin/kubensenter readlink /proc/self/ns/mnt
END
systemctl start demo

is "the unit's namespace" "$(tail -n 1 /run/demo.out)" "$(pinned)"
