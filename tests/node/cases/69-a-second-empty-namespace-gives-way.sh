#!/bin/bash
# A unit that makes a second namespace while the runtime and the kubelet live in the first: the pin goes back to that one.
. "$(dirname "$0")/../case.sh"

service
cpu=$(taskset --cpu-list --pid 1 | sed 's/.*: //;s/[-,].*//')
older() { # as the older recipe makes it, at each of its starts
    mkdir -p /run/kubens
    mountpoint -q /run/kubens || { mount --bind /run/kubens /run/kubens && mount --make-private /run/kubens; }
    touch $PIN
    taskset --cpu-list "$cpu" unshare --mount=$PIN --propagation slave mount --make-rshared / ||
        unshare --mount=$PIN --propagation slave mount --make-rshared /
}
lives() { printf 'Type=exec\nExecStart=/usr/bin/kubensenter -q sleep infinity\n' | unit "$1" && systemctl start "$1"; }

older
first=$(pinned)
lives crio
lives kubelet
# A sandbox of systemd's looks like the first, and a kubelet in it alone is no reason.
umount $PIN
older
second=$(pinned)
[[ $second != "$first" ]] || fail "there is no second one"
systemctl start kubens
is "what is pinned" "$(pinned)" "$first"
has "what it says" "$(journalctl --quiet --output=cat --unit=kubens --identifier=kubensctl)" "$first"
is "where the next one lives" "$(kubensenter -q readlink /proc/self/ns/mnt)" "$first"

# Not where somebody lives in the second as well.
systemctl stop kubens
is "what is pinned" "$(pinned)" "$first"
umount -R /run/kubens
older
nsenter --mount=$PIN sleep infinity &
until [[ $(readlink /proc/$!/ns/mnt) == "$(pinned)" ]]; do sleep 0.1; done
third=$(pinned)
kubensctl pin >/dev/null
is "what is pinned" "$(pinned)" "$third"
