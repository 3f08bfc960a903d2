//! Troubles that the files of systemd's units tell.

use std::path::Path;

use super::Finding;
use crate::model::pin;
use crate::model::text::Shown;
use crate::model::units::command::{Command, commands};
use crate::model::units::dropin::plan::{self, Order, Plan};
use crate::model::units::dropin::{self, Kind};
use crate::model::units::sandbox;
use crate::model::units::unit::Unit;

/// A drop-in that has the name of one of ours.
pub struct DropIn {
    /// Which of them.
    pub kind: Kind,
    /// What it says.
    pub text: Vec<u8>,
    /// The unit without it.
    pub bare: Unit,
}

/// What is wrong with a unit that belongs inside. `dir` is the pin's directory.
pub fn of_unit(unit: &Unit, drop_ins: &[DropIn], dir: &Path) -> Vec<Finding> {
    // What a later file overrules says nothing about the unit that the drop-in was made from.
    let ours =
        drop_ins.iter().filter_map(|drop_in| overruled(unit, drop_in).or_else(|| stale(unit, drop_in, dir)));
    let mut found: Vec<_> = ours.collect();
    if is_wrapped(unit) || joins(unit, dir) {
        found.extend(unordered(unit));
    }
    if is_wrapped(unit) {
        found.extend(sandboxed(unit));
    }
    found
}

/// Whether a command of the unit enters the namespace.
fn is_wrapped(unit: &Unit) -> bool {
    let enters = |value| commands(value).is_ok_and(|commands| commands.iter().any(Command::enters));
    unit.list("ExecStart").iter().any(|setting| enters(setting.value))
}

/// Whether the unit is told where the pin is.
fn joins(unit: &Unit, dir: &Path) -> bool {
    let file = |value: &str| Path::new(value.trim_start_matches('-')).to_owned();
    let is_pin =
        |value: &str| [Path::new(pin::DEFAULT_DIR), dir].iter().any(|dir| file(value) == dir.join("env"));
    unit.list("EnvironmentFile").iter().any(|setting| is_pin(setting.value))
}

fn stale(unit: &Unit, drop_in: &DropIn, dir: &Path) -> Option<Finding> {
    let made = dropin::made(&drop_in.text).filter(|made| made.intact)?;
    let order = Order { kind: made.kind, execs: made.execs, by: made.by, pin: dir.to_owned() };
    let (name, file) = (&unit.name, drop_in.kind.file_name());
    let why = match plan::plan(&drop_in.bare, &order) {
        Ok(Plan::Write { text, .. }) if text.as_bytes() == drop_in.text => return None,
        Ok(Plan::Write { .. }) => "the unit has changed since".to_owned(),
        Ok(Plan::Inside(by)) => format!("{} does the same by now", Shown::of(&by)),
        Err(why) => why,
    };
    let env = if drop_in.kind == Kind::Environment { " --env" } else { "" };
    Some(Finding {
        name: "drop-in-stale",
        degrades: false,
        found: format!("{file} of {name} is stale: {why}"),
        consequence: "the service starts with the old command line, or not at all",
        cure: format!("kubensctl wrap{env} {name}, then restart it with the node drained"),
    })
}

fn overruled(unit: &Unit, drop_in: &DropIn) -> Option<Finding> {
    let made = dropin::made(&drop_in.text)?;
    let path = made.kind.path(&unit.name);
    let why = plan::holds(unit, made.kind, &path, &made.execs).err()?;
    Some(Finding {
        name: "drop-in-overruled",
        degrades: false,
        found: format!("{} of {} does nothing", drop_in.kind.file_name(), unit.name),
        consequence: "the service starts on the host",
        cure: why,
    })
}

fn unordered(unit: &Unit) -> Option<Finding> {
    let afters = unit.sources.iter().flat_map(|source| &source.parsed.assignments);
    let mut afters = afters.filter(|set| set.section == "Unit" && set.key == "After");
    let ordered = afters.any(|set| set.value.split_ascii_whitespace().any(|word| word == "kubens.service"));
    let name = &unit.name;
    (!ordered).then(|| Finding {
        name: "not-ordered",
        degrades: false,
        found: format!("{name} is not ordered after kubens.service"),
        consequence: "at boot it may start before anything is pinned, and then runs on the host",
        cure: format!("kubensctl wrap {name}, or After=kubens.service in a drop-in of its own"),
    })
}

fn sandboxed(unit: &Unit) -> Option<Finding> {
    let settings = sandbox::mounting(unit);
    let name = &unit.name;
    (!settings.is_empty()).then(|| Finding {
        name: "sandbox-left-behind",
        degrades: false,
        found: format!(
            "{name} runs inside, and its {} with mounts of its own stay behind",
            settings.join(" ")
        ),
        consequence: "the service is less confined than its unit says",
        cure: format!("take those settings out (systemctl edit {name}), so that the unit says what is so"),
    })
}

