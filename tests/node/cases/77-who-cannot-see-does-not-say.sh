#!/bin/bash
# Nobody, root without a capability, a filter, a pod without the host's processes: none of them says that a split brain
# is in effect, nor that what is in effect is not.
# packages: containerd,runc,busybox-static
. "$(dirname "$0")/../case.sh"

kubernetes
for ((side = 0; side < 2; side++)); do
    for how in "setpriv --reuid=65534 --regid=65534 --clear-groups" \
        "setpriv --bounding-set=-sys_ptrace --inh-caps=-sys_ptrace" \
        "systemd-run --quiet --wait --pipe --property=CapabilityBoundingSet=" \
        "systemd-run --quiet --wait --pipe --property=DynamicUser=yes" \
        "systemd-run --quiet --wait --pipe --property=InaccessiblePaths=/proc"; do
        status=0
        $how kubensctl status >/run/status || status=$?
        is "the status by $how" "$status $(head -n 1 /run/status)" "4 $(head -n 1 /run/status)"
        has "the verdict by $how" "$(</run/status)" "unknown: this could not be seen: "
        has "the verdict by $how" "$(</run/status)" "Not seen:"
        metrics=$($how kubensctl metrics)
        lacks "the metrics by $how" "$metrics" kubens_in_effect
        lacks "the metrics by $how" "$metrics" kubens_split_brain
        # check may see a split brain that it has other means to know of; it never finds nothing.
        status=0
        $how kubensctl check >/run/check || status=$?
        [[ $status == [14] ]] || fail "check by $how: $status, $(</run/check)"
    done
    agent() { # OPTION...: a privileged container
        ctr_run --rm --privileged "$@" --mount type=bind,src=/usr/bin/kubensenter,dst=/kubensctl,options=rbind:ro \
            --mount type=bind,src=/run,dst=/run,options=rbind:ro localhost/box:1 agent$RANDOM /kubensctl status | head -n 1
    }
    has "the verdict in a pod" "$(agent)" "unknown: "
    if ((side == 0)); then
        is "the verdict in a pod with hostPID" "$(agent --with-ns pid:/proc/1/ns/pid)" "in effect"
        # setns(2) is forbidden: what the members see has to do, and does.
        is "the verdict behind a filter" "$(systemd-run --quiet --wait --pipe --property=SystemCallFilter=~setns \
            --property=SystemCallErrorNumber=EPERM kubensctl status | head -n 1)" "in effect"
        kubensctl unwrap kubelet >/dev/null
        systemctl restart kubelet
    else
        has "the verdict in a pod with hostPID" "$(agent --with-ns pid:/proc/1/ns/pid)" "degraded: kubelet.service is outside"
    fi
done
for box in one two three; do kill_box $box; done
