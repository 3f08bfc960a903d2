#!/bin/bash
# packages: docker.io
# Docker as distributions have it, on containerd.service: both go inside, containers, volumes and networks work as
# before, nothing of them is on the host, and restarts with live-restore leave containers alone.
. "$(dirname "$0")/../kube.sh"

/opt/node/machine
mount -t tmpfs docker /var/lib/docker # no overlay can be the upper directory of another
echo '{ "live-restore": true }' >/etc/docker/daemon.json
systemctl restart containerd docker
mkdir -p /run/layer/bin
cp /bin/busybox /run/layer/bin
tar -C /run/layer -c . | docker import --change "CMD $STAYS" - box:1 >/dev/null

run() { docker run --detach --name "$@" box:1 >/dev/null; } # NAME [OPTION...]
box() { docker exec "$1" /bin/busybox "${@:2}"; }
runs() { docker inspect --format '{{.State.Pid}} {{.State.Status}}' "$1"; }
of_docker() { "$@" cat /proc/self/mountinfo | awk '$5 ~ "/docker/.*/(merged|mounts|netns)" || $5 ~ "/docker/netns/" { print $5 }'; }

run before --volume data:/data
box before touch /data/file
docker rm --force before >/dev/null
service
kubensctl enable --now >/dev/null 2>&1
is_inside containerd docker
is_in_effect

run one --volume data:/data --mount type=bind,src=/srv,dst=/srv,bind-propagation=rshared \
    --cap-add SYS_ADMIN --security-opt seccomp=unconfined
is "what is in its volume" "$(box one ls /data)" file
is "what the host has of it" "$(of_docker env)" ""
has "what there is of it inside" "$(of_docker kubensenter -q)" /merged
has "what there is of it inside" "$(of_docker kubensenter -q)" /run/docker/netns/
mkdir -p /srv/mine
box one mount -t tmpfs mine /srv/mine
is "a mount of the container's, inside" "$(kubensenter -q findmnt --noheadings --output SOURCE /srv/mine)" mine
is "on the host" "$(findmnt --noheadings /srv/mine || echo none)" none
box one umount /srv/mine

before=$(runs one)
for unit in kubens docker containerd; do
    systemctl restart $unit
    until_true "that $unit answers" docker version >/dev/null
    is "the container after a restart of $unit" "$(runs one)" "$before"
done
is "what is in its volume" "$(box one ls /data)" file
is_in_effect
# shellcheck disable=SC2119
finds

docker rm --force one >/dev/null
is "what is left inside" "$(of_docker kubensenter -q)" "$(of_docker env)"
