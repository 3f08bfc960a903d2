//! Stops kubensctl before each of its system calls in turn, by SIGKILL or with an error in the call's place, and
//! looks at what that leaves: nothing that can be entered, or a complete pin; and the next `pin` puts all right.
//!
//!     crasher SCENE FAULT WAY     inside a sandbox; prints the number of calls, or what is wrong
//!
//! The calls are those that a run makes, found as it makes them: no list of them is kept anywhere.
#![allow(
    unsafe_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::exit,
    clippy::print_stdout
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::linux::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use nix::errno::Errno;
use nix::libc;
use nix::mount::{self, MntFlags};
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{self, Signal};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

const DIR: &str = "/run/kubens";
const POINT: &str = "/run/kubens/mnt";
const ENV: &str = "/run/kubens/env";
const LOCK: &str = "/run/kubens.lock";

/// What a C library does before the program's own first call, and what an error in there would be its matter.
const START_UP: [i64; 10] = [
    libc::SYS_brk,
    libc::SYS_arch_prctl,
    libc::SYS_set_tid_address,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_prlimit64,
    libc::SYS_readlink,
    libc::SYS_readlinkat,
    libc::SYS_getrandom,
    libc::SYS_mprotect,
];
/// These do not fail: close(2) not with what is closed here.
const NEVER_FAIL: [i64; 3] = [libc::SYS_brk, libc::SYS_close, libc::SYS_exit_group];
/// Without memory a program may end as if it were killed.
const MEMORY: [i64; 3] = [libc::SYS_mmap, libc::SYS_mremap, libc::SYS_munmap];
/// What Linux before 5.12 does not have.
const NEW_API: [i64; 6] = [
    libc::SYS_mount_setattr,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_fsconfig,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
];
const FORKS: [i64; 4] = [libc::SYS_clone, libc::SYS_clone3, libc::SYS_fork, libc::SYS_vfork];

/// What is there, and what is called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scene {
    /// `pin`, and nothing is there.
    Fresh,
    /// `pin`, and the pin is gone while a process lives in its namespace.
    Lost,
    /// `pin`, and a tmpfs of somebody else's is on the directory.
    Covered,
    /// `unpin`, and nobody lives inside.
    Unpin,
    /// `unpin --force`, and somebody does.
    Force,
}

#[derive(Clone, Copy)]
enum Fault {
    Kill,
    Error(Errno),
}

/// How a run ended.
struct End {
    /// The call at which it was stopped, if it made that many.
    stopped: Option<i64>,
    /// The exit status; `None`: a signal.
    status: Option<i32>,
    stderr: String,
}

fn main() {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let [scene, fault, way] = words.as_slice() else { panic!("crasher SCENE FAULT WAY") };
    let scene = match scene.as_str() {
        "fresh" => Scene::Fresh,
        "lost" => Scene::Lost,
        "covered" => Scene::Covered,
        "unpin" => Scene::Unpin,
        "force" => Scene::Force,
        other => panic!("scene {other}"),
    };
    let fault = match fault.as_str() {
        "KILL" => Fault::Kill,
        "EPERM" => Fault::Error(Errno::EPERM),
        "ENOMEM" => Fault::Error(Errno::ENOMEM),
        "ENOSPC" => Fault::Error(Errno::ENOSPC),
        "EBUSY" => Fault::Error(Errno::EBUSY),
        "EINVAL" => Fault::Error(Errno::EINVAL),
        other => panic!("fault {other}"),
    };
    match all(scene, fault, way == "old") {
        Ok(calls) => println!("{calls} calls"),
        Err(why) => {
            println!("{why}");
            std::process::exit(1);
        }
    }
}

/// Stops it at each call in turn, until it makes no more.
fn all(scene: Scene, fault: Fault, old: bool) -> Result<usize, String> {
    // /run/netns stays a shared mount, and is made before anything is compared.
    ctl(&["pin"])?;
    ctl(&["unpin"])?;
    let bare = state();
    let mut member = matches!(scene, Scene::Lost | Scene::Force).then(|| {
        ctl(&["pin"]).unwrap();
        Member::new()
    });
    let processes = processes();
    for call in 1.. {
        let found = set(scene)?;
        let arguments: &[&str] = match scene {
            Scene::Fresh | Scene::Lost | Scene::Covered => &["pin"],
            Scene::Unpin => &["unpin"],
            Scene::Force => &["unpin", "--force"],
        };
        let end = run(arguments, call, fault, old)?;
        let at = |why: String| {
            format!("call {call} ({:?}), status {:?}: {why}\n{}", end.stopped, end.status, end.stderr)
        };
        judge(scene, fault, &end, &found).map_err(at)?;
        // The next pin puts it right, and unpin leaves nothing.
        ctl(&["pin"]).map_err(at)?;
        let pinned = complete().map_err(at)?;
        if let Some(member) = &member
            && pinned != member.namespace
        {
            return Err(at(format!("{pinned} is pinned, and the member lives in {}", member.namespace)));
        }
        if member.is_none() {
            ctl(&["unpin"]).map_err(at)?;
            same("unpin", &bare).map_err(at)?;
        }
        if processes != self::processes() {
            return Err(at("a process is left over".to_owned()));
        }
        if end.stopped.is_none() {
            if let Some(member) = member.take() {
                member.end();
                ctl(&["unpin"])?;
                same("the end", &bare)?;
            }
            return Ok(call - 1);
        }
    }
    Ok(0)
}

