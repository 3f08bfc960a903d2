//! Decides what is written so that a service runs inside, or why nothing is.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::{Author, Exec, Kind, text};
use crate::model::pin;
use crate::model::text::Shown;
use crate::model::units::command::{self, Command};
use crate::model::units::sandbox;
use crate::model::units::text::ends_in_backslash;
use crate::model::units::unit::{Setting, Source, Unit};

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Order {
    /// How the service gets inside.
    pub kind: Kind,
    /// The settings to wrap, `ExecStart=` among them.
    pub execs: Vec<Exec>,
    /// By which verb.
    pub by: Author,
    /// The pin's directory.
    pub pin: PathBuf,
}

/// What is to be done with a unit.
#[derive(Debug, PartialEq, Eq)]
pub enum Plan {
    /// Write this.
    Write {
        /// The drop-in's text.
        text: String,
        /// The settings in it that replace the unit's.
        execs: Vec<Exec>,
        /// What does not come along, a sentence each.
        warnings: Vec<String>,
    },
    /// Nothing: it gets inside already, by this file.
    Inside(PathBuf),
}

/// Decides. `unit` is the unit without our drop-in of this kind.
///
/// # Errors
/// Why the service would not start inside, or cannot be wrapped.
pub fn plan(unit: &Unit, order: &Order) -> Result<Plan, String> {
    if let Some((source, fault)) = unit.fault() {
        let (path, line, what) = (Shown::of(&source.path), fault.line, fault.what);
        return Err(format!("systemd stops reading {path} at line {line}: {what}"));
    }
    if let Some(setting) = joins_by_itself(unit, &order.pin) {
        return Ok(Plan::Inside(setting.source.path.clone()));
    }
    match order.kind {
        Kind::Wrapper => wrapper(unit, order),
        Kind::Environment => environment(unit, order),
    }
}

/// The setting that tells a service where the pin is.
fn joins_by_itself<'a>(unit: &'a Unit, pin: &Path) -> Option<Setting<'a>> {
    let is_pin = |file: &str| {
        let file = Path::new(file.trim_start_matches('-'));
        [Path::new(pin::DEFAULT_DIR), pin].iter().any(|pin| file == pin.join("env"))
    };
    let named = |words: &str| words.split(['"', '\'', ' ', '\t']).any(|word| word.starts_with("KUBENSMNT="));
    let files = unit.list("EnvironmentFile").into_iter().filter(|setting| is_pin(setting.value));
    files.chain(unit.list("Environment").into_iter().filter(|setting| named(setting.value))).next()
}

fn environment(unit: &Unit, order: &Order) -> Result<Plan, String> {
    let mounting = sandbox::mounting(unit);
    if !mounting.is_empty() {
        let why = mounting.join(" ");
        return Err(format!("it would find no pin: {why} gives it a mount namespace in which there is none"));
    }
    if let Some((setting, ..)) =
        read(unit, &[Exec::Start])?.iter().find(|(.., c)| c.iter().any(Command::enters))
    {
        return Ok(Plan::Inside(setting.source.path.clone()));
    }
    let settings = format!("{AFTER}\n[Service]\nEnvironmentFile=-{}/env\n", escaped(&order.pin)?);
    let text = text(order.kind, &[], order.by, &[], &settings);
    Ok(Plan::Write { text, execs: Vec::new(), warnings: Vec::new() })
}

const AFTER: &str = "[Unit]\nAfter=kubens.service\n";

fn wrapper(unit: &Unit, order: &Order) -> Result<Plan, String> {
    let lines = read(unit, &order.execs)?;
    let start: Vec<_> = lines.iter().filter(|(_, exec, _)| *exec == Exec::Start).collect();
    let Some((first, _, start)) = start.first() else {
        return Err("it has no ExecStart=".to_owned());
    };
    let outside = |exec: Exec| {
        lines.iter().any(|(_, other, commands)| *other == exec && commands.iter().any(|c| !c.enters()))
    };
    let execs: Vec<_> = Exec::ALL.into_iter().filter(|exec| outside(*exec)).collect();
    if execs.is_empty() {
        return Ok(Plan::Inside(first.source.path.clone()));
    }
    let moved: Vec<_> = lines.iter().filter(|(_, exec, _)| execs.contains(exec)).collect();
    let commands = || moved.iter().flat_map(|(_, _, commands)| commands).filter(|c| !c.enters());
    if let Some(obstacle) = commands().find_map(|command| sandbox::obstacle(unit, command)) {
        return Err(format!("it could not start inside: {obstacle}"));
    }

    let mut settings = format!("{AFTER}\n[Service]\n");
    if order.pin != Path::new(pin::DEFAULT_DIR) {
        // Writing to a String does not fail, here and below.
        let _ = writeln!(settings, "Environment=\"DEFAULT_KUBENSMNT={}/mnt\"", escaped(&order.pin)?);
    }
    if unit.last("SyslogIdentifier").is_none()
        && let Some(name) = identifier(start)
    {
        let _ = writeln!(settings, "SyslogIdentifier={name}");
    }
    let mut from: Vec<&Path> = Vec::new();
    for exec in &execs {
        let _ = writeln!(settings, "{}=", exec.key());
        for (setting, _, commands) in moved.iter().filter(|(_, other, _)| other == exec) {
            settings += &line(exec.key(), &command::wrap(setting.value, commands));
            if !from.contains(&&*setting.source.path) {
                from.push(&setting.source.path);
            }
        }
    }
    // Those too that the unit does not have now: it may get them.
    let asked: Vec<_> = Exec::ALL.into_iter().filter(|exec| order.execs.contains(exec)).collect();
    let text = text(order.kind, &asked, order.by, &from, &settings);
    Ok(Plan::Write { text, execs, warnings: warnings(unit, commands()) })
}

