//! Runs thousands of calls of two programs, each in the same state of the machine, and compares all that can be seen of
//! how they end. As `seen`, it is the command that they run, which tells what it was started with.
//!
//!     twins ONE OTHER COUNT SEED     in a sandbox with pins in /run/states; prints how many ran the command
#![no_main]
#![allow(
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    clippy::multiple_unsafe_ops_per_block,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use std::ffi::{CStr, CString, c_char, c_int};
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use nix::libc;

/// A call, and the state that it meets.
#[derive(Debug)]
struct Case {
    line: Vec<CString>,
    environment: Vec<CString>,
    /// What lies at the pin's place: a directory in /run/states.
    pin: &'static str,
    directory: Directory,
    /// In a mount namespace of its own.
    sandboxed: bool,
    /// Standard error is a pipe that is full, and that nobody empties.
    full: bool,
    /// Closed descriptors.
    closed: Vec<c_int>,
    /// A capability that it does not have.
    without: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
enum Directory {
    Path(&'static str),
    /// Of so many characters.
    Long(usize),
    Deleted,
}

const LINES: [&str; 30] = [
    "-q",
    "-q",
    "-q",
    "--quiet",
    "--require",
    "--",
    "seen",
    "seen",
    "seen",
    "/run/commands/seen",
    "nonesuch",
    "/nonesuch",
    "unmarked",
    "orphan",
    "/run/commands/plain",
    "directory",
    "-",
    "",
    "-v",
    "--wd",
    "/run",
    "-m",
    "/run/kubens/mnt",
    "--host",
    "--qu",
    "--quiet=1",
    "-qq",
    "--version",
    "x y",
    "\u{fffd}",
];
const ENVIRONMENTS: [&str; 24] = [
    "PATH=/usr/bin:/bin",
    "PATH=",
    "PATH=:",
    "PATH=/run/nowhere:/run/commands/plain:/run/commands",
    "PATH=/run/commands/",
    "PATH=run/commands",
    "PATH=LONG:/run/commands",
    "KUBENSMNT=",
    "KUBENSMNT=/run/kubens/mnt",
    "KUBENSMNT=/run/link",
    "KUBENSMNT=/run/states/live/mnt",
    "KUBENSMNT=/proc/self/ns/mnt",
    "KUBENSMNT=/run/none",
    "KUBENSENTER_LOG=0",
    "KUBENSENTER_LOG=2",
    "DEFAULT_KUBENSMNT=/run/states/live/mnt",
    "KUBENSMNT",
    "JOURNAL_STREAM=STDERR",
    "JOURNAL_STREAM=0STDERR",
    "JOURNAL_STREAM=1:2",
    "JOURNAL_STREAM=",
    "KUBENS_OTHER=1",
    "no equals sign",
    "=",
];
const PINS: [&str; 12] = [
    "live",
    "live",
    "live",
    "live",
    "absent",
    "absent",
    "vacant",
    "net",
    "link",
    "directory",
    "fifo",
    "foreign",
];
const DIRECTORIES: [Directory; 8] = [
    Directory::Path("/"),
    Directory::Path("/run"),
    Directory::Path("/run/volumes"),
    Directory::Path("/run/only/d"),
    Directory::Long(400),
    Directory::Long(700),
    Directory::Long(5000),
    Directory::Deleted,
];

/// The same numbers in each run (xorshift).
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.throw(of.len())].clone()
    }

    fn case(&mut self, stderr: &str) -> Case {
        let text = |word: &str| {
            let word = word.replace("STDERR", stderr).replace("LONG", &"x".repeat(600)).into_bytes();
            let bytes = if word == "\u{fffd}".as_bytes() { b"\xff\xfe".to_vec() } else { word };
            CString::new(bytes).unwrap()
        };
        let name = ["kubensenter", "kubensenter", "/usr/bin/kubensenter", "kubensenter/", "", "./x"];
        let mut line = vec![if self.throw(8) == 0 { self.one(&name) } else { "kubensenter" }];
        if self.throw(5) == 0 {
            line.extend((0..self.throw(5)).map(|_| self.one(&LINES)));
        } else {
            line.extend((0..self.throw(3)).map(|_| self.one(&LINES[..6])));
            line.push(if self.throw(3) == 0 { self.one(&LINES[6..]) } else { "seen" });
            line.extend((0..self.throw(3)).map(|_| self.one(&LINES)));
        }
        if self.throw(200) == 0 {
            line.clear();
        }
        let mut environment: Vec<_> = (0..self.throw(3)).map(|_| self.one(&ENVIRONMENTS)).collect();
        if self.throw(8) != 0 {
            environment
                .insert(self.throw(environment.len() + 1), "PATH=/run/nowhere:/run/commands:/usr/bin:/bin");
        }
        let closed: Vec<_> = (0..3).filter(|_| self.throw(16) == 0).collect();
        Case {
            environment: environment.into_iter().map(text).collect(),
            pin: self.one(&PINS),
            directory: if self.throw(2) == 0 {
                Directory::Path("/run/volumes")
            } else {
                self.one(&DIRECTORIES)
            },
            sandboxed: self.throw(6) == 0,
            // What is told goes to standard output then. A shell would wait to tell of what its profile lacks.
            full: line.contains(&"seen") && !closed.contains(&1) && self.throw(16) == 0,
            closed,
            line: line.into_iter().map(text).collect(),
            without: (self.throw(8) == 0).then(|| self.one(&[18, 19, 21])),
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn main(argc: c_int, argv: *const *const c_char) -> c_int {
    let words: Vec<&CStr> = (0..argc)
        .map(|index| unsafe { CStr::from_ptr(*argv.add(usize::try_from(index).unwrap())) })
        .collect();
    if words.first().is_some_and(|name| name.to_bytes().ends_with(b"seen")) {
        return tell(&words);
    }
    let [_, one, other, count, seed] = words.as_slice() else { panic!("twins ONE OTHER COUNT SEED") };
    let number = |word: &CStr| word.to_str().unwrap().parse::<u64>().unwrap();
    let output = OpenOptions::new().create(true).append(true).read(true).open("/run/output").unwrap();
    let at = output.metadata().unwrap();
    let (mut dice, mut ran) = (Dice(number(seed)), 0);
    for index in 0..number(count) {
        let case = dice.case(&format!("{}:{}", at.dev(), at.ino()));
        let _ = fs::remove_file("/run/kubens");
        symlink(Path::new("/run/states").join(case.pin), "/run/kubens").unwrap();
        let ends = [one, other].map(|program| end(program, &case, &output));
        if ends[0] != ends[1] {
            println!("case {index}: {case:#?}\n{}\nand from the other\n{}", ends[0], ends[1]);
            return 1;
        }
        ran += u32::from(ends[0].contains("seen in "));
    }
    println!("{ran}");
    0
}

/// All that can be seen of how a call ends.
fn end(program: &CStr, case: &Case, output: &File) -> String {
    output.set_len(0).unwrap();
    let pointers = |texts: &[CString]| -> Vec<_> {
        texts.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect()
    };
    let (line, environment) = (pointers(&case.line), pointers(&case.environment));
    let mut status = 0;
    unsafe {
        let child = libc::fork();
        if child == 0 {
            prepare(case, output);
            libc::execve(program.as_ptr(), line.as_ptr(), environment.as_ptr());
            libc::_exit(99);
        }
        assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
    }
    let mut said = fs::read("/run/output").unwrap().escape_ascii().to_string().replace("\\n", "\n");
    // A mount namespace that was made for this call has another number each time.
    let known = ["/proc/self/ns/mnt", "/run/states/live/mnt"].map(|path| fs::metadata(path).unwrap().ino());
    if let Some((before, rest)) = said.split_once("seen in mnt:[") {
        let (number, rest) = rest.split_once(']').unwrap();
        let home = known.iter().position(|known| known.to_string() == number);
        said = format!("{before}seen in {home:?}{rest}");
    }
    format!("status {status:#x}\n{said}")
}

fn prepare(case: &Case, output: &File) {
    unsafe {
        if case.sandboxed {
            assert_eq!(libc::unshare(libc::CLONE_NEWNS), 0);
        }
        match case.directory {
            Directory::Path(path) => std::env::set_current_dir(path).unwrap(),
            Directory::Deleted => {
                let _ = fs::create_dir("/run/deleted");
                std::env::set_current_dir("/run/deleted").unwrap();
                fs::remove_dir("/run/deleted").unwrap();
            }
            Directory::Long(length) => {
                std::env::set_current_dir("/run/long").unwrap();
                for _ in 0..length / 100 {
                    let name = "d".repeat(99);
                    let _ = fs::create_dir(&name);
                    std::env::set_current_dir(&name).unwrap();
                }
            }
        }
        // A call that does not end is no end.
        libc::alarm(20);
        libc::dup2(output.as_raw_fd(), 1);
        libc::dup2(if case.full { full_pipe() } else { output.as_raw_fd() }, 2);
        for fd in &case.closed {
            libc::close(*fd);
        }
        if let Some(capability) = case.without {
            libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0);
        }
    }
}

/// The end to write to of a pipe that is full. The other end stays open, for whoever would wait.
fn full_pipe() -> c_int {
    let mut ends = [0; 2];
    unsafe {
        assert_eq!(libc::pipe2(ends.as_mut_ptr(), libc::O_NONBLOCK), 0);
        while libc::write(ends[1], [0_u8; 4096].as_ptr().cast(), 4096) > 0 {}
        libc::fcntl(ends[1], libc::F_SETFL, 0);
        libc::fcntl(ends[0], libc::F_SETFD, 0);
    }
    ends[1]
}

/// Tells what it was started with, on the output that it shares with whoever started it.
fn tell(words: &[&CStr]) -> c_int {
    unsafe extern "C" {
        static environ: *const *const c_char;
    }
    let mut text = String::new();
    let mut open = String::new();
    for fd in 0..32 {
        let flags = unsafe { libc::fcntl(fd, libc::F_GETFD) };
        if flags >= 0 {
            write!(open, " {fd}:{flags}").unwrap();
        }
    }
    let show = |bytes: &[u8]| bytes.escape_ascii().to_string();
    let link = |path: &str| {
        fs::read_link(path).map_or_else(|error| error.to_string(), |to| show(to.as_os_str().as_bytes()))
    };
    writeln!(text, "seen in {} at {} with{open}", link("/proc/self/ns/mnt"), link("/proc/self/cwd")).unwrap();
    for word in words {
        writeln!(text, "word {}", show(word.to_bytes())).unwrap();
    }
    let mut entry = unsafe { environ };
    while unsafe { !(*entry).is_null() } {
        writeln!(text, "variable {}", show(unsafe { CStr::from_ptr(*entry) }.to_bytes())).unwrap();
        entry = unsafe { entry.add(1) };
    }
    let out = if unsafe { libc::fcntl(1, libc::F_GETFD) } >= 0 { 1 } else { 2 };
    let _ = unsafe { libc::write(out, text.as_ptr().cast(), text.len()) };
    c_int::try_from(words.len()).unwrap()
}
