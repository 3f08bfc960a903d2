#!/bin/bash
# The DaemonSet's two containers, with the mounts and the rights that its manifest gives them and no others: one puts
# the programs and units onto the node and has them take effect at its next boot, the other says so; and back.
# packages: containerd,runc,busybox-static
# reboots
. "$(dirname "$0")/../case.sh"

manifest=/opt/node/packages/daemonset.yaml
mounts() { # CONTAINER: "NAME PATH OPTIONS" of its volumeMounts
    awk -v container="$1" '
        $1 == "-" && $2 == "name:" { name = $3; if (name == container) here = 1; else if (/^        - name:/) here = 0 }
        here && $1 == "mountPath:" { path[name] = $2; mode[name] = "rw"; order[++n] = name }
        here && $1 == "readOnly:" && name in path { mode[name] = "ro" }
        END { for (i = 1; i <= n; i++) print order[i], path[order[i]], mode[order[i]] }' $manifest
}
source_of() { # VOLUME: the node's directory, made if the manifest says so
    local line
    line=$(grep -A1 "^        - name: $1$" $manifest | sed -n 's/.*hostPath: {path: \(.*\), type: \(.*\)}/\1 \2/p')
    [[ $line ]] || fail "no volume $1"
    if [[ ${line#* } == DirectoryOrCreate ]]; then mkdir -p "${line% *}"; fi
    echo "${line% *}"
}

contain() { # CONTAINER [OPTION...] -- COMMAND...: as its securityContext has it: no capability, a read-only root
    local container=$1 options=() volume path mode
    shift
    while read -r volume path mode; do
        options+=(--mount "type=bind,src=$(source_of "$volume"),dst=$path,options=rbind:$mode")
    done < <(mounts "$container")
    ((${#options[@]})) || fail "no mounts of $container"
    for capability in CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE \
        SYS_CHROOT KILL AUDIT_WRITE; do
        options+=(--cap-drop "CAP_$capability")
    done
    while [[ $1 != -- ]]; do options+=("$1"); shift; done
    ctr run --rm --read-only --cpu-shares 0 --seccomp "${options[@]}" localhost/box:1 "$container-$RANDOM" "${@:2}"
}
installer() { # ACTION; in a container the number of the boot is the machine's, which this node's reboot leaves as it is
    cat /proc/sys/kernel/random/boot_id >/run/boot_id
    contain install --env "ACTION=$1" --env BOOT=/boot_id --mount type=bind,src=/run/boot_id,dst=/boot_id,options=rbind:ro \
        -- /usr/bin/node-install
}
report() { # what the other container says, as labels
    local features=/etc/kubernetes/node-feature-discovery/features.d/kubens
    rm -f $features
    contain report --env INTERVAL=1 -- /bin/busybox timeout 2 /usr/bin/node-report || true
    sed -n 's/.*kubens.state=//p' $features
}
files() { find /etc/systemd /usr/bin /usr/lib/systemd/system /usr/lib/systemd/system-generators ! -type d | sort; }

# busybox as an image of it has it, and what `make image` adds: the Containerfile's three lines.
mkdir -p /run/files/usr /run/files/bin
for applet in $(busybox --list); do ln -sf /bin/busybox "/run/files/bin/$applet"; done
rm /run/files/bin/busybox
cp -r /opt/node/packages/image/node /opt/node/packages/image/host /run/files
cp -r /opt/node/packages/image/bin /run/files/usr
systemctl start containerd
image /run/files
ctr image import /run/image.tar >/dev/null

case $(boots) in
    0)
        kubelet
        systemctl --quiet enable --now kubelet
        systemctl --quiet enable containerd
        files >/var/lib/before
        running=$(systemctl show -P MainPID kubelet containerd)
        # shellcheck disable=SC2016 # awk's field
        is "what it may do" "$(contain report -- /bin/busybox awk '/^CapEff/ { print $2 }' /proc/1/status)" 0000000000000000
        installer install >/run/said || fail "$(</run/said)"
        has "what it says" "$(</run/said)" "this node is to reboot"
        is "what runs" "$(systemctl show -P MainPID kubelet containerd)" "$running"
        is "the pin" "$(ls /run/kubens 2>/dev/null || echo none)" none
        is "the state" "$(report)" waiting-for-reboot
        files >/run/installed
        installer install >/run/said
        is "what it says the second time" "$(grep -v 'is to reboot' /run/said | grep -c '^node-install: /')" 0
        is "the files then" "$(files)" "$(</run/installed)"
        next_boot
        ;;
    1)
        kubensctl status -q || fail "$(kubensctl status)"
        for unit in containerd kubelet; do
            is "where $unit runs" "$(side $unit)" "$(pinned)"
        done
        systemctl start kubens-metrics
        is "the state" "$(report)" in-effect
        if installer purge >/run/said 2>&1; then fail "it removes what is in use: $(</run/said)"; fi
        has "what it says" "$(</run/said)" "it is still switched on"
        installer remove >/run/said
        if installer purge >/run/said 2>&1; then fail "it removes what is in use: $(</run/said)"; fi
        has "what it says" "$(</run/said)" "until this node has rebooted"
        next_boot
        ;;
    *)
        is "where the kubelet runs" "$(side kubelet)" "$(host)"
        rm -f /var/lib/prometheus/node-exporter/kubens.prom
        is "the state" "$(report)" removed
        installer purge >/run/said
        is "what is left" "$(files | grep -v '/kubelet')" "$(grep -v '/kubelet' /var/lib/before)"
        ;;
esac
