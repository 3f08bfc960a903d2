#!/bin/bash
# The node is like a real host: a namespace made on any of its CPUs can be pinned.
. "$(dirname "$0")/../case.sh"

for ((cpu = 0; cpu < $(nproc --all); cpu++)); do
    taskset --pid --cpu-list $cpu $$ >/run/out
    pin
    umount "$PIN" "${PIN%/*}"
done
