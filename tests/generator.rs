//! kubens-generator on trees of /etc and /usr: what it writes, what it says, and that nothing in them can hold it up.
//! What systemd makes of it is asked on the nodes, in `tests/node/cases/8*`.
#![allow(clippy::unwrap_used)]

mod harness;

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use harness::Run;
use harness::image::{Image, tree};

fn generator(image: &Image, late: &Path) -> Command {
    let mut command = Command::new(harness::BINARY);
    command.arg0("kubens-generator").arg("--root").arg(&image.root).args(["/nowhere", "/nowhere"]).arg(late);
    command
}

/// Runs it, and returns what it said and wrote, and its status.
fn generate(image: &Image) -> (String, i32) {
    let late = Image::new();
    let run: Run = generator(image, &late.root).output().unwrap().into();
    assert_eq!(run.stdout, "");
    let mut said = run.stderr.replace(image.root.to_str().unwrap(), "ROOT");
    said = said.replace(late.root.to_str().unwrap(), "LATE");
    for (path, text) in late.files() {
        writeln!(said, "+ {path}").unwrap();
        said.extend(text.lines().map(|line| format!("    {line}\n")));
    }
    (said, run.status)
}

/// `tests/golden/NN-name`: `root` is a tree, and `expected` is what was said and written. `GOLDEN=write` writes it
/// anew.
#[test]
fn a_tree_in_and_drop_ins_out() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut cases: Vec<_> = fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() > 20);
    for case in cases {
        let image = Image::new();
        harness::image::copy(&case.join("root"), &image.root);
        let before = tree(&image.root);
        let (said, status) = generate(&image);
        assert_eq!(status, 0, "{}: {said}", case.display());
        let expected = case.join("expected");
        if std::env::var_os("GOLDEN").is_some() {
            fs::write(&expected, &said).unwrap();
        }
        assert_eq!(said, fs::read_to_string(&expected).unwrap(), "{}", case.display());
        assert_eq!(tree(&image.root), before, "{}", case.display());
    }
}

/// A node with a kubelet and containerd, and Kubernetes inside.
fn node() -> Image {
    let image = Image::with("containerd.service", "ExecStart=/usr/bin/containerd");
    image.write("usr/lib/systemd/system/kubelet.service", "[Service]\nExecStart=/usr/bin/kubelet\n");
    image.write("etc/systemd/kubens.conf", "[Inside]\nKubernetes=yes\n");
    image
}

const INSIDE: [&str; 2] = ["+ containerd.service.d/zz-kubens.conf", "+ kubelet.service.d/zz-kubens.conf"];

fn written(said: &str) -> Vec<&str> {
    said.lines().filter(|line| line.starts_with("+ ")).collect()
}

#[test]
fn whatever_is_in_the_directories_of_units_it_ends_and_does_its_work() {
    let image = node();
    let units = "usr/lib/systemd/system";
    let fifo = |path: &str| {
        fs::create_dir_all(image.path(path).parent().unwrap()).unwrap();
        assert!(Command::new("mkfifo").arg(image.path(path)).status().unwrap().success());
    };
    fifo(&format!("{units}/fifo.service"));
    fifo(&format!("{units}/containerd.service.d/10-fifo.conf"));
    fifo("etc/systemd/kubens.conf.d/10-fifo.conf");
    for (path, target) in [
        ("loop.service", "loop.service"),
        ("a.service", "b.service"),
        ("b.service", "a.service"),
        ("up.service", "../system/up.service"),
        ("zero.service", "/dev/zero"),
        ("gone.service", "/nowhere/gone.service"),
        ("self.service.d", "."),
    ] {
        symlink(target, image.path(&format!("{units}/{path}"))).unwrap();
    }
    fs::create_dir(image.path(&format!("{units}/directory.service"))).unwrap();
    image.write(&format!("{units}/half.service"), "[Service]\nExecStart=/usr/bin/half \\");
    image.write(&format!("{units}/bytes.service"), "[Service]\nExecStart=/usr/bin/\0\u{ff}\n");
    image.write(&format!("{units}/lines.service"), "ExecStart=/x\n".repeat(1_000_000));
    image.write(
        &format!("{units}/nested.service"),
        format!("[Service]\nExecStart={}\n", "env ".repeat(100_000)),
    );
    let (said, status) = generate(&image);
    assert_eq!((written(&said), status), (INSIDE.to_vec(), 0), "{said}");
}

