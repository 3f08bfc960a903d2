#!/bin/bash
# With containerd inside, a container's mounts are where containers are and not on the host, systemd has no unit of
# them, and what is mounted on the host later arrives.
# packages: containerd,runc,busybox-static
. "$(dirname "$0")/../case.sh"

runtime containerd
volume=/var/lib/kubelet/pods/6f1c3a2e/volumes/kubernetes.io~secret/token
inside mkdir -p $volume
inside mount -t tmpfs secret $volume
inside sh -c "echo secret >$volume/token"
units=$(systemctl list-units --all --type=mount --no-legend | wc -l)
run_box box --mount "type=bind,src=$volume,dst=/token,options=rbind:ro"

targets() { "$@" findmnt --noheadings --list --output FSTYPE,TARGET; }
here=$(targets env) there=$(targets kubensenter -q)
has "what kubensenter sees" "$there" "/run/containerd/io.containerd.runtime.v2.task/default/box/rootfs"
grep -q "^overlay .*/box/rootfs" <<<"$there" || fail "no overlay inside: $there"
grep -q "^tmpfs .*$volume" <<<"$there" || fail "no volume inside: $there"
lacks "what the host sees" "$here" /box/rootfs
lacks "what the host sees" "$here" "$volume"
is "the mounts that systemd knows" "$(systemctl list-units --all --type=mount --no-legend | wc -l)" "$units"
is "what the container reads" "$(in_box box cat /token/token)" secret
is "what the host reads" "$(cat $volume/token 2>/dev/null || echo nothing)" nothing

mkdir -p /srv/disk
mount -t tmpfs later /srv/disk
has "what kubensenter sees" "$(targets kubensenter -q)" /srv/disk
umount /srv/disk
lacks "what kubensenter sees" "$(targets kubensenter -q)" /srv/disk
kill_box box
lacks "what is left inside" "$(targets kubensenter -q)" /box/rootfs
