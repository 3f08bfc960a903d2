//! Troubles that the files of systemd's units tell.

use std::path::Path;

use super::Finding;
use crate::model::node::facts::Scanner;
use crate::model::pin;
use crate::model::text::Shown;
use crate::model::units::command::{Command, commands};
use crate::model::units::legacy;
use crate::model::units::sandbox;
use crate::model::units::switch::{End, Planned};
use crate::model::units::unit::Unit;

/// What is wrong with a unit that belongs inside. `dir` is the pin's directory.
pub fn of_unit(unit: &Unit, dir: &Path) -> Vec<Finding> {
    let mut found = Vec::new();
    if is_wrapped(unit) || joins(unit, dir) {
        found.extend(unordered(unit));
    }
    if is_wrapped(unit) {
        found.extend(sandboxed(unit));
    }
    found
}

/// What the configuration asks for and the generator does not do. `is_current`: systemd has read what it does.
pub fn of_switch(planned: &[Planned], complaints: &[String], is_current: bool) -> Vec<Finding> {
    let mut found: Vec<_> = complaints.iter().map(|complaint| ignored(complaint)).collect();
    found.extend(planned.iter().filter_map(not_inside));
    found.extend(planned.iter().filter_map(old));
    if !is_current {
        found.push(Finding {
            name: "reload-needed",
            degrades: false,
            found: "systemd has not read what kubens-generator would write now".to_owned(),
            consequence: "services start by what their units or kubens.conf said before, inside or on the host",
            cure: "systemctl daemon-reload; if that changes nothing, look whether kubens-generator is in systemd's system-generators"
                .to_owned(),
        });
    }
    found
}

fn ignored(complaint: &str) -> Finding {
    Finding {
        name: "configuration-ignored",
        degrades: false,
        found: complaint.to_owned(),
        consequence: "what was meant by it is not done",
        cure: "correct that line (kubens.conf(5)), then systemctl daemon-reload".to_owned(),
    }
}

fn not_inside(planned: &Planned) -> Option<Finding> {
    let (End::Refused(why) | End::Held(why)) = &planned.end else {
        return None;
    };
    let name = &planned.unit;
    Some(Finding {
        name: "not-inside",
        degrades: false,
        found: format!("{name} is to run inside, and does not: {why}"),
        consequence: "it starts on the host",
        cure: format!("mend that, or leave it outside: Except={name} in /etc/systemd/kubens.conf"),
    })
}

fn old(planned: &Planned) -> Option<Finding> {
    let End::Inside(by) = &planned.end else {
        return None;
    };
    let is_old = by.file_name().is_some_and(|name| name == legacy::NAMES[0]);
    is_old.then(|| Finding {
        name: "drop-in-old",
        degrades: false,
        found: format!("{} holds a copy of a command line of {}", Shown::of(&by), planned.unit),
        consequence: "the service goes on with it whatever its package says later",
        cure: "kubensctl enable takes it back where nobody has edited it; else remove it, and systemctl daemon-reload"
            .to_owned(),
    })
}

