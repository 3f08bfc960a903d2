#!/bin/bash
# A wrapped command runs in the pinned namespace, and is started with the same words, user and
# capabilities as before: with every combination of prefixes that systemd knows.
. "$(dirname "$0")/../case.sh"

pin
program show <<'END2'
mapfile -d '' words </proc/self/cmdline
printf '<%s>\n' "${words[@]}"
id --user --real && id --group
grep -E '^(Cap|NoNewPrivs)' /proc/self/status
readlink /proc/self/ns/mnt
END2

declare -A prefixes=() # by unit
start_all() { # WHEN: what each of them says goes to /run/WHEN
    local unit
    mkdir "/run/$1"
    for unit in "${!prefixes[@]}"; do
        systemctl restart "$unit" || fail "with '${prefixes[$unit]}' it does not start"
        mv "/run/$unit.out" "/run/$1/$unit"
    done
}

for ignore in '' -; do
    for name in '' @; do
        for plain in '' :; do
            for privilege in '' + ! !!; do
                for prefix in "$ignore$name$plain$privilege" "$privilege$plain$ignore$name"; do
                    unit=demo-${#prefixes[@]}
                    prefixes[$unit]=$prefix
                    cat >"/run/systemd/system/$unit.service" <<END2
[Service]
Type=oneshot
StandardOutput=append:/run/%N.out
StandardError=journal
User=nobody
AmbientCapabilities=CAP_SYS_ADMIN CAP_SYS_CHROOT CAP_KILL
Environment="WORDS=one  two" 'QUOTED=three four'
ExecStart = $prefix/bin/bash ${name:+-its-name} /usr/local/bin/show 'a b' "c\\"d" \\x41 \$WORDS x\${QUOTED}x \\
   # a comment
   \$\$ %% %n "" \\;   end
END2
                done
            done
        done
    done
done
is "the number of combinations" "${#prefixes[@]}" 64
systemctl daemon-reload
start_all before
kubensctl --quiet wrap "${!prefixes[@]}" >/dev/null
start_all after
kubensctl unwrap "${!prefixes[@]}" >/dev/null
start_all again
for unit in "${!prefixes[@]}"; do
    prefix=${prefixes[$unit]} before=$(<"/run/before/$unit") after=$(<"/run/after/$unit")
    is "what runs with '$prefix'" "${after%$'\n'*}" "${before%$'\n'*}"
    is "where it ran before" "${before##*$'\n'}" "$(host)"
    is "where it runs with '$prefix'" "${after##*$'\n'}" "$(pinned)"
    is "where it runs once unwrapped" "$(<"/run/again/$unit")" "$before"
done

# A failure is ignored behind a dash, as before, and only there.
for prefix in '' -; do
    unit demo <<<"ExecStart=$prefix/bin/false"
    kubensctl wrap demo >/dev/null
    got=$(systemctl restart demo 2>/dev/null && echo starts || echo fails)
    is "a failure with '$prefix'" "$got" "$([[ $prefix ]] && echo starts || echo fails)"
done
