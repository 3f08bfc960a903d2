#!/bin/bash
# In the journal a line has its own priority, and its text no <N>.
. "$(dirname "$0")/../case.sh"

pin
unit joins <<'END'
Environment=KUBENSENTER_LOG=2
ExecStart=/usr/bin/kubensenter true
END
unit refused <<'END'
User=daemon
ExecStart=/usr/bin/kubensenter true
END
systemctl start joins
refuses refused

is "the notices" "$(messages joins --priority=info..info)" \
    "kubensenter: Autodetect: kubens.service namespace found at $PIN"
is "the debugging" "$(messages joins --priority=debug..debug)" \
    "kubensenter: Joining mount namespace in $PIN"
has "the errors" "$(messages refused --priority=err..err)" "kubensenter: cannot join"
lacks "the journal" "$(messages joins)$(messages refused)" "<"
