#!/bin/bash
# Where one of Kubernetes' services cannot run inside none does; enable, the journal and check say which and why. What
# is wanted beside stands alone.
. "$(dirname "$0")/../case.sh"

service
starts() { systemctl show -P ExecStart "$1" | sed -n 's/.*{ path=\([^ ]*\) .*/\1/p'; }
for unit in containerd kubelet agent; do
    printf '%s\n' '[Service]' "ExecStart=/usr/bin/sleep 100" >/etc/systemd/system/$unit.service
done
mkdir -p /etc/systemd/system/kubelet.service.d
printf '[Service]\nUser=nobody\n' >/etc/systemd/system/kubelet.service.d/10-user.conf
systemctl daemon-reload

if kubensctl enable 2>/run/said; then fail "it is enabled"; fi
has "what enable says" "$(</run/said)" "kubelet.service cannot run inside: it could not start inside: User=nobody"
has "what enable says" "$(</run/said)" "nothing was changed"
[[ ! -e /etc/systemd/kubens.conf.d ]] || fail "something was changed"

printf '[Inside]\nKubernetes=yes\nUnits=agent.service\n' >/etc/systemd/kubens.conf
systemctl daemon-reload
is "the commands" "$(starts containerd) $(starts kubelet) $(starts agent)" "/usr/bin/sleep /usr/bin/sleep /usr/bin/kubensenter"
mkdir /run/late
has "what the generator says" "$(/usr/lib/systemd/system-generators/kubens-generator /run/none /run/none /run/late 2>&1)" \
    "kubelet.service: does not run inside: it could not start inside: User=nobody"
finds not-inside not-inside
has "what check finds" "$(kubensctl check || true)" "containerd.service is to run inside, and does not: kubelet.service cannot"

# It is left outside, and the rest goes in.
advises not-inside "leave it outside: Except=kubelet.service in /etc/systemd/kubens.conf"
echo Except=kubelet.service >>/etc/systemd/kubens.conf
finds reload-needed
cure reload-needed "systemctl daemon-reload"
is "the commands" "$(starts containerd) $(starts kubelet) $(starts agent)" "/usr/bin/kubensenter /usr/bin/sleep /usr/bin/kubensenter"

# Two files of old: one as it was written, which enable takes back, and a boot goes on whatever lies about.
rm /etc/systemd/kubens.conf /etc/systemd/system/kubelet.service.d/10-user.conf
mkfifo /etc/systemd/system/fifo.service /etc/systemd/system/containerd.service.d.fifo
ln -s loop.service /etc/systemd/system/loop.service
kubensctl enable >/dev/null
is "the commands" "$(starts containerd) $(starts kubelet) $(starts agent)" "/usr/bin/kubensenter /usr/bin/kubensenter /usr/bin/sleep"
