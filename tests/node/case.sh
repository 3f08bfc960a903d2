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

pinned() { stat --format='mnt:[%i]' "$PIN"; } # as readlink /proc/PID/ns/mnt has it
host() { readlink /proc/1/ns/mnt; }
inside() { nsenter --mount="$PIN" "$@"; }

# --- Units and programs. A unit's stdout is its output, its stderr goes to the journal.

program() { # NAME <TEXT: on the PATH of both sides
    cat >"/usr/local/bin/$1"
    chmod 755 "/usr/local/bin/$1"
}

unit() { # NAME <SETTINGS of [Service]; a oneshot unless they say otherwise
    {
        printf '%s\n' '[Service]' Type=oneshot StandardOutput=truncate:/run/%N.out \
            StandardError=journal
        cat
    } >"/run/systemd/system/$1.service"
    systemctl daemon-reload
}

service() { # kubens.service, as a package installs it: not enabled
    install -m 644 /opt/node/systemd/kubens.service /usr/lib/systemd/system/
    systemctl daemon-reload
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
