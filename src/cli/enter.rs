//! kubensenter's command line. The table [`FLAGS`] is every flag's one home: clap's parser is built from it,
//! and the reader of plain lines (`plain`) looks words up in it.

use std::borrow::Cow;
use std::ffi::{CStr, CString, OsString};
use std::os::unix::ffi::OsStringExt;

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, value_parser};

use super::{Outcome, explain, os_words, plain};
use crate::exit::{Exit, Failure};
use crate::sys::raw::Words;

/// What was asked for.
#[derive(Default)]
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
    pub wd: Option<Cow<'static, CStr>>,
    /// The command's argv[0].
    pub argv0: Option<Cow<'static, CStr>>,
    /// The command and its arguments; empty: a login shell.
    pub command: Words<'static>,
}

/// A namespace named on the command line.
#[derive(Debug, PartialEq, Eq)]
pub enum Target {
    /// The one at this path.
    Mount(Cow<'static, CStr>),
    /// The one of the process with this PID.
    Process(i32),
    /// PID 1's.
    Host,
}

/// A flag's meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Quiet,
    Verbose,
    Mount,
    Target,
    Host,
    Require,
    AnyOwner,
    Wd,
    Argv0,
}

pub(super) struct Flag {
    pub(super) meaning: Meaning,
    pub(super) short: Option<char>,
    pub(super) long: &'static str,
    pub(super) value: Option<&'static str>,
    help: &'static str,
}

const fn flag(
    meaning: Meaning,
    short: Option<char>,
    long: &'static str,
    value: Option<&'static str>,
    help: &'static str,
) -> Flag {
    Flag { meaning, short, long, value, help }
}

pub(super) const FLAGS: [Flag; 9] = [
    flag(Meaning::Quiet, Some('q'), "quiet", None, "One log level less; may be repeated"),
    flag(Meaning::Verbose, Some('v'), "verbose", None, "One log level more; may be repeated"),
    flag(Meaning::Mount, Some('m'), "mount", Some("FILE"), "Join the mount namespace at FILE, or fail"),
    flag(
        Meaning::Target,
        Some('t'),
        "target",
        Some("PID"),
        "Join the mount namespace of process PID, or fail",
    ),
    flag(Meaning::Host, None, "host", None, "Run in PID 1's mount namespace, or fail"),
    flag(Meaning::Require, None, "require", None, "Fail where no namespace is pinned"),
    flag(Meaning::AnyOwner, None, "any-owner", None, "With -m or -t: join it whoever owns it"),
    flag(Meaning::Wd, None, "wd", Some("DIR"), "Working directory inside [default: the caller's]"),
    flag(Meaning::Argv0, None, "argv0", Some("NAME"), "The command's argv[0] [default: COMMAND as given]"),
];

const AFTER_HELP: &str = "\
Options end at the first word that is not one, or at `--`. Without COMMAND: a login shell.

Environment:
  KUBENSMNT          join the mount namespace at this path, or fail
  DEFAULT_KUBENSMNT  where to look for the pin [default: /run/kubens/mnt]
  KUBENSENTER_LOG    log level: 0 silent, 1 default, 2 debug

Exit status: the command's; 125 kubensenter failed; 126 the command cannot be executed; 127 it was not found.
See kubensenter(1).
";

/// The parser, as clap knows it.
pub fn command() -> Command {
    let command = Command::new("kubensenter")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Run a command in the mount namespace of the kubelet and the container runtime")
        .override_usage("kubensenter [OPTION]... [--] [COMMAND [ARG]...]")
        .after_help(AFTER_HELP)
        .args(FLAGS.iter().map(argument))
        .group(ArgGroup::new("namespace").args(["mount", "target", "host"]))
        .group(ArgGroup::new("named").args(["mount", "target"]))
        .mut_arg("require", |require| require.conflicts_with("host"))
        .mut_arg("any-owner", |any_owner| any_owner.requires("named"));
    command.arg(
        Arg::new("command")
            .value_name("COMMAND")
            .hide(true)
            .num_args(1..)
            .trailing_var_arg(true)
            .value_parser(value_parser!(OsString)),
    )
}

fn argument(flag: &Flag) -> Arg {
    let argument = Arg::new(flag.long).short(flag.short).long(flag.long).help(flag.help);
    match (flag.meaning, flag.value) {
        (Meaning::Quiet | Meaning::Verbose, _) => argument.action(ArgAction::Count),
        (_, None) => argument.action(ArgAction::SetTrue),
        (Meaning::Target, Some(name)) => {
            argument.value_name(name).value_parser(value_parser!(i32).range(1..))
        }
        // As getopt does, and as nsenter therefore does: the next word is the value, whatever it is.
        (_, Some(name)) => {
            argument.value_name(name).allow_hyphen_values(true).value_parser(value_parser!(OsString))
        }
    }
}

/// What a shell completes a value with.
/// Reads the command line; the first word is the program's own name.
///
/// # Errors
/// Usage, with status 125.
pub fn read(words: Words<'static>) -> Result<Outcome<Asked>, Failure> {
    match plain::read(words) {
        Some(asked) => Ok(Outcome::Ask(asked)),
        None => read_any(words),
    }
}

pub(super) fn read_any(words: Words<'static>) -> Result<Outcome<Asked>, Failure> {
    match command().try_get_matches_from(os_words(words)) {
        Ok(matches) => Ok(Outcome::Ask(asked(&matches, words))),
        Err(error) => explain(&error, command(), words, Exit::NotEntered),
    }
}

fn asked(matches: &ArgMatches, words: Words<'static>) -> Asked {
    let value = |name| matches.get_one::<OsString>(name).map(owned);
    let target = if let Some(file) = value("mount") {
        Some(Target::Mount(file))
    } else if let Some(pid) = matches.get_one::<i32>("target") {
        Some(Target::Process(*pid))
    } else {
        matches.get_flag("host").then_some(Target::Host)
    };
    // The command is the line's tail, and is passed on as the very words that it is.
    let tail = matches.get_raw("command").map_or(0, Iterator::count);
    Asked {
        quiet: matches.get_count("quiet"),
        verbose: matches.get_count("verbose"),
        target,
        require: matches.get_flag("require"),
        any_owner: matches.get_flag("any-owner"),
        wd: value("wd"),
        argv0: value("argv0"),
        command: words.from(words.len() - tail),
    }
}

/// What came from argv holds no NUL, so nothing is cut here.
fn owned(value: &OsString) -> Cow<'static, CStr> {
    let mut bytes = value.clone().into_vec();
    bytes.push(0);
    Cow::Owned(CString::from_vec_with_nul(bytes).unwrap_or_default())
}
