#!/bin/bash
# A machine that boots for the first time from an image with the package enables none of its units, where systemd
# enables every unit that no preset names; what was enabled in the image stays so.
# reboots
. "$(dirname "$0")/../case.sh"

units=(kubens.service kubens-metrics.timer)
first_boot() {
    echo uninitialized >/etc/machine-id
    next_boot
}
case $(boots) in
    0)
        dpkg --install /opt/node/packages/1.deb >/dev/null 2>&1
        # One that no preset names, to see that this was a first boot.
        printf '%s\n' '[Service]' Type=oneshot ExecStart=true '[Install]' WantedBy=multi-user.target \
            >/usr/lib/systemd/system/unnamed.service
        first_boot
        ;;
    1)
        is "the unit that no preset names" "$(systemctl is-enabled unnamed)" enabled
        for unit in "${units[@]}"; do
            is "$unit" "$(systemctl is-enabled "$unit" || true) $(systemctl is-active "$unit" || true)" "disabled inactive"
        done
        systemctl --quiet enable "${units[@]}"
        first_boot
        ;;
    *)
        for unit in "${units[@]}"; do is "$unit" "$(systemctl is-enabled "$unit")" enabled; done
        # The timer finds no node exporter's directory, which is no failure.
        systemctl start kubens-metrics
        is "the failed units" "$(systemctl --failed --no-legend)" ""
        ;;
esac
