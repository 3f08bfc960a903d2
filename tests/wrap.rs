//! `kubensctl enable`, `disable`, `wrap` and `unwrap` on images: one file each. What systemd makes of it is asked on the
//! nodes, in `tests/node/cases/8*`.
#![allow(clippy::unwrap_used)]

mod harness;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use harness::Run;
use harness::image::Image;

fn command(image: &Image, words: &str) -> Command {
    let mut words = words.split_whitespace();
    let mut command = Command::new(harness::BINARY);
    command.arg0("kubensctl").args(words.next()).arg("--root").arg(&image.root).args(words);
    command
}

/// Runs kubensctl on the image, and shows its root as ROOT.
fn run(image: &Image, words: &str) -> Run {
    let run: Run = command(image, words).output().unwrap().into();
    let shown = |text: String| text.replace(image.root.to_str().unwrap(), "ROOT");
    Run { stdout: shown(run.stdout), stderr: shown(run.stderr), ..run }
}

fn ok(image: &Image, words: &str) -> String {
    let run = run(image, words);
    assert_eq!(run.status, 0, "{words}\n{}", run.stderr);
    run.stdout
}

const ENABLE: &str = "etc/systemd/kubens.conf.d/50-enable.conf";
const WRAP: &str = "etc/systemd/kubens.conf.d/50-wrap.conf";

/// A node with a kubelet and a runtime.
fn node() -> Image {
    let image = Image::with("containerd.service", "ExecStart=/bin/containerd");
    image.write("usr/lib/systemd/system/kubelet.service", "[Service]\nExecStart=/bin/kubelet\n");
    image.write("etc/systemd/system/README", "");
    image
}

#[test]
fn enable_writes_one_file_and_disable_removes_it() {
    let image = node();
    let before = image.tree();
    for _ in 0..2 {
        let said = ok(&image, "enable");
        assert_eq!(
            said,
            format!(
                "ROOT/{ENABLE}: written\n\
                 containerd.service: runs inside from its next start on, by /{ENABLE}\n\
                 kubelet.service: runs inside from its next start on, by /{ENABLE}\n\
                 next: boot it\n"
            )
        );
        assert!(!ok(&image, "enable").contains("written"));
        let new: Vec<_> = image.files().into_keys().filter(|path| !before.contains_key(path)).collect();
        assert_eq!(new, [ENABLE]);
        assert!(ok(&image, "disable").contains("kubelet.service: runs on the host from its next start on\n"));
        assert_eq!(image.tree(), before);
        ok(&image, "disable");
        assert_eq!(image.tree(), before);
    }
}

#[test]
fn enable_takes_an_image_that_has_no_kubelet_yet() {
    let image = Image::new();
    assert!(ok(&image, "enable").contains("nothing of Kubernetes is there; what comes later is seen to"));
    assert_eq!(image.files().into_keys().collect::<Vec<_>>(), [ENABLE]);
    assert!(ok(&image, "wrap later").contains("later.service: is not there yet, and runs inside once it is"));
    assert!(image.read(WRAP).contains("Units=later.service\n"));
}

#[test]
fn enable_and_wrap_know_nothing_of_each_other() {
    let image = node();
    image.write("usr/lib/systemd/system/agent.service", "[Service]\nExecStart=/bin/agent\n");
    ok(&image, "wrap agent kubelet");
    let wrapped = image.tree();
    ok(&image, "enable");
    ok(&image, "disable");
    assert_eq!(image.tree(), wrapped);
    ok(&image, "enable");
    // It belongs to Kubernetes all the same.
    assert!(ok(&image, "unwrap kubelet agent").contains("kubelet.service: runs inside"));
    assert!(!image.path(WRAP).exists() && image.path(ENABLE).exists());
}

