//! What systemd says of units, as `systemctl show` prints it: a line a property, an empty line between two units.

use super::catalogue::{self, Role, behind};
use super::judgement::{Run, Service};
use crate::model::search::base_name;

/// The properties that are asked for.
pub const PROPERTIES: &str =
    "Id,LoadState,ActiveState,SubState,UnitFileState,MainPID,ExecStart,Environment,EnvironmentFiles";

/// The unit that pins.
pub const KUBENS: &str = "kubens.service";

/// A unit, as systemd has it loaded.
#[allow(clippy::struct_excessive_bools)] // They are systemd's, each its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its name.
    pub name: String,
    /// What it is to Kubernetes, by the program that it starts and by its name.
    pub role: Option<Role>,
    /// Its state.
    pub run: Run,
    /// Whether it runs.
    pub active: bool,
    /// Whether it is masked.
    pub masked: bool,
    /// Whether it starts with the machine by itself.
    pub enabled: bool,
    /// Its main process.
    pub main: Option<i32>,
    /// Whether it enters with its next start.
    pub enters: bool,
}

/// Reads what systemctl printed. What systemd does not know is left out.
pub fn parse(text: &[u8]) -> Vec<Told> {
    let text = String::from_utf8_lossy(text);
    text.split("\n\n").filter_map(unit).collect()
}

fn unit(block: &str) -> Option<Told> {
    let all = |name: &str| {
        let name = format!("{name}=");
        block.lines().filter_map(move |line| line.strip_prefix(name.as_str()).map(str::to_owned))
    };
    let one = |name: &str| all(name).next().unwrap_or_default();
    let name = one("Id");
    if name.is_empty() || one("LoadState") == "not-found" {
        return None;
    }
    let commands: Vec<String> = all("ExecStart").filter_map(|value| command(&value)).collect();
    let words = |command: &str| command.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let member = |command: &String| {
        let words = words(command);
        catalogue::by_words(&words.iter().map(String::as_bytes).collect::<Vec<_>>())
    };
    let role = commands.iter().find_map(member).or_else(|| catalogue::by_name(&name));
    let (active, sub) = (one("ActiveState"), one("SubState"));
    let run = match (active.as_str(), sub.as_str()) {
        ("failed", _) | (_, "auto-restart" | "auto-restart-queued") => Run::Failed,
        ("activating" | "deactivating" | "reloading" | "refreshing", _) => Run::Changing,
        _ => Run::Settled,
    };
    let told =
        |name: &str| all(name).any(|value| value.contains("KUBENSMNT=") || value.contains("/kubens/env"));
    Some(Told {
        role: role.map(|member| member.role),
        run,
        active: active == "active" || active == "reloading",
        masked: one("LoadState") == "masked",
        enabled: one("UnitFileState").starts_with("enabled"),
        main: one("MainPID").parse().ok().filter(|&pid| pid > 0),
        enters: commands.iter().any(|command| enters(command))
            || told("Environment")
            || told("EnvironmentFiles"),
        name,
    })
}

/// The words of `{ path=/bin/x ; argv[]=/bin/x -y ; … }`.
fn command(value: &str) -> Option<String> {
    let (_, rest) = value.split_once("argv[]=")?;
    Some(rest.split_once(" ; ").map_or(rest, |(words, _)| words).to_owned())
}

/// Whether a command line goes inside before it starts its program.
fn enters(command: &str) -> bool {
    let words: Vec<&[u8]> = command.split(' ').map(str::as_bytes).collect();
    behind::commands(&words).iter().any(|command| {
        let program = command.first().map(|word| base_name(word));
        program.is_some_and(is_entrance)
    })
}

/// Whether a program's name is of one that goes inside and becomes another.
pub fn is_entrance(program: &[u8]) -> bool {
    matches!(program, b"kubensenter" | b"kubenswrapper" | b"nsenterCmns")
}

/// What systemd says of kubens.service.
pub fn service(units: &[Told]) -> Service {
    match units.iter().find(|unit| unit.name == KUBENS) {
        None => Service::Off,
        Some(unit) => match unit.run {
            Run::Failed => Service::Failed,
            Run::Changing => Service::Starting,
            Run::Settled if unit.active => Service::Active,
            Run::Settled if unit.masked => Service::Masked,
            Run::Settled if unit.enabled => Service::Enabled,
            Run::Settled => Service::Off,
        },
    }
}

/// The patterns of the units that are asked about, whoever runs.
pub fn patterns() -> impl Iterator<Item = String> {
    let services = catalogue::members().flat_map(catalogue::Member::names);
    services.filter(|name| name.ends_with(".service")).chain([KUBENS.to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Id=kubelet.service
LoadState=loaded
ActiveState=activating
SubState=start-pre
UnitFileState=enabled
MainPID=0
ExecStart={ path=/usr/bin/kubensenter ; argv[]=/usr/bin/kubensenter -- /usr/bin/kubelet --v=2 ; ignore_errors=no ; pid=0 }

Id=crio.service
LoadState=loaded
ActiveState=failed
SubState=failed
UnitFileState=enabled
MainPID=0
ExecStart={ path=/usr/bin/crio ; argv[]=/usr/bin/crio ; ignore_errors=no }
EnvironmentFiles=/run/kubens/env (ignore_errors=yes)

Id=my@1.service
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=static
MainPID=77
ExecStart={ path=/opt/microshift ; argv[]=/opt/microshift run ; ignore_errors=no }

Id=docker.service
LoadState=not-found
ActiveState=inactive

Id=kubens.service
LoadState=loaded
ActiveState=inactive
SubState=dead
UnitFileState=enabled
";

    #[test]
    fn units_are_read_as_systemctl_shows_them() {
        let units = parse(TEXT.as_bytes());
        let names: Vec<_> = units.iter().map(|unit| unit.name.as_str()).collect();
        assert_eq!(names, ["kubelet.service", "crio.service", "my@1.service", "kubens.service"]);
        let [kubelet, crio, my, _] = &units[..] else { unreachable!() };
        assert_eq!((kubelet.role, kubelet.run, kubelet.enters), (Some(Role::Kubelet), Run::Changing, true));
        assert_eq!((crio.role, crio.run, crio.enters), (Some(Role::Runtime), Run::Failed, true));
        assert_eq!((my.role, my.run, my.enters), (Some(Role::Kubelet), Run::Settled, false));
        assert_eq!((my.main, my.active), (Some(77), true));
        assert_eq!(service(&units), Service::Enabled);
    }

    #[test]
    fn the_unit_that_pins_is_in_one_of_its_states() {
        for (text, expected) in [
            ("", Service::Off),
            ("Id=kubens.service\nLoadState=masked\nActiveState=inactive\n", Service::Masked),
            ("Id=kubens.service\nLoadState=loaded\nActiveState=failed\n", Service::Failed),
            ("Id=kubens.service\nLoadState=loaded\nActiveState=activating\n", Service::Starting),
            ("Id=kubens.service\nLoadState=loaded\nActiveState=active\n", Service::Active),
            (
                "Id=kubens.service\nLoadState=loaded\nActiveState=inactive\nUnitFileState=disabled\n",
                Service::Off,
            ),
        ] {
            assert_eq!(service(&parse(text.as_bytes())), expected, "{text}");
        }
    }
}
