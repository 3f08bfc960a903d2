//! What a run left on the host.

use std::collections::BTreeSet;
use std::fs;
use std::os::linux::fs::MetadataExt;
use std::process::Command;

/// Where the pin is, and what is beside it.
pub const DIR: &str = "/run/kubens";
pub const POINT: &str = "/run/kubens/mnt";
const ENV: &str = "/run/kubens/env";

/// The namespace that `kubensenter` would join.
pub fn enterable() -> Option<u64> {
    let file = fs::symlink_metadata(POINT).ok()?;
    let nsfs = fs::metadata("/proc/self/ns/mnt").unwrap();
    (file.st_dev() == nsfs.st_dev()).then(|| file.st_ino())
}

/// The namespace that is pinned, if it is pinned as it has to be.
pub fn complete() -> Result<u64, String> {
    let namespace = enterable().ok_or("nothing can be entered")?;
    let host = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let cover = only(&host, DIR)?;
    let (mount, file_system) = cover.split_once(" - ").unwrap();
    let options: Vec<_> = mount.split(' ').skip(5).collect();
    if options.len() != 1 || ["nosuid", "nodev", "noexec"].iter().any(|option| !options[0].contains(option)) {
        return Err(format!("the directory is mounted {cover}"));
    }
    if !file_system.starts_with("tmpfs kubens ro") {
        return Err(format!("the directory's file system is {file_system}"));
    }
    let pin = only(&host, POINT)?;
    if !pin.contains(" - nsfs ") || pin.contains("shared:") {
        return Err(format!("the pin is {pin}"));
    }
    let env = fs::read_to_string(ENV).map_err(|error| error.to_string())?;
    let mode = fs::metadata(ENV).unwrap().st_mode() & 0o7777;
    if env != format!("KUBENSMNT={POINT}\n") || mode != 0o644 {
        return Err(format!("the env file is {env:?}, {mode:o}"));
    }
    let inside =
        Command::new("nsenter").args(["--mount=/run/kubens/mnt", "cat", "/proc/self/mountinfo"]).output();
    let inside = String::from_utf8(inside.unwrap().stdout).unwrap();
    for mount in inside.lines().filter(|line| !line.contains("nsfs")) {
        let (tags, kind) = mount.split_once(" - ").unwrap();
        let target = mount.split(' ').nth(4).unwrap();
        // What is private on the host does not arrive, and is shared inside all the same.
        let received = only(&host, target).is_ok_and(|there| there.contains(" shared:"));
        if !tags.contains(" shared:") || received && !tags.contains(" master:") {
            return Err(format!("inside, {target} is {tags} - {kind}"));
        }
    }
    Ok(namespace)
}

/// The line of the one mount at this path.
fn only<'a>(mounts: &'a str, path: &str) -> Result<&'a str, String> {
    let here: Vec<_> = mounts.lines().filter(|line| line.split(' ').nth(4) == Some(path)).collect();
    if let [mount] = here.as_slice() { Ok(mount) } else { Err(format!("on {path} there are {here:#?}")) }
}

/// All that a pin could change on the host: mounts, without the numbers that are never the same, and files.
pub fn state() -> BTreeSet<String> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let mounts =
        mounts.lines().filter(|line| !line.contains("/run/netns")).enumerate().map(|(index, line)| {
            let words = line.split(' ').skip(3).map(|word| word.split_once(':').map_or(word, |(tag, _)| tag));
            format!("{index} {}", words.collect::<Vec<_>>().join(" "))
        });
    let mut files = BTreeSet::new();
    list("/run", &mut files);
    mounts.chain(files).collect()
}

fn list(directory: &str, files: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        let path = path.to_str().unwrap();
        files.insert(format!("{path} {:o}", metadata.st_mode()));
        if metadata.is_dir() && path != "/run/netns" {
            list(path, files);
        }
    }
}

/// All processes but this one.
pub fn processes() -> BTreeSet<i32> {
    let entries = fs::read_dir("/proc").unwrap();
    entries.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok()).collect()
}
