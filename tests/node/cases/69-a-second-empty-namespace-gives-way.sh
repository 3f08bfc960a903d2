#!/bin/bash
# A unit that makes a second namespace while the runtime and the kubelet live in the first: the pin goes back to that one.
. "$(dirname "$0")/../case.sh"

service
lives() { printf 'Type=exec\nExecStart=/usr/bin/kubensenter -q sleep infinity\n' | unit "$1" && systemctl start "$1"; }

older_pin
first=$(pinned)
lives crio
lives kubelet
# A sandbox of systemd's looks like the first, and a kubelet in it alone is no reason.
umount $PIN
older_pin
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
older_pin
nsenter --mount=$PIN sleep infinity &
until [[ $(readlink /proc/$!/ns/mnt) == "$(pinned)" ]]; do sleep 0.1; done
third=$(pinned)
kubensctl pin >/dev/null
is "what is pinned" "$(pinned)" "$third"
