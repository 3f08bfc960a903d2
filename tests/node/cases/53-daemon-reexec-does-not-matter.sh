#!/bin/bash
# daemon-reexec leaves a running unit where it is, and one started after it joins as before.
. "$(dirname "$0")/../case.sh"

pin
unit before <<'END'
Type=exec
ExecStart=/usr/bin/kubensenter sleep infinity
END
unit after <<'END'
ExecStart=/usr/bin/kubensenter readlink /proc/self/ns/mnt
END
systemctl start before
main=$(systemctl show -P MainPID before)
systemctl daemon-reexec

is "the running unit" "$(systemctl show -P MainPID before)" "$main"
is "its state" "$(systemctl is-active before)" active
is "its namespace" "$(readlink "/proc/$main/ns/mnt")" "$(pinned)"
systemctl start after
is "the new unit's namespace" "$(output after)" "$(pinned)"
systemctl restart before
is "the restarted unit's namespace" \
    "$(side before)" "$(pinned)"
