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

start() { # PREFIXES: what the unit says then
    rm -f /run/demo.out
    systemctl restart demo || fail "with $1 it does not start"
    output demo
}

tried=0
for ignore in '' -; do
    for name in '' @; do
        for plain in '' :; do
            for privilege in '' + ! !!; do
                for prefix in "$ignore$name$plain$privilege" "$privilege$plain$ignore$name"; do
                    unit demo <<END2
User=nobody
AmbientCapabilities=CAP_SYS_ADMIN CAP_SYS_CHROOT CAP_KILL
Environment="WORDS=one  two" 'QUOTED=three four'
ExecStart = $prefix/bin/bash ${name:+-its-name} /usr/local/bin/show 'a b' "c\\"d" \\x41 \$WORDS x\${QUOTED}x \\
   # a comment
   \$\$ %% %n "" \\;   end
END2
                    before=$(start "$prefix")
                    kubensctl --quiet wrap demo >/dev/null
                    after=$(start "$prefix")
                    is "what runs with '$prefix'" "${after%$'\n'*}" "${before%$'\n'*}"
                    is "where it ran before" "${before##*$'\n'}" "$(host)"
                    is "where it runs with '$prefix'" "${after##*$'\n'}" "$(pinned)"
                    kubensctl unwrap demo >/dev/null
                    is "where it runs once unwrapped" "$(start "$prefix")" "$before"
                    tried=$((tried + 1))
                done
            done
        done
    done
done
is "the number of combinations" "$tried" 64

# A failure is ignored behind a dash, as before, and only there.
for prefix in '' -; do
    unit demo <<<"ExecStart=$prefix/bin/false"
    kubensctl wrap demo >/dev/null
    got=$(systemctl restart demo 2>/dev/null && echo starts || echo fails)
    is "a failure with '$prefix'" "$got" "$([[ $prefix ]] && echo starts || echo fails)"
done
