//! What a support case wants to know of the machine, beside what the verbs find.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::systemd;

/// So much of a file, and no more.
const FILE: u64 = 64 * 1024;

/// The time, in seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The text of a file; nothing where it cannot be read.
pub fn text(path: &str) -> Option<Vec<u8>> {
    read(Path::new(path)).ok()
}

/// The unit files, drop-ins and configuration files that are about the namespace, with their texts.
pub fn configuration() -> Vec<(PathBuf, Vec<u8>)> {
    let usual = || ["/etc", "/run", "/usr/lib"].map(|top| Path::new(top).join("systemd/system")).to_vec();
    let units = systemd::search_path().unwrap_or_else(usual);
    let mut paths = Vec::new();
    for directory in &units {
        for entry in entries(directory) {
            if entry.extension().is_some_and(|extension| extension == "d") {
                paths.extend(entries(&entry).into_iter().filter(|path| names_it(path)));
            } else if names_it(&entry) {
                paths.push(entry);
            }
        }
    }
    for top in ["/etc", "/run", "/usr/local/lib", "/usr/lib"].map(|top| Path::new(top).join("systemd")) {
        paths.push(top.join("kubens.conf"));
        paths.extend(entries(&top.join("kubens.conf.d")));
    }
    paths.into_iter().filter_map(|path| read(&path).ok().map(|text| (path, text))).collect()
}

fn names_it(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_bytes().windows(6).any(|part| part == b"kubens"))
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    // Nothing that would be waited for.
    if !fs::metadata(path)?.is_file() && !path.starts_with("/proc") {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut text = Vec::new();
    File::open(path)?.take(FILE).read_to_end(&mut text)?;
    Ok(text)
}

/// Writes a file that is not there yet, for its owner alone.
///
/// # Errors
/// It is there, or cannot be written.
pub fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text)?;
    file.sync_all()
}
