//! Decides what becomes of each unit that is to run inside: the drop-in that is written for it, or why there is none.

pub mod dropin;

use std::path::{Path, PathBuf};

use super::command;
use super::command::Command;
use super::config::Wish;
use super::domains::Domains;
use super::entering::{self, Way};
use super::exec::Exec;
use super::name::UnitName;
use super::sandbox;
use super::unit::{Setting, Unit};
use crate::model::text::Shown;
use dropin::DropIn;

/// Where an older recipe's unit is switched on.
const OLDER: &str = "container-mount-namespace.service";

/// What becomes of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Its commands start inside.
    Wrapped,
    /// It gets inside by itself, by what this file says.
    Inside(PathBuf),
    /// It asks this daemon for a container, which is where the daemon is.
    ByDaemon(&'static str),
    /// There is no such unit, yet.
    Absent,
    /// It cannot run inside, for this reason.
    Refused(String),
    /// It could, and does not because of another one, or of the whole node.
    Held(String),
}

/// A unit that is to run inside.
#[derive(Debug)]
pub struct Planned {
    /// The unit.
    pub unit: UnitName,
    /// Its place in the order in which Kubernetes starts; none for what is no part of it.
    pub rank: Option<usize>,
    /// It goes inside with the rest of Kubernetes or not at all.
    pub with_kubernetes: bool,
    /// The files that ask for it.
    pub because: Vec<PathBuf>,
    /// What becomes of it.
    pub end: End,
    /// What is written.
    pub drop_in: Option<DropIn>,
    /// What does not come along, a sentence each.
    pub warnings: Vec<String>,
}

impl Planned {
    /// One that cannot be read, or is not there.
    pub fn unread(unit: &UnitName, with_kubernetes: bool, because: Vec<PathBuf>, end: End) -> Self {
        let (unit, drop_in, warnings) = (unit.clone(), None, Vec::new());
        Planned { unit, rank: None, with_kubernetes, because, end, drop_in, warnings }
    }

    /// Why it does not run inside, if it does not.
    pub fn outside_because(&self) -> Option<String> {
        match &self.end {
            End::Wrapped | End::Inside(_) => None,
            End::ByDaemon(daemon) => Some(format!("{daemon} starts its container, which is where that is")),
            End::Absent => Some("there is no such unit".to_owned()),
            End::Refused(why) | End::Held(why) => Some(why.clone()),
        }
    }
}

/// A unit's commands, line by line.
type Lines<'a> = Vec<(Setting<'a>, Exec, Vec<Command>)>;

/// Decides for one unit, which was read without a drop-in of ours. `behind` is a name that the drop-in's must not
/// sort before; `confined`: the snap that it starts is confined; `domains`: what SELinux makes of its start.
pub fn plan(
    unit: &Unit,
    wish: &Wish<'_>,
    behind: Option<&[u8]>,
    confined: bool,
    domains: Option<&Domains>,
) -> Planned {
    let mut planned = Planned {
        unit: unit.name.clone(),
        rank: None,
        with_kubernetes: wish.with_kubernetes,
        because: wish.files.iter().map(|file| (*file).to_owned()).collect(),
        end: End::Wrapped,
        drop_in: None,
        warnings: Vec::new(),
    };
    match decide(unit, wish, confined) {
        Ok((end @ End::ByDaemon(_), _)) => planned.end = end,
        Ok((end, lines)) => {
            let moved = if end == End::Wrapped { outside(&lines) } else { Vec::new() };
            let commands = || moved.iter().flat_map(|(.., commands)| commands.iter()).filter(|c| !c.enters());
            planned.warnings = warnings(unit, commands());
            let domain = domains.and_then(Domains::told).filter(|_| end == End::Wrapped);
            planned.warnings.extend(domain.clone());
            match dropin::write(unit, &moved, &planned.because, behind, domain.as_deref()) {
                Ok(drop_in) => (planned.drop_in, planned.end) = (Some(drop_in), end),
                Err(why) => planned.end = End::Refused(why),
            }
        }
        Err(why) => planned.end = End::Refused(why),
    }
    planned
}

/// What Kubernetes has on a node goes inside together or not at all. `obstacle`: why nothing may.
pub fn all_or_none(all: &mut [Planned], obstacle: Option<&str>) {
    let refused = all.iter().find(|one| one.with_kubernetes && matches!(one.end, End::Refused(_)));
    let refused = refused.map(|one| format!("{} cannot, and only together are they of use", one.unit));
    for one in all {
        let why = obstacle.map(str::to_owned).or_else(|| refused.clone().filter(|_| one.with_kubernetes));
        if let (Some(why), End::Wrapped) = (why, &one.end) {
            (one.end, one.drop_in) = (End::Held(why), None);
        }
    }
}

