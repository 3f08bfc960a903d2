#!/bin/bash
# A caller with a copied mount namespace, as a container has it, finds the pin through PID 1.
. "$(dirname "$0")/../case.sh"

pin
# The kernel leaves pins out of a copy: what is there is the plain file that the pin covers.
is "the copy's pin" "$(unshare --mount stat --file-system --format=%T "$PIN")" tmpfs

got=$(unshare --mount kubensenter readlink /proc/self/ns/mnt 2>/run/err)
is "its namespace" "$got" "$(pinned)"
has "what it says" "$(cat /run/err)" "/proc/1/root$PIN"
