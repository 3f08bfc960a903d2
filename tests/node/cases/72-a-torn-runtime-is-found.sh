#!/bin/bash
# A runtime that is wrapped while its containers run leaves their shims outside: status and check say so.
# packages: containerd,runc,busybox-static
. "$(dirname "$0")/../case.sh"

service
systemctl --quiet enable --now kubens
systemctl start containerd
image
ctr image import /run/image.tar >/dev/null
run_box old
finds unused
kubensctl wrap containerd >/dev/null
systemctl restart containerd
finds split-brain
has "what is torn" "$(kubensctl status || true)" "containerd.service has"
kill_box old
finds
