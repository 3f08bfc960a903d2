#!/bin/bash
# Enabled, the node boots with the namespace there before its runtime and its kubelet, nothing fails, and it powers
# off in order.
# reboots
# packages: containerd,runc,busybox-static
. "$(dirname "$0")/../case.sh"

if [[ $(boots) == 0 ]]; then
    service
    kubelet
    systemctl --quiet enable kubelet containerd
    kubensctl enable >/dev/null
    is "the pin before the reboot" "$(ls /run/kubens 2>/dev/null || echo none)" none
    next_boot
fi
systemctl --quiet is-system-running --wait || true
is "the units that failed" "$(systemctl list-units --failed --no-legend)" ""
is "the units" "$(systemctl is-active kubens containerd kubelet | xargs)" "active active active"
for unit in containerd kubelet; do
    is "where $unit runs" "$(side $unit)" "$(pinned)"
    pinned_at=$(systemctl show -P ExecMainExitTimestampMonotonic kubens)
    started_at=$(systemctl show -P ExecMainStartTimestampMonotonic $unit)
    ((pinned_at < started_at)) || fail "$unit starts at $started_at, and the pin is there at $pinned_at"
done
is "what pulls them in" "$(systemctl show -P Wants -P Requires kubens | grep -E 'containerd|kubelet' || true)" ""
kubensctl status -q
# shellcheck disable=SC2119 # no finding is what it finds
finds

if [[ $(boots) == 1 ]]; then
    image
    ctr image import /run/image.tar >/dev/null
    run_box box
    next_boot
fi
# The boot before this one ended in order, with a container in the namespace and its mounts.
last=$(journalctl --quiet --boot=-1 --output=cat)
has "how the last boot ended" "$last" "Stopped kubens.service"
lacks "how the last boot ended" "$last" "Failed to unmount"
lacks "how the last boot ended" "$last" "kubens.service: Failed"
lacks "how the last boot ended" "$last" "timed out. Killing"
