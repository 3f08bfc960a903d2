#!/bin/bash
# A shadowed mount, a /run/netns that is not shared, a second bpffs, leaking propagation, the older pin beside: each is
# found in the mount tables, and gone when it is cured.
. "$(dirname "$0")/../case.sh"

service
systemctl --quiet enable --now kubens
finds

kubensenter -q mount -t tmpfs over /run/netns
finds shadowed
cure shadowed "kubensenter umount /run/netns" 2>/dev/null
finds

mount -o remount,rw /sys # nspawn's own, a tmpfs
kubensenter -q mount -o remount,rw,bind /sys # a remount does not arrive
umount /sys/fs/bpf 2>/dev/null || true # a machine of its own has one from the start
mkdir -p /sys/fs/bpf
kubensenter -q mount -t bpf bpf /sys/fs/bpf
finds bpffs-twice
advises bpffs-twice "have the host mount it at boot"
kubensenter -q umount /sys/fs/bpf
finds

# A disk whose unmount a nested mount inside kept from arriving. The loop device goes with its last mount.
loop_devices
truncate --size=4M /run/disk
mkfs.ext4 -q /run/disk
mount -o loop /run/disk /mnt
kubensenter -q mount -t tmpfs nested /mnt/lost+found
umount /mnt
finds device-busy
has "what is busy" "$(</run/check.json)" "is still mounted inside at /mnt"
cure device-busy "kubensenter umount -R /mnt" 2>/dev/null
finds

# One that only an overlay inside still uses: it has layers there, and no table has a mount of it.
mount -t sysfs sysfs /sys # nspawn's own does not have what the kernel says of file systems
mount -o loop /run/disk /mnt
mkdir -p /mnt/layer /opt/container
kubensenter -q mount -t overlay -o lowerdir=/mnt/layer:/mnt/lost+found container /opt/container
kubensenter -q sleep 1000 &
umount /mnt
finds device-busy
has "what is busy" "$(</run/check.json)" "is mounted nowhere and in use: layers that are gone are of the overlay inside at /opt/container"
cure device-busy "kubensenter umount /opt/container" 2>/dev/null
finds
kill %1
umount /sys

mkdir -p /run/container-mount-namespace
mount --bind /run/container-mount-namespace /run/container-mount-namespace
mount --make-private /run/container-mount-namespace
touch /run/container-mount-namespace/mnt
unshare --mount=/run/container-mount-namespace/mnt true
finds older-service
umount /run/container-mount-namespace/mnt /run/container-mount-namespace
finds

kubensenter -q mount --make-rslave /
finds propagation
kubensenter -q mount --make-rshared /
finds peers-torn
has "what status says" "$(kubensctl status)" "torn inside (kubensctl check)"

mount --make-private /run/netns
finds netns-not-shared peers-torn
