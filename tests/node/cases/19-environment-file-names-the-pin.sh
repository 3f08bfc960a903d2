#!/bin/bash
# EnvironmentFile=/run/kubens/env names the pin, and what it names is joined without a search.
. "$(dirname "$0")/../case.sh"

pin
unit demo <<'END'
EnvironmentFile=/run/kubens/env
Environment=DEFAULT_KUBENSMNT=/nowhere KUBENSENTER_LOG=2
ExecStart=/usr/bin/kubensenter readlink /proc/self/ns/mnt
END
systemctl start demo

is "the unit's namespace" "$(output demo)" "$(pinned)"
is "what it says" "$(messages demo)" "kubensenter: Autodetect: \$KUBENSMNT already set
kubensenter: Joining mount namespace in $PIN"
