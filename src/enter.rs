//! kubensenter: finds the mount namespace, joins it, becomes the command. Gather, decide, act.

mod wanted;

use std::borrow::Cow;
use std::convert::Infallible;
use std::ffi::{CStr, CString};
use std::io::{self, IsTerminal};
use std::num::{IntErrorKind, ParseIntError};

use crate::cli::enter::Asked;
use crate::exit::Exit;
use crate::log::{Voice, info};
use crate::model::resolve::{Resolution, Stay, resolve};
use crate::model::search;
use crate::model::text::{Shown, reason};
use crate::sys::caller;
use crate::sys::directory;
use crate::sys::exec::{self, NotRun};
use crate::sys::raw::{self, Line, Words};
use wanted::Wanted;

/// Where the caller worked, if the plain call has joined the namespace before libc, and its command did not start.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use early::joined;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn joined() -> Option<&'static CStr> {
    None
}

/// Enters and becomes the command; returns only a failure.
///
/// # Errors
/// Status 125 for what fails before the command, 126 and 127 where the command does not start.
pub fn enter(asked: &Asked, voice: Voice) -> anyhow::Result<Infallible> {
    let trusted = !raw::privileges_raised_at_exec();
    let variable = |name: &CStr| raw::getenv(name).filter(|value| trusted && !value.is_empty());
    listen(asked, voice, variable(c"KUBENSENTER_LOG"));

    if let Some(cwd) = joined() {
        go_back(Ok(cwd.into()));
        return Err(become_command(asked));
    }
    let wanted = Wanted::new(asked.target.as_ref(), variable);
    let mut room = directory::ROOM;
    let wd = asked.wd.as_deref();
    let cwd = match wd {
        // The caller's own is not wanted then, and an absolute one does not build on it.
        Some(wd) if wd.to_bytes().starts_with(b"/") => None,
        _ => Some(directory::current(&mut room)),
    };
    let (caller, sight) = wanted.look();
    // Held until the exec closes it: one system call less.
    let _joined = match resolve(wanted.choice(), asked.require, caller, sight, caller::may_join) {
        Resolution::Join(namespace, place) => {
            let namespace = wanted.ask(namespace, place, asked.any_owner)?;
            wanted.announce_join(place);
            namespace.join().map_err(|error| wanted.not_joined(place, &error))?;
            match (cwd, wd) {
                (Some(cwd), None) => go_back(cwd),
                // A relative --wd means nothing where its start is lost.
                (Some(cwd), Some(wd)) => cwd
                    .and_then(|start| directory::change(&start))
                    .map_err(|error| no_directory(wd, &error))?,
                (None, _) => {}
            }
            if greets(asked) {
                wanted.greet(true);
            }
            Some(namespace)
        }
        Resolution::Stay(why) => {
            let inside = matches!(why, Stay::Inside(_));
            wanted.announce_stay(why);
            if greets(asked) {
                wanted.greet(inside);
            }
            None
        }
        Resolution::Refuse(why) => return Err(wanted.refused(why)),
    };
    if let Some(wd) = wd {
        directory::change(wd).map_err(|error| no_directory(wd, &error))?;
    }
    Err(become_command(asked))
}

/// Whether somebody at a terminal is about to get a shell, which looks the same on both sides.
fn greets(asked: &Asked) -> bool {
    asked.command.get(0).is_none()
        && asked.string.is_none()
        && io::stdin().is_terminal()
        && io::stderr().is_terminal()
}

/// Sets the log level from the flags and from `$KUBENSENTER_LOG`, whose value is read and never evaluated.
fn listen(asked: &Asked, voice: Voice, setting: Option<&CStr>) {
    const DEFAULT: i64 = 1;
    let number = setting.map(number);
    let level = number.flatten().unwrap_or(DEFAULT);
    voice.start(level.saturating_add(i64::from(asked.verbose)).saturating_sub(i64::from(asked.quiet)));
    if let (Some(value), Some(None)) = (setting, number) {
        let value = Shown(value.to_bytes());
        info!("$KUBENSENTER_LOG is not a number: {value}; using level {DEFAULT}");
    }
}

