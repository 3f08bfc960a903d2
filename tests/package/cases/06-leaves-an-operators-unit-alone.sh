#!/bin/bash
# A unit of another kind in /etc, or one that OpenShift's operator writes, is left as it is.
. "$(dirname "$0")/../case.sh"

recipe=$'[Service]\nType=oneshot\nExecStart=unshare --mount=/run/kubens/mnt --propagation slave true'
echo "$recipe" >/etc/systemd/system/kubens.service
mkdir /etc/machine-config-daemon
dpkg --install /opt/node/packages/1.deb >/dev/null 2>&1
is "the operator's unit" "$(cat /etc/systemd/system/kubens.service)" "$recipe"

dpkg --purge kubensenter >/dev/null 2>&1
rmdir /etc/machine-config-daemon
echo $'[Service]\nType=oneshot\nExecStart=/usr/local/bin/of-ours' >/etc/systemd/system/kubens.service
dpkg --install /opt/node/packages/1.deb >/dev/null 2>&1
has "the administrator's unit" "$(cat /etc/systemd/system/kubens.service)" of-ours
