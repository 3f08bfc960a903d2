#!/bin/bash
# KUBENSMNT that names no namespace fails with 125, although the default path has a pin.
. "$(dirname "$0")/../case.sh"

pin
unit demo <<'END'
Environment=KUBENSMNT=/run/nothing-here
ExecStart=/usr/bin/kubensenter readlink /proc/self/ns/mnt
END

refuses demo
has "what it says" "$(messages demo)" /run/nothing-here
