//! Where the work is done: this machine or an image, its units, and its systemd where one runs.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::failed;
use super::step::Step;
use crate::log::info;
use crate::model::text::Shown;
use crate::model::text::reason;
use crate::model::units::command::WRAPPER;
use crate::model::units::dropin::DIRECTORY;
use crate::model::units::name::UnitName;
use crate::sys::files::{self, Change};
use crate::sys::lock::Lock;
use crate::sys::systemd;
use crate::sys::tree::{Content, Tree};
use crate::sys::units::Library;

pub(super) struct Site {
    pub(super) tree: Tree,
    root: Option<PathBuf>,
    /// Whether a systemd is to be told.
    running: bool,
}

impl Site {
    pub(super) fn open(root: Option<&Path>) -> anyhow::Result<Self> {
        let root = root.filter(|root| *root != Path::new("/"));
        let tree = Tree::new(root).map_err(|error| {
            let root = Shown::of(root.unwrap_or(Path::new("/")));
            failed(format!("cannot open {root}: {} (--root names a directory)", reason(&error)))
        })?;
        let running = !tree.is_image() && systemd::is_running();
        Ok(Site { tree, root: root.map(ToOwned::to_owned), running })
    }

    pub(super) fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    pub(super) fn is_running(&self) -> bool {
        self.running
    }

    /// Keeps others out until it is dropped; who only looks does not.
    pub(super) fn lock(&self, looks_only: bool) -> anyhow::Result<Option<Lock>> {
        if looks_only {
            return Ok(None);
        }
        files::lock(&self.tree, Path::new(DIRECTORY)).map_err(|denied| failed(format!("cannot {denied}")))
    }

    pub(super) fn library(&self) -> anyhow::Result<Library<'_>> {
        let searched = self.running.then(systemd::search_path).flatten();
        Library::open(&self.tree, searched).context("cannot look for units")
    }

    /// What a file holds; `None`: it is not there.
    pub(super) fn text(&self, path: &Path) -> Result<Option<Vec<u8>>, String> {
        match self.tree.read(path) {
            Ok(None) => Ok(None),
            Ok(Some(Content::Text(text))) => Ok(Some(text)),
            Ok(Some(Content::Masked)) => Ok(Some(Vec::new())),
            Err(error) => Err(format!("cannot read {}: {}", self.shown(path), reason(&error))),
        }
    }

    /// A path as the user would type it.
    pub(super) fn shown(&self, path: &Path) -> String {
        Shown::of(&self.tree.outside(path)).to_string()
    }

    /// Without the wrapper no wrapped service starts. An image may still get it.
    pub(super) fn require_wrapper(&self) -> anyhow::Result<()> {
        if self.tree.is_program(Path::new(WRAPPER)) {
            return Ok(());
        }
        let message =
            format!("{} is not there, and what is wrapped starts with it", self.shown(Path::new(WRAPPER)));
        if self.tree.is_image() {
            info!("{message}: install it before the image boots");
            return Ok(());
        }
        Err(failed(format!("{message} (install it first); nothing was changed")))
    }

    /// Does the steps, and has systemd read its units again where that is due; returns whether it did.
    pub(super) fn apply(&self, steps: &[Step]) -> anyhow::Result<bool> {
        let changes: Vec<Change> = steps.iter().filter_map(Step::change).collect();
        files::apply(&self.tree, &changes).map_err(|error| {
            let cure = match error.kind() {
                std::io::ErrorKind::PermissionDenied => " (try sudo)",
                _ => "",
            };
            failed(format!("cannot {}{cure}; nothing was changed", reason(&error)))
        })?;
        let due = self.running && !changes.is_empty();
        if due {
            systemd::daemon_reload().map_err(|error| {
                let why = reason(&error);
                failed(format!(
                    "the drop-ins are changed, but systemd does not know yet: {why} (systemctl daemon-reload)"
                ))
            })?;
        }
        Ok(due)
    }

    /// Of the units that were changed those that run, and so still are where they were.
    pub(super) fn stale<'a>(&self, steps: &'a [Step]) -> Vec<&'a UnitName> {
        let changed = steps.iter().filter(|step| step.change().is_some()).map(|step| &step.unit);
        let mut units: Vec<_> = changed.filter(|unit| self.running && systemd::is_active(unit)).collect();
        units.dedup();
        units
    }

    /// What is left to do for somebody who has done the steps.
    pub(super) fn next(&self, steps: &[Step]) -> Vec<String> {
        let mut next = Vec::new();
        let kubens = UnitName::kubens();
        if self.running && steps.iter().any(Step::writes) && !systemd::is_active(&kubens) {
            next.push(format!("{kubens} does not run, and until it does all runs on the host: systemctl enable --now {kubens}"));
        }
        let stale = self.stale(steps);
        if !stale.is_empty() {
            next.push(format!("drain this node and reboot it, or: systemctl restart {}", joined(&stale)));
        }
        next
    }
}

pub(super) fn joined(units: &[&UnitName]) -> String {
    units.iter().map(|unit| unit.as_str()).collect::<Vec<_>>().join(" ")
}
