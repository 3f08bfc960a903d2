#!/bin/bash
# Who may call kubensctl as root by packaging/sudoers, and nothing else, runs nothing else: no program of a PATH of
# theirs, no pager of theirs, no shell out of a pager; even where another file lets sudo keep all variables.
# packages: sudo,less,bsdutils
. "$(dirname "$0")/../case.sh"

service
systemctl --quiet enable --now kubens
useradd --create-home olga
groupadd --force operators && usermod --append --groups operators olga
sed 's/^# %operators/%operators/' /opt/node/sudoers >/etc/sudoers.d/kubensenter
echo 'Defaults env_keep += "PAGER SYSTEMD_PAGER SYSTEMD_PAGERSECURE LESSOPEN EDITOR SHELL PATH TERM", !env_reset, !secure_path' >/etc/sudoers.d/careless
chmod 440 /etc/sudoers.d/*
visudo --check >/tmp/out 2>&1 || fail "visudo finds fault: $(cat /tmp/out)"

mkdir /tmp/own
for name in findmnt df systemctl less more pager own; do
    printf '#!/bin/sh\nid -u >>/tmp/own/ran\n' >/tmp/own/$name
done
chmod 755 /tmp/own/* && : >/tmp/own/ran && chmod 666 /tmp/own/ran
# shellcheck disable=SC2016 # her's shell expands it
own='PATH=/tmp/own:$PATH PAGER=own SYSTEMD_PAGER=own SYSTEMD_PAGERSECURE=0 LESSOPEN="|own %s" EDITOR=own SHELL=/tmp/own/own TERM=vt100'

as_olga() { setpriv --reuid olga --regid olga --init-groups env -i PATH=/usr/bin:/bin sh -c "$1" </dev/null; }

# 3: nothing of Kubernetes runs on this node.
for line in "kubensenter /usr/bin/findmnt" "kubensctl status" "kubensctl check"; do
    as_olga "$own /usr/bin/sudo -n /usr/bin/$line" >/tmp/out 2>&1 || [[ $line == *check || $? == 3 ]] || fail "$line: $(cat /tmp/out)"
done
for line in "kubensenter findmnt" "kubensenter /usr/bin/id" "kubensctl unpin" "PAGER=x kubensctl mounts"; do
    if as_olga "/usr/bin/sudo -n ${line/kubens//usr/bin/kubens}" >/dev/null 2>&1; then fail "$line is allowed"; fi
done

# Many mounts, so that less stays; her keys ask for a shell, an editor and a file.
# shellcheck disable=SC2016 # the inner shell expands it
kubensenter -q sh -c 'mkdir -p /run/many; for i in $(seq 60); do mkdir /run/many/$i; mount -t tmpfs x /run/many/$i; done'
keys() { # what comes to the terminal
    as_olga "{ sleep 1; printf '!id -u >>/tmp/own/ran\n'; sleep 0.5; printf 'v'; sleep 0.5; printf '|^id -u >>/tmp/own/ran\n'; sleep 0.5; printf 'q'; sleep 0.3; } |
        script --quiet --return --command '$own /usr/bin/sudo -n /usr/bin/kubensctl mounts' /dev/null"
}
has "the terminal" "$(keys)" /run/many/1
is "what ran" "$(cat /tmp/own/ran)" ""

# And where there is no less, none.
mv /usr/bin/less /usr/bin/less.away
has "the terminal" "$(keys)" /run/many/60
is "what ran" "$(cat /tmp/own/ran)" ""

# Without the example's lines, kubensctl alone sees to it: sudo keeps everything here.
mv /usr/bin/less.away /usr/bin/less
echo 'olga ALL = (root) NOPASSWD: SETENV: /usr/bin/kubensctl mounts, /usr/bin/kubensctl check' >/etc/sudoers.d/kubensenter
has "the terminal" "$(keys)" /run/many/1
as_olga "$own /usr/bin/sudo -n /usr/bin/kubensctl check" >/dev/null 2>&1 || true
is "what ran" "$(cat /tmp/own/ran)" ""
