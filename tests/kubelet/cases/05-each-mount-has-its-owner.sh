#!/bin/bash
# Every mount of pods has the owner that containerd and the kubelet themselves say: container, pod,
# volume, and the network namespace of a pod.
. "$(dirname "$0")/../kube.sh"

node
service
kubensctl enable --now >/dev/null 2>&1
pods 4

owners() { kubensctl mounts --json | jq -r '.[] | select(.shadowed | not) | .target + " " + (.owner // "nobody")'; }

of_containerd() { # "ID KIND NAMESPACE/POD CONTAINER NETWORK-NAMESPACE"
    ctr -n k8s.io container ls -q | while read -r id; do
        ctr -n k8s.io container info "$id" | jq -r '[.ID, .Labels["io.cri-containerd.kind"],
            .Labels["io.kubernetes.pod.namespace"] + "/" + .Labels["io.kubernetes.pod.name"],
            .Labels["io.kubernetes.container.name"] // "-",
            ([.Spec.linux.namespaces[] | select(.type == "network").path // empty][0] // "-"),
            .Labels["io.kubernetes.pod.uid"]] | join(" ")'
    done
}

of_containerd | while read -r id kind pod container network uid; do
    task=/run/containerd/io.containerd.runtime.v2.task/k8s.io/$id/rootfs
    if [[ $kind == container ]]; then
        echo "$task pod $pod $container rootfs"
    else
        echo "$task pod $pod rootfs"
        echo "/run/containerd/io.containerd.grpc.v1.cri/sandboxes/$id/shm pod $pod shm"
        if [[ $network == *netns* ]]; then echo "${network/#\/var\/run/\/run} pod $pod ${network##*/}"; fi
        for volume in a b d; do
            echo "/var/lib/kubelet/pods/$uid/volumes/kubernetes.io~empty-dir/$volume pod $pod volume $volume"
        done
        echo "/var/lib/kubelet/pods/$uid/volume-subpaths/e/c/3 pod $pod volume e"
    fi
done | sort >/run/expected
(($(wc -l </run/expected) == 4 * 7 + 2)) || fail "there are too few mounts: $(cat /run/expected)"
is "whose the mounts are" "$(owners | grep -E "^($ON_A_NODE)" | sort)" "$(cat /run/expected)"
