# shellcheck shell=bash
# case.sh: what the cases share. A case holds one promise: its name and its first comment say
# which. It runs as root inside a fresh node, from a shell that belongs to no unit, so that
# `systemctl`, `findmnt` and `kubensenter` in it are what an administrator would type. Nothing
# in here knows what kind of machine the node is.
set -Eeuo pipefail
trap 'fail "failed: $BASH_COMMAND"' ERR

PIN=/run/kubens/mnt

# --- Assertions: they say nothing when all is well.

fail() { # MESSAGE; with the line of the case, not of this library
    printf '%s:%s: %s\n' "${0##*/}" "${BASH_LINENO[-2]}" "$*" >&2
    exit 1
}

is() { # WHAT GOT WANT
    [[ $2 == "$3" ]] || fail "$1 is
    $2
instead of
    $3"
}

has() { # WHAT TEXT PART
    [[ $2 == *"$3"* ]] || fail "$1 does not contain
    $3
but is
    $2"
}

lacks() { # WHAT TEXT PART
    [[ $2 != *"$3"* ]] || fail "$1 contains
    $3
it is
    $2"
}

# --- Boots, for a case that says `# reboots` in its head: it is started again after each.

boots() { cat /var/lib/case-boots 2>/dev/null || echo 0; } # how often it has asked for one

next_boot() { # powers the node off and boots it again, then the case is run again from its top
    echo $(($(boots) + 1)) >/var/lib/case-boots
    exit 99
}

# --- Mount namespaces, by other means than the program under test.

pin() { # a namespace as kubens.service leaves it: the host's slave, shared inside, then pinned
    mkdir -p "${PIN%/*}"
    mount -t tmpfs -o mode=755,nosuid,nodev,noexec kubens "${PIN%/*}"
    mount --make-private "${PIN%/*}" # the kernel refuses a pin that would propagate
    touch "$PIN"
    echo "KUBENSMNT=$PIN" >"${PIN%/*}/env"
    # shellcheck disable=SC2016 # the inner shell's own PID and argument
    unshare --mount --propagation unchanged sh -ec '
        mount --make-rslave /
        mount --make-rshared /
        nsenter --mount=/proc/1/ns/mnt mount --bind "/proc/$$/ns/mnt" "$1"' sh "$PIN"
    [[ $(pinned) != "$(host)" ]] || fail "the pin is of the host's namespace"
}

older_pin() { # as the older recipe pins, at each of its starts: another namespace each time
    mkdir -p "${PIN%/*}"
    mountpoint -q "${PIN%/*}" || { mount --bind "${PIN%/*}" "${PIN%/*}" && mount --make-private "${PIN%/*}"; }
    touch "$PIN"
    taskset --cpu-list "$(taskset --cpu-list --pid 1 | sed 's/.*: //;s/[-,].*//')" \
        unshare --mount="$PIN" --propagation slave mount --make-rshared / ||
        unshare --mount="$PIN" --propagation slave mount --make-rshared /
}

pinned() { stat --format='mnt:[%i]' "$PIN"; } # as readlink /proc/PID/ns/mnt has it
host() { readlink /proc/1/ns/mnt; }
inside() { nsenter --mount="$PIN" "$@"; }

loop_devices() { # those that `mount -o loop` takes
    local number
    [[ -e /dev/loop-control ]] || mknod /dev/loop-control c 10 237
    for number in {0..31}; do [[ -e /dev/loop$number ]] || mknod "/dev/loop$number" b 7 "$number"; done
}

# --- Units and programs. A unit's stdout is its output, its stderr goes to the journal.

program() { # NAME <TEXT: on the PATH of both sides
    cat >"/usr/local/bin/$1"
    chmod 755 "/usr/local/bin/$1"
}

unit() { # NAME <SETTINGS of [Service]; a oneshot unless they say otherwise
    local output=truncate # which systemd before 248 does not know
    (($(systemctl --version | awk 'NR == 1 { print $2 }') >= 248)) || { output=append && rm -f "/run/$1.out"; }
    {
        printf '%s\n' '[Service]' Type=oneshot StandardOutput=$output:/run/%N.out \
            StandardError=journal
        cat
    } >"/run/systemd/system/$1.service"
    systemctl daemon-reload
}

service() { # kubens.service, as a package installs it: not enabled
    install -m 644 /opt/node/systemd/kubens.service /usr/lib/systemd/system/
    systemctl daemon-reload
}

side() { # UNIT: the namespace of its main process, once that runs the unit's own program (systemd does not wait for it)
    local pid
    for _ in {1..500}; do
        pid=$(systemctl show -P MainPID "$1")
        [[ $(readlink "/proc/$pid/exe") =~ /(systemd|systemd-executor|kubensenter)$ ]] || break
        sleep 0.02
    done
    readlink "/proc/$pid/ns/mnt"
}

output() { cat "/run/$1.out"; } # UNIT

refuses() { # UNIT: it fails with kubensenter's own status and its command is not run
    if systemctl start "$1" 2>/dev/null; then fail "$1 starts"; fi
    is "the status" "$(systemctl show -P ExecMainStatus "$1")" 125
    is "the command's output" "$(output "$1")" ""
}

