#!/bin/bash
# --argv0 does for the command what ExecStart=@ would; by whatever name it is called, it enters.
. "$(dirname "$0")/../case.sh"

pin
unit demo <<'END'
ExecStart=@/usr/bin/kubensenter kubelet --argv0 kubelet sh -c 'echo $$0; readlink /proc/self/ns/mnt'
END
systemctl start demo

is "name and namespace" "$(output demo)" "kubelet
$(pinned)"