/// Whether a command of the unit enters the namespace.
pub fn is_wrapped(unit: &Unit) -> bool {
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

/// Whether a setting of `[Unit]` names kubens.service.
fn says(unit: &Unit, key: &str) -> bool {
    let all = unit.sources.iter().flat_map(|source| &source.parsed.assignments);
    let mut set = all.filter(|set| &*set.section == "Unit" && set.key == key);
    set.any(|set| set.value.split_ascii_whitespace().any(|word| word == "kubens.service"))
}

fn unordered(unit: &Unit) -> Option<Finding> {
    let ordered = says(unit, "After");
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

/// Programs that see nothing of what is opened inside.
pub fn scanners(scanners: &[Scanner]) -> Option<Finding> {
    let named: Vec<_> =
        scanners.iter().map(|one| format!("{} (process {})", Shown(&one.program), one.pid)).collect();
    (!named.is_empty()).then(|| Finding {
        name: "scanner-blind",
        degrades: false,
        found: format!("{} watches the host's mounts one by one (fanotify)", named.join(", ")),
        consequence: "it sees no file that is opened inside or in a container, and forbids none",
        cure: "have it mark file systems (fapolicyd: allow_filesystem_mark = 1), or start it through kubensenter".to_owned(),
    })
}

/// A service enters, and nothing pins at the next boot. `enabled`: kubens.service starts with the machine.
pub fn not_enabled(units: &[Unit], dir: &Path, enabled: bool) -> Option<Finding> {
    let left = |unit: &&Unit| {
        (is_wrapped(unit) || joins(unit, dir)) && !says(unit, "Wants") && !says(unit, "Requires")
    };
    let unit = units.iter().find(left).filter(|_| !enabled)?;
    Some(Finding {
        name: "not-enabled",
        degrades: false,
        found: format!("{} enters the namespace, and does not have kubens.service started", unit.name),
        consequence: "after the next boot it may run on the host",
        cure: "kubensctl enable, or systemctl enable kubens.service".to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::units::name::UnitName;
    use crate::model::units::unit::Source;

    const DIR: &str = "/run/kubens";

    fn unit(texts: &[(&str, &str)]) -> Unit {
        let name = UnitName::new("kubelet.service").unwrap();
        Unit { name, sources: texts.iter().map(|(path, text)| Source::new(*path, text.as_bytes())).collect() }
    }

    #[test]
    fn what_the_generator_does_not_do_is_found() {
        let name = UnitName::new("kubelet.service").unwrap();
        let planned = |end| Planned { end, ..Planned::unread(&name, true, Vec::new(), End::Absent) };
        let names = |end, complaints: &[String], is_current| {
            let found = of_switch(&[planned(end)], complaints, is_current);
            found.iter().map(|finding| finding.name).collect::<Vec<_>>()
        };
        assert_eq!(names(End::Wrapped, &[], true), [""; 0]);
        assert_eq!(names(End::ByDaemon("docker"), &[], true), [""; 0]);
        assert_eq!(
            names(End::Refused("x".into()), &["y".into()], true),
            ["configuration-ignored", "not-inside"]
        );
        assert_eq!(names(End::Held("x".into()), &[], true), ["not-inside"]);
        assert_eq!(names(End::Wrapped, &[], false), ["reload-needed"]);
        assert_eq!(names(End::Inside("/etc/x/99-kubens-wrapper.conf".into()), &[], true), ["drop-in-old"]);
        assert_eq!(names(End::Inside("/etc/x/01-kubens.conf".into()), &[], true), [""; 0]);
    }

    #[test]
    fn what_watches_the_host_and_what_pins_beside_us_is_named() {
        assert_eq!((scanners(&[]), older_service(false)), (None, None));
        let one = Scanner { program: b"fapolicyd".to_vec(), pid: 7 };
        assert!(scanners(&[one]).unwrap().found.starts_with("fapolicyd (process 7) watches the host"));
        assert_eq!(older_service(true).unwrap().name, "older-service");
    }

    #[test]
    fn who_enters_wants_the_service_that_pins() {
        let found = |head: &str, enabled| {
            let text =
                format!("[Unit]\n{head}\n[Service]\nExecStart=/usr/bin/kubensenter /usr/bin/kubelet\n");
            not_enabled(&[unit(&[("/a", &text)])], Path::new(DIR), enabled).is_some()
        };
        assert!(found("", false) && !found("", true));
        assert!(!found("Wants=a.service kubens.service", false) && !found("Requires=kubens.service", false));
    }

    #[test]
    fn a_wrapped_unit_is_ordered_and_has_no_mounts_of_its_own() {
        let by_hand = "[Service]\nExecStart=/usr/bin/kubensenter /usr/bin/kubelet\nPrivateTmp=yes\n";
        let found = of_unit(&unit(&[("/a", by_hand)]), Path::new(DIR));
        let found: Vec<_> = found.iter().map(|finding| finding.name).collect();
        assert_eq!(found, ["not-ordered", "sandbox-left-behind"]);
        let env = "[Unit]\nAfter=a.service kubens.service\n[Service]\nEnvironmentFile=-/run/kubens/env\nExecStart=/c\n";
        assert_eq!(of_unit(&unit(&[("/a", env)]), Path::new(DIR)), []);
    }

    #[test]
    fn a_unit_that_does_not_enter_has_no_order_to_keep() {
        let names = |text: &str| {
            let found = of_unit(&unit(&[("/a", text)]), Path::new("/run/other"));
            found.iter().map(|finding| finding.name).collect::<Vec<_>>()
        };
        assert_eq!(names("[Service]\nExecStart=/usr/bin/kubelet\nPrivateTmp=yes\n"), [""; 0]);
        let joins = |file: &str| names(&format!("[Service]\nEnvironmentFile={file}\nExecStart=/c\n"));
        assert_eq!(joins("/run/kubens/env"), ["not-ordered"]);
        assert_eq!(joins("-/run/other/env"), ["not-ordered"]);
        assert_eq!(joins("/etc/default/kubelet"), [""; 0]);
        // What another section or another setting says is no order.
        let after = |line: &str| {
            names(&format!("{line}\n[Service]\nEnvironmentFile=/run/kubens/env\nExecStart=/c\n"))
        };
        assert_eq!(after("[Unit]\nAfter=kubens.service"), [""; 0]);
        assert_eq!(after("[Install]\nAfter=kubens.service"), ["not-ordered"]);
        assert_eq!(after("[Unit]\nBefore=kubens.service"), ["not-ordered"]);
    }
}
