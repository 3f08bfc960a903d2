#!/bin/bash
# LoadCredential=: the credential is where $CREDENTIALS_DIRECTORY says, inside too.
. "$(dirname "$0")/../case.sh"

pin
echo secret >/run/token
unit demo <<'END'
LoadCredential=token:/run/token
ExecStart=/usr/bin/kubensenter sh -c 'readlink /proc/self/ns/mnt; cat "$$CREDENTIALS_DIRECTORY/token"'
END
systemctl start demo

is "namespace and credential" "$(output demo)" "$(pinned)"$'\nsecret'
