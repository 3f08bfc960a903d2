#!/bin/bash
# containerd, wrapped as Debian ships it, starts inside and runs a container there, whose mounts the
# host does not see; unwrapped it starts on the host again and runs one there.
# packages: containerd,runc,busybox-static
. "$(dirname "$0")/../case.sh"

pin
unit=containerd.service
directory=/run/systemd/generator.late/$unit.d
commands() { # as systemd has them
    busctl --json=short get-property org.freedesktop.systemd1 \
        /org/freedesktop/systemd1/unit/containerd_2eservice \
        org.freedesktop.systemd1.Service ExecStartEx ExecStartPreEx | sed 's/\],[0-9,]*\]/]]/g'
}

container() { # its rootfs mounts that the host sees
    local running
    run_box box
    running=$(ctr task ls | awk '$1 == "box" { print $3 }')
    is "the container" "$running" RUNNING
    findmnt --noheadings --list --output TARGET | grep -c 'containerd.*/box/rootfs' || true
    kill_box box
}

systemctl start $unit
image
ctr image import /run/image.tar >/dev/null
before=$(commands)
is "where containerd runs" "$(side $unit)" "$(host)"
is "the container's mounts on the host" "$(container)" 1

kubensctl wrap containerd >/run/told
has "what wrap says" "$(</run/told)" "next: drain this node and reboot it, or: kubensctl wrap --now, which restarts containerd.service"
is "what systemd runs then" "$(commands)" "$(sed '1s|"/usr/bin/containerd",\["|"/usr/bin/kubensenter",["/usr/bin/kubensenter","|' <<<"$before")"
is "what systemd-analyze says" "$(systemd-analyze verify $unit 2>&1 | grep -F "$directory" || true)" ""
is "where containerd runs before its restart" "$(side $unit)" "$(host)"
systemctl restart $unit
is "where containerd runs" "$(side $unit)" "$(pinned)"
is "the container's mounts on the host" "$(container)" 0
is "under which name it logs" "$(journalctl -q --unit=$unit --identifier=containerd --lines=1 -o cat | wc -l)" 1

kubensctl unwrap containerd >/dev/null
[[ ! -e $directory ]] || fail "unwrap leaves $directory"
is "what systemd runs then" "$(commands)" "$before"
systemctl restart $unit
is "where containerd runs" "$(side $unit)" "$(host)"
is "the container's mounts on the host" "$(container)" 1
