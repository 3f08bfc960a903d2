#!/bin/bash
# Over the shell-script recipe: the script is replaced, the pin that is there stays in use, and the unit in
# /etc makes way for the packaged one, enabled and active as it was.
. "$(dirname "$0")/../case.sh"

program kubensenter <<'END' # found first in PATH
#!/bin/bash
exec nsenter --mount=/run/kubens/mnt "$@"
END
cp /usr/local/bin/kubensenter /usr/bin/kubensenter
cat >/etc/systemd/system/kubens.service <<'END'
[Service]
Type=oneshot
RemainAfterExit=yes
RuntimeDirectory=kubens
ExecStartPre=sh -c "mount --make-unbindable --bind %t/kubens %t/kubens; touch %t/kubens/mnt"
ExecStart=unshare --mount=%t/kubens/mnt --propagation slave mount --make-rshared /
ExecStop=umount -R %t/kubens
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl enable --quiet --now kubens
unit runtime <<'END'
Type=exec
ExecStart=/usr/bin/kubensenter sleep infinity
END
systemctl start runtime
state() {
    systemctl show -P MainPID -P SubState runtime
    systemctl show -P ActiveState -P UnitFileState kubens
    pinned
}
before=$(state)
has "the state before" "$before" $'active\nenabled'

dpkg --install /opt/node/packages/1.deb >/run/said 2>&1
is "the state after" "$(state)" "$before"
has "what it says" "$(cat /run/said)" "/usr/local/bin/kubensenter comes before /usr/bin/kubensenter"
is "the program" "$(/usr/bin/kubensenter -q readlink /proc/self/ns/mnt)" "$(pinned)"
has "the program" "$(/usr/bin/kubensenter --version)" "kubensenter 0"
is "the unit" "$(systemctl show -P FragmentPath kubens | sed 's|^/lib|/usr/lib|')" /usr/lib/systemd/system/kubens.service
is "what is kept" "$(find /etc/systemd/system -maxdepth 1 -name 'kubens*')" /etc/systemd/system/kubens.service.replaced
systemctl reload-or-restart kubens
is "the pin, and who lives there" "$(side runtime)" "$(pinned)"
