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
finds half-switched
has "what is torn" "$(kubensctl status || true)" "half switched: 1 shim of containerd.service is outside, while containerd.service is inside"
advises half-switched "stop those containers"
kill_box old
finds