#[test]
fn unwrap_leaves_what_was_there() {
    let image = Image::with("a.service", "ExecStart=/bin/a");
    image.write("usr/lib/systemd/system/b.service", "[Service]\nExecStart=/bin/b\n");
    image.write("etc/systemd/system/a.service.d/10-mine.conf", "[Service]\nNice=5\n");
    let before = image.tree();
    for _ in 0..2 {
        ok(&image, "wrap --also ExecStop a");
        ok(&image, "wrap b a");
        assert!(image.read(WRAP).ends_with("[Inside]\nUnits=a.service\nUnits=b.service\nExec=ExecStop\n"));
        ok(&image, "unwrap b");
        assert!(image.read(WRAP).contains("Units=a.service\nExec"));
        // Whether it is still there or not.
        fs::rename(image.path("usr/lib/systemd/system/a.service"), image.path("kept")).unwrap();
        ok(&image, "unwrap a");
        fs::rename(image.path("kept"), image.path("usr/lib/systemd/system/a.service")).unwrap();
        assert_eq!(image.tree(), before);
        assert!(ok(&image, "unwrap a").contains("a.service: is not wrapped\n"));
    }
}

#[test]
fn a_unit_is_wrapped_by_its_own_name() {
    let image = Image::with("crio.service", "ExecStart=/bin/crio");
    symlink("crio.service", image.path("usr/lib/systemd/system/cri-o.service")).unwrap();
    ok(&image, "wrap cri-o");
    assert!(image.read(WRAP).contains("Units=crio.service\n"));
    ok(&image, "unwrap cri-o");
    assert!(!image.path(WRAP).exists());
}

#[test]
fn what_cannot_run_inside_is_refused_and_nothing_is_changed() {
    let image = node();
    image.write("usr/lib/systemd/system/c.service", "[Service]\nUser=x\nExecStart=/bin/c\n");
    let before = image.tree();
    let refused = run(&image, "wrap containerd c");
    assert_eq!((refused.status, refused.stdout.as_str()), (1, ""));
    assert!(refused.stderr.contains("c.service cannot run inside: it could not start"), "{}", refused.stderr);
    image.write("usr/lib/systemd/system/kubelet.service", "[Service]\nExecStart=nsenter -t 1 -m kubelet\n");
    let refused = run(&image, "enable");
    assert_eq!(
        refused.stderr,
        "kubensctl: kubelet.service cannot run inside: its own command enters mount namespaces: nsenter --mount \
         (Except=kubelet.service in /etc/systemd/kubens.conf leaves it outside); nothing was changed\n"
    );
    image.write("usr/lib/systemd/system/kubelet.service", "[Service]\nExecStart=/bin/kubelet\n");
    assert_eq!(run(&image, "wrap --dir /run/other containerd").status, 2);
    assert_eq!(run(&image, "wrap a/b").status, 2);
    // Its directory is a file.
    image.write("etc/systemd/kubens.conf.d", "");
    assert_eq!(run(&image, "enable").status, 1);
    fs::remove_file(image.path("etc/systemd/kubens.conf.d")).unwrap();
    assert_eq!(image.tree(), before);
    image.write("etc/systemd/kubens.conf", "[Inside]\nExcept=c.service\nUnits=x y\nKubernetes=perhaps\n");
    assert!(run(&image, "enable").stderr.contains("/etc/systemd/kubens.conf:4: perhaps is no boolean"));
}

#[test]
fn a_dry_run_shows_what_the_generator_would_write_and_changes_nothing() {
    let image = node();
    let before = image.tree();
    let shown = ok(&image, "enable --dry-run");
    for part in [
        &format!("--- /dev/null\n+++ /{ENABLE}\n@@ -0,0 +1,3 @@\n+# ") as &str,
        "+++ /run/systemd/generator.late/containerd.service.d/zz-kubens.conf\n",
        "+ExecStart=/usr/bin/kubensenter /bin/kubelet\n",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    assert_eq!(image.tree(), before);
    ok(&image, "enable");
    let before = image.tree();
    assert!(ok(&image, "disable --dry-run").contains("-Kubernetes=yes\n"));
    assert_eq!(image.tree(), before);
}

#[test]
fn the_new_file_can_be_read_by_everybody_whatever_the_umask() {
    let image = node();
    symlink(harness::BINARY, image.path("usr/bin/kubensctl")).unwrap();
    let mut command = Command::new("sh");
    command
        .args(["-c", "umask 077 && exec \"$0\" --quiet enable --root \"$1\""])
        .arg(image.path("usr/bin/kubensctl"))
        .arg(&image.root);
    assert!(command.output().unwrap().status.success());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&image.path(ENABLE)), 0o644);
    assert_eq!(mode(image.path(ENABLE).parent().unwrap()), 0o755);
}

