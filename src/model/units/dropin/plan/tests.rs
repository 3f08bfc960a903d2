use super::super::made;
use super::*;
use crate::model::units::name::UnitName;

fn unit(sources: &[(&str, &str)]) -> Unit {
    let sources = sources.iter().map(|(path, text)| Source::new(*path, text.as_bytes())).collect();
    Unit { name: UnitName::new("a").unwrap(), sources }
}

fn service(settings: &str) -> Unit {
    unit(&[("/usr/a.service", &format!("[Service]\n{settings}"))])
}

fn order(kind: Kind, execs: &[Exec]) -> Order {
    Order { kind, execs: execs.to_vec(), by: Author::Wrap, pin: pin::DEFAULT_DIR.into() }
}

fn wrap(settings: &str) -> Result<Plan, String> {
    plan(&service(settings), &order(Kind::Wrapper, &[Exec::Start]))
}

/// What is written, without its header.
fn settings(plan: Result<Plan, String>) -> String {
    let Plan::Write { text, .. } = plan.unwrap() else { panic!("inside already") };
    assert!(made(text.as_bytes()).unwrap().intact);
    let end = text.find("[Unit]").unwrap();
    text[end..].to_owned()
}

const HEAD: &str = "[Unit]\nAfter=kubens.service\n\n[Service]\n";

#[test]
fn writes_the_reset_the_wrapped_lines_and_the_name_to_log_under() {
    assert_eq!(
        settings(wrap("ExecStart=/usr/bin/containerd -c x\nExecReload=/bin/kill -HUP $MAINPID")),
        format!(
            "{HEAD}SyslogIdentifier=containerd\nExecStart=\nExecStart=/usr/bin/kubensenter /usr/bin/containerd -c x\n"
        )
    );
    assert_eq!(
        settings(wrap("SyslogIdentifier=x\nExecStart=/a")),
        format!("{HEAD}ExecStart=\nExecStart=/usr/bin/kubensenter /a\n")
    );
}

#[test]
fn wraps_other_commands_when_asked_to() {
    let unit = service("SyslogIdentifier=x\nExecStartPre=-/p\nExecStartPre=/q\nExecStart=/a\nExecStop=/s");
    let written = settings(plan(&unit, &order(Kind::Wrapper, &[Exec::Start, Exec::StartPre, Exec::Reload])));
    assert_eq!(
        written,
        format!(
            "{HEAD}ExecStartPre=\nExecStartPre=-/usr/bin/kubensenter /p\nExecStartPre=/usr/bin/kubensenter /q\n\
             ExecStart=\nExecStart=/usr/bin/kubensenter /a\n"
        )
    );
}

#[test]
fn a_backslash_at_a_lines_end_does_not_swallow_the_next() {
    let written = settings(wrap("SyslogIdentifier=x\nExecStart=/a x\\ "));
    assert_eq!(written, format!("{HEAD}ExecStart=\nExecStart=/usr/bin/kubensenter /a x\\ \n"));
    let read = crate::model::units::text::parse(written.as_bytes());
    assert_eq!(read.assignments.last().unwrap().value, "/usr/bin/kubensenter /a x\\");
}

#[test]
fn another_pin_is_named_in_the_unit() {
    let other = Order { pin: "/run/other 100%".into(), ..order(Kind::Wrapper, &[Exec::Start]) };
    let written = settings(plan(&service("ExecStart=/a"), &other));
    assert!(written.contains("Environment=\"DEFAULT_KUBENSMNT=/run/other 100%%/mnt\"\n"), "{written}");
    let odd = Order { pin: "relative".into(), ..other };
    assert!(plan(&service("ExecStart=/a"), &odd).is_err());
}

#[test]
fn the_env_kind_names_the_file_and_wraps_nothing() {
    let written = settings(plan(&service("ExecStart=/a"), &order(Kind::Environment, &[])));
    assert_eq!(written, format!("{HEAD}EnvironmentFile=-/run/kubens/env\n"));
    assert!(plan(&service("ExecStart=/a\nPrivateTmp=yes"), &order(Kind::Environment, &[])).is_err());
}

#[test]
fn what_gets_inside_already_is_said_and_not_wrapped_twice() {
    let by = |text: &str| {
        plan(
            &unit(&[("/usr/a", "[Service]\nExecStart=/b"), ("/etc/x.conf", text)]),
            &order(Kind::Wrapper, &[Exec::Start]),
        )
    };
    for text in [
        "[Service]\nExecStart=\nExecStart=-/usr/bin/kubensenter /b",
        "[Service]\nExecStart=\nExecStart=/usr/local/bin/kubenswrapper /b",
        "[Service]\nEnvironmentFile=-/run/kubens/env",
        "[Service]\nEnvironment=\"A=1\" \"KUBENSMNT=/run/kubens/mnt\"",
    ] {
        assert_eq!(by(text), Ok(Plan::Inside("/etc/x.conf".into())), "{text}");
    }
}

#[test]
fn says_what_does_not_come_along_and_refuses_what_could_not_start() {
    let Ok(Plan::Write { warnings, .. }) = wrap("ExecStart=/a\nPrivateTmp=yes\nProtectHome=yes") else {
        panic!()
    };
    assert!(warnings[0].ends_with(": PrivateTmp= ProtectHome="), "{warnings:?}");
    let Ok(Plan::Write { warnings, .. }) = wrap("ExecStart=+/a\nPrivateTmp=yes") else { panic!() };
    assert_eq!(warnings, [""; 0]);
    let Ok(Plan::Write { warnings, .. }) = wrap("ExecStart=sleep 5\nEnvironment=PATH=/opt") else { panic!() };
    assert!(warnings[0].starts_with("sleep is searched"));
    for bad in ["", "ExecStart=/a\nUser=x", "ExecStart=/a\n[x", "ExecStart=/a 'b", "ExecStop=/a"] {
        assert!(wrap(bad).is_err(), "{bad}");
    }
    assert_eq!(wrap("\nExecStart=|").unwrap_err().split(": ").next(), Some("ExecStart= at /usr/a.service:3"));
}

#[test]
fn notices_a_drop_in_that_undoes_ours() {
    let ours = Kind::Wrapper.path(&UnitName::new("a").unwrap());
    let holds = |later: &str| {
        let text = settings(wrap("ExecStart=/a"));
        let unit = unit(&[
            ("/usr/a", "[Service]\nExecStart=/a"),
            (ours.to_str().unwrap(), &text),
            ("/etc/zz.conf", later),
        ]);
        super::holds(&unit, Kind::Wrapper, &ours, &[Exec::Start])
    };
    assert_eq!(holds("[Service]\nExecReload=/b"), Ok(()));
    for later in ["[Service]\nExecStart=/b", "[Service]\nExecStart=", "[Service]\nExecStart=\nExecStart=/b"] {
        assert!(holds(later).unwrap_err().starts_with("/etc/zz.conf comes after"), "{later}");
    }
}
