# shellcheck shell=bash
# kube.sh: case.sh, and what the cases on a node with a kubelet share. The kubelet has its pods from files, and no API
# server.

# shellcheck source=../node/case.sh
. "${BASH_SOURCE%/*}/case.sh"

MANIFESTS=/etc/kubernetes/manifests

node() { # the node as its users have it: the services, not yet with kubens; a runtime with an image
    systemctl daemon-reload
    systemctl --quiet enable machine kubelet containerd
    systemctl start machine
    systemctl restart containerd
    mkdir -p /run/applets/bin "$MANIFESTS"
    for applet in sh mount umount cat ls touch readlink mkdir chroot; do
        ln -s busybox "/run/applets/bin/$applet"
    done
    image /run/applets
    ctr -n k8s.io image import /run/image.tar >/dev/null
    systemctl start kubelet
}

until_true() { # WHAT COMMAND...: the case's time is its deadline
    local i
    for ((i = 0; i < 600; i++)); do
        if "${@:2}"; then return; fi
        sleep 0.1
    done
    fail "$1 is not so after a minute"
}

# --- Pods.

pod() { # NAME [SPEC-LINE...]: one container `c`, three volumes in memory and one on disk, of which it has a directory
    local name=$1
    shift
    {
        cat <<YAML
apiVersion: v1
kind: Pod
metadata: { name: $name, namespace: shop }
spec:
  terminationGracePeriodSeconds: 1
  automountServiceAccountToken: false
YAML
        printf '  %s\n' "$@"
        cat <<'YAML'
  containers:
    - name: c
      image: localhost/box:1
      imagePullPolicy: Never
      volumeMounts:
        - { name: a, mountPath: /a }
        - { name: b, mountPath: /b }
        - { name: d, mountPath: /d }
        - { name: e, mountPath: /e, subPath: sub }
  volumes:
    - { name: a, emptyDir: { medium: Memory } }
    - { name: b, emptyDir: { medium: Memory } }
    - { name: d, emptyDir: { medium: Memory } }
    - { name: e, emptyDir: {} }
YAML
    } >/run/manifest.yaml
    mv /run/manifest.yaml "$MANIFESTS/$name.yaml"
}

pods() { # N: that many, half of them in the node's network; they run
    local i
    for ((i = 1; i <= $1; i++)); do
        pod "p$i" "hostNetwork: $( ((i % 2)) && echo false || echo true)"
    done
    until_true "that $1 containers run" runs "$1"
}

runs() { [[ $(containers | wc -l) == "$1" ]]; } # N

containers() { # those that run, without the sandboxes: "POD CONTAINER PID"
    local id pid
    ctr -n k8s.io task ls 2>/dev/null | awk '$3 == "RUNNING" { print $1, $2 }' | while read -r id pid; do
        ctr -n k8s.io container info "$id" 2>/dev/null | jq -r --arg pid "$pid" '.Labels
            | select(."io.cri-containerd.kind" == "container")
            | ."io.kubernetes.pod.name" + " " + ."io.kubernetes.container.name" + " " + $pid'
    done | sort
}

in_pod() { # POD CONTAINER COMMAND...: among its mounts, in its root (a static pod's name ends with the node's)
    local pid
    pid=$(containers | awk -v pod="$1-" -v name="$2" 'index($1, pod) == 1 && $2 == name { print $3 }')
    nsenter --target "$pid" --mount --root --wd --pid --net "${@:3}"
}

no_pods() { # their files are taken away, and they end
    rm -f "$MANIFESTS"/*
    until_true "that no container and no sandbox is left" nothing_runs
}

nothing_runs() { [[ ! $(ctr -n k8s.io container ls -q) && ! $(ls /var/lib/kubelet/pods) ]]; }

# --- What the host has of them.

ON_A_NODE='/var/lib/kubelet/pods/|/run/containerd/|/run/netns/|/var/lib/containerd/'

left() { # COMMAND...: the mounts of pods there (the process's mount namespace that the command runs in)
    "$@" cat /proc/self/mountinfo | awk -v of="$ON_A_NODE" '$5 ~ of { print $5 }' | sort
}

units() { # the mount units that there are of pods, now
    systemctl list-units --all --type=mount --plain --no-legend | grep -E '^(var-lib-kubelet-pods|run-containerd|run-netns)-' || true
}

ever() { # what PID 1 has said of such units, in this boot: each that there was says that it ended, at least
    journalctl --quiet --boot --output=cat _PID=1 | grep -E '(var-lib-kubelet-pods|run-containerd|run-netns)-.*\.mount' || true
}

is_inside() { # UNIT...
    local unit
    for unit; do
        is "where $unit runs" "$(readlink "/proc/$(systemctl show -P MainPID "$unit")/ns/mnt")" "$(pinned)"
    done
}

is_in_effect() {
    local text status=0
    text=$(kubensctl status 2>&1) || status=$?
    is "the status of kubensctl status" "$status $text" "0 $text"
}
