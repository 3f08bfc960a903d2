//! `kubensctl wrap`, `unwrap`, `enable` and `disable` on images. What systemd makes of it is asked on the nodes,
//! in `tests/node/cases/8*`.
#![allow(clippy::unwrap_used)]

mod harness;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use harness::Run;

/// An image, removed when it is dropped.
struct Image {
    root: PathBuf,
}

/// What a tree holds, path by path: a file's text, or where a link points to.
type Tree = BTreeMap<String, String>;

impl Image {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("kubensenter-wrap.{}.{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let image = Image { root: std::env::temp_dir().join(name) };
        fs::create_dir(&image.root).unwrap();
        image
    }

    /// One with the program in it and this unit.
    fn with(unit: &str, settings: &str) -> Self {
        let image = Image::new();
        image.write("usr/bin/kubensenter", "#!/bin/sh\n");
        fs::set_permissions(image.path("usr/bin/kubensenter"), fs::Permissions::from_mode(0o755)).unwrap();
        image.write(&format!("usr/lib/systemd/system/{unit}"), &format!("[Service]\n{settings}\n"));
        image
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// The program under its other name.
    fn kubensctl(&self) -> PathBuf {
        let path = self.path("usr/bin/kubensctl");
        if !path.is_symlink() {
            symlink(harness::BINARY, &path).unwrap();
        }
        path
    }

    fn command(&self, words: &str) -> Command {
        let mut words = words.split_whitespace();
        let mut command = Command::new(harness::BINARY);
        command.arg0("kubensctl").args(words.next()).arg("--root").arg(&self.root).args(words);
        command
    }

    /// Runs kubensctl on the image, and shows its root as ROOT.
    fn run(&self, words: &str) -> Run {
        let run: Run = self.command(words).output().unwrap().into();
        let shown = |text: String| text.replace(self.root.to_str().unwrap(), "ROOT");
        Run { stdout: shown(run.stdout), stderr: shown(run.stderr), ..run }
    }

    fn ok(&self, words: &str) -> String {
        let run = self.run(words);
        assert_eq!(run.status, 0, "{words}\n{}", run.stderr);
        run.stdout
    }

    fn tree(&self) -> Tree {
        tree(&self.root)
    }

    /// The tree without its directories: an empty one says nothing to systemd.
    fn files(&self) -> Tree {
        self.tree().into_iter().filter(|(path, _)| !path.ends_with('/')).collect()
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.root).unwrap();
    }
}

fn tree(root: &Path) -> Tree {
    fn walk(root: &Path, directory: &Path, found: &mut Tree) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if path.is_symlink() {
                found.insert(name, format!("-> {}", fs::read_link(&path).unwrap().display()));
            } else if path.is_dir() {
                found.insert(name + "/", String::new());
                walk(root, &path, found);
            } else {
                found.insert(name, String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned());
            }
        }
    }
    let mut found = Tree::new();
    if root.exists() {
        walk(root, root, &mut found);
    }
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, target) = entry.map(|entry| (entry.path(), to.join(entry.file_name()))).unwrap();
        if path.is_symlink() {
            symlink(fs::read_link(&path).unwrap(), target).unwrap();
        } else if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, target).unwrap();
        }
    }
}

/// `tests/golden/NN-name`: `units` is an image, `commands` are run in it one after the other, and `expected` is
/// what was said and what was new in the image after each. `GOLDEN=write` writes it anew.
#[test]
fn units_in_and_drop_ins_out() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut cases: Vec<_> = fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() > 10);
    for case in cases {
        let image = Image::new();
        copy(&case.join("units"), &image.root);
        // Every image has it, and no empty directory comes through git.
        fs::create_dir_all(image.root.join("etc/systemd/system")).unwrap();
        let mut before = image.tree();
        let mut said = String::new();
        for words in fs::read_to_string(case.join("commands")).unwrap().lines() {
            let run = image.run(words);
            let after = image.tree();
            writeln!(said, "$ kubensctl {words}\n{}{}status {}", run.stdout, run.stderr, run.status).unwrap();
            for (path, text) in after.iter().filter(|(path, text)| before.get(*path) != Some(text)) {
                writeln!(said, "+ {path}").unwrap();
                said.extend(text.lines().map(|line| format!("    {line}\n")));
            }
            for path in before.keys().filter(|path| !after.contains_key(*path)) {
                writeln!(said, "- {path}").unwrap();
            }
            said.push('\n');
            before = after;
        }
        let expected = case.join("expected");
        if std::env::var_os("GOLDEN").is_some() {
            fs::write(&expected, &said).unwrap();
        }
        assert_eq!(said, fs::read_to_string(&expected).unwrap(), "{}", case.display());
    }
}

