#!/bin/bash
# WorkingDirectory= is kept by path: the command is where that path leads inside.
. "$(dirname "$0")/../case.sh"

pin
mkdir -p /srv/app
inside sh -c 'mount -t tmpfs inside /srv && mkdir /srv/app && touch /srv/app/of-the-inside'
unit demo <<'END'
WorkingDirectory=/srv/app
ExecStart=/usr/bin/kubensenter sh -c 'readlink /proc/self/cwd; ls'
END
systemctl start demo

is "the working directory and what it holds" "$(output demo)" $'/srv/app\nof-the-inside'
