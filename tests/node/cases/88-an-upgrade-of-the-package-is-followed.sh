#!/bin/bash
# A new version of Debian's containerd, with another command line, is installed as apt does it: it runs inside, with the new
# line, and its container goes on. Then the package is removed, and installed again.
# packages: containerd,runc,busybox-static
# shellcheck disable=SC2119 # nothing is found
. "$(dirname "$0")/../case.sh"

# Both versions as packages: the one that is installed, and the next one.
next=/run/next
mkdir -p $next/DEBIAN
dpkg --listfiles containerd | while read -r path; do
    if [[ ( -L $path || -f $path ) && ! -d $path ]]; then cp --archive --parents "$path" $next; fi
done
for part in preinst postinst prerm postrm conffiles; do
    if [[ -e /var/lib/dpkg/info/containerd.$part ]]; then cp "/var/lib/dpkg/info/containerd.$part" "$next/DEBIAN/$part"; fi
done
dpkg-query --showformat='Package: containerd\nVersion: ${Version}+next\nArchitecture: ${Architecture}\nMaintainer: ${Maintainer}\nDepends: ${Depends}\nDescription: ${Description}\n' \
    --show containerd >$next/DEBIAN/control
sed -i 's|^ExecStart=.*|& --log-level warn|' $next/lib/systemd/system/containerd.service 2>/dev/null ||
    sed -i 's|^ExecStart=.*|& --log-level warn|' $next/usr/lib/systemd/system/containerd.service
dpkg-deb --build $next /run/next.deb >/dev/null

line() { tr '\0' ' ' <"/proc/$(systemctl show -P MainPID containerd)/cmdline"; }
service
kubensctl enable >/dev/null
systemctl start kubens
systemctl restart containerd
is "its side" "$(side containerd)" "$(pinned)"
image
ctr image import /run/image.tar >/dev/null
run_box old
finds

lacks "its line" "$(line)" "--log-level warn"
dpkg --install /run/next.deb >/run/said 2>&1 || fail "$(</run/said)"
systemctl is-active --quiet containerd || systemctl start containerd
[[ $(line) == *warn* ]] || systemctl restart containerd # where the package leaves that to the administrator
is "its side" "$(side containerd)" "$(pinned)"
has "its line" "$(line)" "--log-level warn"
is "the container" "$(ctr task ls | awk '$1 == "old" { print $3 }')" RUNNING
finds

kill_box old
dpkg --remove containerd >/run/said 2>&1 || fail "$(</run/said)"
finds
dpkg --install /run/next.deb >/run/said 2>&1 || fail "$(</run/said)"
systemctl start containerd
is "its side" "$(side containerd)" "$(pinned)"
finds
