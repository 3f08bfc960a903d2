//! What a container's specification says (`config.json`, the OCI runtime specification).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::json;
use crate::model::mounts::owner::{self, Owner};

/// As much of it as is of use here.
#[derive(Deserialize)]
pub struct Spec {
    root: Option<Root>,
    annotations: Option<BTreeMap<String, String>>,
    linux: Option<Linux>,
    mounts: Option<Vec<Bind>>,
}

#[derive(Deserialize)]
struct Root {
    path: Option<String>,
}

#[derive(Deserialize)]
struct Linux {
    namespaces: Option<Vec<Joined>>,
}

#[derive(Deserialize)]
struct Joined {
    path: Option<String>,
}

#[derive(Deserialize)]
struct Bind {
    source: Option<String>,
    options: Option<Vec<String>>,
}

impl Spec {
    /// Reads one; `None`: it is none.
    pub fn read(text: &[u8]) -> Option<Self> {
        json::read(text)
    }

    /// The value of an annotation.
    pub fn annotation(&self, name: &str) -> Option<Vec<u8>> {
        self.annotations.as_ref()?.get(name).map(|value| value.clone().into_bytes())
    }

    /// CRI-O's layer, of which the root file system is `overlay/LAYER/merged`.
    pub fn layer(&self) -> Option<&[u8]> {
        let mut words = self.root.as_ref()?.path.as_ref()?.rsplit('/');
        (words.next() == Some("merged")).then(|| words.next().map(str::as_bytes))?
    }

    /// The names of the pinned namespaces that it is in: a sandbox's.
    pub fn pinned(&self) -> impl Iterator<Item = &[u8]> {
        let joined = self.linux.iter().flat_map(|linux| linux.namespaces.iter().flatten());
        joined.filter_map(|joined| match owner::owner(joined.path.as_ref()?.as_bytes())? {
            Owner::Pinned { name } => Some(name),
            Owner::Volume { .. }
            | Owner::Stage { .. }
            | Owner::Container { .. }
            | Owner::Layer { .. }
            | Owner::Named { .. }
            | Owner::Kubernetes => None,
        })
    }

    /// The directories on which mounts that it makes are seen outside: its volumes with Bidirectional.
    pub fn bidirectional(&self) -> impl Iterator<Item = &[u8]> {
        let goes_out = |bind: &&Bind| bind.options.iter().flatten().any(|option| option == "rshared");
        let binds = self.mounts.iter().flatten().filter(goes_out);
        binds.filter_map(|bind| bind.source.as_deref().map(str::as_bytes))
    }
}
