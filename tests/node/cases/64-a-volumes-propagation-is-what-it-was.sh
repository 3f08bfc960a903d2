#!/bin/bash
# Containers whose volume propagates in both directions, from the host, and not at all: the same as without a
# namespace between, seen from where containers are; and the host sees nothing of it.
# packages: containerd,runc,busybox-static
. "$(dirname "$0")/../case.sh"

service
image
box() { # NAME PROPAGATION: a container with /var/lib/volume at /volume
    run_box "$1" --privileged --rootfs-propagation "$2" --mount "type=bind,src=/var/lib/volume,dst=/volume,options=rbind:$2"
}
sees() { # COMMAND...: what is mounted on the volume there
    "$@" cat /proc/self/mountinfo | awk '{ n = split($5, part, "/") }
        $5 ~ "/volume/" { print part[n] }' | sort | xargs
}

all() { # COMMAND...: the three of them on its side; what is seen from there and in each
    mkdir -p /var/lib/volume/{host,both,slave,none}
    box both rshared
    box slave rslave
    box none rprivate
    "$@" mount -t tmpfs x /var/lib/volume/host
    for name in both slave none; do in_box $name mount -t tmpfs x /volume/$name; done
    echo "containers' side: $(sees "$@")"
    for name in both slave none; do echo "$name: $(sees in_box $name)"; done
    for name in both slave none; do kill_box $name; done
    "$@" umount /var/lib/volume/host /var/lib/volume/both
}

systemctl start containerd
ctr image import /run/image.tar >/dev/null
before=$(all env)
is "what each sees without the namespace" "$before" "containers' side: both host
both: both host
slave: both host slave
none: none"

systemctl start kubens
kubensctl wrap containerd >/dev/null
systemctl restart containerd
is "what each sees with it" "$(all kubensenter -q)" "$before"
is "what was left on the host" "$(sees env)" ""

# A mount of the host's reaches who listens, through the namespace.
box slave rslave
box none rprivate
mount -t tmpfs x /var/lib/volume/host
is "what the listener sees" "$(sees in_box slave)" host
is "what the other one sees" "$(sees in_box none)" ""
box both rshared
in_box both mount -t tmpfs x /volume/both
is "what the host sees" "$(sees env)" host
umount /var/lib/volume/host
is "what the listener sees then" "$(sees in_box slave)" both
for name in both slave none; do kill_box $name; done
