//! What a file system's type says of it.

/// Whether somebody else answers for it, over a network or as a process of this machine: whoever touches such a file
/// system waits for them, perhaps for ever.
pub fn is_remote(kind: &[u8]) -> bool {
    const KINDS: &[&[u8]] = &[
        b"9p",
        b"afs",
        b"autofs",
        b"beegfs",
        b"ceph",
        b"cifs",
        b"coda",
        b"davfs",
        b"fuse",
        b"fuseblk",
        b"gfs",
        b"gfs2",
        b"glusterfs",
        b"gpfs",
        b"lustre",
        b"ncp",
        b"ncpfs",
        b"nfs",
        b"nfs4",
        b"ocfs2",
        b"orangefs",
        b"pvfs2",
        b"smb3",
        b"smbfs",
        b"sshfs",
        b"virtiofs",
    ];
    KINDS.contains(&kind) || kind.starts_with(b"fuse.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_answers_for_some() {
        for kind in ["nfs4", "fuse.s3fs", "cifs", "ceph"] {
            assert!(is_remote(kind.as_bytes()), "{kind}");
        }
        for kind in ["ext4", "tmpfs", "overlay", "nsfs", "fusectl"] {
            assert!(!is_remote(kind.as_bytes()), "{kind}");
        }
    }
}
