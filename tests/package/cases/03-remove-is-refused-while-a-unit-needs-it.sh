#!/bin/bash
# While a unit starts through kubensenter the package is not removed: the node would not come up again.
. "$(dirname "$0")/../case.sh"

dpkg --install /opt/node/packages/1.deb >/dev/null
mkdir -p /etc/systemd/system/runtime.service.d
echo -e '[Service]\nExecStart=@/usr/bin/kubensenter sleep sleep infinity' \
    >/etc/systemd/system/runtime.service.d/99-kubens-wrapper.conf
if dpkg --remove kubensenter >/run/said 2>&1; then fail "it is removed"; fi
has "what it says" "$(cat /run/said)" \
    "kubensenter: not removed, for these start through it: /etc/systemd/system/runtime.service.d/99-kubens-wrapper.conf"
kubensenter --version >/run/version || fail "the program is gone"
is "the package" "$(dpkg-query --showformat '${db:Status-Status}' --show kubensenter)" installed

rm -r /etc/systemd/system/runtime.service.d
dpkg --remove kubensenter >/dev/null
[[ ! -e /usr/bin/kubensenter ]] || fail "the program is there"
