#!/bin/bash
# kubens.service is well-formed, hardened, starts with the machine when enabled, and pins.
. "$(dirname "$0")/../case.sh"

service
is "what systemd finds in it" "$(systemd-analyze verify --man=no kubens.service 2>&1)" ""
exposure=$(systemd-analyze security --no-pager kubens.service | sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p')
# NoNewPrivileges= is the one setting of those without a mount namespace that it goes without (SELinux).
awk -v is="$exposure" 'BEGIN { exit !(is != "" && is <= 4.3) }' || fail "its exposure is $exposure"

is "how it is shipped" "$(systemctl is-enabled kubens || true)" disabled
systemctl --quiet enable kubens
systemctl list-dependencies --plain multi-user.target | grep -q kubens.service
systemctl start kubens
is "its state" "$(systemctl is-active kubens)" active
[[ $(pinned) != "$(host)" ]]
is "the directory" "$(findmnt --noheadings --output FSTYPE,PROPAGATION /run/kubens | xargs)" "tmpfs private"
is "the namespace's root" "$(inside sed -nE 's/^.* \/ \/ .* (shared):[0-9]+ (master):[0-9]+ .*/\1 \2/p' /proc/self/mountinfo)" "shared master"
is "the environment file" "$(cat /run/kubens/env)" "KUBENSMNT=$PIN"
mount -t tmpfs later /mnt
is "a mount of the host" "$(kubensenter -q findmnt --noheadings --output SOURCE /mnt)" later
kubensenter -q mount -t tmpfs hidden /srv
is "a mount inside" "$(findmnt --noheadings /srv || echo none)" none
is "its .mount unit" "$(systemctl list-units --no-legend srv.mount)" ""
