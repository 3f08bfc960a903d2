//! Asks and tells systemd. `systemctl`, and `journalctl` for a report, are the only programs that kubensctl ever
//! starts.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::log::debug;
use crate::model::text::Shown;
use crate::model::units::command;
use crate::model::units::name::UnitName;

/// By its path: whoever may run this program as root has no say in which systemctl that is.
const SYSTEMCTL: &str = "/usr/bin/systemctl";
const JOURNALCTL: &str = "/usr/bin/journalctl";

/// What systemctl did.
struct Answer {
    done: bool,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// Whether systemd is this machine's init (sd_booted(3)).
pub fn is_running() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

/// The directories in which the manager looks for units; `None` where it does not say.
pub fn search_path() -> Option<Vec<PathBuf>> {
    let answer =
        systemctl(None, &["show", "--property=UnitPath", "--value"]).ok().filter(|answer| answer.done)?;
    let words = answer.stdout.split(u8::is_ascii_whitespace).filter(|word| word.starts_with(b"/"));
    let path: Vec<_> = words.map(|word| PathBuf::from(OsStr::from_bytes(word))).collect();
    (!path.is_empty()).then_some(path)
}

/// Whether the whole machine is being shut down, rebooted or restarted in place, as the manager says.
///
/// # Errors
/// It does not say.
pub fn is_going_down() -> io::Result<bool> {
    let words = ["is-system-running"];
    let answer = systemctl(None, &words)?;
    // It says the state whatever its own status is.
    if answer.stdout.is_empty() { Err(answer.failure(&words)) } else { Ok(answer.stdout == b"stopping\n") }
}

/// What systemctl says of its version.
pub fn version() -> Option<Vec<u8>> {
    systemctl(None, &["--version"]).ok().filter(|answer| answer.done).map(|answer| answer.stdout)
}

/// The last lines of a unit's journal; `None` where there is no journal, or it is not to be read.
pub fn journal(unit: &str, lines: &str) -> Option<Vec<u8>> {
    let words = ["--unit", unit, "--lines", lines, "--output", "short-iso", "--quiet", "--no-pager"];
    answer(Command::new(JOURNALCTL).args(words)).ok().filter(|answer| answer.done).map(|answer| answer.stdout)
}

/// What the manager knows of a service.
pub struct Loaded {
    /// Whether each of its commands enters the namespace.
    pub enters: bool,
    /// Its main process, while it runs.
    pub main_pid: Option<i32>,
}

/// Asks about services, by their own names. Those that the manager does not know are not among them.
///
/// # Errors
/// systemctl's words.
pub fn loaded(units: &[&UnitName]) -> io::Result<HashMap<String, Loaded>> {
    if units.is_empty() {
        return Ok(HashMap::new());
    }
    let mut words = vec!["show", "--property=Id,LoadState,MainPID,ExecStart"];
    words.extend(units.iter().map(|unit| unit.as_str()));
    let answer = systemctl(None, &words)?;
    if !answer.done {
        return Err(answer.failure(&words));
    }
    let text = String::from_utf8_lossy(&answer.stdout);
    Ok(text.split("\n\n").filter_map(one_loaded).collect())
}

fn one_loaded(block: &str) -> Option<(String, Loaded)> {
    let all =
        |name: &'static str| block.lines().filter_map(move |line| line.strip_prefix(name)?.strip_prefix('='));
    let mut paths = all("ExecStart").filter_map(|line| line.strip_prefix("{ path=")?.split(" ;").next());
    let enters = paths.all(|path| command::is_entering(path.as_bytes()));
    let main_pid = all("MainPID").next().and_then(|pid| pid.parse().ok()).filter(|pid| *pid > 0);
    let is_loaded = all("LoadState").next() == Some("loaded");
    is_loaded.then_some((all("Id").next()?.to_owned(), Loaded { enters, main_pid }))
}

/// Whether a unit, which is there, starts with the machine.
///
/// # Errors
/// systemctl does not say.
pub fn is_enabled(root: Option<&Path>, unit: &UnitName) -> io::Result<bool> {
    let words = ["is-enabled", unit.as_str()];
    let answer = systemctl(root, &words)?;
    // It says the state whatever its own status is.
    if answer.stdout.is_empty() {
        Err(answer.failure(&words))
    } else {
        Ok(answer.stdout.starts_with(b"enabled\n"))
    }
}

/// What the manager says of the units that these names and patterns fit, as `systemctl show` prints it.
///
/// # Errors
/// It does not say: there is no systemctl here, or no manager to reach.
pub fn show(properties: &str, names: &[String]) -> io::Result<Vec<u8>> {
    let property = format!("--property={properties}");
    let words: Vec<_> =
        ["show", &property, "--"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let answer = systemctl(None, &words)?;
    if answer.done { Ok(answer.stdout) } else { Err(answer.failure(&["show"])) }
}

/// What a unit of ours said last in the journal, where that may be read.
pub fn last_words(unit: &str) -> Option<String> {
    let words = ["status", "--no-pager", "--full", "--lines=20", "--output=cat", "--", unit];
    // Its own status is that of the unit.
    let answer = systemctl(None, &words).ok()?;
    let text = String::from_utf8_lossy(&answer.stdout);
    let said = text.lines().rev().find_map(|line| line.trim().strip_prefix("kubensctl: "));
    said.map(|said| Shown(said.as_bytes()).to_string())
}

/// Has the manager read its unit files again.
///
/// # Errors
/// systemctl's words, and so below.
pub fn daemon_reload() -> io::Result<()> {
    tell(None, &["daemon-reload"])
}

/// Starts a unit now.
pub fn start(unit: &UnitName) -> io::Result<()> {
    tell(None, &["start", unit.as_str()])
}

/// Stops a unit now.
pub fn stop(unit: &UnitName) -> io::Result<()> {
    tell(None, &["stop", unit.as_str()])
}

/// Restarts a unit now.
pub fn restart(unit: &UnitName) -> io::Result<()> {
    tell(None, &["restart", unit.as_str()])
}

fn tell(root: Option<&Path>, words: &[&str]) -> io::Result<()> {
    let answer = systemctl(root, words)?;
    if answer.done { Ok(()) } else { Err(answer.failure(words)) }
}

impl Answer {
    fn failure(&self, words: &[&str]) -> io::Error {
        let said = String::from_utf8_lossy(&self.stderr);
        let said: Vec<_> = said.split_whitespace().collect();
        let why = if said.is_empty() { "it failed without a word".to_owned() } else { said.join(" ") };
        io::Error::other(format!("systemctl {}: {}", words.join(" "), Shown::of(&why)))
    }
}

fn systemctl(root: Option<&Path>, words: &[&str]) -> io::Result<Answer> {
    let mut command = Command::new(SYSTEMCTL);
    if let Some(root) = root {
        command.arg("--root").arg(root);
    }
    let answer = answer(command.args(words));
    let answer = answer.map_err(|error| io::Error::new(error.kind(), format!("run systemctl: {error}")))?;
    debug!("systemctl {}: {}", words.join(" "), if answer.done { "done" } else { "failed" });
    Ok(answer)
}

fn answer(command: &mut Command) -> io::Result<Answer> {
    command.stdin(Stdio::null()).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let output = command.output()?;
    Ok(Answer { done: output.status.success(), stdout: output.stdout, stderr: output.stderr })
}
