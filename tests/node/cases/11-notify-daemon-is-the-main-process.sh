#!/bin/bash
# A Type=notify daemon gets its readiness through, and the unit's main process is itself.
. "$(dirname "$0")/../case.sh"

pin
# It says so without a helper: with NotifyAccess=main PID 1 believes the main process only.
program daemon <<'END'
#!/usr/bin/perl
use IO::Socket::UNIX;
my $pid1 = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => $ENV{NOTIFY_SOCKET}) or die $!;
$pid1->send("READY=1\nSTATUS=$$ in " . readlink "/proc/$$/ns/mnt");
sleep;
END
unit demo <<'END'
Type=notify
NotifyAccess=main
TimeoutStartSec=10
ExecStart=/usr/bin/kubensenter daemon
END
systemctl start demo

is "the unit's state" "$(systemctl show -P SubState demo)" running
main=$(systemctl show -P MainPID demo)
is "what the daemon told PID 1" "$(systemctl show -P StatusText demo)" "$main in $(pinned)"
is "the unit's processes" "$(cat /sys/fs/cgroup/system.slice/demo.service/cgroup.procs)" "$main"
