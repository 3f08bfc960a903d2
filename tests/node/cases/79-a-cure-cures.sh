#!/bin/bash
# reboots
# What check says to do about a finding is done word for word, and the finding is gone: at the pin, in what units say, in
# the mount tables, who runs where, and what takes a reboot.
. "$(dirname "$0")/../case.sh"

REBOOT="drain the node and reboot it"
start() { # UNIT...: until each runs its program
    local unit
    systemctl restart "$@"
    for unit; do side "$unit" >/dev/null; done
}

service
if [[ $(boots) == 0 ]]; then
    for name in containerd kubelet; do
        install "$(command -v sleep)" /usr/local/bin/$name
        printf '%s\n' '[Service]' "ExecStart=/usr/local/bin/$name infinity" '[Install]' WantedBy=multi-user.target >/etc/systemd/system/$name.service
    done
    systemctl daemon-reload
    systemctl --quiet enable containerd kubelet
    kubensctl enable >/dev/null

    older_pin
    finds older-pin netns-not-shared peers-torn
    cure older-pin "kubensctl pin" >/dev/null
    finds netns-not-shared peers-torn
    kubensctl unpin >/dev/null

    systemctl start kubens
    unshare --user --map-root-user --mount sleep 1000 &
    until [[ $(readlink /proc/$!/ns/mnt) != "$(host)" && $(readlink /proc/$!/exe) == */sleep ]]; do sleep 0.01; done
    umount $PIN
    mount --bind /proc/$!/ns/mnt $PIN
    finds pin-foreign
    kill $!
    cure pin-foreign "kubensctl unpin --force; kubensctl pin" >/dev/null
    start containerd kubelet
    finds

    printf '[Inside]\nNonsense=1\n' >/etc/systemd/kubens.conf
    systemctl daemon-reload
    finds configuration-ignored
    sed -i /Nonsense/d /etc/systemd/kubens.conf # "correct that line"
    cure configuration-ignored "systemctl daemon-reload"
    finds

    old=/etc/systemd/system/kubelet.service.d/99-kubens-wrapper.conf
    mkdir ${old%/*}
    printf '%s\n' '[Service]' ExecStart= 'ExecStart=/usr/bin/kubensenter /usr/local/bin/kubelet infinity' >$old
    systemctl daemon-reload
    finds drop-in-old
    advises drop-in-old "else remove it"
    rm $old
    cure drop-in-old "systemctl daemon-reload"
    finds

    volume=/var/lib/kubelet/pods/6f1c3a2e-0a4e-4a3b-9d51-1f6e1f0f2a11/volumes/kubernetes.io~csi/v
    mkdir -p $volume
    mount -t tmpfs v $volume
    finds mounts-outside
    advises mounts-outside "have it enter this one"
    umount $volume
    kubensenter -q mount -t tmpfs v $volume
    finds
    kubensenter -q umount $volume

    systemctl stop run-kubens-mnt.mount
    finds pin-missing
    cure pin-missing "kubensctl pin" >/dev/null
    finds

    kubensenter -q mount --make-slave /
    finds propagation
    cure propagation "kubensctl pin" >/dev/null
    finds peers-torn
    mount --make-private /run/netns
    finds netns-not-shared peers-torn
    advises netns-not-shared "$REBOOT"
    advises peers-torn "$REBOOT"
    next_boot
elif [[ $(boots) == 1 ]]; then
    finds

    # Switched off, and the kubelet alone starts again.
    kubensctl disable >/dev/null
    start kubelet
    finds split-brain
    cure split-brain "kubensctl wrap containerd.service kubelet.service" >/dev/null
    finds split-brain
    has "what is left to do" "$(</run/check.json)" "\"cure\":\"$REBOOT\""
    next_boot
elif [[ $(boots) == 2 ]]; then
    finds

    # podman has a container on the host, from the storage of a CRI-O that is inside.
    install "$(command -v sleep)" /usr/local/bin/crio
    kubensenter -q /usr/local/bin/crio infinity &
    until [[ $(readlink /proc/$!/exe) == */crio ]]; do sleep 0.01; done
    layer=/var/lib/containers/storage/overlay/0123456789ab/merged
    mkdir -p $layer
    mount -t tmpfs layer $layer
    finds mounts-outside storage-outside
    advises storage-outside "run podman, buildah and skopeo through kubensenter"
    umount $layer
    kubensenter -q mount -t tmpfs layer $layer
    finds
    kill $!

    kubensctl unwrap containerd kubelet >/dev/null
    start containerd kubelet
    finds unused
    cure unused "kubensctl wrap containerd.service kubelet.service" >/dev/null
    next_boot
fi
finds
