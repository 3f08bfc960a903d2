//! What kubens.conf(5) says: which units are to run inside. Read from all its files, the least important first.

use std::path::{Path, PathBuf};

use super::exec::Exec;
use super::name::UnitName;
use super::pattern;
use super::text;
use super::unit::boolean;
use crate::model::text::Shown;

/// The directories that hold it, the one that counts most first.
pub const PLACES: &str = "/etc/systemd /run/systemd /usr/local/lib/systemd /usr/lib/systemd";
/// The main file's name in them; fragments are in a directory of that name with `.d` behind it.
pub const FILE: &str = "kubens.conf";
/// The file of `kubensctl enable`.
pub const OF_ENABLE: &str = "/etc/systemd/kubens.conf.d/50-enable.conf";
/// The file of `kubensctl wrap`.
pub const OF_WRAP: &str = "/etc/systemd/kubens.conf.d/50-wrap.conf";

/// All of it.
#[derive(Debug, Default)]
pub struct Config {
    /// Whether what belongs to Kubernetes runs inside, and the file that says so.
    kubernetes: Option<(bool, usize)>,
    units: Vec<(String, usize)>,
    except: Vec<(String, usize)>,
    files: Vec<(PathBuf, Vec<Exec>)>,
    /// What is not understood, and so ignored; a line each.
    pub complaints: Vec<String>,
}

/// What is wanted of a unit.
#[derive(Debug, PartialEq, Eq)]
pub struct Wish<'a> {
    /// It goes inside with the rest of Kubernetes or not at all.
    pub with_kubernetes: bool,
    /// The files that say so.
    pub files: Vec<&'a Path>,
    /// The settings to wrap, `ExecStart=` among them.
    pub execs: Vec<Exec>,
}

impl Config {
    /// Reads one more file, which counts more than those before it.
    pub fn read(&mut self, path: &Path, text: &[u8]) {
        let index = self.files.len();
        self.files.push((path.to_owned(), Vec::new()));
        let parsed = text::parse(text);
        for set in &parsed.assignments {
            if let Err(what) = self.take(index, set) {
                self.complain(path, set.line, &what);
            }
        }
        if let Some(fault) = parsed.fault {
            self.complain(path, fault.line, &format!("{}; nothing below it counts", fault.what));
        }
    }

    fn complain(&mut self, path: &Path, line: usize, what: &str) {
        self.complaints.push(format!("{}:{line}: {what}", Shown::of(&path)));
    }

    fn take(&mut self, index: usize, set: &text::Assignment) -> Result<(), String> {
        let unknown = |what: &str, word: &str| format!("{} is no {what}, ignored", Shown(word.as_bytes()));
        if &*set.section != "Inside" {
            return Err(unknown("section that is known here", &set.section));
        }
        let list = match set.key.as_str() {
            "Kubernetes" => {
                let on = boolean(&set.value).ok_or_else(|| unknown("boolean", &set.value))?;
                self.kubernetes = Some((on, index));
                return Ok(());
            }
            "Exec" => {
                let execs = &mut self.files[index].1;
                if set.value.is_empty() {
                    execs.clear();
                }
                for word in set.value.split_ascii_whitespace() {
                    execs.push(Exec::named(word).ok_or_else(|| unknown("setting with commands", word))?);
                }
                return Ok(());
            }
            "Units" => &mut self.units,
            "Except" => &mut self.except,
            _ => return Err(unknown("setting that is known here", &set.key)),
        };
        if set.value.is_empty() {
            list.clear();
        }
        for word in set.value.split_ascii_whitespace() {
            // What a pattern leaves open could stand in a name.
            let name = UnitName::new(&word.replace(['*', '?'], "x"));
            let typed = if word.ends_with(".service") { word.to_owned() } else { format!("{word}.service") };
            match name {
                Ok(_) => list.push((typed, index)),
                Err(_) => return Err(unknown("name of a service", word)),
            }
        }
        Ok(())
    }

