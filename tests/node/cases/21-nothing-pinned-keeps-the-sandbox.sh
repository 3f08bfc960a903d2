#!/bin/bash
# With nothing pinned a sandboxed unit stays in its sandbox: PID 1's root is only looked through.
. "$(dirname "$0")/../case.sh"

touch /tmp/of-the-host
unit demo <<'END'
PrivateTmp=yes
ExecStart=/usr/bin/kubensenter sh -c 'readlink /proc/self/ns/mnt; ls /tmp'
END
systemctl start demo

[[ $(output demo) == mnt:* ]] || fail "the command did not run"
lacks "its namespace and /tmp" "$(output demo)" "$(host)"
lacks "its namespace and /tmp" "$(output demo)" of-the-host
