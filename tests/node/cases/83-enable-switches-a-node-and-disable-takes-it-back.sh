#!/bin/bash
# packages: containerd,runc,busybox-static
# enable --now has a node's runtime run inside, status says so, and disable takes exactly that back.
. "$(dirname "$0")/../case.sh"

service
side() { readlink "/proc/$(systemctl show -P MainPID containerd)/ns/mnt"; }
files() { find /etc/systemd -type f -o -type l | sort; }
systemctl start containerd
is "the side before" "$(side)" "$(host)"
before=$(files)

kubensctl enable --now >/dev/null
is "the unit" "$(systemctl is-enabled kubens) $(systemctl is-active kubens)" "enabled active"
is "the side" "$(side)" "$(pinned)"
kubensctl -q status
has "what status says" "$(kubensctl status)" "in effect"
after=$(files)
kubensctl enable >/dev/null
is "the files when it is enabled twice" "$(files)" "$after"

kubensctl disable >/dev/null
is "the files when it is disabled" "$(files)" "$before"
systemctl restart containerd
is "the side after" "$(side)" "$(host)"
is "the unit" "$(systemctl is-enabled kubens || true)" disabled
