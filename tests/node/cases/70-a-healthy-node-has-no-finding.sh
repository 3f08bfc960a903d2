#!/bin/bash
# On a node where containerd and the kubelet run inside, status says so, check finds nothing, mounts names whose each
# hidden mount is, and looking leaves nothing behind.
# packages: containerd,runc,busybox-static
. "$(dirname "$0")/../case.sh"

kubernetes
kubensctl status >/run/status || fail "$(</run/status)"
is "the verdict" "$(head -n 1 /run/status)" "in effect"
has "who made it" "$(</run/status)" "by kubens.service (kubensctl pin)"
for unit in containerd kubelet; do
    grep -Eq "$unit.service +inside" /run/status || fail "$unit.service is not inside: $(</run/status)"
done
# shellcheck disable=SC2119 # no finding is what it finds
finds

both() { findmnt --noheadings --list --output TARGET; inside findmnt --noheadings --list --output TARGET; }
before=$(both)
kubensctl mounts >/run/mounts
for part in 'shop +web-0 +token +/var/lib/kubelet/pods/' ' one +/run/.*/one/rootfs' ' two +/run/.*/two/rootfs' ' three +/run/.*/three/rootfs'; do
    grep -Eq "$part" /run/mounts || fail "the list lacks $part: $(</run/mounts)"
done
is "the mounts that are hidden" "$(($(wc -l </run/mounts) - 1))" "$(kubensctl metrics | sed -n 's/.*side="hidden"} //p')"
# A container's processes are in namespaces of their own, and its shim, in containerd's unit, is not.
is "shims outside" "$(for pid in $(pgrep containerd-shim); do readlink /proc/"$pid"/ns/mnt; done | sort -u)" "$(pinned)"
kubensenter -q kubensctl status -q
systemd-run --quiet --wait --pipe --property=PrivateTmp=yes --property=ProtectSystem=strict kubensctl status --quiet
# A container with the host's PIDs, as a monitoring agent's DaemonSet has it.
is "the verdict in a pod with hostPID" "$(ctr_run --rm --privileged --with-ns pid:/proc/1/ns/pid \
    --mount type=bind,src=/usr/bin/kubensenter,dst=/kubensctl,options=rbind:ro localhost/box:1 agent /kubensctl status | head -n 1)" "in effect"
is "what a user may know" "$(setpriv --reuid=65534 --regid=65534 --clear-groups kubensctl status >/run/status || echo $?)" 4
has "what a user may not see" "$(</run/status)" "Not seen:"
is "the mounts of both sides" "$(both)" "$before"
for box in one two three; do kill_box $box; done
