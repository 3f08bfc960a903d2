#!/bin/bash
# A node is not enabled, pending, failed, idle, starting, in effect, half a node, on the way out: status says which, and
# what a program or a unit is called makes no difference.
# packages: containerd,runc,busybox-static
. "$(dirname "$0")/../case.sh"

verdict() { # STATUS WORDS: of status; and the metrics agree
    local status=0 word
    kubensctl status >/run/status || status=$?
    is "the status" "$status $(head -n 1 /run/status)" "$1 $(head -n 1 /run/status)"
    has "the verdict" "$(head -n 1 /run/status)" "$2"
    word=${2%%:*}
    has "the metrics" "$(kubensctl metrics)" "kubens_verdict{verdict=\"${word// /-}\"} 1"
}
kubelet_of() { # UNIT [PROGRAM]: one that is a binary, started as UNIT
    install -D "$(command -v sleep)" /usr/local/bin/kubelet
    printf '%s\n' '[Service]' Type=exec "${@:2}" '[Install]' WantedBy=multi-user.target >/etc/systemd/system/"$1".service
    systemctl daemon-reload
}

service
verdict 3 "not enabled"
kubelet_of kubelet 'ExecStart=/usr/local/bin/kubelet infinity'
systemctl start containerd kubelet
verdict 3 "not enabled"

# Switched on, and nothing started anew.
kubensctl enable >/dev/null
verdict 3 "pending: switched on"

# What kubens.service is to do fails: the host's root is private.
mount --make-private /
systemctl start kubens && fail "it starts"
verdict 1 "degraded: kubens.service has failed: "
has "why" "$(head -n 1 /run/status)" "the host's root is not shared"
finds service-failed
advises service-failed "mend what it says"
mount --make-shared /
cure service-failed "systemctl restart kubens.service"
systemctl stop containerd kubelet
verdict 3 "idle: "

systemctl start containerd kubelet
verdict 0 "in effect"
finds

# A kubelet is one whatever its unit is called, and without one.
systemctl stop kubelet
for unit in snap.kubelet-eks.daemon my-kubelet@1; do
    systemd-run --quiet --unit="$unit" --service-type=exec /usr/local/bin/kubelet infinity
    verdict 1 "degraded: $unit.service is outside while containerd.service is inside"
    systemctl stop "$unit"
done
setsid /usr/local/bin/kubelet infinity & loose=$!
until [[ $(readlink /proc/$loose/exe) == /usr/local/bin/kubelet ]]; do sleep 0.01; done
verdict 1 "degraded: "
kill $loose
# Nobody's is none.
setpriv --reuid=65534 --clear-groups /usr/local/bin/kubelet infinity & other=$!
until [[ $(readlink /proc/$other/exe) == /usr/local/bin/kubelet ]]; do sleep 0.01; done
kubelet_of kubelet 'ExecStart=/usr/local/bin/kubelet infinity'
systemctl start kubelet
verdict 0 "in effect"
kill $other

# What runs before it, on the host, is no kubelet yet.
systemctl stop kubelet
mkfifo /run/go
kubelet_of kubelet 'ExecStartPre=/bin/sh -c "read x </run/go"' 'ExecStart=/usr/local/bin/kubelet infinity'
systemctl start --no-block kubelet
until [[ $(systemctl show -P SubState kubelet) == start-pre ]]; do sleep 0.01; done
for ((i = 0; i < 20; i++)); do verdict 3 "starting: "; done
echo >/run/go
until [[ $(systemctl show -P ActiveState kubelet) == active ]]; do sleep 0.01; done
verdict 0 "in effect"

# Half of it has failed.
systemctl kill --signal=KILL containerd
until [[ $(systemctl show -P ActiveState containerd) == failed || $(systemctl show -P SubState containerd) == auto-restart ]]; do sleep 0.01; done
mkdir -p /etc/systemd/system/containerd.service.d
printf '%s\n' '[Service]' Restart=no >/etc/systemd/system/containerd.service.d/10-no.conf
systemctl daemon-reload
systemctl stop containerd
systemctl start containerd
systemctl kill --signal=KILL containerd
until [[ $(systemctl show -P ActiveState containerd) == failed ]]; do sleep 0.01; done
verdict 1 "degraded: containerd.service has failed"
finds not-running
cure not-running "systemctl restart containerd.service"
verdict 0 "in effect"
finds

# Back to the host, with a container from before.
image
ctr image import /run/image.tar >/dev/null
run_box old
kubelet_of kubelet 'ExecStart=/usr/local/bin/kubelet infinity'
kubensctl disable >/dev/null
systemctl restart containerd kubelet
verdict 1 "degraded: on the way out: "
finds leaving
advises leaving "stop those containers"
kill_box old
verdict 1 "degraded: nothing of Kubernetes is inside"
systemctl stop kubens
verdict 3 "not enabled"
