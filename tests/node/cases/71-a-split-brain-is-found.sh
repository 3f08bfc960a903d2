#!/bin/bash
# A kubelet that runs outside, shims from before the move, a lost pin, a second namespace: each is found and cured.
# packages: containerd,runc,busybox-static
. "$(dirname "$0")/../case.sh"

kubernetes
finds
kubensctl unwrap kubelet >/dev/null
systemctl restart kubelet
finds split-brain
kubensctl status >/run/status && fail "status is 0"
has "the verdict" "$(head -n 1 /run/status)" "degraded: kubelet.service is outside while containerd.service is inside"
kubensctl wrap kubelet >/dev/null
systemctl restart kubelet
finds

systemctl stop run-kubens-mnt.mount
finds pin-missing
is "the status of status" "$(kubensctl status -q || echo $?)" 1
kubensctl pin >/dev/null
finds

kubensctl unpin --force >/dev/null
while mountpoint -q /run/kubens; do umount -l -R /run/kubens; done
chattr -i /run/kubens 2>/dev/null || true # as kubensctl pin leaves it
# As the older recipe does on restart: a namespace of its own, while the services stay in the first.
older_pin
finds pin-missing older-pin peers-torn
for box in one two three; do kill_box $box; done
