#!/bin/bash
# From a login shell, `kubensenter findmnt` shows the namespace's mounts; the host's does not.
. "$(dirname "$0")/../case.sh"

pin
inside mount -t tmpfs volume /var/lib/kubelet
inside sh -c 'mkdir /var/lib/kubelet/pod && mount -t tmpfs volume /var/lib/kubelet/pod'
mount -t tmpfs of-the-host /srv # arrives inside

mounts='findmnt --raw --noheadings --output SOURCE,TARGET | sort'
su --login root --command "$mounts" >/run/mounts-outside
su --login root --command "kubensenter -q $mounts" >/run/mounts-inside

is "what only kubensenter shows" "$(comm -13 /run/mounts-outside /run/mounts-inside)" "volume /var/lib/kubelet
volume /var/lib/kubelet/pod"
is "what only the host shows" "$(comm -23 /run/mounts-outside /run/mounts-inside)" "nsfs[$(pinned)] $PIN"
has "what both show" "$(comm -12 /run/mounts-outside /run/mounts-inside)" "of-the-host /srv"
