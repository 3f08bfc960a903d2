//! Reads the names of pods and containers that the kubelet and the runtimes leave on the node. What is not there, not
//! readable, or not root's, names nobody.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use super::files::foreign;
use crate::model::mounts::owner::{self, Runtime};
use crate::model::mounts::pods::Pods;

/// Where CRI-O keeps a container's configuration while it runs.
const CRIO: &str = "/run/containers/storage/overlay-containers";

/// The names of those that the kubelet logs, and of these containers, each given by its ID, whose it is, and a place
/// where something of it is mounted.
pub fn names<'a>(containers: impl Iterator<Item = (&'a [u8], Runtime, &'a [u8])>) -> Pods {
    let mut pods = Pods::default();
    for name in entries("/var/log/pods") {
        pods.log_directory(&name);
    }
    for name in entries("/var/log/containers") {
        pods.log_link(&name);
    }
    let mut crio = false;
    let mut asked = HashSet::new();
    for (id, runtime, target) in containers {
        if !asked.insert(id) {
            continue;
        }
        match runtime {
            Runtime::Containerd => {
                let spec = owner::containerd_spec(target, id);
                if let Some(Ok(text)) = spec.map(|spec| foreign::read(Path::new(OsStr::from_bytes(&spec)))) {
                    pods.spec(runtime, id, &text);
                }
            }
            // Of a mounted layer, it says the container's ID in there alone.
            Runtime::Crio if !crio => {
                crio = true;
                read_crio(&mut pods);
            }
            Runtime::Crio | Runtime::Other => {}
        }
    }
    pods
}

fn read_crio(pods: &mut Pods) {
    for id in entries(CRIO) {
        let file = Path::new(CRIO).join(OsStr::from_bytes(&id)).join("userdata/config.json");
        if let Ok(text) = foreign::read(&file) {
            pods.spec(Runtime::Crio, &id, &text);
        }
    }
}

fn entries(directory: &str) -> impl Iterator<Item = Vec<u8>> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries.filter_map(Result::ok).map(|entry| entry.file_name().into_vec())
}