#[test]
fn what_is_to_run_inside_and_cannot_be_read_is_said() {
    let image = node();
    image.write("etc/systemd/system/kubelet.service", "# \n".repeat(2_000_000));
    let (said, status) = generate(&image);
    assert_eq!((written(&said).len(), status), (0, 0), "{said}");
    assert!(
        said.contains(
            "kubelet.service: does not run inside: read /etc/systemd/system/kubelet.service: File too large"
        ),
        "{said}"
    );
    assert!(said.contains("containerd.service: does not run inside: kubelet.service cannot"), "{said}");
}

#[test]
fn a_configuration_that_cannot_be_read_leaves_all_as_it_is() {
    let image = node();
    image.write("etc/systemd/kubens.conf.d/50-x.conf", "# \n".repeat(2_000_000));
    let (said, status) = generate(&image);
    assert_eq!((written(&said).len(), status), (0, 1), "{said}");
    assert!(said.ends_with("; all services start as their units say\n"), "{said}");
}

#[test]
fn nothing_is_written_where_nothing_is_wanted() {
    let image = node();
    for text in ["", "[Inside]\nKubernetes=no\n", "[Inside]\nKubernetes=yes\nExcept=*\n"] {
        image.write("etc/systemd/kubens.conf", text);
        assert_eq!(generate(&image), (String::new(), 0), "{text}");
    }
    fs::remove_file(image.path("etc/systemd/kubens.conf")).unwrap();
    assert_eq!(generate(&image), (String::new(), 0));
}

#[test]
fn all_is_written_or_nothing() {
    let image = node();
    let late = Image::new();
    // The second one's place is taken.
    late.write("kubelet.service.d", "");
    let run: Run = generator(&image, &late.root).output().unwrap().into();
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("kubelet.service"), "{}", run.stderr);
    assert_eq!(late.files().into_keys().collect::<Vec<_>>(), ["kubelet.service.d"]);
}

#[test]
fn an_initrd_and_a_wrong_call_change_nothing() {
    let image = node();
    let late = Image::new();
    let run: Run = generator(&image, &late.root).env("SYSTEMD_IN_INITRD", "1").output().unwrap().into();
    assert_eq!((run.status, run.stderr.as_str(), late.files().len()), (0, "", 0));
    let run: Run = Command::new(harness::BINARY).arg0("kubens-generator").arg("x").output().unwrap().into();
    assert_eq!(run.status, 2);
    assert!(run.stderr.starts_with("kubens-generator: usage: "), "{}", run.stderr);
}

/// systemd gives generators a read-only file system without /var, and nothing says that there is a /proc.
#[test]
fn it_needs_neither_proc_nor_var_and_writes_to_its_own_directory_alone() {
    let sandbox = harness::Sandbox::new();
    let written = sandbox.ok("mkdir -p /run/root/usr/bin /run/root/etc/systemd/system /run/root/run/late
         cp \"$(realpath \"$(command -v kubensenter)\")\" /run/root/usr/bin/kubensenter
         ln -s kubensenter /run/root/usr/bin/kubens-generator
         printf '[Inside]\\nKubernetes=yes\\n' >/run/root/etc/systemd/kubens.conf
         printf '[Service]\\nExecStart=/usr/bin/kubelet\\n' >/run/root/etc/systemd/system/kubelet.service
         mount --bind /run/root /run/root && mount --bind /run/root/run /run/root/run
         mount -o remount,bind,ro /run/root
         chroot /run/root /usr/bin/kubens-generator /none /none /run/late
         cat /run/root/run/late/*.d/*");
    assert!(written.contains("ExecStart=/usr/bin/kubensenter /usr/bin/kubelet"), "{written}");
}

#[test]
fn a_directory_without_end_is_not_read() {
    let image = node();
    let directory = image.path("etc/systemd/system/kubelet.service.d");
    fs::create_dir_all(&directory).unwrap();
    for number in 0..50_001 {
        fs::File::create(directory.join(format!("{number}.conf"))).unwrap();
    }
    let (said, status) = generate(&image);
    assert_eq!((written(&said).len(), status), (0, 0), "{said}");
    assert!(
        said.contains("kubelet.service: does not run inside: read /etc/systemd/system/kubelet.service.d"),
        "{said}"
    );
}
