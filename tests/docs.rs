//! The pages that are no man pages: what they point to is there, in the sources and on a node.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

fn pages(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(pages(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found
}

/// The relative targets of `[text](target)`.
fn links(page: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(page).unwrap();
    let targets = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
    let here = page.parent().unwrap();
    let local = targets.filter(|target| !target.contains("://") && !target.starts_with('#'));
    local.map(|target| here.join(target.split('#').next().unwrap())).collect()
}

#[test]
fn the_links_of_installed_pages_lead_to_installed_files() {
    let root = tempfile("installed");
    let made = std::process::Command::new("make")
        .args(["--silent", "place-docs", "DOCDIR=/doc"])
        .arg(format!("DESTDIR={}", root.display()))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let pages = pages(&root);
    assert!(pages.len() > 5, "{pages:?}");
    for page in &pages {
        for target in links(page) {
            assert!(target.exists(), "{} leads to {}", page.display(), target.display());
        }
    }
    fs::remove_dir_all(root).unwrap();
}

fn tempfile(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    fs::create_dir_all(&path).unwrap();
    path
}

/// Every file that says which version this is says the same.
#[test]
fn the_version_is_one_and_the_same() {
    let read = |file: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let first = read("packaging/deb/changelog").lines().next().unwrap().to_owned();
    assert!(first.starts_with(&format!("kubensenter ({version}-")), "{first}");
    let spec = read("packaging/rpm/kubensenter.spec");
    assert!(spec.contains(&format!("\nVersion:    {version}\n")), "the spec has another version");
    let latest = spec.split("%changelog\n").nth(1).unwrap().lines().next().unwrap();
    assert!(latest.contains(&format!(" - {version}-")), "{latest}");
    let changes = read("CHANGELOG.md");
    let latest = changes.lines().find_map(|line| line.strip_prefix("## ")).unwrap();
    assert_eq!(latest.split(',').next(), Some(version), "CHANGELOG.md");
}
