#!/bin/bash
# A PrivateTmp= unit, which sees no pin, joins through PID 1's root and says what it loses.
. "$(dirname "$0")/../case.sh"

pin
touch /tmp/of-the-host
unit demo <<'END'
PrivateTmp=yes
ExecStartPre=test ! -e /tmp/of-the-host
ExecStartPre=sh -c '[ "$$(stat -f -c %%T /run/kubens/mnt)" != nsfs ]'
ExecStart=/usr/bin/kubensenter sh -c 'readlink /proc/self/ns/mnt; ls -d /tmp/*-host'
END
systemctl start demo

is "the unit's namespace and its /tmp" "$(output demo)" "$(pinned)"$'\n/tmp/of-the-host'
has "where it found the pin" "$(messages demo)" "/proc/1/root$PIN"
has "what it says is lost" "$(messages demo)" "private mounts"
has "what it says is lost" "$(messages demo)" "do not come along"
