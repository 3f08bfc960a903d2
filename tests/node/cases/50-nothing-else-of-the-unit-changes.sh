#!/bin/bash
# What else a unit sets reaches the command as if kubensenter were not there: only the mount
# namespace is another.
. "$(dirname "$0")/../case.sh"

pin
program dump <<'END'
#!/usr/bin/perl
# Everything of this process that a unit's settings shape; what differs from start to start, not.
# One process, without children: a shell's signal mask depends on whom it waits for.
sub of_self { open my $file, "<", "/proc/self/$_[0]" or die "$_[0]: $!"; readline $file }
my @status = qw(Umask Uid Gid Groups Sig(Pnd|Blk|Ign|Cgt) ShdPnd Cap... NoNewPrivs Seccomp Cpus_allowed);
my $status = join "|", @status;
my @stat = split " ", join("", of_self "stat") =~ s/.*\) //r;
print readlink "/proc/self/ns/mnt", "\n";
print map { s/\0/\n/gr } grep { !/^(INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_EXEC_PID)=/ }
    map { /[^\0]*\0/g } of_self "environ";
print map { of_self $_ } qw(cgroup limits oom_score_adj timerslack_ns personality);
print grep { /^($status):/ } of_self "status";
print "leads its group, its session: ", $stat[2] == $$, ", ", $stat[3] == $$, "; nice $stat[16]\n";
print "open: @{[map { s/.*\///r } sort glob '/proc/self/fd/*']}\n";
print map { "<$_>" } of_self "cmdline";
END
settings() {
    printf '%s\n' UMask=0027 LimitNOFILE=333:444 LimitCORE=0 Nice=5 OOMScoreAdjust=123 CPUAffinity=0 \
        IgnoreSIGPIPE="$1" TimerSlackNSec=7ms User=daemon SupplementaryGroups='mail audio' \
        AmbientCapabilities='CAP_SYS_ADMIN CAP_SYS_CHROOT CAP_NET_RAW' Slice=demo.slice \
        CapabilityBoundingSet='CAP_SYS_ADMIN CAP_SYS_CHROOT CAP_NET_RAW CAP_KILL' \
        'Environment=B=1 A=2 EMPTY= "SPACED=a b"' \
        "ExecStart=$2/usr/local/bin/dump '' 'two words' \\xff"
}

for ignore in yes no; do
    settings $ignore '' | unit demo
    systemctl start demo
    { pinned && output demo | tail -n +2; } >/run/direct
    settings $ignore '/usr/bin/kubensenter ' | unit demo
    systemctl start demo
    [[ $(wc -l </run/direct) -gt 45 ]] || fail "the dump is too short"
    diff --text /run/direct /run/demo.out || fail "with IgnoreSIGPIPE=$ignore this differs"
done