const DROP_IN: &str = "etc/systemd/system/a.service.d/99-kubens-wrapper.conf";

#[test]
fn unwrap_leaves_what_was_there_byte_for_byte() {
    let image = Image::with("a.service", "ExecStart=/bin/a");
    image.write("etc/systemd/system/a.service.d/10-mine.conf", "[Service]\nNice=5\n");
    let before = image.tree();
    for _ in 0..2 {
        image.ok("wrap --also ExecStop a");
        image.ok("wrap a");
        assert_ne!(image.tree(), before);
        image.ok("unwrap a");
        assert_eq!(image.tree(), before);
        assert!(image.ok("unwrap a").contains("is not wrapped"));
    }
}

#[test]
fn a_unit_that_its_package_changed_is_wrapped_anew_and_unwrapped_all_the_same() {
    let image = Image::with("a.service", "ExecStart=/bin/a");
    image.ok("wrap --also ExecReload a");
    let unit = "usr/lib/systemd/system/a.service";
    image.write(unit, "[Service]\nExecStart=/bin/a --new\nExecReload=/bin/b\n");
    assert!(image.ok("wrap a").contains("runs inside from its next start on"));
    let text = image.read(DROP_IN);
    assert!(text.contains("ExecStart=/usr/bin/kubensenter /bin/a --new\n"), "{text}");
    // What was asked for then still counts.
    assert!(text.contains("ExecReload=/usr/bin/kubensenter /bin/b\n"), "{text}");
    fs::remove_file(image.path(unit)).unwrap();
    image.ok("unwrap a");
    assert!(!image.path("etc/systemd/system/a.service.d").exists());
}

#[test]
fn an_edited_drop_in_is_kept_and_named() {
    let image = Image::with("a.service", "ExecStart=/bin/a");
    image.write("usr/lib/systemd/system/b.service", "[Service]\nExecStart=/bin/b\n");
    image.ok("wrap a b");
    let edited = image.read(DROP_IN).replace("/bin/a", "/bin/a --mine");
    image.write(DROP_IN, &edited);
    let before = image.tree();
    let run = image.run("unwrap b a");
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains(&format!("ROOT/{DROP_IN} was edited by hand and is kept")), "{}", run.stderr);
    assert_eq!(image.tree(), before);
    assert!(image.ok("wrap a").contains("gets inside already"));
    assert_eq!(image.tree(), before);
    // Edited so that it does nothing any more.
    image.write(DROP_IN, &edited.replace("ExecStart", "#ExecStart"));
    let before = image.tree();
    assert_eq!(image.run("wrap a").status, 1);
    assert_eq!(image.tree(), before);
}

#[test]
fn several_units_are_wrapped_or_none() {
    let image = Image::with("a.service", "ExecStart=/bin/a");
    image.write("usr/lib/systemd/system/b.service", "[Service]\nExecStart=/bin/b\n");
    image.write("usr/lib/systemd/system/c.service", "[Service]\nUser=x\nExecStart=/bin/c\n");
    let before = image.tree();
    let run = image.run("wrap a c missing b");
    assert_eq!(run.status, 1);
    for part in
        ["c.service cannot be wrapped: it could not start", "missing.service", "nothing was changed\n"]
    {
        assert!(run.stderr.contains(part), "{}", run.stderr);
    }
    assert_eq!(image.tree(), before);
    // One that cannot be written: its directory is a file.
    image.write("etc/systemd/system/b.service.d", "");
    let before = image.tree();
    let run = image.run("wrap a b");
    assert_eq!(run.status, 1, "{}", run.stdout);
    assert!(run.stderr.contains("b.service.d/99-kubens-wrapper.conf: "), "{}", run.stderr);
    assert_eq!(image.tree(), before);
}

#[test]
fn a_dry_run_shows_the_difference_and_changes_nothing() {
    let image = Image::with("a.service", "ExecStart=/bin/a");
    let before = image.tree();
    let shown = image.ok("wrap --dry-run a");
    assert!(shown.starts_with(&format!("--- /dev/null\n+++ /{DROP_IN}\n@@ -0,0 +1,10 @@\n+# ")), "{shown}");
    assert!(shown.ends_with("+ExecStart=/usr/bin/kubensenter /bin/a\n"), "{shown}");
    assert_eq!(image.tree(), before);
    image.ok("wrap a");
    let before = image.tree();
    assert!(image.ok("unwrap --dry-run a").contains("-ExecStart=/usr/bin/kubensenter /bin/a\n"));
    assert_eq!(image.tree(), before);
}

