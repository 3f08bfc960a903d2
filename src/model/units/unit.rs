//! A service unit as systemd sees it: the unit file and its drop-ins, in the order in which they count.

use std::path::PathBuf;

use super::name::UnitName;
use super::text::{self, Fault, Parsed};

/// A file that a unit is made of.
#[derive(Debug)]
pub struct Source {
    /// Where it is, as systemd would say it.
    pub path: PathBuf,
    /// What it says.
    pub parsed: Parsed,
}

impl Source {
    /// Reads a file's text.
    pub fn new(path: impl Into<PathBuf>, text: &[u8]) -> Self {
        Source { path: path.into(), parsed: text::parse(text) }
    }
}

/// A unit that has a unit file.
#[derive(Debug)]
pub struct Unit {
    /// Its own name, not an alias.
    pub name: UnitName,
    /// The unit file, then the drop-ins in systemd's order.
    pub sources: Vec<Source>,
}

/// One value that a unit has, and where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The value.
    pub value: &'a str,
    /// The file.
    pub source: &'a Source,
    /// The line in that file.
    pub line: usize,
}

impl Unit {
    /// Every assignment of a setting of `[Service]`, the empty ones too.
    pub fn assignments<'a>(&'a self, key: &'a str) -> impl Iterator<Item = Setting<'a>> {
        self.sources.iter().flat_map(move |source| {
            let fitting = move |a: &&text::Assignment| &*a.section == "Service" && a.key == key;
            let setting = move |a: &'a text::Assignment| Setting { value: &a.value, source, line: a.line };
            source.parsed.assignments.iter().filter(fitting).map(setting)
        })
    }

    /// The values of a setting of `[Service]` that is a list: an empty assignment starts it anew.
    pub fn list<'a>(&'a self, key: &'a str) -> Vec<Setting<'a>> {
        let mut list = Vec::new();
        for setting in self.assignments(key) {
            if setting.value.is_empty() {
                list.clear();
            } else {
                list.push(setting);
            }
        }
        list
    }

    /// The value of a setting of `[Service]` of which the last assignment counts; empty is unset.
    pub fn last<'a>(&'a self, key: &'a str) -> Option<Setting<'a>> {
        self.assignments(key).last().filter(|setting| !setting.value.is_empty())
    }

    /// Whether a switch is on. What systemd does not read as a boolean it ignores.
    pub fn is_on(&self, key: &str) -> bool {
        self.assignments(key).filter_map(|setting| boolean(setting.value)).last().unwrap_or(false)
    }

    /// The first file that systemd does not read to its end.
    pub fn fault(&self) -> Option<(&Source, Fault)> {
        self.sources.iter().find_map(|source| Some((source, source.parsed.fault?)))
    }
}

/// systemd's booleans (systemd.syntax(7)); empty is none for the settings asked for here.
pub fn boolean(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "t" | "on" => Some(true),
        "" | "0" | "no" | "n" | "false" | "f" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(texts: &[&str]) -> Unit {
        let source = |(index, text): (usize, &&str)| Source::new(format!("/{index}"), text.as_bytes());
        Unit { name: UnitName::new("a").unwrap(), sources: texts.iter().enumerate().map(source).collect() }
    }

    fn lines(unit: &Unit) -> Vec<&str> {
        unit.list("ExecStart").iter().map(|setting| setting.value).collect()
    }

    #[test]
    fn a_list_grows_over_the_files_until_an_empty_assignment() {
        let unit = unit(&["[Service]\nExecStart=/a\nExecStart=/b", "[Service]\nExecStart=/c"]);
        assert_eq!(lines(&unit), ["/a", "/b", "/c"]);
        let unit = super::tests::unit(&[
            "[Service]\nExecStart=/a\n",
            "[Service]\nExecStart=\nExecStart=/b\n",
            "[Install]\nExecStart=/c\n[Service]\nExecStart=/d\n",
        ]);
        assert_eq!(lines(&unit), ["/b", "/d"]);
        assert_eq!(unit.list("ExecStart")[1].source.path, PathBuf::from("/2"));
    }

    #[test]
    fn the_last_assignment_counts_and_an_empty_one_is_none() {
        let named = unit(&["[Service]\nUser=a\nUser=b"]);
        assert_eq!(named.last("User").unwrap().value, "b");
        assert!(unit(&["[Service]\nUser=a", "[Service]\nUser="]).last("User").is_none());
    }

    #[test]
    fn reads_switches_as_systemd_does() {
        assert!(unit(&["[Service]\nPrivateTmp=Yes\nPrivateTmp=perhaps"]).is_on("PrivateTmp"));
        assert!(!unit(&["[Service]\nPrivateTmp=1", "[Service]\nPrivateTmp=off"]).is_on("PrivateTmp"));
    }
}
