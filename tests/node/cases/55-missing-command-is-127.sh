#!/bin/bash
# A command that is missing inside is 127, one that cannot be executed 126, and PID 1 sees it.
. "$(dirname "$0")/../case.sh"

pin
mkdir -p /srv/bin
cp /bin/true /srv/bin/only-outside
inside sh -c 'mount -t tmpfs inside /srv && mkdir /srv/bin && touch /srv/bin/no-program'
for end in only-outside:127 no-program:126; do
    unit demo <<END
ExecStart=/usr/bin/kubensenter /srv/bin/${end%:*}
END
    if systemctl start demo 2>/dev/null; then fail "$end starts"; fi
    is "the status" "$(systemctl show -P ExecMainStatus demo)" "${end#*:}"
    has "what it says" "$(messages demo --priority=err..err)" "/srv/bin/${end%:*}"
done
