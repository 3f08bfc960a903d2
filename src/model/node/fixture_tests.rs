//! A node for the tests of this room: healthy, until a test changes a fact.

use super::catalogue::{self, Role};
use super::facts::{Node, Pinning};
use super::judgement::Run;
use super::manager::Told;
use super::members::Process;
use crate::model::mounts::pods::Pods;
use crate::model::mounts::table::parse;
use crate::model::namespace::NamespaceId;

pub const HOST: NamespaceId = NamespaceId { dev: 4, ino: 1 };
pub const PINNED: NamespaceId = NamespaceId { dev: 4, ino: 2 };
pub const OTHER: NamespaceId = NamespaceId { dev: 4, ino: 3 };

pub const OUTSIDE: &str = "\
1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw
3 1 0:21 / /run rw shared:3 - tmpfs tmpfs rw
4 3 0:22 / /run/kubens ro - tmpfs kubens ro
5 4 0:4 mnt:[2] /run/kubens/mnt rw - nsfs nsfs rw
6 3 0:21 /netns /run/netns rw shared:6 - tmpfs tmpfs rw
";
pub const INSIDE: &str = "\
11 0 8:1 / / rw shared:11 master:1 - ext4 /dev/sda1 rw
13 11 0:21 / /run rw shared:13 master:3 - tmpfs tmpfs rw
14 13 0:22 / /run/kubens ro shared:14 - tmpfs kubens ro
16 13 0:21 /netns /run/netns rw shared:16 master:6 - tmpfs tmpfs rw
";

/// A process: of a unit or of none (""), of a program, in a namespace.
pub type Line<'a> = (&'a str, &'a str, NamespaceId);

pub fn processes(lines: &[Line<'_>]) -> Vec<Process> {
    let process = |(place, (unit, program, namespace)): (usize, &Line<'_>)| Process {
        pid: i32::try_from(place).unwrap() + 2,
        namespace: Some(*namespace),
        unit: Some((*unit).to_owned()).filter(|unit| !unit.is_empty()),
        program: program.as_bytes().to_vec(),
        role: catalogue::of_process(program.as_bytes(), b"x\0server").map(|member| member.role),
    };
    lines.iter().enumerate().map(process).collect()
}

/// What systemd says of a unit that runs.
pub fn told(name: &str, role: Option<Role>, enters: bool) -> Told {
    Told {
        name: name.to_owned(),
        role,
        run: Run::Settled,
        active: true,
        masked: false,
        enabled: true,
        main: None,
        enters,
    }
}

/// A node with these processes, on which all units are set to start inside.
pub fn node(lines: &[Line<'_>]) -> Node {
    let role =
        |program: &str| catalogue::of_process(program.as_bytes(), b"x\0server").map(|member| member.role);
    let named = lines.iter().filter(|(unit, ..)| !unit.is_empty());
    let mut units: Vec<_> = named.map(|(unit, program, _)| told(unit, role(program), true)).collect();
    units.push(told("kubens.service", None, false));
    Node {
        point: b"/run/kubens/mnt".to_vec(),
        pinning: Pinning::Pinned(PINNED),
        older: None,
        host: Some(HOST),
        caller: Some(HOST),
        inside: Some(parse(INSIDE.as_bytes())),
        counted: Some(4),
        outside: Some(parse(OUTSIDE.as_bytes())),
        processes: Some(processes(lines)),
        apart: Vec::new(),
        units: Some(units),
        scanners: Vec::new(),
        elsewhere: Vec::new(),
        strays: Vec::new(),
        pods: Pods::default(),
        last_words: None,
        since: None,
        by_unit: true,
        init_cpu: Some(1),
        blind: Vec::new(),
    }
}

pub fn healthy() -> Node {
    node(&[
        ("containerd.service", "containerd", PINNED),
        ("kubelet.service", "kubelet", PINNED),
        ("sshd.service", "sshd", HOST),
    ])
}

pub fn with(outside: &str, inside: &str) -> Node {
    Node {
        outside: Some(parse([OUTSIDE, outside].concat().as_bytes())),
        inside: Some(parse([INSIDE, inside].concat().as_bytes())),
        ..healthy()
    }
}