/// Makes what the scene begins with; gives the state.
fn set(scene: Scene) -> Result<BTreeSet<String>, String> {
    match scene {
        // Where somebody lives inside, it was pinned again after the last call.
        Scene::Fresh | Scene::Force => {}
        Scene::Unpin => ctl(&["pin"])?,
        Scene::Lost => mount::umount2(POINT, MntFlags::MNT_DETACH).map_err(|errno| errno.to_string())?,
        Scene::Covered => {
            fs::create_dir(DIR).map_err(|error| error.to_string())?;
            mount::mount(Some("x"), DIR, Some("tmpfs"), mount::MsFlags::empty(), None::<&str>)
                .map_err(|errno| errno.to_string())?;
        }
    }
    Ok(state())
}

/// What was promised: nothing can be entered, or what can is complete. An error is said, and changes nothing.
fn judge(scene: Scene, fault: Fault, end: &End, found: &BTreeSet<String>) -> Result<(), String> {
    if enterable().is_some() {
        complete().map_err(|why| format!("what can be entered is not complete: {why}"))?;
    }
    let pins = matches!(scene, Scene::Fresh | Scene::Lost | Scene::Covered);
    match (fault, end.stopped, end.status) {
        (Fault::Kill, Some(_), None) => Ok(()),
        (Fault::Error(_), Some(call), None) if MEMORY.contains(&call) => Ok(()),
        (_, _, Some(0)) if pins == enterable().is_some() => Ok(()),
        (Fault::Error(_), Some(_), Some(1)) => {
            if end.stderr.is_empty() || end.stderr.lines().any(|line| !line.starts_with("kubensctl: ")) {
                return Err("it does not say why".to_owned());
            }
            // What is swept out of the way is gone, and what failed after the commit point leaves a pin.
            if enterable().is_some() || matches!(scene, Scene::Covered | Scene::Unpin | Scene::Force) {
                return Ok(());
            }
            // A lock that could not be taken may be another's: its file stays, and the next call removes it.
            let _ = fs::remove_file(LOCK);
            same("a failure", found)
        }
        _ => Err("so it should not end".to_owned()),
    }
}

/// Whether all that there is is what there was.
fn same(what: &str, before: &BTreeSet<String>) -> Result<(), String> {
    let after = state();
    if &after == before {
        return Ok(());
    }
    let more: Vec<_> = after.difference(before).collect();
    let less: Vec<_> = before.difference(&after).collect();
    Err(format!("{what} leaves {more:#?} and takes {less:#?}"))
}

/// Runs kubensctl up to its call of this number, and puts the fault there.
fn run(arguments: &[&str], call: usize, fault: Fault, old: bool) -> Result<End, String> {
    let mut command = Command::new("kubensctl");
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    // SAFETY: between fork and exec, ptrace(2) is all that is called.
    unsafe { command.pre_exec(|| Ok(ptrace::traceme()?)) };
    #[expect(clippy::zombie_processes, reason = "waitpid(2) below")]
    let mut child = command.spawn().expect("kubensctl starts");
    let pid = Pid::from_raw(child.id().cast_signed());
    let mut end = End { stopped: None, status: None, stderr: String::new() };
    let (mut calls, mut started, mut inside, mut answer) = (0, false, false, None);
    let mut status = waitpid(pid, None).expect("it stops at its exec");
    ptrace::setoptions(pid, Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_EXITKILL).unwrap();
    loop {
        let mut pass = None;
        match status {
            WaitStatus::PtraceSyscall(_) if inside => {
                inside = false;
                if let Some(errno) = answer.take() {
                    let mut registers = ptrace::getregs(pid).unwrap();
                    registers.rax = (-i64::from(errno as i32)).cast_unsigned();
                    ptrace::setregs(pid, registers).unwrap();
                }
            }
            WaitStatus::PtraceSyscall(_) => {
                inside = true;
                calls += 1;
                let mut registers = ptrace::getregs(pid).unwrap();
                let number = registers.orig_rax.cast_signed();
                if FORKS.contains(&number) {
                    return Err(format!("call {calls} is a fork"));
                }
                started |= !START_UP.contains(&number);
                if old && NEW_API.contains(&number) {
                    answer = Some(Errno::ENOSYS);
                }
                if calls == call {
                    end.stopped = Some(number);
                    match fault {
                        Fault::Kill => {
                            signal::kill(pid, Signal::SIGKILL).unwrap();
                            answer = None;
                        }
                        Fault::Error(errno) if started && !NEVER_FAIL.contains(&number) => {
                            answer = Some(errno);
                        }
                        Fault::Error(_) => {}
                    }
                }
                if answer.is_some() {
                    registers.orig_rax = u64::MAX;
                    ptrace::setregs(pid, registers).unwrap();
                }
            }
            WaitStatus::Stopped(_, Signal::SIGTRAP) => {}
            WaitStatus::Stopped(_, signal) => pass = Some(signal),
            WaitStatus::Exited(_, code) => {
                end.status = Some(code);
                break;
            }
            WaitStatus::Signaled(..) => break,
            other => panic!("{other:?}"),
        }
        // It may have been killed just now.
        let _ = ptrace::syscall(pid, pass);
        status = waitpid(pid, None).unwrap();
    }
    child.stderr.take().unwrap().read_to_string(&mut end.stderr).unwrap();
    Ok(end)
}

