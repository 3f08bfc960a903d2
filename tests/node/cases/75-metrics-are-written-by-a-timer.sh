#!/bin/bash
# kubens-metrics.timer has the metrics written; the hardened service sees all that root sees.
. "$(dirname "$0")/../case.sh"

service
install -m 644 /opt/node/systemd/kubens-metrics.* /usr/lib/systemd/system/
systemctl daemon-reload
is "what systemd finds in them" "$(systemd-analyze verify --man=no kubens-metrics.service kubens-metrics.timer 2>&1)" ""
systemctl --quiet enable --now kubens
unit kubelet <<'UNIT'
Type=exec
ExecStart=/usr/bin/kubensenter sleep infinity
UNIT
systemctl start kubelet
is "its side" "$(side kubelet)" "$(pinned)"

# Without a node exporter's directory there is nothing to do, and nothing fails.
systemctl start kubens-metrics
is "the service without the directory" "$(systemctl show -P ActiveState kubens-metrics)" inactive
[[ ! -e /var/lib/prometheus ]] || fail "it has made the directory"

mkdir -p /var/lib/prometheus/node-exporter
systemctl --quiet enable --now kubens-metrics.timer
systemctl start kubens-metrics
steady() { grep -v -e kubens_init_cpu -e '{side="' "$@"; } # the service has a mount namespace of its own while it runs
is "what the service writes" "$(steady /var/lib/prometheus/node-exporter/kubens.prom)" "$(kubensctl metrics | steady)"
has "what it sees" "$(cat /var/lib/prometheus/node-exporter/kubens.prom)" 'kubens_unit_processes{unit="kubelet.service",role="kubelet",side="inside"} 1'
has "what it sees" "$(cat /var/lib/prometheus/node-exporter/kubens.prom)" 'kubens_mounts{side="hidden"} 0'
[[ $(systemctl show -P NextElapseUSecMonotonic kubens-metrics.timer) != infinity ]] || fail "the timer does not run"

# Whoever may write to that directory cannot have another file replaced.
install -d -o nobody /run/theirs
setpriv --reuid nobody --clear-groups ln -s /etc/hostname /run/theirs/kubens.prom
if kubensctl metrics --output /run/theirs/kubens.prom 2>/run/said; then fail "a stranger's link is followed"; fi
has "what is said" "$(cat /run/said)" "it is another user's link"
is "the file" "$(wc -l </etc/hostname)" 1

# What only systemd knows, the hardened service has it say as well.
for change in "stop kubelet" "start kubelet" "stop kubelet kubens" "start kubens"; do
    # shellcheck disable=SC2086 # words
    systemctl $change
    [[ $change != "start kubelet" ]] || is "its side" "$(side kubelet)" "$(pinned)"
    systemctl start kubens-metrics
    is "what the service writes after $change" "$(grep verdict /var/lib/prometheus/node-exporter/kubens.prom)" "$(kubensctl metrics | grep verdict)"
    lacks "what it sees after $change" "$(</var/lib/prometheus/node-exporter/kubens.prom)" 'kubens_verdict{verdict="unknown"} 1'
done
