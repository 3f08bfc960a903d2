#!/bin/bash
# Without a command, `kubensenter` is the caller's shell as a login shell, inside.
. "$(dirname "$0")/../case.sh"

pin
# shellcheck disable=SC2016 # that shell expands it
got=$(echo 'echo "$0"; shopt -q login_shell && echo login; readlink /proc/$$/ns/mnt' |
    SHELL=/bin/bash kubensenter -q)

is "the shell" "$got" "-bash
login
$(pinned)"