/// Services enter, and nothing pins at the next boot.
pub fn not_enabled(wrapped: bool, enabled: bool) -> Option<Finding> {
    (wrapped && !enabled).then(|| Finding {
        name: "not-enabled",
        degrades: false,
        found: "services are wrapped, and kubens.service does not start with the machine".to_owned(),
        consequence: "after the next boot they run on the host",
        cure: "systemctl enable kubens.service".to_owned(),
    })
}

/// The older service starts with the machine.
pub fn older_service(enabled: bool) -> Option<Finding> {
    enabled.then(|| Finding {
        name: "older-service",
        degrades: false,
        found: "container-mount-namespace.service is enabled as well".to_owned(),
        consequence: "services wrapped by the one and by the other are in two namespaces",
        cure: "systemctl disable container-mount-namespace.service, remove its drop-ins, and reboot"
            .to_owned(),
    })
}

/// Whether a unit enters by any means.
pub fn enters(unit: &Unit, dir: &Path) -> bool {
    is_wrapped(unit) || joins(unit, dir)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::units::dropin::{Author, Exec};
    use crate::model::units::name::UnitName;
    use crate::model::units::unit::Source;

    const DIR: &str = "/run/kubens";

    fn unit(texts: &[(&str, &str)]) -> Unit {
        let name = UnitName::new("kubelet.service").unwrap();
        Unit { name, sources: texts.iter().map(|(path, text)| Source::new(*path, text.as_bytes())).collect() }
    }

    const FILE: &str = "/usr/lib/systemd/system/kubelet.service";
    const PLAIN: &str = "[Service]\nExecStart=/usr/bin/kubelet\n";

    /// The drop-in that wrap writes for a unit of this text.
    fn written(text: &str) -> String {
        let order =
            Order { kind: Kind::Wrapper, execs: vec![Exec::Start], by: Author::Wrap, pin: DIR.into() };
        match plan::plan(&unit(&[(FILE, text)]), &order) {
            Ok(Plan::Write { text, .. }) => text,
            other => panic!("{other:?}"),
        }
    }

    fn names(text: &str, drop_in: &str, more: &[(&str, &str)]) -> Vec<&'static str> {
        let path = Kind::Wrapper.path(&UnitName::new("kubelet.service").unwrap());
        let bare: Vec<_> = [(FILE, text)].into_iter().chain(more.iter().copied()).collect();
        let whole: Vec<_> = [(FILE, text), (path.to_str().unwrap(), drop_in)]
            .into_iter()
            .chain(more.iter().copied())
            .collect();
        let ours = DropIn { kind: Kind::Wrapper, text: drop_in.into(), bare: unit(&bare) };
        of_unit(&unit(&whole), &[ours], Path::new(DIR)).iter().map(|finding| finding.name).collect()
    }

    #[test]
    fn a_unit_that_was_wrapped_and_left_alone_is_well() {
        assert_eq!(names(PLAIN, &written(PLAIN), &[]), [""; 0]);
        assert_eq!(of_unit(&unit(&[(FILE, PLAIN)]), &[], Path::new(DIR)), []);
    }

    #[test]
    fn a_drop_in_is_stale_once_its_unit_has_changed() {
        let newer = "[Service]\nExecStart=/usr/bin/kubelet --new\n";
        assert_eq!(names(newer, &written(PLAIN), &[]), ["drop-in-stale"]);
        let edited = written(PLAIN).replace("kubelet\n", "kubelet --mine\n");
        assert_eq!(names(newer, &edited, &[]), [""; 0]);
    }

    #[test]
    fn a_drop_in_that_a_later_one_undoes_does_nothing() {
        let later =
            ("/etc/systemd/system/kubelet.service.d/99-z.conf", "[Service]\nExecStart=\nExecStart=/bin/x\n");
        assert_eq!(names(PLAIN, &written(PLAIN), &[later]), ["drop-in-overruled"]);
    }

    #[test]
    fn a_wrapped_unit_is_ordered_and_has_no_mounts_of_its_own() {
        let by_hand = "[Service]\nExecStart=/usr/bin/kubensenter /usr/bin/kubelet\nPrivateTmp=yes\n";
        let found = of_unit(&unit(&[(FILE, by_hand)]), &[], Path::new(DIR));
        let found: Vec<_> = found.iter().map(|finding| finding.name).collect();
        assert_eq!(found, ["not-ordered", "sandbox-left-behind"]);
        let env = "[Unit]\nAfter=a.service kubens.service\n[Service]\nEnvironmentFile=-/run/kubens/env\nExecStart=/c\n";
        assert_eq!(of_unit(&unit(&[(FILE, env)]), &[], Path::new(DIR)), []);
    }
}
