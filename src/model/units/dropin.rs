//! Our drop-ins: what they are called, what stands in them, and how they are known again. A header line says how
//! one was made and carries a checksum, so that an edited one is told from ours, and ours is never taken for
//! the administrator's.

pub mod plan;

use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::model::text::Shown;
use crate::model::units::name::UnitName;

/// The way in which a service gets into the namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// kubensenter stands before its commands.
    Wrapper,
    /// It joins by itself the namespace that `KUBENSMNT` names.
    Environment,
}

impl Kind {
    /// Both.
    pub const ALL: [Kind; 2] = [Kind::Wrapper, Kind::Environment];

    /// The drop-in's name.
    pub fn file_name(self) -> &'static str {
        match self {
            Kind::Wrapper => "99-kubens-wrapper.conf",
            Kind::Environment => "00-kubensmnt-env.conf",
        }
    }

    /// One word for it, as the header and `--json` have it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Wrapper => "wrapper",
            Kind::Environment => "env",
        }
    }

    /// Where the drop-in of a unit lies.
    pub fn path(self, unit: &UnitName) -> PathBuf {
        Path::new(DIRECTORY).join(format!("{unit}.d")).join(self.file_name())
    }
}

/// Where the administrator's units and drop-ins are.
pub const DIRECTORY: &str = "/etc/systemd/system";

/// A setting of `[Service]` that holds commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exec {
    /// `ExecCondition=`
    Condition,
    /// `ExecStartPre=`
    StartPre,
    /// `ExecStart=`
    Start,
    /// `ExecStartPost=`
    StartPost,
    /// `ExecReload=`
    Reload,
    /// `ExecStop=`
    Stop,
    /// `ExecStopPost=`
    StopPost,
}

impl Exec {
    /// All of them, in the order in which systemd runs them.
    pub const ALL: [Exec; 7] = [
        Exec::Condition,
        Exec::StartPre,
        Exec::Start,
        Exec::StartPost,
        Exec::Reload,
        Exec::Stop,
        Exec::StopPost,
    ];

    /// systemd's name for it.
    pub fn key(self) -> &'static str {
        match self {
            Exec::Condition => "ExecCondition",
            Exec::StartPre => "ExecStartPre",
            Exec::Start => "ExecStart",
            Exec::StartPost => "ExecStartPost",
            Exec::Reload => "ExecReload",
            Exec::Stop => "ExecStop",
            Exec::StopPost => "ExecStopPost",
        }
    }
}

/// Who had a drop-in written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// `kubensctl wrap`
    Wrap,
    /// `kubensctl enable`, which found kubens.service like this.
    Enable {
        /// It was enabled before.
        was_enabled: bool,
    },
}

/// How a drop-in was made, as its header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// What it is.
    pub kind: Kind,
    /// The settings that it wraps.
    pub execs: Vec<Exec>,
    /// By which verb.
    pub by: Author,
    /// Whether it is still what was written.
    pub intact: bool,
}

const MARK: &str = "# kubensctl: ";
const NO_SUM: &str = "sum=0000000000000000";

/// The whole text of a drop-in: the header, then the settings. `from` are the files that it was made of.
pub fn text(kind: Kind, execs: &[Exec], by: Author, from: &[&Path], settings: &str) -> String {
    let mut text = String::from(
        "# Written by kubensctl wrap, taken back by kubensctl unwrap. Once edited it is yours, and both leave it alone.\n",
    );
    for path in from {
        text.extend(["# Made from ", &Shown(path.as_os_str().as_bytes()).to_string(), "\n"]);
    }
    let execs: Vec<_> = execs.iter().map(|exec| exec.key()).collect();
    let by = match by {
        Author::Wrap => "wrap",
        Author::Enable { was_enabled: false } => "enable",
        Author::Enable { was_enabled: true } => "enable-was-enabled",
    };
    let (kind, execs) = (kind.word(), execs.join(","));
    // Writing to a String does not fail.
    let _ = write!(text, "{MARK}kind={kind} exec={execs} by={by} {NO_SUM}\n{settings}");
    let sum = checksum(text.as_bytes());
    text.replacen(NO_SUM, &format!("sum={sum:016x}"), 1)
}

/// Reads a header again. `None`: it is not ours.
pub fn made(text: &[u8]) -> Option<Made> {
    let mut lines = text.split(|&byte| byte == b'\n').take_while(|line| line.starts_with(b"#"));
    let mark = str::from_utf8(lines.find_map(|line| line.strip_prefix(MARK.as_bytes()))?).ok()?;
    let field = |name| mark.split(' ').find_map(|word| word.strip_prefix(name));
    let kind = Kind::ALL.into_iter().find(|kind| field("kind=") == Some(kind.word()))?;
    let named = |word: &str| Exec::ALL.into_iter().find(|exec| exec.key() == word);
    let by = match field("by=")? {
        "wrap" => Author::Wrap,
        "enable" => Author::Enable { was_enabled: false },
        "enable-was-enabled" => Author::Enable { was_enabled: true },
        _ => return None,
    };
    let written = format!("sum={}", field("sum=")?);
    let blank = str::from_utf8(text).ok().map(|text| text.replacen(&written, NO_SUM, 1));
    let intact = blank.is_some_and(|text| written == format!("sum={:016x}", checksum(text.as_bytes())));
    Some(Made { kind, execs: field("exec=")?.split(',').filter_map(named).collect(), by, intact })
}

/// FNV-1a, 64 bits: it notices an edit, and need not withstand an enemy.
fn checksum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> String {
        let by = Author::Enable { was_enabled: true };
        text(
            Kind::Wrapper,
            &[Exec::Start, Exec::Reload],
            by,
            &[Path::new("/usr/a.service")],
            "[Service]\nA=1\n",
        )
    }

    #[test]
    fn a_header_says_how_the_drop_in_was_made() {
        let expected = Made {
            kind: Kind::Wrapper,
            execs: vec![Exec::Start, Exec::Reload],
            by: Author::Enable { was_enabled: true },
            intact: true,
        };
        assert_eq!(made(written().as_bytes()), Some(expected));
        assert!(written().contains("# Made from /usr/a.service\n"));
    }

    #[test]
    fn every_edit_is_noticed() {
        let text = written();
        for (at, _) in text.char_indices() {
            let mut edited = text.clone();
            edited.insert(at, '~');
            assert!(made(edited.as_bytes()).is_none_or(|made| !made.intact), "{edited}");
        }
        assert!(!made((text.clone() + "#\n").as_bytes()).unwrap().intact);
        assert!(!made(&[text.as_bytes(), b"\xff"].concat()).unwrap().intact);
    }

    #[test]
    fn what_has_no_header_is_not_ours() {
        assert_eq!(made(b"[Service]\n# kubensctl: kind=wrapper exec= by=wrap sum=0\n"), None);
        assert_eq!(made(b""), None);
    }
}
