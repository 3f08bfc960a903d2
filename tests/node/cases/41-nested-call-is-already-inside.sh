#!/bin/bash
# A nested call finds out that it is already inside, and moves nothing, not even its directory.
. "$(dirname "$0")/../case.sh"

pin
mkdir /srv/app
# The directory gets covered: who goes there once more, by path, stands in the cover.
# shellcheck disable=SC2016 # the inner shell expands it
kubensenter -q sh -ec '
    cd /srv/app && touch below
    mount -t tmpfs cover /srv && mkdir /srv/app
    kubensenter -v sh -c "readlink /proc/self/ns/mnt; ls"' >/run/out 2>/run/err

is "its namespace and directory" "$(cat /run/out)" "$(pinned)"$'\nbelow'
has "what it says" "$(cat /run/err)" "Already inside"
lacks "what it says" "$(cat /run/err)" "Joining"