fn number(value: &CStr) -> Option<i64> {
    match value.to_str().ok()?.parse().map_err(|error: ParseIntError| *error.kind()) {
        Ok(number) => Some(number),
        Err(IntErrorKind::PosOverflow) => Some(i64::MAX),
        Err(IntErrorKind::NegOverflow) => Some(i64::MIN),
        Err(_) => None,
    }
}

/// Back to the working directory, which setns(2) took away; to `/` where it is not there.
fn go_back(cwd: io::Result<Cow<'_, CStr>>) {
    let lost = match cwd {
        Ok(path) => match directory::change(&path) {
            Ok(()) => return,
            Err(error) => {
                let path = Shown(path.to_bytes());
                format!("Working directory {path} is not there inside: {}", reason(&error))
            }
        },
        Err(error) => format!("The caller's working directory has no path: {}", reason(&error)),
    };
    // A path of several steps may have got stuck between them.
    let _ = directory::change(c"/");
    info!("{lost}; starting in /");
}

fn no_directory(wd: &CStr, error: &io::Error) -> anyhow::Error {
    let (wd, why) = (Shown(wd.to_bytes()), reason(error));
    let message = format!("cannot change to {wd}: {why} (--wd names a directory inside the namespace)");
    anyhow::Error::msg(message)
}

/// Becomes the command or, where none is given, a shell.
fn become_command(asked: &Asked) -> anyhow::Error {
    let environment = Words::environment();
    let path = raw::getenv(c"PATH");
    let Some(command) = asked.command.get(0).filter(|_| asked.string.is_none()) else {
        return become_shell(asked, environment, path);
    };
    let why = match asked.argv0.as_deref() {
        None => exec::exec(command, asked.command, environment, path),
        Some(name) => {
            let line: Line<'_> = [name].into_iter().chain(asked.command.from(1).iter()).collect();
            exec::exec(command, line.words(), environment, path)
        }
    };
    not_run(command, path, &why)
}

/// The caller's shell, or else `/bin/sh`: a login shell, or one that runs a string. One that leads back to here (chsh(1))
/// would come back for ever.
fn become_shell(asked: &Asked, environment: Words<'_>, path: Option<&CStr>) -> anyhow::Error {
    let named = raw::getenv(c"SHELL").filter(|shell| !shell.is_empty());
    let shell = named.filter(|shell| !exec::is_this_program(shell, path)).unwrap_or(c"/bin/sh");
    let base = search::base_name(shell.to_bytes());
    // A login shell knows that it is one by the `-` before its name (login(1)). What came from a C string holds no NUL.
    let dash: &[u8] = if asked.string.is_none() || asked.login { b"-" } else { b"" };
    let own = CString::new([dash, base].concat()).unwrap_or_default();
    let name = asked.argv0.as_deref().unwrap_or(&own);
    let run = asked.string.as_deref().map(|string| [c"-c", string]);
    let behind = run.iter().flatten().copied().chain(asked.command.iter());
    let line: Line<'_> = [name].into_iter().chain(behind).collect();
    not_run(shell, path, &exec::exec(shell, line.words(), environment, path))
}

fn not_run(command: &CStr, path: Option<&CStr>, why: &NotRun) -> anyhow::Error {
    let shown = Shown(command.to_bytes());
    match why {
        NotRun::NotFound if search::is_path(command.to_bytes()) => Exit::NotFound.because(format!(
            "cannot run {shown}: No such file or directory (the path is looked up inside the namespace)"
        )),
        NotRun::NotFound => {
            let path = path.map_or_else(|| "unset".to_owned(), |path| Shown(path.to_bytes()).to_string());
            Exit::NotFound.because(format!(
                "cannot run {shown}: not found (PATH is searched inside the namespace; it is {path})"
            ))
        }
        NotRun::NoInterpreter => Exit::NotExecutable.because(format!(
            "cannot run {shown}: its interpreter is not there inside the namespace (see its #! line, or ldd)"
        )),
        NotRun::Refused(error) => {
            Exit::NotExecutable.because(format!("cannot run {shown}: {}", reason(error)))
        }
    }
}
