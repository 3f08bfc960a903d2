#!/bin/bash
# Under a container that runs, kubens.service is restarted, systemd reloads and executes itself again, the node goes
# to rescue.target and back, and the container removes all of the host's /run that it can: same namespace, same process, same mounts.
# packages: containerd,runc,busybox-static
. "$(dirname "$0")/../case.sh"

runtime containerd
run_box box --mount type=bind,src=/run,dst=/host-run,options=rbind:rslave
state() {
    pinned
    ctr task ls | awk '$1 == "box" { print $2, $3 }'
    inside findmnt --noheadings --list --output TARGET | grep box/rootfs
    kubensenter -q findmnt --noheadings --output FSTYPE /run/containerd/io.containerd.runtime.v2.task/default/box/rootfs
}
before=$(state)
has "the container" "$before" RUNNING
for _ in 1 2 3 4 5 6 7 8 9 10; do
    systemctl restart kubens
    is "what there is after a restart" "$(state)" "$before"
done
systemctl daemon-reload
systemctl daemon-reexec
is "what there is after systemd started over" "$(state)" "$before"

in_box box rm -rf /host-run/kubens 2>/dev/null || true
is "what there is after rm -rf from a container" "$(state)" "$before"
is "the files" "$(ls /run/kubens)" "env
mnt"

# containerd and its container go with an isolate, and the pin stays or is made again.
systemctl isolate rescue.target
systemctl isolate multi-user.target
systemctl start kubens containerd
is "the units" "$(systemctl is-active kubens containerd | xargs)" "active active"
is "where containerd runs" "$(side containerd)" "$(pinned)"
kubensctl status -q
ctr task rm --force box >/dev/null 2>&1 || true
ctr container rm box >/dev/null 2>&1 || true
run_box again
is "another container" "$(ctr task ls | awk '$1 == "again" { print $3 }')" RUNNING
kill_box again
