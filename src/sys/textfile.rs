//! Writes a file that others read at any time: they find all of the old text or all of the new.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Puts this text in place of whatever is at `path`, readable for everyone.
///
/// # Errors
/// The directory is not there, full, or not to be written to; what was at `path` stays.
pub fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    // A reader of the directory, as a node exporter is, passes over a name that does not end as it expects.
    let mut part = OsString::from(".");
    part.push(name);
    part.push(format!(".{}", std::process::id()));
    let part = path.with_file_name(part);
    let written = write(&part, text).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // The error that came first is the one to tell.
        let _ = fs::remove_file(&part);
    }
    written
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o644).open(path)?;
    // Whatever the caller's umask is.
    file.set_permissions(Permissions::from_mode(0o644))?;
    file.write_all(text)?;
    file.sync_all()
}
