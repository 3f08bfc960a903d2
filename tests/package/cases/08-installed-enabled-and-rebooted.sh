#!/bin/bash
# Install the package, run one command, reboot, and it works; upgraded in use it stays, and taken back it is gone.
# packages: containerd,runc,busybox-static
# reboots
. "$(dirname "$0")/../case.sh"

case $(boots) in
    0)
        kubelet
        systemctl --quiet enable containerd kubelet
        dpkg --install /opt/node/packages/1.deb >/dev/null 2>&1
        kubensctl enable >/dev/null
        next_boot
        ;;
    1)
        kubensctl status -q || fail "$(kubensctl status)"
        # shellcheck disable=SC2119 # no finding is what it finds
        finds
        namespace=$(pinned)
        is "where the two run" "$(side containerd) $(side kubelet)" "$namespace $namespace"
        dpkg --install /opt/node/packages/2.deb >/dev/null 2>&1
        is "the namespace after an upgrade" "$(pinned)" "$namespace"
        kubensctl status -q
        kubensctl disable >/dev/null
        next_boot
        ;;
    *)
        is "the status" "$(kubensctl status -q || echo $?)" 3
        is "where the two run" "$(side containerd) $(side kubelet)" "$(host) $(host)"
        dpkg --purge kubensenter >/dev/null 2>&1
        is "what is left" "$(find /etc /usr /var/lib/systemd -name '*kubens*')" ""
        ;;
esac
