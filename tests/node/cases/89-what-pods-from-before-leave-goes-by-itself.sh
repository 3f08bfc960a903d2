#!/bin/bash
# On a node that is switched while pods run the host's copies of their mounts go by themselves once the pods are gone inside,
# and not before; who waits for that starts with kubens.service, and has ended when nothing is left.
. "$(dirname "$0")/../case.sh"

kubelet
service
install -m 644 /opt/node/systemd/kubens-tidy.service /usr/lib/systemd/system/
mkdir /etc/systemd/system/kubens-tidy.service.d
printf '%s\n' '[Service]' ExecStart= 'ExecStart=/usr/bin/kubensctl tidy --wait=1' \
    >/etc/systemd/system/kubens-tidy.service.d/sooner.conf
systemctl daemon-reload
is "what systemd finds in it" "$(systemd-analyze verify --man=no kubens-tidy.service 2>&1 | grep -i tidy || true)" ""
state() { systemctl show -P ActiveState kubens-tidy; }
until_state() { for _ in {1..100}; do [[ $(state) != "$1" ]] || return 0; sleep 0.1; done; fail "it is $(state)"; }

# Without pods there is nothing to wait for.
systemctl start kubens
until_state inactive
is "how it ended" "$(systemctl show -P Result kubens-tidy)" success
systemctl stop kubens

# A pod's volume, by a kubelet on the host, which then moves inside.
pod=/var/lib/kubelet/pods/0a1b2c3d-0a4e-4a3b-9d51-1f6e1f0f2a11/volumes/kubernetes.io~empty-dir/cache
mkdir -p $pod
mount -t tmpfs cache $pod
systemctl start kubelet
kubensctl enable --now >/dev/null 2>&1
is "the kubelet's side" "$(side kubelet)" "$(pinned)"
until_state active
sleep 2
mountpoint -q $pod || fail "what is in use inside was unmounted on the host"
kubensenter -q mountpoint -q $pod || fail "it is gone inside"

# Its pod ends. What the kubelet has mounted on the host before it moved goes with its pod, too.
systemctl stop kubelet
for volume in /var/lib/kubelet/pods/*/volumes/*/*; do
    kubensenter -q umount "$volume" 2>/dev/null || true
done
until_state inactive
if grep /var/lib/kubelet/pods /proc/1/mountinfo; then fail "this is left on the host"; fi
has "what it says" "$(journalctl --quiet --output=cat --unit=kubens-tidy)" "unmounted $pod"
is "how it ended" "$(systemctl show -P Result kubens-tidy)" success
is "failed units" "$(systemctl --failed --no-legend)" ""
