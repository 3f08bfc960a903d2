#!/bin/bash
# A unit that systemd has not read again, a line of kubens.conf that says nothing, a drop-in of old, settings that are left
# behind, no order, nothing that has kubens.service started, the older service enabled: each is found in the files of the
# units, and gone when it is cured.
. "$(dirname "$0")/../case.sh"

service
kubelet=/etc/systemd/system/kubelet.service
printf '%s\n' '[Service]' 'ExecStart=/usr/bin/sleep infinity' >$kubelet
kubensctl wrap kubelet >/dev/null
systemctl start kubelet
is "its side" "$(side kubelet)" "$(pinned)"
finds

sed -i 's/sleep infinity/sleep 1d/' $kubelet
finds reload-needed
cure reload-needed "systemctl daemon-reload"
finds

echo PrivateTmp=yes >>$kubelet
systemctl daemon-reload
finds sandbox-left-behind
advises sandbox-left-behind "take those settings out"
sed -i '/PrivateTmp/d' $kubelet
systemctl daemon-reload

printf '%s\n' '[Service]' 'ExecStart=/usr/bin/true' '[Install]' WantedBy=multi-user.target >/etc/systemd/system/container-mount-namespace.service
systemctl --quiet enable container-mount-namespace
finds not-inside older-service
cure older-service "systemctl disable container-mount-namespace.service" 2>/dev/null
finds

kubensctl unwrap kubelet >/dev/null
sed -i 's|=/usr/bin/sleep|=/usr/bin/kubensenter /usr/bin/sleep|' $kubelet
systemctl daemon-reload
systemctl restart kubelet
is "its side" "$(side kubelet)" "$(pinned)"
finds not-ordered not-enabled
cure not-enabled "systemctl enable kubens.service" 2>/dev/null
finds not-ordered
cure not-ordered "kubensctl wrap kubelet.service" >/dev/null
finds
kubensctl unwrap kubelet >/dev/null
systemctl --quiet disable kubens
finds not-ordered not-enabled
