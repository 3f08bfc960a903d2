#!/bin/bash
# A /proc that hides processes, an /etc that is read-only, a /run that is full: it works as ever, or says what is wrong
# and changes nothing.
. "$(dirname "$0")/../case.sh"

service
printf '%s\n' '[Service]' 'ExecStart=/usr/bin/sleep infinity' >/usr/lib/systemd/system/kubelet.service
systemctl daemon-reload
as_nobody() { setpriv --reuid nobody --regid nogroup --clear-groups "$@"; }

# hidepid=2: who may not trace others sees nothing of them, and says so; root is not hindered.
mount -o remount,hidepid=2 /proc
kubensctl enable >/dev/null
systemctl start kubelet
is "the kubelet's side" "$(side kubelet)" "$(pinned)"
is "the verdict" "$(kubensctl status | head -n 1)" "in effect"
kubensctl check >/dev/null
is "the status of status, for nobody" "$(as_nobody kubensctl status >/run/told 2>&1 || echo $?)" 4
systemctl stop kubelet kubens
mount -o remount,hidepid=0 /proc

# A read-only /etc.
mount --bind /etc /etc
mount -o remount,ro,bind /etc
before=$(find /etc/systemd | sort)
is "the status of disable" "$(kubensctl disable 2>/run/told || echo $?)" 1
has "what disable says" "$(</run/told)" "Read-only file system; nothing was changed"
is "what is there" "$(find /etc/systemd | sort)" "$before"
# Where there is nothing to be taken back, nothing has to be written.
kubensctl unwrap sshd >/dev/null
is "what is there" "$(find /etc/systemd | sort)" "$before"
kubensctl pin >/dev/null
is "where a command runs" "$(kubensenter -q readlink /proc/self/ns/mnt)" "$(pinned)"
kubensctl unpin >/dev/null
umount /etc
kubensctl disable >/dev/null

# A /run without room for data, in which a pin needs none, and then without room for a directory.
head -c 1G /dev/zero >/run/full 2>/dev/null || true
kubensctl pin >/dev/null
is "where a command runs" "$(kubensenter -q readlink /proc/self/ns/mnt)" "$(pinned)"
kubensctl unpin >/dev/null
rm /run/full
before=$(findmnt --noheadings --list --output TARGET | sort)
mount -o remount,nr_inodes="$(df --output=iused /run | tail -n 1 | xargs)" /run
status=0
kubensctl pin >/dev/null 2>/tmp/told || status=$?
is "the status of pin" "$status" 1
mount -o remount,nr_inodes=100000 /run
has "what pin says" "$(</tmp/told)" "No space left on device"
is "the mounts" "$(findmnt --noheadings --list --output TARGET | sort)" "$before"
kubensctl pin >/dev/null
kubensctl unpin >/dev/null
[[ ! -e $PIN ]] || fail "it is pinned"
