#!/bin/bash
# Installing the package starts nothing, enables nothing and pins nothing; both names are there.
. "$(dirname "$0")/../case.sh"

mounts=$(findmnt --list --noheadings --output TARGET)
dpkg --install /opt/node/packages/1.deb >/run/said 2>&1
is "what it says" "$(grep ^kubensenter: /run/said || true)" ""
is "the host's mounts" "$(findmnt --list --noheadings --output TARGET)" "$mounts"

is "the program" "$(stat --format='%F %U %a' /usr/bin/kubensenter)" "regular file root 755"
is "the link" "$(readlink /usr/bin/kubensctl)" kubensenter
has "its version" "$(kubensctl --version -v)" "kubensctl $(dpkg-query --showformat '${Version}' --show kubensenter | sed 's/-.*//')"
for unit in $(dpkg -L kubensenter | sed -n 's|.*/systemd/system/||p'); do
    # What a timer or another unit starts cannot be enabled by itself.
    state=disabled
    [[ $unit != kubens-@(metrics|tidy).service ]] || state=static
    is "$unit" "$(systemctl is-enabled "$unit" || true)" "$state"
    is "$unit" "$(systemctl is-active "$unit" || true)" inactive
done
is "failed units" "$(systemctl --failed --no-legend)" ""