messages() { # UNIT [JOURNALCTL-OPTION...]: what kubensenter itself said
    journalctl --sync
    journalctl --quiet --output=cat --unit="$1" --identifier=kubensenter "${@:2}"
}

# --- Containers, on a node with containerd, runc and busybox-static.

# What a container of the image does that is given nothing else to do.
STAYS='["/bin/busybox", "sh", "-c", "trap \"exit 0\" TERM; echo up; while :; do /bin/busybox sleep 1000 & wait; done"]'

ctr_run() { # ARG...: with no share of the CPU to be set; containerd before 1.5 sets none, and has no such option
    local shares=(--cpu-shares 0)
    [[ $(ctr run --help) == *cpu-shares* ]] || shares=()
    ctr run "${shares[@]}" "$@"
}

# shellcheck disable=SC2120 # its argument is rare
image() { # [FILES]: localhost/box:1, without a registry: one layer with these and a static busybox in it
    local dir=/run/image layer config manifest
    blob() { # FILE: into the blobs; its digest
        local sum
        sum=$(sha256sum "$1" | cut -d' ' -f1)
        cp "$1" "$dir/blobs/sha256/$sum"
        echo "$sum"
    }
    mkdir -p $dir/blobs/sha256 /run/layer/bin
    cp /bin/busybox /run/layer/bin/
    ${1:+cp -r "$1/." /run/layer}
    tar -C /run/layer -cf /run/layer.tar .
    layer=$(blob /run/layer.tar)
    printf '{"architecture":"%s","os":"linux","config":{"Cmd":%s},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
        "$(dpkg --print-architecture)" "$STAYS" "$layer" >/run/config
    config=$(blob /run/config)
    printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%d},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:%s","size":%d}]}' \
        "$config" "$(stat -c %s /run/config)" "$layer" "$(stat -c %s /run/layer.tar)" >/run/manifest
    manifest=$(blob /run/manifest)
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%d,"annotations":{"io.containerd.image.name":"localhost/box:1","org.opencontainers.image.ref.name":"1"}}]}' \
        "$manifest" "$(stat -c %s /run/manifest)" >$dir/index.json
    echo '{"imageLayoutVersion":"1.0.0"}' >$dir/oci-layout
    tar -C $dir -cf /run/image.tar .
}

run_box() { # NAME [OPTION...]: a container that stays until it is killed
    ctr_run --detach "${@:2}" localhost/box:1 "$1" /bin/busybox sh -c \
        'trap "exit 0" TERM; echo up; while :; do busybox sleep 0.1; done' >/dev/null
}

in_box() { # NAME APPLET [ARG...]: among a container's mounts (ctr task exec may lose output, and is slow)
    nsenter --target "$(ctr task ls | awk -v name="$1" '$1 == name { print $2 }')" --mount --pid /bin/busybox "${@:2}"
}

kill_box() { # NAME
    ctr task kill --signal SIGKILL "$1"
    ctr task rm --force "$1" >/dev/null
    ctr container rm "$1"
}

kubelet() { # one that mounts a pod's volume
    # Its program's name is the kubelet's, whatever it is a copy of.
    install -D "$(realpath /bin/sh)" /usr/local/lib/kubelet
    program kubelet <<'END'
#!/usr/local/lib/kubelet
volume=/var/lib/kubelet/pods/6f1c3a2e-0a4e-4a3b-9d51-1f6e1f0f2a11/volumes/kubernetes.io~projected/token
mkdir -p $volume && mount -t tmpfs token $volume
trap 'umount -l $volume; exit 0' TERM
systemd-notify --ready
while :; do sleep 0.2; done
END
    # mixed: its umount must not get the signal, too.
    printf '%s\n' '[Service]' Type=notify NotifyAccess=all KillMode=mixed ExecStart=/usr/local/bin/kubelet \
        '[Install]' WantedBy=multi-user.target >/etc/systemd/system/kubelet.service
    mkdir -p /var/log/pods/shop_web-0_6f1c3a2e-0a4e-4a3b-9d51-1f6e1f0f2a11
    systemctl daemon-reload
}

runtime() { # SERVICE...: kubens.service, and these inside; containerd among them, with an image to run
    service
    systemctl --quiet enable --now kubens
    kubensctl wrap "$@" >/dev/null 2>&1
    systemctl restart "$@"
    image
    ctr image import /run/image.tar >/dev/null
}

kubernetes() { # all of that, with a kubelet that has a pod's volume, and three containers
    kubelet
    runtime containerd kubelet
    for box in one two three; do run_box $box; done
}

finds() { # NAME...: check has these findings, in this order, and no others
    local status=0 names
    kubensctl check --json >/run/check.json || status=$?
    names=$(sed 's/{"name":"/\n&/g' /run/check.json | sed -n 's/^{"name":"\([^"]*\).*/\1/p' | xargs)
    is "what check finds" "$names" "$*"
    is "its status" "$status" "$(($# > 0))"
}

advises() { # NAME WORDS: the cure of that finding says so; the case does it
    has "the cure of $1" "$(sed 's/{"name":"/\n&/g' /run/check.json | sed -n "s/^{\"name\":\"$1\".*\"cure\":\"\([^\"]*\)\".*/\1/p")" "$2"
}

cure() { # NAME COMMAND: it says so word for word, and it is done
    advises "$1" "$2"
    eval "$2"
}
