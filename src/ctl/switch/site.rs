//! Where the work is done: this machine or an image, its units, and its systemd where one runs.

use std::io;
use std::path::{Path, PathBuf};

use super::{Subject, failed};
use crate::model::text::{Shown, reason};
use crate::model::units::legacy;
use crate::model::units::name::UnitName;
use crate::sys::files::{self, Failure};
use crate::sys::lock::Lock;
use crate::sys::switch::{self, Ground, LATE, Switch};
use crate::sys::systemd;
use crate::sys::tree::{Content, Tree};
use crate::sys::units::Library;

const CONFIGURATION: &str = "/etc/systemd";
const UNITS: &str = "/etc/systemd/system";

pub(super) struct Site {
    tree: Tree,
    /// Whether a systemd is to be told.
    running: bool,
    searched: Option<Vec<PathBuf>>,
}

impl Site {
    pub(super) fn open(root: Option<&Path>) -> anyhow::Result<Self> {
        let root = root.filter(|root| *root != Path::new("/"));
        let tree = Tree::new(root).map_err(|error| {
            let root = Shown::of(root.unwrap_or(Path::new("/")));
            failed(format!("cannot open {root}: {} (--root names a directory)", reason(&error)))
        })?;
        let running = !tree.is_image() && systemd::is_running();
        let searched = running.then(systemd::search_path).flatten();
        Ok(Site { tree, running, searched })
    }

    pub(super) fn is_running(&self) -> bool {
        self.running
    }

    /// Keeps others out until it is dropped; who only looks does not, nor does anybody where nobody can write.
    pub(super) fn lock(&self, looks_only: bool) -> anyhow::Result<Option<Lock>> {
        if looks_only {
            return Ok(None);
        }
        match files::lock(&self.tree, Path::new(CONFIGURATION)) {
            Ok(lock) => Ok(Some(lock)),
            Err(denied) if denied.error.kind() == io::ErrorKind::ReadOnlyFilesystem => Ok(None),
            Err(denied) => {
                let cure =
                    if denied.error.kind() == io::ErrorKind::PermissionDenied { " (try sudo)" } else { "" };
                Err(failed(format!("cannot {denied}{cure}; nothing was changed")))
            }
        }
    }

    /// What a file of ours holds; `None`: it is not there.
    pub(super) fn text(&self, path: &Path) -> anyhow::Result<Option<String>> {
        let cannot =
            |why: &str| failed(format!("cannot read {}: {why}; nothing was changed", self.shown(path)));
        match self.tree.read(path) {
            Ok(None) => Ok(None),
            Ok(Some(Content::Text(text))) => {
                String::from_utf8(text).map(Some).map_err(|_| cannot("it is not UTF-8"))
            }
            Ok(Some(Content::Masked)) => Ok(Some(String::new())),
            Ok(Some(Content::Strange)) => Err(cannot("it is no plain file")),
            Err(error) => Err(cannot(&reason(&error))),
        }
    }

    /// A path as the user would type it.
    pub(super) fn shown(&self, path: &Path) -> String {
        Shown::of(&self.tree.outside(path)).to_string()
    }

    /// A unit's own name. An image may get the unit later.
    pub(super) fn own_name(&self, name: &UnitName) -> anyhow::Result<UnitName> {
        let library = Library::open(&self.tree, self.searched.clone()).map_err(|error| cannot(&error))?;
        match library.own_name(name) {
            Some(own) => Ok(own),
            None if self.tree.is_image() => Ok(name.clone()),
            None => Err(failed(format!(
                "there is no {name} (Units= in /etc/systemd/kubens.conf may name one that comes later); nothing was changed"
            ))),
        }
    }

    /// What is decided, with a configuration file changed and these drop-ins gone.
    pub(super) fn decide(
        &self,
        instead: Option<(&Path, Option<&str>)>,
        without: &[PathBuf],
    ) -> anyhow::Result<Switch> {
        let ground = Ground { tree: &self.tree, late: Path::new(LATE), instead, without };
        switch::decide(&ground).map_err(|error| cannot(&error))
    }

    /// Drop-ins from before there was a generator, of the units in question, that are as they were written.
    pub(super) fn legacy(&self, subject: &Subject) -> anyhow::Result<Vec<PathBuf>> {
        let listed = self.tree.list(Path::new(UNITS)).map_err(|error| cannot(&error))?;
        let mut found = Vec::new();
        for directory in listed.iter().filter_map(|listed| listed.name.to_str()?.strip_suffix(".d")) {
            let asked = match subject {
                Subject::Kubernetes => true,
                Subject::These(names) => names.iter().any(|name| name.as_str() == directory),
            };
            let directory = Path::new(UNITS).join(format!("{directory}.d"));
            let paths = legacy::NAMES.iter().map(|name| directory.join(name));
            let intact = |path: &PathBuf| matches!(self.tree.read(path), Ok(Some(Content::Text(text))) if legacy::is_intact(&text));
            found.extend(paths.filter(|path| asked && intact(path)));
        }
        Ok(found)
    }

    pub(super) fn apply(
        &self,
        file: &Path,
        (old, new): (Option<&str>, Option<&str>),
        legacy: &[PathBuf],
    ) -> anyhow::Result<()> {
        // A run that was killed may have left the directory without the file.
        if old != new || new.is_none() {
            self.replace(file, new, cannot)?;
        }
        for path in legacy {
            self.replace(path, None, |error| {
                failed(format!("cannot {} (remove it by hand)", reason(error)))
            })?;
        }
        Ok(())
    }

    fn replace(
        &self,
        path: &Path,
        text: Option<&str>,
        unchanged: impl Fn(&io::Error) -> anyhow::Error,
    ) -> anyhow::Result<()> {
        files::replace(&self.tree, path, text).map_err(|failure| match failure {
            Failure::Unchanged(error) => unchanged(&error),
            Failure::Unsettled(error) => failed(format!(
                "cannot {}; the change is made, and a power cut may undo it (sync, then try again)",
                reason(&error)
            )),
        })
    }

    /// Has systemd, if one runs, read its units again; returns whether it has.
    pub(super) fn reload(&self) -> anyhow::Result<bool> {
        if !self.running {
            return Ok(false);
        }
        systemd::daemon_reload().map(|()| true).map_err(|error| {
            let why = reason(&error);
            failed(format!(
                "the configuration is changed, but systemd does not know yet: {why} (systemctl daemon-reload)"
            ))
        })
    }
}

fn cannot(error: &io::Error) -> anyhow::Error {
    let cure = match error.kind() {
        io::ErrorKind::PermissionDenied => " (try sudo)",
        _ => "",
    };
    failed(format!("cannot {}{cure}; nothing was changed", reason(error)))
}
