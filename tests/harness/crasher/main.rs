//! Stops kubensctl before each of its system calls in turn, by SIGKILL or with an error in the call's place, and
//! looks at what that leaves: nothing that can be entered, or a complete pin; and the next `pin` puts all right.
//!
//!     crasher SCENE FAULT WAY     inside a sandbox; prints the number of calls, or what is wrong
//!
//! SCENE: one of those below, or a verb that switches (see switch.rs).
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

mod fault;
mod host;
mod switch;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Command, Stdio};

use fault::{End, Fault, MEMORY, run};
use host::{DIR, POINT, complete, enterable, processes, state};
use nix::errno::Errno;
use nix::mount::{self, MntFlags};

const LOCK: &str = "/run/kubens.lock";

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
    /// `pin`, and all is right, and somebody lives inside.
    Used,
    /// `unpin`, and somebody lives inside.
    Keep,
    /// `pin`, and what is pinned is another user namespace's.
    Forged,
}

fn main() {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let [scene, fault, way] = words.as_slice() else { panic!("crasher SCENE FAULT WAY") };
    let scene = match scene.as_str() {
        "fresh" => Ok(Scene::Fresh),
        "lost" => Ok(Scene::Lost),
        "covered" => Ok(Scene::Covered),
        "unpin" => Ok(Scene::Unpin),
        "force" => Ok(Scene::Force),
        "used" => Ok(Scene::Used),
        "keep" => Ok(Scene::Keep),
        "forged" => Ok(Scene::Forged),
        verb => Err(verb),
    };
    let fault = match fault.as_str() {
        "KILL" => Fault::Kill,
        "EPERM" => Fault::Error(Errno::EPERM),
        "EACCES" => Fault::Error(Errno::EACCES),
        "ENOSYS" => Fault::Error(Errno::ENOSYS),
        "ENOMEM" => Fault::Error(Errno::ENOMEM),
        "ENOSPC" => Fault::Error(Errno::ENOSPC),
        "EBUSY" => Fault::Error(Errno::EBUSY),
        "EINVAL" => Fault::Error(Errno::EINVAL),
        other => panic!("fault {other}"),
    };
    let calls = match scene {
        Ok(scene) => all(scene, fault, way == "old"),
        Err(verb) => switch::all(verb, fault),
    };
    match calls {
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
    let forged = (scene == Scene::Forged).then(Member::forged);
    let bare = state();
    let mut member = matches!(scene, Scene::Lost | Scene::Force | Scene::Used | Scene::Keep).then(|| {
        ctl(&["pin"]).unwrap();
        Member::new()
    });
    let processes = processes();
    for call in 1.. {
        let found = set(scene, forged.as_ref())?;
        let arguments: &[&str] = match scene {
            Scene::Fresh | Scene::Lost | Scene::Covered | Scene::Used | Scene::Forged => &["pin"],
            Scene::Unpin | Scene::Keep => &["unpin"],
            Scene::Force => &["unpin", "--force"],
        };
        let end = run(arguments, call, fault, old)?;
        let at = |why: String| {
            format!("call {call} ({:?}), status {:?}: {why}\n{}", end.stopped, end.status, end.stderr)
        };
        let theirs = forged.as_ref().map(|forged| forged.namespace);
        judge(scene, fault, &end, &found, theirs).map_err(at)?;
        if matches!(scene, Scene::Used | Scene::Keep)
            && enterable() != member.as_ref().map(|one| one.namespace)
        {
            return Err(at("the pin in use is gone".to_owned()));
        }
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
            if let Some(forged) = forged {
                forged.end();
            }
            return Ok(call - 1);
        }
    }
    Ok(0)
}

/// Makes what the scene begins with; gives the state.
fn set(scene: Scene, forged: Option<&Member>) -> Result<BTreeSet<String>, String> {
    let text = |errno: Errno| errno.to_string();
    match scene {
        // Where somebody lives inside, it was pinned again after the last call.
        Scene::Fresh | Scene::Force | Scene::Used | Scene::Keep => {}
        Scene::Forged => {
            ctl(&["pin"])?;
            mount::umount2(POINT, MntFlags::MNT_DETACH).map_err(text)?;
            let theirs = format!("/proc/{}/ns/mnt", forged.map_or(0, |forged| forged.process.id()));
            let bind = mount::MsFlags::MS_BIND;
            mount::mount(Some(theirs.as_str()), POINT, None::<&str>, bind, None::<&str>).map_err(text)?;
        }
        Scene::Unpin => ctl(&["pin"])?,
        Scene::Lost => mount::umount2(POINT, MntFlags::MNT_DETACH).map_err(text)?,
        Scene::Covered => {
            fs::create_dir(DIR).map_err(|error| error.to_string())?;
            mount::mount(Some("x"), DIR, Some("tmpfs"), mount::MsFlags::empty(), None::<&str>)
                .map_err(text)?;
        }
    }
    Ok(state())
}

/// What was promised: nothing can be entered, or what can is complete. An error is said, and changes nothing.
fn judge(
    scene: Scene,
    fault: Fault,
    end: &End,
    found: &BTreeSet<String>,
    theirs: Option<u64>,
) -> Result<(), String> {
    // Another user namespace's may still be there, and nobody enters it.
    let enterable = || enterable().filter(|namespace| Some(*namespace) != theirs);
    if enterable().is_some() {
        complete().map_err(|why| format!("what can be entered is not complete: {why}"))?;
    }
    let pins = !matches!(scene, Scene::Unpin | Scene::Force);
    match (fault, end.stopped, end.status) {
        (Fault::Kill, Some(_), None) => Ok(()),
        (Fault::Error(_), Some(call), None) if MEMORY.contains(&call) => Ok(()),
        (_, _, Some(0)) if pins == enterable().is_some() => Ok(()),
        (Fault::Error(_), Some(_), Some(1)) => {
            if end.stderr.is_empty() || end.stderr.lines().any(|line| !line.starts_with("kubensctl: ")) {
                return Err("it does not say why".to_owned());
            }
            // What is swept out of the way is gone, and what failed after the commit point leaves a pin.
            if enterable().is_some() || !matches!(scene, Scene::Fresh | Scene::Lost) {
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

/// A run that has to succeed.
fn ctl(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("kubensctl").args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("kubensctl {arguments:?}: {said}")) }
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

    /// One that lives in a mount namespace of another user namespace, which has the mark of a lost pin.
    fn forged() -> Self {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "--propagation", "unchanged", "sh", "-c"]);
        command.arg(
            "mount --make-rslave /; mount --make-rshared /; mount -t tmpfs x /run
             mkdir /run/kubens; mount -t tmpfs x /run/kubens; : >/run/kubens/mnt
             mount --bind /run/kubens/mnt /run/kubens/mnt; echo inside; exec sleep 600",
        );
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "inside\n");
        let namespace = fs::metadata(format!("/proc/{}/ns/mnt", process.id())).unwrap().ino();
        Member { process, namespace }
    }

    fn end(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
