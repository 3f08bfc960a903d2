#!/bin/bash
# systemd reads the same commands from a wrapped unit as before, but for the wrapper: over some
# hundred generated units, with every way of writing one that it accepts. What unwrap leaves is
# what was there, byte for byte.
. "$(dirname "$0")/../case.sh"

tools=$(dirname "$0")/../units
perl "$tools/generate" "${SEED:-1}" 200 ""
mapfile -t names < <(cd /etc/systemd/system && ls -d generated-*.service)
is "the number of units" "${#names[@]}" 200
systemctl daemon-reload
cp -a /etc/systemd/system /run/original

facts() { # as systemd has them, a line each
    local name path
    for name in "${names[@]}"; do
        path=/org/freedesktop/systemd1/unit/$(sed 's/-/_2d/g; s/\./_2e/g' <<<"$name")
        busctl --json=short get-property org.freedesktop.systemd1 "$path" \
            org.freedesktop.systemd1.Service "${kinds[@]/%/Ex}" |
            paste -d ' ' <(printf '%s\n' "${kinds[@]/#/$name }") -
    done
}
kinds=(ExecCondition ExecStartPre ExecStart ExecStartPost ExecReload ExecStop ExecStopPost)

is "what systemd does not load" \
    "$(systemctl show -P LoadState "${names[@]}" | grep -v -e '^loaded$' -e '^$' || true)" ""
facts >/run/before
kubensctl --quiet wrap --also "$(IFS=,; echo "${kinds[*]}")" "${names[@]}" >/run/told
is "what was wrapped" "$(grep -c 'runs inside from its next start on' /run/told)" 200
facts >/run/after
perl "$tools/compare" /run/before /run/after || fail "SEED=${SEED:-1}"
is "what was changed beside" "$(diff --recursive --no-dereference /run/original /etc/systemd/system || true)" ""

# Once more changes nothing, and neither do reloads.
cp -a /run/systemd/generator.late /run/late
kubensctl --quiet wrap "${names[@]}" >/run/told
lacks "what wrap says again" "$(</run/told)" written
for _ in {1..5}; do systemctl daemon-reload; done
diff --recursive /run/late /run/systemd/generator.late || fail "after five reloads it differs"

kubensctl --quiet unwrap "${names[@]}" >/dev/null
[[ ! -e /etc/systemd/kubens.conf.d ]] || fail "unwrap leaves $(ls /etc/systemd/kubens.conf.d)"
facts >/run/after
cmp /run/before /run/after || fail "systemd reads something else once it is unwrapped"
