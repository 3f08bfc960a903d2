#!/bin/bash
# A node is enabled and rebooted: both daemons are inside, pods run, and neither the host's mount table nor systemd
# ever has anything of them; what they leave is nothing.
# reboots
. "$(dirname "$0")/../kube.sh"

if [[ $(boots) == 0 ]]; then
    node
    service
    kubensctl enable >/dev/null
    next_boot
fi
until_true "that the kubelet runs" systemctl --quiet is-active kubelet
is_inside containerd kubelet
before=$(left env)
pods 6
is_in_effect
# shellcheck disable=SC2119
finds
is "the host's mounts of pods" "$(left env)" "$before"
is "the mount units of pods" "$(units)" ""
(($(left kubensenter -q | wc -l) >= 6 * 5)) || fail "inside there are only $(left kubensenter -q)"

in_pod p1 c touch /a/file
is "what a container has in its volume" "$(in_pod p1 c ls /a)" file
has "its log" "$(cat /var/log/pods/shop_p1-node_*/c/0.log)" up

no_pods
is "the host's mounts of pods" "$(left env)" "$before"
is "the mounts of pods inside" "$(left kubensenter -q)" "$before"
is "the mount units that there ever were" "$(ever)" ""
