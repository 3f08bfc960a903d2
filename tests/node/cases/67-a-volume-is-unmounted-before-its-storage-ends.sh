#!/bin/bash
# A disk that only the namespace has mounted is written back and unmounted when the node goes down, after those inside have
# stopped and before the storage ends that it needs; and no stop or restart in a node that stays up does that.
# reboots
. "$(dirname "$0")/../case.sh"

volume=/var/lib/kubelet/pods/6f1c3a2e/volumes/kubernetes.io~csi/disk
provider() { # NAME TARGET: ordered as iscsid or a network manager is; at its stop it sees who still has the disk mounted
    printf '%s\n' '[Unit]' "Before=$2" "Wants=$2" \
        '[Service]' Type=oneshot RemainAfterExit=yes ExecStart=/bin/true "ExecStop=/usr/local/bin/see $1" \
        '[Install]' WantedBy=multi-user.target >"/etc/systemd/system/$1.service"
}

disk() { # mounted inside, with something that nobody has written back
    loop_devices
    inside mkdir -p $volume/
    inside mount -o loop,_netdev /var/lib/case-disk $volume
    inside mount -t tmpfs secret $volume/lost+found
    echo "of boot $(boots)" | inside tee $volume/file >/dev/null
}

if [[ $(boots) == 0 ]]; then
    service
    provider storage remote-fs-pre.target
    provider network network.target
    program see <<'END'
#!/bin/sh
{
    grep -l " - ext4 /dev/loop" /proc/[0-9]*/mountinfo | wc -l
    dumpe2fs -h /var/lib/case-disk 2>/dev/null | sed -n 's/^Filesystem state: *//p; s/.*needs_recovery.*/not written back/p'
    systemctl is-active kubelet kubens
} | xargs >"/var/lib/case-$1"
END
    program kubelet <<'END'
#!/bin/sh
trap 'exit 0' TERM
while :; do sleep 0.1; done
END
    printf '%s\n' '[Unit]' Wants=kubens.service After=kubens.service '[Service]' \
        'ExecStart=/usr/bin/kubensenter -q /usr/local/bin/kubelet' '[Install]' WantedBy=multi-user.target \
        >/etc/systemd/system/kubelet.service
    truncate -s 16M /var/lib/case-disk
    mke2fs -q -t ext4 /var/lib/case-disk
    systemctl daemon-reload
    systemctl --quiet enable --now storage network kubens kubelet
    disk

    systemctl restart kubens
    systemctl stop kubens
    is "what is mounted inside after a stop" "$(inside findmnt --noheadings --output FSTYPE $volume)" ext4
    systemctl start kubens
    next_boot
fi

for provider in storage network; do
    is "who had the disk mounted when the $provider ended, its state, and the kubelet and kubens.service then" \
        "$(cat /var/lib/case-$provider)" "0 clean inactive inactive"
done
last=$(journalctl --quiet --boot=-1 --output=cat --unit=kubens)
has "what kubens.service said" "$last" "the machine goes down: unmounted"
has "what kubens.service said" "$last" "removed mnt:"
is "the file" "$(debugfs -R 'cat /file' /var/lib/case-disk 2>/dev/null)" "of boot 0"
