#!/bin/bash
# While a unit's own file starts through kubensenter the package is not removed: the node would not come up again. What
# the generator has put inside is no reason: it starts on the host again.
. "$(dirname "$0")/../case.sh"

dpkg --install /opt/node/packages/1.deb >/dev/null
mkdir -p /etc/systemd/system/runtime.service.d
echo -e '[Service]\nExecStart=/usr/bin/sleep infinity' >/etc/systemd/system/kubelet.service
echo -e '[Service]\nExecStart=@/usr/bin/kubensenter sleep sleep infinity' \
    >/etc/systemd/system/runtime.service.d/10-mine.conf
echo -e '[Service]\nType=simple' >/etc/systemd/system/runtime.service
kubensctl enable >/dev/null 2>&1
has "what the kubelet starts by" "$(systemctl show -P ExecStart kubelet)" "path=/usr/bin/kubensenter"
if dpkg --remove kubensenter >/run/said 2>&1; then fail "it is removed"; fi
has "what it says" "$(cat /run/said)" \
    "kubensenter: not removed, for these start through it: /etc/systemd/system/runtime.service.d/10-mine.conf"
kubensenter --version >/run/version || fail "the program is gone"
is "the package" "$(dpkg-query --showformat '${db:Status-Status}' --show kubensenter)" installed

rm -r /etc/systemd/system/runtime.service*
dpkg --remove kubensenter >/dev/null
[[ ! -e /usr/bin/kubensenter ]] || fail "the program is there"
lacks "what the kubelet starts by" "$(systemctl show -P ExecStart kubelet)" kubensenter
[[ -e /etc/systemd/kubens.conf.d/50-enable.conf ]] || fail "the configuration is gone"
dpkg --install /opt/node/packages/1.deb >/dev/null
has "what the kubelet starts by" "$(systemctl show -P ExecStart kubelet)" "path=/usr/bin/kubensenter"
dpkg --purge kubensenter >/dev/null
[[ ! -e /etc/systemd/kubens.conf.d ]] || fail "the configuration is there"