    /// Whether it asks for anything at all.
    pub fn is_empty(&self) -> bool {
        !self.wants_kubernetes() && self.units.is_empty()
    }

    /// Whether what belongs to Kubernetes is to run inside.
    pub fn wants_kubernetes(&self) -> bool {
        self.kubernetes.is_some_and(|(on, _)| on)
    }

    /// The units that are named one by one.
    pub fn named(&self) -> impl Iterator<Item = UnitName> {
        let exact = |name: &&(String, usize)| !name.0.contains(['*', '?']);
        self.units.iter().filter(exact).filter_map(|(name, _)| UnitName::new(name).ok())
    }

    /// What all of `Units=` says.
    pub fn entries(&self) -> Vec<String> {
        self.units.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The settings of a file's `Exec=`.
    pub fn execs(&self, path: &Path) -> &[Exec] {
        self.files.iter().find(|(file, _)| file == path).map_or(&[], |(_, execs)| execs)
    }

    /// What is wanted of a unit, by any of its names.
    pub fn wish(&self, names: &[UnitName], is_kubernetes: bool) -> Option<Wish<'_>> {
        let fits = |(pattern, _): &&(String, usize)| {
            names.iter().any(|name| pattern::matches(pattern.as_bytes(), name.as_str().as_bytes()))
        };
        if self.except.iter().any(|entry| fits(&entry)) {
            return None;
        }
        let by_name = self.units.iter().filter(fits).map(|(_, file)| *file);
        let of_kubernetes = self.kubernetes.filter(|(on, _)| *on && is_kubernetes).map(|(_, file)| file);
        let mut indices: Vec<_> = by_name.chain(of_kubernetes).collect();
        indices.sort_unstable();
        indices.dedup();
        if indices.is_empty() {
            return None;
        }
        let files: Vec<_> = indices.iter().map(|&index| &self.files[index]).collect();
        let mut execs: Vec<_> = files.iter().flat_map(|(_, execs)| execs).copied().collect();
        execs.push(Exec::Start);
        execs.sort_unstable();
        execs.dedup();
        let files = files.into_iter().map(|(path, _)| path.as_path()).collect();
        Some(Wish { with_kubernetes: of_kubernetes.is_some(), files, execs })
    }
}

/// The text of `enable`'s file.
pub fn of_enable() -> String {
    "# Written by kubensctl enable, removed by kubensctl disable; see kubens.conf(5).\n[Inside]\nKubernetes=yes\n"
        .to_owned()
}

