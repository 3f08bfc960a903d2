#!/bin/bash
# Without a command, `kubensenter` is the caller's shell as a login shell, inside.
. "$(dirname "$0")/../case.sh"

pin
# shellcheck disable=SC2016 # that shell expands it
got=$(echo 'echo "$0"; shopt login_shell; readlink /proc/$$/ns/mnt' |
    SHELL=/bin/bash kubensenter -q)

is "the shell" "$got" "-bash
$(printf 'login_shell    \ton')
$(pinned)"