#[test]
fn no_link_leads_out_of_the_image() {
    let (image, outside) = (node(), Image::new());
    fs::create_dir_all(image.path("etc/systemd")).unwrap();
    symlink(&outside.root, image.path("etc/systemd/kubens.conf.d")).unwrap();
    assert_eq!(run(&image, "enable").status, 1);
    assert_eq!(outside.tree().len(), 0);
    fs::remove_file(image.path("etc/systemd/kubens.conf.d")).unwrap();
    symlink("/var/kubens", image.path("etc/systemd/kubens.conf.d")).unwrap();
    fs::create_dir_all(image.path("var/kubens")).unwrap();
    ok(&image, "enable");
    assert!(image.path("var/kubens/50-enable.conf").exists());
}

#[test]
fn json_says_the_same() {
    let image = Image::with("a.service", "ExecStart=/bin/a\nPrivateTmp=yes");
    assert_eq!(
        ok(&image, "wrap --json a"),
        format!(
            "{{\"dry_run\":false,\"reloaded\":false,\"file\":\"ROOT/{WRAP}\",\"result\":\"written\",\"units\":[\
             {{\"unit\":\"a.service\",\"result\":\"inside\",\"said\":\"a.service: runs inside from its next start on, \
             by /{WRAP}\",\"warnings\":[\"its own mounts stay behind when it joins, so these lose their effect: \
             PrivateTmp=\"]}}],\"diff\":null,\"restarted\":[],\"next\":[\"boot it\"]}}\n"
        )
    );
}

/// What kubensctl wrote before there was a generator.
const OLD: &str = "# Written by kubensctl wrap, taken back by kubensctl unwrap. Once edited it is yours, and both leave it alone.
# Made from /usr/lib/systemd/system/containerd.service
# kubensctl: kind=wrapper exec=ExecStart by=wrap sum=7a6162b21ae96acb
[Unit]
After=kubens.service

[Service]
SyslogIdentifier=containerd
ExecStart=
ExecStart=/usr/bin/kubensenter /usr/bin/containerd
";

#[test]
fn an_old_drop_in_goes_unless_somebody_has_edited_it() {
    for verb in ["enable", "wrap containerd"] {
        let image = node();
        let path = "etc/systemd/system/containerd.service.d/99-kubens-wrapper.conf";
        image.write(path, OLD);
        assert!(ok(&image, &format!("{verb} --dry-run")).contains("+++ /dev/null\n"));
        assert!(ok(&image, verb).contains("containerd.service: runs inside from its next start on"));
        assert!(!image.path(path).parent().unwrap().exists());
        let edited = OLD.replace("/usr/bin/containerd\n", "/usr/bin/containerd --mine\n");
        image.write(path, &edited);
        assert!(
            ok(&image, verb).contains("containerd.service: gets inside by itself, by /etc/systemd/system")
        );
        assert_eq!(image.read(path), edited);
    }
}

#[test]
fn several_at_a_time_do_not_lose_one() {
    let image = Image::new();
    let mut all = Vec::new();
    for number in 0..8 {
        image.write(&format!("usr/lib/systemd/system/u{number}.service"), "[Service]\nExecStart=/bin/u\n");
        all.push(command(&image, &format!("wrap u{number}")).stdout(Stdio::null()).spawn().unwrap());
    }
    for mut one in all {
        assert!(one.wait().unwrap().success());
    }
    assert_eq!(image.read(WRAP).matches("Units=").count(), 8);
    let left = fs::read_dir(image.path("etc/systemd")).unwrap().count();
    assert_eq!(left, 1, "something is left beside kubens.conf.d");
}
