//! The man pages against the program: neither promises or keeps back what the other does not.
#![allow(clippy::unwrap_used)]

mod harness;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

fn page(name: &str) -> String {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("man").join(name)).unwrap();
    text.replace("\\&", "")
}

fn section<'a>(page: &'a str, name: &str) -> &'a str {
    let start = page.find(&format!(".Sh {name}\n")).unwrap();
    let rest = &page[start + 4..];
    rest.find("\n.Sh ").map_or(rest, |end| &rest[..end])
}

/// `-q, --quiet` in the help, `.It Fl q , Fl -quiet` in the page: both as `-q --quiet`.
fn flags_of_help(help: &str) -> BTreeSet<String> {
    let lines = help.lines().map(str::trim).filter(|line| line.starts_with('-'));
    lines
        .map(|line| {
            let flags = line.split_whitespace().take_while(|word| word.starts_with('-'));
            flags.map(|word| word.trim_end_matches(',').trim_end_matches("...")).collect::<Vec<_>>().join(" ")
        })
        .collect()
}

fn flags_of_page(options: &str) -> BTreeSet<String> {
    let items = options.lines().filter_map(|line| line.strip_prefix(".It Fl "));
    items
        .map(|item| {
            let flags = item.split(" Ar ").next().unwrap().split(" , Fl ");
            flags.map(|flag| format!("-{flag}")).collect::<Vec<_>>().join(" ")
        })
        .collect()
}

#[test]
fn kubensenter_1_has_every_flag_and_no_other() {
    let help = Command::new(harness::BINARY).arg("--help").output().unwrap();
    let flags = flags_of_help(&String::from_utf8(help.stdout).unwrap());
    assert!(flags.contains("-m --mount") && flags.contains("--wd"), "{flags:?}");
    assert_eq!(flags_of_page(section(&page("kubensenter.1"), "OPTIONS")), flags);
}

#[test]
fn kubensenter_1_has_every_message_to_the_letter() {
    let page = page("kubensenter.1");
    let source =
        ["src/enter.rs", "src/enter/wanted.rs"].map(|file| fs::read_to_string(file).unwrap()).concat();
    let diagnostics = section(&page, "DIAGNOSTICS");
    let messages: Vec<_> = diagnostics.lines().filter_map(|line| line.strip_prefix(".It Ql ")).collect();
    assert!(messages.len() > 8, "{messages:?}");
    for message in &messages {
        // A path, a directory, a value, an error: one capital letter each.
        let words: Vec<_> = message.split_inclusive([' ', ';', ':']).collect();
        let fixed =
            words.split(|word| matches!(word.trim_end_matches([' ', ';', ':']), "P" | "D" | "V" | "E" | "1"));
        for part in fixed.map(<[&str]>::concat) {
            assert!(source.contains(part.trim_end()), "{message}: {part:?} is not in the source");
        }
    }
    for said in
        source.split(['"']).filter(|text| text.starts_with("Autodetect: ") || text.starts_with("Joining "))
    {
        let start = said.split(['{', ';']).next().unwrap().trim_end();
        assert!(diagnostics.contains(start), "{said:?} is not in the page");
    }
}