/// Why nothing may be switched on here. `has`: whether there is such a file; `startable`: what is wrapped can start.
pub fn obstacle(startable: bool, has: impl Fn(&Path) -> bool) -> Option<String> {
    if !startable {
        return Some(format!("{} is not there, and what is wrapped starts with it", command::WRAPPER));
    }
    let targets = ["multi-user.target", "kubelet.service", "crio.service", "basic.target", "default.target"];
    let links = targets.iter().flat_map(|target| {
        ["wants", "requires"].map(|kind| format!("/etc/systemd/system/{target}.{kind}/{OLDER}"))
    });
    let enabled = links.map(PathBuf::from).find(|link| has(link))?;
    Some(format!(
        "{OLDER} is enabled by {}, and two namespaces are one too many (systemctl disable {OLDER}, and remove its drop-ins)",
        Shown::of(&enabled)
    ))
}

fn decide<'a>(unit: &'a Unit, wish: &Wish<'_>, confined: bool) -> Result<(End, Lines<'a>), String> {
    if let Some((source, fault)) = unit.fault() {
        let (path, line, what) = (Shown::of(&source.path), fault.line, fault.what);
        return Err(format!("systemd stops reading {path} at line {line}: {what}"));
    }
    let all = read(unit)?;
    let lines: Lines<'_> = all.into_iter().filter(|(_, exec, _)| wish.execs.contains(exec)).collect();
    let mut starts = lines.iter().filter(|(_, exec, _)| *exec == Exec::Start);
    let Some((first, ..)) = starts.clone().next() else {
        return Err("it has no ExecStart=".to_owned());
    };
    for (setting, ..) in lines.iter().filter(|(_, exec, _)| *exec == Exec::Start) {
        match way(setting.value) {
            None => {}
            Some(Way::Elsewhere(what)) => {
                return Err(format!("its own command enters mount namespaces: {what}"));
            }
            Some(Way::ByDaemon(daemon)) => return Ok((End::ByDaemon(daemon), lines)),
            Some(Way::OtherNode) => return Err("it starts a machine that is a node of its own".to_owned()),
        }
    }
    if let Some(setting) = joins_by_itself(unit) {
        return Ok((End::Inside(setting.source.path.clone()), lines));
    }
    if starts.clone().all(|(.., commands)| commands.iter().all(Command::enters)) {
        return Ok((End::Inside(first.source.path.clone()), lines));
    }
    if confined {
        return Err("it is a strictly confined snap, and snap-confine takes it back to the host".to_owned());
    }
    let moved = starts
        .by_ref()
        .flat_map(|(.., commands)| commands)
        .chain(lines.iter().filter(|(_, exec, _)| *exec != Exec::Start).flat_map(|(.., commands)| commands));
    let obstacle = moved.filter(|c| !c.enters()).find_map(|command| sandbox::obstacle(unit, command));
    match obstacle {
        Some(obstacle) => Err(format!("it could not start inside: {obstacle}")),
        None => Ok((End::Wrapped, lines)),
    }
}

/// The commands of the unit that count. One line that systemd does not take, even one that a later line takes back,
/// and it does not load the unit.
fn read(unit: &Unit) -> Result<Lines<'_>, String> {
    let mut lines = Vec::new();
    for exec in Exec::ALL {
        let mut list: Lines<'_> = Vec::new();
        for setting in unit.assignments(exec.key()) {
            if setting.value.is_empty() {
                list.clear();
                continue;
            }
            let commands = command::commands(setting.value).map_err(|bad| {
                let (path, line) = (Shown::of(&setting.source.path), setting.line);
                format!("{}= at {path}:{line}: {bad}", exec.key())
            })?;
            list.push((setting, exec, commands));
        }
        lines.extend(list);
    }
    Ok(lines)
}

/// Of the settings those of which a command is still to be put inside.
fn outside<'a, 'b>(lines: &'b Lines<'a>) -> Vec<&'b (Setting<'a>, Exec, Vec<Command>)> {
    let enters = |exec: Exec| {
        lines
            .iter()
            .filter(|(_, other, _)| *other == exec)
            .all(|(.., commands)| commands.iter().all(Command::enters))
    };
    lines.iter().filter(|(_, exec, _)| !enters(*exec)).collect()
}

/// The setting that tells a service where the pin is.
fn joins_by_itself(unit: &Unit) -> Option<Setting<'_>> {
    let is_pin = |file: &str| {
        let file = file.trim_start_matches('-');
        file.strip_suffix("/env").is_some_and(|dir| dir == crate::model::pin::DEFAULT_DIR)
    };
    let named = |words: &str| words.split(['"', '\'', ' ', '\t']).any(|word| word.starts_with("KUBENSMNT="));
    let files = unit.list("EnvironmentFile").into_iter().filter(|setting| is_pin(setting.value));
    files.chain(unit.list("Environment").into_iter().filter(|setting| named(setting.value))).next()
}

/// What the commands of a line do with mount namespaces.
fn way(value: &str) -> Option<Way> {
    command::words(value)
        .iter()
        .find_map(|words| entering::way(&words.iter().map(Vec::as_slice).collect::<Vec<_>>()))
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

#[cfg(test)]
mod tests;
