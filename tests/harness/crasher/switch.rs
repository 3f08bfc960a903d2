//! `enable`, `disable`, `wrap` and `unwrap` in an image, with a fault at each of their calls in turn: what the generator
//! reads is the file from before or the one from after, whole; the message says which; and the next call does the rest.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::ctl;
use super::fault::{Fault, MEMORY, run};
use nix::libc;

const IMAGE: &str = "/run/image";
const LOCK: &str = "/run/image/etc/systemd/.kubens.lock";
const UNITS: [&str; 2] = ["containerd", "kubelet"];

/// What lies below the image's /etc: each path, with its mode and its text.
type Files = BTreeMap<String, (u32, String)>;

/// Stops it at each call in turn, until it makes no more; gives the number of calls.
pub fn all(verb: &str, fault: Fault) -> Result<usize, String> {
    let (earlier, words): (&[&str], &[&str]) = match verb {
        "enable" => (&[], &["enable", "--root", IMAGE]),
        "disable" => (&["enable", "--root", IMAGE], &["disable", "--root", IMAGE]),
        "wrap" => (&["wrap", "--root", IMAGE, "containerd"], &["wrap", "--root", IMAGE, "kubelet"]),
        "unwrap" => {
            (&["wrap", "--root", IMAGE, "containerd", "kubelet"], &["unwrap", "--root", IMAGE, "kubelet"])
        }
        other => panic!("scene {other}"),
    };
    let before = begin(earlier)?;
    ctl(words)?;
    let after = files();
    if before == after {
        return Err("it changes nothing".to_owned());
    }
    for call in 1.. {
        begin(earlier)?;
        let end = run(words, call, fault, false)?;
        let at = |why: String| {
            format!("call {call} ({:?}), status {:?}: {why}\n{}", end.stopped, end.status, end.stderr)
        };
        // A lock that could not be taken may be another's, and one that cannot be removed is the next call's.
        let mut now = files();
        now.remove(LOCK);
        let done = read(&now) == read(&after);
        if !done && read(&now) != read(&before) {
            return Err(at(format!("half of it: {now:#?}")));
        }
        match (fault, end.stopped, end.status) {
            (Fault::Kill, Some(_), None) => {}
            (Fault::Error(_), Some(call), None) if MEMORY.contains(&call) => {}
            // What it cannot remove does no harm, and is the next call's.
            (_, stopped, Some(0)) if now == after || done && stopped.is_some() => {}
            (Fault::Error(_), Some(call), Some(1)) => {
                let unchanged = end.stderr.contains("nothing was changed");
                if end.stderr.lines().count() != 1 || !end.stderr.starts_with("kubensctl: ") {
                    return Err(at("it does not say why, on a line".to_owned()));
                }
                if unchanged && done {
                    return Err(at("that is not so".to_owned()));
                }
                // What cannot be removed is left to the next call.
                if !done && now != before && ![libc::SYS_unlink, libc::SYS_unlinkat].contains(&call) {
                    return Err(at(format!("it leaves something: {now:#?}")));
                }
            }
            _ => return Err(at("so it should not end".to_owned())),
        }
        ctl(words).map_err(at)?;
        if files() != after {
            return Err(at(format!("the next call leaves {:#?}", files())));
        }
        if end.stopped.is_none() {
            return Ok(call - 1);
        }
    }
    Ok(0)
}

/// An image with a runtime and a kubelet, in which this was done.
fn begin(earlier: &[&str]) -> Result<Files, String> {
    let _ = fs::remove_dir_all(IMAGE);
    let units = format!("{IMAGE}/usr/lib/systemd/system");
    fs::create_dir_all(&units).unwrap();
    fs::create_dir_all(format!("{IMAGE}/etc/systemd/system")).unwrap();
    for unit in UNITS {
        fs::write(format!("{units}/{unit}.service"), format!("[Service]\nExecStart=/bin/{unit}\n")).unwrap();
    }
    if !earlier.is_empty() {
        ctl(earlier)?;
    }
    Ok(files())
}

fn files() -> Files {
    let mut files = Files::new();
    add(Path::new(&format!("{IMAGE}/etc")), &mut files);
    files
}

fn add(directory: &Path, files: &mut Files) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let mode = fs::symlink_metadata(&path).unwrap().mode();
        if path.is_dir() {
            add(&path, files);
        }
        let text = fs::read_to_string(&path).unwrap_or_default();
        files.insert(path.to_str().unwrap().to_owned(), (mode, text));
    }
}

/// Of these, those that the generator reads.
fn read(files: &Files) -> Vec<(&String, &(u32, String))> {
    let read = |path: &str| {
        let name = Path::new(path).file_name().unwrap_or_default();
        name.as_encoded_bytes().ends_with(b".conf") && !name.as_encoded_bytes().starts_with(b".")
    };
    files.iter().filter(|(path, _)| read(path)).collect()
}
