//! What the generator leaves: drop-ins where systemd told it to write them, and its messages.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

use super::stderr;
use crate::model::text::{Shown, reason};
use crate::model::units::name::UnitName;
use crate::model::units::switch::dropin::{self, DropIn};

/// Writes a unit's drop-in, and returns its path.
///
/// # Errors
/// It cannot be written, and then is not there.
pub fn put(late: &Path, unit: &UnitName, drop_in: &DropIn) -> io::Result<PathBuf> {
    let directory = late.join(format!("{unit}.d"));
    let path = directory.join(&drop_in.file);
    let made = match DirBuilder::new().mode(0o755).create(&directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => write(&path, &drop_in.text),
    };
    match made {
        Ok(()) => Ok(path),
        Err(error) => {
            // Half a drop-in would be a reset without a command.
            remove(std::slice::from_ref(&path));
            Err(io::Error::new(error.kind(), format!("write {}: {}", Shown::of(&path), reason(&error))))
        }
    }
}

/// Takes them back.
pub fn remove(written: &[PathBuf]) {
    for path in written {
        // What led here is reported; systemd makes the directory anew the next time.
        let _ = fs::remove_file(path);
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC).bits();
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o644).custom_flags(flags).open(path)?;
    file.write_all(text.as_bytes())
}

/// What is there of it: each drop-in's path and text.
pub fn all(late: &Path) -> Vec<(PathBuf, String)> {
    let entries = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let files = entries(late).flat_map(|directory| entries(&directory).collect::<Vec<_>>());
    let texts = files.filter_map(|path| Some((fs::read_to_string(&path).ok()?, path)));
    let ours = texts.filter(|(text, _)| dropin::is_ours(text.as_bytes()));
    ours.map(|(text, path)| (path, text)).collect()
}

/// Where the generator's messages go: standard error, and the kernel's log, for no journal runs that early.
pub struct Messages {
    log: Option<File>,
}

impl Messages {
    /// Opens the kernel's log if it is asked for and there.
    pub fn open(kernel: bool) -> Self {
        let flags = (OFlag::O_NOCTTY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC).bits();
        let open = || OpenOptions::new().write(true).custom_flags(flags).open("/dev/kmsg").ok();
        Messages { log: kernel.then(open).flatten() }
    }

    /// One line.
    pub fn say(&self, message: &str) {
        let line = format!("kubens-generator: {message}\n");
        stderr::write(line.as_bytes());
        if let Some(mut log) = self.log.as_ref() {
            // There is nobody else to tell.
            let _ = log.write_all(format!("<4>{line}").as_bytes());
        }
    }
}
