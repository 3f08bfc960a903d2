//! The plain call before libc (`src/early`): it does what the full program does, and keeps to its rules.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod harness;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{BINARY, Sandbox, installed, not_run};

fn ask(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Whether the tools are there that look into a program.
fn can_look(name: &str) -> bool {
    let found = installed("objdump") && cfg!(target_arch = "x86_64");
    if !found {
        not_run(name, "binutils are not installed, or it is not x86-64");
    }
    found
}

/// The same program, but started at libc's entry.
fn full(name: &str) -> PathBuf {
    let symbols = ask("nm", &[BINARY]);
    let start = symbols.lines().find(|line| line.ends_with(" _start")).expect("the symbol _start");
    let start = u64::from_str_radix(start.split(' ').next().unwrap(), 16).unwrap();
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let path = directory.join("kubensenter");
    let mut bytes = fs::read(BINARY).unwrap();
    let entry = u64::from_le_bytes(bytes[24..32].try_into().unwrap());
    assert_ne!(entry, start, "the kernel starts the program elsewhere than libc would");
    bytes[24..32].copy_from_slice(&start.to_le_bytes());
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(&path, fs::metadata(BINARY).unwrap().permissions()).unwrap();
    path
}

/// A host with all that may lie where a pin is, and commands that start and that do not.
fn host() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.pin("/run/states/live/mnt");
    sandbox.ok(
        "cd /run/states; mkdir absent vacant net link directory directory/mnt fifo foreign
         : >vacant/mnt; ln -s /run/states/live/mnt link/mnt; mkfifo fifo/mnt
         : >net/mnt; unshare --net=/run/states/net/mnt true
         mount -t tmpfs pin foreign; mount --make-private /run/states/foreign; : >foreign/mnt
         mkfifo /run/up
         unshare --user --map-root-user --mount sh -c 'echo $$ >/run/up; exec sleep 1000' >/dev/null 2>&1 &
         read -r pid </run/up; mount --bind /proc/$pid/ns/mnt foreign/mnt; ln -s /run/states/live/mnt /run/link
         mkdir -p /run/long /run/only /run/commands/directory; cd /run/commands; ln -s /run/bin/twins seen
         echo 'echo a script; exit 7' >unmarked; echo '#!/nowhere' >orphan; chmod +x unmarked orphan; : >plain
         mount -t tmpfs only /run/only; nsenter --mount=/run/states/live/mnt umount /run/only; mkdir /run/only/d",
    );
    sandbox
}

/// Compares the ends of `count` calls, which depend on `seed`.
fn compare(name: &str, seed: u32) {
    if !can_look(name) {
        return;
    }
    let (sandbox, full) = (host(), full(name));
    let run = sandbox.run(&format!("twins /run/bin/kubensenter {} 2500 {seed}", full.display()));
    fs::remove_dir_all(full.parent().unwrap()).unwrap();
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    let ran: u32 = run.stdout.trim().parse().unwrap();
    assert!(ran > 500, "{ran} of 2500 ran the command: too few to prove anything");
}

#[test]
fn does_what_the_full_program_does() {
    compare("does_what_the_full_program_does", 20_261);
}

#[test]
fn does_it_in_other_states() {
    compare("does_it_in_other_states", 31_337);
}

#[test]
fn does_it_in_more_states() {
    compare("does_it_in_more_states", 4_711);
}

#[test]
fn does_it_in_states_that_nobody_has_thought_of() {
    compare("does_it_in_states_that_nobody_has_thought_of", 271_828);
}

/// What a run until the command's exec comes to.
fn steps(sandbox: &Sandbox, call: &str) -> (Vec<i64>, u32) {
    let told = sandbox.ok(&format!("{call} 2>/dev/null"));
    let value = |name: &str| told.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    assert_eq!(value("cpuid"), "0", "{call}: CPUID leaves a virtual machine");
    assert_eq!(value("dirty"), "0", "{call}: no memory is written to but the stack");
    let calls = value("calls").split(' ').map(|number| number.parse().unwrap()).collect();
    (calls, value("instructions").parse().unwrap())
}

