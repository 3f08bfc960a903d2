#!/bin/bash
# rm -rf of the pin's directory, from wherever it is tried, leaves the host's pin.
. "$(dirname "$0")/../case.sh"

service
unit early <<'END'
Type=exec
PrivateTmp=yes
ExecStart=sleep infinity
END
systemctl start early
early=$(systemctl show --property MainPID --value early)
nsenter --target "$early" --mount true
systemctl start kubens
namespace=$(pinned)
remove=(sh -c 'rm -rf /run/kubens 2>/dev/null; true')
kubensenter -q "${remove[@]}"
is "the pin after rm from inside" "$(pinned)" "$namespace"
nsenter --target "$early" --mount "${remove[@]}"
is "the pin after rm from a sandbox that is older" "$(pinned)" "$namespace"
systemd-run --quiet --wait --collect --property PrivateTmp=yes "${remove[@]}"
is "the pin after rm from a sandbox that is younger" "$(pinned)" "$namespace"
unshare --mount --propagation private "${remove[@]}"
is "the pin after rm from a private namespace" "$(pinned)" "$namespace"
is "the command" "$(kubensenter -q readlink /proc/self/ns/mnt)" "$namespace"
