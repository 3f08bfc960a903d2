#!/bin/bash
# What nobody makes and holds decides nothing: a namespace that looks like the pinned one, and a lock on /run/netns.
. "$(dirname "$0")/../case.sh"

service
nobody=(setpriv --reuid nobody --regid nogroup --clear-groups --no-new-privs)
forge() { # nobody's, with the mark of a lost pin and a program of his own; 20 live in it
    # shellcheck disable=SC2016 # the inner shell's
    "${nobody[@]}" unshare --user --map-root-user --mount --propagation unchanged sh -c '
        mount --make-rslave /; mount --make-rshared /
        mount -t tmpfs x /run; mkdir /run/kubens; mount -t tmpfs x /run/kubens; : >/run/kubens/mnt
        mount --bind /run/kubens/mnt /run/kubens/mnt
        mount -t tmpfs x /opt; cp /bin/echo /opt/evil
        for _ in $(seq 19); do sleep infinity & done; : >/run/kubens/there; exec sleep infinity' &
    forged=$!
    until [[ -e /proc/$forged/root/run/kubens/there ]]; do sleep 0.1; done
}
forge

mkdir -p /run/netns
"${nobody[@]}" flock /run/netns sleep infinity &
sleep 1
systemctl start kubens
first=$(pinned)
[[ $first != "$(readlink "/proc/$forged/ns/mnt")" ]] || fail "nobody's namespace is pinned"
has "what it says" "$(journalctl --quiet --output=cat --unit=kubens --identifier=kubensctl)" "going on without it"
kubensenter -q test ! -e /opt/evil

# With one process in ours, and twenty in his, ours is found.
kubensenter -q sleep infinity &
until [[ $(readlink /proc/$!/ns/mnt) == "$first" ]]; do sleep 0.1; done
umount $PIN
kubensctl pin >/dev/null
is "what is found again" "$(pinned)" "$first"

for call in "-t $forged" "-m /proc/$forged/ns/mnt"; do
    # shellcheck disable=SC2086 # two words
    status=0 && kubensenter $call true 2>/run/said || status=$?
    is "the status of $call" "$status" 125
    has "what it says" "$(cat /run/said)" "another user namespace than this one owns it"
done
umount $PIN
mount --bind "/proc/$forged/ns/mnt" $PIN
status=0 && kubensenter true 2>/run/said || status=$?
is "the status with his in the pin's place" "$status" 125
kubensctl pin >/dev/null
is "what takes its place" "$(pinned)" "$first"