/// The text of `wrap`'s file; `None`: there is to be none.
pub fn of_wrap(mut units: Vec<String>, mut execs: Vec<Exec>) -> Option<String> {
    units.sort_unstable();
    units.dedup();
    execs.sort_unstable();
    execs.dedup();
    if units.is_empty() {
        return None;
    }
    let mut text =
        "# Written by kubensctl wrap and unwrap, anew each time; see kubens.conf(5).\n[Inside]\n".to_owned();
    for unit in units {
        text.extend(["Units=", &unit, "\n"]);
    }
    for exec in execs {
        text.extend(["Exec=", exec.key(), "\n"]);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(texts: &[&str]) -> Config {
        let mut config = Config::default();
        for (index, text) in texts.iter().enumerate() {
            config.read(Path::new(&format!("/{index}")), format!("[Inside]\n{text}").as_bytes());
        }
        config
    }

    /// Whether it goes with Kubernetes, the files, the settings.
    fn wish(texts: &[&str], unit: &str, is_kubernetes: bool) -> Option<(bool, String, String)> {
        let config = config(texts);
        assert_eq!(config.complaints, [""; 0]);
        let wish = config.wish(&[UnitName::new(unit).unwrap()], is_kubernetes)?;
        let files: Vec<_> = wish.files.iter().map(|file| file.to_str().unwrap()).collect();
        let execs: Vec<_> = wish.execs.iter().map(|exec| exec.key()).collect();
        Some((wish.with_kubernetes, files.join(" "), execs.join(" ")))
    }

    type Found = Option<(bool, String, String)>;

    fn found(with_kubernetes: bool, files: &str, execs: &str) -> Found {
        let all = (with_kubernetes, files.to_owned(), execs.to_owned());
        Found::from(all)
    }

    #[test]
    fn kubernetes_is_on_where_the_last_file_says_so() {
        assert_eq!(wish(&["Kubernetes=yes"], "kubelet", true), found(true, "/0", "ExecStart"));
        assert_eq!(wish(&["Kubernetes=yes"], "sshd", false), None);
        assert_eq!(wish(&["Kubernetes=yes", "Kubernetes=no"], "kubelet", true), None);
        assert_eq!(wish(&[], "kubelet", true), None);
    }

    #[test]
    fn units_are_named_or_described_and_lists_grow_over_the_files() {
        let texts = &["Units=a b.service", "Units=c-*.service\nExec=ExecStop ExecStartPre"];
        assert_eq!(wish(texts, "a", false), found(false, "/0", "ExecStart"));
        assert_eq!(wish(texts, "c-x", true), found(false, "/1", "ExecStartPre ExecStart ExecStop"));
        assert_eq!(wish(texts, "c", false), None);
        assert_eq!(wish(&["Units=a", "Units=\nUnits=b"], "a", false), None);
        let both = &["Units=kubelet\nExec=ExecReload", "Kubernetes=1"];
        assert_eq!(wish(both, "kubelet", true), found(true, "/0 /1", "ExecStart ExecReload"));
    }

    #[test]
    fn whether_anything_is_asked_for_and_by_which_names() {
        for (text, is_empty) in [
            ("", true),
            ("Kubernetes=no", true),
            ("Except=a", true),
            ("Kubernetes=yes", false),
            ("Units=a", false),
        ] {
            assert_eq!(config(&[text]).is_empty(), is_empty, "{text}");
        }
        let named: Vec<_> =
            config(&["Units=a b* c?.service d@x"]).named().map(|name| name.to_string()).collect();
        assert_eq!(named, ["a.service", "d@x.service"]);
    }

    #[test]
    fn what_is_excepted_stays_out_whoever_asked_for_it() {
        assert_eq!(wish(&["Kubernetes=yes\nUnits=docker\nExcept=d*"], "docker", true), None);
        assert!(wish(&["Kubernetes=yes\nExcept=docker", "Except="], "docker", true).is_some());
    }

    #[test]
    fn what_is_not_understood_is_said_and_the_rest_counts() {
        let said = config(&[
            "Kubernetes=perhaps\nUnits=docker.socket a b/c\nExec=ExecFoo\nUnit=x\n[Other]\nKubernetes=yes\n[x",
        ])
        .complaints;
        assert_eq!(
            said,
            [
                "/0:2: perhaps is no boolean, ignored",
                "/0:3: docker.socket is no name of a service, ignored",
                "/0:4: ExecFoo is no setting with commands, ignored",
                "/0:5: Unit is no setting that is known here, ignored",
                "/0:7: Other is no section that is known here, ignored",
                "/0:8: a section's header without its end; nothing below it counts",
            ]
        );
        assert!(config(&["Kubernetes=perhaps"]).is_empty());
    }

    #[test]
    fn what_the_verbs_write_is_read_again() {
        let mut config = Config::default();
        config.read(Path::new(OF_ENABLE), of_enable().as_bytes());
        let names = ["b.service", "a@.service", "b.service"].map(str::to_owned).to_vec();
        config.read(Path::new(OF_WRAP), of_wrap(names, vec![Exec::Stop]).unwrap().as_bytes());
        assert_eq!(config.complaints, [""; 0]);
        assert!(config.wants_kubernetes());
        assert_eq!(config.entries(), ["a@.service", "b.service"]);
        assert_eq!(config.execs(Path::new(OF_WRAP)), [Exec::Stop]);
        assert_eq!(of_wrap(Vec::new(), Vec::new()), None);
    }
}
