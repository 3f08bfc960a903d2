#!/bin/bash
# From pods, privileged or not, with the host's processes or without: kubensenter gets in where it may, and status
# says "in effect" only where it can know it.
. "$(dirname "$0")/../kube.sh"

node
service
kubensctl enable --now >/dev/null 2>&1

agent() { # NAME HOST-PID PRIVILEGED: a pod that has the host's root at /host
    cat >/run/manifest.yaml <<YAML
apiVersion: v1
kind: Pod
metadata: { name: $1, namespace: shop }
spec:
  terminationGracePeriodSeconds: 1
  automountServiceAccountToken: false
  hostNetwork: true
  hostPID: $2
  volumes:
    - { name: host, hostPath: { path: / } }
  containers:
    - name: c
      image: localhost/box:1
      imagePullPolicy: Never
      securityContext: { privileged: $3 }
      volumeMounts:
        - { name: host, mountPath: /host, mountPropagation: HostToContainer }
YAML
    mv /run/manifest.yaml "$MANIFESTS/$1.yaml"
}
run_in() { ctr -n k8s.io task exec --exec-id "x$RANDOM$RANDOM" "$(id_of "$1")" "${@:2}"; } # POD COMMAND...
id_of() { # POD: its container's
    local id
    for id in $(ctr -n k8s.io task ls | awk '$3 == "RUNNING" { print $1 }'); do
        ctr -n k8s.io container info "$id" | jq -r --arg pod "$1-node" 'select(.Labels["io.kubernetes.pod.name"] == $pod
            and .Labels["io.cri-containerd.kind"] == "container").ID'
    done
}

agent all true true
agent own-processes false true
agent no-privilege true false
agent nothing false false
until_true "that four containers run" runs 4

status_in() { # POD
    local status=0
    run_in "$1" /bin/busybox chroot /host /usr/bin/kubensctl status >/run/said 2>&1 || status=$?
    echo "$status"
}
# With all of it, a pod sees what an administrator sees. One without sees too little to know.
is "the status in a pod with all" "$(status_in all)" 0
for pod in no-privilege nothing; do
    [[ $(status_in $pod) != 0 ]] || fail "in $pod status says: $(cat /run/said)"
done

# As with kubectl debug node/NAME, or an agent that calls a program of the node's.
for word in "" --require; do
    # shellcheck disable=SC2086
    is "where kubensenter $word in a pod with all runs" \
        "$(run_in all /bin/busybox chroot /host /usr/bin/kubensenter -q $word readlink /proc/self/ns/mnt)" "$(pinned)"
done
for pod in no-privilege nothing; do
    status=0
    said=$(run_in $pod /bin/busybox chroot /host /usr/bin/kubensenter --require true 2>&1) || status=$?
    is "the status of kubensenter --require in $pod ($said)" "$status" 125
done

# The runtime is on the host now, and nobody says that it is inside.
kubensctl disable >/dev/null 2>&1
systemctl restart containerd
for pod in all own-processes no-privilege nothing; do
    [[ $(status_in $pod) != 0 ]] || fail "in $pod status says of a torn node: $(cat /run/said)"
done
