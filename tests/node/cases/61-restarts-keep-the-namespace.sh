#!/bin/bash
# Restart, reload and stop keep the namespace while a process lives inside, whatever systemd does meanwhile.
. "$(dirname "$0")/../case.sh"

service
unit daemon <<'END'
Type=exec
ExecStart=/usr/bin/kubensenter sleep infinity
END
systemctl start kubens
systemctl start daemon
kubensenter -q mount -t tmpfs secret /srv
namespace=$(pinned)
for _ in 1 2 3 4 5 6 7 8 9 10; do
    systemctl restart kubens
    is "the namespace after a restart" "$(pinned)" "$namespace"
done
systemctl reload kubens
systemctl stop kubens
is "the namespace after a stop" "$(pinned)" "$namespace"
systemctl daemon-reload
systemctl daemon-reexec
systemctl start kubens
exec 9<"$PIN" # a descriptor that is open on the pin
systemctl restart kubens
exec 9<&-
systemctl stop run-kubens-mnt.mount
systemctl restart kubens
is "the namespace that had lost its pin" "$(pinned)" "$namespace"
is "its mounts" "$(kubensenter -q findmnt --noheadings --output SOURCE /srv)" secret
