#!/bin/bash
# Enabled, rebooted, disabled and rebooted, the node is as it was: the same files, the daemons on the host, and pods
# whose mounts are there.
# reboots
. "$(dirname "$0")/../kube.sh"

files() { find /etc/systemd /run/systemd/generator* /run/kubens* -not -type d 2>/dev/null | sort || true; }
case $(boots) in
    0)
        node
        service
        next_boot
        ;;
    1)
        files >/var/lib/before
        kubensctl enable >/dev/null
        next_boot
        ;;
    2)
        pods 2
        is_inside containerd kubelet
        kubensctl disable >/dev/null
        next_boot
        ;;
esac
is "the files" "$(files)" "$(cat /var/lib/before)"
until_true "that the pods are there again" runs 2
for unit in containerd kubelet; do
    is "where $unit runs" "$(readlink "/proc/$(systemctl show -P MainPID $unit)/ns/mnt")" "$(host)"
done
(($(left env | wc -l) >= 2 * 5)) || fail "the pods' mounts are not on the host: $(left env)"
status=0
kubensctl status >/dev/null 2>&1 || status=$?
is "the status of kubensctl status" "$status" 3
no_pods
is "the host's mounts of pods" "$(left env)" ""
