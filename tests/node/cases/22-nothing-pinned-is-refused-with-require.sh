#!/bin/bash
# With nothing pinned --require fails with 125 and says which pin is missing.
. "$(dirname "$0")/../case.sh"

unit demo <<'END'
ExecStart=/usr/bin/kubensenter --require readlink /proc/self/ns/mnt
END

refuses demo
has "what it says" "$(messages demo)" "$PIN"
