#!/bin/bash
# A node is switched on while pods run, without a reboot: the same containers go on with what they have, others come,
# and when all are gone no sandbox, no network namespace and no mount of theirs is left on either side.
. "$(dirname "$0")/../kube.sh"

nothing_of_containerd() { [[ ! $(ctr -n k8s.io task ls -q; left kubensenter -q | grep /containerd/) ]]; }

node
pods 4
in_pod p1 c touch /a/file
before=$(containers)
service
kubensctl enable --now >/dev/null 2>&1
is_inside containerd kubelet
is "the containers" "$(containers)" "$before"
is "what is in a volume in memory" "$(in_pod p1 c ls /a)" file
is "what the kubelet has there" "$(kubensenter -q ls /var/lib/kubelet/pods/*/volumes/kubernetes.io~empty-dir/a)" \
    "$(ls /var/lib/kubelet/pods/*/volumes/kubernetes.io~empty-dir/a)"

pod later
until_true "that another pod runs" runs 5
systemctl restart kubelet
sleep 2
is "what is in a volume in memory" "$(in_pod p1 c ls /a)" file

# What is left on the host of pods from before is named, and not to be taken away while they run.
finds half-switched from-before
rm "$MANIFESTS"/*
until_true "that no container runs" runs 0
until_true "that no sandbox is left" nothing_of_containerd
is "the network namespaces that are left" "$(ls /run/netns)" ""
# A kubelet of this version that has no API server forgets volumes that were there when it started, also without us.
is "what is left inside, of containerd's" "$(left kubensenter -q | grep -v /kubelet/ || true)" ""
has "what is left on the host" "$(left env)" /run/containerd/
kubensctl tidy >/dev/null
is "what is left on the host, of containerd's" "$(left env | grep -v /kubelet/ || true)" ""
