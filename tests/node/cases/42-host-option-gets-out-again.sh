#!/bin/bash
# --host runs the command in PID 1's namespace, from inside and from a sandboxed unit alike.
. "$(dirname "$0")/../case.sh"

pin
is "from inside" "$(kubensenter -q kubensenter -q --host readlink /proc/self/ns/mnt)" "$(host)"

unit demo <<'END'
PrivateTmp=yes
ExecStart=/usr/bin/kubensenter --host readlink /proc/self/ns/mnt
END
systemctl start demo
is "from a sandboxed unit" "$(output demo)" "$(host)"
