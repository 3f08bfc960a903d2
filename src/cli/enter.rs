//! kubensenter's command line.

use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStringExt;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{ArgAction, ArgGroup, CommandFactory, Parser, value_parser};

use super::{Outcome, explain, os_words};
use crate::exit::Exit;
use crate::sys::raw::Words;

/// What was asked for.
pub struct Asked {
    /// How many log levels less.
    pub quiet: u8,
    /// How many log levels more.
    pub verbose: u8,
    /// The namespace that was named, if one was.
    pub target: Option<Target>,
    /// Fail where nothing is pinned.
    pub require: bool,
    /// Join the named namespace whoever owns it.
    pub any_owner: bool,
    /// The working directory to go to.
    pub wd: Option<CString>,
    /// The command's argv[0].
    pub argv0: Option<CString>,
    /// What the shell is to run, its `-c`; the words behind it are the command then.
    pub string: Option<CString>,
    /// Whether this was started as a login shell, which has a `-` before its name (login(1)).
    pub login: bool,
    /// The command and its arguments; empty: a login shell.
    pub command: Words<'static>,
}

/// A namespace named on the command line.
#[derive(Debug, PartialEq, Eq)]
pub enum Target {
    /// The one at this path.
    Mount(CString),
    /// The one of the process with this PID.
    Process(i32),
    /// PID 1's.
    Host,
}

const AFTER_HELP: &str = "\
All words from COMMAND on belong to the command. Without one, a login shell is
started. Where no namespace is pinned, the command runs where it was called.

Environment:
  KUBENSMNT          join the mount namespace at this path, or fail
  DEFAULT_KUBENSMNT  where to look for the pin [default: /run/kubens/mnt]
  KUBENSENTER_LOG    how much to say: 0 nothing, 1 the default, 2 everything

Exit status:
  that of the command, if it ran
  125 kubensenter failed, 126 the command cannot be executed, 127 is not found

All of it is in `man kubensenter`; `kubensctl status` says how the namespace is.
";

/// Run a command in the mount namespace of the kubelet and the container runtime
#[derive(Parser)]
#[command(name = "kubensenter", version, after_help = AFTER_HELP)]
#[command(override_usage = "kubensenter [OPTION]... [--] [COMMAND [ARG]...]")]
#[command(group = ArgGroup::new("namespace").args(["mount", "target", "host"]))]
#[command(group = ArgGroup::new("named").args(["mount", "target"]))]
struct Typed {
    /// Say less; may be repeated
    #[arg(short, long, action = ArgAction::Count)]
    quiet: u8,
    /// Say more; may be repeated
    #[arg(short, long, action = ArgAction::Count)]
    verbose: u8,
    /// Join the mount namespace at FILE, or fail
    #[arg(short, long, value_name = "FILE", allow_hyphen_values = true, value_parser = word())]
    mount: Option<CString>,
    /// Join the mount namespace of process PID, or fail
    #[arg(short, long, value_name = "PID", value_parser = value_parser!(i32).range(1..))]
    target: Option<i32>,
    /// Run in PID 1's mount namespace, or fail
    #[arg(long)]
    host: bool,
    /// Fail where no namespace is pinned
    #[arg(long, conflicts_with = "host")]
    require: bool,
    /// With -m or -t: join it, whichever user owns it
    #[arg(long, requires = "named")]
    any_owner: bool,
    /// Working directory inside [default: the caller's]
    #[arg(long, value_name = "DIR", allow_hyphen_values = true, value_parser = word())]
    wd: Option<CString>,
    /// The command's argv[0] [default: COMMAND as given]
    #[arg(long, value_name = "NAME", allow_hyphen_values = true, value_parser = word())]
    argv0: Option<CString>,
    /// Have the shell run STRING, as sshd and su do
    #[arg(short = 'c', long = "command", value_name = "STRING", allow_hyphen_values = true, value_parser = word())]
    string: Option<CString>,
    #[arg(value_name = "COMMAND", hide = true, num_args = 1.., trailing_var_arg = true)]
    command: Vec<OsString>,
}

/// A value, whatever it is: as with getopt, and therefore with nsenter, the next word is it.
fn word() -> impl TypedValueParser<Value = CString> {
    // What came from argv holds no NUL, so nothing is lost here.
    OsStringValueParser::new().map(|value| CString::new(value.into_vec()).unwrap_or_default())
}

/// The parser, as clap knows it.
pub fn command() -> clap::Command {
    Typed::command()
}

/// Reads the command line; the first word is the program's own name. `early` reads the plain ones by itself.
///
/// # Errors
/// Usage, with status 125.
pub fn read(words: Words<'static>) -> anyhow::Result<Outcome<Asked>> {
    let typed = match Typed::try_parse_from(os_words(words)) {
        Ok(typed) => typed,
        Err(error) => return explain(&error, command(), words, Exit::NotEntered),
    };
    let by_process = typed.target.map(Target::Process).or(typed.host.then_some(Target::Host));
    Ok(Outcome::Ask(Asked {
        quiet: typed.quiet,
        verbose: typed.verbose,
        target: typed.mount.map(Target::Mount).or(by_process),
        require: typed.require,
        any_owner: typed.any_owner,
        wd: typed.wd,
        argv0: typed.argv0,
        string: typed.string,
        login: words.get(0).is_some_and(|name| name.to_bytes().starts_with(b"-")),
        // The line's tail, passed on as the very words that it is.
        command: words.from(words.len() - typed.command.len()),
    }))
}
