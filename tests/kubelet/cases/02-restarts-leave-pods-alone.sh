#!/bin/bash
# Under pods the kubelet, containerd and kubens.service are restarted, and systemd reloads and executes itself again:
# the same containers with the same mounts, and new pods come and go. Then the node powers off in order.
# reboots
. "$(dirname "$0")/../kube.sh"

if [[ $(boots) == 0 ]]; then
    node
    service
    kubensctl enable >/dev/null
    next_boot
fi
if [[ $(boots) == 1 ]]; then
    pods 4
    state() { pinned; containers; left kubensenter -q; }
    before=$(state)
    for unit in kubens kubelet containerd kubens; do
        systemctl restart $unit
        is "what there is after a restart of $unit" "$(state)" "$before"
    done
    systemctl daemon-reload
    systemctl daemon-reexec
    is "what there is after systemd started over" "$(state)" "$before"
    is_inside containerd kubelet
    is_in_effect

    pod later
    until_true "that another pod runs" runs 5
    rm "$MANIFESTS/later.yaml"
    until_true "that it has ended" runs 4
    is "the host's mounts of pods" "$(left env)" ""
    is "the mount units that there ever were" "$(ever)" ""
    next_boot
fi
last=$(journalctl --quiet --boot=-1 --output=cat _PID=1)
has "how the last boot ended" "$last" "Stopped kubens.service"
for trouble in "Failed to unmount" "kubens.service: Failed" "timed out. Killing"; do
    lacks "how the last boot ended" "$last" "$trouble"
done
until_true "that the pods are there again" runs 4
is_inside containerd kubelet
is_in_effect
