//! What is read, and what is promised of it.

use std::ffi::{CStr, CString, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use crate::cli::{self, Outcome};
use crate::model::json::{self, Layout};
use crate::model::mounts::owner::{self, Owner, Runtime};
use crate::model::mounts::pods::Pods;
use crate::model::mounts::table::{self, Mount};
use crate::model::node::{manager, members};
use crate::model::text::{Shown, steers};
use crate::model::units::config::{Config, Wish};
use crate::model::units::exec::Exec;
use crate::model::units::name::UnitName;
use crate::model::units::unit::{Source, Unit};
use crate::model::units::{command, switch, text};
use crate::sys::raw::Line;
use crate::sys::stderr;

pub const ALL: [(&str, crate::Target); 10] = [
    ("mountinfo", mountinfo),
    ("unit", unit),
    ("config", config),
    ("command", exec_line),
    ("argv", argv),
    ("cgroup", cgroup),
    ("spec", spec),
    ("show", show),
    ("journal-stream", journal_stream),
    ("name", name),
];

fn calm(text: &str) {
    assert!(!text.contains(steers), "{text:?}");
}

/// As many mounts as lines at most; what is read is the same when the kernel writes it again.
fn mountinfo(input: &[u8]) {
    let mounts = table::parse(input);
    assert!(mounts.len() <= input.split(|&byte| byte == b'\n').count());
    let again: Vec<u8> = mounts.iter().flat_map(written).collect();
    assert_eq!(table::parse(&again), mounts);
    let mut pods = Pods::default();
    for mount in &mounts {
        if let Some(owner) = owner::owner(&mount.target) {
            calm(&pods.told(owner).to_string());
            pods.log_directory(&mount.target);
            pods.log_link(&mount.target);
        }
    }
}

fn written(mount: &Mount) -> Vec<u8> {
    let escaped = |name: &[u8]| -> Vec<u8> {
        let plain = |byte: &u8| !b" \t\n\\#".contains(byte);
        name.iter().flat_map(|byte| if plain(byte) { vec![*byte] } else { format!("\\{byte:03o}").into_bytes() }).collect()
    };
    let Mount { id, parent, device, .. } = mount;
    let mut line = format!("{id} {parent} {}:{} ", device.major, device.minor).into_bytes();
    line.extend([escaped(&mount.root), escaped(&mount.target), escaped(&mount.options)].join(&b' '));
    line.extend(mount.shared.map(|group| format!(" shared:{group}")).unwrap_or_default().bytes());
    line.extend(mount.master.map(|group| format!(" master:{group}")).unwrap_or_default().bytes());
    line.extend_from_slice(if mount.unbindable { b" unbindable - " } else { b" - " });
    line.extend([escaped(&mount.kind), escaped(&mount.source), escaped(&mount.super_options)].join(&b' '));
    line.push(b'\n');
    line
}

/// Files of a unit, with a NUL between them: what is wrong with them is said on one calm line, and a drop-in of ours is
/// one that systemd reads to its end.
fn unit(input: &[u8]) {
    let source = |(place, text)| Source::new(format!("/etc/{place}.conf"), text);
    let sources: Vec<_> = input.split(|&byte| byte == 0).enumerate().map(source).collect();
    let Ok(name) = UnitName::new("a.service") else { return };
    let unit = Unit { name, sources };
    let file = Path::new("/etc/systemd/kubens.conf");
    let wish = Wish { with_kubernetes: false, files: vec![file], execs: Exec::ALL.to_vec() };
    let planned = switch::plan(&unit, &wish, None, false, None);
    if let Some(drop_in) = &planned.drop_in {
        let read = text::parse(drop_in.text.as_bytes());
        assert!(read.fault.is_none(), "{:?}: {:?}", drop_in.text, read.fault);
    }
    planned.outside_because().iter().chain(&planned.warnings).for_each(|line| calm(line));
}

/// kubens.conf: what is not understood is said, a calm line each, and the rest asks for units.
fn config(input: &[u8]) {
    let mut config = Config::default();
    input.split(|&byte| byte == 0).for_each(|text| config.read(Path::new("/etc/systemd/kubens.conf"), text));
    config.complaints.iter().for_each(|line| calm(line));
    for name in config.named() {
        let names = [name];
        config.wish(&names, false);
        config.wish(&names, true);
    }
}

/// The value of an `ExecStart=`: behind the wrapper it is what it was, or it is known not to be.
fn exec_line(input: &[u8]) {
    let Ok(value) = str::from_utf8(input) else { return };
    command::words(value);
    match command::commands(value) {
        Ok(commands) => {
            let wrapped = command::wrap(value, &commands);
            if command::is_wrapped(&wrapped, value, &commands) {
                let again = command::commands(&wrapped).unwrap_or_default();
                assert_eq!(again.len(), commands.len(), "{value:?} {wrapped:?}");
                assert!(again.iter().all(command::Command::enters), "{value:?} {wrapped:?}");
            }
        }
        Err(bad) => calm(&bad.to_string()),
    }
}

/// Either command's line, a NUL between words: understood, or refused on one calm line.
fn argv(input: &[u8]) {
    let words = input.split(|&byte| byte == 0).skip(1).filter_map(|word| CString::new(word).ok());
    let words: &'static [CString] = Box::leak(words.collect());
    let kubensctl = input.first() == Some(&b'c');
    let name = if kubensctl { c"kubensctl" } else { c"kubensenter" };
    let line: Line<'static> = [name].into_iter().chain(words.iter().map(CString::as_c_str)).collect();
    let line: &'static Line<'static> = Box::leak(Box::new(line));
    let refused = if kubensctl {
        cli::ctl::read(line.words()).err()
    } else {
        match cli::enter::read(line.words()) {
            Ok(Outcome::Ask(asked)) => {
                // What is the command's is passed on to the byte.
                let given: Vec<&CStr> = asked.command.iter().collect();
                assert!(words.iter().map(CString::as_c_str).collect::<Vec<_>>().ends_with(&given));
                None
            }
            Ok(Outcome::Tell(_)) => None,
            Err(failure) => Some(failure),
        }
    };
    refused.iter().for_each(|failure| calm(&format!("{failure:#}")));
    let command = if kubensctl { cli::ctl::command() } else { cli::enter::command() };
    let all: Vec<_> = line.words().iter().map(|word| OsString::from_vec(word.to_bytes().to_vec())).collect();
    cli::offer::offer(command, &all);
    // SAFETY: what read them is gone, and these two were made above.
    unsafe {
        drop(Box::from_raw(std::ptr::from_ref(line).cast_mut()));
        drop(Box::from_raw(std::ptr::from_ref(words).cast_mut()));
    }
}

/// A unit's name is one that systemd gives.
fn cgroup(input: &[u8]) {
    if let Some(unit) = members::unit(input) {
        let fine = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
        assert!(!unit.is_empty() && unit.chars().all(fine), "{unit:?}");
    }
}

/// A specification names a pod by its own runtime's annotations, or nobody.
fn spec(input: &[u8]) {
    for runtime in [Runtime::Containerd, Runtime::Crio, Runtime::Other] {
        let mut pods = Pods::default();
        pods.spec(runtime, b"id", input);
        let told = pods.told(Owner::Container { id: b"id", runtime, part: b"rootfs" });
        assert!(runtime != Runtime::Other || told.pod.is_none());
        calm(&told.to_string());
        pods.maker(input).iter().for_each(|told| calm(&told.to_string()));
    }
}

/// What `systemctl show` prints.
fn show(input: &[u8]) {
    manager::service(&manager::parse(input));
}

/// No value but the stream's own.
fn journal_stream(input: &[u8]) {
    assert!(!stderr::is_journal(input) || input.iter().all(|byte| byte.is_ascii_digit() || *byte == b':'));
}

/// A name for people and for programs.
fn name(input: &[u8]) {
    calm(&Shown(input).to_string());
    for layout in [Layout::Short, Layout::Pretty] {
        let text = json::document(&[json::Name(input)], layout);
        assert!(text.chars().all(|c| c == '\n' || !steers(c)));
        assert_eq!(json::read::<[String; 1]>(text.as_bytes()), Some([String::from_utf8_lossy(input).into_owned()]));
    }
}
