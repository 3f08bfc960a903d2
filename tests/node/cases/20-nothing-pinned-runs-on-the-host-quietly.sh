#!/bin/bash
# With nothing pinned a unit runs on the host, where it would have run, and nothing is said.
. "$(dirname "$0")/../case.sh"

unit demo <<'END'
WorkingDirectory=/srv
ExecStart=/usr/bin/kubensenter sh -c 'readlink /proc/self/ns/mnt; pwd'
END
systemctl start demo

is "its namespace and directory" "$(output demo)" "$(host)"$'\n/srv'
is "what it says" "$(messages demo)" ""
