#!/bin/bash
# Three containers of a pod have a directory of the host's: one with Bidirectional, one with HostToContainer, one with
# no propagation. Who sees a mount of whom is the same as on a node without the namespace, seen from the runtime; the
# host sees its own alone.
# reboots
. "$(dirname "$0")/../kube.sh"

three() { # the pod
    {
        cat <<'YAML'
apiVersion: v1
kind: Pod
metadata: { name: three, namespace: shop }
spec:
  terminationGracePeriodSeconds: 1
  automountServiceAccountToken: false
  hostNetwork: true
  volumes:
    - { name: share, hostPath: { path: /srv/share, type: DirectoryOrCreate } }
  containers:
YAML
        local name
        for name in Bidirectional HostToContainer None; do
            cat <<YAML
    - name: ${name,,}
      image: localhost/box:1
      imagePullPolicy: Never
      securityContext: { privileged: true }
      volumeMounts:
        - { name: share, mountPath: /srv/share, mountPropagation: $name }
YAML
        done
    } >/run/manifest.yaml
    mv /run/manifest.yaml "$MANIFESTS/three.yaml"
    until_true "that three containers run" runs 3
}

sees() { "$@" cat /proc/self/mountinfo | awk '$5 ~ "^/srv/share/" { sub("/srv/share/", "", $5); print $5 }' | sort | xargs; }

mounted() { # COMMAND...: each container mounts, and the host; what is seen on the runtime's side and in each
    local name
    mkdir -p /srv/share/{host,bidirectional,hosttocontainer,none}
    mount -t tmpfs x /srv/share/host
    for name in bidirectional hosttocontainer none; do in_pod three $name mount -t tmpfs x /srv/share/$name; done
    echo "the runtime's side: $(sees "$@")"
    for name in bidirectional hosttocontainer none; do echo "$name: $(sees in_pod three $name)"; done
}

unmounted() {
    local name
    umount /srv/share/host
    for name in none hosttocontainer bidirectional; do in_pod three $name umount /srv/share/$name; done
}

if [[ $(boots) == 0 ]]; then
    node
    three
    mounted env >/var/lib/before
    is "what each sees without the namespace" "$(cat /var/lib/before)" "the runtime's side: bidirectional host
bidirectional: bidirectional host
hosttocontainer: bidirectional host hosttocontainer
none: none"
    unmounted
    service
    kubensctl enable >/dev/null
    next_boot
fi
until_true "that three containers run" runs 3
is_inside containerd kubelet
is "what each sees with it" "$(mounted kubensenter -q)" "$(cat /var/lib/before)"
is "what the host sees" "$(sees env)" host
is "the host's mount units there" "$(systemctl list-units --all --type=mount --plain --no-legend | awk '/^srv-share/ { print $1 }')" \
    srv-share-host.mount
has "whose the mount of a container is" \
    "$(kubensctl mounts --json | jq -r '.[] | select(.target == "/srv/share/bidirectional").owner')" \
    "pod shop/three-node bidirectional (Bidirectional)"
unmounted
for where in env "kubensenter -q" "in_pod three bidirectional" "in_pod three hosttocontainer" "in_pod three none"; do
    # shellcheck disable=SC2086 # words
    is "what is left ($where)" "$(sees $where)" ""
done
