#!/bin/bash
# A service that SELinux has in another domain when it is wrapped is told by wrap, in its drop-in and by check, by what
# the kernel then does; and the policy that the manual page has brings it back.
. "$(dirname "$0")/../case.sh"

domain() { # UNIT: in which its main process is, once it is the program
    side "$1" >/dev/null
    tr -d '\0' <"/proc/$(systemctl show -P MainPID "$1")/attr/current" | cut -d: -f3
}

module() { # NAME <CIL: into the policy, as one may who is not confined by it
    cat >"/root/$1.cil"
    setenforce 0
    semodule -i "/root/$1.cil"
    setenforce 1
}

# As container-selinux has it: what starts by the program ends in the kubelet's domain, which may do whatever root may.
module kubelet <<<'(typepermissive kubelet_t)'
chcon -t kubelet_exec_t /usr/bin/kubensenter
install "$(realpath /bin/sleep)" /usr/local/sbin/agent
chcon -t ntpd_exec_t /usr/local/sbin/agent
agent() { # SETTING...
    printf '%s\n' '[Service]' ExecStart='/usr/local/sbin/agent infinity' "$@" >/etc/systemd/system/agent.service
    systemctl daemon-reload
    systemctl restart agent
}
service
systemctl --quiet enable --now kubens
agent
is "the agent's own domain" "$(domain agent)" ntpd_t
said="SELinux has it in ntpd_t where systemd starts it, and in kubelet_t where the wrapper does"

kubensctl wrap agent 2>/run/said
has "what wrap says" "$(cat /run/said)" "$said"
has "the drop-in" "$(systemctl cat agent)" "# $said"
systemctl restart agent
is "where it runs" "$(side agent)" "$(pinned)"
is "its domain behind the wrapper" "$(domain agent)" kubelet_t
finds selinux-domain
advises selinux-domain "kubensctl unwrap agent.service"

kubensctl unwrap agent 2>/dev/null
systemctl restart agent
is "its domain outside" "$(domain agent)" ntpd_t

# A unit that asks for a context itself.
agent SELinuxContext=system_u:system_r:initrc_t:s0 || true
kubensctl wrap agent 2>/run/said
has "what wrap says" "$(cat /run/said)" "SELinux has it in initrc_t where systemd starts it, and in ntpd_t where the wrapper does"

agent
finds selinux-domain
module agent < <(sed 's/agent_/ntpd_/g' /opt/node/selinux.cil)
finds
systemctl restart agent
is "its domain with the module" "$(domain agent)" ntpd_t
is "where it runs" "$(side agent)" "$(pinned)"

# Without new privileges init may change domains, and a domain that may do everything.
agent NoNewPrivileges=yes
is "its domain without new privileges" "$(domain agent)" ntpd_t
finds

# A program that lies where no policy looks for it.
chcon -t user_home_t /usr/bin/kubensenter
kubensctl check >/run/check || true
[[ $(cat /run/check) != *selinux-domain* ]] || has "the cure" "$(cat /run/check)" "restorecon -v /usr/bin/kubensenter"
