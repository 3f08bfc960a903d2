#!/bin/bash
# What runs inside follows its unit: enabled before it is there, with the command line of a package's new version, of
# systemctl edit, and of a unit that is written at first boot; and taken back as if it had never been.
# reboots
. "$(dirname "$0")/../case.sh"

starts() { # UNIT: the words of its command, as systemd has them
    systemctl show -P ExecStart "$1" | sed -n 's/.*argv\[\]=\(.*\) ; ignore_errors.*/\1/p'
}
package() { # ARGS: what a package ships
    printf '%s\n' '[Service]' "ExecStart=/usr/bin/sleep $1" '[Install]' 'WantedBy=multi-user.target' \
        >/usr/lib/systemd/system/kubelet.service
    systemctl daemon-reload
}

if [[ $(boots) == 0 ]]; then
    service
    kubensctl enable >/run/told
    has "what enable says" "$(</run/told)" "nothing of Kubernetes is there"
    package 1001
    is "the first version" "$(starts kubelet)" "/usr/bin/kubensenter /usr/bin/sleep 1001"
    systemctl start kubelet
    is "its side" "$(side kubelet)" "$(pinned)"
    package 1002
    is "the next version" "$(starts kubelet)" "/usr/bin/kubensenter /usr/bin/sleep 1002"
    systemctl restart kubelet
    is "its side" "$(side kubelet)" "$(pinned)"

    # What systemctl edit writes.
    mkdir -p /etc/systemd/system/kubelet.service.d
    printf '[Service]\nExecStart=\nExecStart=/usr/bin/sleep 1003\n' >/etc/systemd/system/kubelet.service.d/override.conf
    systemctl daemon-reload
    is "the edited one" "$(starts kubelet)" "/usr/bin/kubensenter /usr/bin/sleep 1003"
    mv /etc/systemd/system/kubelet.service.d/{override,zzz}.conf
    systemctl daemon-reload
    is "the edited one by a late name" "$(starts kubelet)" "/usr/bin/kubensenter /usr/bin/sleep 1003"
    for _ in {1..100}; do systemctl daemon-reload; done
    is "after a hundred reloads" "$(starts kubelet)" "/usr/bin/kubensenter /usr/bin/sleep 1003"
    is "what lies there" "$(ls /run/systemd/generator.late/kubelet.service.d)" "~kubens.conf"

    # A script that writes a unit at boot, as cloud-init does.
    program first-boot <<'END'
#!/bin/sh
printf '[Service]\nExecStart=/usr/bin/sleep 2001\n' >/etc/systemd/system/k3s.service
systemctl daemon-reload
systemctl start --no-block k3s
END
    printf '%s\n' '[Service]' Type=oneshot ExecStart=/usr/local/bin/first-boot '[Install]' WantedBy=multi-user.target \
        >/etc/systemd/system/first-boot.service
    systemctl --quiet enable kubelet first-boot
    next_boot
fi
systemctl --quiet is-system-running --wait || true
is "the kubelet after a boot" "$(starts kubelet)" "/usr/bin/kubensenter /usr/bin/sleep 1003"
is "its side" "$(side kubelet)" "$(pinned)"
is "the unit of the first boot" "$(starts k3s)" "/usr/bin/kubensenter /usr/bin/sleep 2001"
is "kubens.service" "$(systemctl is-active kubens) $(systemctl is-enabled kubens || true)" "active disabled"

# Back, and nothing of it is left.
kubensctl disable --now >/dev/null
is "the sides" "$(side kubelet)" "$(host)"
is "the command" "$(starts kubelet)" "/usr/bin/sleep 1003"
[[ ! -e /etc/systemd/kubens.conf.d ]] || fail "$(ls -l /etc/systemd/kubens.conf.d)"
is "what generators wrote" "$(find /run/systemd/generator.late -name '*kubens*')" ""
is "kubens.service" "$(systemctl is-active kubens || true)" inactive