#[test]
fn kubensenter_1_has_every_variable_and_every_status() {
    let page = page("kubensenter.1");
    let source =
        ["src/enter.rs", "src/enter/wanted.rs"].map(|file| fs::read_to_string(file).unwrap()).concat();
    let read = source.split("c\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let read: BTreeSet<_> =
        read.filter(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_')).collect();
    let documented = section(&page, "ENVIRONMENT");
    let documented: BTreeSet<_> =
        documented.lines().filter_map(|line| line.strip_prefix(".It Ev ")).collect();
    // main reads this one, for both commands.
    assert_eq!(documented, read.into_iter().chain(["JOURNAL_STREAM"]).collect());
    for status in ["125", "126", "127"] {
        assert!(section(&page, "EXIT STATUS").contains(&format!(".It {status}\n")));
    }
}

#[test]
fn kubensctl_8_has_every_verb_with_its_flags_and_no_other() {
    let help = |verb: &[&str]| {
        let output = Command::new("bash")
            .args(["-c", r#"exec -a kubensctl "$0" "$@" --help"#, harness::BINARY])
            .args(verb)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let long = |line: &str| {
        let words = line.split([' ', ',']).filter_map(|word| word.strip_prefix("--"));
        words.map(|word| word.split(['.', '[']).next().unwrap().to_owned()).next()
    };
    let general = help(&[]);
    let common: BTreeSet<_> = general.lines().filter_map(long).collect();
    let listed = general.lines().take_while(|line| *line != "Options:");
    let verbs: BTreeSet<_> =
        listed.filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next()).collect();
    assert!(verbs.len() >= 11, "{verbs:?}");

    let page = page("kubensctl.8");
    let described = section(&page, "VERBS");
    let items: Vec<_> = described.split("\n.It Cm ").skip(1).collect();
    let verb_of = |item: &str| item.split([' ', '\n']).next().unwrap().to_owned();
    let named: Vec<_> = items.iter().map(|item| verb_of(item)).collect();
    assert_eq!(named.len(), verbs.len(), "{named:?}");
    assert_eq!(named.iter().map(String::as_str).collect::<BTreeSet<_>>(), verbs);
    for (verb, item) in named.iter().zip(items).filter(|(verb, _)| *verb != "help") {
        let text = help(&[verb]);
        let flags: BTreeSet<_> =
            text.lines().filter_map(long).filter(|flag| !common.contains(flag)).collect();
        let head = item.lines().next().unwrap();
        let synopsis: BTreeSet<_> =
            head.split("Fl -").skip(1).map(|rest| rest.split(' ').next().unwrap().to_owned()).collect();
        assert_eq!(synopsis, flags, "{verb}");
    }
}

/// The paths of all members of a JSON value: `units[].inside`.
const PATHS: &str = r#"
import json, sys
def paths(value, path):
    if isinstance(value, dict):
        for name, part in value.items():
            yield from paths(part, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        if path:
            yield path + "[]"
        for part in value:
            yield from paths(part, path + "[]")
    else:
        yield path
print("\n".join(sorted(set(paths(json.load(sys.stdin), "")))))
"#;

#[test]
fn kubensctl_8_has_every_member_of_the_json_and_no_other() {
    if !harness::installed("python3") {
        return harness::not_run("kubensctl_8_has_every_member_of_the_json_and_no_other", "no python3");
    }
    let page = page("kubensctl.8");
    let sandbox = harness::Sandbox::new();
    sandbox.ok(&format!("cat >/run/paths.py <<'END'{PATHS}END"));
    // Something to say of each: a process inside, a mount, and a root that is not shared.
    sandbox.ok("mkdir /run/kubens && touch /run/kubens/mnt && kubensctl pin && mkdir /run/v
                kubensenter -q sh -c 'mount -t tmpfs v /run/v; sleep 1000 </dev/null >/dev/null 2>&1 &'
                nsenter --mount=/run/kubens/mnt mount --make-slave /");
    for (verb, command) in [
        ("status", "status --json --members"),
        ("status of one", "status --json 1"),
        ("mounts", "mounts --json --all"),
        ("check", "check --json"),
        ("unpin", "unpin --json"),
        ("pin", "pin --json"),
    ] {
        let run = sandbox.run(&format!("kubensctl {command} | python3 /run/paths.py"));
        let found: BTreeSet<_> = run.stdout.lines().map(|path| path.trim_end_matches("[]")).collect();
        let written = section(&page, "JSON OUTPUT").split(&format!(".Ss {verb}\n")).nth(1).unwrap();
        let written = written.split("\n.Ss ").next().unwrap().lines();
        let written: BTreeSet<_> = written
            .filter_map(|line| line.strip_prefix(".It Li "))
            .map(|path| path.trim_end_matches("[]"))
            .collect();
        assert_eq!(found, written, "{verb}: {}", run.stderr);
    }
}

#[test]
fn kubensctl_8_and_the_troubleshooting_have_every_finding_and_no_other() {
    let sources = [
        "src/model/node/findings.rs",
        "src/model/node/findings/covered.rs",
        "src/model/node/findings/mounts.rs",
        "src/model/node/findings/selinux.rs",
        "src/model/node/findings/units.rs",
        "src/model/node/findings/verdict.rs",
    ];
    let source = sources.map(|file| fs::read_to_string(file).unwrap()).concat();
    let calls = source.split("told(").filter_map(|rest| rest.trim_start().strip_prefix('"'));
    let named: BTreeSet<_> =
        source.split("name: \"").skip(1).chain(calls).map(|rest| rest.split('"').next().unwrap()).collect();
    let page = page("kubensctl.8");
    let findings = section(&page, "FINDINGS");
    let described: BTreeSet<_> = findings.lines().filter_map(|line| line.strip_prefix(".It Li ")).collect();
    assert!(named.len() > 15, "{named:?}");
    assert_eq!(described, named);
    let symptoms = fs::read_to_string("docs/troubleshooting.md").unwrap();
    let rows = symptoms.lines().filter(|line| line.starts_with("| ")).skip(1);
    let last = |row: &str| row.trim_end_matches(" |").rsplit("| ").next().unwrap().to_owned();
    let cells: Vec<_> = rows.map(last).collect();
    let led: BTreeSet<_> =
        cells.iter().flat_map(|cell| cell.split(", ")).map(|name| name.trim_matches('`')).collect();
    assert_eq!(led, named, "docs/troubleshooting.md");
    // On a booted node a case makes each of them, reads what its cure says, and sees it gone.
    let cases = fs::read_dir("tests/node/cases")
        .unwrap()
        .map(|case| fs::read_to_string(case.unwrap().path()).unwrap());
    let cases = cases.collect::<Vec<_>>().concat();
    let cured =
        |name: &&&str| ["cure", "advises"].iter().any(|word| cases.contains(&format!("{word} {name} ")));
    let left: Vec<_> = named.iter().filter(|name| !cured(name)).copied().collect();
    // tests/tidy.rs has the pods from before, tests/vm/selinux a node with a policy.
    assert_eq!(left, ["from-before", "left-behind", "selinux-domain", "watches-host"]);
}

#[test]
fn kubens_conf_5_has_every_setting_and_every_program_and_no_other() {
    let page = page("kubens.conf.5");
    let options = section(&page, "OPTIONS");
    let documented: BTreeSet<_> =
        options.lines().filter_map(|line| line.strip_prefix(".It Ic ")?.strip_suffix('=')).collect();
    assert_eq!(documented, BTreeSet::from(["Kubernetes", "Units", "Except", "Exec"]));
    // Each of them is known, and what is not is said to be ignored.
    let image = harness::image::Image::new();
    let all: Vec<_> = documented.into_iter().collect();
    image
        .write("etc/systemd/kubens.conf", format!("[Inside]\n{}=\nKubernetes=no\nOther=\n", all.join("=\n")));
    let run = Command::new("bash")
        .args(["-c", r#"exec -a kubens-generator "$0" --root "$1" - - /nowhere"#, harness::BINARY])
        .arg(&image.root)
        .output()
        .unwrap();
    let said = String::from_utf8(run.stderr).unwrap();
    assert_eq!(
        said,
        "kubens-generator: /etc/systemd/kubens.conf:7: Other is no setting that is known here, ignored\n"
    );

    // The table is the catalogue's, word for word.
    let source = fs::read_to_string("src/model/node/catalogue.rs").unwrap();
    let table = source.split("const TABLE: &str = \"\n").nth(1).unwrap().split("\";").next().unwrap();
    let rows = table.lines().filter(|row| !row.trim_start().starts_with("shim"));
    let known: Vec<Vec<String>> = rows
        .map(|row| row.split_whitespace().skip(1).map(|word| word.replace([',', '|'], " ")).collect())
        .collect();
    let belongs = section(&page, "WHAT BELONGS TO KUBERNETES");
    let rows = belongs.lines().filter_map(|line| line.strip_prefix(".It ")).skip(1);
    let written: Vec<Vec<String>> = rows
        .map(|row| {
            let cells = row.split("Ta").map(|cell| cell.trim().replace(", ", " "));
            cells.map(|cell| if cell.is_empty() { "-".to_owned() } else { cell }).collect()
        })
        .collect();
    assert_eq!(written, known);
}
