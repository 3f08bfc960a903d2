#!/bin/bash
# containerd, wrapped as Debian ships it, starts inside and runs a container there, whose mounts the
# host does not see; unwrapped it starts on the host again and runs one there.
# packages: containerd,runc,busybox-static
. "$(dirname "$0")/../case.sh"

pin
unit=containerd.service
directory=/etc/systemd/system/$unit.d
commands() { # as systemd has them
    busctl --json=short get-property org.freedesktop.systemd1 \
        /org/freedesktop/systemd1/unit/containerd_2eservice \
        org.freedesktop.systemd1.Service ExecStartEx ExecStartPreEx | sed 's/\],[0-9,]*\]/]]/g'
}
where() { readlink "/proc/$(systemctl show -P MainPID $unit)/ns/mnt"; }

# An image without a registry: one layer with a static busybox in it.
image() {
    local dir=/run/image layer config manifest
    blob() { # FILE: into the blobs; its digest
        local sum
        sum=$(sha256sum "$1" | cut -d' ' -f1)
        cp "$1" "$dir/blobs/sha256/$sum"
        echo "$sum"
    }
    mkdir -p $dir/blobs/sha256 /run/layer/bin
    cp /bin/busybox /run/layer/bin/
    tar -C /run/layer -cf /run/layer.tar .
    layer=$(blob /run/layer.tar)
    printf '{"architecture":"%s","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
        "$(dpkg --print-architecture)" "$layer" >/run/config
    config=$(blob /run/config)
    printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%d},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:%s","size":%d}]}' \
        "$config" "$(stat -c %s /run/config)" "$layer" "$(stat -c %s /run/layer.tar)" >/run/manifest
    manifest=$(blob /run/manifest)
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%d,"annotations":{"io.containerd.image.name":"test/box:1","org.opencontainers.image.ref.name":"1"}}]}' \
        "$manifest" "$(stat -c %s /run/manifest)" >$dir/index.json
    echo '{"imageLayoutVersion":"1.0.0"}' >$dir/oci-layout
    tar -C $dir -cf /run/image.tar .
}

container() { # its rootfs mounts that the host sees
    local running
    ctr run --detach --cpu-shares 0 test/box:1 box /bin/busybox sh -c \
        'trap "exit 0" TERM; echo up; while :; do busybox sleep 0.1; done' >/dev/null
    running=$(ctr task ls | awk '$1 == "box" { print $3 }')
    is "the container" "$running" RUNNING
    findmnt --noheadings --list --output TARGET | grep -c 'containerd.*/box/rootfs' || true
    ctr task kill --signal SIGKILL box
    ctr task rm --force box >/dev/null
    ctr container rm box
}

systemctl start $unit
image
ctr image import /run/image.tar >/dev/null
before=$(commands)
is "where containerd runs" "$(where)" "$(host)"
is "the container's mounts on the host" "$(container)" 1

kubensctl wrap containerd >/run/told
has "what wrap says" "$(</run/told)" "next: drain this node and reboot it, or: systemctl restart containerd.service"
is "what systemd runs then" "$(commands)" "$(sed '1s|"/usr/bin/containerd",\["|"/usr/bin/kubensenter",["/usr/bin/kubensenter","|' <<<"$before")"
is "what systemd-analyze says" "$(systemd-analyze verify $unit 2>&1 | grep -F "$directory" || true)" ""
is "where containerd runs before its restart" "$(where)" "$(host)"
systemctl restart $unit
is "where containerd runs" "$(where)" "$(pinned)"
is "the container's mounts on the host" "$(container)" 0
is "under which name it logs" "$(journalctl -q --unit=$unit --identifier=containerd --lines=1 -o cat | wc -l)" 1

kubensctl unwrap containerd >/dev/null
[[ ! -e $directory ]] || fail "unwrap leaves $directory"
is "what systemd runs then" "$(commands)" "$before"
systemctl restart $unit
is "where containerd runs" "$(where)" "$(host)"
is "the container's mounts on the host" "$(container)" 1
