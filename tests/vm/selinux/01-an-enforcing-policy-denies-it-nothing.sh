#!/bin/bash
# Under a policy that is enforced all that the namespace is for is done, and the kernel denies none of our programs
# anything; the pin has the label of the directory that it covers.
. "$(dirname "$0")/../case.sh"

is "what the kernel does with the policy" "$(cat /sys/fs/selinux/enforce)" 1
service
systemctl --quiet enable --now kubens
mount --bind /run /mnt
for file in /run/kubens /run/kubens/env; do
    is "the label of $file" "$(stat -c %C $file)" "$(stat -c %C /mnt/kubens)"
done
umount /mnt

runtime containerd
is "where containerd runs" "$(side containerd)" "$(pinned)"
has "its domain" "$(tr -d '\0' </proc/"$(systemctl show -P MainPID containerd)"/attr/current)" :dockerd_t:
run_box one
is "what runs in the container" "$(in_box one echo up)" up
[[ $(kubensenter findmnt) == *"/run/containerd/"* ]] || fail "the container's root is not mounted inside"
lacks "the host's mounts" "$(cat /proc/1/mountinfo)" /run/containerd/io
kubensctl status >/run/status || fail "status: $(cat /run/status)"
# shellcheck disable=SC2119 # no finding is what it finds
finds

systemctl restart kubens containerd
kill_box one
systemctl stop containerd
systemctl stop kubens
is "what is denied" "$(journalctl --dmesg --grep='avc:  denied.*(kube|scontext=[^ ]*:kubelet_t)' --quiet --output=cat)" ""
