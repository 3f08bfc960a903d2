#!/bin/bash
# A socket-activated daemon gets its listening socket, and LISTEN_PID is its own.
. "$(dirname "$0")/../case.sh"

pin
program daemon <<'END'
#!/usr/bin/perl
use IO::Socket::UNIX;
my $listener = IO::Socket::UNIX->new_from_fd(3, "r+") or die $!;
my $client = $listener->accept or die $!;
my $whose = $ENV{LISTEN_PID} == $$ ? "mine" : "of $ENV{LISTEN_PID}";
print $client "$ENV{LISTEN_FDS} $ENV{LISTEN_FDNAMES} $whose in ", readlink "/proc/$$/ns/mnt";
END
cat >/run/systemd/system/demo.socket <<'END'
[Socket]
ListenStream=/run/demo.sock
FileDescriptorName=front
END
unit demo <<'END'
Type=exec
ExecStart=/usr/bin/kubensenter daemon
END
systemctl start demo.socket
is "the unit before the first connection" "$(systemctl show -P SubState demo)" dead

answer=$(perl -MIO::Socket::UNIX -e 'print readline(IO::Socket::UNIX->new(Peer => shift))' \
    /run/demo.sock)
is "the daemon's answer" "$answer" "1 front mine in $(pinned)"