/// A run that has to succeed.
fn ctl(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("kubensctl").args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("kubensctl {arguments:?}: {said}")) }
}

/// The namespace that `kubensenter` would join.
fn enterable() -> Option<u64> {
    let file = fs::symlink_metadata(POINT).ok()?;
    let nsfs = fs::metadata("/proc/self/ns/mnt").unwrap();
    (file.st_dev() == nsfs.st_dev()).then(|| file.st_ino())
}

/// The namespace that is pinned, if it is pinned as it has to be.
fn complete() -> Result<u64, String> {
    let namespace = enterable().ok_or("nothing can be entered")?;
    let host = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let cover = only(&host, DIR)?;
    let (mount, file_system) = cover.split_once(" - ").unwrap();
    let options: Vec<_> = mount.split(' ').skip(5).collect();
    if options.len() != 1 || ["nosuid", "nodev", "noexec"].iter().any(|option| !options[0].contains(option)) {
        return Err(format!("the directory is mounted {cover}"));
    }
    if !file_system.starts_with("tmpfs kubens ro") {
        return Err(format!("the directory's file system is {file_system}"));
    }
    let pin = only(&host, POINT)?;
    if !pin.contains(" - nsfs ") || pin.contains("shared:") {
        return Err(format!("the pin is {pin}"));
    }
    let env = fs::read_to_string(ENV).map_err(|error| error.to_string())?;
    let mode = fs::metadata(ENV).unwrap().st_mode() & 0o7777;
    if env != format!("KUBENSMNT={POINT}\n") || mode != 0o644 {
        return Err(format!("the env file is {env:?}, {mode:o}"));
    }
    let inside =
        Command::new("nsenter").args(["--mount=/run/kubens/mnt", "cat", "/proc/self/mountinfo"]).output();
    let inside = String::from_utf8(inside.unwrap().stdout).unwrap();
    for mount in inside.lines().filter(|line| !line.contains("nsfs")) {
        let (tags, kind) = mount.split_once(" - ").unwrap();
        let target = mount.split(' ').nth(4).unwrap();
        // What is private on the host does not arrive, and is shared inside all the same.
        let received = only(&host, target).is_ok_and(|there| there.contains(" shared:"));
        if !tags.contains(" shared:") || received && !tags.contains(" master:") {
            return Err(format!("inside, {target} is {tags} - {kind}"));
        }
    }
    Ok(namespace)
}

/// The line of the one mount at this path.
fn only<'a>(mounts: &'a str, path: &str) -> Result<&'a str, String> {
    let here: Vec<_> = mounts.lines().filter(|line| line.split(' ').nth(4) == Some(path)).collect();
    if let [mount] = here.as_slice() { Ok(mount) } else { Err(format!("on {path} there are {here:#?}")) }
}

/// All that a pin could change on the host: mounts, without the numbers that are never the same, and files.
fn state() -> BTreeSet<String> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let mounts =
        mounts.lines().filter(|line| !line.contains("/run/netns")).enumerate().map(|(index, line)| {
            let words = line.split(' ').skip(3).map(|word| word.split_once(':').map_or(word, |(tag, _)| tag));
            format!("{index} {}", words.collect::<Vec<_>>().join(" "))
        });
    let mut files = BTreeSet::new();
    list("/run", &mut files);
    mounts.chain(files).collect()
}

fn list(directory: &str, files: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        let path = path.to_str().unwrap();
        files.insert(format!("{path} {:o}", metadata.st_mode()));
        if metadata.is_dir() && path != "/run/netns" {
            list(path, files);
        }
    }
}

/// All processes but this one.
fn processes() -> BTreeSet<i32> {
    let entries = fs::read_dir("/proc").unwrap();
    entries.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok()).collect()
}

/// A process that lives in the pinned namespace.
struct Member {
    process: Child,
    namespace: u64,
}

impl Member {
    fn new() -> Self {
        let mut command = Command::new("kubensenter");
        command.args(["-q", "--require", "sh", "-c", "echo inside; exec sleep 600"]);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "inside\n");
        Member { process, namespace: enterable().unwrap() }
    }

    fn end(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
