#!/bin/bash
# Removing the package while something lives inside leaves it and its pin; nothing of the package stays.
. "$(dirname "$0")/../case.sh"

find /etc /usr /var/lib/systemd -xdev ! -type d | sort >/run/before
dpkg --install /opt/node/packages/1.deb >/dev/null
systemctl enable --quiet --now kubens kubens-metrics.timer
unit runtime <<'END'
Type=exec
ExecStart=sleep infinity
END
kubensctl wrap runtime >/dev/null
systemctl start runtime
before=$(pinned)
main=$(systemctl show -P MainPID runtime)

dpkg --remove kubensenter >/dev/null
is "the service" "$(systemctl show -P MainPID -P SubState runtime | xargs)" "$main running"
is "its namespace" "$(readlink "/proc/$main/ns/mnt")" "$before"
is "the pin" "$(pinned)" "$before"
systemctl restart runtime
is "where it starts from then on" "$(side runtime)" "$(host)"
dpkg --purge kubensenter >/dev/null
find /etc /usr /var/lib/systemd -xdev ! -type d | sort >/run/after
is "what is left" "$(comm -13 /run/before /run/after)" ""
is "the failed units" "$(systemctl --failed --no-legend)" ""