/// The unit's commands, line by line.
fn read<'a>(unit: &'a Unit, execs: &[Exec]) -> Result<Vec<(Setting<'a>, Exec, Vec<Command>)>, String> {
    let mut lines = Vec::new();
    for exec in Exec::ALL.into_iter().filter(|exec| execs.contains(exec)) {
        for setting in unit.list(exec.key()) {
            let commands = command::commands(setting.value).map_err(|bad| {
                let (path, line) = (Shown::of(&setting.source.path), setting.line);
                format!("{}= at {path}:{line}: {bad}", exec.key())
            })?;
            lines.push((setting, exec, commands));
        }
    }
    Ok(lines)
}

/// A line of a unit file. A backslash at its very end would go on to the next line, so a blank follows it.
fn line(key: &str, value: &str) -> String {
    let line = format!("{key}={value}");
    let blank = if ends_in_backslash(line.as_bytes()) { " " } else { "" };
    format!("{line}{blank}\n")
}

/// The name under which the service logs without the wrapper.
fn identifier(commands: &[Command]) -> Option<&str> {
    let name = str::from_utf8(commands.first()?.name()).ok()?;
    (!name.is_empty() && name.trim() == name).then_some(name)
}

/// A directory as part of a setting's value.
fn escaped(directory: &Path) -> Result<String, String> {
    let text =
        directory.to_str().filter(|text| !text.contains(|c: char| c.is_control() || "\"'\\".contains(c)));
    match text.filter(|text| text.starts_with('/')) {
        Some(text) => Ok(text.replace('%', "%%")),
        None => Err(format!(
            "{} cannot be written into a unit (--dir takes an absolute path)",
            Shown::of(directory)
        )),
    }
}

fn warnings<'a>(unit: &Unit, commands: impl Iterator<Item = &'a Command> + Clone) -> Vec<String> {
    let mut warnings = Vec::new();
    let mounting = sandbox::mounting(unit);
    if !mounting.is_empty() && commands.clone().any(|command| !command.is_privileged()) {
        let settings = mounting.join(" ");
        warnings.push(format!(
            "its own mounts stay behind when it joins, so these lose their effect: {settings}"
        ));
    }
    if commands.clone().any(Command::is_for_a_shell) {
        warnings.push(
            "the shell that | asks for stays outside: of its line only the first command runs inside, and no builtin".to_owned(),
        );
    }
    let sets_path = unit.list("Environment").iter().any(|setting| setting.value.contains("PATH="))
        || unit.list("PassEnvironment").iter().any(|setting| setting.value.contains("PATH"))
        || !unit.list("EnvironmentFile").is_empty();
    for command in commands.filter(|command| sets_path && command.is_searched()) {
        let name = Shown(command.path());
        warnings.push(format!("{name} is searched in the service's own PATH, and no longer in systemd's"));
    }
    warnings
}

/// Whether our drop-in, among the unit's other files, comes to what it says.
///
/// # Errors
/// Which file undoes it.
pub fn holds(unit: &Unit, kind: Kind, ours: &Path, execs: &[Exec]) -> Result<(), String> {
    let overruled = |key: &str| {
        let list = unit.list(key);
        let other = list.iter().map(|setting| setting.source).find(|source| source.path != ours);
        let last = || unit.assignments(key).last().map(|setting| setting.source);
        let missing = !list.iter().any(|setting| setting.source.path == ours);
        let whose = match kind {
            Kind::Wrapper => other.or_else(|| missing.then(last).flatten()),
            Kind::Environment => missing.then(last).flatten(),
        };
        whose.map(|source| later(source, kind, key))
    };
    let keys: Vec<_> = match kind {
        Kind::Wrapper => execs.iter().map(|exec| exec.key()).collect(),
        Kind::Environment => vec!["EnvironmentFile"],
    };
    keys.into_iter().find_map(overruled).map_or(Ok(()), Err)
}

fn later(source: &Source, kind: Kind, key: &str) -> String {
    let (path, ours) = (Shown::of(&source.path), kind.file_name());
    format!("{path} comes after {ours} and sets {key}= again (give it a name that sorts before)")
}

#[cfg(test)]
mod tests;
