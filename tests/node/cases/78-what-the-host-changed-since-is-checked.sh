#!/bin/bash
# A private directory, a remount, an extension of the system that was refreshed, a scanner that marks mounts, a device
# that a container alone has: each is found, and gone when it is cured as the finding says.
. "$(dirname "$0")/../case.sh"

service
mkdir -p /var/lib/kubelet /opt/ext
mount -t tmpfs data /opt/ext
mount -t tmpfs k /var/lib/kubelet
systemctl --quiet enable --now kubens
finds

systemctl --quiet mask kubens
finds service-failed
cure service-failed "systemctl unmask kubens.service" 2>/dev/null
finds

mount --make-private /var/lib/kubelet
finds private-mount
cure private-mount "mount --make-rshared /var/lib/kubelet"
finds

mount -o remount,ro,bind /opt/ext
finds remount-unseen
cure remount-unseen "kubensenter mount -o remount,ro,bind /opt/ext" 2>/dev/null
finds
mount -o remount,rw,bind /opt/ext
finds remount-unseen
cure remount-unseen "kubensenter mount -o remount,rw,bind /opt/ext" 2>/dev/null
finds

# As systemd-sysext refresh does: the old one goes, and inside it cannot, for something is mounted in it.
mkdir -p /opt/ext/in
kubensenter -q mount -t tmpfs nested /opt/ext/in
umount /opt/ext
mount -t tmpfs data /opt/ext
finds shadowed lingering
has "what is said" "$(</run/check.json)" "what the host has mounted at /opt/ext lies inside beneath an older mount"
cure lingering "kubensenter umount -R /opt/ext"
finds

# Beneath an own one there is nothing that the host had.
mkdir -p /opt/own
kubensenter -q sh -c 'mount -t tmpfs own /opt/own && mkdir /opt/own/in && mount -t tmpfs in /opt/own/in'
finds
kubensenter -q umount -R /opt/own

# It has a mark on a mount (fanotify(7)): x86-64's and aarch64's numbers of fanotify_init, fanotify_mark.
scan() { # FLAGS of the mark
    perl -e 'require POSIX; my @call = (POSIX::uname())[4] eq "x86_64" ? (300, 301) : (262, 263);
        my $fd = syscall($call[0], 0, 0); my $path = "/"; $fd >= 0 or die "$!";
        syscall($call[1], $fd, $ARGV[0] + 0, 0x20, -100, $path) == 0 or die "$!";
        open my $ready, ">", "/run/ready"; close $ready; sleep 1000' "$1" &
    until [[ -e /run/ready ]]; do sleep 0.01; done
    rm /run/ready
}
scan $((0x1 | 0x10)) # FAN_MARK_ADD, FAN_MARK_MOUNT
finds scanner-blind
advises scanner-blind "have it mark file systems"
has "who it is" "$(</run/check.json)" "perl (process $!) watches the host's mounts"
kill $!
scan $((0x1 | 0x100)) # FAN_MARK_FILESYSTEM
finds
kill $!

# A copy of the host's mounts that hears nothing of what becomes of them, as many a sandbox.
loop_devices
truncate --size=4M /run/disk
mkfs.ext4 -q /run/disk
mount -o loop /run/disk /mnt
unshare --mount --propagation private sleep 1000 &
until [[ $(readlink /proc/$!/ns/mnt) != "$(host)" && $(readlink /proc/$!/exe) == */sleep ]]; do sleep 0.01; done
umount /mnt
finds device-busy
has "who has it" "$(</run/check.json)" "is mounted for process $! alone, at /mnt"
cure device-busy "nsenter -t $! -m umount /mnt"
finds
kill $!
