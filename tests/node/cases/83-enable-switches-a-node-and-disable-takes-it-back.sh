#!/bin/bash
# packages: containerd,runc,busybox-static
# enable --now has a node's runtime and kubelet run inside, status says so, and disable takes exactly that back.
. "$(dirname "$0")/../case.sh"

service
kubelet
sides() { for unit in containerd kubelet; do side $unit; done | uniq; }
files() { find /etc/systemd -type f -o -type l | sort; }
systemctl start containerd kubelet
# A unit of Kubernetes that does not run is not started.
printf '[Service]\nExecStart=/usr/bin/sleep infinity\n' >/etc/systemd/system/docker.service
systemctl daemon-reload
is "the sides before" "$(sides)" "$(host)"
before=$(files)
pids=$(systemctl show -P MainPID containerd kubelet | xargs)

kubensctl enable >/run/told
has "what enable says" "$(</run/told)" "kubensctl enable --now, which restarts containerd.service kubelet.service"
is "what runs until then" "$(systemctl show -P MainPID containerd kubelet | xargs)" "$pids"
is "the new files" "$(comm -13 <(echo "$before") <(files))" /etc/systemd/kubens.conf.d/50-enable.conf
kubensctl enable --now >/dev/null
is "the units" "$(systemctl is-active kubens containerd kubelet docker | xargs)" "active active active inactive"
is "the sides" "$(sides)" "$(pinned)"
started() { systemctl show -P ExecMainStartTimestampMonotonic "$1"; }
(($(started containerd) < $(started kubelet))) || fail "the kubelet is restarted before its runtime"
kubensctl -q status
has "what status says" "$(kubensctl status)" "in effect"
pids=$(systemctl show -P MainPID containerd kubelet | xargs)
kubensctl enable --now >/dev/null
is "what runs when it is enabled twice" "$(systemctl show -P MainPID containerd kubelet | xargs)" "$pids"

# Not while a pod has a mount inside, and nothing is changed then.
if kubensctl disable --now 2>/run/said; then fail "it takes the kubelet away from its pod's volume"; fi
has "what disable says" "$(</run/said)" "pod shop/web-0 volume token"
[[ -e /etc/systemd/kubens.conf.d/50-enable.conf ]] || fail "something is changed"
kubensctl disable --now --force >/dev/null
is "the files when it is disabled" "$(files)" "$before"
is "what systemd runs then" "$(systemctl show -P ExecStart containerd | grep -c kubensenter || true)" 0
is "the sides after" "$(sides)" "$(host)"
is "the unit" "$(systemctl is-active kubens || true)" inactive