#[test]
fn takes_at_most_ten_system_calls_and_1500_instructions() {
    if !can_look("takes_at_most_ten_system_calls_and_1500_instructions") {
        return;
    }
    let sandbox = Sandbox::pinned();
    // As many variables as a login has.
    let variables = "VARIABLE=value ".repeat(25);
    let run = |call: &str| steps(&sandbox, &format!("env {variables} {call}"));
    let joins = [
        libc::SYS_openat,
        libc::SYS_fstat,
        libc::SYS_ioctl,
        libc::SYS_fstat,
        // This sandbox is not in the machine's first user namespace, which is known without a question.
        libc::SYS_newfstatat,
        libc::SYS_getcwd,
        libc::SYS_setns,
        libc::SYS_chdir,
        libc::SYS_execve,
    ];
    let (calls, instructions) = run("stepper kubensenter -q /bin/true");
    assert_eq!(calls, joins);
    assert!(instructions <= 1500, "{instructions} instructions");
    for call in [
        "stepper kubensenter /bin/true",
        "stepper kubensenter -q --require -- true",
        "KUBENSMNT=/run/kubens/mnt stepper kubensenter true",
        "KUBENSMNT=/proc/1/root/run/kubens/mnt stepper kubensenter /bin/true",
    ] {
        let (calls, instructions) = run(call);
        // PATH is searched in the sandbox from /run/bin on, and true is in the third directory.
        let searched = calls.iter().rev().take_while(|call| **call == libc::SYS_execve).count() - 1;
        assert!(calls.len() - searched <= 10 + 1, "{call}: {calls:?}");
        assert!(instructions <= 2000, "{call}: {instructions} instructions");
    }
    let (calls, _) = steps(&Sandbox::new(), "stepper kubensenter /bin/true");
    assert_eq!(
        calls,
        [libc::SYS_openat, libc::SYS_openat, libc::SYS_openat2, libc::SYS_close, libc::SYS_execve]
    );
}

/// The addresses of a section, from readelf's table.
fn section(sections: &str, name: &str) -> std::ops::Range<u64> {
    let line = sections.lines().find(|line| line.contains(&format!("] {name} "))).unwrap();
    let fields: Vec<_> = line.split(']').nth(1).unwrap().split_whitespace().collect();
    let number = |index: usize| u64::from_str_radix(fields[index], 16).unwrap();
    number(2)..number(2) + number(4)
}

fn keeps_to_its_rules(program: &str) {
    let sections = ask("readelf", &["--sections", "--wide", program]);
    let (code, constants) = (section(&sections, ".early"), section(&sections, ".early_constants"));
    let state = section(&sections, ".bss");
    let header = ask("readelf", &["--file-header", program]);
    let entry = header.lines().find_map(|line| line.trim().strip_prefix("Entry point address:")).unwrap();
    let number = |text: &str| u64::from_str_radix(text.trim().trim_start_matches("0x"), 16).unwrap();
    assert!(code.contains(&number(entry)), "{program}: the kernel starts it at {entry}");
    let text = ask("objdump", &["--disassemble", "--no-show-raw-insn", "--section=.early", program]);
    let lines: Vec<_> = text.lines().filter_map(|line| line.split_once(":\t")).collect();
    assert!(lines.len() > 300);
    let mut leaves = 0;
    for (_, line) in &lines {
        let (name, operands) = line.split_once(' ').unwrap_or((line, ""));
        let forbidden = ["cpuid", "xgetbv", "rdtsc", "int3", "ud2"].contains(&name);
        assert!(!forbidden && !line.contains("%fs") && !line.contains("%gs"), "{program}: {line}");
        if name.starts_with('j') || name.starts_with("call") {
            assert!(!operands.contains('*'), "{program}: {line}");
            let target = number(operands.trim().split(' ').next().unwrap());
            if !code.contains(&target) {
                assert_eq!(name, "jmp", "{program}: {line}");
                leaves += 1;
            }
        }
        if let Some((_, target)) = line.split_once("# ") {
            let target = number(target.split(' ').next().unwrap());
            assert_eq!(name, "lea", "{program}: {line}");
            assert!(constants.contains(&target) || state.contains(&target), "{program}: {line}");
        }
    }
    assert_eq!(leaves, 1, "{program}: only to libc's _start");
    for line in ask("readelf", &["--relocs", "--wide", program]).lines() {
        let place = line.split_whitespace().next().and_then(|word| u64::from_str_radix(word, 16).ok());
        let within = |place: &u64| code.contains(place) || constants.contains(place);
        assert!(!place.is_some_and(|place| within(&place)), "{program}: {line}");
    }
}

#[test]
fn keeps_to_the_rules_of_code_before_libc() {
    let name = "keeps_to_the_rules_of_code_before_libc";
    if !can_look(name) {
        return;
    }
    keeps_to_its_rules(BINARY);
    let release = Path::new(BINARY).parent().and_then(Path::parent).unwrap().join("release/kubensenter");
    if release.exists() {
        keeps_to_its_rules(release.to_str().unwrap());
    } else {
        not_run(name, "no release build: cargo build --release");
    }
}
