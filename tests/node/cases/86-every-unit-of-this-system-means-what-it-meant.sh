#!/bin/bash
# Every unit that this system's packages ship, wrapped by the generator: systemd reads the same commands as before, but
# for the wrapper.
# packages: containerd,runc,busybox-static
. "$(dirname "$0")/../case.sh"

service
mapfile -t names < <(find /usr/lib/systemd/system -name '*.service' ! -name '*@.service' ! -name 'kubens*' -printf '%f\n')
((${#names[@]} > 50)) || fail "only ${#names[@]} units"
kinds=(ExecCondition ExecStartPre ExecStart ExecStartPost ExecReload ExecStop ExecStopPost)
late=/run/systemd/generator.late
facts() { # UNIT...: as systemd has them, a line each
    local name path
    for name in "$@"; do
        path=/org/freedesktop/systemd1/unit/$(printf %s "$name" | perl -pe 's/([^A-Za-z0-9])/sprintf "_%02x", ord $1/ge')
        busctl --json=short get-property org.freedesktop.systemd1 "$path" \
            org.freedesktop.systemd1.Service "${kinds[@]/%/Ex}" |
            paste -d ' ' <(printf '%s\n' "${kinds[@]/#/$name }") -
    done
}
systemctl show "${names[@]}" >/dev/null # so that they are loaded
printf '[Inside]\nUnits=*\nExcept=kubens*\nExec=%s\n' "${kinds[*]}" >/etc/systemd/kubens.conf
systemctl daemon-reload
mapfile -t wrapped < <(cd $late && grep -ls '^ExecStart=.*kubensenter' -- */*kubens.conf | sed 's|\.d/.*||' | grep -v '@\.service$')
((${#wrapped[@]} > 30)) || fail "only ${#wrapped[@]} are wrapped"
systemctl show "${wrapped[@]}" >/dev/null
is "what systemd does not load" "$(systemctl show -P LoadState "${wrapped[@]}" | sort -u | xargs)" loaded
facts "${wrapped[@]}" >/run/after
rm /etc/systemd/kubens.conf
systemctl daemon-reload
facts "${wrapped[@]}" >/run/before
LEAST=40 perl "$(dirname "$0")/../units/compare" /run/before /run/after
