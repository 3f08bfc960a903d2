//! A sandbox for the tests, and what a run in it came to.
//!
//! The sandbox is a small host of its own, in private user, mount and PID namespaces: it needs no privilege, its
//! PID 1 is not the machine's, its `/run` is empty, and nothing of it is left when it is dropped.
#![allow(dead_code)] // each test file uses its part
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod ends;
pub mod image;
pub mod pins;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Says on the last lines of `make test` that something could not be tested on this machine, and why. Where
/// nobody collects that, it is a failure: no test is skipped in silence.
pub fn not_run(what: &str, why: &str) {
    let Some(list) = std::env::var_os("NOT_RUN") else {
        panic!("{what} cannot be tested here: {why}");
    };
    let mut list = fs::OpenOptions::new().append(true).create(true).open(list).unwrap();
    writeln!(list, "not run: {what} ({why})").unwrap();
}

/// Whether a program that a test needs is installed.
pub fn installed(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", "command -v \"$0\"", program]).output().unwrap();
    found.status.success()
}

/// The program under test.
pub const BINARY: &str = env!("CARGO_BIN_EXE_kubensenter");

/// What a run came to: all of it, so that a test that compares one compares everything.
#[derive(Debug, PartialEq, Eq)]
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// What `status` and these two streams would be.
    pub fn new(status: i32, stdout: &str, stderr: &str) -> Self {
        Run { status, stdout: stdout.to_owned(), stderr: stderr.to_owned() }
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| std::ffi::OsString::from_vec(bytes).to_string_lossy().into_owned();
        Run {
            status: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

const HELPERS: [&str; 5] = ["crasher", "dumper", "stepper", "twins", "without"];

/// A small host. Inside: root, an empty `/run` (a tmpfs), `/proc`, a shared `/`, and the commands
/// `kubensenter` and `kubensctl` and the test helpers in `PATH`.
pub struct Sandbox {
    init: Child,
    leader: u32,
    cpu: u32,
}

impl Sandbox {
    /// A host on which nothing is pinned.
    pub fn new() -> Self {
        let bin = bin();
        let setup = format!(
            "mount --make-rprivate / && mount -t proc proc /proc && mount -t tmpfs -o mode=755 run /run && \
             mkdir /run/bin && ln -s {} /run/bin/kubensenter && ln -s kubensenter /run/bin/kubensctl && \
             ln -s {} /run/bin && mount --make-rshared / && echo up && exec sleep infinity",
            shell_word(Path::new(BINARY)),
            HELPERS.map(|name| shell_word(&bin.join(name))).join(" "),
        );
        let cpu = next_cpu();
        let mut init = on(cpu)
            .args(["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child"])
            .args(["sh", "-c", &setup])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare starts");
        let mut up = [0; 3];
        init.stdout.take().unwrap().read_exact(&mut up).expect("the sandbox comes up (user namespaces?)");
        let children = format!("/proc/{0}/task/{0}/children", init.id());
        let leader = fs::read_to_string(children).unwrap().trim().parse().unwrap();
        Sandbox { init, leader, cpu }
    }

    /// A host with a namespace pinned at `/run/kubens/mnt`; inside only, there is a tmpfs on `/run/volumes` with
    /// a file `inside` in it.
    pub fn pinned() -> Self {
        let sandbox = Sandbox::new();
        sandbox.pin("/run/kubens/mnt");
        sandbox
    }

    /// Pins a namespace like that of [`Sandbox::pinned`] at this path.
    pub fn pin(&self, path: &str) {
        self.ok(&format!(
            "mkdir -p \"$(dirname '{path}')\" /run/volumes
             mountpoint -q \"$(dirname '{path}')\" || mount -t tmpfs pin \"$(dirname '{path}')\"
             mount --make-private \"$(dirname '{path}')\"
             touch '{path}'
             unshare --mount='{path}' --propagation slave sh -c \
                 'mount --make-rshared / && mount -t tmpfs volumes /run/volumes && touch /run/volumes/inside'",
        ));
    }

    /// Starts a program of this name, which sleeps; `before` says where. It runs when this returns.
    pub fn runs(&self, name: &str, before: &str) {
        self.ok(&format!(
            "mkdir -p /run/programs && cp \"$(command -v sleep)\" /run/programs/{name}
             {before} /run/programs/{name} infinity </dev/null >/dev/null 2>&1 &
             for i in $(seq 1000); do
                 [ \"$(readlink /proc/$!/exe)\" = /run/programs/{name} ] && exit; sleep 0.01
             done; exit 9"
        ));
    }

    /// Starts what makes a node one of Kubernetes, inside.
    pub fn serves(&self) {
        self.runs("containerd", "kubensenter -q");
        self.runs("kubelet", "kubensenter -q");
    }

    /// Runs a shell script on this host, as its root, in `/`.
    pub fn run(&self, script: &str) -> Run {
        self.command(script).output().expect("nsenter starts").into()
    }

    /// The command that runs a shell script on this host.
    pub fn command(&self, script: &str) -> Command {
        let mut command = on(self.cpu);
        command
            .args(["nsenter", "--preserve-credentials", "--user", "--mount", "--pid", "--root", "--wd"])
            .args(["--target", &self.leader.to_string(), "--", "/usr/bin/env", "-i"])
            .args(["PATH=/run/bin:/usr/sbin:/usr/bin:/sbin:/bin", "sh", "-c", script])
            .stdin(Stdio::null());
        command
    }

    /// Runs a script that has to succeed, and gives its standard output.
    pub fn ok(&self, script: &str) -> String {
        let run = self.run(script);
        assert_eq!(run.status, 0, "{script}\n{}", run.stderr);
        run.stdout
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // unshare --kill-child takes PID 1 with it, and PID 1 everything else.
        self.init.kill().unwrap();
        self.init.wait().unwrap();
    }
}

/// Everything of a sandbox runs on one CPU: Linux 6.18 numbers mount namespaces from batches per CPU, and lets
/// nobody bind one whose number is below his own. Each sandbox gets the next CPU.
fn next_cpu() -> u32 {
    static CPUS: OnceLock<Vec<u32>> = OnceLock::new();
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let cpus = CPUS.get_or_init(|| {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap();
        let ranges = list.trim().split(',').map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            first.parse().unwrap()..=last.parse().unwrap()
        });
        ranges.flatten().collect()
    });
    cpus[NEXT.fetch_add(1, Ordering::Relaxed) % cpus.len()]
}

/// A command that runs on this CPU alone.
fn on(cpu: u32) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &cpu.to_string()]);
    command
}

/// The directory of the test helpers: cargo puts examples beside the tests.
fn bin() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.join("examples")
}

fn shell_word(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
