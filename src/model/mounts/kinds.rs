//! What a file system's type says of it.

use crate::model::mounts::table::Device;

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

/// Whether it keeps what is written to it: on a device, or with whoever answers for it.
pub fn is_stored(kind: &[u8], device: Device) -> bool {
    // Those have several devices, and a number of their own.
    const SEVERAL: [&[u8]; 4] = [b"btrfs", b"zfs", b"bcachefs", b"ubifs"];
    device.major != 0 || SEVERAL.contains(&kind) || (is_remote(kind) && kind != b"autofs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_keep_what_is_written() {
        let (none, disk) = (Device { major: 0, minor: 40 }, Device { major: 8, minor: 1 });
        assert!(is_stored(b"ext4", disk) && is_stored(b"btrfs", none) && is_stored(b"nfs", none));
        assert!(!is_stored(b"tmpfs", none) && !is_stored(b"overlay", none) && !is_stored(b"autofs", none));
    }

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