#[test]
fn the_new_file_can_be_read_by_everybody_whatever_the_umask() {
    let image = Image::with("a.service", "ExecStart=/bin/a");
    let mut command = Command::new("sh");
    command
        .args(["-c", "umask 077 && exec \"$0\" --quiet wrap --root \"$1\" a"])
        .arg(image.kubensctl())
        .arg(&image.root);
    assert!(command.output().unwrap().status.success());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&image.path(DROP_IN)), 0o644);
    assert_eq!(mode(image.path(DROP_IN).parent().unwrap()), 0o755);
}

#[test]
fn json_says_the_same() {
    let image = Image::with("a.service", "ExecStart=/bin/a\nPrivateTmp=yes");
    let json = image.ok("wrap --json a");
    assert_eq!(
        json,
        format!(
            "{{\"dry_run\":false,\"reloaded\":false,\"units\":[{{\"unit\":\"a.service\",\"kind\":\"wrapper\",\
             \"result\":\"written\",\"file\":\"ROOT/{DROP_IN}\",\"warnings\":[\"its own mounts stay behind when it \
             joins, so these lose their effect: PrivateTmp=\"],\"diff\":null}}],\"besides\":[],\"next\":[]}}\n"
        )
    );
}

/// A node with a kubelet and a runtime.
fn node() -> Image {
    let image = Image::with("containerd.service", "ExecStart=/bin/containerd");
    image.write("usr/lib/systemd/system/kubelet.service", "[Service]\nExecStart=/bin/kubelet\n");
    let kubens = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n";
    image.write("usr/lib/systemd/system/kubens.service", kubens);
    image.write("etc/systemd/system/README", "");
    image
}

const WANTED: &str = "etc/systemd/system/multi-user.target.wants/kubens.service";

#[test]
fn disable_undoes_exactly_what_enable_did() {
    let image = node();
    let before = image.tree();
    image.ok("enable");
    assert!(image.path(WANTED).is_symlink());
    let enabled = image.tree();
    image.ok("enable");
    assert_eq!(image.tree(), enabled);
    image.ok("disable");
    assert!(!image.path(WANTED).is_symlink());
    // systemctl leaves its empty directory.
    let mut after = image.tree();
    after.remove("etc/systemd/system/multi-user.target.wants/");
    assert_eq!(after, before);
    assert!(image.ok("disable").contains("nothing of kubensctl enable"));
}

#[test]
fn disable_leaves_what_was_so_before() {
    let image = node();
    image.ok("wrap kubelet");
    image.write("etc/systemd/system/multi-user.target.wants/x", "");
    symlink("/usr/lib/systemd/system/kubens.service", image.path(WANTED)).unwrap();
    let before = image.tree();
    image.ok("enable");
    assert!(image.path("etc/systemd/system/containerd.service.d").exists());
    image.ok("disable");
    assert_eq!(image.tree(), before);
}

#[test]
fn enable_and_disable_go_on_where_they_were_killed() {
    if !harness::installed("strace") {
        harness::not_run("enable_and_disable_go_on_where_they_were_killed", "no strace");
        return;
    }
    let done = |verbs: &[&str]| {
        let image = node();
        image.kubensctl();
        for verb in verbs {
            image.ok(verb);
        }
        image.files()
    };
    let ends =
        [("enable", &[][..], done(&["enable"])), ("disable", &["enable"], done(&["enable", "disable"]))];
    for (verb, earlier, end) in ends {
        let mut killed = 0;
        loop {
            let image = node();
            image.kubensctl();
            for verb in earlier {
                image.ok(verb);
            }
            // Each call that changes something, of systemctl's too: its death is one half way as well.
            let calls = "/^(mkdir|fchmod|fsync|rename|unlink|symlink|execve|write)";
            let inject = format!("inject={calls}:signal=KILL:when={}", killed + 2);
            let mut command = Command::new("strace");
            command.args(["-f", "-qq", "-o", "/dev/null", "-e", &inject]);
            command.arg(image.kubensctl()).args([verb, "--root"]).arg(&image.root);
            let whole = command.output().unwrap().status.success();
            image.ok(verb);
            assert_eq!(image.files(), end, "{verb}, killed at call {}", killed + 2);
            if whole {
                break;
            }
            killed += 1;
            assert!(killed < 100, "{verb} never comes to its end");
        }
        assert!(killed > 2, "{verb} was killed {killed} times");
    }
}

#[test]
fn two_at_a_time_do_not_meet() {
    let image = Image::with("a.service", "ExecStart=/bin/a");
    image.write("etc/systemd/system/README", "");
    let all: Vec<_> =
        (0..8).map(|_| image.command("wrap a").stdout(Stdio::null()).spawn().unwrap()).collect();
    for mut one in all {
        assert!(one.wait().unwrap().success());
    }
    assert!(image.ok("wrap a").contains("is wrapped already"));
    let names: Vec<_> = fs::read_dir(image.path(DROP_IN).parent().unwrap()).unwrap().collect();
    assert_eq!(names.len(), 1);
}
