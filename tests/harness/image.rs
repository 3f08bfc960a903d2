//! A tree of files in the place of a machine's: the units and the configuration of an image.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// An image, removed when it is dropped.
pub struct Image {
    pub root: PathBuf,
}

/// What a tree holds, path by path: a file's text, or where a link points to.
pub type Tree = BTreeMap<String, String>;

impl Image {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("kubensenter-image.{}.{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let image = Image { root: std::env::temp_dir().join(name) };
        fs::create_dir(&image.root).unwrap();
        image
    }

    /// One with the program in it and this unit.
    pub fn with(unit: &str, settings: &str) -> Self {
        let image = Image::new();
        image.write("usr/bin/kubensenter", "#!/bin/sh\n");
        fs::set_permissions(image.path("usr/bin/kubensenter"), fs::Permissions::from_mode(0o755)).unwrap();
        image.write(&format!("usr/lib/systemd/system/{unit}"), format!("[Service]\n{settings}\n"));
        image
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    pub fn tree(&self) -> Tree {
        tree(&self.root)
    }

    /// The tree without its directories: an empty one says nothing to systemd.
    pub fn files(&self) -> Tree {
        self.tree().into_iter().filter(|(path, _)| !path.ends_with('/')).collect()
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.root).unwrap();
    }
}

pub fn tree(root: &Path) -> Tree {
    fn walk(root: &Path, directory: &Path, found: &mut Tree) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if path.is_symlink() {
                found.insert(name, format!("-> {}", fs::read_link(&path).unwrap().display()));
            } else if path.is_dir() {
                found.insert(name + "/", String::new());
                walk(root, &path, found);
            } else {
                found.insert(name, String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned());
            }
        }
    }
    let mut found = Tree::new();
    if root.exists() {
        walk(root, root, &mut found);
    }
    found
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, target) = entry.map(|entry| (entry.path(), to.join(entry.file_name()))).unwrap();
        if path.is_symlink() {
            symlink(fs::read_link(&path).unwrap(), target).unwrap();
        } else if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, target).unwrap();
        }
    }
}
