use std::path::Path;

use super::super::config::Config;
use super::super::unit::Source;
use super::*;

fn unit(sources: &[(&str, &str)]) -> Unit {
    let sources = sources.iter().map(|(path, text)| Source::new(*path, text.as_bytes())).collect();
    Unit { name: UnitName::new("a").unwrap(), sources }
}

fn service(settings: &str) -> Unit {
    unit(&[("/usr/a.service", &format!("[Service]\n{settings}"))])
}

fn planned(unit: &Unit, config: &str) -> Planned {
    let mut read = Config::default();
    read.read(Path::new("/etc/k.conf"), format!("[Inside]\n{config}").as_bytes());
    let wish = read.wish(std::slice::from_ref(&unit.name), true).unwrap();
    plan(unit, &wish, None, false, None)
}

fn wrap(settings: &str) -> Planned {
    planned(&service(settings), "Units=a")
}

/// What is written, without its header.
fn written(planned: Planned) -> String {
    let text = planned.drop_in.unwrap_or_else(|| panic!("{:?}", planned.end)).text;
    assert!(dropin::is_ours(text.as_bytes()));
    let end = text.find("[Unit]").unwrap();
    text[end..].to_owned()
}

fn refused(planned: Planned) -> String {
    let End::Refused(why) = planned.end else { panic!("{:?}", planned.end) };
    why
}

const HEAD: &str = "[Unit]\nAfter=kubens.service\nWants=kubens.service\n\n[Service]\n";

#[test]
fn writes_the_reset_the_wrapped_lines_and_the_name_to_log_under() {
    assert_eq!(
        written(wrap("ExecStart=/usr/bin/containerd -c x\nExecReload=/bin/kill -HUP $MAINPID")),
        format!(
            "{HEAD}SyslogIdentifier=containerd\nExecStart=\nExecStart=/usr/bin/kubensenter /usr/bin/containerd -c x\n"
        )
    );
    assert_eq!(
        written(wrap("SyslogIdentifier=x\nExecStart=/a")),
        format!("{HEAD}ExecStart=\nExecStart=/usr/bin/kubensenter /a\n")
    );
    let header = wrap("ExecStart=/a").drop_in.unwrap().text;
    assert!(header.contains("Asked for by /etc/k.conf\n# Made from /usr/a.service\n"), "{header}");
}

#[test]
fn wraps_other_commands_when_asked_to() {
    let unit = service("SyslogIdentifier=x\nExecStartPre=-/p\nExecStartPre=/q\nExecStart=/a\nExecStop=/s");
    assert_eq!(
        written(planned(&unit, "Units=a\nExec=ExecStartPre ExecReload")),
        format!(
            "{HEAD}ExecStartPre=\nExecStartPre=-/usr/bin/kubensenter /p\nExecStartPre=/usr/bin/kubensenter /q\n\
             ExecStart=\nExecStart=/usr/bin/kubensenter /a\n"
        )
    );
}

#[test]
fn a_backslash_at_a_lines_end_does_not_swallow_the_next() {
    let text = written(wrap("SyslogIdentifier=x\nExecStart=/a x\\ "));
    assert_eq!(text, format!("{HEAD}ExecStart=\nExecStart=/usr/bin/kubensenter /a x\\ \n"));
}

#[test]
fn the_name_sorts_behind_every_other_drop_in() {
    let name = |others: &[&str], behind: Option<&str>| {
        let mut sources = vec![("/usr/zzz.service".to_owned(), "[Service]\nExecStart=/a")];
        sources.extend(others.iter().map(|other| (format!("/etc/{other}"), "")));
        let sources: Vec<_> = sources.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let mut read = Config::default();
        read.read(Path::new("/k"), b"[Inside]\nUnits=a");
        let wish = read.wish(&[UnitName::new("a").unwrap()], false).unwrap();
        let planned = plan(&unit(&sources), &wish, behind.map(str::as_bytes), false, None);
        planned.drop_in.map(|drop_in| drop_in.file.into_string().unwrap())
    };
    for (others, expected) in [
        (&["10-a.conf", "override.conf"][..], "zz-kubens.conf"),
        (&["zz-local.conf"], "~kubens.conf"),
        (&["zz-kubens.conf"], "~kubens.conf"),
        (&["~kubens.conf"], "~~kubens.conf"),
        (&["~~x.conf", "a.conf"], "~~~kubens.conf"),
        (&["\u{e9}.conf"], "\u{e9}~kubens.conf"),
    ] {
        let got = name(others, None).unwrap();
        assert!(others.iter().all(|other| other.as_bytes() < got.as_bytes()), "{others:?} {got}");
        assert_eq!(got, expected);
    }
    assert_eq!(name(&[], Some("~kubens.conf")).unwrap(), "~kubens.conf");
    let long = format!("{}.conf", "~".repeat(250));
    assert_eq!(name(&[&long], None), None);
}

