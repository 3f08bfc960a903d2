#!/bin/bash
# Stale and overruled drop-ins, settings that are left behind, no order, kubens.service disabled, the older service
# enabled: each is found in the files of the units, and gone when it is cured.
. "$(dirname "$0")/../case.sh"

service
systemctl --quiet enable --now kubens
inside_by_now() { # systemd takes a simple service for started before it has joined
    until [[ $(readlink "/proc/$(systemctl show -P MainPID kubelet)/ns/mnt") == "$(pinned)" ]]; do sleep 0.02; done
}
kubelet=/etc/systemd/system/kubelet.service
printf '%s\n' '[Service]' 'ExecStart=/usr/bin/sleep infinity' >$kubelet
kubensctl wrap kubelet >/dev/null
systemctl start kubelet
inside_by_now
finds

sed -i 's/sleep infinity/sleep 1d/' $kubelet
finds drop-in-stale
kubensctl wrap kubelet >/dev/null
finds

printf '%s\n' '[Service]' ExecStart= 'ExecStart=/usr/bin/sleep 2d' >$kubelet.d/99-z.conf
finds drop-in-overruled
rm $kubelet.d/99-z.conf

echo PrivateTmp=yes >>$kubelet
finds sandbox-left-behind
sed -i '/PrivateTmp/d' $kubelet

systemctl --quiet disable kubens
finds not-enabled
systemctl --quiet enable kubens

printf '%s\n' '[Service]' 'ExecStart=/usr/bin/true' '[Install]' WantedBy=multi-user.target >/etc/systemd/system/container-mount-namespace.service
systemctl --quiet enable container-mount-namespace
finds older-service
systemctl --quiet disable container-mount-namespace

kubensctl unwrap kubelet >/dev/null
sed -i 's|=/usr/bin/sleep|=/usr/bin/kubensenter /usr/bin/sleep|' $kubelet
systemctl daemon-reload
systemctl restart kubelet
inside_by_now
finds not-ordered
