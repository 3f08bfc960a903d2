#!/bin/bash
# Where stderr is not the journal there is no <N>, not even if stdout is the journal.
. "$(dirname "$0")/../case.sh"

pin
unit demo <<'END'
StandardOutput=journal
StandardError=file:/run/demo.err
ExecStartPre=sh -c '[ "$$JOURNAL_STREAM" ]'
ExecStart=/usr/bin/kubensenter true
END
systemctl start demo
is "stderr, a file" "$(cat /run/demo.err)" \
    "kubensenter: Autodetect: kubens.service namespace found at $PIN"

unit demo <<'END'
ExecStart=sh -c 'kubensenter true 2>&1 | cat'
END
systemctl start demo
is "stderr, a pipe" "$(output demo)" \
    "kubensenter: Autodetect: kubens.service namespace found at $PIN"