#[test]
fn what_gets_inside_by_itself_is_ordered_and_not_wrapped_twice() {
    for text in [
        "[Service]\nExecStart=\nExecStart=-/usr/bin/kubensenter /b",
        "[Service]\nExecStart=\nExecStart=/usr/local/bin/kubenswrapper /b",
        "[Service]\nEnvironmentFile=-/run/kubens/env",
        "[Service]\nEnvironment=\"A=1\" \"KUBENSMNT=/run/kubens/mnt\"",
    ] {
        let planned =
            planned(&unit(&[("/usr/a", "[Service]\nExecStart=/b"), ("/etc/x.conf", text)]), "Units=a");
        assert_eq!(planned.end, End::Inside("/etc/x.conf".into()), "{text}");
        assert_eq!(written(planned), "[Unit]\nAfter=kubens.service\nWants=kubens.service\n");
    }
}

#[test]
fn what_cannot_be_wrapped_is_told_apart() {
    for (settings, why) in [
        ("", "it has no ExecStart="),
        ("ExecStart=/a\nUser=x", "it could not start inside: User=x"),
        ("ExecStart=/a\n[x", "systemd stops reading"),
        ("ExecStart=/a 'b", "ExecStart= at /usr/a.service:2: a quote"),
        // systemd does not load a unit with such a line, even where another one takes it back.
        ("ExecStart=bin/a\nExecStart=\nExecStart=/a", "ExecStart= at /usr/a.service:2"),
        ("ExecStart=/a\nExecStop=bin/a", "ExecStop= at /usr/a.service:3"),
        ("ExecStart=/bin/sh -c 'exec nsenter -t 1 -m /a'", "its own command enters mount namespaces"),
        ("ExecStart=/usr/bin/kubensenter --host /a", "its own command enters mount namespaces"),
        ("ExecStart=/usr/bin/systemd-nspawn --boot", "it starts a machine"),
    ] {
        let said = refused(wrap(settings));
        assert!(said.starts_with(why), "{settings}: {said}");
    }
    let docker = wrap("ExecStart=/usr/bin/docker run kubelet");
    assert_eq!((docker.end, docker.drop_in), (End::ByDaemon("docker"), None));
    let mut read = Config::default();
    read.read(Path::new("/k"), b"[Inside]\nUnits=a");
    let wish = read.wish(&[UnitName::new("a").unwrap()], false).unwrap();
    assert!(refused(plan(&service("ExecStart=/a"), &wish, None, true, None)).contains("snap"));
}

#[test]
fn another_domain_is_told_to_who_wraps_and_in_the_drop_in() {
    let mut read = Config::default();
    read.read(Path::new("/k"), b"[Inside]\nUnits=a");
    let wish = read.wish(&[UnitName::new("a").unwrap()], false).unwrap();
    let context = |kind: &str| format!("u:r:{kind}:s0").into_bytes();
    let end = |wrapped: &str| {
        let domains = Domains { alone: context("a_t"), wrapped: context(wrapped) };
        plan(&service("ExecStart=/a"), &wish, None, false, Some(&domains))
    };
    let told = "SELinux has it in a_t where systemd starts it, and in b_t where the wrapper does";
    let planned = end("b_t");
    assert_eq!(planned.warnings, [told]);
    assert!(planned.drop_in.unwrap().text.contains(&format!("\n# {told}\n[Unit]\n")));
    assert_eq!(end("a_t").warnings, [""; 0]);
}

#[test]
fn says_what_does_not_come_along() {
    let warnings = wrap("ExecStart=/a\nPrivateTmp=yes\nProtectHome=yes").warnings;
    assert!(warnings[0].ends_with(": PrivateTmp= ProtectHome="), "{warnings:?}");
    assert_eq!(wrap("ExecStart=+/a\nPrivateTmp=yes").warnings, [""; 0]);
    assert!(wrap("ExecStart=sleep 5\nEnvironment=PATH=/opt").warnings[0].starts_with("sleep is searched"));
}

#[test]
fn kubernetes_goes_inside_together_or_not_at_all_and_others_stand_alone() {
    let ends = |second: &str, obstacle| {
        let mut all = [
            planned(&service("ExecStart=/a"), "Kubernetes=yes"),
            planned(&service(second), "Kubernetes=yes"),
            planned(&service("ExecStart=/c"), "Units=a"),
        ];
        all_or_none(&mut all, obstacle);
        all.map(|one| {
            (matches!(one.end, End::Wrapped), matches!(one.end, End::Held(_)), one.drop_in.is_some())
        })
    };
    let (yes, held, no) = ((true, false, true), (false, true, false), (false, false, false));
    assert_eq!(ends("ExecStart=/b", None), [yes, yes, yes]);
    assert_eq!(ends("ExecStart=/b\nUser=x", None), [held, no, yes]);
    assert_eq!(ends("ExecStart=/usr/bin/docker run x", None), [yes, no, yes]);
    assert_eq!(ends("ExecStart=/b", Some("another service")), [held, held, held]);
}
