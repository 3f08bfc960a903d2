#!/bin/bash
# A private directory, a remount, an extension of the system that was refreshed, a scanner that marks mounts, a device
# that a container alone has: each is found, and gone when it is cured as the finding says.
. "$(dirname "$0")/../case.sh"

cure() { # NAME: does what the finding of that name says, to the letter
    eval "$(sed 's/{"name":"/\n&/g' /run/check.json | sed -n "s/^{\"name\":\"$1\".*\"cure\":\"\([^\"]*\)\".*/\1/p" | sed 's/, once no .*//')"
}

service
mkdir -p /var/lib/kubelet /opt/ext
mount -t tmpfs data /opt/ext
mount -t tmpfs k /var/lib/kubelet
systemctl --quiet enable --now kubens
finds

systemctl --quiet mask kubens
finds service-failed
cure service-failed
finds

mount --make-private /var/lib/kubelet
finds private-mount
cure private-mount
finds

mount -o remount,ro,bind /opt/ext
finds remount-unseen
cure remount-unseen
finds
mount -o remount,rw,bind /opt/ext
finds remount-unseen
cure remount-unseen
finds

# As systemd-sysext refresh does: the old one goes, and inside it cannot, for something is mounted in it.
mkdir -p /opt/ext/in
kubensenter -q mount -t tmpfs nested /opt/ext/in
umount /opt/ext
mount -t tmpfs data /opt/ext
finds shadowed lingering
has "what is said" "$(</run/check.json)" "what the host has mounted at /opt/ext lies inside beneath an older mount"
cure lingering
finds

# Beneath an own one there is nothing that the host had.
mkdir -p /opt/own
kubensenter -q sh -c 'mount -t tmpfs own /opt/own && mkdir /opt/own/in && mount -t tmpfs in /opt/own/in'
finds
kubensenter -q umount -R /opt/own
