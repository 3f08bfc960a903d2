#!/bin/bash
# An upgrade while services live inside restarts none of them, and the pin stays the same.
. "$(dirname "$0")/../case.sh"

dpkg --install /opt/node/packages/1.deb >/dev/null
systemctl enable --quiet --now kubens
unit runtime <<'END'
Type=exec
ExecStart=/usr/bin/kubensenter sleep infinity
END
systemctl start runtime
state() {
    systemctl show -P MainPID -P NRestarts -P ActiveEnterTimestampMonotonic runtime
    systemctl show -P ActiveState -P UnitFileState -P ActiveEnterTimestampMonotonic kubens
    side runtime
    pinned
}
before=$(state)
is "who lives inside" "$(tail -n 2 <<<"$before" | sort -u)" "$(pinned)"

dpkg --install /opt/node/packages/2.deb >/dev/null
is "the version" "$(dpkg-query --showformat '${Version}' --show kubensenter | sed 's/.*-//')" 2
is "the state after the upgrade" "$(state)" "$before"
is "the new program" "$(kubensenter -q readlink /proc/self/ns/mnt)" "$(pinned)"
