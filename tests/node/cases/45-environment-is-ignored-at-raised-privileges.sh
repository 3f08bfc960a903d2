#!/bin/bash
# A set-user-ID copy believes none of its caller's variables.
. "$(dirname "$0")/../case.sh"

pin
cp /usr/bin/kubensenter /usr/local/bin/raised
chmod u+s /usr/local/bin/raised
as_nobody() { setpriv --reuid=65534 --clear-groups env "$@" 2>&1; }

found="kubensenter: Autodetect: kubens.service namespace found at $PIN"
is "where it went" "$(as_nobody KUBENSMNT=/none raised readlink /proc/self/ns/mnt)" "$found"$'\n'"$(pinned)"
is "where it looked" "$(as_nobody DEFAULT_KUBENSMNT=/none raised readlink /proc/self/ns/mnt)" "$found"$'\n'"$(pinned)"
is "what it said" "$(as_nobody KUBENSENTER_LOG=0 raised true)" "$found"
