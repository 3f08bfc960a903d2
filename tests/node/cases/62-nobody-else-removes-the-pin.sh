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
# One that the pin's directory never reaches: there it is no mount point, and the unit's guard is all that there is.
unshare --mount --propagation private sleep infinity &
private=$!
until [[ $(readlink /proc/$private/ns/mnt) != "$(readlink /proc/self/ns/mnt)" ]]; do sleep 0.1; done
systemctl start kubens
is "what the unit says of its guard" "$(journalctl --quiet --output=cat --unit=kubens --identifier=kubensctl --grep=immutable || true)" ""
namespace=$(pinned)
remove=(sh -c 'rm -rf /run/kubens 2>/dev/null; true')
kubensenter -q "${remove[@]}"
is "the pin after rm from inside" "$(pinned)" "$namespace"
nsenter --target "$early" --mount "${remove[@]}"
is "the pin after rm from a sandbox that is older" "$(pinned)" "$namespace"
# tmpfs has no such flag before Linux 6.6.
if [[ $(printf '%s\n' 6.6 "$(uname -r)" | sort --version-sort | head -n1) == 6.6 ]]; then
    nsenter --target "$private" --mount "${remove[@]}"
    is "the pin after rm from a private namespace that is older" "$(pinned)" "$namespace"
fi
systemd-run --quiet --wait --collect --property PrivateTmp=yes "${remove[@]}"
is "the pin after rm from a sandbox that is younger" "$(pinned)" "$namespace"
unshare --mount --propagation private "${remove[@]}"
is "the pin after rm from a private namespace" "$(pinned)" "$namespace"
is "the command" "$(kubensenter -q readlink /proc/self/ns/mnt)" "$namespace"
